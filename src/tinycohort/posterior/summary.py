"""The numbers that every fit reports, as plain types: what `Fit.summary` returns and the command line prints."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..compiled import CompiledModel
from .base import Interval, LeaveOneOut, Posterior, Target

__all__ = ["FEW_COHORTS", "shares", "summarise"]

_USUAL = ("mu", "tau", "tau_group", "own", "exchangeable")
# Below this many cohorts a standard error of an elpd says nothing.
FEW_COHORTS = 10


def summarise(model: CompiledModel, posterior: Posterior, level: float, interval: Interval) -> dict[str, Any]:
    """Estimates, weights and shrinkage, marginal likelihood and leave-one-cohort-out scores.

    Absent quantities are None. When the posterior may not be reported, every estimate is None and `reasons` says why.
    """
    blocked = bool(posterior.reasons)

    def show(target: Target, cohort: int | None = None, natural: bool = True) -> dict[str, float | None] | None:
        marginal = None if blocked else posterior.marginal(target, cohort, natural)
        return None if marginal is None else marginal.summary(level, interval)

    left_out = None if blocked else posterior.leave_one_out()
    weights, shrinkage = shares(posterior, left_out, model.cohorts)
    absent = dict.fromkeys(("mean", "sd", "median", "lower", "upper"))
    chances = None if blocked else posterior.exchangeable()
    exchangeable = [None] * model.cohorts if chances is None else _finite(chances)
    cohorts = [
        {
            "label": label,
            **given,
            **(show("cohort", j) or absent),
            "weight": weights[j],
            "shrinkage": shrinkage[j],
            "exchangeable": exchangeable[j],
        }
        for j, (label, given) in enumerate(zip(model.labels, model.shown(), strict=True))
    ]
    groups = [
        {"label": label, "typical": show("group", g), "new_cohort": show("new_cohort_in_group", g)}
        for g, label in enumerate(model.group_labels)
    ]
    # Biases, their spreads and slopes, where the pooling has them.
    beside = [name for name in model.pooling.parameters if name not in _USUAL]
    places = {name: show(name, natural=False) for name in beside}  # type: ignore[arg-type]
    return {
        "scale": model.family.quantity,
        "level": level,
        "interval": interval,
        "engine": posterior.engine,
        "reportable": not blocked,
        "reasons": list(posterior.reasons),
        "priors": {name: str(value) for name, value in model.priors.items()},
        "mu": show("mu", natural=False),
        "tau": show("tau", natural=False),
        "tau_group": show("tau_group", natural=False),
        "shape": show("shape", natural=False) if "shape" in model.shape_parameters else None,
        "exchangeable": show("exchangeable", natural=False),
        "exchangeability": None if blocked else posterior.exchangeability(),
        "places": places or None,
        "typical": show("typical"),
        "average": show("average"),
        "new_cohort": show("new_cohort"),
        "cohorts": cohorts,
        "groups": groups,
        "remarks": list(model.remarks),
        "log_marginal_likelihood": None if blocked else posterior.log_marginal_likelihood,
        "elpd_loco": _elpd(left_out),
        "diagnostics": posterior.diagnostics,
    }


def shares(
    posterior: Posterior, left_out: LeaveOneOut | None, cohorts: int
) -> tuple[list[float | None], list[float | None]]:
    """Weight and shrinkage of each cohort; None where there is no exact leave-one-out.

    shrinkage of j is Var(theta_j | all) / Var(theta_j | all but j); weight is 1 - Var(mu | all) / Var(mu | all but j),
    negative values set to 0, scaled to sum to 1.
    """
    nothing: list[float | None] = [None] * cohorts
    if left_out is None:
        return nothing, nothing
    own = np.array([_variance(posterior, "cohort", j) for j in range(cohorts)])
    with np.errstate(invalid="ignore"):
        shrinkage = own / left_out.variance_theta
        gain = np.maximum(1.0 - _variance(posterior, "mu") / left_out.variance_mu, 0.0)
        weight = gain / gain.sum() if np.nansum(gain) > 0 else np.full(cohorts, np.nan)
    return _finite(weight), _finite(shrinkage)


def _variance(posterior: Posterior, target: Target, cohort: int | None = None) -> float:
    marginal = posterior.marginal(target, cohort)
    return math.nan if marginal is None else marginal.sd**2


def _finite(values: Any) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _elpd(left_out: LeaveOneOut | None) -> dict[str, Any] | None:
    if left_out is None:
        return None
    each = np.asarray(left_out.log_predictive)
    se = float(np.sqrt(len(each)) * each.std(ddof=1)) if len(each) >= FEW_COHORTS else None
    return {"total": float(each.sum()), "se": se, "cohorts": [float(value) for value in each]}
