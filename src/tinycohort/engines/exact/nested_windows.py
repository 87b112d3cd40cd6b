"""A nested model taken apart, and where its posterior lies: found before anything is integrated."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...compiled import CompiledModel, Row
from ...numerics import gauss_legendre
from ...pooling import Partial
from .cohorts import Accuracy, Cohorts
from .grid import Grid, Windows, adjust, find_windows, integrate
from .marginals import FIRST_COHORT, stack
from .tabulated import Tabulated, chebyshev_points, tabulate
from .windows import Stretch, TauScale, tau_scale

__all__ = ["ENDS", "NestedWindows", "Problem", "averaged_tables", "find_nested_windows", "tables_of"]

# Log density, below its peak, down to which a group's likelihood is tabulated; its cohorts' nodes reach further.
_TABLED = 60.0
_BELOW = 75.0
_TABLE_POINTS = 65
_EVENLY = np.linspace(0.0, 1.0, 61)
_PEAK = 2.0
_LOOKS = 3
_ROUGH = Accuracy(mu=15, tau=9, hermite=7, step=0.6, switch=0.6)
_ADJUSTMENTS = 6
_FALLEN = 1e-8
_END = 1e-11
_ROOM = 0.05
_CORE = 0.5
_FINEST = 1e-3
ENDS = ("lower", "upper", "middle", "core")


class Problem:
    """A nested model taken apart: its groups, and the model of which they are the cohorts.

    Parameters
    ----------
    model : CompiledModel
        With pooling ``nested``.
    """

    def __init__(self, model: CompiledModel) -> None:
        self.model = model
        self.members = [np.flatnonzero(model.groups == g) for g in range(len(model.group_labels))]
        everyone = np.arange(model.cohorts)
        self.parts = [model.only(np.isin(everyone, members), Partial()) for members in self.members]
        priors = model.priors
        self._priors = {"mu": priors["mu"], "tau": priors["tau_group"]}
        self._rows = tuple(Row(label) for label in model.group_labels)
        self._which = {"which": np.arange(float(len(self.members)))}
        sides = np.array([[side.all() for side in part.likelihood.plateaus(part.data)] for part in self.parts])
        self.left, self.right = sides.T

    def cohorts(self, accuracy: Accuracy) -> list[Cohorts]:
        """The likelihoods of each group's cohorts."""
        return [Cohorts(part.likelihood, part.data, accuracy.step, _BELOW) for part in self.parts]

    def between(self, table: Tabulated) -> CompiledModel:
        """The model of the groups, given what each says of its theta."""
        return CompiledModel("groups", self.model.family, table, Partial(), self._priors, self._rows, self._which)


class NestedWindows(NamedTuple):
    """Where to integrate.

    Attributes
    ----------
    tau : TauScale
        Range of tau.
    at, tables : array (A,) and Stretch (G, A)
        Of each group's likelihood, at points along tau.
    between, between_at : TauScale and array (A',)
        Range of tau_group, and points along it.
    found_at, mu, groups : array (B,), Stretch (B, A') and Stretch (B, G)
        For tau at a few points: ranges of mu along tau_group, and of each group's theta.
    """

    tau: TauScale
    at: Any
    tables: Stretch
    between: TauScale
    between_at: Any
    found_at: Any
    mu: Stretch
    groups: Stretch

    def table(self, u: float) -> Stretch:
        """Ranges of the groups' likelihoods at `u`."""
        return _along(u, self.at, self.tables)

    def windows(self, u: float, cohorts: Cohorts) -> Windows:
        """Ranges of tau_group and mu at `u`."""
        return Windows(self.between, self.between_at, _along(u, self.found_at, _turned(self.mu)), cohorts)

    def thetas(self, u: float) -> Stretch:
        """Ranges of the groups' theta at `u`."""
        return _along(u, self.found_at, _turned(self.groups))


def _turned(stretch: Stretch) -> Stretch:
    return Stretch(*(getattr(stretch, end).T for end in ENDS))


def _along(u: float, at: Any, stretch: Stretch) -> Stretch:
    """A stretch (R,) at `u`, from one (R, A) at points `at`."""
    return Stretch(*(np.array([np.interp(u, at, row) for row in getattr(stretch, end)]) for end in ENDS))


