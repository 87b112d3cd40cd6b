"""Where the shape of survival curves lies, and nodes there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import interpolate

from ...issues import InputError, Issue
from ...numerics import gauss_legendre
from ...posterior import Marginal, Points, marginal_of
from ...priors import Prior
from .cohorts import Accuracy
from .refinement import LEVELS, TOLERANCE_EVIDENCE
from .shaped_solution import Node
from .windows import Stretch

__all__ = ["ShapeRange", "usual_range"]

# Share of the shape's prior that may be left out, and how far below its peak its density need not be looked at.
_TAIL = 1e-9
_DROP = 20.0
# An end above this has not fallen off: there is more beyond it.
_FALLEN = 16.0
# Logarithms of shapes between which every kind of report can be integrated: at exp(5) = 148 all die within days of each
# other, and at exp(-12) half do at once and the others never.
_FARTHEST = (-12.0, 5.0)
_DEEP = 1e6
_LOOKED_AT = 9
_LOOKS = 12
_GROWTH = 0.5
# Of a range, what is as good as at its end.
_NEAR = 1e-6
_FINE = 2001
# Equal steps of the shape, in number, at each accuracy: a smooth density that has fallen off at both ends is summed to
# exp(-2 pi^2) by steps of a standard deviation (Trefethen and Weideman 2014, doi:10.1137/130932132).
_STEPS = {accuracy.mu: steps for accuracy, steps in zip(LEVELS, (13, 16, 20, 26, 34), strict=True)}
_USUAL_STEPS = 20
# Steps are equal in a range up to this many standard deviations long. A normal density has fallen off over 13 of them.
_USUAL_LENGTH = 14.0
# A longer one has heavy tails: there the steps of its inverse hyperbolic sine are equal, in so many of them.
_CORE = 1.0
_MORE_OF_LONG = 1.5
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
        what = f"{prior} has its median at {middle:.3g}; logarithms of shapes are integrated from {first:g} to {last:g}"
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
    near : tuple of float, optional
        A range that it is looked for in first, and beyond as far as there is more; that of the prior when not given.

    Raises
    ------
    InputError
        The prior has its middle, or all that was looked at, where curves cannot be integrated.
    """

    def __init__(
        self, prior: Prior, log_density: Callable[[float], float], near: tuple[float, float] | None = None
    ) -> None:
        self._prior, self._log_density = prior, log_density
        first, last = usual_range(prior)
        closed = prior.support[0] > _FARTHEST[0], prior.support[1] < _FARTHEST[1]
        ends = first if closed[0] else _FARTHEST[0], last if closed[1] else _FARTHEST[1]
        # Moved where less can be integrated than that.
        self._limits = list(ends)
        #: Shape where the density is highest, roughly.
        self.best = math.nan
        self.lower, self.upper, deviation = self._find(*(near or (first, last)))
        length = (self.upper - self.lower) / deviation
        self._long = length > _USUAL_LENGTH
        middle = min(max(self.best, self.lower), self.upper)
        self._stretch = Stretch(*(np.array([one]) for one in (self.lower, self.upper, middle, _CORE * deviation)))
        close = _NEAR * (self.upper - self.lower)
        #: Of either end, whether nothing lies beyond, or nothing that can be integrated.
        self.abrupt = self.lower - self._limits[0] < close, self._limits[1] - self.upper < close
        complete = [closed[side] and self._limits[side] == ends[side] for side in (0, 1)]
        self._left_out = [self._beyond(side) for side in (0, 1) if self.abrupt[side] and not complete[side]]
        # A long range has a side that falls much faster than the other; and Gauss-Legendre's gaps are wider.
        self._times = _MORE_OF_LONG if self._long else 1.0
        if any(self.abrupt):
            self._times = max(self._times, 0.5 * math.pi * length / _USUAL_LENGTH)
        # What is known now; and a function of a model cannot be sent to another process.
        del self._log_density

    def _look(self, low: float, high: float) -> tuple[Any, Any]:
        """Shapes from one to another, and the density there below its peak; limits move where there is none."""
        for _ in range(_LOOKS):
            shape = np.linspace(low, high, _LOOKED_AT)
            at = np.array([self._log_density(one) for one in shape.tolist()])
            known = np.isfinite(at)
            if not known.any():
                what = f"the likelihood cannot be integrated at any shape from exp({low:.3g}) to exp({high:.3g})"
                raise InputError(Issue(f"priors.shape, {self._prior}", what, "Give one such as Normal(0.2, 0.3)."))
            if known.all():
                break
            best = int(np.where(known, at, -np.inf).argmax())
            first = int(np.flatnonzero(~known[:best]).max(initial=-1)) + 1
            last = best + int((~np.append(known, False)[best:]).argmax()) - 1
            if first == last:
                break
            if first > 0:
                low = self._limits[0] = float(shape[first])
            if last < _LOOKED_AT - 1:
                high = self._limits[1] = float(shape[last])
        at = np.where(known, at, -np.inf)
        return shape, np.maximum(at - at.max(), -_DEEP)

    def _find(self, low: float, high: float) -> tuple[float, float, float]:
        """Ends between which the posterior is, and its standard deviation."""
        for _ in range(_LOOKS):
            shape, at = self._look(low, high)
            low, high = float(shape[0]), float(shape[-1])
            best = int(at.argmax())
            fine = np.linspace(low, high, _FINE)
            heights = interpolate.PchipInterpolator(shape, at)(fine)
            self.best = float(fine[heights.argmax()])
            alive = np.flatnonzero(heights > -_DROP)
            ends = fine[max(alive[0] - 1, 0)], fine[min(alive[-1] + 1, _FINE - 1)]
            # A peak narrower than the gaps may lie on either side of the best of what was looked at.
            first, last = min(ends[0], shape[max(best - 1, 0)]), max(ends[1], shape[min(best + 1, _LOOKED_AT - 1)])
            narrow = last - first < 0.5 * (high - low) or (first, last) != ends
            room, near = _GROWTH * (high - low), _NEAR * (high - low)
            more = (
                at[0] > -_FALLEN and low - self._limits[0] > near,
                at[-1] > -_FALLEN and self._limits[1] - high > near,
            )
            low = max(low - room, self._limits[0]) if more[0] else float(first)
            high = min(high + room, self._limits[1]) if more[1] else float(last)
            if not (narrow or any(more)):
                break
        below = np.cumsum(np.exp(heights))
        first, last = np.interp([0.16, 0.84], below / below[-1], fine)
        return low, high, float(max(0.5 * (last - first), 1e-3 * (high - low)))

    def _beyond(self, side: int) -> float:
        """Logarithm of what is left out on a side, at most: the likelihood of its end, which falls or stays from there.

        Times the prior's mass beyond.
        """
        end = self._limits[side]
        likelihood = self._log_density(end) - float(self._prior.log_density(end))
        if not math.isfinite(likelihood):
            return math.inf
        below = float(self._prior.cdf(end))
        mass = 1.0 - below if side else below
        return likelihood + math.log(mass) if mass > 0.0 else -math.inf

    def reasons(self, log_evidence: float, incomplete: bool) -> tuple[str, ...]:
        """Why a posterior may not be reported: too much of it may lie where curves cannot be integrated.

        `incomplete` says whether there is such a shape among its nodes.
        """
        if incomplete:
            return (f"the likelihood cannot be integrated at some of the shapes of the prior {self._prior}",)
        share = sum(math.exp(min(one - log_evidence, 0.0)) for one in self._left_out)
        if share <= TOLERANCE_EVIDENCE:
            return ()
        return (
            f"the data do not rule out shapes beyond those that can be integrated, exp({self._limits[0]:.3g}) to"
            f" exp({self._limits[1]:.3g}), and the prior {self._prior} does not either (a share of {share:.1e} may lie"
            " there); give the shape a prior that falls off sooner, such as Normal(0.2, 0.3)",
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
        places, weights = np.linspace(-1.0, 1.0, steps), np.full(steps, 2.0 / (steps - 1))
        if any(self.abrupt):
            rule = gauss_legendre(steps)
            places, weights = rule.nodes, rule.weights
        shapes, slopes = self._shapes(places)
        return list(zip(shapes.tolist(), np.log(slopes * weights).tolist(), strict=True))

    def _shapes(self, places: Any) -> tuple[Any, Any]:
        """Shapes at places between -1 and 1, and how fast they change there."""
        if self._long:
            shapes, slopes = self._stretch.x(places)
            return shapes[0], slopes[0]
        half = 0.5 * (self.upper - self.lower)
        return self.lower + half * (places + 1.0), np.full(np.shape(places), half)

    def _places(self, shapes: Any) -> Any:
        """The inverse of `_shapes`."""
        if self._long:
            return self._stretch.coordinate(shapes[None])[0][0]
        return 2.0 * (shapes - self.lower) / (self.upper - self.lower) - 1.0

    def falls_off(self, log_densities: Sequence[float], fallen: float) -> bool:
        """Whether densities at the nodes have fallen off, to a share of the largest, towards ends with more beyond."""
        limit = max(log_densities) + math.log(fallen)
        ends = zip((log_densities[0], log_densities[-1]), self.abrupt, strict=True)
        return all(abrupt or height <= limit for height, abrupt in ends)

    def marginal(self, nodes: Sequence[Node]) -> Marginal:
        """Of the shape, by its density between the nodes."""
        shapes = np.array([node.shape for node in nodes])
        places, prior = self._places(shapes), self._prior
        # Of the likelihood, which is smooth where a prior that ends is not.
        logs = np.array([node.log_weight - node.log_step for node in nodes])
        between = interpolate.CubicSpline(places, logs - logs.max() - prior.log_density(shapes))
        fine = np.linspace(-1.0 if self.abrupt[0] else places[0], 1.0 if self.abrupt[1] else places[-1], _FINE)
        shapes, slopes = self._shapes(fine)
        density = slopes * np.exp(between(fine) + prior.log_density(shapes))
        below = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
        nothing = np.zeros((fine.size, 0))
        points = Points(shapes, np.zeros_like(fine), nothing, density / density.sum(), rows=1, below=below[None])
        return marginal_of(shapes, points)
