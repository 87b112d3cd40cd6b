"""What each cohort would report if the model knew the others alone, and what it did."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.fit("unirradiated_response", tc.read_evidence())
tc.plots.posterior_predictive(fit).savefig(images / "posterior_predictive.svg")
