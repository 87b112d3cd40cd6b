"""The same counts taken each on its own, and taken as alike: two models in one figure."""

from pathlib import Path

from matplotlib.figure import Figure

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

model, evidence = tc.read_model("response_pd1"), tc.read_evidence()
figure = Figure(figsize=(7.0, 6.6))
above, below = figure.add_axes((0.0, 0.52, 1.0, 0.48)), figure.add_axes((0.0, 0.0, 1.0, 0.5))
tc.plots.forest(tc.fit(model.variant("separate"), evidence), ax=above)
tc.plots.forest(tc.fit(model.variant("common"), evidence), ax=below)
tc.plots.save(figure, images / "variants.svg")
