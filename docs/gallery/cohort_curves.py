"""The survival curve of each cohort, given all of them, in a panel of its own with what it reported."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.fit("os_pd1", tc.read_evidence())
tc.plots.cohort_curves(fit).savefig(images / "cohort_curves.svg")
