"""The joint posterior of mu and tau on nodes that follow it: Gauss-Legendre in tau, and in mu for each tau."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...numerics import gauss_legendre, log_sum_exp
from .cohorts import Accuracy, Cohorts
from .exnex_cohorts import Mixing, Shares
from .student import cohorts_of
from .windows import FARTHEST, UNIT_AT, Stretch, TauScale, find_mu, normal_location, tau_scale

__all__ = ["Grid", "Windows", "adjust", "falls_off", "find_windows", "integrate"]

_ROUGH = Accuracy(mu=0, tau=0, hermite=9, step=0.6, switch=0.6, mixture=1e-2)
_SEARCHED = 5
_FINER = 3.0
_HEAVY, _HEAVIEST = 0.6, 3.0
# Degrees of freedom nu below which tau to the power of nu, as which averages leave zero, is far from smooth.
_BROKEN = 2.0
# Where cohorts may stand on their own mu may have several humps, which take more nodes.
_HUMPS, _PER_DISTANCE = (1.5, 6.0), 0.25
# Length of mu's coordinate, in its own unit, up to which the usual number of nodes will do.
_USUAL_SPAN = 7.0
# Density at the end of a range, relative to its maximum, below which nothing of note is cut off.
_FALLEN = 1e-8
# Density at a node of mu, relative to the largest, from which it counts where sums over the nodes must be smooth.
_COUNTS = 1e-4
# Mass of a tau node, relative to the largest, below which marginals do without it.
_NEGLIGIBLE = 1e-9
_SMALLEST = 1e-300


@dataclass(frozen=True)
class Windows:
    """Ranges of integration, of tau's coordinate and of mu at points `at` along it; and what they were found with."""

    tau: TauScale | None
    at: Any
    mu: Stretch
    cohorts: Cohorts

    def stretch(self, u: Any) -> Stretch:
        """Ranges of mu at each `u`, by interpolation."""
        parts = (self.mu.lower, self.mu.upper, self.mu.middle, self.mu.core)
        return Stretch(*(np.interp(u, self.at, part) for part in parts))


@dataclass(frozen=True)
class Grid:
    """Posterior weights of (tau, mu) on their nodes.

    Attributes
    ----------
    tau : array (T,)
        Nodes of tau.
    mu : array (T, M)
        Nodes of mu for each tau.
    width : array (T, M)
        Quadrature weights of mu's nodes.
    log_averages : array (J, T, M)
        log of each cohort's likelihood averaged over Normal(mu, tau).
    log_density : array (T, M)
        log of the posterior density of mu, times the weight of tau's node.
    weights : array (T, M)
        Posterior weights; they sum to one.
    log_evidence : float
        Log marginal likelihood, every constant kept.
    abrupt : bool
        Whether the prior of mu ends somewhere.
    shares : Shares or None
        How likely cohorts are exchangeable at each node, where they may not be. `log_averages` are then divided by it.
    """

    u: Any
    tau: Any
    scale: TauScale | None
    mu: Any
    stretch: Stretch
    width: Any
    log_averages: Any
    log_density: Any
    weights: Any
    log_evidence: float
    cohorts: Cohorts
    accuracy: Accuracy
    abrupt: bool
    shares: Shares | None = None

    @property
    def cut_off(self) -> bool:
        """Whether the posterior of tau has not fallen off where tau is as large as can be looked at."""
        if self.scale is None or self.scale.tau(self.scale.upper) < (1 - 1e-6) * FARTHEST:
            return False
        density = self.weights.sum(axis=1) / gauss_legendre(len(self.tau)).weights
        return bool(density[-1] > _FALLEN * density.max())

    def peaks(self) -> tuple[Any, Any]:
        """mu's mode at each tau, and the standard deviation of the normal that is as high; tails do not sway it."""
        rows, best = np.arange(len(self.tau)), self.log_density.argmax(axis=1)
        height = np.exp(self.log_density[rows, best]) / self.weights.sum(axis=1)
        return self.mu[rows, best], 1.0 / (np.sqrt(2.0 * np.pi) * height)

    def gaps(self, counts_from: float = _COUNTS) -> Any:
        """The widest gap between those of mu's nodes that count, at each tau: from this density on, of the largest."""
        density = self.weights / np.maximum(self.weights.max(axis=1, keepdims=True), _SMALLEST)
        counts = np.maximum(density[:, 1:], density[:, :-1]) > counts_from
        return (np.diff(self.mu, axis=1) * counts).max(axis=1)

    def pruned(self) -> Grid:
        """Without the tau nodes that hold next to no mass: what is left is what marginals are made of."""
        mass = self.weights.sum(axis=1)
        kept = mass > _NEGLIGIBLE * mass.max()
        if kept.all():
            return self
        weights = self.weights[kept] / mass[kept].sum()
        rows = {name: getattr(self, name)[kept] for name in ("u", "tau", "mu", "width", "log_density")}
        shares = None if self.shares is None else self.shares.only(kept)
        averages = self.log_averages[:, kept]
        return replace(
            self, **rows, stretch=self.stretch.only(kept), log_averages=averages, weights=weights, shares=shares
        )

    def without(self, j: int) -> Grid:
        """The posterior of all cohorts but `j`, on nodes that were laid out for all of them."""
        log_density = self.log_density - self.log_averages[j]
        log_total = log_sum_exp(log_density + np.log(self.width))
        log_density -= log_total
        return replace(
            self,
            log_averages=np.delete(self.log_averages, j, axis=0),
            log_density=log_density,
            weights=np.exp(log_density) * self.width,
            log_evidence=self.log_evidence + log_total,
        )


