"""What each way of reporting a number must contain, what it must leave empty, and when it is implausible."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from . import vocabulary as v
from .issues import Issue
from .printing import numbers_in, prints_as, spellings
from .records import Outcome, write_row

__all__ = ["MEASURES", "Measure", "check_outcome", "numbers_in", "prints_as"]

#: Columns that a measure may rule; the others belong to every outcome.
RULED: Final = (
    "patient_id", "comparator_id", "denominator", "time_months", "events", "total",
    "value", "lower", "upper", "level", "at_risk", "median_rule",
)  # fmt: skip
SHARE_ENDPOINTS: Final = v.RESPONSE_ENDPOINT + v.TOXICITY_ENDPOINT + v.TIME_ENDPOINT
ALL_ENDPOINTS: Final = SHARE_ENDPOINTS + v.QUANTITY_ENDPOINT


@dataclass(frozen=True, slots=True)
class Measure:
    """One way of reporting a number.

    Parameters
    ----------
    about : str
        What was printed.
    needs : tuple of str
        Columns that must be filled.
    may : tuple of str
        Columns that may be filled. Those in neither must be empty.
    unit : {"proportion", "months", "ratio", "difference", "rate", "quantity", "signed", "none"}
        Unit of value, lower and upper.
    endpoints : tuple of str
        Endpoints that can be reported so.
    """

    about: str
    needs: tuple[str, ...]
    may: tuple[str, ...]
    unit: str
    endpoints: tuple[str, ...]


_INTERVAL: Final = ("lower", "upper", "level")
_SHARE: Final = ("comparator_id", "time_months", "value", *_INTERVAL)


def _ratio(about: str, endpoints: tuple[str, ...]) -> Measure:
    return Measure(about, ("comparator_id", "value"), ("time_months", "total", *_INTERVAL), "ratio", endpoints)


MEASURES: Final[dict[str, Measure]] = {
    "count": Measure(
        "Events and total, both printed. The percentage and its interval may stand beside them.",
        ("denominator", "events", "total"), _SHARE, "proportion", SHARE_ENDPOINTS,
    ),
    "numerator": Measure(
        "Events without their total: never an incidence.",
        ("events",), ("time_months",), "none", SHARE_ENDPOINTS,
    ),
    "percentage": Measure(
        "A percentage; with its total if that was printed. Events only if they were recovered, with the derivation.",
        ("value",), ("comparator_id", "denominator", "time_months", "events", "total", *_INTERVAL), "proportion",
        SHARE_ENDPOINTS,
    ),
    "mean_of_rates": Measure(
        "A mean, median or pooled estimate of other studies' rates; a total beside it is not its denominator.",
        ("value",), ("time_months", *_INTERVAL), "proportion", SHARE_ENDPOINTS,
    ),
    "range": Measure(
        "A range over trials or patients, such as 19 to 34%.",
        ("lower", "upper"), ("time_months",), "proportion", SHARE_ENDPOINTS,
    ),
    "landmark": Measure(
        "A survival probability at a time.",
        ("time_months", "value"), ("at_risk", *_INTERVAL), "proportion", v.TIME_ENDPOINT,
    ),
    "number_at_risk": Measure(
        "People at risk at a time, as printed under a curve.",
        ("time_months", "at_risk"), (), "none", v.TIME_ENDPOINT,
    ),
    "median_time": Measure(
        "A median time, in months. One limit alone where the other was not reached.",
        ("value", "median_rule"), _INTERVAL, "months", v.TIME_ENDPOINT,
    ),
    "median_not_reached": Measure(
        "A median time that was not reached; its lower limit may have been.",
        (), ("lower", "level"), "months", v.TIME_ENDPOINT,
    ),
    "mean_time": Measure("A mean time, in months.", ("value",), _INTERVAL, "months", v.TIME_ENDPOINT),
    "hazard_ratio": _ratio("A hazard ratio, cohort over comparator.", v.TIME_ENDPOINT),
    "odds_ratio": _ratio("An odds ratio, cohort over comparator.", SHARE_ENDPOINTS),
    "risk_ratio": _ratio("A risk ratio, cohort over comparator.", SHARE_ENDPOINTS),
    "risk_difference": Measure(
        "A difference of proportions, cohort minus comparator.",
        ("comparator_id", "value"), ("time_months", "total", *_INTERVAL), "difference", SHARE_ENDPOINTS,
    ),
    "mean_difference": Measure(
        "A difference of means, cohort minus comparator, in the unit of the endpoint (months for times).",
        ("comparator_id", "value"), ("time_months", "total", *_INTERVAL), "signed", ALL_ENDPOINTS,
    ),
    "p_value": Measure(
        "A p-value of cohort against comparator.",
        ("comparator_id", "value"), ("time_months",), "proportion", SHARE_ENDPOINTS,
    ),
    "person_time": Measure(
        "Events and the person-months in which they happened (value).",
        ("events", "value"), ("total",), "months", SHARE_ENDPOINTS,
    ),
    "event_rate": Measure("Events per person-month.", ("value",), _INTERVAL, "rate", SHARE_ENDPOINTS),
    "ordered_time": Measure(
        "One of a cohort's ordered times, of nobody in particular: at_risk people were at risk just before it.",
        ("at_risk", "events"), ("value", "lower", "upper"), "months", v.TIME_ENDPOINT,
    ),
    "patient_time": Measure(
        "A patient's time: exact (value) or between limits; events is 1 if it ended in the event, 0 if censored; "
        "time_months is a late entry.",
        ("patient_id", "events"), ("time_months", "value", "lower", "upper"), "months", v.TIME_ENDPOINT,
    ),
    "patient_response": Measure(
        "A patient's response, in category.",
        ("patient_id",), ("time_months",), "none", v.RESPONSE_ENDPOINT,
    ),
    "patient_value": Measure(
        "A measured quantity of a patient.",
        ("patient_id", "value"), ("time_months",), "quantity", v.QUANTITY_ENDPOINT,
    ),
    "performance": Measure(
        "Discrimination of a prediction, in category.",
        ("value",), ("time_months", *_INTERVAL), "proportion", v.TIME_ENDPOINT,
    ),
}  # fmt: skip

_LIMITS: Final = {
    "proportion": (0.0, 1.0, "Write a proportion between 0 and 1."),
    "months": (0.0, 1200.0, "Write months."),
    "ratio": (1e-6, 1e6, "Write the ratio itself, not its logarithm."),
    "difference": (-1.0, 1.0, "Write a difference of proportions between -1 and 1."),
    "rate": (0.0, 100.0, "Write events per person-month."),
    "quantity": (0.0, math.inf, "Write the measured value."),
    "signed": (-math.inf, math.inf, ""),
    "none": (-math.inf, math.inf, ""),
}


def _percentages(outcome: Outcome) -> list[str]:
    """The spellings of this outcome's value among the percentages it was printed with."""
    return [] if outcome.value is None else spellings(outcome.value, f"{outcome.printed} {outcome.derivation or ''}")


