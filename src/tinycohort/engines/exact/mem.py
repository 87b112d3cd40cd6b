"""Cohorts of which nobody knows which share one theta: every structure by its weight, every set by quadrature.

What a set of cohorts says of the theta that they share is the product of their likelihoods. On one grid of theta that
is fine wherever any of them is, all 2^J products are integrated; the rest is counting (`pooling.structures`).
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...numerics import gauss_legendre
from ...pooling import Mem
from ...pooling.structures import Pairs, Sets, members
from ...posterior import LeaveOneOut, Marginal, Points, Posterior, Target
from .cohorts import Accuracy
from .curves import Curve
from .points import points_of
from .refinement import LEVELS, refine
from .solution import Solution
from .windows import Stretch

__all__ = ["MemPosterior"]

# Edges of the pieces of the grid around each likelihood, in its widths; further out they double.
_AROUND = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 10.0, 14.0, 20.0, 30.0])
_TAIL = 1e-15
# Nodes of a piece, as a share of those that another model has for mu.
_SHARE = 0.4
# Sets whose products are made at once.
_AT_ONCE = 256
_STRAIGHT = 1e6
# Mass of a piece that draws do without.
_SMALL = 1e-12


def _pieces(model: CompiledModel) -> Any:
    """Edges of pieces of theta, fine wherever a likelihood is: (piece + 1,)."""
    prior = model.level_priors["mu"]
    centre, scale = model.likelihood.locate(model.data)
    # Many cohorts together are narrower than each.
    scale = scale / math.sqrt(min(model.cohorts, 4))
    near = centre[:, None] + np.concatenate([-_AROUND[::-1], _AROUND[1:]]) * scale[:, None]
    middle, width = (float(value) for value in (prior.quantile(0.5), prior.quantile(0.75) - prior.quantile(0.25)))
    low, high = float(prior.quantile(_TAIL)), float(prior.quantile(1.0 - _TAIL))
    low, high = max(low, prior.support[0]), min(high, prior.support[1])
    steps = np.concatenate([_AROUND, _AROUND[-1] * 2.0 ** np.arange(1, 60)])
    outward = 0.5 * width * steps
    edges = np.concatenate([near.ravel(), middle - outward, middle + outward, [low, high]])
    edges = np.unique(edges[(edges >= low) & (edges <= high)])
    # Two edges that are all but one make a piece that is all but nothing.
    keep = np.concatenate([[True], np.diff(edges) > 1e-3 * float(scale.min())])
    keep[-1] = True
    return edges[keep]


class MemSolution(Solution):
    """Every set of cohorts integrated on one grid, with one number of nodes in each piece.

    Parameters
    ----------
    model : CompiledModel
        With pooling ``mem``.
    accuracy : Accuracy
        How finely.
    """

    def __init__(self, model: CompiledModel, accuracy: Accuracy) -> None:
        assert isinstance(model.pooling, Mem)
        self.model, self.family, self.accuracy = model, model.family, accuracy
        self._scales = {}
        edges, rule = _pieces(model), gauss_legendre(math.ceil(_SHARE * accuracy.mu))
        half = 0.5 * np.diff(edges)[:, None]
        self.theta = 0.5 * (edges[1:] + edges[:-1])[:, None] + half * rule.nodes
        middle = 0.5 * (edges[1:] + edges[:-1])
        self._stretch = Stretch(edges[:-1], edges[1:], middle, _STRAIGHT * half[:, 0])
        theta = self.theta.ravel()
        with np.errstate(divide="ignore"):
            self._log_width = np.log((half * rule.weights).ravel()) + model.level_priors["mu"].log_density(theta)
        #: Log-likelihood of each cohort at the nodes (J, N).
        self._each = model.log_likelihood(np.repeat(theta[:, None], model.cohorts, axis=1)).T
        self._inside = members(model.cohorts)
        self._integrate()
        self.weighed: Sets | Pairs = model.pooling.weighed(self.log_sets)
        self.log_evidence = self._log_evidence(self.weighed)

    def _products(self, sets: Any) -> Any:
        """Log of prior, width and the likelihoods of all in each of the sets (S, N)."""
        return self._inside[sets].astype(float) @ self._each + self._log_width

    def _integrate(self) -> None:
        """Log evidence, mean and second moment of theta given each set of cohorts, (2^J,) each."""
        theta, count = self.theta.ravel(), len(self._inside)
        self.log_sets, self._first, self._second = np.empty(count), np.empty(count), np.empty(count)
        for first in range(0, count, _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            products = self._products(some)
            peak = products.max(axis=1)
            mass = np.exp(products - peak[:, None])
            total = mass.sum(axis=1)
            self.log_sets[some] = peak + np.log(total)
            self._first[some], self._second[some] = (mass @ theta) / total, (mass @ theta**2) / total
        # Of nobody the prior is all there is, and that is one.
        self.log_sets[0] = 0.0

    def _log_evidence(self, weighed: Sets | Pairs) -> float:
        if isinstance(weighed, Pairs):
            return 0.0
        return weighed.log_evidence - _prior_total(self.model)

    @cached_property
    def _curve(self) -> Curve:
        """theta of every cohort: over the sets that it may be in, each by its probability."""
        own, count = self.weighed.own, len(self._inside)
        mass = np.zeros((self.model.cohorts, self.theta.size))
        for first in range(0, count, _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            held = own[:, some].max(axis=0) > 1e-17
            sets = np.arange(count)[some][held]
            mass += own[:, sets] @ np.exp(self._products(sets) - self.log_sets[sets][:, None])
        self._found = mass.sum(axis=1)
        mass = (mass / self._found[:, None]).reshape(-1, *self.theta.shape)
        ends = (np.broadcast_to(end, mass.shape[:2]) for end in self._stretch.ends())
        return Curve(Stretch(*ends), mass, np.broadcast_to(self.theta, mass.shape))

    @property
    def _lost(self) -> Any:
        return np.abs(self._curve.mass.sum(axis=(1, 2)) - 1.0) + np.abs(self._found - 1.0)

    def _row(self, target: Target, cohort: int | None) -> int:
        assert cohort is not None
        return cohort

    def _known_better(self, first: Any, second: Any) -> tuple[Any, Any]:
        return first, second

    @cached_property
    def _model_moments(self) -> tuple[Any, Any]:
        return self._curve.moments(lambda x: x)

    def marginal(self, target: Target, cohort: int | None, natural: bool) -> Marginal | None:
        """As `Posterior.marginal`: of cohorts only."""
        return None if target != "cohort" or cohort is None else super().marginal(target, cohort, natural)

    def quantile_given(self, members_of: int, p: Any) -> Any:
        """Quantiles of the theta that the members of a set share."""
        mass = np.exp(self._products(np.array([members_of]))[0] - self.log_sets[members_of]).reshape(self.theta.shape)
        held = mass.sum(axis=1) > _SMALL
        curve = Curve(self._stretch.only(held), mass[held] / mass[held].sum())
        at = np.unique(np.concatenate([curve.stretch.lower, curve.stretch.upper, curve.nodes.ravel()]))
        below = np.maximum.accumulate(np.clip(curve(at)[0], 0.0, 1.0))
        return np.interp(p * below[-1], below, at)

    def without_its_data(self, j: int) -> Marginal:
        """theta of cohort `j` given the others."""
        others = np.arange(len(self.log_sets)) & ~(1 << j)
        assert isinstance(self.model.pooling, Mem)
        own = self.model.pooling.weighed(self.log_sets[others]).own[j]
        sets = np.unique(others)
        share = np.bincount(others, own, minlength=len(self.log_sets))[sets]
        mass = sum(
            chance * np.exp(self._products(np.array([one]))[0] - self.log_sets[one])
            for one, chance in zip(sets, share, strict=True)
            if chance > _SMALL
        )
        mass = (mass / mass.sum()).reshape(self.theta.shape)
        curve = Curve(self._stretch, mass, self.theta).held()
        return Marginal(math.nan, math.nan, lambda p: curve.quantiles(p)[0], lambda x: curve(x)[0])

    def left_out(self, j: int) -> tuple[float, float]:
        """Log evidence of the others, and the variance of theta_j given them."""
        sets = np.arange(len(self.log_sets))
        others = sets & ~(1 << j)
        assert isinstance(self.model.pooling, Mem)
        weighed = self.model.pooling.weighed(self.log_sets[others])
        own, prior = weighed.own[j], self.model.level_priors["mu"]
        first, second = self._first[others], self._second[others]
        if own[1 << j] > 0.0 and not math.isfinite(prior.variance):
            return self._log_evidence(weighed), math.inf
        return self._log_evidence(weighed), float(own @ second - (own @ first) ** 2)


def _prior_total(model: CompiledModel) -> float:
    """Log of what the prior weights of all structures come to."""
    assert isinstance(model.pooling, Mem)
    known = model.pooling.weighed(np.zeros(1 << model.cohorts))
    assert isinstance(known, Sets)
    return known.log_evidence


class MemPosterior(Posterior):
    """The posterior over structures, and of every cohort's theta over them."""

    engine = "exact"

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")
    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        self.solution, self.diagnostics, self.reasons = refine(
            MemSolution(model, LEVELS[0]), lambda accuracy: MemSolution(model, accuracy)
        )
        self.diagnostics["nodes"] = [int(self.solution.theta.size), 1]
        joint = isinstance(self.solution.weighed, Sets)
        self.log_marginal_likelihood = self.solution.log_evidence if joint else None

    def marginal(self, target: Target, cohort: int | None = None, natural: bool = False) -> Marginal | None:
        return self.solution.marginal(target, cohort, natural)

    def points(self, target: Target, cohort: int | None = None) -> Points | None:
        return None if cohort is None else points_of(self.solution, target, cohort)

    def predicted_events(self, patients: int, target: Target, cohort: int | None = None) -> Any:
        return None if cohort is None else self.solution.predicted_events(patients, target, cohort)

    def leave_one_out(self) -> LeaveOneOut | None:
        """Every cohort's data left out in turn; None with pairs, which have no joint distribution."""
        if isinstance(self.solution.weighed, Pairs):
            return None
        parts = [self.solution.left_out(j) for j in range(self.model.cohorts)]
        evidence, variance = np.array(parts).T
        return LeaveOneOut(self.solution.log_evidence - evidence, np.full(len(parts), np.nan), variance)

    def without_its_data(self, cohort: int) -> Marginal | None:
        """As `Posterior.without_its_data`; of pairs, without their joint distribution, there is none."""
        return None if isinstance(self.solution.weighed, Pairs) else self.solution.without_its_data(cohort)

    def exchangeability(self) -> dict[str, Any]:
        """As `Fit.summary` has it."""
        weighed, labels = self.solution.weighed, self.model.labels
        assert isinstance(self.model.pooling, Mem)
        before = self.model.pooling.weighed(np.zeros(1 << self.model.cohorts)).together
        rows, probability = weighed.best
        inside = members(self.model.cohorts)
        return {
            "pairs": np.minimum(weighed.together, 1.0).tolist(),
            "prior": float(before[0, 1]) if self.model.cohorts > 1 else None,
            "most_probable": [[label for label, held in zip(labels, inside[row], strict=True) if held] for row in rows],
            "probability": probability,
        }

    def draws(self, chains: int, draws: int, seed: int) -> dict[str, Any]:
        """theta of every cohort: a structure, and then one theta for each of its sets (or, in pairs, each cohort)."""
        rng = np.random.default_rng(seed)
        size, cohorts = chains * draws, self.model.cohorts
        sets = self.solution.weighed.draw(size, rng)
        uniform = rng.uniform(size=(size, cohorts))
        if isinstance(self.solution.weighed, Sets):
            first = np.log2(sets & -sets).astype(int)
            uniform = np.take_along_axis(uniform, first, axis=1)
        theta = np.empty((size, cohorts))
        for one in np.unique(sets):
            here = sets == one
            theta[here] = self.solution.quantile_given(int(one), uniform[here])
        return {"theta": theta.reshape(chains, draws, cohorts)}
