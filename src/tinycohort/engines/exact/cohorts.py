"""A cohort's likelihood averaged over theta ~ Normal(mu, tau), to near machine precision.

Two rules, because neither is good everywhere. Where tau is narrower than the likelihood, theta = mu + tau z and
Gauss-Hermite in z, centred on the integrand, sees a smooth function (tau = 0 is regular). Where tau is wider, nodes
are laid over the likelihood's own extent once for all mu and tau. On the side where a likelihood stays at its height
for ever (0 of n, n of n) the rest is a normal tail probability. All terms are positive: nothing cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ...likelihoods import Likelihood
from ...likelihoods.base import Data
from ...numerics import gauss_hermite, gauss_legendre

__all__ = ["Accuracy", "CohortIntegral", "cohort_integrals"]

_DROP = 34.0
_PLATEAU_REST = 1e-8
_DELTA = 0.5
_NEWTON_STEPS = 10
_CLOSE_ENOUGH = 0.7
_PROBE = np.sinh(np.linspace(-6.5, 6.5, 105))


@dataclass(frozen=True)
class Accuracy:
    """How finely everything is sampled; two of these, differently built, give the error estimate.

    `mu` and `tau` are numbers of Gauss-Legendre nodes, `theta` those of a cohort's marginal, `hermite` the nodes in z,
    `step` the trapezoid's step and `switch` the tau from which it is used, both in units of the likelihood's width.
    """

    mu: int
    tau: int
    theta: int
    hermite: int
    step: float
    switch: float


@dataclass(frozen=True)
class CohortIntegral:
    """One cohort's likelihood, scaled to a maximum of one, ready to be averaged over normals.

    `lower` and `upper` bound the theta where the likelihood exceeds exp(-34) (infinite on a plateau's side);
    `log_peak` is the log-likelihood at its maximum; `side` is -1 or 1 for a plateau to the left or right of `edge`.
    """

    log_likelihood: Callable[[Any], Any]
    scale: float
    lower: float
    upper: float
    log_peak: float
    nodes: Any
    weighted: Any
    side: int
    edge: float

    def likelihood(self, theta: Any) -> Any:
        """Likelihood at `theta` (any shape), its maximum being one."""
        return np.exp(self.log_likelihood(theta) - self.log_peak)

    def log_average(self, mu: Any, tau: Any, accuracy: Accuracy) -> Any:
        """log of the average over Normal(mu, tau), for mu (T, M) and tau (T,); the peak's height is included."""
        result = np.empty(mu.shape)
        wide = tau >= accuracy.switch * self.scale
        if wide.any():
            result[wide] = self._wide(mu[wide], tau[wide])
        if not wide.all():
            result[~wide] = self._narrow(mu[~wide], tau[~wide], accuracy.hermite)
        return result + self.log_peak

    def _wide(self, mu: Any, tau: Any) -> Any:
        tau = tau[:, None]
        root = np.sqrt(0.5) / tau
        gaps = self.nodes * root[..., None] - (mu * root)[..., None]
        np.multiply(gaps, gaps, out=gaps)
        np.negative(gaps, out=gaps)
        np.exp(gaps, out=gaps)
        average = (gaps @ self.weighted) / (np.sqrt(2.0 * np.pi) * tau)
        if self.side:
            average += special.ndtr(self.side * (mu - self.edge) / tau)
        with np.errstate(divide="ignore"):
            return np.log(average)

    def _narrow(self, mu: Any, tau: Any, size: int) -> Any:
        tau = tau[:, None]
        centre, width = self._centre(mu, tau)
        z, weights = gauss_hermite(size)
        shifted = centre[..., None] + width[..., None] * z
        exponent = self.log_likelihood(mu[..., None] + tau[..., None] * shifted) - self.log_peak
        exponent += 0.5 * (z**2 - shifted**2)
        peak = exponent.max(axis=-1)
        return peak + np.log(np.exp(exponent - peak[..., None]) @ weights) + np.log(width)

    def _centre(self, mu: Any, tau: Any) -> tuple[Any, Any]:
        """Mode and width in z of likelihood times standard normal: Newton's method on a concave function."""
        centre = np.zeros(mu.shape)
        for _ in range(_NEWTON_STEPS):
            below, here, above = (self.log_likelihood(mu + tau * (centre + k)) for k in (-_DELTA, 0.0, _DELTA))
            curvature = 1.0 + np.maximum(2.0 * here - below - above, 0.0) / _DELTA**2
            step = ((above - below) / (2.0 * _DELTA) - centre) / curvature
            centre = centre + step
            if np.abs(step).max() < _CLOSE_ENOUGH:
                break
        return centre, 1.0 / np.sqrt(curvature)


def cohort_integrals(likelihood: Likelihood, data: Data, step: float) -> list[CohortIntegral]:
    """One `CohortIntegral` per cohort of `data`.

    Parameters
    ----------
    likelihood : Likelihood
        The kind that `data` is of.
    data : mapping of str to array (cohort,)
        Its columns.
    step : float
        Step of the trapezoid rule in units of the likelihood's width.
    """
    centre, scale = likelihood.locate(data)
    probes = centre + scale * _PROBE[:, None]
    heights = likelihood.log_likelihood(probes, data)
    return [
        _one_cohort(_single(likelihood, data, j), probes[:, j], heights[:, j], float(scale[j]), sides, step)
        for j, sides in enumerate(zip(*likelihood.plateaus(data), strict=True))
    ]


def _single(likelihood: Likelihood, data: Data, j: int) -> Callable[[Any], Any]:
    """The log-likelihood of cohort j alone, for theta of any shape."""
    own = {name: column[j] for name, column in data.items()}
    return lambda theta: likelihood.log_likelihood(theta, own)


def _one_cohort(
    log_likelihood: Callable[[Any], Any], probes: Any, heights: Any, scale: float, sides: tuple[bool, bool], step: float
) -> CohortIntegral:
    left, right = sides
    # Only a scale factor, so the highest probe serves; on a plateau it is the plateau's height.
    log_peak = float(heights[0] if left else heights[-1] if right else heights.max())
    drop = log_peak - heights
    changing = np.flatnonzero((drop < _DROP) & ((drop > _PLATEAU_REST) | (not (left or right))))
    lower, upper = probes[max(changing[0] - 1, 0)], probes[min(changing[-1] + 1, len(probes) - 1)]
    spacings = (upper - lower) / (step * scale)
    if left or right:
        # The integrand does not vanish at the plateau's edge, so Gauss-Legendre; pi / 2 keeps its widest gap as wide.
        rule = gauss_legendre(max(int(np.ceil(spacings * np.pi / 2)), 8))
        nodes = lower + 0.5 * (upper - lower) * (rule.nodes + 1.0)
        weights = 0.5 * (upper - lower) * rule.weights
    else:
        nodes, spacing = np.linspace(lower, upper, max(int(np.ceil(spacings)) + 1, 8), retstep=True)
        weights = np.full(len(nodes), spacing)
    return CohortIntegral(
        log_likelihood=log_likelihood,
        scale=scale,
        lower=-np.inf if left else float(lower),
        upper=np.inf if right else float(upper),
        log_peak=log_peak,
        nodes=nodes,
        weighted=weights * np.exp(log_likelihood(nodes) - log_peak),
        side=int(right) - int(left),
        edge=float(upper if right else lower),
    )
