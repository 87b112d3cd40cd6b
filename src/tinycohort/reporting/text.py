"""A fit as lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..estimates import estimate_rows
from ..posterior import Fit, Interval
from .words import about_tau, diagnosis, in_words, plain, sentence, target_in_words

__all__ = ["fit_lines", "table_lines"]

_LABEL = 36
_GIVEN = (
    "kind", "events", "total", "control_events", "control_total", "percentage", "estimate", "lower_given",
    "upper_given",
)  # fmt: skip


def fit_lines(fit: Fit, level: float | None = None, interval: Interval = "equal-tailed") -> list[str]:
    """What a fit says: its assumptions first, then estimates, cohorts and diagnostics.

    Parameters
    ----------
    fit : Fit
        Any fit; of one that may not be reported only the reasons are told.
    level : float, optional
        Of the credible intervals; each estimand's own when not given (0.95 for numbers typed in).
    interval : {"equal-tailed", "shortest"}
        Which interval.

    Returns
    -------
    list of str
    """
    compiled = fit.compiled
    summary = fit.summary(0.95 if level is None else level, interval)
    cohorts = f"{compiled.cohorts} cohort{'' if compiled.cohorts == 1 else 's'}"
    lines = [f"{plain(compiled.name)}: {cohorts}; {compiled.pooling.formula}; {summary['engine']} engine"]
    lines += [plain(fit.model.question)] if fit.model is not None else []
    lines += [f"Prior of {name}: {text}" for name, text in summary["priors"].items()]
    if not fit.reportable:
        return [*lines, "", diagnosis(fit)]
    kind = {"equal-tailed": "Equal-tailed", "shortest": "Shortest"}[interval]
    lines += ["", f"{kind} credible intervals; a {summary['scale']} unless said otherwise", ""]
    lines += _estimates(fit, summary, level, interval)
    lines += ["", *_cohorts(summary), *(plain(remark) + "." for remark in compiled.remarks), ""]
    lines += filter(None, [sentence(about_tau(fit, name)) for name in ("tau", "tau_group")])
    return [*lines, *_scores(summary), diagnosis(fit)]


def _estimates(fit: Fit, summary: dict[str, Any], level: float | None, interval: Interval) -> list[str]:
    rows = [row for row in estimate_rows(fit, level, interval) if row["target"] != "cohort"]
    cells = [
        (
            plain(row["name"] if fit.model is not None else target_in_words(row)),
            _what(row) if fit.model is not None else "",
            *_values(row),
            f"{row['level']:.12g}" if row["probability"] is None else "",
        )
        for row in rows
        if row["probability"] is not None or row["median"] is not None
    ]
    if summary["mu"] is not None:
        shown = f"{summary['level']:.12g}"
        cells.append(("mu", f"on the {fit.compiled.family.model_scale} scale", *_interval(summary["mu"]), shown))
    return table_lines(("", "", "median", "lower", "upper", "level"), cells) if cells else []


def _what(row: dict[str, Any]) -> str:
    target = target_in_words(row)
    if row["functional"] == "probability_above":
        return f"P({target} > {row['threshold']:g})"
    if row["functional"] == "probability_below":
        return f"P({target} < {row['threshold']:g})"
    if row["functional"] == "predicted_events":
        return f"of {row['patients']} new patients, {target}"
    if row["baseline"] is not None:
        return f"{in_words(row['functional'])} at {row['baseline']:g}, {target}"
    return target


def _values(row: dict[str, Any]) -> list[str]:
    if row["probability"] is not None:
        return [f"{row['probability']:.3f}", "", ""]
    if row["functional"] == "predicted_events":
        return [f"{row[name]:.0f}" for name in ("median", "lower", "upper")]
    return _interval(row)


def _interval(row: dict[str, Any]) -> list[str]:
    return [_number(row[name]) for name in ("median", "lower", "upper")]


def _cohorts(summary: dict[str, Any]) -> list[str]:
    given = [name for name in _GIVEN if name in summary["cohorts"][0]]
    mixed = any(cohort["exchangeable"] is not None for cohort in summary["cohorts"])
    cells = [
        (
            plain(cohort["label"]),
            *(_as_given(cohort[name]) for name in given),
            *_interval(cohort),
            _number(cohort["weight"]),
            _number(cohort["shrinkage"]),
            *([_number(cohort["exchangeable"])] if mixed else []),
        )
        for cohort in summary["cohorts"]
    ]
    header = ("cohort", *(name.replace("_", " ") for name in given), "median", "lower", "upper", "weight", "shrinkage")
    header = (*header, "exchangeable") if mixed else header
    return table_lines(header, cells)


def _as_given(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def _scores(summary: dict[str, Any]) -> list[str]:
    parts = []
    if summary["log_marginal_likelihood"] is not None:
        parts.append(f"Log marginal likelihood {summary['log_marginal_likelihood']:.3f}")
    if summary["elpd_loco"] is not None:
        score = summary["elpd_loco"]
        error = f" (standard error {score['se']:.2f})" if score["se"] is not None else ""
        parts.append(f"leaving out each cohort in turn, its log predictive density sums to {score['total']:.3f}{error}")
    return [f"{'; '.join(parts)}."] if parts else []


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def table_lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of text: the first to the left, cut where it is very long, the others to the right.

    Examples
    --------
    >>> table_lines(("cohort", "events"), [("Lin 2022", "1")])
    ['  cohort    events', '  Lin 2022       1']
    """
    cut = [(row[0] if len(row[0]) <= _LABEL else f"{row[0][: _LABEL - 1]}…", *row[1:]) for row in [header, *rows]]
    widths = [max(len(row[k]) for row in cut) for k in range(len(header))]
    lines = []
    for first, *others in cut:
        numbers = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
        lines.append("  " + "  ".join([first.ljust(widths[0]), *numbers]).rstrip())
    return lines
