"""The same against no radiotherapy, randomised: the counts of two arms, from the bundled model."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.fit("abscopal_contrast", tc.read_evidence())
tc.plots.forest(fit, favours=("the antibody alone", "radiotherapy as well")).savefig(images / "two_arms.svg")
