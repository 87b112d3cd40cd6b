"""Weights of models from how well they predict each cohort.

Yao, Vehtari, Simpson and Gelman 2018, doi:10.1214/17-BA1091.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["pseudo_bma_plus_weights", "pseudo_bma_weights", "softmax", "stacking_weights"]

_BARRIER, _LAST_BARRIER, _SHRINK = 1.0, 1e-9, 0.2
_NEWTON_STEPS, _HALVINGS = 60, 40
_STANDS = 1e-11
# Weight below which it is nothing at all.
_NOTHING = 1e-6
_REPLICATES = 4000


def softmax(values: Any) -> Any:
    """exp(values), scaled to sum to one over the first axis."""
    values = np.asarray(values, float)
    shares = np.exp(values - values.max(axis=0))
    return shares / shares.sum(axis=0)


def stacking_weights(log_densities: Any) -> Any:
    """The weights of a mixture of models that predicts left-out cohorts best.

    They maximise the sum over cohorts of log(sum over models of weight times density), a concave function, by Newton
    steps along the central path; what models share is split evenly between models that are alike.

    Parameters
    ----------
    log_densities : array (model, cohort)
        Leave-one-cohort-out log predictive densities.

    Returns
    -------
    array (model,)
        Not negative; they sum to one.

    Examples
    --------
    >>> import numpy as np
    >>> stacking_weights(np.log([[0.5, 0.1], [0.1, 0.5], [0.1, 0.1]])).round(3)
    array([0.5, 0.5, 0. ])
    """
    log_densities = np.asarray(log_densities, float)
    densities = np.exp(log_densities - log_densities.max(axis=0))
    models = len(densities)
    weights, barrier = np.full(models, 1.0 / models), _BARRIER
    while barrier > _LAST_BARRIER:
        weights = _centre(densities, weights, barrier)
        barrier *= _SHRINK
    weights = np.where(weights < _NOTHING, 0.0, weights)
    return weights / weights.sum()


def _centre(densities: Any, weights: Any, barrier: float) -> Any:
    """Where sum log(w p) + barrier sum log w is highest on the simplex, from `weights` inside it."""

    def height(w: Any) -> float:
        return float(np.log(w @ densities).sum() + barrier * np.log(w).sum())

    for _ in range(_NEWTON_STEPS):
        shares = densities / (weights @ densities)
        gradient = shares.sum(axis=1) + barrier / weights
        # In units of the weights themselves, so that those near nought do not spoil the system.
        curvature = (weights[:, None] * (shares @ shares.T)) * weights + barrier * np.eye(len(weights))
        system = np.block([[curvature, weights[:, None]], [weights[None], np.zeros((1, 1))]])
        step = np.linalg.solve(system, np.append(weights * gradient, 0.0))[:-1] * weights
        rise = float(gradient @ step)
        if rise < _STANDS * max(barrier, 1e-4):
            break
        falling = step < 0
        length = min(1.0, 0.99 * float(np.min(-weights[falling] / step[falling], initial=np.inf)))
        here = height(weights)
        for _ in range(_HALVINGS):
            if height(weights + length * step) >= here + 1e-4 * length * rise:
                break
            length *= 0.5
        weights = weights + length * step
        weights /= weights.sum()
    return weights


def pseudo_bma_weights(log_densities: Any) -> Any:
    """Weights in proportion to exp(elpd): as if the elpd were known without error.

    Parameters
    ----------
    log_densities : array (model, cohort)
        Leave-one-cohort-out log predictive densities.
    """
    return softmax(np.asarray(log_densities, float).sum(axis=1))


def pseudo_bma_plus_weights(log_densities: Any, seed: int, replicates: int = _REPLICATES) -> Any:
    """The same averaged over the Bayesian bootstrap of the cohorts, which says how little so few of them fix it.

    Parameters
    ----------
    log_densities : array (model, cohort)
        Leave-one-cohort-out log predictive densities.
    seed : int
        Of the bootstrap.
    replicates : int
        How many.
    """
    log_densities = np.asarray(log_densities, float)
    cohorts = log_densities.shape[1]
    shares = np.random.default_rng(seed).dirichlet(np.ones(cohorts), size=replicates)
    return softmax(cohorts * log_densities @ shares.T).mean(axis=1)
