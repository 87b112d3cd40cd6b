"""Evidence and a model file made into a compiled model."""

from __future__ import annotations

import numpy as np

from ..evidence import Evidence, Selection, Used
from ..issues import InputError, Issue
from ..likelihoods import LIKELIHOODS, Likelihood
from ..spec import ModelSpec
from .model import CompiledModel, Row

__all__ = ["compile_model", "select"]


def select(model: ModelSpec, evidence: Evidence) -> Selection:
    """What the model uses of the evidence, and what it leaves out and why.

    Parameters
    ----------
    model : ModelSpec
        Its ``[evidence]`` section says who may speak.
    evidence : Evidence
        Where to look.

    Raises
    ------
    InputError
        Nothing is left, an overlap is undecided, or a cohort would speak twice.
    """
    wanted, kind = model.evidence, _kind(model)
    return evidence.select(
        endpoint=wanted.endpoint,
        where=wanted.where,
        origins=wanted.origins,
        overlaps=wanted.overlaps,
        measures=kind.measures(model.family()),
        level=wanted.level,
        exclude=wanted.exclude,
        decisions=wanted.decisions,
        prefer=wanted.prefer,
        allow_selected=wanted.allow_selected,
        require=kind.requires,
    )


def compile_model(model: ModelSpec, evidence: Evidence) -> CompiledModel:
    """Put the evidence that a model selects into it.

    Parameters
    ----------
    model : ModelSpec
        As `read_model` returns it.
    evidence : Evidence
        As `read_evidence` returns it.

    Returns
    -------
    CompiledModel
        For `fit`; ``.pymc_model()`` is the PyMC model.

    Raises
    ------
    InputError
        Nothing is selected, or the numbers do not suit the likelihood.

    Examples
    --------
    >>> import tinycohort as tc
    >>> compiled = tc.compile_model(tc.read_model("response_pd1"), tc.read_evidence())
    >>> compiled.pooling.formula
    'theta_j ~ Normal(mu, tau)'
    """
    kind = _kind(model)
    used = select(model, evidence).used
    readings = [kind.read(one.outcome, model.family()) for one in used]
    return CompiledModel(
        name=model.name,
        family=model.family(),
        likelihood=kind,
        pooling=model.pooling.build(),
        priors=dict(model.priors),
        rows=tuple(_row(one) for one in used),
        data={name: np.array([reading[name] for reading in readings]) for name in kind.columns},
        given=_given(kind, used),
    )


def _kind(model: ModelSpec) -> Likelihood:
    kinds = {choice.kind for choice in model.likelihood}
    if len(kinds) > 1:
        what = f"kinds {', '.join(sorted(kinds))} in one model"
        raise InputError(Issue(f"{model.name}, [[likelihood]]", what, "Give one kind of likelihood."))
    return LIKELIHOODS[kinds.pop()]()


def _given(kind: Likelihood, used: tuple[Used, ...]) -> dict[str, np.ndarray]:
    """Intervals as they were printed, where the kind has turned them into standard errors."""
    return {
        shown: np.array([getattr(one.outcome, column) for one in used], float) for shown, column in kind.given.items()
    }


def _row(used: Used) -> Row:
    cohort, outcome, source = used.cohort, used.outcome, used.source
    return Row(
        label=cohort.label,
        cohort_id=cohort.cohort_id,
        outcome_id=outcome.outcome_id,
        source_id=source.source_id,
        printed=outcome.printed,
        locator=outcome.locator,
        derivation=outcome.derivation or "",
        citation=source.citation,
    )
