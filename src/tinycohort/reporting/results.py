"""Every model and every variant fitted, by both engines where that is asked for."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..engines.run import fit
from ..evidence import Evidence, check
from ..issues import InputError, Issue
from ..posterior import Fit
from ..spec import ModelSpec, bundled_models, read_model
from .agreement import Agreement, compare_engines
from .moves import Move, Weakness, find_moves, find_weakness
from .words import count

# Smaller steps than by default: a long comparison must not end with a single divergent transition.
_TARGET_ACCEPT = 0.99

__all__ = ["ModelResult", "Results", "VariantResult", "fit_everything", "fit_model", "put_together", "read_models"]


@dataclass(frozen=True)
class VariantResult:
    """A variant: its fit, or why there is none."""

    model: ModelSpec
    fit: Fit | None
    refusal: str = ""

    @property
    def name(self) -> str:
        """The variant's own name."""
        return self.model.name.partition(":")[2]


@dataclass(frozen=True)
class ModelResult:
    """A model, fitted as it stands and in all its variants, and what moves its answer.

    Attributes
    ----------
    model : ModelSpec
        As it was read.
    fit : Fit
        As it stands.
    variants : tuple of VariantResult
        In the order of the model file.
    moves : tuple of Move
        Whatever was varied, the furthest from the answer first.
    sampled : Fit or None
        As it stands, by NUTS; None where nothing is compared.
    times : str
        How long it took, in words.
    """

    model: ModelSpec
    fit: Fit
    variants: tuple[VariantResult, ...]
    moves: tuple[Move, ...]
    sampled: Fit | None
    times: str = ""

    @property
    def weakness(self) -> Weakness:
        """The main weakness of its answer."""
        return find_weakness(self.fit, self.moves)

    @property
    def fits(self) -> Iterator[tuple[str, ModelSpec, Fit]]:
        """The model and its variants that could be fitted: name of the variant ("" for the model), model, fit."""
        yield "", self.model, self.fit
        for variant in self.variants:
            if variant.fit is not None:
                yield variant.name, variant.model, variant.fit


@dataclass(frozen=True)
class Results:
    """What `fit_everything` found.

    Attributes
    ----------
    evidence : Evidence
        What all models were fitted to.
    doubts : tuple of Issue
        What checking the evidence warned of.
    models : tuple of ModelResult
        One per model.
    agreement : Agreement or None
        Exact engine against NUTS; None when only the exact engine was asked for.
    seed : int
        Of every random number.
    """

    evidence: Evidence
    doubts: tuple[Issue, ...]
    models: tuple[ModelResult, ...]
    agreement: Agreement | None
    seed: int

    @property
    def problems(self) -> list[str]:
        """Whatever keeps these results from being an answer; empty when they are one."""
        found = []
        for result in self.models:
            for name, _, one in result.fits:
                where = f"{result.model.name}:{name}" if name else result.model.name
                found += [f"{where} may not be reported: {reason}" for reason in one.reasons]
            if result.sampled is not None:
                reasons = result.sampled.reasons
                found += [f"{result.model.name} by NUTS may not be reported: {reason}" for reason in reasons]
            found += [f"{one.model.name} cannot be fitted: {one.refusal}" for one in result.variants if one.fit is None]
        return found + ([] if self.agreement is None else self.agreement.complaints)

    @property
    def versions(self) -> dict[str, str]:
        """Versions of everything that made a number here."""
        versions: dict[str, Any] = {}
        for result in self.models:
            for one in filter(None, (result.fit, result.sampled)):
                versions |= one.provenance["versions"]
        return versions

    @property
    def provenance(self) -> dict[str, Any]:
        """What these results were made with, and what is wrong with them; not when."""
        return {
            "machine": {"system": platform.system(), "processor": platform.machine()},
            "seed": self.seed,
            "versions": self.versions,
            "evidence": self.evidence.digest,
            "models": {result.model.name: result.model.digest for result in self.models},
            "problems": self.problems,
        }


