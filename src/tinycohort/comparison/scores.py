"""How well a model predicts each cohort from the others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engines.run import exact_applies, run
from ..posterior import Fit
from ..posterior.summary import FEW_COHORTS

__all__ = ["Scores", "exact_fit", "scores_of", "spread"]


class Scores(NamedTuple):
    """Log predictive densities of the cohorts, each given all the others.

    Attributes
    ----------
    each : array (cohort,) or None
        In the order of the cohorts of the fit; every constant kept.
    why_not : str
        Why there are none.
    """

    each: Any
    why_not: str = ""


def exact_fit(fit: Fit) -> Fit | None:
    """The fit itself, or, where it was sampled and could have been integrated, its integral; None else.

    Made once for each fit.
    """
    if fit.posterior.engine == "exact":
        return fit
    if "exact" not in fit.kept:
        applies, _ = exact_applies(fit.compiled)
        found = run(fit.compiled, "exact", fit.provenance["seed"]) if applies else None
        fit.kept["exact"] = found if found is not None and found.reportable else None
    integrated: Fit | None = fit.kept["exact"]
    return integrated


def scores_of(fit: Fit) -> Scores:
    """Exact leave-one-cohort-out log predictive densities, by the exact engine wherever that applies."""
    exact = exact_fit(fit)
    if exact is None:
        applies, unknown = exact_applies(fit.compiled)
        what = "cannot integrate it to the accuracy that is asked for" if applies else f"does not know {unknown}"
        return Scores(None, f"sampled, and the exact engine {what}")
    found = exact.summary()["elpd_loco"]
    if found is None:
        return Scores(None, "its engine leaves no cohort out")
    each = np.array(found["cohorts"], float)
    return Scores(each) if np.isfinite(each).all() else Scores(None, "not every cohort can be predicted")


def spread(values: Sequence[float] | Any) -> float | None:
    """Standard error of a sum over cohorts, from how they differ; None below ten, which do not say it."""
    found = np.asarray(values, float)
    return float(math.sqrt(len(found)) * found.std(ddof=1)) if len(found) >= FEW_COHORTS else None


def matrix(scores: Mapping[str, Scores], orders: Mapping[str, Sequence[int]]) -> tuple[list[str], Any]:
    """The models that have scores, and those as an array (model, cohort), cohorts in one order."""
    names = [name for name, one in scores.items() if one.each is not None]
    rows = [scores[name].each[list(orders[name])] for name in names]
    return names, np.array(rows) if rows else np.zeros((0, 0))
