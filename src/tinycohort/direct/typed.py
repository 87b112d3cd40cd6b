"""What a caller typed, read as numbers: one issue for each that is none, and nothing is guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..issues import Issue

__all__ = [
    "MOST_MONTHS", "read_flag", "read_mapping", "read_months", "read_number", "read_pair", "read_sequence",
    "read_whole",
]  # fmt: skip

#: A hundred years: beyond, times are in days.
MOST_MONTHS = 1200.0
_DAYS = 30.4375
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]*)?) ?%")


def read_number(where: str, value: Any, issues: list[Issue], *, endless: bool = False) -> float | None:
    """A finite number, or an infinite one where it may be `endless`; None, and an issue, for anything else."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if number and (math.isfinite(value) or (endless and value == math.inf)):
        return float(value)
    share = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    mend = f"Write the proportion: {float(share[1]) / 100:g}." if share else "Give a number."
    issues.append(Issue(where, f"{value!r} is not a {'finite ' if number else ''}number", mend))
    return None


def read_months(where: str, value: Any, issues: list[Issue], *, endless: bool = False) -> float | None:
    """A number of months, which is not one of days; None for None."""
    if value is None:
        return None
    found = read_number(where, value, issues, endless=endless)
    if found is not None and MOST_MONTHS < found < math.inf:
        what = f"{found:g} months are more than a hundred years"
        issues.append(Issue(where, what, f"Give months: {found:g} days are {found / _DAYS:.1f}."))
        return None
    return found


def read_whole(where: str, value: Any, issues: list[Issue]) -> int | None:
    """A whole number; its size is not looked at."""
    found = read_number(where, value, issues)
    if found is None or found == int(found):
        return None if found is None else int(found)
    issues.append(Issue(where, f"{value!r} is not a whole number", "Give a whole number."))
    return None


def read_flag(where: str, value: Any, issues: list[Issue]) -> bool | None:
    """True or False, or 1 or 0."""
    if isinstance(value, bool | np.bool_ | int | float | np.integer | np.floating) and value in (0, 1):
        return bool(value)
    issues.append(Issue(where, f"{value!r} says neither yes nor no", "Write True or False, or 1 or 0."))
    return None


def read_pair(where: str, value: Any, issues: list[Issue], *, endless: bool = False) -> tuple[float, float] | None:
    """Two numbers."""
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != 2:
        issues.append(Issue(where, f"{value!r} is no pair of numbers", "Give two: (lower, upper)."))
        return None
    low, high = read_number(where, value[0], issues), read_number(where, value[1], issues, endless=endless)
    return None if low is None or high is None else (low, high)


def read_mapping(where: str, value: Any, issues: list[Issue]) -> dict[float, Any]:
    """What was printed by month: its keys as numbers; empty for None."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        what = f"{value!r} does not say what was printed when"
        issues.append(Issue(where, what, "Give a mapping from months to numbers, such as {12: 0.59}."))
        return {}
    months = [(read_months(f"{where}, its months", month, issues), printed) for month, printed in value.items()]
    if any(month is None for month in value):
        issues.append(Issue(f"{where}, its months", "None is not a number", "Give a number."))
    return {month: printed for month, printed in months if month is not None}


def read_sequence(where: str, values: Any, issues: list[Issue]) -> Sequence[Any]:
    """A list of whatever; one value is none."""
    if isinstance(values, str) or not hasattr(values, "__len__") or not hasattr(values, "__iter__"):
        issues.append(Issue(where, f"{values!r} is no list", "Give a list, one value for each patient."))
        return []
    return list(values)
