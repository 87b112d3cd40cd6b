"""How often the truth is in the interval that a fit of a printed hazard ratio claims to hold it.

``tools/calibrate_hazard_ratios.py`` runs it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import special

from ..families import Contrast
from ..issues import InputError
from ..likelihoods import HazardRatio
from .coverage import SETTINGS, _uniform
from .trials import cox, draw_trials, place_by_order

__all__ = ["FAMILIES", "RULES", "Judged", "RatioCell", "judge"]

#: Those whose hazards stay proportional as the median moves.
FAMILIES = ("weibull", "exponential")
ORDER, FULL, PRINTED = "order of deaths", "Cox, in full", "Cox, to two decimals"
ALL_DIE, OWN = "order of deaths, all followed to death", "normal about the truth"
#: What is fitted: for comparison, the order of deaths itself; Cox's estimate and limits in full; as printed. And where
#: ranks are uniform by construction: the order of deaths without censoring; and what the kind takes a ratio to be,
#: normal on the log scale with a known standard error.
RULES = (ORDER, FULL, PRINTED, ALL_DIE, OWN)
LEVEL = 0.95
_SEED = 20261123
_Z = float(special.ndtri(0.5 * (1.0 + LEVEL)))


@dataclass(frozen=True)
class RatioCell:
    """One family of the truth, rule of publication and size of trial.

    Attributes
    ----------
    family, rule : str
        Of `FAMILIES` and `RULES`.
    people, replicates : int
        How many in each arm, and how many trials.
    log_ratio : float, optional
        The truth, where it is not drawn but fixed.
    """

    family: str
    rule: str
    people: int
    replicates: int
    log_ratio: float | None = None

    @property
    def seed(self) -> list[int]:
        """One and the same for all rules, so that they see the same people."""
        fixed = [] if self.log_ratio is None else [round(10.0 * self.log_ratio) + 100]
        return [_SEED, self.people, *self.family.encode(), *fixed]


@dataclass(frozen=True)
class Judged:
    """What came of each replicate, arrays (replicate,).

    Attributes
    ----------
    below, width : array
        Posterior probability of less than the true log ratio; width of the equal-tailed 95% interval of the log ratio.
    estimated, printed : array of bool
        Whether there was an estimate, and whether there were numbers in print that the package reads.
    """

    below: Any
    width: Any
    estimated: Any
    printed: Any

    def summary(self) -> dict[str, float | str]:
        """Coverage, in all and by whether numbers were printed; mean width; uniformity of ranks; and a digest."""
        covered = np.abs(self.below - 0.5) <= 0.5 * LEVEL
        found: dict[str, float | str] = {
            "estimated": float(self.estimated.mean()),
            "printed": float(self.printed.mean()),
            "coverage": float(covered.mean()),
        }
        for name, who in (("printed", self.printed), ("unprinted", ~self.printed)):
            found[f"coverage_{name}"] = round(float(covered[who].mean()), 5) if who.any() else ""
        found |= {"width": round(float(self.width.mean()), 6), "uniform_p": round(_uniform(self.below), 5)}
        return found | {"digest": hashlib.sha256(np.round(self.below, 6).tobytes()).hexdigest()[:16]}


def judge(cell: RatioCell) -> Judged:
    """Draw, publish, fit with log ratio ~ Normal(0, 1): every replicate, also where nothing was printed."""
    rng, settings = np.random.default_rng(cell.seed), SETTINGS[cell.family]
    given: dict[str, Any] = {"log_ratio": cell.log_ratio, "censored": cell.rule != ALL_DIE}
    trials = draw_trials(settings.family, settings.prior, cell.people, cell.replicates, rng, **given)
    estimate, error = _own(trials.log_ratio, cell.people, rng) if cell.rule == OWN else cox(trials)
    estimated = np.isfinite(estimate)
    if cell.rule in (ORDER, ALL_DIE):
        return Judged(*place_by_order(trials), estimated, estimated)
    decimals = 2 if cell.rule == PRINTED else None
    read = np.array([_read(*each, decimals) for each in zip(estimate, error, strict=True)])
    printed = np.isfinite(read[:, 0])
    precision = np.where(printed, read[:, 1], np.inf) ** -2.0
    mean, sd = np.where(printed, read[:, 0], 0.0) * precision / (1.0 + precision), (1.0 + precision) ** -0.5
    return Judged(special.ndtr((trials.log_ratio - mean) / sd), 2.0 * _Z * sd, estimated, printed)


def _own(log_ratio: Any, people: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Normal about the truth; the squared standard error 1 / a + 1 / b, a and b evenly from 1 to all of an arm."""
    error = np.sqrt((1.0 / rng.integers(1, people + 1, (2, len(log_ratio)))).sum(axis=0))
    return rng.normal(log_ratio, error), error


def _read(estimate: float, error: float, decimals: int | None) -> tuple[float, float]:
    """What the package makes of the ratio and its limits as printed; nan where it refuses them."""
    value, lower, upper = np.exp(estimate + _Z * error * np.array([0.0, -1.0, 1.0]))
    if decimals is not None:
        value, lower, upper = (float(f"{number:.{decimals}f}") for number in (value, lower, upper))
    row = SimpleNamespace(outcome_id="", value=value, lower=lower, upper=upper, level=LEVEL)
    try:
        found = HazardRatio().read(row, Contrast("ratio"))
    except InputError:
        return np.nan, np.nan
    return found["estimate"], found["standard_error"]
