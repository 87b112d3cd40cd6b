"""How often the truth is in the interval that is claimed to hold it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..families import (
    Exponential,
    Gompertz,
    LogLogistic,
    LogNormal,
    MSpline,
    PiecewiseExponential,
    SurvivalFamily,
    Weibull,
)
from .cohorts import Prior, draw_cohorts
from .posteriors import Placed, place
from .publishing import RULES

__all__ = ["QUANTITIES", "SURVIVAL_AT", "SETTINGS", "Cell", "Settings", "run", "summary"]

SURVIVAL_AT = (12.0, 24.0)
QUANTITIES = ("median", "survival_12", "survival_24")
_SEED = 20261122


@dataclass(frozen=True)
class Settings:
    """A family, and what is believed of it."""

    family: SurvivalFamily
    prior: Prior


_LOG_MEDIAN, _SD = math.log(19.0), 1.0
_LOG_SHAPE = Prior(_LOG_MEDIAN, _SD, 0.2, 0.3)
_WALK = Prior(_LOG_MEDIAN, _SD, 0.0, 0.5)

SETTINGS = {
    "exponential": Settings(Exponential(), Prior(_LOG_MEDIAN, _SD)),
    "weibull": Settings(Weibull(), _LOG_SHAPE),
    "log_normal": Settings(LogNormal(), _LOG_SHAPE),
    "log_logistic": Settings(LogLogistic(), _LOG_SHAPE),
    "gompertz": Settings(Gompertz(), Prior(_LOG_MEDIAN, _SD, 0.5, 0.5)),
    "piecewise_exponential": Settings(PiecewiseExponential((6.0, 12.0, 24.0)), _WALK),
    "m_spline": Settings(MSpline((0.0, 36.0), (6.0, 12.0, 24.0)), _WALK),
}


@dataclass(frozen=True)
class Cell:
    """One family of the truth, rule of publication and size of cohort.

    Attributes
    ----------
    family, rule : str
        Names in ``SETTINGS`` and ``RULES``.
    people, replicates : int
        How many.
    away : tuple of float, optional
        Where the truth is not drawn but fixed: standard deviations of theta and of the shape from the prior's mean.
    fitted : str, optional
        The family fitted, if it is another.
    """

    family: str
    rule: str
    people: int
    replicates: int
    away: tuple[float, float] | None = None
    fitted: str = ""

    @property
    def seed(self) -> list[int]:
        """One and the same for all rules, so that they see the same people."""
        return [_SEED, self.people, *self.family.encode(), *(round(10.0 * a) + 100 for a in self.away or ())]


def run(cell: Cell) -> tuple[Placed, Any]:
    """Draw, publish, fit; and whether each replicate printed anything."""
    truth, fitted = SETTINGS[cell.family], SETTINGS[cell.fitted or cell.family]
    rule, followed = RULES[cell.rule]
    rng = np.random.default_rng(cell.seed)
    cohorts = draw_cohorts(
        truth.family, truth.prior, cell.people, cell.replicates, rng, followed_months=followed, away=cell.away
    )
    reports = [rule(cohorts, k) for k in range(cell.replicates)]
    printed = np.array([report.kind != "nothing" for report in reports])
    return place(fitted.family, fitted.prior, reports, cohorts, SURVIVAL_AT, truth=truth.family), printed


def summary(placed: Placed, printed: Any) -> dict[str, float | str]:
    """Coverage of 95% intervals, their mean widths, how uniform the truth's places are, and a digest of them all."""
    covered, widths = placed.covered().mean(axis=0), placed.width.mean(axis=0)
    found: dict[str, float | str] = {"printed": float(printed.mean())}
    for k, name in enumerate(QUANTITIES):
        found[f"coverage_{name}"] = round(float(covered[k]), 5)
        found[f"width_{name}"] = round(float(widths[k]), 6)
        found[f"uniform_p_{name}"] = round(_uniform(placed.below[:, k]), 5)
    found["digest"] = hashlib.sha256(np.round(placed.below, 6).tobytes()).hexdigest()[:16]
    return found


def _uniform(below: Any) -> float:
    """Kolmogorov's test of whether probabilities are uniform: its P value, for thousands of them."""
    ordered, size = np.sort(below), len(below)
    steps = np.arange(size + 1) / size
    distance = max(float((steps[1:] - ordered).max()), float((ordered - steps[:-1]).max()))
    return float(special.kolmogorov(math.sqrt(size) * distance))
