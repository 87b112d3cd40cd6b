"""What priors expect before any number is seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiled import CompiledModel

__all__ = ["prior_predictive"]

# Draws from the priors, always the same: the ends of a 95% range are then good to about 0.003 of a probability.
_DRAWS = 40_000
_SEED = 20_221
_TAILS = np.array([0.025, 0.5, 0.975])


def prior_predictive(model: CompiledModel) -> dict[str, Any]:
    """What the priors expect before any number is seen, from draws with a fixed seed.

    Parameters
    ----------
    model : CompiledModel
        Its data give the sizes of the cohorts; what happened in them is not used.

    Returns
    -------
    dict
        ``draws``; ``typical``, ``new_cohort``, ``tau`` and ``tau_group``, each None or {median, lower, upper} of the
        central 95%, the first two on the natural scale; and for each of ``cohorts`` its label and, of each observed
        column, the predicted median and range on the scale of the data.
    """
    rng = np.random.default_rng(_SEED)
    drawn = model.pooling.draw_prior(model.level_priors, model.groups, _DRAWS, rng)
    natural = model.family.natural
    theta = np.asarray(drawn["theta"])
    cohorts: list[dict[str, Any]] = [{"label": label} for label in model.labels]
    for part in model.parts:
        for name, values in part.kind.draw(theta[..., part.cohorts], part.data, rng).items():
            for k, j in enumerate(part.cohorts):
                cohorts[j][name] = _range(values[..., k])
    return {
        "draws": _DRAWS,
        "typical": _range(natural(drawn["mu"])) if "mu" in drawn else None,
        "new_cohort": _range(natural(drawn["theta_new_cohort"])) if "theta_new_cohort" in drawn else None,
        **{name: _range(drawn[name]) if name in drawn else None for name in ("tau", "tau_group")},
        "cohorts": cohorts,
    }


def _range(values: Any) -> dict[str, float]:
    # Counts have whole quantiles; of other quantities the nearest draw is as good as a point between two.
    lower, median, upper = np.quantile(values, _TAILS, method="inverted_cdf")
    return {"median": float(median), "lower": float(lower), "upper": float(upper)}
