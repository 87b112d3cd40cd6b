"""`normal`: an estimate with its standard error or interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..issues import Issue
from ..numerics import NUMPY, Operations
from .base import Data, Likelihood

__all__ = ["NormalEstimate"]


class NormalEstimate(Likelihood):
    """estimate ~ Normal(theta, standard_error), on the model scale (a log ratio, or a difference)."""

    name = "normal"
    families = ("contrast",)
    measures = ("hazard_ratio", "odds_ratio", "risk_ratio", "risk_difference", "mean_difference")
    columns = ("estimate", "standard_error")
    observed = ("estimate",)

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        issues = []
        for label, estimate, error in zip(labels, data["estimate"], data["standard_error"], strict=True):
            if not np.isfinite(estimate):
                what = f"{estimate!r} is not a finite number"
                issues.append(Issue(f"cohort {label!r}, estimate", what, "Give the estimate."))
            if not np.isfinite(error) or error <= 0:
                what = f"a standard error of {error!r}"
                issues.append(Issue(f"cohort {label!r}, standard error", what, "Give a positive number."))
        return issues

    def log_likelihood(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        error = data["standard_error"]
        constant = -operations.log(error) - 0.5 * np.log(2 * np.pi)
        return constant - 0.5 * ((data["estimate"] - theta) / error) ** 2

    def pymc(self, theta: Any, data: Mapping[str, Any]) -> Any:
        import pymc

        return pymc.Normal("estimate", mu=theta, sigma=data["standard_error"], observed=data["estimate"], dims="cohort")

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        return {"estimate": rng.normal(theta, data["standard_error"])}

    def locate(self, data: Data) -> tuple[Any, Any]:
        return np.asarray(data["estimate"], float), np.asarray(data["standard_error"], float)
