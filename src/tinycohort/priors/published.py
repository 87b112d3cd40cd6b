"""Priors of a heterogeneity that others found in many meta-analyses, by name."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ..issues import InputError, Issue
from .base import Prior
from .scale import LogNormal

__all__ = ["Turner2015"]

_COMPARISONS = (
    "pharmacological_vs_placebo",
    "pharmacological_vs_pharmacological",
    "non_pharmacological_vs_placebo",
    "non_pharmacological_vs_pharmacological",
    "non_pharmacological_vs_non_pharmacological",
)
# Mean and standard deviation of log tau squared, for each of the comparisons: Table IV of the paper, as the R package
# bayesmeta has it (R/bayesmeta.R, cran/bayesmeta at e7eaba2af611b8cace198c31ee107ef7bda58b55).
_OUTCOMES: dict[str, tuple[tuple[float, float], ...]] = {
    "all_cause_mortality": ((-3.95, 1.34), (-4.18, 1.41), (-4.17, 1.55), (-2.92, 1.02), (-3.5, 1.26)),
    "obstetric": ((-3.52, 1.74), (-3.75, 1.79), (-3.74, 1.91), (-2.49, 1.5), (-3.08, 1.68)),
    "major_morbidity_or_cause_specific_mortality": (
        (-3.71, 1.74),
        (-3.95, 1.79),
        (-3.93, 1.91),
        (-2.68, 1.51),
        (-3.27, 1.68),
    ),
    "resource_use": ((-2.34, 1.74), (-2.58, 1.79), (-2.56, 1.91), (-1.31, 1.5), (-1.9, 1.68)),
    "surgical_success": ((-2.14, 1.74), (-2.37, 1.79), (-2.36, 1.91), (-1.11, 1.5), (-1.69, 1.68)),
    "withdrawals": ((-2.99, 1.74), (-3.23, 1.79), (-3.21, 1.91), (-1.96, 1.51), (-2.55, 1.68)),
    "internal_structure": ((-2.71, 1.74), (-2.94, 1.79), (-2.93, 1.92), (-1.67, 1.51), (-2.26, 1.68)),
    "general_physical_health": ((-2.29, 1.53), (-2.53, 1.58), (-2.51, 1.72), (-1.26, 1.25), (-1.85, 1.46)),
    "adverse_events": ((-1.87, 1.52), (-2.1, 1.58), (-2.1, 1.71), (-0.84, 1.24), (-1.43, 1.45)),
    "infection_or_new_disease": ((-2.49, 1.52), (-2.73, 1.58), (-2.71, 1.71), (-1.46, 1.24), (-2.05, 1.45)),
    "signs_or_symptoms": ((-2.06, 1.51), (-2.29, 1.58), (-2.28, 1.71), (-1.03, 1.24), (-1.61, 1.45)),
    "pain": ((-1.83, 1.52), (-2.06, 1.58), (-2.05, 1.71), (-0.8, 1.25), (-1.38, 1.45)),
    "quality_of_life": ((-2.54, 1.54), (-2.78, 1.6), (-2.77, 1.73), (-1.51, 1.27), (-2.1, 1.47)),
    "mental_health": ((-2.12, 1.53), (-2.35, 1.6), (-2.34, 1.72), (-1.09, 1.27), (-1.67, 1.47)),
    "biological_markers": ((-1.77, 1.52), (-2.0, 1.58), (-1.99, 1.71), (-0.74, 1.24), (-1.33, 1.45)),
    "subjective": ((-2.7, 1.52), (-2.93, 1.58), (-2.92, 1.71), (-1.67, 1.25), (-2.26, 1.45)),
}
# Over all of them.
_ANY = "any"
_OF_ANY = (-2.56, 1.74)


@dataclass(frozen=True)
class Turner2015(Prior):
    """How much log odds ratios of trials differ, as found in 14,886 meta-analyses: tau is log-normal.

    Of contrasts between treatments alone: how much the levels of single arms differ is another matter, and models of
    those refuse it. Turner et al. 2015, doi:10.1002/sim.6381.

    Parameters
    ----------
    outcome : str
        The kind of outcome: `all_cause_mortality`, `adverse_events`, `signs_or_symptoms`, ... or `any`.
    comparison : str
        The kind of comparison: `pharmacological_vs_placebo` (or another control), ...; `any` with an outcome of `any`.

    Raises
    ------
    InputError
        A word that is not known, or one `any` without the other.

    Examples
    --------
    >>> tau = Turner2015("surgical_success", "pharmacological_vs_placebo")
    >>> [round(float(tau.quantile(p)), 3) for p in (0.025, 0.5, 0.975)]
    [0.062, 0.343, 1.887]
    """

    outcome: str = field(metadata={"words": (*_OUTCOMES, _ANY)})
    comparison: str = field(metadata={"words": (*_COMPARISONS, _ANY)})
    half_line = True
    of_contrasts = True

    def __post_init__(self) -> None:
        issues = [
            *_unknown("outcome", self.outcome, (*_OUTCOMES, _ANY)),
            *_unknown("comparison", self.comparison, (*_COMPARISONS, _ANY)),
        ]
        if not issues and (self.outcome == _ANY) != (self.comparison == _ANY):
            what = f"{self.outcome!r} with {self.comparison!r}: it is known for both, or over all of both"
            issues.append(Issue("prior Turner2015, comparison", what, "Name both, or write any for both."))
        if issues:
            raise InputError(issues)

    @property
    def log_normal(self) -> LogNormal:
        """The same, as a log-normal of tau: half of what it is of tau squared."""
        if self.outcome == _ANY:
            mean, sd = _OF_ANY
        else:
            mean, sd = _OUTCOMES[self.outcome][_COMPARISONS.index(self.comparison)]
        return LogNormal(0.5 * mean, 0.5 * sd)

    def _log_density(self, x: Any) -> Any:
        return self.log_normal.log_density(x)

    def cdf(self, x: Any) -> Any:
        return self.log_normal.cdf(x)

    def quantile(self, p: Any) -> Any:
        return self.log_normal.quantile(p)

    @property
    def mean(self) -> float:
        return self.log_normal.mean

    @property
    def variance(self) -> float:
        return self.log_normal.variance

    def pymc(self, name: str, dims: str | None = None) -> Any:
        return self.log_normal.pymc(name, dims)

    def __str__(self) -> str:
        return f"Turner2015({self.outcome}, {self.comparison})"


def _unknown(name: str, word: Any, known: Collection[str]) -> list[Issue]:
    if isinstance(word, str) and word in known:
        return []
    near = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}? " if near else ""
    return [Issue(f"prior Turner2015, {name}", f"unknown word {word!r}", f"{hint}Known: {', '.join(known)}.")]
