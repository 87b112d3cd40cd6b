"""Response of unirradiated lesions, if cohorts without one are published less than others."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

evidence, content = tc.read_evidence(), tc.read_model("unirradiated_response:tumours_alike").to_dict()
fits = {}
for probability in (0.1, 0.2, 0.35, 0.5, 0.75, 1.0):
    content["likelihood"] = [{"kind": "binomial", "published_without_events": probability}]
    fits[probability] = tc.fit(content, evidence)
tc.plots.unpublished_sensitivity(fits, target="new_cohort").savefig(images / "unpublished.svg")