def find_windows(model: CompiledModel, form: TauScale | None = None, mixing: Mixing | None = None) -> Windows:
    """Where to integrate; `form` fixes the range of tau, which is otherwise found too.

    `mixing` is how cohorts may stand on their own, where they may.
    """
    priors, prior = model.level_priors, model.level_priors["mu"]
    cohorts = cohorts_of(model.pooling, model.likelihood, model.data, _ROUGH.step, mixing)
    centre, scale = cohorts.centre, cohorts.scale
    # A cohort that may stand on its own does not hold tau from above.
    flat = cohorts.flat if mixing is None else np.ones(len(centre), bool)
    if model.pooled:
        at, tau = np.zeros(1), np.zeros(1)
    else:
        form = form or tau_scale(centre, scale, flat, priors, 2 if model.pooling.moments < _BROKEN else 1)
        at = np.linspace(form.lower, form.upper, max(_SEARCHED, int(np.ceil(form.upper - form.lower))))
        tau = form.tau(at)

    def log_density(mu: Any, tau: Any) -> Any:
        return prior.log_density(mu) + cohorts.joint(cohorts.log_averages(mu, tau, _ROUGH))[0]

    middle, sd = normal_location(centre, scale, tau, prior)
    bounds = prior.support
    return Windows(form, at, find_mu(log_density, tau, middle, 11.0 * sd, bounds), cohorts)


def integrate(model: CompiledModel, windows: Windows, accuracy: Accuracy) -> Grid:
    """The posterior of (mu, tau) on a grid of the given accuracy."""
    priors = model.level_priors
    if windows.tau is None:
        u, tau, log_tau_weights = np.zeros(1), np.zeros(1), np.zeros(1)
    else:
        span = windows.tau.upper - windows.tau.lower
        # A range of many e-folds needs more nodes than one of a few.
        rule = gauss_legendre(int(np.ceil(accuracy.tau * max(1.0, span / 5.0))))
        u = windows.tau.lower + 0.5 * span * (rule.nodes + 1.0)
        tau = windows.tau.tau(u)
        log_tau_weights = np.log(0.5 * span * rule.weights) + windows.tau.log_jacobian(u)
        log_tau_weights += priors["tau"].log_density(tau)
    stretch = windows.stretch(u)
    # With tau fixed a fine grid costs nothing; and heavy tails need more nodes than light ones.
    several = _FINER if windows.tau is None else 1.0 + min(_HEAVY / model.pooling.moments, _HEAVIEST)
    several *= 1.0 if windows.cohorts.mixing is None else _humps(windows.cohorts)
    rule = gauss_legendre(int(np.ceil(accuracy.mu * several * max(1.0, stretch.span() / _USUAL_SPAN))))
    mu, derivative = stretch.x(rule.nodes)
    ready = accuracy.step == windows.cohorts.step
    likelihood, data, mixing = model.likelihood, model.data, windows.cohorts.mixing
    cohorts = windows.cohorts if ready else cohorts_of(model.pooling, likelihood, data, accuracy.step, mixing)
    together, log_averages, shares = cohorts.joint(cohorts.log_averages(mu, tau, accuracy))
    log_density = log_tau_weights[:, None] + priors["mu"].log_density(mu) + together
    width = derivative * rule.weights
    log_evidence = log_sum_exp(log_density + np.log(width))
    log_density -= log_evidence
    weights = np.exp(log_density) * width
    return Grid(
        u,
        tau,
        windows.tau,
        mu,
        stretch,
        width,
        log_averages,
        log_density,
        weights,
        log_evidence,
        cohorts,
        accuracy,
        bool(np.isfinite(priors["mu"].support).any()),
        shares,
    )


