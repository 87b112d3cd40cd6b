"""Response of unirradiated lesions, by tumour: cohorts in groups, from the bundled model."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.fit("unirradiated_response", tc.read_evidence())
tc.plots.forest(fit).savefig(images / "groups.svg")
