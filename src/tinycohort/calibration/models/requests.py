"""What a calibration is asked for: which model, of which sizes, and everything that is wrong with that."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...compiled import CompiledModel, Row, compile_model
from ...engines.batch_places import batch_applies
from ...engines.run import ENGINES, exact_applies, run_issues
from ...evidence import Evidence, read_evidence
from ...families import SurvivalFamily
from ...issues import InputError, Issue
from ...posterior import Fit
from ...spec import read_model
from .grid import Grid, grid_of

__all__ = ["Asked", "asked_for", "model_issues", "request_issues", "truths_of"]

_MOST = 1_000_000
_MOST_PEOPLE = 10_000


@dataclass(frozen=True)
class Asked:
    """What a calibration is about.

    Attributes
    ----------
    model : CompiledModel
        With cohorts of the sizes that are made up.
    digests : dict of str to str
        Of the model and the evidence that it comes from.
    """

    model: CompiledModel
    digests: dict[str, str]


def asked_for(model: Any, evidence: Evidence | None, totals: Sequence[int] | None) -> Asked:
    """The model with its data, whatever it was given as."""
    if isinstance(model, Fit):
        model = model.compiled
    if isinstance(model, CompiledModel):
        compiled, digests = model, {"data_and_model": model.digest}
    else:
        spec, known = read_model(model), read_evidence() if evidence is None else evidence
        compiled = compile_model(spec, known)
        digests = {"data_and_model": compiled.digest, "model": spec.digest, "evidence": known.digest}
    if totals is None:
        return Asked(compiled, digests)
    return Asked(_of_sizes(compiled, totals), digests)


def _of_sizes(model: CompiledModel, totals: Any) -> CompiledModel:
    """The same model with cohorts of other sizes."""
    issues = []
    if model.likelihood.name != "binomial" or model.pooling.grouped:
        what = f"sizes can be stated for counts without groups, and this is {model.likelihood.name!r} pooled as "
        what += f"{model.pooling.name!r}"
        issues.append(Issue("totals", what, "Leave them out: the sizes are then those of the evidence."))
    several = list(totals) if isinstance(totals, Sequence | np.ndarray) and not isinstance(totals, str) else [totals]
    if not several:
        issues.append(Issue("totals", "no cohort", "Give such as [8, 27, 44]."))
    for value in several:
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not (whole and 1 <= value <= _MOST_PEOPLE):
            mend = f"Give how many people each cohort has, from 1 to {_MOST_PEOPLE:,}."
            issues.append(Issue("totals", f"{value!r} is no size of a cohort", mend))
    if issues:
        raise InputError(issues)
    rows = tuple(Row(f"cohort {j + 1} of {int(n)}") for j, n in enumerate(several))
    data = {"events": np.zeros(len(several)), "total": np.array(several, float)}
    if getattr(model.likelihood, "published_without_events", 1.0) == 0.0:
        data["events"] += 1.0
    return dataclasses.replace(model, rows=rows, data=data, given={})


def request_issues(
    replicates: Any, level: Any, workers: Any, engine: Any, seed: Any, sampler: Mapping[str, Any], scheduler: Any
) -> list[Issue]:
    """Everything that is wrong with the numbers of a calibration, whatever the model."""
    issues = [] if engine not in ENGINES else run_issues(engine, seed, sampler, "partial")
    if engine not in ENGINES:
        issues.append(Issue("engine", f"unknown engine {engine!r}", f"Choose one of {', '.join(ENGINES)}."))
    for name, value, most in (("replicates", replicates, _MOST), ("workers", workers, 1000)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not (value is None and name == "workers") and not (whole and 1 <= value <= most):
            what = f"{value!r} is not a whole number from 1 to {most:,}"
            issues.append(Issue(name, what, f"Give one such as {2 if name == 'workers' else 1000}."))
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.0 < level < 1.0:
        issues.append(Issue("level", f"{level!r} is not between 0 and 1", "Give a probability, such as 0.95."))
    if scheduler is not None and workers is not None:
        mend = "Give one of the two: a cluster has workers of its own."
        issues.append(Issue("workers", "are given beside a scheduler", mend))
    return issues


def model_issues(model: CompiledModel, engine: Any, truths: Any) -> list[Issue]:
    """Why a model cannot be calibrated, or not in the way that was asked for."""
    if isinstance(model.family, SurvivalFamily):
        what = "what papers print of survival has no distribution to draw it from"
        mend = "Survival reports are calibrated by what is published of made-up patients: the documentation shows it."
        return [Issue(model.name, what, mend)]
    issues = []
    if truths is not None and not batch_applies(model):
        what = "fixed truths are for counts that are pooled partially, with priors of mu and tau that do not reach far"
        issues.append(Issue(model.name, what, "Leave `truths` out: they are then drawn from the model's priors."))
    if truths is not None and engine == "nuts":
        issues.append(Issue("engine", "at fixed truths the exact engine refits", "Leave the engine out."))
    if engine == "exact" and not exact_applies(model)[0]:
        what = f"the exact engine does not know {exact_applies(model)[1]}"
        issues.append(Issue("engine", what, 'Use engine="nuts".'))
    return issues


def truths_of(truths: Any) -> Grid:
    """The grid of fixed truths that was asked for."""
    if isinstance(truths, str):
        if truths != "grid":
            mend = 'Give "grid", or such as {"rates": [0.1, 0.3]}; leave it out to draw truths from the priors.'
            raise InputError(Issue("truths", f"unknown choice {truths!r}", mend))
        return Grid()
    return grid_of(truths)
