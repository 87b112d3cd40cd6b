"""Each cohort's likelihood averaged over theta ~ Normal(mu, tau), to near machine precision.

Two rules, because neither is good everywhere. Where tau is narrower than the likelihood, theta = mu + tau z and
Gauss-Hermite in z, centred on the integrand, sees a smooth function (tau = 0 is regular). Where tau is wider, nodes
are laid over the likelihood's own extent once for all mu and tau. On the side where a likelihood stays at its height
for ever (0 of n, n of n) the rest is a normal tail probability. All terms are positive: nothing cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ...likelihoods import Likelihood
from ...likelihoods.base import Data
from ...numerics import exp_without_denormals, gauss_hermite, gauss_legendre

__all__ = ["USUAL_DROP", "Accuracy", "Cohorts", "Nobody"]

# Log likelihood, below its peak, down to which nodes are laid.
USUAL_DROP = 34.0
_PLATEAU_REST = 1e-8
_PROBE = np.sinh(np.linspace(-6.5, 6.5, 79))
_DELTA = 0.5
_OFFSETS = np.array([-1.0, 0.0, 1.0])[:, None, None]
_LIKELY = 3.0
_QUICK_STEPS = 3
_BRACKETED_STEPS = 60
_BESIDE = 3.0
_CLOSE_ENOUGH = 1.5
_FEWEST_NODES = 8
_LARGE = 600.0
_SMALLEST = 1e-300
_NARROWEST = 1e-100
# So much nearer to the peak than where its nodes end an average may come from beyond them.
_BLURRED = 2.0
# Cohorts whose nodes stand together: more would cost more multiplications by nought than they save calls.
_TOGETHER = 8


@dataclass(frozen=True)
class Accuracy:
    """How finely everything is sampled; two of these, differently built, give the error estimate.

    `mu` and `tau` are numbers of Gauss-Legendre nodes, `hermite` those in z (odd), `step` is the step of the wide rule
    and `switch` the tau from which it is used, both in units of the likelihood's width; `mixture` is the error, over
    all cohorts together, of the sums of normals that stand for a Student t.
    """

    mu: int
    tau: int
    hermite: int
    step: float
    switch: float
    mixture: float = 1e-6


class Cohorts:
    """The likelihoods of all cohorts, ready to be averaged over normals.

    Parameters
    ----------
    likelihood : Likelihood
        The kind that `data` is of.
    data : mapping of str to array (cohort,)
        Its columns.
    step : float
        Step of the wide rule in units of each likelihood's width.
    drop : float
        How far down each likelihood's nodes reach, in log density below its peak.

    Attributes
    ----------
    centre, scale : arrays (J,)
        Where each likelihood lies and how wide it is, roughly.
    lower, upper : arrays (J,)
        Ends of the theta where each likelihood exceeds exp(-drop) of its peak; infinite on a plateau's side.
    log_peak : array (J,)
        Log-likelihood at its maximum, roughly.
    flat : array of bool (J,)
        Whether a likelihood has a plateau.
    """

    #: Where cohorts may stand on their own: how. See `ExnexCohorts`.
    mixing: Any = None

    def __init__(self, likelihood: Likelihood, data: Data, step: float, drop: float = USUAL_DROP) -> None:
        self._likelihood, self._data, self._drop, self.step = likelihood, dict(likelihood.prepare(data)), drop, step
        self._constant = likelihood.log_constant(self._data)
        self.centre, self.scale = likelihood.locate(data)
        self._left, self._right = likelihood.plateaus(data)
        self.flat = self._left | self._right
        probes = self.centre + self.scale * _PROBE[:, None]
        heights = likelihood.log_kernel(probes, self._data)
        # Only a scale factor, so the highest probe serves; on a plateau it is the plateau's height.
        peak = np.where(self._left, heights[0], np.where(self._right, heights[-1], heights.max(axis=0)))
        self.log_peak = peak + self._constant
        first, last = self._ends(peak - heights)
        everyone = np.arange(len(peak))
        low, high = probes[first, everyone], probes[last, everyone]
        self.lower, self.upper = np.where(self._left, -np.inf, low), np.where(self._right, np.inf, high)
        self._lay_nodes(low, high, (high - low) / (step * self.scale))

    def __len__(self) -> int:
        return len(self.scale)

    def none(self) -> Cohorts:
        """The same kind of likelihood, of no cohort at all."""
        nobody = {name: column[:0] for name, column in self._data.items()}
        return Cohorts(self._likelihood, nobody, self.step, self._drop)

    def _ends(self, drop: Any) -> tuple[Any, Any]:
        """Probes between which each likelihood changes."""
        changing = (drop < self._drop) & ((drop > _PLATEAU_REST) | ~self.flat)
        last = len(drop) - 1 - changing[::-1].argmax(axis=0)
        return np.maximum(changing.argmax(axis=0) - 1, 0), np.minimum(last + 1, len(drop) - 1)

    def _lay_nodes(self, low: Any, high: Any, spacings: Any) -> None:
        """Nodes over each likelihood's extent, about `spacings` (J,) of them; its values there times their weights.

        The nodes of a few cohorts stand in one row (W,), so that one kernel serves them all; a matrix (W, few) knows
        whose they are.
        """
        self._side = self._right.astype(int) - self._left
        self._edge = np.where(self._side > 0, high, low)
        # A likelihood that is flat on both sides is flat: the narrow rule has its average, whatever tau is.
        self._never_wide = self._left & self._right
        laid = [_nodes(*one) for one in zip(low, high, spacings * ~self._never_wide, self._side, strict=True)]
        self._groups = []
        for first in range(0, len(laid), _TOGETHER):
            few = laid[first : first + _TOGETHER]
            nodes, weights = (np.concatenate([one[part] for one in few]) for part in (0, 1))
            cohort = np.arange(len(few)).repeat([len(one[0]) for one in few])
            log_height = self.log_likelihood(nodes, first + cohort) - self.log_peak[first + cohort]
            weighted = np.zeros((len(nodes), len(few)))
            weighted[np.arange(len(nodes)), cohort] = np.exp(log_height) * weights
            self._groups.append((slice(first, first + len(few)), nodes, weighted))

    def log_likelihood(self, theta: Any, j: Any) -> Any:
        """Log-likelihood of cohort or cohorts `j` at theta, against which data of shape (j) broadcast."""
        own = {name: column[j] for name, column in self._data.items()}
        return self._likelihood.log_kernel(theta, own) + self._constant[j]

    def log_likelihoods(self, theta: Any) -> Any:
        """Log-likelihood of every cohort at its own theta (J, ...)."""
        return self.log_likelihood(theta, np.arange(len(self)).reshape(-1, *(1,) * (theta.ndim - 1)))

    def log_averages(self, mu: Any, tau: Any, accuracy: Accuracy) -> Any:
        """log of every cohort's likelihood averaged over Normal(mu, tau): mu (T, M) and tau (T,) to (J, T, M)."""
        result = np.empty((len(self), *mu.shape))
        wide = (tau >= accuracy.switch * self.scale[:, None]) & ~self._never_wide[:, None]
        for group, nodes, weighted in self._groups:
            rows = wide[group].any(axis=0).nonzero()[0]
            if len(rows):
                result[group, rows] = self._wide(group, nodes, weighted, mu[rows], tau[rows, None])
        # So far out likelihood and normal meet beyond the nodes: the other rule goes and looks.
        far = ((result < _BLURRED - self._drop) & wide[..., None]).nonzero()
        if len(far[0]):
            j, t, m = far
            result[far] = self._narrow(j[:, None], mu[t, m, None], tau[t, None], accuracy.hermite)[:, 0]
        cohort, row = (~wide).nonzero()
        if len(row):
            result[cohort, row] = self._narrow(cohort[:, None], mu[row], tau[row, None], accuracy.hermite)
        result += self.log_peak[:, None, None]
        return result

    def joint(self, log_averages: Any) -> tuple[Any, Any, Any]:
        """log of what all cohorts say together (T, M); by what the density of each one's theta is divided (J, T, M).

        And what is known of their being exchangeable, where they may not be.
        """
        return log_averages.sum(axis=0), log_averages, None

    def draw_widths(self, mu: Any, tau: Any, accuracy: Accuracy, rng: np.random.Generator) -> Any:
        """For draws (D,) of mu and tau: the standard deviation around mu of each cohort's theta (J, D)."""
        return np.broadcast_to(tau, (len(self), len(tau)))

    def _wide(self, group: slice, nodes: Any, weighted: Any, mu: Any, tau: Any) -> Any:
        """log of averages by the wide rule, relative to the likelihoods' peaks: mu (T, M), tau (T, 1) to (J, T, M)."""
        # -(theta - mu)^2 / (2 tau^2) as one matrix product, around the middle of it all so that little cancels.
        middle = 0.5 * (nodes[0] + nodes[-1])
        theta, shifted, precision = nodes - middle, mu - middle, 0.5 / (tau * tau)
        left, right = np.ones((*mu.shape, 3)), np.empty((len(tau), 3, len(theta)))
        left[..., 1], left[..., 2] = shifted, shifted * shifted
        right[:, 0], right[:, 1], right[:, 2] = -precision * (theta * theta), 2.0 * precision * theta, -precision
        average = exp_without_denormals(left @ right) @ weighted
        average /= (np.sqrt(2.0 * np.pi) * tau)[..., None]
        side, edge = self._side[group], self._edge[group]
        for j in side.nonzero()[0]:
            average[..., j] += special.ndtr(side[j] * (mu - edge[j]) / tau)
        with np.errstate(divide="ignore"):
            return np.log(average.transpose(2, 0, 1))

    def _narrow(self, j: Any, mu: Any, tau: Any, size: int) -> Any:
        """The narrow rule, likewise, for pairs of cohort and tau: j and tau (P, 1), mu (P, M)."""
        centre, width = self._centre(j, mu, tau)
        z, weights = gauss_hermite(size)
        # Nodes first, so that NumPy runs along whole arrays instead of in many short loops.
        nodes = z[:, None, None]
        shifted = width * nodes
        shifted += centre
        exponent = self.log_likelihood(mu + tau * shifted, j)
        exponent += 0.5 * (nodes * nodes - shifted * shifted)
        # The middle node is the integrand's mode, or close to it.
        peak = exponent[size // 2].copy()
        exponent -= peak
        np.exp(np.minimum(exponent, _LARGE, out=exponent), out=exponent)
        average = (weights @ exponent.reshape(size, -1)).reshape(mu.shape)
        return peak - self.log_peak[j] + np.log(np.maximum(average * width, _SMALLEST))

    def _centre(self, j: Any, mu: Any, tau: Any) -> tuple[Any, Any]:
        """Mode and width in z of likelihood times standard normal: Newton's method on a concave function."""
        own = self.scale[j]
        start = (self.centre[j] - mu) * tau / (own * own + tau * tau)
        centre = np.minimum(np.maximum(start, -_LIKELY), _LIKELY)
        for _ in range(_QUICK_STEPS):
            excess, curvature = self._slope(j, mu, tau, centre)
            step = excess / curvature
            centre = centre + step
            open_still = step * step * curvature > _CLOSE_ENOUGH
            if not open_still.any():
                break
        else:
            row, column = open_still.nonzero()
            found = self._bracketed(j[row], mu[row, column, None], tau[row])
            centre[row, column], curvature[row, column] = (part[:, 0] for part in found)
        return centre, 1.0 / np.sqrt(curvature)

    def _bracketed(self, j: Any, mu: Any, tau: Any) -> tuple[Any, Any]:
        """Mode, and curvature there, where Newton leaps to and fro because the curvature changes fast: (P, 1) each."""
        home = (self.centre[j] - mu) / np.maximum(tau, _NARROWEST)
        # The mode lies between the normal's and the likelihood's.
        low, high = np.minimum(home, 0.0) - _BESIDE, np.maximum(home, 0.0) + _BESIDE
        centre = 0.5 * (low + high)
        for _ in range(_BRACKETED_STEPS):
            excess, curvature = self._slope(j, mu, tau, centre)
            low, high = np.where(excess > 0.0, centre, low), np.where(excess < 0.0, centre, high)
            step = excess / curvature
            inside = (centre + step >= low) & (centre + step <= high)
            step = np.where(inside, step, 0.5 * (low + high) - centre)
            centre = centre + step
            if (step * step * curvature).max() < _CLOSE_ENOUGH:
                break
        return centre, curvature

    def _slope(self, j: Any, mu: Any, tau: Any, centre: Any) -> tuple[Any, Any]:
        """Slope in z of the logarithm of likelihood times standard normal, and its curvature, by differences."""
        own = self.scale[j]
        gap = _DELTA * own / np.maximum(own, tau)
        below, here, above = self.log_likelihood(mu + tau * (centre + gap * _OFFSETS), j)
        curvature = 1.0 + np.maximum(2.0 * here - below - above, 0.0) / gap**2
        return (above - below) / (2.0 * gap) - centre, curvature


class Nobody(Cohorts):
    """No cohort at all, whatever the kind."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.centre = self.scale = self.lower = self.upper = np.zeros(0)
        self.flat = np.zeros(0, bool)

    def log_averages(self, mu: Any, tau: Any, accuracy: Accuracy) -> Any:
        return np.zeros((0, *mu.shape))

    def log_likelihoods(self, theta: Any) -> Any:
        return np.zeros(theta.shape)


def _nodes(low: float, high: float, spacings: float, side: int) -> tuple[Any, Any]:
    """Nodes and weights of a rule over [low, high] with gaps up to (high - low) / spacings, if there are any."""
    if not spacings:
        return np.empty(0), np.empty(0)
    if side:
        # The integrand does not vanish at the plateau's edge: Gauss-Legendre, its widest gap (pi / 2) as wide.
        rule = gauss_legendre(max(int(np.ceil(spacings * np.pi / 2)), _FEWEST_NODES))
        half = 0.5 * (high - low)
        return low + half * (rule.nodes + 1.0), half * rule.weights
    size = max(int(np.ceil(spacings)) + 1, _FEWEST_NODES)
    gap = (high - low) / (size - 1)
    return low + gap * np.arange(size), np.full(size, gap)