def _log_groups(cohorts: list[Cohorts], theta: Any, tau: Any, accuracy: Accuracy) -> Any:
    """What the cohorts of each group say of their group's theta (G, A, P), at each tau (A,): the same shape."""
    return np.stack(
        [part.log_averages(own, tau, accuracy).sum(axis=0) for part, own in zip(cohorts, theta, strict=True)]
    )


def _find_tables(problem: Problem, cohorts: list[Cohorts], tau: Any, accuracy: Accuracy) -> Stretch:
    """Where each group's likelihood lies at each tau: two looks, the second where the first saw it."""
    shape = (len(cohorts), len(tau))
    middle, width = np.empty(shape), np.empty(shape)
    for g, part in enumerate(cohorts):
        precision = 1.0 / (part.scale**2 + tau[:, None] ** 2)
        middle[g], width[g] = (
            (precision * part.centre).sum(axis=1) / precision.sum(axis=1),
            precision.sum(axis=1) ** -0.5,
        )
    apart = np.array([np.ptp(part.centre) for part in cohorts])[:, None]
    lower, upper = middle - 80.0 * width - apart, middle + 80.0 * width + apart
    for _ in range(_LOOKS):
        finest = Stretch(lower, upper, middle, width)
        points = finest.x(2.0 * _EVENLY - 1.0)[0]
        drop = _log_groups(cohorts, points, tau, accuracy)
        drop = drop.max(axis=-1, keepdims=True) - drop
        middle = np.take_along_axis(points, drop.argmin(axis=-1)[..., None], -1)[..., 0]
        ends = [_within(points, drop < level) for level in (_TABLED, _PEAK)]
        (lower, upper), (near, far) = ends
        # A plateau has no middle: its edge is where the likelihood bends.
        middle = np.where(problem.left[:, None], far, np.where(problem.right[:, None], near, middle))
        width = np.where((problem.left | problem.right)[:, None], width, 0.5 * (far - near))
        lower = np.where(problem.left[:, None], middle - 40.0 * width, lower)
        upper = np.where(problem.right[:, None], middle + 40.0 * width, upper)
    return Stretch(lower, upper, np.clip(middle, lower, upper), 0.6 * width)


def _within(points: Any, inside: Any) -> tuple[Any, Any]:
    """The last point outside on either side of where `inside` holds."""
    last = points.shape[-1] - 1
    first, final = inside.argmax(axis=-1), last - inside[..., ::-1].argmax(axis=-1)
    take = lambda index: np.take_along_axis(points, index[..., None], -1)[..., 0]  # noqa: E731
    return take(np.maximum(first - 1, 0)), take(np.minimum(final + 1, last))


def tables_of(
    problem: Problem, cohorts: list[Cohorts], stretches: list[Stretch], tau: Any, accuracy: Accuracy
) -> list[Tabulated]:
    """What each group says of its theta, at each tau."""
    theta = np.stack([stretch.x(chebyshev_points(_TABLE_POINTS))[0] for stretch in stretches], axis=1)
    values = _log_groups(cohorts, theta, tau, accuracy)
    return tabulate(stretches, values, problem.left, problem.right)


def averaged_tables(problem: Problem, tau: Any, accuracy: Accuracy) -> list[Tabulated]:
    """What each group says of its theta at each tau (A,), wherever that may be."""
    cohorts = problem.cohorts(accuracy)
    ranges = _find_tables(problem, cohorts, tau, accuracy)
    stretches = [Stretch(*(getattr(ranges, end)[:, t] for end in ENDS)) for t in range(len(tau))]
    return tables_of(problem, cohorts, stretches, tau, accuracy)


def _first_look(problem: Problem, table: Tabulated) -> tuple[Windows, Grid]:
    """Where the posterior of the groups' model lies at one tau."""
    model = problem.between(table)
    windows = find_windows(model)
    grid = integrate(model, windows, _ROUGH)
    for _ in range(_ADJUSTMENTS):
        better = adjust(model, windows, grid)
        if better is None:
            break
        windows, grid = better, integrate(model, better, _ROUGH)
    return windows, grid


