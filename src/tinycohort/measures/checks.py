"""What is wrong with, or doubtful in, one reported number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from .. import vocabulary as v
from ..issues import Issue
from ..printing import numbers_in, prints_as, spellings
from ..records import Outcome, write_row
from ..records.cells import JOINER
from .kinds import MEASURES, RULED, Measure

__all__ = ["check_outcome"]

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


_DAYS: Final = 30.4375


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


_CRITERIA_OF: Final = (
    (v.CRITERION_OF_RESPONSE, v.RESPONSE_ENDPOINT, "a response"),
    (v.CRITERION_OF_TOXICITY, v.TOXICITY_ENDPOINT, "toxicity"),
    (v.CRITERION_OF_TIME, v.TIME_ENDPOINT, "a time"),
)


def _check_criteria(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    words = outcome.criteria.split(JOINER)
    for criteria, endpoints, judged in _CRITERIA_OF:
        for word in words:
            if word in criteria and outcome.endpoint not in endpoints:
                yield "criteria?", f"{word!r} for {outcome.endpoint}", f"It judges {judged}: correct one of the two."
    if "unstated" in words and len(words) > 1:
        yield "criteria?", f"{outcome.criteria!r}", "Leave out what is said, or unstated."


def _check_time(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    """The time of a share of people must be there to be read, in months or years."""
    time, latest = outcome.time_months, _LIMITS["months"][1]
    if outcome.measure == "median_time" and outcome.value == 0:
        yield "value", "a median of 0 months", "Write months, above 0."
    if outcome.measure == "patient_time" and time is not None:
        ends = [end for end in (outcome.value, outcome.upper) if end is not None]
        if ends and time >= min(ends):
            what = f"an entry at {time:g} months, and a time of {min(ends):g}"
            yield "time_months", what, "Nobody is observed before entering: correct one of the two."
    if time is not None and time > latest:
        yield "time_months", f"{time:g} months", f"Write months: {time:g} days are {time / _DAYS:.1f}."
        return
    if time is None or outcome.patient_id:
        return
    shown = [number for _, number in numbers_in(f"{outcome.printed} {outcome.derivation or ''}")]
    if not any(math.isclose(time, number * scale, rel_tol=1e-3) for number in shown for scale in (1, 12)):
        what = f"{time:g} stands neither in printed ({outcome.printed!r}) nor in derivation, as months or as years"
        yield "time_months?", what, "Quote the time as printed, or say in derivation where it stands."


_USUAL_LEVELS: Final = (0.5, 0.6, 0.68, 0.8, 0.9, 0.95, 0.975, 0.98, 0.99, 0.999)
_UNREACHED: Final = re.compile(
    r"\bN[RE]\b|\bN/[AR]\b|not (?:reached|estimable|evaluable|available)|\bundefined\b", re.I
)


def _check_interval(outcome: Outcome, measure: Measure) -> Iterator[tuple[str, str, str]]:
    low, high, unit = _LIMITS[measure.unit]
    for name in ("value", "lower", "upper"):
        number = getattr(outcome, name)
        if number is not None and not low <= number <= high:
            share = f" Perhaps {number / 100:g}?" if measure.unit == "proportion" and 1 < number <= 100 else ""
            yield name, f"{number:g} in a {outcome.measure}", f"{unit}{share}"
    value, lower, upper = outcome.value, outcome.lower, outcome.upper
    of_group = not outcome.patient_id and outcome.measure != "ordered_time"
    unreached = measure.unit == "months" and _UNREACHED.search(outcome.printed)
    if (lower is None) != (upper is None) and of_group and not unreached:
        missing = "lower" if lower is None else "upper"
        yield f"{missing}?", "an interval with one limit", "Fill the other, or quote that it was not reached."
    if lower is not None and upper is not None and lower > upper:
        yield "lower", f"the interval {lower:g} to {upper:g} is the wrong way round", "Exchange the limits."
    elif value is not None and not (lower or -math.inf) <= value <= (math.inf if upper is None else upper):
        yield "value", f"{value:g} lies outside its interval", "Correct the value or the limit that is wrong."
    if outcome.level is not None:
        if lower is None and upper is None:
            yield "level", f"level {outcome.level:g} without an interval", "Fill lower and upper, or empty the level."
        elif not 0.5 <= outcome.level < 1:
            yield "level", f"an interval of level {outcome.level:g}", "Write 0.95 for 95%."
        elif outcome.level not in _USUAL_LEVELS:
            yield "level?", f"an interval of level {outcome.level:g}", "Look at the printed level again."
    elif (lower is not None or upper is not None) and "level" in measure.may:
        yield "level", "an interval without its level", "Write 0.95 for 95%; leave the limits out if it is not said."
    if measure.unit == "ratio" and value and lower and upper and min(value, lower, upper) > 0:
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


# What spreadsheets make of 2/8, in English and in some other languages.
_DATE: Final = re.compile(
    r"[0-9]{1,2}[-. ]+(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\w*\.?( ?[0-9]*)"
    r"|[0-9]{2}[./][0-9]{2}[./][0-9]{4}",
    re.I,
)


def _check_printed(outcome: Outcome, measure: Measure) -> Iterator[tuple[str, str, str]]:
    shown = [number for _, number in numbers_in(f"{outcome.printed} {outcome.derivation or ''}")]
    for name in ("events", "total", "value", "lower", "upper", "at_risk"):
        number = getattr(outcome, name)
        if number is None or (name == "events" and outcome.measure in ("patient_time", "ordered_time")):
            continue
        scales = (1, 100) if measure.unit == "proportion" and name in ("value", "lower", "upper") else (1,)
        if not any(math.isclose(abs(number) * scale, other, abs_tol=1e-12) for scale in scales for other in shown):
            mend = "Quote the number as printed, or say in derivation how it was computed."
            if _DATE.fullmatch(outcome.printed):
                mend = f"A spreadsheet may have made a date of it: format the column as text. {mend}"
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
        *_check_criteria(outcome),
        *_check_time(outcome),
        *_check_interval(outcome, measure),
        *_check_count(outcome),
        *_check_printed(outcome, measure),
    ]
    # A question mark after the column makes a doubt of it, not an error.
    return [
        Issue(f"{where}, {name.rstrip('?')}", what, mend, "warning" if name.endswith("?") else "error")
        for name, what, mend in found
    ]
