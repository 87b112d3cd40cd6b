"""The tables of `tinycohort reproduce`, one row per fact, as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..estimates import estimate_rows
from ..posterior import Fit
from ..spec import ModelSpec
from .results import ModelResult, Results

__all__ = ["all_tables", "as_csv", "variant_rows"]

Row = dict[str, Any]

# Estimates are good to about four digits; eight keep them apart from rounding.
_DIGITS = 8
_NUMBERS = ("mean", "sd", "median", "lower", "upper")


def all_tables(results: Results) -> dict[str, list[Row]]:
    """Every table by its name; rows as dictionaries that share their keys."""
    return {
        "estimates": [row for each in _fits(results) for row in _estimates(each)],
        "variants": [row for result in results.models for row in variant_rows(result)],
        "cohorts": [row for each in _fits(results) for row in _cohorts(each)],
        "evidence_used": [row for each in _fits(results) for row in _used(each)],
        "evidence_left_out": [row for each in _fits(results) for row in _left_out(each, results)],
        "priors": [row for each in _fits(results) for row in _priors(each)],
        "moves": [row for result in results.models for row in _moves(result)],
        "engines": _engines(results),
        "diagnostics": [row for result in results.models for row in _diagnostics(result)],
    }


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV, floats with eight digits, nothing for what is absent."""
    text = io.StringIO(newline="")
    names = list(rows[0]) if rows else ["nothing"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)


@dataclass(frozen=True)
class _Fitted:
    """An exact fit of a model (`variant` is then empty) or of a variant."""

    name: str
    variant: str
    model: ModelSpec
    fit: Fit

    @property
    def keys(self) -> Row:
        return {"model": self.name, "variant": self.variant}


def _fits(results: Results) -> Iterator[_Fitted]:
    for result in results.models:
        for variant, model, fit in result.fits:
            yield _Fitted(result.model.name, variant, model, fit)


def _estimates(one: _Fitted) -> Iterator[Row]:
    for row in estimate_rows(one.fit):
        yield {**one.keys, "engine": one.fit.posterior.engine, **row}