def _check_columns(outcome: Outcome, measure: Measure) -> Iterator[tuple[str, str, str]]:
    cells = write_row(outcome)
    for name in RULED:
        if name in measure.needs and not cells[name]:
            yield name, f"a {outcome.measure} without {name}", "Fill it, or choose the measure that was printed."
        elif cells[name] and name not in measure.needs + measure.may:
            mend = "Leave it empty, or choose the measure that was printed."
            yield name, f"{cells[name]!r} in a {outcome.measure}, which has no {name}", mend
    if outcome.endpoint not in measure.endpoints:
        yield "measure", f"a {outcome.measure} of {outcome.endpoint}", "Choose another measure or endpoint."
    if outcome.patient_id and outcome.measure not in v.PATIENT_MEASURES:
        mend = "Use patient_time, patient_response or patient_value, or leave patient_id empty."
        yield "measure", f"a {outcome.measure} of one patient", mend


def _check_category(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    allowed: tuple[str, ...] = ()
    if outcome.measure == "performance":
        allowed = v.PERFORMANCE_CATEGORY
    elif outcome.endpoint in v.RESPONSE_ENDPOINT:
        allowed = v.RESPONSE_CATEGORY
    elif outcome.endpoint in v.TOXICITY_ENDPOINT:
        allowed = v.TOXICITY_CATEGORY
    if outcome.category and outcome.category not in allowed:
        mend = f"Use one of: {', '.join(allowed)}." if allowed else "Leave it empty."
        yield "category", f"{outcome.category!r} is no part of {outcome.endpoint}", mend
    if outcome.measure in ("patient_response", "performance") and not outcome.category:
        yield "category", f"a {outcome.measure} without category", f"Use one of: {', '.join(allowed)}."


def _check_interval(outcome: Outcome, measure: Measure) -> Iterator[tuple[str, str, str]]:
    low, high, unit = _LIMITS[measure.unit]
    for name in ("value", "lower", "upper"):
        number = getattr(outcome, name)
        if number is not None and not low <= number <= high:
            yield name, f"{number:g} in a {outcome.measure}", unit
    value, lower, upper = outcome.value, outcome.lower, outcome.upper
    if lower is not None and upper is not None and lower > upper:
        yield "lower", f"the interval {lower:g} to {upper:g} is the wrong way round", "Exchange the limits."
    elif value is not None and not (lower or -math.inf) <= value <= (math.inf if upper is None else upper):
        yield "value", f"{value:g} lies outside its interval", "Correct the value or the limit that is wrong."
    if outcome.level is not None:
        if lower is None and upper is None:
            yield "level", f"level {outcome.level:g} without an interval", "Fill lower and upper, or empty the level."
        elif not 0.5 <= outcome.level < 1:
            yield "level", f"an interval of level {outcome.level:g}", "Write 0.95 for 95%."
    elif (lower is not None or upper is not None) and "level" in measure.may:
        yield "level", "an interval without its level", "Write 0.95 for 95%; leave the limits out if it is not said."
    if measure.unit == "ratio" and value and lower and upper:
        middle, width = math.log(lower * upper) / 2, math.log(upper / lower)
        if width and abs(math.log(value) - middle) > 0.1 * width + 0.5 * 0.01 / lower:
            what = f"{value:g} is far from the middle of {lower:g} to {upper:g} on the log scale"
            yield "value?", what, "Look at the printed number again."


def _check_count(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    events, total = outcome.events, outcome.total
    if outcome.measure in ("patient_time", "ordered_time"):
        if events not in (0, 1):
            yield "events", f"{events} events at one time of one person", "Write 1 for the event, 0 for censored."
        if outcome.value is None and outcome.lower is None and outcome.upper is None:
            yield "value", f"a {outcome.measure} without a time", "Fill value, or lower and upper."
        return
    if events is not None and total is not None and events > total:
        yield "events", f"{events} events among {total} people", "Correct one of the two."
        return
    if outcome.measure == "percentage" and events is not None and not (total and outcome.derivation):
        mend = "Events beside a percentage are recovered: give the total, and the derivation."
        yield "events", f"{events} events in a percentage", mend
    if total is None or outcome.measure not in ("count", "percentage"):
        return
    for text in _percentages(outcome):
        if events is not None and not prints_as(events, total, text):
            yield "events", f"{events} of {total} does not print as {text}%", "Correct one of the three."
        elif events is None and not any(prints_as(k, total, text) for k in range(total + 1)):
            mend = "Look again; if it is printed so, say so in discrepancies.csv."
            yield "value", f"no integer of {total} prints as {text}%", mend


def _check_printed(outcome: Outcome, measure: Measure) -> Iterator[tuple[str, str, str]]:
    shown = [number for _, number in numbers_in(f"{outcome.printed} {outcome.derivation or ''}")]
    for name in ("events", "total", "value", "lower", "upper", "at_risk"):
        number = getattr(outcome, name)
        if number is None or (name == "events" and outcome.measure in ("patient_time", "ordered_time")):
            continue
        scales = (1, 100) if measure.unit == "proportion" and name in ("value", "lower", "upper") else (1,)
        if not any(math.isclose(abs(number) * scale, other, abs_tol=1e-12) for scale in scales for other in shown):
            mend = "Quote the number as printed, or say in derivation how it was computed."
            yield name, f"{number:g} stands neither in printed ({outcome.printed!r}) nor in derivation", mend


def check_outcome(outcome: Outcome, where: str) -> list[Issue]:
    """Check one reported number against what its measure must contain.

    Parameters
    ----------
    outcome : Outcome
        The row.
    where : str
        File and row, for messages.

    Returns
    -------
    list of Issue
        Everything that is wrong or doubtful, each with its column.
    """
    measure = MEASURES[outcome.measure]
    found = [
        *_check_columns(outcome, measure),
        *_check_category(outcome),
        *_check_interval(outcome, measure),
        *_check_count(outcome),
        *_check_printed(outcome, measure),
    ]
    # A question mark after the column makes a doubt of it, not an error.
    return [
        Issue(f"{where}, {name.rstrip('?')}", what, mend, "warning" if name.endswith("?") else "error")
        for name, what, mend in found
    ]
