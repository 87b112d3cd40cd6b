"""A model before it is fitted: what it would use, what it leaves out and why, and what its priors expect."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..compiled import CompiledModel, compile_model, select
from ..evidence import Evidence, Selection
from ..spec import ModelSpec
from .shown import Section, Shown
from .shown_evidence import read_as

__all__ = ["PRIOR_DRAWS", "prior_predictive", "show_model"]

#: Draws from the priors, always the same: the ends of a 95% range are then good to about 0.003 of a probability.
PRIOR_DRAWS = 40_000
_SEED = 20_221
_TAILS = np.array([0.025, 0.5, 0.975])


def show_model(model: ModelSpec, evidence: Evidence) -> Shown:
    """A model and the evidence it selects."""
    compiled, selection = compile_model(model, evidence), select(model, evidence)
    expected = prior_predictive(compiled)
    sections = (
        Section(f"{model.name}: {model.title}", _about(model, compiled)),
        Section(f"would use {_count(len(selection.numbers), 'number')}", _used(selection)),
        Section(
            f"leaves out {_count(len(selection.left_out), 'number')} of {selection.endpoint}", _left_out(selection)
        ),
        Section("priors", [(name, f"{prior}. {model.whys[name]}") for name, prior in model.priors.items()]),
        Section("expects, from the priors alone", _expected(expected, compiled)),
    )
    content = {
        "name": model.name,
        "title": model.title,
        "question": model.question,
        "why": model.why,
        "digest": model.digest,
        "variants": list(model.variants),
        "used": [
            {"label": one.cohort.label, **{name: getattr(one.outcome, name) for name in _NUMBER}}
            for one in selection.numbers
        ],
        "left_out": [dataclasses.asdict(one) for one in selection.left_out],
        "priors": {
            name: {"prior": str(prior), "why": model.whys[name]} for name, prior in model.priors.items()
        },
        "prior_predictive": expected,
    }  # fmt: skip
    return Shown(sections, content)


_NUMBER = (
    "outcome_id", "cohort_id", "events", "total", "value", "lower", "upper", "level", "printed", "derivation",
    "source_id", "locator",
)  # fmt: skip


def _about(model: ModelSpec, compiled: CompiledModel) -> list[tuple[str, str]]:
    family = compiled.family
    scale = "itself" if family.model_scale == "identity" else f"on the {family.model_scale} scale"
    rows = [("asks", model.question), *([("why", model.why)] if model.why else [])]
    rows += [("pooling", f"{compiled.pooling.formula}; theta is the {family.quantity} {scale}")]
    rows += [("variants", ", ".join(model.variants))] if model.variants else []
    return [*rows, ("digest", model.digest)]


def _used(selection: Selection) -> list[tuple[str, str]]:
    return [
        (
            one.cohort.label,
            f"{read_as(one.outcome)}; printed {one.outcome.printed!r}; {one.outcome.locator}, in {one.source.source_id}"
            f"{f'. {one.outcome.derivation}' if one.outcome.derivation else ''} [{one.outcome.outcome_id}]",
        )
        for one in selection.numbers
    ]


def _left_out(selection: Selection) -> list[tuple[str, str]]:
    return [(one.outcome_id, f"{one.reason}: {one.detail}") for one in selection.left_out]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def prior_predictive(model: CompiledModel) -> dict[str, Any]:
    """What the priors expect before any number is seen, from draws with a fixed seed.

    Parameters
    ----------
    model : CompiledModel
        Its data give the sizes of the cohorts; what happened in them is not used.

    Returns
    -------
    dict
        ``draws``; ``typical``, ``new_cohort`` and ``tau``, each None or {median, lower, upper} of the central 95%, the
        first two on the natural scale; and for each of ``cohorts`` its label and, of each observed column, the
        predicted median and range on the scale of the data.
    """
    rng = np.random.default_rng(_SEED)
    drawn = model.pooling.draw_prior(model.level_priors, model.cohorts, PRIOR_DRAWS, rng)
    natural = model.family.natural
    theta = np.asarray(drawn["theta"])
    cohorts: list[dict[str, Any]] = [{"label": label} for label in model.labels]
    for part in model.parts:
        for name, values in part.kind.draw(theta[..., part.cohorts], part.data, rng).items():
            for k, j in enumerate(part.cohorts):
                cohorts[j][name] = _range(values[..., k])
    return {
        "draws": PRIOR_DRAWS,
        "typical": _range(natural(drawn["mu"])) if "mu" in drawn else None,
        "new_cohort": _range(natural(drawn["theta_new_cohort"])) if "theta_new_cohort" in drawn else None,
        "tau": _range(drawn["tau"]) if "tau" in drawn else None,
        "cohorts": cohorts,
    }


def _range(values: Any) -> dict[str, float]:
    # Counts have whole quantiles; of other quantities the nearest draw is as good as a point between two.
    lower, median, upper = np.quantile(values, _TAILS, method="inverted_cdf")
    return {"median": float(median), "lower": float(lower), "upper": float(upper)}


def _expected(expected: dict[str, Any], model: CompiledModel) -> list[tuple[str, str]]:
    quantity = model.family.quantity
    words = {"typical": f"{quantity}, typical cohort", "new_cohort": f"{quantity}, new cohort", "tau": "tau"}
    rows = [(label, _span(expected[name])) for name, label in words.items() if expected[name] is not None]
    kinds = {j: part.kind for part in model.parts for j in part.cohorts}
    for j, cohort in enumerate(expected["cohorts"]):
        for name in kinds[j].observed:
            observed = float(model.data[name][j])
            among = f" of {model.data['total'][j]:g}" if "total" in kinds[j].columns else ""
            text = f"{name} {cohort[name]['lower']:.3g} to {cohort[name]['upper']:.3g}{among}; observed {observed:.3g}"
            rows.append((cohort["label"], text))
    rows += [("remark", remark) for remark in model.remarks]
    return [*rows, ("note", f"Central 95% ranges, from {expected['draws']:,} draws of the priors.")]


def _span(found: dict[str, float]) -> str:
    return f"median {found['median']:.2g}, 95% from {found['lower']:.2g} to {found['upper']:.2g}"
