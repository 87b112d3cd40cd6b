"""Numbers as they were given: whether they are numbers at all, and whether they can be readings of a curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..issues import Issue
from .curve import TIME_NOISE, Numbers

__all__ = ["check_readings", "plural", "read_numbers", "read_whole"]

#: Beyond it a time is a slip of the pen.
_LONGEST = 1e6


def plural(number: int, word: str, words: str = "") -> str:
    """A number of things, in words.

    Examples
    --------
    >>> plural(1, "time"), plural(2, "time"), plural(2, "person", "people")
    ('1 time', '2 times', '2 people')
    """
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def read_numbers(values: Any, where: str, issues: list[Issue]) -> Numbers | None:
    """A row of finite numbers; None, and told, where it is none."""
    if values is None or isinstance(values, str | bytes | dict | set):
        issues.append(Issue(where, f"{values!r:.60} is no row of numbers", "Give a list of numbers."))
        return None
    try:
        given = list(values)
    except TypeError:
        issues.append(Issue(where, f"{values!r:.60} is no row of numbers", "Give a list of numbers."))
        return None
    if not given:
        issues.append(Issue(where, "there are no numbers", "Give at least one."))
        return None
    found = [_number(value) for value in given]
    wrong = [(k, value) for k, (value, number) in enumerate(zip(given, found, strict=True)) if number is None]
    for k, value in wrong[:5]:
        issues.append(Issue(f"{where}[{k}]", f"{value!r:.40} is not a finite number", "Correct it, or leave it out."))
    if len(wrong) > 5:
        issues.append(Issue(where, f"{len(wrong) - 5} more are no finite numbers", "Correct them."))
    return None if wrong else np.array(found, dtype=np.float64)


def _number(value: Any) -> float | None:
    if isinstance(value, str | bytes | bool | np.bool_ | complex):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if np.isfinite(number) else None


def read_whole(value: Any, where: str, least: int, most: int, issues: list[Issue]) -> int | None:
    """A whole number between two; None, and told, where it is none."""
    number = None if isinstance(value, str | bytes) else _number(value)
    if number is not None and number == round(number) and least <= number <= most:
        return int(value)
    what = f"{value!r:.40} is not a whole number from {least} to {most:,}"
    issues.append(Issue(where, what, f"Give one such as {min(max(least, 100), most)}."))
    return None


def check_readings(
    times: Numbers, survival: Numbers, precision: float, issues: list[Issue], remarks: list[str]
) -> None:
    """Whether numbers can be times and survivals of one curve, up to what readings may miss."""
    _check_scale(survival, precision, issues)
    last = float(np.max(times))
    noise = TIME_NOISE * last
    if last <= 0.0:
        mend = "Give the time of the curve's end as well."
        issues.append(Issue("times_months", f"no time is later than {last:g} months", mend))
        return
    if last > _LONGEST:
        issues.append(Issue("times_months", f"{last:g} months is no follow-up", "Give times in months."))
    early = float(np.min(times))
    if early < -noise:
        what = f"{early:g} months is negative, by more than a reading may miss ({noise:.2g})"
        issues.append(Issue("times_months", what, "Curves begin at 0: read the point again."))
    elif early < 0.0:
        remarks.append(f"A point was read at {early:g} months: it was taken to be at 0")
    back = np.maximum.accumulate(times) - times
    worst = int(np.argmax(back))
    if back[worst] > 2.0 * noise:
        what = f"{times[worst]:g} months stands after {times[:worst].max():g} months"
        issues.append(Issue(f"times_months[{worst}]", what, "Sort the points by time, each with its survival."))
    elif back[worst] > 0.0:
        remarks.append(
            f"Some points stand out of order, by {back[worst]:.2g} months at most: their times were evened out"
        )


def _check_scale(survival: Numbers, precision: float, issues: list[Issue]) -> None:
    highest, lowest = float(np.max(survival)), float(np.min(survival))
    if highest > 1.0 + precision:
        if highest <= 100.0 * (1.0 + precision):
            what, mend = f"{highest:g} looks like a percentage", "Give proportions: divide by 100."
        else:
            what, mend = f"{highest:g} is neither a proportion nor a percentage", "Give proportions from 0 to 1."
        issues.append(Issue("survival", what, mend))
    if lowest < -precision:
        issues.append(Issue("survival", f"{lowest:g} is negative", "Give proportions from 0 to 1."))
