"""Survival reports of a model's cohorts: all that each printed of the endpoint, read by one kind."""

from __future__ import annotations

import numpy as np

from ..evidence import Used
from ..families import SurvivalFamily
from ..issues import InputError, Issue
from ..likelihoods import SurvivalKind, SurvivalReports
from ..likelihoods.survival import Report
from ..spec import ModelSpec
from .model import CompiledModel
from .placing import rows_of

__all__ = ["compile_survival"]


def compile_survival(model: ModelSpec, family: SurvivalFamily, used: tuple[Used, ...]) -> CompiledModel:
    """Put the reports of the cohorts that are used into a model of survival.

    Raises
    ------
    InputError
        What cannot be read, of all cohorts at once; or clocks that start differently, where the model does not say so.
    """
    cohorts: dict[str, list[Used]] = {}
    for one in used:
        cohorts.setdefault(one.speaker.cohort_id, []).append(one)
    kinds = [kind for kind in model.kinds() if isinstance(kind, SurvivalKind)]
    issues = _different_clocks(model, cohorts)
    reports = [_report(numbers, kinds, issues) for numbers in cohorts.values()]
    if issues:
        raise InputError(issues)
    return CompiledModel(
        name=model.name,
        family=family,
        likelihood=SurvivalReports(family, [report for report in reports if report is not None]),
        pooling=model.pooling.build(),
        priors=dict(model.priors),
        rows=rows_of(model, list(cohorts.values())),
        data={"report": np.arange(len(cohorts))},
        shape=model.quantity.build_shape(),
    )


def _report(numbers: list[Used], kinds: list[SurvivalKind], issues: list[Issue]) -> Report | None:
    outcomes, cohort = [one.said for one in numbers], numbers[0].speaker
    kind = next((kind for kind in kinds if kind.reads(outcomes)), None)
    if kind is None:
        measures = ", ".join(dict.fromkeys(row.measure for row in outcomes))
        what = f"what was printed is {measures}, which none of {', '.join(kind.name for kind in kinds)} reads together"
        issues.append(Issue(f"cohort {cohort.cohort_id!r}", what, "Add a [[likelihood]] that does, or exclude it."))
        return None
    try:
        return kind.report(outcomes, cohort)
    except InputError as error:
        issues += error.issues
        return None


def _different_clocks(model: ModelSpec, cohorts: dict[str, list[Used]]) -> list[Issue]:
    """Times that start at different events are not mixed without the model saying which it admits."""
    if "clock" in model.evidence.where:
        return []
    clocks: dict[str, list[str]] = {}
    for cohort_id, numbers in cohorts.items():
        clocks.setdefault(numbers[0].speaker.clock, []).append(cohort_id)
    if len(clocks) < 2:
        return []
    what = "; ".join(f"{clock}: {', '.join(names)}" for clock, names in clocks.items())
    mend = f"Say which clocks may speak together: where = {{ clock = [{', '.join(map(repr, clocks))}] }}."
    return [
        Issue(f"{model.name}, [evidence] where", f"time starts at different events ({what})", mend.replace("'", '"'))
    ]
