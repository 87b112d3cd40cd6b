"""Evidence and a model file made into a compiled model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..evidence import Evidence, Selection, Used, Way
from ..families import Family, SurvivalFamily
from ..issues import InputError, Issue
from ..likelihoods import Likelihood, Several
from ..spec import ModelSpec
from ..vocabulary import CONTRAST_MEASURES
from .model import CompiledModel
from .placing import rows_of
from .survival import compile_survival

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
    wanted, family = model.evidence, model.family()
    return evidence.select(
        endpoint=wanted.endpoint,
        where=wanted.where,
        origins=wanted.origins,
        overlaps=wanted.overlaps,
        level=wanted.level,
        exclude=wanted.exclude,
        decisions=wanted.decisions,
        prefer=wanted.prefer,
        allow_selected=wanted.allow_selected,
        against=wanted.against,
        ways=[Way(kind.measures(family), kind.requires, kind.paired) for kind in model.kinds()],
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
    family, used = model.family(), select(model, evidence).used
    if isinstance(family, SurvivalFamily):
        return compile_survival(model, family, used)
    kinds = [kind for kind in model.kinds() if isinstance(kind, Likelihood)]
    issues = _different_ratios(model, used)
    readings = [_read(one, kinds[one.way], family, issues) for one in used]
    if issues:
        raise InputError(issues)
    likelihood, data = Several.of(kinds, [one.way for one in used], readings)
    return CompiledModel(
        name=model.name,
        family=family,
        likelihood=likelihood,
        pooling=model.pooling.build(),
        priors=dict(model.priors),
        rows=rows_of(model, [[one] for one in used]),
        data=data,
        given=_given(kinds, used),
    )


def _read(one: Used, kind: Likelihood, family: Family, issues: list[Issue]) -> dict[str, float]:
    try:
        return kind.read(one.said, family, None if one.comparator is None else one.comparator.outcome)
    except InputError as error:
        issues += error.issues
        return {}


def _given(kinds: Sequence[Likelihood], used: tuple[Used, ...]) -> dict[str, np.ndarray]:
    """Intervals as they were printed, where a kind has turned them into standard errors; nan where it has not."""
    columns = {shown: column for one in used for shown, column in kinds[one.way].given.items()}
    return {
        shown: np.array([getattr(one.said, column) if shown in kinds[one.way].given else np.nan for one in used], float)
        for shown, column in columns.items()
    }


def _different_ratios(model: ModelSpec, used: tuple[Used, ...]) -> list[Issue]:
    """Ratios of odds, risks and hazards are different quantities; two arms' counts speak of a ratio of odds."""
    found: dict[str, list[str]] = {}
    for one in used:
        told = "odds_ratio" if one.comparator is not None else one.outcome.measure
        if told in CONTRAST_MEASURES:
            found.setdefault(told, []).append(one.outcome.outcome_id)
    if len(found) < 2:
        return []
    what = "; ".join(f"{told.replace('_', ' ')}: {', '.join(names)}" for told, names in found.items())
    mend = 'They are different quantities. Choose one: where = { measure = ["odds_ratio", "count"] }, or exclude.'
    return [Issue(f"{model.name}, [evidence] where", what, mend)]