Named = str | os.PathLike[str] | ModelSpec


def read_models(named: Named | Iterable[Named] | None) -> tuple[ModelSpec, ...]:
    """The models of these names, paths and folders; all bundled ones when none are given. All problems at once."""
    found: list[ModelSpec] = []
    issues: list[Issue] = []
    for one in _listed(named):
        try:
            found.append(read_model(one))
        except InputError as error:
            issues += error.issues
    names = [model.name for model in found]
    issues += [
        Issue(f"model {name!r}", "two models have this name", "Fit them one after the other, into two folders.")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if issues:
        raise InputError(issues)
    if not found:
        raise InputError(Issue("models", "none is given", "Give one, or leave it out for all bundled ones."))
    return tuple(found)


def _listed(named: Named | Iterable[Named] | None) -> Iterator[Named]:
    """Models one by one: a folder stands for the model files in it."""
    if named is None:
        yield from bundled_models()
    elif isinstance(named, str | os.PathLike | ModelSpec):
        path = None if isinstance(named, ModelSpec) else Path(named)
        if path is not None and named not in bundled_models() and "\0" not in str(path) and path.is_dir():
            inside = sorted(path.glob("*.toml"))
            if not inside:
                raise InputError(Issue(str(path), "there is no model file in it", "Give a folder that holds one."))
            yield from inside
        else:
            yield named
    else:
        for one in named:
            yield from _listed(one)


def fit_everything(
    evidence: Evidence,
    models: Sequence[ModelSpec],
    seed: int,
    engine: str,
    progress: Callable[[str], None],
) -> Results:
    """Fit models and variants.

    Parameters
    ----------
    evidence : Evidence
        As `read_evidence` returns it.
    models : sequence of ModelSpec
        Base models, or single variants.
    seed : int
        Of every random number.
    engine : {"exact", "both"}
        Whether models that were integrated are sampled by NUTS as well, and the two compared.
    progress : callable
        Told a line at a time how far it has come.

    Returns
    -------
    Results

    Raises
    ------
    InputError
        A model that cannot be fitted; a variant that cannot is part of the results.
    """
    results = []
    for model in models:
        results.append(fit_model(model, evidence, seed, engine))
        progress(results[-1].times)
    return put_together(evidence, results, seed, engine)


def put_together(evidence: Evidence, results: Sequence[ModelResult], seed: int, engine: str) -> Results:
    """Models that were fitted, and whether the engines agree on them."""
    pairs = [(result.model.name, result.fit, result.sampled) for result in results if result.sampled is not None]
    agreement = compare_engines(pairs) if engine == "both" else None
    return Results(evidence, tuple(check(evidence)), tuple(results), agreement, seed)


def fit_model(model: ModelSpec, evidence: Evidence, seed: int, engine: str) -> ModelResult:
    """A model with its variants, as `fit_everything` fits them."""
    begun = time.perf_counter()
    base = fit(model, evidence, "auto", seed)
    variants = tuple(_fit_variant(model.variant(name), evidence, seed) for name in model.variants)
    usable = {one.name: one.fit for one in variants if one.fit is not None}
    moves = find_moves(model, base, usable, seed)
    took = time.perf_counter() - begun
    times = f"{model.name}: fitted, with {count(len(variants), 'variant')} ({took:.1f} s)"
    if engine != "both" or base.posterior.engine == "nuts":
        return ModelResult(model, base, variants, moves, None, times)
    begun = time.perf_counter()
    sampled = fit(model, evidence, "nuts", seed, target_accept=_TARGET_ACCEPT)
    times += f", and sampled by NUTS ({time.perf_counter() - begun:.1f} s)"
    return ModelResult(model, base, variants, moves, sampled, times)


def _fit_variant(model: ModelSpec, evidence: Evidence, seed: int) -> VariantResult:
    try:
        return VariantResult(model, fit(model, evidence, "auto", seed))
    except InputError as error:
        return VariantResult(model, None, " ".join(str(issue) for issue in error.issues))
