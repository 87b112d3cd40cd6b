"""Where truths lie in the posteriors of many data sets with the same totals: what ranks and coverage are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special

from ..compiled import CompiledModel
from ..families import Proportion
from ..likelihoods import Binomial
from ..numerics import barycentric, gauss_hermite, gauss_legendre, pieces, with_ones
from ..priors import Prior
from .batch import BatchGrid, quantiles_of, to_fine
from .exact.cohorts import Accuracy
from .exact.windows import TAIL, Stretch

__all__ = ["BatchPlaces", "batch_applies", "place_many"]

# How far priors may reach for one grid to serve every data set: the widest tau, and the widest range of mu, on the
# logit scale. Beyond, each data set deserves a grid of its own.
_WIDEST_TAU, _WIDEST_MU = 12.0, 200.0
# What of tau's prior the grid leaves out.
_TAIL_OF_TAU = 1e-9
_CHUNK = 250
# Where truths are to be placed, tau's distribution function itself is asked for: more nodes than its quantiles need.
_ACCURACY = Accuracy(mu=0, tau=28, hermite=15, step=0.7, switch=1.0)
_Z_NODES = 15
# A sum of normals at fine nodes of mu is smooth where tau is this much wider than the gaps between them; fine nodes for
# each of mu's; and how much of mu's prior lies where this is seen to.
_SMOOTH, _PIECE, _FINE, _MOST = 1.6, 16, 8, 0.999
# Nodes of theta for each of mu's.
_FINER = 1.15


@dataclass(frozen=True)
class BatchPlaces:
    """Where truths lie in their posteriors, and the ends of intervals.

    Attributes
    ----------
    below : dict of str to array (data set,)
        Posterior probability of less than the truth, by quantity: mu, tau, new_cohort, cohort_1, cohort_2, ...
    intervals : dict of str to array (data set, 2)
        Lower and upper end of the equal-tailed interval of each: of tau as it is, of all others on the probability
        scale.
    """

    below: dict[str, Any]
    intervals: dict[str, Any]


def batch_applies(model: CompiledModel) -> bool:
    """Whether one grid serves every data set of a model: counts, pooled partially, priors that do not reach far."""
    kind = model.likelihood
    counts = isinstance(kind, Binomial) and kind == Binomial() and isinstance(model.family, Proportion)
    if not counts or model.pooling.name != "partial":
        return False
    mu, tau = model.level_priors["mu"], model.level_priors["tau"]
    reach = float(mu.quantile(1.0 - TAIL)) - float(mu.quantile(TAIL))
    return float(tau.quantile(1.0 - _TAIL_OF_TAU)) <= _WIDEST_TAU and reach <= _WIDEST_MU


def place_many(
    events: Any,
    totals: Sequence[int],
    mu: Prior,
    tau: Prior,
    truths: Mapping[str, Any],
    level: float = 0.95,
) -> BatchPlaces:
    """Place truths in the posteriors of many data sets of counts with the same totals, pooled partially.

    Parameters
    ----------
    events : array of int, shape (data set, cohort)
        Responders.
    totals : sequence of int, shape (cohort,)
        People in each cohort, the same in every data set.
    mu, tau : Prior
        On the logit scale.
    truths : mapping of str to array (data set,)
        By quantity, on the logit scale: mu, tau, new_cohort, cohort_1 and so on, those that are asked for.
    level : float
        Of the intervals.

    Returns
    -------
    BatchPlaces

    Examples
    --------
    >>> from tinycohort import HalfNormal, Logistic
    >>> truths = {"mu": [-1.0], "cohort_1": [-1.0]}
    >>> placed = place_many([[1, 7, 9]], [8, 27, 44], Logistic(0, 1), HalfNormal(0.5), truths)
    >>> {name: round(float(below[0]), 3) for name, below in placed.below.items()}
    {'mu': 0.79, 'cohort_1': 0.81}
    """
    grid = _grid(tuple(int(n) for n in totals), mu, tau)
    events = np.atleast_2d(np.asarray(events, int))
    wanted = {name: np.asarray(values, float) for name, values in truths.items()}
    probabilities = np.array([0.5 - 0.5 * level, 0.5 + 0.5 * level])
    parts = [
        grid.place(events[i : i + _CHUNK], {name: each[i : i + _CHUNK] for name, each in wanted.items()}, probabilities)
        for i in range(0, len(events), _CHUNK)
    ]
    below, intervals = ({name: np.concatenate([part[k][name] for part in parts]) for name in wanted} for k in (0, 1))
    return BatchPlaces(below, intervals)


@lru_cache(maxsize=4)
def _grid(totals: tuple[int, ...], mu: Prior, tau: Prior) -> _PlacingGrid:
    return _PlacingGrid(np.array(totals), mu, tau)


class _PlacingGrid(BatchGrid):
    """The same grid, and from it to the density of a cohort's theta, its own data apart."""

    accuracy = _ACCURACY

    def __init__(self, totals: Any, mu: Prior, tau: Prior) -> None:
        super().__init__(totals, mu, tau)
        stretch, reach = self.stretch, min(4.0 * float(self.tau[-1]), 60.0)
        self.theta_stretch = Stretch(stretch.lower - reach, stretch.upper + reach, stretch.middle, stretch.core)
        rule = gauss_legendre(int(np.ceil(_FINER * len(self.mu))))
        points, derivative = self.theta_stretch.x(rule.nodes)
        self.theta = points[0]
        fine, self._theta_to_fine = to_fine(rule)
        self.theta_table = self.theta_stretch.x(fine)[0][0]
        fine_mu, spread = self._fine_mu()
        often = np.abs(fine_mu - stretch.middle[0]) <= float(mu.quantile(_MOST)) - stretch.middle[0]
        widest = _SMOOTH * np.diff(fine_mu[often]).max()
        rows = [self._wide(t, fine_mu, spread) if t >= widest else self._narrow(t) for t in self.tau]
        self._to_theta = np.concatenate(rows) * (derivative[0] * rule.weights)
        self._kernels = {int(n): self._kernel(int(n)) for n in np.unique(totals)}

    def _fine_mu(self) -> tuple[Any, Any]:
        """Many more values of mu (F,), and the matrix (M, F) from masses at its nodes to masses there."""
        size, rule = len(self.mu), self.rules[1]
        count = -(-_FINE * size // _PIECE)
        piece = gauss_legendre(_PIECE)
        nodes = ((piece.nodes + 1.0) / count + np.linspace(-1.0, 1.0, count, endpoint=False)[:, None]).ravel()
        weights = np.tile(piece.weights / count, count)
        return self.stretch.x(nodes)[0][0], (pieces(size, _PIECE, count) / rule.weights).T * weights

    def _wide(self, tau: float, fine_mu: Any, spread: Any) -> Any:
        """A sum of normals."""
        z = (self.theta - fine_mu[:, None]) / tau
        return spread @ (np.exp(-0.5 * z * z) / (tau * np.sqrt(2.0 * np.pi)))

    def _narrow(self, tau: float) -> Any:
        """The density of mu's interpolating polynomial, averaged over z."""
        rule = self.rules[1]
        z, weights = gauss_hermite(_Z_NODES)
        s, slope = self.stretch.coordinate((self.theta[:, None] - tau * z).reshape(1, -1))
        basis = barycentric(rule.nodes, with_ones(np.diag(1.0 / rule.weights)), rule.node_weights, s[0])
        basis = (basis * slope[0][:, None]).reshape(len(self.theta), len(z), -1)
        return np.einsum("xzm,z->mx", basis, weights)

    def _kernel(self, total: int) -> Any:
        """Every possible count's likelihood at the nodes of theta (total + 1, X), scaled to a maximum of one."""
        counts = np.arange(total + 1.0)
        data = {"events": counts, "total": np.full(total + 1, float(total))}
        values = Binomial().log_kernel(self.theta[:, None], data).T
        return np.exp(values - values.max(axis=1, keepdims=True))

    def place(self, events: Any, truths: Mapping[str, Any], p: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Probabilities of less than the truths, and quantiles at `p`, of a chunk of data sets."""
        factors = [self.tables[int(n)][0][events[:, j]] for j, n in enumerate(self.totals)]
        before = [np.broadcast_to(self.weights, factors[0].shape)]
        for factor in factors:
            before.append(_scaled(before[-1] * factor))
        joint = before[-1]
        below: dict[str, Any] = {}
        intervals: dict[str, Any] = {}

        def put(name: str, masses: Any, matrix: Any, table: Any, at: Any) -> None:
            cdf = masses @ matrix
            cdf /= cdf[:, -1:]
            below[name] = _at(cdf, at)
            found = quantiles_of(cdf, table, p)
            intervals[name] = found if name == "tau" else special.expit(found)

        shaped = joint.reshape(len(events), len(self.tau), len(self.mu))
        if "tau" in truths:
            put("tau", shaped.sum(axis=2), self.to_fine[0], self.tau_table, self._tau_place(truths["tau"]))
        if "mu" in truths:
            at = self.stretch.coordinate(truths["mu"][None])[0][0]
            put("mu", shaped.sum(axis=1), self.to_fine[1], self.mu_table, at)
        if "new_cohort" in truths:
            at = self.theta_stretch.coordinate(truths["new_cohort"][None])[0][0]
            put("new_cohort", joint @ self._to_theta, self._theta_to_fine, self.theta_table, at)
        after: Any = 1.0
        for j in reversed(range(len(self.totals))):
            name = f"cohort_{j + 1}"
            if name in truths:
                others = (before[j] * after) @ self._to_theta
                at = self.theta_stretch.coordinate(truths[name][None])[0][0]
                own = self._kernels[int(self.totals[j])][events[:, j]]
                put(name, others * own, self._theta_to_fine, self.theta_table, at)
            after = _scaled(factors[j] * after)
        return below, intervals

    def _tau_place(self, tau: Any) -> Any:
        """The coordinate in [-1, 1] of values of tau."""
        high, middle = self.tau_table[-1], self.tau_unit
        return np.clip(2.0 * np.arcsinh(tau / middle) / np.arcsinh(high / middle) - 1.0, -1.0, 1.0)


def _scaled(values: Any) -> Any:
    """Each row with a maximum of one, so that no product of many cohorts becomes denormal."""
    values /= values.max(axis=1, keepdims=True)
    return values


def _at(cdf: Any, s: Any) -> Any:
    """Each row of distribution functions at evenly spaced points of [-1, 1], at its own coordinate: a local cubic."""
    last = cdf.shape[1] - 1
    where = 0.5 * (s + 1.0) * last
    first = np.clip(np.floor(where).astype(int) - 1, 0, last - 3)
    t = where - first
    around = np.take_along_axis(cdf, first[:, None] + np.arange(4), axis=1)
    weights = np.stack(
        [
            -(t - 1.0) * (t - 2.0) * (t - 3.0) / 6.0,
            t * (t - 2.0) * (t - 3.0) / 2.0,
            -t * (t - 1.0) * (t - 3.0) / 2.0,
            t * (t - 1.0) * (t - 2.0) / 6.0,
        ],
        axis=1,
    )
    return np.clip((around * weights).sum(axis=1), 0.0, 1.0)
