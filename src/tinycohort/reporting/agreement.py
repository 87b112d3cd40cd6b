"""Do the two engines say the same? Differences between them, in Monte Carlo standard errors of the sampled one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..families import SurvivalFamily
from ..posterior import Fit, Marginal
from ..posterior.curves import median_of_average
from .words import count

__all__ = ["FALSE_ALARM", "Agreement", "Comparison", "compare_engines"]

#: How often two engines that are both right would be said to differ.
FALSE_ALARM = 0.001
_PROBABILITIES = (0.025, 0.5, 0.975)
# Targets that each group has one of, and what their draws are called.
_OF_GROUPS = {"group": "theta_group", "new_cohort_in_group": "theta_new_cohort_in_group"}


@dataclass(frozen=True)
class Comparison:
    """One number by both engines.

    Attributes
    ----------
    model, target, label : str
        Of what: typical, average, new_cohort, tau, or the cohort of this label.
    statistic : str
        mean, 2.5%, 50% or 97.5%.
    exact, nuts : float
        The two values, on the natural scale (tau on the model scale).
    expected, found : float
        What is judged: of a mean the same two values; of a quantile its probability, and the share of the sampled
        draws below the exact quantile.
    standard_error : float
        Monte Carlo standard error of `found`.
    """

    model: str
    target: str
    label: str
    statistic: str
    exact: float
    nuts: float
    expected: float
    found: float
    standard_error: float

    @property
    def distance(self) -> float:
        """How many standard errors lie between them."""
        difference = self.found - self.expected
        if difference == 0.0:
            return 0.0
        return difference / self.standard_error if self.standard_error > 0 else math.inf


@dataclass(frozen=True)
class Agreement:
    """All comparisons, and the rule by which they are judged."""

    comparisons: tuple[Comparison, ...]
    blocked: tuple[str, ...] = ()

    @property
    def limit(self) -> float:
        """Standard errors beyond which the engines are said to differ (Bonferroni over all comparisons)."""
        return float(special.ndtri(1.0 - 0.5 * FALSE_ALARM / max(len(self.comparisons), 1)))

    @property
    def worst(self) -> Comparison | None:
        """The comparison that is furthest apart."""
        return max(self.comparisons, key=lambda one: _size(one.distance), default=None)

    @property
    def differing(self) -> tuple[Comparison, ...]:
        """Those beyond the limit, and those that are no number."""
        return tuple(one for one in self.comparisons if not abs(one.distance) <= self.limit)

    def of(self, model: str) -> tuple[Comparison, ...]:
        """Those of one model."""
        return tuple(one for one in self.comparisons if one.model == model)

    @property
    def complaints(self) -> list[str]:
        """What does not agree, or could not be compared."""
        return [
            *(f"{name}: the engines cannot be compared, as a fit may not be reported" for name in self.blocked),
            *(
                f"{one.model}: the engines differ on the {one.statistic} of {one.label or one.target}:"
                f" {one.exact:.5g} exactly, {one.nuts:.5g} by NUTS, {one.distance:+.1f} standard errors"
                for one in self.differing
            ),
        ]  # fmt: skip

    @property
    def rule(self) -> str:
        """The rule in words."""
        return (
            "For every cohort and estimand, the mean and the 2.5%, 50% and 97.5% quantiles by NUTS are compared with"
            " the exact ones, in Monte Carlo standard errors. That of a mean is the standard deviation over the root of"
            " the effective sample size. A quantile is judged by the share of draws below the exact quantile: its"
            " standard error is the root of p (1 - p) over the effective sample size of being below it. The engines"
            f" agree if none of the {len(self.comparisons)} differences exceeds {self.limit:.2f} standard errors, which"
            " two engines that are both right fail about once in a thousand runs."
        )

    @property
    def verdict(self) -> str:
        """Whether they agree, in a sentence."""
        worst = self.worst
        if worst is None:
            return "The engines were not compared."
        found = (
            f"largest of {len(self.comparisons)} differences {_size(worst.distance):.1f} Monte Carlo standard errors"
        )
        if self.blocked:
            return f"The engines were not compared on {', '.join(self.blocked)}; elsewhere {found}."
        if self.differing:
            return f"The engines differ on {count(len(self.differing), 'number')}: {found}, limit {self.limit:.1f}."
        return f"The engines agree: {found}, limit {self.limit:.1f}."


def _size(distance: float) -> float:
    return math.inf if math.isnan(distance) else abs(distance)


def compare_engines(pairs: Sequence[tuple[str, Fit, Fit | None]]) -> Agreement:
    """Compare exact fits with sampled ones.

    Parameters
    ----------
    pairs : sequence of (str, Fit, Fit)
        Name of the model, its exact fit, its sampled fit.

    Returns
    -------
    Agreement
        Of fits that may not be reported only the names.
    """
    usable = [
        (name, exact, nuts) for name, exact, nuts in pairs if nuts is not None and exact.reportable and nuts.reportable
    ]
    compared = {name for name, _, _ in usable}
    blocked = tuple(name for name, _, _ in pairs if name not in compared)
    return Agreement(tuple(one for pair in usable for one in _comparisons(*pair)), blocked)


def _comparisons(name: str, exact: Fit, nuts: Fit) -> Iterator[Comparison]:
    for target, label, values in _draws(nuts):
        known = exact.compiled.group_labels if target in _OF_GROUPS else exact.compiled.labels
        cohort = known.index(label) if label else None
        marginal = exact.posterior.marginal(target, cohort, natural=True)  # type: ignore[arg-type]
        if marginal is not None:
            yield from _statistics(name, target, label, marginal, values)


def _draws(fit: Fit) -> Iterator[tuple[str, str, Any]]:
    """What is reported, as draws (chain, draw) on the natural scale; spreads on the model scale."""
    draws, family, pooling = fit.draws["posterior"].dataset, fit.compiled.family, fit.compiled.pooling
    if "mu" in draws:
        mu = np.asarray(draws["mu"])
        spreads = {name: np.asarray(draws[name]) for name in ("tau", "tau_group") if name in draws}
        yield "typical", "", family.natural(mu)
        if pooling.has_average(family):
            yield "average", "", _averages(fit, mu, pooling.spread({"mu": mu, **spreads}))
        yield "new_cohort", "", family.natural(np.asarray(draws["theta_new_cohort"]))
        for name, values in spreads.items():
            yield name, "", values
    if "shape" in draws:
        yield "shape", "", np.asarray(draws["shape"])
    for target, stored in _OF_GROUPS.items():
        for g, label in enumerate(fit.compiled.group_labels):
            yield target, label, family.natural(np.asarray(draws[stored].transpose("chain", "draw", "group"))[..., g])
    theta = np.asarray(draws["theta"].transpose("chain", "draw", "cohort"))
    for j, label in enumerate(fit.compiled.labels):
        yield "cohort", label, family.natural(theta[..., j])


def _averages(fit: Fit, mu: Any, spread: Any) -> Any:
    """Draws (chain, draw) of the average; of survival, of the median of the mean curve."""
    family = fit.compiled.family
    if isinstance(family, SurvivalFamily):
        points = fit.posterior.points("average")
        assert points is not None
        return median_of_average(family, points).reshape(mu.shape)
    return fit.compiled.pooling.average(family, mu.ravel(), spread.ravel())[0].reshape(mu.shape)


def _statistics(name: str, target: str, label: str, marginal: Marginal, values: Any) -> Iterator[Comparison]:
    from arviz_stats.base.array import array_stats

    def effective(sequence: Any) -> float:
        return float(array_stats.ess(sequence, chain_axis=0, draw_axis=1, method="mean"))

    if math.isfinite(marginal.sd):
        mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(effective(values))
        yield Comparison(name, target, label, "mean", marginal.mean, mean, marginal.mean, mean, error)
    for p, quantile in zip(_PROBABILITIES, marginal.quantile(np.array(_PROBABILITIES)), strict=True):
        # Judged as a share, because the exact quantile is known: the spacing of draws in a tail says little of errors.
        below = (values <= quantile).astype(float)
        error = math.sqrt(p * (1.0 - p) / effective(below))
        sampled, share = float(np.quantile(values, p)), float(below.mean())
        yield Comparison(name, target, label, f"{100 * p:g}%", float(quantile), sampled, p, share, error)