def _humps(cohorts: Cohorts) -> float:
    """How many times as many nodes mu needs: the more, the further apart cohorts lie in their widths."""
    apart = np.abs(cohorts.centre - np.median(cohorts.centre)) / cohorts.scale
    return float(np.clip(_PER_DISTANCE * apart.max(initial=0.0), *_HUMPS))


def adjust(model: CompiledModel, windows: Windows, grid: Grid) -> Windows | None:
    """Windows with more room where the posterior on `grid` has not fallen off at an end, or less where it is empty.

    None if nothing needs to change.
    """
    room = _mu_room(model, windows, grid)
    tau = grid.scale
    if tau is None:
        return None if room is None else replace(windows, mu=room)
    form = _refit(tau, grid, model.level_priors["tau"].support)
    if form is None:
        return None if room is None else replace(windows, mu=room)
    return find_windows(model, form, windows.cohorts.mixing)


def falls_off(model: CompiledModel, windows: Windows, grid: Grid, fallen: float = _FALLEN) -> bool:
    """Whether the posterior on `grid` has fallen off, to a share of its maximum, where the ranges of mu and tau end."""
    if _mu_room(model, windows, grid, fallen) is not None:
        return False
    return grid.scale is None or not any(_cut(grid.scale, grid, model.level_priors["tau"].support, fallen))


def _cut(tau: TauScale, grid: Grid, support: tuple[float, float], fallen: float = _FALLEN) -> tuple[bool, bool]:
    """Whether the posterior of tau has not fallen off at the lower, and at the upper, end of its range."""
    density = grid.weights.sum(axis=1) / gauss_legendre(len(grid.tau)).weights
    alive = density[[0, -1]] > fallen * density.max()
    at_low, at_high = (float(tau.tau(end)) for end in (tau.lower, tau.upper))
    return bool(alive[0]) and at_low > support[0] * (1 + 1e-9), bool(alive[1]) and at_high < support[1] * (1 - 1e-9)


def _refit(tau: TauScale, grid: Grid, support: tuple[float, float]) -> TauScale | None:
    """Another range and unit for tau where the first guess serves the posterior badly."""
    mass = grid.weights.sum(axis=1)
    density = mass / gauss_legendre(len(mass)).weights
    alive = np.flatnonzero(density > _FALLEN * density.max())
    low, high, span = tau.lower, tau.upper, tau.upper - tau.lower
    cut_low, cramped = _cut(tau, grid, support)
    if cramped:
        high = min(high + 0.5 * span, float(tau.u(min(support[1], FARTHEST))))
    elif grid.u[min(alive[-1] + 1, len(density) - 1)] < low + 0.8 * span:
        high = float(grid.u[alive[-1] + 1])
    if cut_low:
        low = max(low - 0.5 * span, float(tau.u(support[0])))
    elif alive[0] > 1 and grid.u[alive[0] - 1] > low + 0.2 * span:
        low = float(grid.u[alive[0] - 1])
    unit = tau.unit
    if unit is not None and not cramped:
        better = float(np.interp(UNIT_AT, np.cumsum(mass), grid.tau))
        unit = unit if 0.2 < better / unit < 5.0 else better
    if (low, high, unit) == (tau.lower, tau.upper, tau.unit):
        return None
    return tau.over(tau.tau(low), tau.tau(high), unit)


def _mu_room(model: CompiledModel, windows: Windows, grid: Grid, fallen: float = _FALLEN) -> Stretch | None:
    density = grid.weights / grid.width
    limit = fallen * density.max()
    prior = model.level_priors["mu"]
    bounds = prior.support
    extra = 0.3 * (windows.mu.upper - windows.mu.lower)
    lower, upper = windows.mu.lower, windows.mu.upper
    if ((density[:, 0] > limit) & (grid.stretch.lower > bounds[0] + 1e-9 * extra.max())).any():
        lower = np.maximum(lower - extra, bounds[0])
    if ((density[:, -1] > limit) & (grid.stretch.upper < bounds[1] - 1e-9 * extra.max())).any():
        upper = np.minimum(upper + extra, bounds[1])
    if np.array_equal(lower, windows.mu.lower) and np.array_equal(upper, windows.mu.upper):
        return None
    return Stretch(lower, upper, windows.mu.middle, windows.mu.core)
