"""The rows of a forest plot: what each cohort reported alone, and what it is estimated to be given all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from ..compiled import CompiledModel
from ..issues import InputError, Issue
from ..likelihoods import SurvivalReports
from ..likelihoods.survival import Report
from ..posterior import Fit, require_reportable
from .scales import Scale

if TYPE_CHECKING:
    import pandas

__all__ = [
    "ORDERS",
    "REPORTED",
    "exact_interval",
    "forest_rows",
    "forest_table",
    "in_order",
    "reported_header",
    "reported_rows",
    "reported_text",
]

ORDERS = ("given", "median", "size")
# What stands below the cohorts; where they are in groups, a cohort is new together with its group.
_OVERALL = {False: ("Typical cohort", "New cohort"), True: ("Typical of all groups", "New cohort in a new group")}
_ESTIMATE = ("median", "lower", "upper")
_ARMS = ("events", "total", "control_events", "control_total")
REPORTED = (*_ARMS, "raw", "raw_lower", "raw_upper", "raw_level")
_COLUMNS = ("row", "label", "group", *REPORTED, *_ESTIMATE, "level", "weight", "shrinkage", "outcome_id")


def exact_interval(events: Any, total: Any, level: float) -> tuple[Any, Any]:
    """Confidence interval of a share that covers at least `level`, whatever the share is.

    Each limit is the share at which the count, or one further out, has probability (1 - level) / 2. Clopper and Pearson
    1934, doi:10.1093/biomet/26.4.404.

    Parameters
    ----------
    events, total : array_like of int
        Counts; they broadcast.
    level : float
        Confidence level.

    Returns
    -------
    lower, upper : array

    Examples
    --------
    >>> lower, upper = exact_interval(0, 3, 0.95)
    >>> print(f"{lower:.3f} to {upper:.3f}")
    0.000 to 0.708
    """
    events, total, tail = np.asarray(events, float), np.asarray(total, float), 0.5 * (1.0 - level)
    # A beta distribution needs two positive parameters; at the ends the limit is known.
    lower = special.betaincinv(np.maximum(events, 1.0), total - np.maximum(events, 1.0) + 1.0, tail)
    upper = special.betaincinv(np.minimum(events, total - 1.0) + 1.0, np.maximum(total - events, 1.0), 1.0 - tail)
    return np.where(events == 0, 0.0, lower)[()], np.where(events == total, 1.0, upper)[()]


def forest_rows(fit: Fit, level: float = 0.95, order: str | Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The rows of `forest_table` as dictionaries."""
    require_reportable(fit)
    summary, compiled = fit.summary(level), fit.compiled
    alone, cohorts = reported_rows(compiled, level), summary["cohorts"]
    rows = [
        {
            "row": "cohort",
            "label": compiled.labels[j],
            "group": compiled.rows[j].group or None,
            **alone[j],
            **{name: cohorts[j][name] for name in (*_ESTIMATE, "weight", "shrinkage")},
            "outcome_id": compiled.rows[j].outcome_id or None,
        }
        for j in in_order(compiled, [cohort["median"] for cohort in cohorts], order)
    ]
    if summary["groups"]:
        rows = _by_group(rows, summary["groups"])
    for target, label in zip(("typical", "new_cohort"), _OVERALL[bool(summary["groups"])], strict=True):
        if summary[target] is not None:
            rows.append({"row": target, "label": label, **{name: summary[target][name] for name in _ESTIMATE}})
    return [{**dict.fromkeys(_COLUMNS), **row, "level": summary["level"]} for row in rows]


