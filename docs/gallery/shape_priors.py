"""Two, three, five and eight deaths, with a default, a vague and no prior of the shape."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

times = np.arange(2.0, 61.0, 2.0)
priors = {
    "Normal(0.2, 0.3), the default": ({"shape_prior": "Normal(0.2, 0.3)"}, "#1b6ca8", "-"),
    "Normal(0, 2)": ({"shape_prior": "Normal(0, 2)"}, "#c1440e", "--"),
    "constant hazard": ({"family": "exponential", "shape": None}, "0.35", ":"),
}
figure = Figure(figsize=(7.0, 2.6), layout="constrained")
for axes, people in zip(figure.subplots(1, 4, sharey=True), (2, 3, 5, 8), strict=True):
    # Where deaths of a Weibull with median 19 months and the mean shape of trial arms lie, evenly in probability.
    share = (np.arange(people) + 0.5) / people
    deaths = 19.0 * (-np.log2(1.0 - share)) ** (1.0 / 1.377)
    for label, (how, colour, line) in priors.items():
        report = tc.from_patients(deaths, [True] * people)
        fit = tc.pool_survival({"patients": report}, mu="Normal(2.944, 1)", pooling="none", **how)
        curve = tc.survival_curve(fit, times, "cohort")
        axes.plot(times, curve["lower"], color=colour, linestyle=line, linewidth=1.0, label=label)
        axes.plot(times, curve["upper"], color=colour, linestyle=line, linewidth=1.0)
    axes.plot(deaths, np.full(people, 0.02), "|", color="black", markersize=7)
    axes.set(title=f"{people} deaths", xlabel="Months", xlim=(0, 60), ylim=(0, 1), xticks=(0, 20, 40, 60))
    axes.title.set_fontsize(9)
figure.axes[0].set_ylabel("Survival, 95% interval")
handles, labels = figure.axes[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
tc.plots.save(figure, images / "shape_priors.svg")
