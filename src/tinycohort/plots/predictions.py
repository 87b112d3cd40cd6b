"""What a cohort would report: the distribution of its number, given a distribution of its theta."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import special

from ..compiled import CompiledModel
from ..estimates import count_summary
from ..families import Family
from ..issues import InputError, Issue
from ..likelihoods import Binomial, Likelihood, NormalEstimate, SurvivalReports
from ..printing import prints_as
from .expected import Distribution, Nodes

__all__ = ["Counts", "Estimates", "Number", "Observed", "Prediction", "Rate", "cells", "finest_step", "number_of"]

_USUAL_STEP, _USUAL_CELLS = 0.04, 1500
_CHUNK = 2_000_000
# What is drawn of a density, and of chances beside the highest.
_POINTS, _TAIL, _FAINT = 241, 0.0005, 0.03
_BISECTIONS, _REACH = 60, 9.0


# What was observed, from least to most: the same twice, unless several counts print as the percentage reported.
Observed = tuple[float, float]


class Prediction(Protocol):
    """The distribution of one number: of a count, an estimate, or the quantity itself."""

    def summary(self, level: float) -> dict[str, float]:
        """Median, and the central interval of at least this probability."""

    def below(self, observed: Observed) -> float:
        """P(less than what was observed), and half of P(just that)."""

    def picture(self) -> tuple[Any, Any]:
        """Natural values and how likely they are, for a drawing."""


@dataclass(frozen=True)
class Counts:
    """Chances of `first`, `first` + 1 and so on events among `total` people."""

    chances: Any
    total: int
    first: int = 0

    def summary(self, level: float) -> dict[str, float]:
        found = count_summary(self.chances, level)
        return {name: self.first + float(found[name] or 0.0) for name in ("median", "lower", "upper")}

    def below(self, observed: Observed) -> float:
        low, high = (int(end) - self.first for end in observed)
        return float(self.chances[:low].sum() + 0.5 * self.chances[low : high + 1].sum())

    def picture(self) -> tuple[Any, Any]:
        shown = self.chances > _FAINT * self.chances.max()
        return (self.first + np.arange(len(self.chances)))[shown] / self.total, self.chances[shown]


@dataclass(frozen=True)
class Estimates:
    """An estimate with a known standard error: a mixture of normals around theta."""

    nodes: Nodes
    error: float
    family: Family

    def _cdf(self, y: Any) -> Any:
        return special.ndtr((np.asarray(y, float)[:, None] - self.nodes.theta) / self.error) @ self.nodes.weight

    def _quantile(self, p: Any) -> Any:
        low = np.full(len(p), self.nodes.theta[0] - _REACH * self.error)
        high = np.full(len(p), self.nodes.theta[-1] + _REACH * self.error)
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            less = self._cdf(middle) < p
            low, high = np.where(less, middle, low), np.where(less, high, middle)
        return 0.5 * (low + high)

    def summary(self, level: float) -> dict[str, float]:
        return _natural_summary(self._quantile(_probabilities(level)), self.family)

    def below(self, observed: Observed) -> float:
        return float(self._cdf(self.family.theta(np.array(observed))).mean())

    def picture(self) -> tuple[Any, Any]:
        first, last = self._quantile(np.array([_TAIL, 1.0 - _TAIL]))
        y = np.linspace(first, last, _POINTS)
        z = (y[:, None] - self.nodes.theta) / self.error
        return self.family.natural(y), np.exp(-0.5 * z * z) @ self.nodes.weight


@dataclass(frozen=True)
class Rate:
    """The quantity itself, known by the distribution function of theta and by nodes of it."""

    distribution: Distribution
    nodes: Nodes
    family: Family

    def _quantile(self, p: Any) -> Any:
        theta, weight = self.nodes
        return np.interp(p, np.cumsum(weight) - 0.5 * weight, theta)

    def summary(self, level: float) -> dict[str, float]:
        return _natural_summary(self._quantile(_probabilities(level)), self.family)

    def below(self, observed: Observed) -> float:
        return float(self.distribution.cdf(self.family.theta(np.array(observed))).mean())

    def picture(self) -> tuple[Any, Any]:
        # As dense as the axis shows it: in the quantity itself where that has two ends, otherwise in theta.
        if np.isfinite(self.family.natural_support).all():
            low, high = self.family.natural_support
            edges = np.linspace(low, high, _POINTS)
            below = self.distribution.cdf(np.clip(self.family.theta(edges), -1e12, 1e12))
            return 0.5 * (edges[1:] + edges[:-1]), np.diff(below) / np.diff(edges)
        low, high = self._quantile(np.array([_TAIL, 1.0 - _TAIL]))
        edges = np.linspace(low, high, _POINTS)
        middles = 0.5 * (edges[1:] + edges[:-1])
        return self.family.natural(middles), np.diff(self.distribution.cdf(edges)) / np.diff(edges)


def _probabilities(level: float) -> Any:
    tail = 0.5 * (1.0 - level)
    return np.array([0.5, tail, 1.0 - tail])


def _natural_summary(theta: Any, family: Family) -> dict[str, float]:
    return dict(zip(("median", "lower", "upper"), map(float, family.natural(theta)), strict=True))


def finest_step(compiled: CompiledModel) -> float:
    """The step between nodes that the narrowest of the cohorts' numbers needs."""
    largest = float(np.nanmax(compiled.data["total"])) if "total" in compiled.data else 1.0
    return float(min(_USUAL_STEP, largest**-0.5))


