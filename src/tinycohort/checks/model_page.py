"""A model before it is fitted: who may speak, what it would use, what it leaves out and why, what its priors expect."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..compiled import CompiledModel, compile_model, select
from ..evidence import Evidence, Selection, Used
from ..records import Cohort, Discrepancy, Outcome
from ..records.cells import write_cell
from ..spec import ModelSpec
from ..spec.display import describe_estimand, describe_pooling, describe_selection, describe_variant
from .expected import prior_predictive
from .layout import Row, Section, Shown
from .left_out import left_out_sections
from .wording import contradiction_text, count, quoted, read_as, short_contradiction

__all__ = ["show_model"]


def show_model(model: ModelSpec, evidence: Evidence) -> Shown:
    """A model and the evidence it selects."""
    compiled, selection = compile_model(model, evidence), select(model, evidence)
    expected = prior_predictive(compiled)
    priors = [(name, f"{prior}. {model.whys[name]}") for name, prior in model.priors.items()]
    sections = (
        Section(f"{model.name}: {model.title}", _asks(model), level=0, beside=True),
        Section("who may speak", _labelled(describe_selection(model.evidence)), beside=True),
        *_decided(model, evidence),
        Section(f"would use {count(len(selection.numbers), 'number')}", _used(model, selection, evidence)),
        Section("how it reads them", _mathematics(model, compiled), beside=True),
        Section("priors", _labelled(priors), beside=True),
        Section("expects, from the priors alone", _expected(expected, compiled)),
        Section("answers", [_named(describe_estimand(estimand)) for estimand in model.estimands], beside=True),
        *_variants(model),
        *left_out_sections(selection, evidence),
    )
    return Shown(sections, _content(model, evidence, selection, expected))


def _content(model: ModelSpec, evidence: Evidence, selection: Selection, expected: dict[str, Any]) -> dict[str, Any]:
    written = model.to_dict()
    return {
        "name": model.name,
        "title": model.title,
        "question": model.question,
        "why": model.why,
        "changes": _changes(model),
        "digest": model.digest,
        "evidence": written["evidence"],
        "quantity": written["quantity"],
        "likelihood": written["likelihood"],
        "pooling": written["pooling"],
        "estimands": written["estimand"],
        "variants": list(model.variants),
        "decided": [
            dataclasses.asdict(evidence.discrepancies[name])
            for name, side in model.evidence.decisions.items()
            if side == "other"
        ],
        "used": [_used_content(one, _doubts(one, model, evidence)) for one in selection.numbers],
        "left_out": [dataclasses.asdict(one) for one in selection.left_out],
        "priors": {name: {"prior": str(prior), "why": model.whys[name]} for name, prior in model.priors.items()},
        "prior_predictive": expected,
    }


_OF_NUMBER = (
    "outcome_id", "cohort_id", "events", "total", "value", "lower", "upper", "level", "denominator", "criteria",
    "printed", "derivation", "source_id", "locator",
)  # fmt: skip
_OF_COHORT = ("design", "tumour", "clock")


def _used_content(one: Used, doubts: Iterable[tuple[Discrepancy, str]]) -> dict[str, Any]:
    return {
        "label": one.cohort.label,
        **{name: getattr(one.outcome, name) for name in _OF_NUMBER},
        **{name: getattr(one.cohort, name) for name in _OF_COHORT},
        "derivation": one.said.derivation,
        "read_as": read_as(one.outcome),
        "origin": one.source.origin,
        "contradictions": [row.discrepancy_id for row, _ in doubts],
    }


# -- what it is --


def _asks(model: ModelSpec) -> list[Row]:
    rows = [("asks", model.question), ("why", model.why), ("changes", _changes(model))]
    return _labelled((label, text) for label, text in rows if text)


def _labelled(rows: Iterable[tuple[str, str]]) -> list[Row]:
    return [Row(text, (label,)) for label, text in rows]


def _changes(model: ModelSpec) -> str:
    """What a variant changes in its model; empty for a model that is none."""
    if model.base is None:
        return ""
    name = model.name.removeprefix(f"{model.base.name}:")
    rule = next(rule for rule in model.base.variant_rules if rule.name == name)
    return describe_variant(rule).removeprefix(f"{name}: ").removesuffix(f". {rule.why}")


def _decided(model: ModelSpec, evidence: Evidence) -> list[Section]:
    """The contradictions of which the model takes the other side."""
    rows = [
        Row(contradiction_text(evidence.discrepancies[name]), (evidence.discrepancies[name].row_id,))
        for name, side in model.evidence.decisions.items()
        if side == "other"
    ]
    return [Section("contradictions of which it takes the other side", rows)] if rows else []


def _mathematics(model: ModelSpec, compiled: CompiledModel) -> list[Row]:
    family = compiled.family
    scale = "itself" if family.model_scale == "identity" else f"on the {family.model_scale} scale"
    rows = [
        ("quantity", f"{model.quantity.family}: theta is the {family.quantity} {scale}"),
        ("likelihood", ", ".join(choice.kind for choice in model.likelihood)),
        ("pooling", describe_pooling(model.pooling)),
        *(("note", f"{remark}.") for remark in compiled.pooling.remarks(compiled.rows)),
        ("digest", model.digest[:12]),
    ]
    return _labelled(rows)


def _variants(model: ModelSpec) -> list[Section]:
    rows = [_named(describe_variant(rule)) for rule in model.variant_rules]
    return [Section("variants, and what each changes", rows, beside=True)] if rows else []


def _named(text: str) -> Row:
    """What stands before the colon in front, and the rest beside it."""
    name, _, about = text.partition(": ")
    return Row(about, (name,))


# -- what it would use --


def _used(model: ModelSpec, selection: Selection, evidence: Evidence) -> list[Row]:
    compared = {id(one.comparator) for one in selection.used}
    return [
        _used_row(one, "against " if id(one) in compared else "", _doubts(one, model, evidence))
        for one in selection.numbers
    ]


def _used_row(one: Used, role: str, doubts: Iterable[tuple[Discrepancy, str]]) -> Row:
    outcome, cohort = one.outcome, one.cohort
    derived = f" Derived: {one.said.derivation.rstrip('.')}." if one.said.derivation else ""
    place = f"{outcome.locator}, in {one.source.source_id} ({one.source.origin})"
    among = "" if outcome.denominator is None else f"; denominator {outcome.denominator}"
    about = f"{cohort.design}; {cohort.tumour}; criteria {outcome.criteria}{among}"
    text = f"{quoted(outcome.printed)}, {place}.{derived} [{outcome.outcome_id}]"
    return Row(
        text, (role + cohort.label, read_as(outcome)), (about, *(short_contradiction(*doubt) for doubt in doubts))
    )


#: Columns of a cohort that bear on a number, besides those by which the model selects.
_BEARING = ("total", "selected_on", "design", "ascertainment")


def _doubts(one: Used, model: ModelSpec, evidence: Evidence) -> list[tuple[Discrepancy, str]]:
    """The contradictions that bear on a number, each with the side that is taken here."""
    bearing = (*model.evidence.where, *_BEARING)
    records: Mapping[tuple[str, str], Outcome | Cohort] = {
        ("outcomes", one.outcome.outcome_id): one.outcome,
        ("cohorts", one.cohort.cohort_id): one.cohort,
    }
    return [
        (row, write_cell(getattr(records[row.table, row.row_id], row.field)))
        for row in evidence.discrepancies.values()
        if (row.table, row.row_id) in records and (row.table == "outcomes" or row.field in bearing)
    ]


# -- what it expects --


def _expected(expected: dict[str, Any], model: CompiledModel) -> list[Row]:
    family = model.family
    scale = "" if family.model_scale == "identity" else f", on the {family.model_scale} scale"
    words = {
        "typical": f"{family.quantity}, typical cohort",
        "new_cohort": f"{family.quantity}, new cohort",
        "tau": f"tau{scale}",
        "tau_group": f"tau between groups{scale}",
    }
    rows = [Row(_span(expected[name]), (label,)) for name, label in words.items() if expected.get(name) is not None]
    rows += _expected_data(expected["cohorts"], model)
    return [*rows, Row(f"Central 95% ranges, from {expected['draws']:,} draws of the priors.")]


def _expected_data(cohorts: Sequence[Mapping[str, Any]], model: CompiledModel) -> list[Row]:
    rows, missing = [], np.full(len(cohorts), np.nan)
    for j, cohort in enumerate(cohorts):
        for name in (name for name in model.likelihood.observed if name in cohort):
            total = model.data.get("total", missing)[j]
            among = f" of {total:g}" if np.isfinite(total) else ""
            called = f"log {model.family.quantity}" if (name, model.family.model_scale) == ("estimate", "log") else name
            span = f"{called} {cohort[name]['lower']:.3g} to {cohort[name]['upper']:.3g}{among}"
            rows.append(Row(f"{span}; observed {float(model.data[name][j]):.3g}", (cohort["label"],)))
    return rows


def _span(found: Mapping[str, float]) -> str:
    return f"median {found['median']:.3g}, 95% from {found['lower']:.3g} to {found['upper']:.3g}"
