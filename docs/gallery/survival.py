"""Survival curves of a typical and of a new cohort, and what the cohorts reported, in its own form."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.fit("os_pd1:with_lin_2022", tc.read_evidence())
tc.plots.survival(fit).savefig(images / "survival.svg")
