"""The caller's columns: which there are, of what shape, and whether they can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from ..pooling import Pooling
from .shapes import COUNTS, ESTIMATES, PERCENTAGES, SHAPES, TWO_ARMS, Shape

__all__ = ["as_sequence", "find_shape", "gather", "read_column", "read_groups", "read_labels"]

_COLUMNS = tuple(dict.fromkeys(name for shape in SHAPES for name in shape.columns))
_PERCENTAGE = re.compile(r"[0-9]+(\.[0-9]+)?")


def as_sequence(values: Any) -> list[Any]:
    """One number is one cohort; text is not a sequence of letters."""
    several = hasattr(values, "__iter__") and not isinstance(values, str) and getattr(values, "ndim", 1) > 0
    return list(values) if several else [values]


def gather(data: Any, **sequences: Any) -> dict[str, Any]:
    """The columns given, from `data` or one by one."""
    given = {name: value for name, value in sequences.items() if value is not None}
    if data is None:
        return given
    if given:
        what = f"{', '.join(given)} beside data"
        raise InputError(Issue("pool", what, "Give the numbers once: in data, or one by one."))
    names = getattr(data, "columns", data)
    if isinstance(data, str) or not hasattr(names, "__iter__") or not hasattr(data, "__getitem__"):
        mend = "Give a DataFrame or a mapping of columns; read a file first, or use the command line."
        raise InputError(Issue("data", f"{data!r} is not a table", mend))
    known = (*_COLUMNS, "label", "group", "level")
    return {name: list(data[name]) for name in known if name in names}


def find_shape(columns: Mapping[str, Any], data: Any) -> Shape:
    """Which shape the columns are of; an error when they are of none, or of several."""
    there = {name for name in _COLUMNS if name in columns}
    wanted = f"Give {'; or '.join(shape.wanted for shape in SHAPES)}."
    if not there:
        raise InputError(Issue("pool", "neither counts nor estimates", wanted))
    single = there & set(COUNTS.columns)
    controls = there & (set(TWO_ARMS.columns) - set(COUNTS.columns))
    if there & set(ESTIMATES.columns) and there - set(ESTIMATES.columns):
        raise InputError(Issue("pool", "counts and estimates together", wanted))
    if "percentage" in there and ("events" in single or controls):
        raise InputError(Issue("pool", "counts and percentages together", wanted))
    shape = COUNTS if single else ESTIMATES
    shape = PERCENTAGES if "percentage" in there else TWO_ARMS if controls else shape
    missing = [name if data is not None else argument for name, argument in shape.columns.items() if name not in there]
    if missing:
        raise InputError(Issue("pool", f"{', '.join(missing)} missing", wanted))
    return shape


def read_column(name: str, values: Any, size: int, shape: Shape, issues: list[Issue]) -> dict[str, Any]:
    """A column as numbers, a percentage with its decimals; whatever cannot be read is reported and becomes nan."""
    if name == "level":
        values = [values] * size if np.ndim(values) == 0 else list(values)
    if len(values) != size:
        what = f"{len(values)} values for {size} cohorts"
        issues.append(Issue(name, what, "Give one for each cohort."))
    if name not in shape.texts:
        return {name: _numbers(name, values, issues)}
    printed = [_printed(f"{name}, cohort {j + 1}", value, issues) for j, value in enumerate(values)]
    numbers, decimals = np.array(printed, float).reshape(-1, 2).T
    return {name: numbers, "decimals": decimals}


def _printed(where: str, value: Any, issues: list[Issue]) -> tuple[float, float]:
    """A percentage and the number of its decimals, from text as it was printed, or from a whole number."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
    text = str(value).strip().removesuffix("%").strip() if whole or isinstance(value, str) else ""
    if _PERCENTAGE.fullmatch(text):
        return float(text), float(len(text.partition(".")[2]))
    if isinstance(value, float | np.floating) and np.isfinite(value):
        what = f"{float(value)!r} has lost the digits that it was printed with"
        issues.append(Issue(where, what, f'Give it as text, as it was printed, such as "{value:g}".'))
    else:
        issues.append(Issue(where, f"{value!r} is not a percentage", 'Give it as it was printed, such as "26.3".'))
    return np.nan, np.nan


def _numbers(name: str, values: Any, issues: list[Issue]) -> Any:
    found = np.full(len(values), np.nan)
    for j, value in enumerate(values):
        try:
            if isinstance(value, str | bytes | bool | np.bool_ | list | tuple | np.ndarray):
                raise TypeError
            found[j] = float(value)
        except (TypeError, ValueError):
            issues.append(Issue(f"{name}, cohort {j + 1}", f"{value!r} is not a number", "Give a number."))
            continue
        if not np.isfinite(found[j]):
            issues.append(Issue(f"{name}, cohort {j + 1}", f"{value!r} is not a finite number", "Give a number."))
    return found


def read_labels(labels: Any, size: int, issues: list[Issue]) -> tuple[str, ...]:
    """The cohorts' names; numbered where there are none."""
    if labels is None:
        return tuple(f"cohort {j + 1}" for j in range(size))
    found = tuple("" if label is None or label != label else str(label).strip() for label in labels)
    if len(found) != size:
        issues.append(Issue("labels", f"{len(found)} labels for {size} cohorts", "Give one for each cohort."))
    issues += [
        Issue(f"labels, cohort {j + 1}", "the label is empty", "Give each cohort a name.")
        for j, label in enumerate(found)
        if not label
    ]
    return found


def read_groups(groups: Any, size: int, pooling: Pooling, issues: list[Issue]) -> tuple[str, ...]:
    """The group of each cohort, empty where the pooling knows none."""
    if not pooling.grouped:
        if groups is not None:
            what = f"pooling {pooling.name!r} knows no groups"
            issues.append(Issue("groups", what, "Leave them out, or pool with pooling='nested'."))
        return ("",) * size
    if groups is None:
        what = f"missing, and pooling {pooling.name!r} needs them"
        issues.append(Issue("groups", what, "Say for each cohort which group it belongs to."))
        return ("",) * size
    found = tuple("" if group is None or group != group else str(group).strip() for group in groups)
    if len(found) != size:
        issues.append(Issue("groups", f"{len(found)} groups for {size} cohorts", "Give one for each cohort."))
    mend = "Give every cohort a group; one that stands alone has a group of its own."
    issues += [Issue(f"groups, cohort {j + 1}", "the group is empty", mend) for j, g in enumerate(found) if not g]
    return found
