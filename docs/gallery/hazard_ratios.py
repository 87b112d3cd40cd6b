"""Ratios with their intervals, typed in (they are invented); priors must be given."""

from pathlib import Path

import tinycohort as tc

images = Path(__file__).parent.parent / "images"

fit = tc.pool(
    labels=["Trial A", "Trial B", "Trial C, stopped early", "Registry D"],
    estimates=[0.55, 0.84, 0.40, 1.10],
    lower=[0.31, 0.62, 0.09, 0.79],
    upper=[0.98, 1.14, 1.80, 1.53],
    ratio=True,
    mu="Normal(0, 1)",
    tau="HalfNormal(0.5)",
)
favours = "the treatment", "the control"
tc.plots.forest(fit, order="size", favours=favours).savefig(images / "hazard_ratios.svg")