def _by_group(rows: list[dict[str, Any]], groups: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each group's cohorts below what is typical of it; groups in the order in which their first cohorts stand."""
    found = []
    for name in dict.fromkeys(row["group"] for row in rows):
        typical = next(group["typical"] for group in groups if group["label"] == name)
        found.append({"row": "group", "label": name, "group": name, **{part: typical[part] for part in _ESTIMATE}})
        found += [row for row in rows if row["group"] == name]
    return found


def forest_table(fit: Fit, level: float = 0.95, order: str | Sequence[str] | None = None) -> pandas.DataFrame:
    """What a forest plot shows, as numbers.

    Parameters
    ----------
    fit : Fit
        A fit that may be reported.
    level : float
        Of the credible intervals, and of the exact intervals of counts.
    order : {"given", "median", "size"} or sequence of str, optional
        Order of the cohorts: as in the data (when not given), by their estimate, the most informative first, or every
        label once.

    Returns
    -------
    pandas.DataFrame
        One row per cohort, then typical and new cohort where the pooling has them; cohorts in groups stand below a row
        of what is typical of their group. Columns row, label, group, events, total, control_events, control_total, raw,
        raw_lower, raw_upper, raw_level (what the cohort reported: with counts the share and its exact interval,
        otherwise the interval that was given), median, lower, upper, level (the posterior), weight, shrinkage,
        outcome_id; all on the natural scale (a probability, a ratio, a difference). What a row does not have is
        missing.

    Raises
    ------
    InputError
        A fit that may not be reported, a level outside (0, 1), or an order that is not one.

    Examples
    --------
    >>> import tinycohort as tc
    >>> table = tc.plots.forest_table(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> print(table[["label", "raw", "median"]].round(2).to_string(index=False))
             label  raw  median
          cohort 1 0.12    0.21
          cohort 2 0.26    0.23
          cohort 3 0.20    0.21
    Typical cohort  NaN    0.22
        New cohort  NaN    0.22
    """
    import pandas

    return pandas.DataFrame(forest_rows(fit, level, order)).astype(dict.fromkeys(_ARMS, "Int64"))


def reported_rows(compiled: CompiledModel, level: float) -> list[dict[str, Any]]:
    """What each cohort reported by itself, on the natural scale: events, total, raw, raw_lower, raw_upper, raw_level.

    What its kind of number does not have is None.
    """
    columns = _reported(compiled, level)
    return [
        dict.fromkeys(REPORTED)
        | {name: None if np.isnan(column[j]) else float(column[j]) for name, column in columns.items()}
        for j in range(compiled.cohorts)
    ]


def reported_header(rows: list[dict[str, Any]]) -> str:
    """What the column of what cohorts reported is called; empty where there is none."""
    if any(row["control_total"] is not None for row in rows):
        return "Events/total, both arms"
    if any(row["events"] is not None for row in rows):
        return "Events/total"
    return "As reported" if any(row["raw"] is not None for row in rows) else ""


def reported_text(row: dict[str, Any], scale: Scale) -> str:
    """What a cohort reported: its counts, or its estimate with the interval."""
    if row["control_total"] is not None:
        return f"{row['events']:.0f}/{row['total']:.0f}, {row['control_events']:.0f}/{row['control_total']:.0f}"
    if row["raw"] is None:
        return ""
    if row["events"] is not None:
        return f"{row['events']:.0f}/{row['total']:.0f}"
    if row["raw_lower"] is None:
        return scale.text(row["raw"])
    return f"{scale.text(row['raw'])} {scale.interval(row['raw_lower'], row['raw_upper'])}"


def _reported(compiled: CompiledModel, level: float) -> dict[str, Any]:
    """The columns that there are."""
    data = compiled.data
    if isinstance(compiled.likelihood, SurvivalReports):
        return _medians_reported(compiled.likelihood.reports_of(data))
    if set(compiled.likelihood.columns) == {"events", "total"}:
        lower, upper = exact_interval(data["events"], data["total"], level)
        levels = np.full(compiled.cohorts, level)
        raw = {"events": data["events"], "total": data["total"], "raw": data["events"] / data["total"]}
        return {**raw, "raw_lower": lower, "raw_upper": upper, "raw_level": levels}
    if set(compiled.likelihood.columns) != {"estimate", "standard_error"}:
        return _by_its_likelihood(compiled, level)
    family, given = compiled.family, compiled.given
    raw = {"raw": family.natural(data["estimate"])}
    if {"lower_given", "upper_given"} <= set(given):
        raw |= {"raw_lower": np.asarray(given["lower_given"]), "raw_upper": np.asarray(given["upper_given"])}
    else:
        half_width = special.ndtri(0.5 * (1.0 + level)) * data["standard_error"]
        ends = data["estimate"] - half_width, data["estimate"] + half_width
        raw |= {name: family.natural(end) for name, end in zip(("raw_lower", "raw_upper"), ends, strict=True)}
    return raw | {"raw_level": _level_of(compiled, raw["raw_lower"], raw["raw_upper"])}


def _medians_reported(reports: Sequence[Report]) -> dict[str, Any]:
    """Medians of survival with their intervals, where printed; an upper limit that was not reached is infinite."""
    columns = {name: np.full(len(reports), np.nan) for name in ("raw", "raw_lower", "raw_upper")}
    for j, report in enumerate(reports):
        for point in report.points:
            if not point.is_median:
                continue
            columns["raw"][j] = point.time_months
            if point.lower is not None or point.upper is not None:
                columns["raw_lower"][j] = 0.0 if point.lower is None else point.lower
                columns["raw_upper"][j] = math.inf if point.upper is None else point.upper
    return columns


def _by_its_likelihood(compiled: CompiledModel, level: float) -> dict[str, Any]:
    """The same as the kinds themselves say it; nothing where a limit lies at an end that has no place on the scale."""
    found = [compiled.family.natural(theta) for theta in compiled.likelihood.alone(compiled.data, level)]
    if compiled.family.model_scale != "logit":
        shown = np.isfinite(np.stack(found)).all(axis=0) & (found[1] > 0.0)
        found = [np.where(shown, values, np.nan) for values in found]
    raw = {"raw": found[0], "raw_lower": found[1], "raw_upper": found[2], "raw_level": np.full(len(found[0]), level)}
    for part in compiled.parts:
        for name, values in part.kind.shown(part.data).items():
            if name in _ARMS:
                raw.setdefault(name, np.full(len(found[0]), np.nan))[part.cohorts] = values
    if not {"lower_given", "upper_given"} <= set(compiled.given):
        return raw
    # Where an interval was printed it is shown, at its own level.
    lower, upper = (np.asarray(compiled.given[name]) for name in ("lower_given", "upper_given"))
    printed = {"raw": np.asarray(compiled.given["estimate"]), "raw_lower": lower, "raw_upper": upper}
    printed["raw_level"] = _level_of(compiled, lower, upper)
    return raw | {name: np.where(np.isfinite(value), value, raw[name]) for name, value in printed.items()}


def _level_of(compiled: CompiledModel, lower: Any, upper: Any) -> Any:
    """The level of normal intervals, which the standard errors that were read from them still tell."""
    half_width = 0.5 * (compiled.family.theta(upper) - compiled.family.theta(lower))
    return np.round(special.erf(half_width / compiled.data["standard_error"] / np.sqrt(2.0)), 9)


def _sizes(compiled: CompiledModel) -> Sequence[float]:
    """How much each cohort says: its people, or how precise its estimate is."""
    data, likelihood = compiled.data, compiled.likelihood
    if isinstance(likelihood, SurvivalReports):
        return [report.people or 0.0 for report in likelihood.reports_of(data)]
    people = "total" in data and compiled.family.quantity == "probability"
    return data["total"] if people else -likelihood.locate(data)[1]


def in_order(compiled: CompiledModel, medians: Sequence[float], order: str | Sequence[str] | None) -> Sequence[int]:
    """Positions of the cohorts, first to last; `medians` are what order "median" goes by.

    Raises
    ------
    InputError
        An order that is not one.
    """
    labels = compiled.labels
    if order is None or order == "given":
        return range(len(labels))
    if order == "median":
        return sorted(range(len(labels)), key=lambda j: medians[j])
    if order == "size":
        size = _sizes(compiled)
        return sorted(range(len(labels)), key=lambda j: -size[j])
    if isinstance(order, str):
        mend = f"Choose one of {', '.join(ORDERS)}, or give the labels."
        raise InputError(Issue("order", f"unknown order {order!r}", mend))
    wanted = list(order)
    issues = [
        Issue("order", f"{label!r} is no label of a cohort", f"The labels are {', '.join(map(repr, labels))}.")
        for label in wanted
        if label not in labels
    ]
    issues += [
        Issue("order", f"{label!r} stands there {wanted.count(label)} times", "Give every label once.")
        for label in labels
        if wanted.count(label) != 1
    ]
    if issues:
        raise InputError(issues)
    return [labels.index(label) for label in wanted]