def variant_rows(result: ModelResult) -> Iterator[Row]:
    """One row per variant and estimand, beside the model's own answer; cohorts are in a table of their own."""
    base = {_place(row): row for row in estimate_rows(result.fit) if row["target"] != "cohort"}
    yield from (_variant_row(result, "", result.model, result.fit, "", row, base) for row in base.values())
    for variant in result.variants:
        if variant.fit is None:
            row = {"name": None}
            yield _variant_row(result, variant.name, variant.model, None, variant.refusal, row, base)
            continue
        for row in estimate_rows(variant.fit):
            if row["target"] != "cohort":
                yield _variant_row(result, variant.name, variant.model, variant.fit, "", row, base)


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Which row of the estimates it is: an estimand may have one a group."""
    return row["name"], row.get("target"), row.get("label")


def _variant_row(
    result: ModelResult,
    variant: str,
    model: ModelSpec,
    fit: Fit | None,
    refusal: str,
    row: Mapping[str, Any],
    base: Mapping[tuple[Any, ...], Mapping[str, Any]],
) -> Row:
    values = {name: row.get(name) for name in ("target", "label", *_NUMBERS, "level", "probability", "overlap")}
    own = base.get(_place(row), {})
    changes = {
        f"{name}_change": values[name] - own[name] if values[name] is not None and own.get(name) is not None else None
        for name in ("median", "lower", "upper", "probability")
    }
    return {
        "model": result.model.name,
        "variant": variant,
        "why": model.why,
        "estimand": row["name"],
        **values,
        **changes,
        "cohorts": None if fit is None else fit.compiled.cohorts,
        "pooling": model.pooling.kind,
        "prior_mu": str(model.priors["mu"]) if "mu" in model.priors else None,
        "prior_tau": str(model.priors["tau"]) if "tau" in model.priors else None,
        "reportable": fit is not None and fit.reportable,
        "reasons": refusal or ("" if fit is None else "; ".join(fit.reasons)),
    }  # fmt: skip


def _cohorts(one: _Fitted) -> Iterator[Row]:
    summary, rows = one.fit.summary(), one.fit.compiled.rows
    scores = summary["elpd_loco"]["cohorts"] if summary["elpd_loco"] else [None] * len(rows)
    counts = ("events", "total", "control_events", "control_total", "percentage")
    for row, cohort, score in zip(rows, summary["cohorts"], scores, strict=True):
        yield {
            **one.keys,
            "cohort_id": row.cohort_id,
            "label": row.label,
            **{column: cohort.get(column) for column in (*counts, "estimate", "lower_given", "upper_given")},
            **{column: cohort[column] for column in (*_NUMBERS, "weight", "shrinkage", "exchangeable")},
            "level": summary["level"],
            "elpd_loco": score,
            "outcome_id": row.outcome_id,
        }


def _used(one: _Fitted) -> Iterator[Row]:
    for used in one.fit.evidence.numbers if one.fit.evidence is not None else ():
        outcome, source = used.outcome, used.source
        yield {
            **one.keys,
            "outcome_id": outcome.outcome_id,
            "cohort_id": used.cohort.cohort_id,
            "label": used.cohort.label,
            **{column: getattr(outcome, column) for column in ("measure", "events", "total", "value", "lower")},
            **{column: getattr(outcome, column) for column in ("upper", "level", "printed")},
            "derivation": used.said.derivation,
            "source_id": source.source_id,
            "origin": source.origin,
            "citation": source.citation,
            "doi": source.doi,
            "locator": outcome.locator,
            "checked_by": outcome.checked_by,
        }


def _left_out(one: _Fitted, results: Results) -> Iterator[Row]:
    for left in one.fit.evidence.left_out if one.fit.evidence is not None else ():
        outcome = results.evidence.outcomes[left.outcome_id]
        yield {
            **one.keys,
            "outcome_id": left.outcome_id,
            "cohort_id": left.cohort_id,
            "label": results.evidence.cohorts[left.cohort_id].label,
            "printed": outcome.printed,
            "reason": left.reason,
            "detail": left.detail,
            "source_id": outcome.source_id,
            "locator": outcome.locator,
        }


def _priors(one: _Fitted) -> Iterator[Row]:
    for parameter, prior in one.model.priors.items():
        # A Beta prior of a level is on the probability scale, and so is its range here.
        lower, median, upper = (float(x) for x in prior.quantile(np.array([0.025, 0.5, 0.975])))
        yield {
            **one.keys,
            "parameter": parameter,
            "prior": str(prior),
            "lower": lower,
            "median": median,
            "upper": upper,
            "why": one.model.whys[parameter],
        }


def _moves(result: ModelResult) -> Iterator[Row]:
    """What was varied, and how far that moves the answer."""
    for one in result.moves:
        yield {
            "model": result.model.name,
            "cause": one.cause,
            "name": one.name,
            "subject": one.subject,
            "cohorts": one.cohorts,
            "weight": one.weight,
            "target": one.after.target,
            "label": one.after.label,
            "median": one.after.median,
            "lower": one.after.lower,
            "upper": one.after.upper,
            "level": one.after.level,
            "moved": one.end,
            "size": one.size,
        }


def _engines(results: Results) -> list[Row]:
    limit = None if results.agreement is None else results.agreement.limit
    return [
        {**vars(one), "distance": one.distance, "limit": limit, "agrees": abs(one.distance) <= (limit or 0.0)}
        for one in (results.agreement.comparisons if results.agreement is not None else ())
    ]


def _diagnostics(result: ModelResult) -> Iterator[Row]:
    names = ("estimate_error", "log_marginal_likelihood_error", "r_hat", "ess_bulk", "ess_tail", "divergences", "draws")
    fits = [(variant, fit) for variant, _, fit in result.fits]
    if result.sampled is not None:
        fits.append(("", result.sampled))
    for variant, fit in fits:
        score = fit.summary()["elpd_loco"]
        yield {
            "model": result.model.name,
            "variant": variant,
            "engine": fit.posterior.engine,
            "reportable": fit.reportable,
            "reasons": "; ".join(fit.reasons),
            "cohorts": fit.compiled.cohorts,
            "log_marginal_likelihood": fit.posterior.log_marginal_likelihood if fit.reportable else None,
            "elpd_loco": score["total"] if score else None,
            **{name: fit.posterior.diagnostics.get(name) for name in names},
            "digest": fit.compiled.digest,
        }
