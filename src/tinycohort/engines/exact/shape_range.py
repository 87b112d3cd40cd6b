"""Where the shape of survival curves lies, and nodes there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import interpolate

from ...issues import InputError, Issue
from ...numerics import gauss_legendre
from ...posterior import Marginal, Points, marginal_of
from ...priors import Prior
from .cohorts import Accuracy
from .refinement import LEVELS, TOLERANCE_EVIDENCE
from .shaped_solution import Node

__all__ = ["ShapeRange", "usual_range"]

# Share of the shape's prior that may be left out, and how far below its peak its density need not be looked at.
_TAIL = 1e-9
_DROP = 20.0
# An end above this has not fallen off: there is more beyond it.
_FALLEN = 16.0
# Logarithms of shapes between which every kind of report can be integrated: at exp(5) = 148 all die within days of each
# other, and at exp(-12) half do at once and the others never.
_FARTHEST = (-12.0, 5.0)
_LOOKED_AT = 9
_LOOKS = 12
_GROWTH = 0.5
_FINE = 2001
# Equal steps of the shape, in number, at each accuracy: a smooth density that has fallen off at both ends is summed to
# exp(-2 pi^2) by steps of a standard deviation (Trefethen and Weideman 2014, doi:10.1137/130932132).
_STEPS = {accuracy.mu: steps for accuracy, steps in zip(LEVELS, (13, 16, 20, 26, 34), strict=True)}
_USUAL_STEPS = 20
# Of a range this many standard deviations long. A normal density has fallen off over 13 of them.
_USUAL_LENGTH = 18.0
# Marginals given the shape may move this many of their standard deviations from one step to the next.
_STRIDE = 1.6
_MOST_STEPS = 300


def usual_range(prior: Prior) -> tuple[float, float]:
    """Between what shapes a prior has its mass, as far as curves can be integrated.

    Raises
    ------
    InputError
        It has its middle where they cannot.
    """
    first, last = _FARTHEST
    low, middle, high = (float(prior.quantile(p)) for p in (_TAIL, 0.5, 1.0 - _TAIL))
    if not first < middle < last:
        what = f"{prior} has its median at {middle:.3g}, and logarithms of shapes are integrated from {first:g} to {last:g}"
        raise InputError(Issue("priors.shape", what, "Give one such as Normal(0.2, 0.3)."))
    return max(low, first), min(high, last)


class ShapeRange:
    """Where the shape lies, and nodes there: its prior's range, narrowed down to where its posterior is.

    Parameters
    ----------
    prior : Prior
        Of the shape.
    log_density : callable
        Log density of the posterior at a shape, not normalised.

    Raises
    ------
    InputError
        The prior has its middle where curves cannot be integrated.
    """

    def __init__(self, prior: Prior, log_density: Callable[[float], float]) -> None:
        self._prior, self._log_density = prior, log_density
        self._limits = max(prior.support[0], _FARTHEST[0]), min(prior.support[1], _FARTHEST[1])
        #: Shape where the density is highest, roughly.
        self.best = math.nan
        self.lower, self.upper, length = self._find(*usual_range(prior))
        near = 1e-6 * (self.upper - self.lower)
        at_limits = self.lower - self._limits[0] < near, self._limits[1] - self.upper < near
        #: Of either end, whether nothing lies beyond, or nothing that can be integrated.
        self.abrupt = at_limits
        self._left_out = [
            self._beyond(side) for side in (0, 1) if at_limits[side] and self._limits[side] == _FARTHEST[side]
        ]
        self._times = max(1.0, length / _USUAL_LENGTH)

    def _find(self, low: float, high: float) -> tuple[float, float, float]:
        """Ends between which the posterior is, and how many of its standard deviations that is."""
        for _ in range(_LOOKS):
            shape = np.linspace(low, high, _LOOKED_AT)
            at = np.array([self._log_density(one) for one in shape.tolist()])
            at = np.where(np.isnan(at), -np.inf, at)
            at = np.maximum(at - at.max(), -1e6)
            best = int(at.argmax())
            self.best = float(shape[best])
            fine = np.linspace(low, high, _FINE)
            heights = interpolate.PchipInterpolator(shape, at)(fine)
            alive = np.flatnonzero(heights > -_DROP)
            # A peak narrower than the gaps may lie on either side of the best of what was looked at.
            first = min(fine[max(alive[0] - 1, 0)], shape[max(best - 1, 0)])
            last = max(fine[min(alive[-1] + 1, _FINE - 1)], shape[min(best + 1, _LOOKED_AT - 1)])
            narrow = last - first < 0.5 * (high - low)
            room = _GROWTH * (high - low)
            more = at[0] > -_FALLEN and low > self._limits[0], at[-1] > -_FALLEN and high < self._limits[1]
            low = max(low - room, self._limits[0]) if more[0] else float(first)
            high = min(high + room, self._limits[1]) if more[1] else float(last)
            if not (narrow or any(more)):
                break
        below = np.cumsum(np.exp(heights))
        first, last = np.interp([0.16, 0.84], below / below[-1], fine)
        return low, high, (high - low) / (0.5 * (last - first))

    def _beyond(self, side: int) -> float:
        """Logarithm of what is left out on a side, at most: the likelihood of its end, which falls or stays from there.

        Times the prior's mass beyond.
        """
        end = self._limits[side]
        likelihood = self._log_density(end) - float(self._prior.log_density(end))
        below = float(self._prior.cdf(end))
        mass = 1.0 - below if side else below
        return likelihood + math.log(mass) if mass > 0.0 else -math.inf

    def reasons(self, log_evidence: float) -> tuple[str, ...]:
        """Why a posterior may not be reported: too much of it may lie where curves cannot be integrated."""
        share = sum(math.exp(min(one - log_evidence, 0.0)) for one in self._left_out)
        if share <= TOLERANCE_EVIDENCE:
            return ()
        return (
            f"the data do not rule out shapes beyond those that can be integrated, exp({_FARTHEST[0]:g}) to"
            f" exp({_FARTHEST[1]:g}), and the prior {self._prior} does not either (a share of {share:.1e} may lie there);"
            " give the shape a prior that falls off sooner, such as Normal(0.2, 0.3)",
        )

    def follow(self, stride: float) -> None:
        """Take more steps where marginals given the shape move far from one step of the coarsest sum to the next.

        `stride` is how far, in their standard deviations.
        """
        coarsest, next_one, *_ = _STEPS.values()
        self._times = max(self._times, self._times * stride / _STRIDE * (coarsest - 1) / (next_one - 1))

    def nodes(self, accuracy: Accuracy) -> list[tuple[float, float]]:
        """Shapes, and logarithms of their weights in a sum."""
        steps = min(math.ceil(self._times * _STEPS.get(accuracy.mu, _USUAL_STEPS)), _MOST_STEPS)
        if not any(self.abrupt):
            shapes = np.linspace(self.lower, self.upper, steps)
            return [(shape, math.log(shapes[1] - shapes[0])) for shape in shapes.tolist()]
        rule, half = gauss_legendre(steps), 0.5 * (self.upper - self.lower)
        shapes = self.lower + half * (rule.nodes + 1.0)
        return list(zip(shapes.tolist(), np.log(half * rule.weights).tolist(), strict=True))

    def falls_off(self, log_densities: Sequence[float], fallen: float) -> bool:
        """Whether densities at the nodes have fallen off, to a share of the largest, towards ends with more beyond."""
        limit = max(log_densities) + math.log(fallen)
        ends = zip((log_densities[0], log_densities[-1]), self.abrupt, strict=True)
        return all(abrupt or height <= limit for height, abrupt in ends)

    def marginal(self, nodes: Sequence[Node]) -> Marginal:
        """Of the shape, by its density between the nodes."""
        shapes = np.array([node.shape for node in nodes])
        logs = np.array([node.log_weight - node.log_step for node in nodes])
        first = self.lower if self.abrupt[0] else shapes[0]
        last = self.upper if self.abrupt[1] else shapes[-1]
        fine = np.linspace(first, last, _FINE)
        density = np.exp(interpolate.CubicSpline(shapes, logs - logs.max())(fine))
        below = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
        nothing = np.zeros((fine.size, 0))
        points = Points(fine, np.zeros_like(fine), nothing, density / density.sum(), rows=1, below=below[None])
        return marginal_of(fine, points)
