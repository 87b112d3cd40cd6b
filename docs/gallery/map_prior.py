"""What the cohorts mean as a prior for the next one, and how a trial of 20 people that borrows it would go."""

from pathlib import Path

from matplotlib.figure import Figure

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.fit("unirradiated_response", tc.read_evidence())
prior = tc.map_prior(fit, group="nasopharyngeal")
rule = tc.DecisionRule(0.3, 0.9)
plans = {
    "20 people, MAP prior": tc.plan(prior, 20, rule),
    "20 people, half of it vague": tc.plan(prior.robust(0.5), 20, rule),
    "20 people, uniform prior": tc.plan(tc.Mixture("beta", [1], [1], [1]), 20, rule),
}
figure = Figure(figsize=(7.0, 5.6))
above, below = figure.add_axes((0.0, 0.5, 1.0, 0.5)), figure.add_axes((0.0, 0.0, 1.0, 0.5))
tc.plots.map_prior(prior, beside=prior.robust(0.5), ax=above)
tc.plots.operating_characteristics(plans, ax=below)
tc.plots.save(figure, images / "map_prior.svg")
