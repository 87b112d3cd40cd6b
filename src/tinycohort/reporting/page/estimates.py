"""Tables of estimates, and of what each cohort reported and is estimated to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...curves import CURVE_FUNCTIONALS
from ...estimates import estimate_rows
from ...posterior import Fit
from ..numbers import Number
from ..survival import curve_label, curve_text
from ..words import count, figure, of_quantity, percent, points, target_in_words
from .markup import Markup, join, minus, table, tag

__all__ = ["cohorts_table", "estimates_table", "interval_text", "value_text"]

_SPREAD = "standard deviation"
_POINTS = "percentage points"
_AT_BASELINE = {
    "risk_difference": ("Difference of risks in percentage points", _POINTS),
    "risk_ratio": ("Ratio of risks", "ratio"),
}


def value_text(value: float | None, quantity: str) -> str:
    """A number of a table: a percentage with a decimal, a ratio or a difference with two or three digits."""
    if value is None:
        return "–"
    if quantity == "probability":
        return percent(value, 1)
    if quantity == _POINTS:
        return points(value)
    return minus(f"{value:.2f}" if quantity == _SPREAD else figure(value))


def interval_text(lower: float | None, upper: float | None, quantity: str) -> str:
    """An interval of a table."""
    return f"{value_text(lower, quantity)} to {value_text(upper, quantity)}"


def estimates_table(fit: Fit, numbers: Mapping[str, Number]) -> Markup:
    """Every estimand but those of single cohorts.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported.
    numbers : mapping of str to Number
        The numbers that it uses, by outcome.
    """
    quantity, rows = fit.compiled.family.quantity, []
    for row in estimate_rows(fit):
        if row["target"] == "cohort" or (row["median"] is None and row["probability"] is None):
            continue
        target = target_in_words(row)
        level = f"{100 * row['level']:g}%"
        if row["functional"] in ("probability_above", "probability_below"):
            side = row["functional"].removeprefix("probability_")
            what = f"Probability that a {target} lies {side} {of_quantity(quantity)(row['threshold'])}"
            if row["time_months"] is not None:
                side = "more" if side == "above" else "fewer"
                alive = f"{side} than {100 * row['threshold']:g}% are alive at {row['time_months']:g} months"
                what = f"Probability that {alive}, {target}"
            rows.append((what.replace("a average", "the average"), f"{row['probability']:.3f}", "", ""))
        elif row["functional"] == "predicted_events":
            by = "" if row["time_months"] is None else f" with the event by {row['time_months']:g} months"
            what = f"Of {row['patients']} new patients{by}, {target}"
            rows.append((what, f"{row['median']:.0f}", f"{row['lower']:.0f} to {row['upper']:.0f}", level))
        elif row["functional"] in CURVE_FUNCTIONALS:
            ends = " to ".join(curve_text(row[end], row["functional"]) for end in ("lower", "upper"))
            rows.append((f"{curve_label(row)}, {target}", curve_text(row["median"], row["functional"]), ends, level))
        elif row["baseline"] is not None:
            kind, unit = _AT_BASELINE[row["functional"]]
            ends = interval_text(row["lower"], row["upper"], unit)
            what = f"{kind} where {100 * row['baseline']:g}% have it without the treatment, {target}"
            rows.append((what, value_text(row["median"], unit), ends, level))
        else:
            unit = _SPREAD if row["functional"] == "heterogeneity" else quantity
            ends = interval_text(row["lower"], row["upper"], unit)
            what = f"Median months, {target}" if unit == "median" else f"{target[0].upper()}{target[1:]}"
            rows.append((what, value_text(row["median"], unit), ends, level))
    if not rows:
        return Markup("")
    meaning = (
        "Estimates: medians and equal-tailed credible intervals. Typical is the centre of the distribution of cohorts,"
        " average the mean over it, and a new cohort one drawn from it."
    )
    rests = [" All rest on the ", tag("a", f"{count(len(numbers), 'number')} below", href="#numbers"), "."]
    return table(join([meaning, *(rests if numbers else ())]), ("", "median", "interval", "level"), rows)


def cohorts_table(fit: Fit, numbers: Mapping[str, Number]) -> Markup:
    """Each cohort as reported and as estimated, leading to its number."""
    model, summary, quantity = fit.compiled, fit.summary(), fit.compiled.family.quantity
    cohorts = summary["cohorts"]
    places = [_leading(row.label, numbers.get(row.outcome_id)) for row in model.rows]
    scores = summary["elpd_loco"]["cohorts"] if summary["elpd_loco"] else [None] * model.cohorts
    estimate = "median months" if quantity == "median" else "estimate"
    columns: dict[str, Sequence[str]] = {
        "cohort": places,
        "reported": model.reported,
        "by itself": [_alone(one, quantity) for one in cohorts],
        estimate: [value_text(one["median"], quantity) for one in cohorts],
        "95% interval": [interval_text(one["lower"], one["upper"], quantity) for one in cohorts],
        "weight": [_share(one["weight"]) for one in cohorts],
        "shrinkage": [_share(one["shrinkage"]) for one in cohorts],
        "exchangeable": [_share(one["exchangeable"]) for one in cohorts],
        "log score": ["–" if score is None else minus(f"{score:.2f}") for score in scores],
    }
    # A report of survival says nothing without the shape of a curve, nor counts of two arms without a model.
    if not any(columns["by itself"]):
        del columns["by itself"]
    if all(one["exchangeable"] is None for one in cohorts):
        del columns["exchangeable"]
    caption = (
        "Cohorts. Weight: its share of what is known about a typical cohort. Shrinkage: the share of what is known"
        " about it that the others bring. Log score: the log probability of its number, predicted from the others."
    )
    return table(caption, tuple(columns), list(zip(*columns.values(), strict=True)))


def _leading(label: str, number: Number | None) -> str:
    return label if number is None else tag("a", label, href=f"#{number.anchor}")


def _alone(cohort: Mapping[str, Any], quantity: str) -> str:
    """What a cohort's number says by itself: the share of a count, the interval of an estimate."""
    events, total = cohort.get("events"), cohort.get("total")
    if quantity == "probability" and events is not None and total is not None:
        return percent(events / total, 1)
    lower, upper = cohort.get("lower_given"), cohort.get("upper_given")
    return "" if lower is None or upper is None else interval_text(lower, upper, quantity)


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)
