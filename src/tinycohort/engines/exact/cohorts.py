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
from ...numerics import gauss_hermite, gauss_legendre

__all__ = ["Accuracy", "Cohorts"]

_DROP = 34.0
_PLATEAU_REST = 1e-8
_PROBE = np.sinh(np.linspace(-6.5, 6.5, 79))
_DELTA = 0.5
_OFFSETS = np.array([-_DELTA, 0.0, _DELTA])[:, None, None]
_NEWTON_STEPS = 10
_CLOSE_ENOUGH = 0.7
_FEWEST_NODES = 8
_LARGE = 600.0
_SMALLEST = 1e-300


@dataclass(frozen=True)
class Accuracy:
    """How finely everything is sampled; two of these, differently built, give the error estimate.

    `mu` and `tau` are numbers of Gauss-Legendre nodes, `theta` those of a cohort's marginal, `hermite` the nodes in z
    (an odd number), `step` the wide rule's step and `switch` the tau from which it is used, both in units of the
    likelihood's width.
    """

    mu: int
    tau: int
    theta: int
    hermite: int
    step: float
    switch: float


@dataclass(frozen=True)
class _Extent:
    """Nodes over one likelihood's extent, its values there times quadrature weights, and its plateau.

    `side` is -1 or 1 for a plateau to the left or right of `edge`, else 0.
    """

    nodes: Any
    weighted: Any
    side: int
    edge: float

    def average(self, mu: Any, tau: Any) -> Any:
        """The wide rule: likelihood (its peak being one) averaged over Normal(mu, tau), mu (T, M) and tau (T, 1)."""
        root = np.sqrt(0.5) / tau
        gaps = self.nodes * root[..., None] - (mu * root)[..., None]
        np.multiply(gaps, gaps, out=gaps)
        np.negative(gaps, out=gaps)
        np.exp(gaps, out=gaps)
        average = (gaps @ self.weighted) / (np.sqrt(2.0 * np.pi) * tau)
        if self.side:
            average += special.ndtr(self.side * (mu - self.edge) / tau)
        return average


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

    Attributes
    ----------
    centre, scale : arrays (J,)
        Where each likelihood lies and how wide it is, roughly.
    lower, upper : arrays (J,)
        Ends of the theta where each likelihood exceeds exp(-34) of its peak; infinite on a plateau's side.
    log_peak : array (J,)
        Log-likelihood at its maximum, roughly.
    """

    def __init__(self, likelihood: Likelihood, data: Data, step: float) -> None:
        self._likelihood, self._data = likelihood, data
        self._constant = likelihood.log_constant(data)
        self.centre, self.scale = likelihood.locate(data)
        self._left, self._right = likelihood.plateaus(data)
        probes = self.centre + self.scale * _PROBE[:, None]
        heights = likelihood.log_kernel(probes, data)
        # Only a scale factor, so the highest probe serves; on a plateau it is the plateau's height.
        peak = np.where(self._left, heights[0], np.where(self._right, heights[-1], heights.max(axis=0)))
        self.log_peak = peak + self._constant
        first, last = self._ends(peak - heights)
        everyone = np.arange(len(peak))
        low, high = probes[first, everyone], probes[last, everyone]
        self.lower, self.upper = np.where(self._left, -np.inf, low), np.where(self._right, np.inf, high)
        self._extents = self._lay_nodes(low, high, (high - low) / (step * self.scale))

    def __len__(self) -> int:
        return len(self.scale)

    def _ends(self, drop: Any) -> tuple[Any, Any]:
        """Probes between which each likelihood changes."""
        flat = self._left | self._right
        changing = (drop < _DROP) & ((drop > _PLATEAU_REST) | ~flat)
        last = len(drop) - 1 - changing[::-1].argmax(axis=0)
        return np.maximum(changing.argmax(axis=0) - 1, 0), np.minimum(last + 1, len(drop) - 1)

    def _lay_nodes(self, low: Any, high: Any, spacings: Any) -> list[_Extent]:
        """Nodes over each likelihood's extent, about `spacings` (J,) of them, and its values there."""
        sides = self._right.astype(int) - self._left
        laid = [_nodes(*one) for one in zip(low, high, spacings, sides, strict=True)]
        sizes = [len(nodes) for nodes, _ in laid]
        cohort = np.repeat(np.arange(len(laid)), sizes)
        values = np.exp(
            self.log_likelihood(np.concatenate([nodes for nodes, _ in laid]), cohort) - self.log_peak[cohort]
        )
        edges = np.where(sides > 0, high, low)
        each = np.split(values, np.cumsum(sizes)[:-1])
        return [
            _Extent(nodes, weights * value, int(side), float(edge))
            for (nodes, weights), value, side, edge in zip(laid, each, sides, edges, strict=True)
        ]

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
        wide = tau >= accuracy.switch * self.scale[:, None]
        for j in np.flatnonzero(wide.any(axis=1)):
            rows = wide[j]
            result[j, rows] = np.log(np.maximum(self._extents[j].average(mu[rows], tau[rows, None]), _SMALLEST))
        cohort, row = np.nonzero(~wide)
        if len(row):
            result[cohort, row] = self._narrow(cohort[:, None], mu[row], tau[row, None], accuracy.hermite)
        return result + self.log_peak[:, None, None]

    def _narrow(self, j: Any, mu: Any, tau: Any, size: int) -> Any:
        """The narrow rule for pairs of cohort and tau: j and tau (P, 1), mu (P, M)."""
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
        centre = np.zeros(mu.shape)
        for _ in range(_NEWTON_STEPS):
            below, here, above = self.log_likelihood(mu + tau * (centre + _OFFSETS), j)
            curvature = 1.0 + np.maximum(2.0 * here - below - above, 0.0) / _DELTA**2
            step = ((above - below) / (2.0 * _DELTA) - centre) / curvature
            centre = centre + step
            if np.abs(step).max() < _CLOSE_ENOUGH:
                break
        return centre, 1.0 / np.sqrt(curvature)


def _nodes(low: float, high: float, spacings: float, side: int) -> tuple[Any, Any]:
    """Nodes and weights of a rule over [low, high] with gaps no wider than (high - low) / spacings."""
    if side:
        # The integrand does not vanish at the plateau's edge: Gauss-Legendre, its widest gap (pi / 2) as wide.
        rule = gauss_legendre(max(int(np.ceil(spacings * np.pi / 2)), _FEWEST_NODES))
        half = 0.5 * (high - low)
        return low + half * (rule.nodes + 1.0), half * rule.weights
    size = max(int(np.ceil(spacings)) + 1, _FEWEST_NODES)
    gap = (high - low) / (size - 1)
    return low + gap * np.arange(size), gap
