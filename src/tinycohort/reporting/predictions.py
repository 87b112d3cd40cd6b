"""What each cohort would report, predicted from the others, beside what it did."""

from __future__ import annotations

from dataclasses import dataclass

from ..posterior import Fit
from .headline import is_pooled
from .survival import is_survival

__all__ = ["Prediction", "predictions"]


@dataclass(frozen=True)
class Prediction:
    """One cohort, predicted from all others.

    Attributes
    ----------
    label : str
        Of the cohort.
    observed, lower, upper : float
        What it reported, and the central predictive interval: counts, or estimates.
    total : int or None
        How many people were counted.
    level : float
        Of the interval.
    """

    label: str
    observed: float
    lower: float
    upper: float
    total: int | None
    level: float

    @property
    def outside(self) -> bool:
        """Whether what it reported lies outside of its interval."""
        return not self.lower <= self.observed <= self.upper


def predictions(fit: Fit) -> tuple[Prediction, ...]:
    """Every cohort predicted from the others; nothing where cohorts are not pooled, or where that may not be said."""
    if not fit.reportable or not is_pooled(fit) or fit.compiled.cohorts < 2 or is_survival(fit):
        # A survival report is no single number that could be predicted.
        return ()
    # A page asks again and again, and each time every cohort would be left out in turn.
    if "predictions" not in fit.kept:
        fit.kept["predictions"] = _predictions(fit)
    found: tuple[Prediction, ...] = fit.kept["predictions"]
    return found


def _predictions(fit: Fit) -> tuple[Prediction, ...]:
    from .. import plots

    rows = plots.posterior_predictive_table(fit).to_dict("records")
    return tuple(
        Prediction(
            str(row["label"]),
            float(row["observed"]),
            float(row["lower"]),
            float(row["upper"]),
            None if row.get("total") is None or row["total"] != row["total"] else int(row["total"]),
            float(row["level"]),
        )
        for row in rows
        if row["row"] == "cohort" and row["median"] is not None and row["median"] == row["median"]
    )
