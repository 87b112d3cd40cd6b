"""How a number, a contradiction and an overlap are put in words."""

from __future__ import annotations

from typing import Final

from ..records import Cohort, Discrepancy, Outcome, Overlap
from ..records.cells import write_cell

__all__ = [
    "UNIT_OF_ENDPOINT", "clock_text", "cohort_name", "contradiction_text", "count", "months", "overlap_text", "quoted",
    "read_as", "short_contradiction",
]  # fmt: skip

#: Unit of a patient's measured quantity, as the tables hold it.
UNIT_OF_ENDPOINT: Final = {
    "ebv_dna": "copies/mL",
    "lactate_dehydrogenase": "U/L",
    "haemoglobin": "g/L",
    "platelets": "x 10^9/L",
    "tumour_size": "mm",
    "standard_uptake": "(SUV)",
}

#: What has happened at a patient's time, and what had not yet when it was censored.
_AT_THE_TIME: Final = {
    "overall_survival": ("died", "alive"),
    "progression_free_survival": ("progressed or died", "without progression"),
    "event_free_survival": ("had an event", "without an event"),
    "local_recurrence_free_survival": ("recurred locally or died", "without local recurrence"),
    "distant_metastasis_free_survival": ("had a distant metastasis or died", "without distant metastasis"),
    "duration_of_response": ("response ended", "still in response"),
    "time_on_treatment": ("treatment ended", "still on treatment"),
}

#: Endpoints that are counted from their own start, whatever the clock of the cohort.
_FROM_ITS_START: Final = ("duration_of_response", "time_on_treatment")

_NAMED: Final = {
    "mean_of_rates": "mean of rates ",
    "median_time": "median ",
    "mean_time": "mean ",
    "hazard_ratio": "hazard ratio ",
    "odds_ratio": "odds ratio ",
    "risk_ratio": "risk ratio ",
    "risk_difference": "difference ",
    "mean_difference": "difference ",
    "p_value": "p = ",
    "event_rate": "rate ",
}
_IN_MONTHS: Final = ("median_time", "median_not_reached", "mean_time", "mean_difference", "ordered_time")


def quoted(text: str | None) -> str:
    """Text in quotation marks; "nothing" for an empty cell.

    Examples
    --------
    >>> quoted("1/8"), quoted(None)
    ('“1/8”', 'nothing')
    """
    return f"“{text}”" if text else "nothing"


def count(number: int, word: str, plural: str = "") -> str:
    """A number of things.

    Examples
    --------
    >>> count(1, "number"), count(2, "person", "people")
    ('1 number', '2 people')
    """
    return f"{number} {word if number == 1 else plural or f'{word}s'}"


def months(time: float) -> str:
    """A time with its unit.

    Examples
    --------
    >>> months(1.0), months(8.4)
    ('1 month', '8.4 months')
    """
    return f"{write_cell(time)} month{'' if time == 1 else 's'}"


def clock_text(cohort: Cohort) -> str:
    """Where the times of a cohort start."""
    return "clock unstated" if cohort.clock == "unstated" else f"months from {cohort.clock}"


def cohort_name(cohort: Cohort) -> str:
    """A cohort's identifier, label, size and clock: enough to know whom a number under it is about."""
    size = f"{count(cohort.total, 'person', 'people')}; " if cohort.total is not None else ""
    return f"{cohort.cohort_id}: {cohort.label} ({size}{clock_text(cohort)})"


def read_as(row: Outcome) -> str:
    """What was read from a printed number, in words, as its measure has it: "1 of 8, 0.125", "died by 3.12 months".

    Every typed column that is filled is in it; proportions are between 0 and 1, as in the tables.
    """
    if row.measure == "patient_response":
        return _at(row.category or "", row)
    if row.measure in ("patient_time", "ordered_time"):
        return _one_time(row)
    if row.measure == "ordered_gap" and row.value is not None:
        ends = f"from the time with {row.total} at risk to the one with {row.at_risk}"
        return ", ".join(part for part in (f"{months(row.value)} {ends}", _interval(row)) if part)
    if row.measure == "patient_value":
        return _at(f"{write_cell(row.value)} {UNIT_OF_ENDPOINT.get(row.endpoint, '')}".rstrip(), row)
    if row.measure == "person_time" and row.value is not None:
        people = f" of {count(row.total, 'person', 'people')}" if row.total is not None else ""
        return f"{count(row.events or 0, 'event')} in {write_cell(row.value)} person-months{people}"
    parts = [part for part in (_counted(row), _value(row), _interval(row)) if part]
    if row.measure != "number_at_risk" and row.at_risk is not None:
        parts.append(f"{row.at_risk} at risk")
    if row.events is None and row.total is not None:
        parts.append(f"among {count(row.total, 'person', 'people')}")
    return _at(", ".join(parts), row)


