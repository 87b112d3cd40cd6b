"""Three other models beside the bundled one: how each predicts every cohort from the others."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

model = tc.read_model("response_pd1")
content = model.to_dict()
change = {"pooling.kind": "student", "pooling.nu": 4}
content["variant"] = [{"name": "student", "why": "Room for a cohort unlike the others.", "set": change}]
models = {
    "partial": model,
    "common": model.variant("common"),
    "separate": model.variant("separate"),
    "student": tc.read_model(content).variant("student"),
}
found = tc.compare(models, tc.read_evidence())
tc.plots.comparison(found).savefig(images / "comparison.svg")
