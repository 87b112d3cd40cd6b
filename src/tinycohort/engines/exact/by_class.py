"""Cohorts in classes of designs, each class around a mean of its own: mu and the bias that the class shares.

Given tau and the spreads, all that a class says of mu is the product of its cohorts' averages at its mean m, averaged
over m ~ Normal(mu + bias's mean, bias's sd): a likelihood like any other, one for the class. Turned round, all that the
others say of m is the prior and the product of their averages, averaged likewise. Both sums are over equal steps, which
for smooth functions that fall off at both ends is exact to rounding (Trefethen and Weideman 2014,
doi:10.1137/130932132).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ...likelihoods import Likelihood
from ...numerics import exp_without_denormals, gauss_legendre
from ...priors import Normal, Prior
from .cohorts import Accuracy, Cohorts, Nobody
from .grid import Grid
from .windows import DROP, Stretch

__all__ = ["Classes", "ClassCohorts"]

# Of mu's prior, what is left out; how far beyond the likelihoods mu is looked for, in units of theta and of the bias.
_TAIL, _BEYOND, _REACH = 1e-13, 12.0, 9.0
_MOST_POINTS, _KEPT = 6000, 2
_SMALLEST, _NOISE = 1e-300, 1e-13
# Log density below a row's peak from which on a point adds nothing.
_DEEP = 60.0
# Range of a class's mean beyond which it is next to impossible, and where the stretching of its nodes sets in.
_CORE_DROP, _CORE_SHARE, _ROOM = 2.0, 0.4, 2


class _Sums(NamedTuple):
    """What is known at equal steps of mu and of the means of classes, at each tau.

    Attributes
    ----------
    accuracy : Accuracy
        How well.
    averages : list of array (cohort of the class, T, K)
        log of each cohort's average at those means, the reference first.
    """

    accuracy: Accuracy
    averages: list[Any]


class Classes:
    """The cohorts of every class, each made once for every accuracy.

    Parameters
    ----------
    likelihood, data
        As for `Cohorts`.
    members : sequence of array of int
        The cohorts of each class, the reference first; it may have none.
    biases : sequence of Normal
        The prior of each further class's bias.
    mu : Prior
        Of mu.
    """

    def __init__(
        self,
        likelihood: Likelihood,
        data: Mapping[str, Any],
        members: Sequence[Any],
        biases: Sequence[Normal],
        mu: Prior,
    ) -> None:
        self._likelihood, self._data, self.members = likelihood, dict(data), tuple(members)
        self.biases, self.mu = tuple(biases), mu
        self._made: dict[float, list[Cohorts]] = {}
        self._of_reference: dict[tuple[bytes, bytes, Accuracy], Any] = {}

    def parts(self, step: float) -> list[Cohorts]:
        """The cohorts of each class."""
        if step not in self._made:
            own = [{name: column[some] for name, column in self._data.items()} for some in self.members]
            self._made[step] = [
                Cohorts(self._likelihood, each, step) if len(some) else Nobody(step)
                for each, some in zip(own, self.members, strict=True)
            ]
        return self._made[step]

    def of_reference(self, points: Any, tau: Any, accuracy: Accuracy) -> Any:
        """log of the averages of the reference's cohorts at points (K,) of mu: (cohort, T, K), whatever the spreads."""
        key = (points.tobytes(), tau.tobytes(), accuracy)
        if key not in self._of_reference:
            part, everywhere = self.parts(accuracy.step)[0], np.broadcast_to(points, (len(tau), len(points)))
            found = part.log_averages(everywhere, tau, accuracy)
            while len(self._of_reference) >= _KEPT:
                self._of_reference.pop(next(iter(self._of_reference)))
            self._of_reference[key] = found
        return self._of_reference[key]

    def cohorts(self, step: float, spreads: Sequence[float]) -> ClassCohorts:
        """All of them, with the spread of biases within each class."""
        return ClassCohorts(self, self.parts(step), spreads, step)


