"""What a model expects before it has seen a number."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

compiled = tc.compile_model(tc.read_model("response_pd1"), tc.read_evidence())
tc.plots.prior_predictive(compiled, observed=False).savefig(images / "prior_predictive.svg")
