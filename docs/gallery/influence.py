"""The answer without each cohort in turn: the whole model fitted again."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.fit("response_pd1", tc.read_evidence())
tc.plots.influence(fit).savefig(images / "influence.svg")
