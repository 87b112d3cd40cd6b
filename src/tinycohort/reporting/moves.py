"""What the answer hangs on: everything that was varied, and how far each choice moves the answer."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..comparison import without_each
from ..compiled import CompiledModel
from ..engines.run import run
from ..evidence import Used
from ..posterior import Fit
from ..spec import ModelSpec
from .headline import Standing, headline, is_pooled, standing

__all__ = ["NOTABLE", "WEAKER", "Move", "Weakness", "find_moves", "find_weakness"]

#: A choice that moves the answer by less than this share of the way to the end of its interval is not its weakness.
NOTABLE = 0.25

#: Kinds of evidence that say less, by the column that tells them; where they are mixed with others the answer without
#: them is looked at.
WEAKER: Mapping[str, tuple[str, ...]] = {
    "denominator": ("evaluable", "matched", "responders"),
    "design": ("case_report", "case_series", "retrospective_cohort"),
    "origin": ("cited", "secondary"),
    "ascertainment": ("selected",),
}

# What makes a prior of something positive twice as large, by its kind.
_TWICE: Mapping[str, Mapping[str, float]] = {
    "HalfNormal": {"sigma": 2.0},
    "HalfStudentT": {"sigma": 2.0},
    "HalfCauchy": {"scale": 2.0},
    "Exponential": {"rate": 0.5},
    "Gamma": {"beta": 0.5},
    "InverseGamma": {"beta": 2.0},
    "Uniform": {"lower": 2.0, "upper": 2.0},
}
_LOGARITHMIC = ("LogNormal", "LogStudentT")


@dataclass(frozen=True)
class Move:
    """One choice made otherwise, and where the answer then stands.

    Attributes
    ----------
    cause : str
        ``variant`` (the model's own), ``kind`` (weaker evidence left out), ``cohort`` (one left out) or ``tau`` (its
        prior twice as wide).
    name : str
        Of the variant, of the column by which kinds differ, or of the cohort.
    subject : str
        What the choice is about: ``tau``, ``mu``, ``pooling``, ``decisions``, ``likelihood``, ``cohort``, or a column
        of the evidence.
    before, after : Standing
        The answer as the model stands, and so.
    end : str
        Which moved furthest: ``median``, ``lower`` or ``upper``.
    size : float
        How far, as a share of the way from the median to that end of the interval, on the model scale.
    cohorts : int
        How many spoke.
    weight : float or None
        What the cohort left out brings to the typical cohort.
    """

    cause: str
    name: str
    subject: str
    before: Standing
    after: Standing
    end: str
    size: float
    cohorts: int
    weight: float | None = None


@dataclass(frozen=True)
class Weakness:
    """The main weakness of an answer.

    Attributes
    ----------
    kind : str
        ``blocked`` (there is no answer), ``one_cohort``, ``apart`` (nothing is said of other cohorts), ``move`` (what
        moves it most) or ``width``.
    move : Move or None
        What moves it most, if anything was varied.
    heterogeneity : float or None
        The share of a new cohort's variance, on the model scale, that is there because cohorts differ.
    """

    kind: str
    move: Move | None = None
    heterogeneity: float | None = None


def find_weakness(base: Fit, moves: tuple[Move, ...]) -> Weakness:
    """The main weakness, by a rule that `reporting.weakness.RULE` states in words."""
    most = moves[0] if moves else None
    if not base.reportable:
        return Weakness("blocked")
    if base.compiled.cohorts == 1:
        return Weakness("one_cohort", most)
    if most is not None and most.size >= NOTABLE:
        return Weakness("move", most)
    if not is_pooled(base):
        return Weakness("apart", most)
    return Weakness("width", most, _share_of_heterogeneity(base))


def _share_of_heterogeneity(base: Fit) -> float | None:
    mu, new = base.posterior.marginal("mu"), base.posterior.marginal("new_cohort")
    if mu is None or new is None or "tau" not in base.compiled.priors or not (0.0 < new.sd < math.inf):
        return None
    return min(max(1.0 - (mu.sd / new.sd) ** 2, 0.0), 1.0)


def find_moves(model: ModelSpec, base: Fit, variants: Mapping[str, Fit], seed: int) -> tuple[Move, ...]:
    """Vary what can be varied, and say how far each choice moves the answer: the furthest first.

    Parameters
    ----------
    model : ModelSpec
        The model as it stands.
    base : Fit
        Its fit; nothing moves one that may not be reported.
    variants : mapping of str to Fit
        The variants that could be fitted.
    seed : int
        Of the further fits.

    Returns
    -------
    tuple of Move
        The model's variants; weaker kinds of evidence left out; each cohort left out; and tau's prior twice as wide
        where no variant asks about it. What comes to the same fit as one before is not there again. Without the exact
        engine there are the variants alone.
    """
    if not base.reportable:
        return ()
    seen = [_content(base.compiled)]
    found: list[Move] = []
    for cause, name, subject, other in _steps(model, base, variants, seed):
        content = _content(other.compiled)
        if not other.reportable or (cause != "variant" and content in seen):
            continue
        seen.append(content)
        weight = base.summary()["cohorts"][base.compiled.labels.index(name)]["weight"] if cause == "cohort" else None
        if (move := _move(base, other, subject)) is not None:
            before, after, end, size = move
            found.append(Move(cause, name, subject, before, after, end, size, other.compiled.cohorts, weight))
    return tuple(sorted(found, key=lambda one: -one.size))


def _content(compiled: CompiledModel) -> dict[str, Any]:
    """All that a posterior hangs on."""
    content = compiled.to_dict() | {"groups": compiled.groups.tolist()}
    return {name: content[name] for name in ("family", "likelihood", "pooling", "priors", "data", "groups")}


def _steps(model: ModelSpec, base: Fit, variants: Mapping[str, Fit], seed: int) -> Iterator[tuple[str, str, str, Fit]]:
    """What is varied: cause, name, subject and fit."""
    subjects = {rule.name: _subject(rule) for rule in model.variant_rules}
    for name, varied in variants.items():
        yield "variant", name, subjects[name], varied
    if base.posterior.engine != "exact":
        return
    for column, silent in _weaker(base):
        yield "kind", column, column, run(_without(base.compiled, silent), "exact", seed)
    if is_pooled(base) and base.compiled.cohorts > 1:
        for label, other in zip(base.compiled.labels, without_each(base), strict=True):
            yield "cohort", label, "cohort", other
    priors = base.compiled.priors
    if "tau" in priors and "tau" not in subjects.values():
        wider = _wider(priors["tau"])
        changed = dataclasses.replace(base.compiled, priors={**priors, "tau": wider})
        yield "tau", str(wider), "tau", run(changed, "exact", seed)


def _subject(rule: Any) -> str:
    """What a variant is about, from the paths that it changes."""
    paths = [path.split(".") for path in (*rule.set, *rule.unset)]
    if all(path[0] == "priors" for path in paths):
        parameters = {path[1].partition("_")[0] for path in paths}
        return parameters.pop() if len(parameters) == 1 else "priors"
    for section in ("pooling", "likelihood", "quantity"):
        if any(path[0] == section for path in paths):
            return section
    asked = [path for path in paths if path[0] == "evidence" and len(path) > 1]
    columns = [path[-1] if path[1] in ("where", "against") else path[1] for path in asked]
    return {"origins": "origin", "exclude": "cohort_id"}.get(columns[0], columns[0]) if columns else "evidence"


def _weaker(base: Fit) -> Iterator[tuple[str, set[int]]]:
    """The cohorts of weaker kinds by position, never all of them; none where each stands alone."""
    rows = base.compiled.rows
    if not is_pooled(base) or len(rows) < 2:
        return
    used = {one.outcome.outcome_id: one for one in base.evidence.numbers} if base.evidence is not None else {}
    for column, weaker in WEAKER.items():
        silent = {
            j for j, row in enumerate(rows) if row.outcome_id in used and _kind(used[row.outcome_id], column) in weaker
        }
        if 0 < len(silent) < len(rows):
            yield column, silent


def _kind(one: Used, column: str) -> str | None:
    holder = next(each for each in (one.outcome, one.cohort, one.source) if hasattr(each, column))
    return getattr(holder, column)


def _without(compiled: CompiledModel, silent: set[int]) -> CompiledModel:
    """The model without some cohorts; the last first, so that the positions of the others stay."""
    for j in sorted(silent, reverse=True):
        compiled = compiled.without(j)
    return compiled


def _wider(prior: Any) -> Any:
    """The same prior of something positive, all of it twice as large."""
    prior = getattr(prior, "log_normal", prior)
    kind = type(prior).__name__
    changed = {name: factor * getattr(prior, name) for name, factor in _TWICE.get(kind, {}).items()}
    if kind in _LOGARITHMIC:
        changed = {"mu": prior.mu + math.log(2.0)}
    return dataclasses.replace(prior, **changed)


def _move(base: Fit, other: Fit, subject: str) -> tuple[Standing, Standing, str, float] | None:
    """The answer that moves furthest, if the two fits answer the same thing."""
    after = {_key(one): one for one in _answers(other, base)}
    # Less evidence always widens an interval, which is no fault of the larger; a belief that widens it is one.
    ends = subject in ("tau", "mu", "priors", "pooling")
    found = [
        (one, after[_key(one)], *_size(one, after[_key(one)], base.compiled.family, ends))
        for one in _answers(base, base)
        if _key(one) in after
    ]
    return max(found, key=lambda one: one[3], default=None)


def _key(one: Standing) -> tuple[str, str]:
    return one.target, one.label


def _answers(one: Fit, base: Fit) -> list[Standing]:
    """What a new cohort is, where the base speaks of one; each cohort otherwise."""
    if is_pooled(base):
        return [each for each in headline(one) if each.target == "new_cohort"]
    cohorts = (standing(one, "cohort", j) for j in range(one.compiled.cohorts))
    return [each for each in cohorts if each is not None]


def _size(before: Standing, after: Standing, family: Any, ends: bool) -> tuple[str, float]:
    """Which of median and ends moves furthest, ends outwards only, in units of the interval on that side."""
    (low, middle, high), new = (
        [float(x) for x in np.asarray(family.theta(np.array([one.lower, one.median, one.upper])))]
        for one in (before, after)
    )
    below, above = middle - low, high - middle
    change = new[1] - middle
    sizes = {"median": abs(change) / (above if change > 0 else below)}
    if ends:
        sizes |= {"lower": (low - new[0]) / below, "upper": (new[2] - high) / above}
    sizes = {name: value if math.isfinite(value) else 0.0 for name, value in sizes.items()}
    end = max(sizes, key=lambda name: sizes[name])
    return end, sizes[end]