def cells(compiled: CompiledModel) -> int:
    """Likewise as a number of cells."""
    return int(_USUAL_CELLS * _USUAL_STEP / finest_step(compiled)) + 1


@dataclass(frozen=True)
class Number:
    """What a cohort reported, and might have.

    Attributes
    ----------
    observed : tuple of float
        A count, or an estimate on the natural scale: the least and the most that it can be.
    total : int or None
        People, with counts.
    text : str
        As it is printed; empty for estimates.
    predict : callable
        What it would report, given a distribution of its theta.
    """

    observed: Observed
    total: int | None
    text: str
    predict: Callable[[Nodes], Prediction]


def number_of(compiled: CompiledModel, j: int) -> Number:
    """The number of cohort `j`.

    Raises
    ------
    InputError
        A kind of number that is neither a count nor an estimate with its standard error.
    """
    part = next(part for part in compiled.parts if j in part.cohorts)
    place = int(np.flatnonzero(np.asarray(part.cohorts) == j)[0])
    kind, data = part.kind, {name: float(column[place]) for name, column in part.data.items()}
    if isinstance(kind, NormalEstimate):
        observed = float(compiled.family.natural(data["estimate"]))
        error = data["standard_error"]
        return Number((observed, observed), None, "", lambda nodes: Estimates(nodes, error, compiled.family))
    if isinstance(kind, SurvivalReports):
        what = "reports of survival are no single numbers that could be predicted"
        raise InputError(Issue("fit", what, "Draw tc.plots.cohort_curves: each cohort's curve with what it reported."))
    if kind.name not in _COUNTS:
        what = f"numbers of kind {kind.name!r} cannot be predicted here"
        raise InputError(Issue("fit", what, f"Those that can: normal, hazard_ratio, {', '.join(_COUNTS)}."))
    return _COUNTS[kind.name](kind, data)


def _binomial(kind: Likelihood, data: Mapping[str, float]) -> Number:
    events, total = int(data["events"]), int(data["total"])
    text = f"{events}/{total}"
    return Number((events, events), total, text, lambda nodes: Counts(_chances(kind, data, nodes), total))


def _rounded(kind: Any, data: Mapping[str, float]) -> Number:
    """Every count that prints so was observed as much as any other."""
    total, counts = int(data["total"]), Binomial(kind.published_without_events)
    percentage = kind.shown({name: np.array([value]) for name, value in data.items()})["percentage"][0]
    same = [count for count in range(total + 1) if prints_as(count, total, percentage)]
    people = {"total": float(total)}
    text = f"{percentage}% of {total}"
    return Number((same[0], same[-1]), total, text, lambda nodes: Counts(_chances(counts, people, nodes), total))


def _two_arms(kind: Likelihood, data: Mapping[str, float]) -> Number:
    """The events in the first arm, given those in both."""
    names = ("events", "total", "control_total", "both_events")
    events, total, controls, both = (int(data[name]) for name in names)
    fewest, most = max(both - controls, 0), min(total, both)

    def predict(nodes: Nodes) -> Counts:
        return Counts(_chances(kind, data, nodes, fewest, most), total, fewest)

    return Number((events, events), total, f"{events}/{total}, {both - events}/{controls}", predict)


_COUNTS: dict[str, Callable[[Any, Mapping[str, float]], Number]] = {
    "binomial": _binomial, "rounded": _rounded, "two_arm_counts": _two_arms,
}  # fmt: skip


def _chances(
    kind: Likelihood, data: Mapping[str, float], nodes: Nodes, fewest: int = 0, most: int | None = None
) -> Any:
    """The likelihood of each count that could have been, averaged over theta."""
    events = np.arange(fewest, (data["total"] if most is None else most) + 1.0)
    possible = {name: np.full(len(events), value) for name, value in data.items()} | {"events": events}
    chances = np.zeros(len(events))
    rows = max(_CHUNK // len(events), 1)
    for first in range(0, len(nodes.theta), rows):
        part = slice(first, first + rows)
        likelihood = np.exp(kind.log_likelihood(nodes.theta[part, None], possible))
        chances += nodes.weight[part] @ likelihood
    return chances / chances.sum()