def _at(text: str, row: Outcome) -> str:
    return text if row.time_months is None else f"{text} at {months(row.time_months)}"


def _counted(row: Outcome) -> str:
    if row.measure == "number_at_risk":
        return f"{row.at_risk} at risk"
    if row.events is None:
        return ""
    return f"{row.events}, of how many is not said" if row.total is None else f"{row.events} of {row.total}"


def _value(row: Outcome) -> str:
    if row.measure == "median_not_reached":
        return "median not reached"
    if row.value is None:
        return ""
    in_months = row.measure in _IN_MONTHS and (row.measure != "mean_difference" or row.endpoint in _AT_THE_TIME)
    unit = " per person-month" if row.measure == "event_rate" else ""
    named = f"{row.category} " if row.measure == "performance" else _NAMED.get(row.measure, "")
    return f"{named}{months(row.value) if in_months else write_cell(row.value)}{unit}"


def _interval(row: Outcome) -> str:
    if row.lower is None and row.upper is None:
        return ""
    # Of a median an empty limit was not reached; of anything else it was not printed.
    absent = "not reached" if row.measure in ("median_time", "median_not_reached") else "not printed"
    lower, upper = (absent if limit is None else write_cell(limit) for limit in (row.lower, row.upper))
    if row.measure == "range":
        return f"from {lower} to {upper}"
    level = "" if row.level is None else f"{_percent(row.level)} "
    return f"{level}interval {lower} to {upper}"


def _percent(proportion: float) -> str:
    return f"{100 * proportion:.10g}%"


def _one_time(row: Outcome) -> str:
    """One person's time: of the event, or how long there was none."""
    happened, waiting = _AT_THE_TIME.get(row.endpoint, ("had the event", "without the event"))
    if row.measure == "ordered_time":
        happened, waiting = f"one {happened}", f"one {waiting}"
    when = _when(row, censored=not row.events) + (" from its start" if row.endpoint in _FROM_ITS_START else "")
    parts = [f"{happened} {when}" if row.events else f"{waiting} {when} (censored)"]
    if row.measure == "ordered_time":
        parts.append(f"{row.at_risk} at risk just before")
    if row.time_months is not None:
        parts.append(f"under observation from {months(row.time_months)} on")
    return ", ".join(parts)


def _when(row: Outcome, *, censored: bool) -> str:
    limits = ""
    if row.lower is not None and row.upper is not None:
        between = f"{write_cell(row.lower)} to {months(row.upper)}"
        limits = f"when last known, at {between}" if censored else f"between {between.replace(' to ', ' and ')}"
    elif row.lower is not None:
        limits = f"at {months(row.lower)} or later" if censored else f"after {months(row.lower)}"
    elif row.upper is not None:
        limits = f"until {months(row.upper)} at most" if censored else f"by {months(row.upper)}"
    if row.value is None:
        return limits
    return f"at {months(row.value)}" + (f", {limits}" if limits else "")


def contradiction_text(row: Discrepancy) -> str:
    """A contradiction in a sentence or two."""
    sides = f"{quoted(row.used)} is used, {quoted(row.other)} has a claim"
    return f"{row.field}: {sides} ({row.other_locator}). {row.reason} [{row.discrepancy_id}]"


def short_contradiction(row: Discrepancy, taken: str) -> str:
    """A contradiction in one line, where the whole of it stands elsewhere: what is taken, and against what.

    Parameters
    ----------
    row : Discrepancy
        The contradiction.
    taken : str
        The cell as it stands in what is shown: either side, since a model may take the other.
    """
    against = (row.other if taken == (row.used or "") else row.used) or ""
    if len(taken) + len(against) > 50:
        return f"! {row.field} is in doubt [{row.discrepancy_id}]"
    return f"! {row.field}: {taken or 'nothing'} is used, {against or 'nothing'} has a claim [{row.discrepancy_id}]"


_RELATED: Final = {
    "same_people": "{a} and {b} are the same people",
    "a_within_b": "{a} lies within {b}",
    "some_shared": "{a} and {b} share some people",
    "suspected": "{a} and {b} may share people",
}


def overlap_text(row: Overlap, a: str, b: str, main_source: str = "") -> str:
    """An overlap in a sentence or two: who lies within whom, why it is said, and where.

    Parameters
    ----------
    row : Overlap
        The overlap.
    a, b : str
        What its cohorts are called.
    main_source : str
        The source that need not be named.
    """
    shared = f", {count(row.shared, 'person', 'people')} in both" if row.shared is not None else ""
    source = f"in {row.source_id}" if row.source_id and row.source_id != main_source else ""
    place = ", ".join(part for part in (row.locator, source) if part)
    said = f" ({place})" if place else ""
    return f"{_RELATED[row.relation].format(a=a, b=b)} ({row.relation}){shared}. {row.basis.rstrip('.')}{said}."
