"""`normal`: an estimate with its standard error or interval."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from scipy import special

from ..families import Family
from ..issues import Issue
from ..numerics import NUMPY, Operations
from .base import Data, Likelihood

__all__ = ["NormalEstimate", "interval_issues", "standard_error"]

_MEASURES = {
    "ratio": ("hazard_ratio", "odds_ratio", "risk_ratio"),
    "difference": ("risk_difference", "mean_difference"),
}


def standard_error(lower: Any, upper: Any, level: Any) -> Any:
    """Standard error of a normal estimate with this central interval, on the scale on which it is normal."""
    return (upper - lower) / (2.0 * special.ndtri(0.5 * (1.0 + level)))


def interval_issues(family: Family, where: str, estimate: float, low: float, high: float, level: float) -> list[Issue]:
    """An estimate outside its interval, a ratio that is not positive, a level that is none."""
    issues = []
    if family.model_scale == "log" and min(estimate, low) <= 0:
        what = f"ratio {estimate:g} ({low:g} to {high:g}) is not positive"
        issues.append(Issue(where, what, "Give ratios as they are, not their logarithms."))
    elif not low < estimate < high:
        what = f"estimate {estimate:g} is not inside its interval {low:g} to {high:g}"
        issues.append(Issue(where, what, "Correct one of the three."))
    if not 0 < level < 1:
        what = f"{level:g} is not between 0 and 1"
        issues.append(Issue(f"{where}, level", what, "Give a probability, such as 0.95."))
    return issues


class NormalEstimate(Likelihood):
    """estimate ~ Normal(theta, standard_error), on the model scale (a log ratio, or a difference)."""

    name = "normal"
    families = ("contrast",)
    columns = ("estimate", "standard_error")
    requires: ClassVar[tuple[str, ...]] = ("value", "lower", "upper", "level")
    given = MappingProxyType({"estimate": "value", "lower_given": "lower", "upper_given": "upper"})
    observed = ("estimate",)

    def measures(self, family: Family) -> tuple[str, ...]:
        return _MEASURES[family.quantity]

    def read(self, reported: Any, family: Family, comparator: Any = None) -> dict[str, float]:
        """The printed estimate and the standard error that its interval implies: (U - L) / (2 z) on theta's scale."""
        estimate, lower, upper = (float(family.theta(x)) for x in (reported.value, reported.lower, reported.upper))
        return {"estimate": estimate, "standard_error": standard_error(lower, upper, reported.level)}

    def shown(self, data: Data, given: Data = MappingProxyType({})) -> dict[str, list[Any]]:
        """The estimates and intervals that were given; otherwise what was made of them."""
        if not set(self.given) <= set(given):
            return super().shown(data)
        return {name: [float(value) for value in given[name]] for name in self.given}

    def words(self, row: Mapping[str, Any]) -> str:
        if "lower_given" not in row:
            return super().words(row)
        return f"{row['estimate']:g} ({row['lower_given']:g} to {row['upper_given']:g})"

    def alone(self, data: Data, level: float) -> tuple[Any, Any, Any]:
        """The estimate with its normal interval."""
        reach = special.ndtri(0.5 * (1.0 + level)) * data["standard_error"]
        return data["estimate"], data["estimate"] - reach, data["estimate"] + reach

    def check(self, data: Data, labels: tuple[str, ...]) -> list[Issue]:
        issues = []
        for label, estimate, error in zip(labels, data["estimate"], data["standard_error"], strict=True):
            if not np.isfinite(estimate):
                what = f"{estimate:g} is not a finite number"
                issues.append(Issue(f"cohort {label!r}, estimate", what, "Give the estimate."))
            if not np.isfinite(error) or error <= 0:
                what = f"a standard error of {error:g}"
                issues.append(Issue(f"cohort {label!r}, standard error", what, "Give a positive number."))
        return issues

    def log_kernel(self, theta: Any, data: Data, operations: Operations = NUMPY) -> Any:
        return -0.5 * ((data["estimate"] - theta) / data["standard_error"]) ** 2

    def log_constant(self, data: Data, operations: Operations = NUMPY) -> Any:
        return -operations.log(data["standard_error"]) - 0.5 * np.log(2 * np.pi)

    def pymc(self, theta: Any, data: Mapping[str, Any], prefix: str = "", dims: str = "cohort") -> Any:
        import pymc

        name = f"{prefix}estimate"
        return pymc.Normal(name, mu=theta, sigma=data["standard_error"], observed=data["estimate"], dims=dims)

    def draw(self, theta: Any, data: Data, rng: np.random.Generator) -> dict[str, Any]:
        return {"estimate": rng.normal(theta, data["standard_error"])}

    def locate(self, data: Data) -> tuple[Any, Any]:
        return np.asarray(data["estimate"], float), np.asarray(data["standard_error"], float)