class ClassCohorts(Cohorts):
    """The reference's cohorts, and each further class as one: what `Cohorts` is asked."""

    def __init__(self, classes: Classes, parts: Sequence[Cohorts], spreads: Sequence[float], step: float) -> None:
        self.classes, self.parts, self.spreads, self.step = classes, tuple(parts), tuple(spreads), step
        self.reference = parts[0]
        found = [(self.reference.centre, self.reference.scale, self.reference.flat)]
        for part, bias, spread in zip(parts[1:], classes.biases, spreads, strict=True):
            precision = 1.0 / (part.scale**2 + spread**2)
            centre = (precision * part.centre).sum() / precision.sum() - bias.mu
            scale = np.sqrt(1.0 / precision.sum() + bias.sigma**2)
            found.append((np.array([centre]), np.array([scale]), np.array([part.flat.all()])))
        self.centre, self.scale, self.flat = (np.concatenate([one[k] for one in found]) for k in range(3))
        self._known: list[tuple[Any, _Sums]] = []

    def widths(self, tau: Any) -> list[Any]:
        """Standard deviation of theta around the mean of each class, at each tau."""
        return [tau, *(np.hypot(tau, spread) for spread in self.spreads)]

    @cached_property
    def points(self) -> Any:
        """Equal steps over everywhere that mu or the mean of a class can be."""
        classes = self.classes
        everyone = np.concatenate([part.scale for part in self.parts])
        centres = np.concatenate([part.centre for part in self.parts])
        deviations = [bias.sigma for bias in classes.biases]
        narrowest = min(
            *deviations, float(1.0 / np.sqrt((1.0 / everyone**2).sum() + sum(1.0 / d**2 for d in deviations)))
        )
        low, high = (float(classes.mu.quantile(p)) for p in (_TAIL, 1.0 - _TAIL))
        low, high = max(low, float(centres.min()) - _BEYOND), min(high, float(centres.max()) + _BEYOND)
        shifts = [bias.mu + side * _REACH * bias.sigma for bias in classes.biases for side in (-1.0, 1.0)]
        low, high = low + min(0.0, *shifts), high + max(0.0, *shifts)
        count = int(np.ceil((high - low) / (self.step * narrowest))) + 1
        return np.linspace(low, high, min(max(count, 64), _MOST_POINTS))

    def sums(self, tau: Any, accuracy: Accuracy) -> _Sums:
        """What every cohort's likelihood averages to at equal steps of its class's mean."""
        for known, found in self._known:
            rows = np.searchsorted(known, tau)
            if found.accuracy == accuracy and np.array_equal(known[np.minimum(rows, len(known) - 1)], tau):
                whole = len(tau) == len(known)
                return found if whole else _Sums(accuracy, [average[:, rows] for average in found.averages])
        averages = [self.classes.of_reference(self.points, tau, accuracy)]
        everywhere = np.broadcast_to(self.points, (len(tau), len(self.points)))
        for part, width in zip(self.parts[1:], self.widths(tau)[1:], strict=True):
            averages.append(part.log_averages(everywhere, width, accuracy))
        self._known = [(tau, _Sums(accuracy, averages)), *self._known[: _KEPT - 1]]
        return self._known[0][1]

    def log_averages(self, mu: Any, tau: Any, accuracy: Accuracy) -> Any:
        """Of the reference's cohorts, and of each further class as a whole: (J', T, M)."""
        sums = self.sums(tau, accuracy)
        whole = [self.of_class(d, mu, sums.averages[d].sum(axis=0)) for d in range(1, len(self.parts))]
        return np.concatenate([self.reference.log_averages(mu, tau, accuracy), np.stack(whole)])

    def of_class(self, d: int, mu: Any, log_product: Any) -> Any:
        """log of a function (T, K) of the mean of a class, averaged over what it is given mu (T, M)."""
        bias = self.classes.biases[d - 1]
        return self._convolved(mu + bias.mu, log_product, bias.sigma)

    def _convolved(self, at: Any, log_values: Any, deviation: float) -> Any:
        """log of the integral of a function (T, K) times a normal density around `at` (T, M)."""
        peak = log_values.max(axis=1, keepdims=True)
        step, some = self.points[1] - self.points[0], (log_values > peak - _DEEP).any(axis=0)
        points, log_values = self.points[some], log_values[:, some]
        # -(x - at)^2 / 2 sd^2 around each row's best point, so that little cancels; the largest term is one.
        exponent = log_values[:, None, :] - peak[:, None] - 0.5 * ((points - at[..., None]) / deviation) ** 2
        highest = exponent.max(axis=2, keepdims=True)
        total = exp_without_denormals(exponent - highest).sum(axis=2)
        return np.log(total * step / (np.sqrt(2.0 * np.pi) * deviation)) + highest[..., 0] + peak

    def _roughly_convolved(self, d: int, log_values: Any) -> Any:
        """log of the density of the mean of class `d` at the equal steps, to 1e-13 of the highest, by its spectrum."""
        bias, step = self.classes.biases[d - 1], self.points[1] - self.points[0]
        size = 2 * log_values.shape[1]
        lags = np.fft.fftfreq(size, 1.0 / size) * step
        kernel = np.exp(-0.5 * ((lags - bias.mu) / bias.sigma) ** 2) * step / (np.sqrt(2.0 * np.pi) * bias.sigma)
        peak = log_values.max(axis=1, keepdims=True)
        product = np.fft.rfft(np.exp(log_values - peak), size) * np.fft.rfft(kernel)
        density = np.fft.irfft(product, size)[:, : log_values.shape[1]]
        floor = _NOISE * density.max(axis=1, keepdims=True)
        return np.where(density > floor, np.log(np.maximum(density, floor)), -np.inf) + peak

    def rest(self, d: int, tau: Any, accuracy: Accuracy, lacking: int | None = None) -> Any:
        """log density (T, K) of mu at the equal steps, from the prior and all classes but `d`, not normalised.

        `lacking` is a cohort of the reference that is left out, by its number there.
        """
        sums = self.sums(tau, accuracy)
        own = sums.averages[0] if lacking is None else np.delete(sums.averages[0], lacking, axis=0)
        total = self.classes.mu.log_density(self.points) + own.sum(axis=0)
        everywhere = np.broadcast_to(self.points, total.shape)
        for other in range(1, len(self.parts)):
            if other != d:
                total = total + self.of_class(other, everywhere, sums.averages[other].sum(axis=0))
        return total

    def of_mean(self, d: int, at: Any, rest: Any) -> Any:
        """log density of the mean of class `d` at points (T, M), from what the rest (T, K) say of mu."""
        bias = self.classes.biases[d - 1]
        return self._convolved(at - bias.mu, rest, bias.sigma)

    def class_grid(self, d: int, grid: Grid) -> Grid:
        """The posterior of the mean of class `d`, at the same tau: a grid like that of mu."""
        tau, accuracy, part = grid.tau, grid.accuracy, self.parts[d]
        rest, averages = self.rest(d, tau, accuracy), self.sums(tau, accuracy).averages[d]
        stretch = _around(self.points, self._roughly_convolved(d, rest) + averages.sum(axis=0))
        rule = gauss_legendre(grid.mu.shape[1])
        mean, derivative = stretch.x(rule.nodes)
        width = self.widths(tau)[d]
        own = part.log_averages(mean, width, accuracy)
        log_density = self.of_mean(d, mean, rest) + own.sum(axis=0)
        weights = np.exp(log_density - log_density.max(axis=1, keepdims=True)) * derivative * rule.weights
        mass = weights.sum(axis=1, keepdims=True)
        known = grid.weights.sum(axis=1, keepdims=True)
        log_density += np.log(known / mass) - log_density.max(axis=1, keepdims=True)
        return replace(
            grid, tau=width, mu=mean, stretch=stretch, width=derivative * rule.weights, log_averages=own,
            log_density=log_density, weights=weights * known / mass, cohorts=part, abrupt=False,
        )  # fmt: skip

    def place(self, j: int) -> tuple[int, int]:
        """The class of a cohort, and its number in it."""
        for d, some in enumerate(self.classes.members):
            if j in some:
                return d, int(np.flatnonzero(some == j)[0])
        raise IndexError(j)

    def row(self, d: int, k: int) -> int:
        """Where a cohort, or the class that it is of, stands among the averages."""
        return k if d == 0 else len(self.reference) + d - 1

    def without(self, grid: Grid, j: int) -> Grid:
        """The posterior of mu without cohort `j`, on the nodes of all."""
        d, k = self.place(j)
        left = grid.without(self.row(d, k))
        others = np.delete(self.sums(grid.tau, grid.accuracy).averages[d], k, axis=0)
        if d == 0 or not len(others):
            return left
        # Put back what the rest of its class says.
        again = replace(left, log_averages=np.concatenate([-self.of_class(d, grid.mu, others.sum(axis=0))[None]]))
        return again.without(0)

    def mean_moments(self, d: int, grid: Grid, lacking: int | None) -> tuple[Any, Any]:
        """First and second moment (T,) of the mean of class `d`, at each tau, perhaps without one of its cohorts."""
        points = self.points
        rest = self.rest(d, grid.tau, grid.accuracy)
        own = self.sums(grid.tau, grid.accuracy).averages[d]
        others = (own if lacking is None else np.delete(own, lacking, axis=0)).sum(axis=0)
        log_density = self._roughly_convolved(d, rest) + others
        weights = np.exp(log_density - log_density.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        return weights @ points, weights @ points**2

    def bias_density(self, d: int, grid: Grid) -> tuple[Any, Any]:
        """Equal steps of the bias of class `d`, and its posterior density there, from the row of every tau."""
        bias, points = self.classes.biases[d - 1], self.points
        rest = self.rest(d, grid.tau, grid.accuracy)
        product = self.sums(grid.tau, grid.accuracy).averages[d].sum(axis=0)
        step = points[1] - points[0]
        reach = int(np.ceil(_REACH * bias.sigma / step))
        first = int(np.round(bias.mu / step))
        lags = np.arange(first - reach, first + reach + 1)
        total = np.zeros(len(lags))
        for before, after, mass in zip(rest, product, grid.weights.sum(axis=1), strict=True):
            a, b = (np.exp(values - values.max()) for values in (before, after))
            # sum over k of a_k b_(k + lag): as one product of spectra.
            size = 2 * len(a)
            every = np.fft.irfft(np.conj(np.fft.rfft(a, size)) * np.fft.rfft(b, size), size)
            density = np.maximum(every[lags % size], 0.0) * np.exp(bias.log_density(lags * step))
            total += mass * density / max(density.sum(), _SMALLEST)
        return lags * step, total / (total.sum() * step)


def _around(points: Any, log_density: Any) -> Stretch:
    """Ranges over which log densities (T, K) at equal steps fall off, finer around their peaks."""
    drop = log_density.max(axis=1, keepdims=True) - log_density
    rows, last_point, step = np.arange(len(drop)), len(points) - 1, points[1] - points[0]
    alive, core = drop < DROP, drop < _CORE_DROP
    first = np.maximum(alive.argmax(axis=1) - _ROOM, 0)
    last = np.minimum(last_point - alive[:, ::-1].argmax(axis=1) + _ROOM, last_point)
    width = np.maximum(core.sum(axis=1), 2) * step * 0.5
    middle = points[drop.argmin(axis=1)][rows]
    lower, upper = points[first], points[last]
    return Stretch(lower, upper, middle, np.maximum(_CORE_SHARE * width, 0.01 * (upper - lower)))
