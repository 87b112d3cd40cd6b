"""The rows of the file of `tinycohort pool`: cells as numbers, and whether they fit together."""

from __future__ import annotations

import re
from typing import Any

from ..issues import Issue

__all__ = [
    "COUNTS", "ESTIMATES", "GROUP", "LARGEST_COUNT", "LARGEST_NUMBER", "PERCENTAGES", "TWO_ARMS", "check_label",
    "check_level", "check_together", "number_problem", "read_row",
]  # fmt: skip

COUNTS = ("label", "events", "total")
PERCENTAGES = ("label", "percentage", "total")
TWO_ARMS = ("label", "events", "total", "control_events", "control_total")
ESTIMATES = ("label", "estimate", "lower", "upper", "level")
GROUP = "group"

#: No cohort is larger; up to it the engine has been tried.
LARGEST_COUNT = 1_000_000_000
#: Beyond it estimates are slips of the pen, or in an unsuitable unit.
LARGEST_NUMBER = 1e9

_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_PERCENTAGE = re.compile(r"[0-9]+(\.[0-9]+)?")
_LONGEST_PERCENTAGE = 12


def check_level(level: float, where: str) -> list[Issue]:
    """Whether a level of intervals is a probability."""
    if 0.0 < level < 1.0:
        return []
    hint = f"{level / 100:g}" if 1.0 < level < 100.0 else "0.95"
    return [Issue(where, f"{level:g} is not between 0 and 1", f"Give a probability, such as {hint}.")]


def read_row(cells: dict[str, str], names: tuple[str, ...], where: str, issues: list[Issue]) -> dict[str, Any]:
    """The cells of a row as numbers; what could not be read is None, and is told."""
    values: dict[str, Any] = {"label": cells["label"].strip()}
    value: Any
    for name in names[1:]:
        if name not in cells:
            continue
        text = cells[name].strip()
        if name == "percentage":  # its digits say how it was rounded
            text = text.removesuffix("%").strip()
            problem, value = _percentage_problem(text), text
        elif name == GROUP:
            problem, value = _group_problem(text), text
        elif name in TWO_ARMS:
            problem = _whole_problem(text)
            value = None if problem else int(text)
        else:
            problem = number_problem(text)
            value = None if problem else float(text)
        values[name] = None if problem else value
        if problem:
            issues.append(Issue(f"{where}, {name}", *problem))
    return values


def _whole_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with a count, and how to mend it."""
    mend = "Give a whole number, such as 7."
    if not text:
        return "the cell is empty", mend
    if not _WHOLE.fullmatch(text):
        if _NUMBER.fullmatch(text) and float(text).is_integer():
            mend = f"Write {float(text):.0f}."
        return f"{text!r} is not a whole number", mend
    # Length first: Python refuses to read thousands of digits.
    if len(text.lstrip("+-0")) > len(str(LARGEST_COUNT)) or abs(int(text)) > LARGEST_COUNT:
        return f"{text[:20]!r} is more than {LARGEST_COUNT:,} people", "Correct it."
    if int(text) < 0:
        return f"{text!r} is negative", mend
    return None


def number_problem(text: str) -> tuple[str, str] | None:
    """What is wrong with a number, and how to mend it."""
    mend = "Give a number, such as 0.7."
    if not text:
        return "the cell is empty", mend
    if not _NUMBER.fullmatch(text):
        if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
            mend = f"Write {text.replace(',', '.')}."
        return f"{text!r} is not a number", mend
    if abs(float(text)) > LARGEST_NUMBER:
        return f"{text!r} is beyond {LARGEST_NUMBER:,.0f}", "Correct it, or give the estimates in a larger unit."
    return None


def _group_problem(text: str) -> tuple[str, str] | None:
    if not text:
        return "the cell is empty", "Give every cohort a group; one that stands alone has a group of its own."
    return None if text.isprintable() else (f"{text!r} has a line break or a control character", "Remove it.")


def _percentage_problem(text: str) -> tuple[str, str] | None:
    mend = "Give it as it was printed, such as 26.3."
    if not text:
        return "the cell is empty", mend
    if not _PERCENTAGE.fullmatch(text):
        if re.fullmatch(r"[0-9]+,[0-9]+", text):
            mend = f"Write {text.replace(',', '.')}."
        return f"{text!r} is not a percentage", mend
    if len(text) > _LONGEST_PERCENTAGE or float(text) > 100.0:
        return f"{text[:20]!r} is no percentage of people", "Correct it."
    return None


def check_label(label: str, row: int, first_use: dict[str, int], where: str, issues: list[Issue]) -> None:
    """Whether a label is one, and is new; `first_use` remembers in which row each stood first."""
    where = f"{where}, label"
    if not label:
        issues.append(Issue(where, "the label is empty", "Give each cohort a name."))
    elif not label.isprintable():
        issues.append(Issue(where, f"{label!r} has a line break or a control character", "Remove it."))
    elif label in first_use:
        what = f"{label!r} is the label of row {first_use[label]} already"
        issues.append(Issue(where, what, "Give each cohort a name of its own."))
    first_use.setdefault(label, row)


def check_together(values: dict[str, Any], where: str, ratio: bool, issues: list[Issue]) -> None:
    """Whether the numbers of a row fit together."""
    if None in values.values():
        return
    if "estimate" not in values:
        for counted, among in (("events", "total"), ("control_events", "control_total")):
            if among in values:
                _check_counts(values, counted, among, where, issues)
        return
    estimate, lower, upper = values["estimate"], values["lower"], values["upper"]
    if ratio and min(estimate, lower) <= 0:
        what = f"ratio {estimate:g} ({lower:g} to {upper:g}) is not positive"
        issues.append(Issue(f"{where}, estimate", what, "Give ratios as they are, not their logarithms."))
    elif not lower < estimate < upper:
        what = f"{estimate:g} is not inside its interval {lower:g} to {upper:g}"
        issues.append(Issue(f"{where}, estimate", what, "Correct one of the three."))
    issues += check_level(values["level"], f"{where}, level")


def _check_counts(values: dict[str, Any], counted: str, among: str, where: str, issues: list[Issue]) -> None:
    total, events = values[among], values.get(counted)
    if total == 0:
        said = f"{values['percentage']}%" if events is None else f"{events}"
        mend = "An empty cohort says nothing; leave it out."
        issues.append(Issue(f"{where}, {among}", f"{said} of 0: nobody was observed", mend))
    elif events is not None and events > total:
        issues.append(Issue(f"{where}, {counted}", f"{events} events among {total} people", "Correct one of the two."))