def find_nested_windows(problem: Problem) -> NestedWindows:
    """Where to integrate: tau by looking and looking again, tau_group wherever any tau that counts needs it."""
    cohorts, prior = problem.cohorts(_ROUGH), problem.model.level_priors["tau"]
    centre, scale = (np.concatenate([getattr(part, name) for part in cohorts]) for name in ("centre", "scale"))
    flat = np.concatenate([part.flat for part in cohorts])
    form = tau_scale(centre, scale, flat, problem.model.level_priors)
    nodes = gauss_legendre(_ROUGH.tau).nodes
    for _ in range(_ADJUSTMENTS):
        u = form.lower + 0.5 * (form.upper - form.lower) * (nodes + 1.0)
        at = np.concatenate([[form.lower], u, [form.upper]])
        ranges = _find_tables(problem, cohorts, form.tau(at), _ROUGH)
        stretches = [_along(each, at, ranges) for each in u]
        tables = tables_of(problem, cohorts, stretches, form.tau(u), _ROUGH)
        looks = [_first_look(problem, table) for table in tables]
        log_weights = np.array([grid.log_evidence for _, grid in looks])
        log_weights += prior.log_density(form.tau(u)) + form.log_jacobian(u)
        density = np.exp(log_weights - log_weights.max())
        better = _refit(form, u, density, prior.support)
        if better is None:
            break
        form = better
    alive = density > _FALLEN
    scales = [found.tau for (found, _), counts in zip(looks, alive, strict=True) if counts and found.tau is not None]
    between = _common_scale(scales)
    found = [find_windows(problem.between(table), between) for table in tables]
    mu = Stretch(*(np.stack([getattr(one.mu, end) for one in found]) for end in ENDS))
    thetas = [_theta_ranges(grid, problem) for _, grid in looks]
    groups = Stretch(*(np.stack([getattr(one, end) for one in thetas]) for end in ENDS))
    return NestedWindows(form, at, ranges, between, found[0].at, u, mu, groups)


def _theta_ranges(grid: Grid, problem: Problem) -> Stretch:
    """Where each group's theta lies given one tau: from its quantiles, roughly."""
    curve = stack(grid, grid.pruned(), problem.model).curve.only(slice(FIRST_COHORT, None))
    points, mass = (array.reshape(len(problem.members), -1) for array in (curve.nodes, curve.mass))
    order = points.argsort(axis=-1)
    points, mass = (np.take_along_axis(array, order, -1) for array in (points, mass))
    below = mass.cumsum(axis=-1) / mass.sum(axis=-1, keepdims=True)

    def at(p: float) -> Any:
        place = np.minimum((below < p).sum(axis=-1), points.shape[-1] - 1)
        return np.take_along_axis(points, place[:, None], -1)[:, 0]

    lower, upper = at(_END), at(1.0 - _END)
    core, room = np.maximum(_CORE * (at(0.75) - at(0.25)), _FINEST * (upper - lower)), _ROOM * (upper - lower)
    return Stretch(lower - room, upper + room, at(0.5), core)


def _refit(form: TauScale, u: Any, density: Any, support: tuple[float, float]) -> TauScale | None:
    """A longer range where the posterior has not fallen off at an end, a shorter one where it is empty."""
    alive = np.flatnonzero(density > _FALLEN * density.max())
    low, high, span = form.lower, form.upper, form.upper - form.lower
    if alive[-1] == len(u) - 1 and form.tau(high) < support[1] * (1 - 1e-9):
        high = min(high + 0.5 * span, float(form.u(support[1])))
    elif u[min(alive[-1] + 1, len(u) - 1)] < low + 0.75 * span:
        high = float(u[alive[-1] + 1])
    if alive[0] == 0 and form.tau(low) > support[0] * (1 + 1e-9):
        low = max(low - 0.5 * span, float(form.u(support[0])))
    elif alive[0] > 1 and u[alive[0] - 1] > low + 0.25 * span:
        low = float(u[alive[0] - 1])
    return None if (low, high) == (form.lower, form.upper) else TauScale(low, high, form.unit)


def _common_scale(scales: list[TauScale]) -> TauScale:
    """One coordinate of tau_group that serves every tau."""
    low, high = min(float(one.tau(one.lower)) for one in scales), max(float(one.tau(one.upper)) for one in scales)
    units = [one.unit for one in scales if one.unit is not None]
    unit = float(np.median(units)) if units and low == 0.0 else None
    form = TauScale(0.0, 0.0, unit)
    return TauScale(float(form.u(max(low, 1e-300) if unit is None else low)), float(form.u(high)), unit)
