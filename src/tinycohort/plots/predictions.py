"""What a cohort would report: the distribution of its number, given a distribution of its theta."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import special

from ..compiled import CompiledModel
from ..estimates import count_summary
from ..families import Family
from ..issues import InputError, Issue
from .expected import Distribution, Nodes

__all__ = ["Counts", "Estimates", "Prediction", "Rate", "cells", "finest_step", "predict"]

_USUAL_STEP, _USUAL_CELLS = 0.04, 1500
_CHUNK = 2_000_000
# What is drawn of a density, and of chances beside the highest.
_POINTS, _TAIL, _FAINT = 241, 0.0005, 0.03
_BISECTIONS, _REACH = 60, 9.0


class Prediction(Protocol):
    """The distribution of one number: of a count, an estimate, or the quantity itself."""

    def summary(self, level: float) -> dict[str, float]:
        """Median, and the central interval of at least this probability."""

    def below(self, observed: float) -> float:
        """P(less than what was observed), and half of P(just that)."""

    def picture(self) -> tuple[Any, Any]:
        """Natural values and how likely they are, for a drawing."""


@dataclass(frozen=True)
class Counts:
    """Chances (total + 1,) of 0 to `total` events."""

    chances: Any

    @property
    def total(self) -> int:
        """How many people."""
        return len(self.chances) - 1

    def summary(self, level: float) -> dict[str, float]:
        found = count_summary(self.chances, level)
        return {name: float(found[name] or 0.0) for name in ("median", "lower", "upper")}

    def below(self, observed: float) -> float:
        count = int(observed)
        return float(self.chances[:count].sum() + 0.5 * self.chances[count])

    def picture(self) -> tuple[Any, Any]:
        shown = self.chances > _FAINT * self.chances.max()
        return np.arange(self.total + 1)[shown] / self.total, self.chances[shown]


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

    def below(self, observed: float) -> float:
        return float(self._cdf(self.family.theta(np.array([observed])))[0])

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

    def below(self, observed: float) -> float:
        return float(self.distribution.cdf(self.family.theta(np.array([observed])))[0])

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
    largest = float(compiled.data["total"].max()) if "total" in compiled.data else 1.0
    return float(min(_USUAL_STEP, largest**-0.5))


def cells(compiled: CompiledModel) -> int:
    """Likewise as a number of cells."""
    return int(_USUAL_CELLS * _USUAL_STEP / finest_step(compiled)) + 1


def predict(compiled: CompiledModel, j: int, nodes: Nodes) -> Prediction:
    """What cohort `j` would report.

    Raises
    ------
    InputError
        A kind of number that is neither a count nor an estimate with its standard error.
    """
    data = {name: float(column[j]) for name, column in compiled.data.items()}
    if {"events", "total"} <= set(data):
        return Counts(_chances(compiled, data, nodes))
    if {"estimate", "standard_error"} <= set(data):
        return Estimates(nodes, data["standard_error"], compiled.family)
    what = f"numbers of kind {compiled.likelihood.name!r} cannot be predicted here"
    raise InputError(Issue("fit", what, "Ask it of counts, or of estimates with their intervals."))


def _chances(compiled: CompiledModel, data: Mapping[str, float], nodes: Nodes) -> Any:
    """The likelihood of each count that could have been, averaged over theta."""
    events = np.arange(data["total"] + 1.0)
    possible = {name: np.full(len(events), value) for name, value in data.items()} | {"events": events}
    chances = np.zeros(len(events))
    rows = max(_CHUNK // len(events), 1)
    for first in range(0, len(nodes.theta), rows):
        part = slice(first, first + rows)
        likelihood = np.exp(compiled.likelihood.log_likelihood(nodes.theta[part, None], possible))
        chances += nodes.weight[part] @ likelihood
    return chances / chances.sum()
