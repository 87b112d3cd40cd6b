"""What the data said about how cohorts differ, and about what a new one would show."""

from pathlib import Path

from matplotlib.figure import Figure

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.fit("response_pd1", tc.read_evidence())
figure = Figure(figsize=(7.0, 2.7))
left, right = figure.add_axes((0.0, 0.0, 0.5, 1.0)), figure.add_axes((0.5, 0.0, 0.5, 1.0))
tc.plots.heterogeneity(fit, ax=left)
tc.plots.prior_posterior(fit, "new_cohort", ax=right)
tc.plots.save(figure, images / "heterogeneity.svg")
