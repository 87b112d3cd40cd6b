"""Response to PD-1 antibodies alone: the bundled model, on the bundled evidence."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.fit("response_pd1", tc.read_evidence())
tc.plots.forest(fit).savefig(images / "response_pd1.svg")
