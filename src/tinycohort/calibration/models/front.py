"""`calibrate`: whether a model's answer is right on average, and how often its intervals hold at fixed truths."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...compiled import CompiledModel
from ...evidence import Evidence
from ...issues import InputError, Issue
from ...posterior import Fit
from ...spec import ModelSpec
from .checkpoint import open_checkpoint
from .chunks import do_all, workers_for
from .gathering import gather_grid, gather_prior
from .grid import Grid, GridChunk, do_grid_chunk
from .requests import Asked, asked_for, model_issues, request_issues, truths_of
from .result import CalibrationResult
from .stamp import code_digest, stamp
from .truths import PriorChunk, do_prior_chunk, engine_for

__all__ = ["CHUNK_SIZES", "calibrate"]

#: Replicates done together, by what refits: some seconds of work.
CHUNK_SIZES = {"batch": 500, "exact": 25, "nuts": 10}
_MOST_WORKERS = 4
_EVERY_SECONDS = 2.0

Progress = Callable[[str], None]


def calibrate(
    model: ModelSpec | CompiledModel | Fit | str | os.PathLike[str] | Mapping[str, Any],
    evidence: Evidence | None = None,
    *,
    totals: Sequence[int] | None = None,
    truths: Grid | Mapping[str, Sequence[float]] | str | None = None,
    replicates: int = 1000,
    engine: str = "auto",
    level: float = 0.95,
    seed: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress = lambda _: None,
    **sampler: Any,
) -> CalibrationResult:
    """Draw truths, draw data as large as the evidence, refit, and see where the truths lie in their posteriors.

    With truths from the model's own priors (simulation-based calibration: Talts et al. 2018, arXiv:1804.06788;
    Säilynoja, Bürkner and Vehtari 2022, doi:10.1007/s11222-022-10090-6) their places are uniform and intervals hold
    them as often as they say: a check of model and code. At fixed truths nothing is owed; there coverage is shown
    beside that of what one would otherwise do with the same counts.

    Parameters
    ----------
    model : ModelSpec, CompiledModel, Fit, str, path or mapping
        A model, or what `read_model` makes one of; or one with its data, as from `pool`.
    evidence : Evidence, optional
        How many cohorts there are and of what size; the bundled evidence when not given.
    totals : sequence of int, optional
        People in each cohort, instead of those of the evidence; of counts.
    truths : Grid, mapping or "grid", optional
        Fixed truths: every combination of `cohorts`, `people`, `rates` and `taus`, or the usual ones. Drawn from the
        priors when not given. Of counts, pooled partially.
    replicates : int
        Truths drawn, or data sets at each fixed truth.
    engine : {"auto", "exact", "nuts"}
        ``auto`` takes the exact engine wherever it applies.
    level : float
        Of the intervals.
    seed : int, optional
        Of every random number; drawn afresh and recorded when not given. The results do not depend on how many workers
        there are.
    workers : int, optional
        Processes; as many as processors, four at the most, when not given. A script that asks for more than one must be
        one that other processes can import, with ``if __name__ == "__main__":`` around what it does.
    scheduler : str, optional
        Address of a Dask cluster to run on instead.
    checkpoint : str or path, optional
        A file for finished chunks. An interrupted calibration goes on where it stopped when it is run again.
    progress : callable
        Told a line at a time how far it has come.
    **sampler
        chains, draws, tune, target_accept for NUTS.

    Returns
    -------
    CalibrationResult

    Raises
    ------
    InputError
        Everything that is wrong with what was asked; workers that keep dying; a checkpoint of something else.

    Examples
    --------
    >>> import tinycohort as tc
    >>> result = tc.calibrate("response_pd1", replicates=500, seed=1)
    >>> result.calibrated
    True
    """
    issues = request_issues(replicates, level, workers, engine, seed, sampler, scheduler)
    asked: Asked | None = None
    grid: Grid | None = None
    for step in ("model", "truths"):
        try:
            if step == "model":
                asked = asked_for(model, evidence, totals)
                issues += model_issues(asked.model, engine, truths)
            elif truths is not None:
                grid = truths_of(truths)
        except InputError as error:
            issues += error.issues
    if issues or asked is None:
        raise InputError(issues)
    seed = int(np.random.SeedSequence().generate_state(1)[0] >> 1) if seed is None else int(seed)
    compiled = asked.model
    refits = "batch" if grid is not None else engine_for(compiled, engine)
    settings = _settings(compiled, refits, replicates, level, seed, sampler, grid)
    chunks: dict[Any, Any]
    if grid is None:
        chunks = _prior_chunks(compiled, settings, sampler)
        found = _run(do_prior_chunk, chunks, settings, asked, _Where(workers, scheduler, checkpoint), progress)
        return gather_prior(found, settings, _stamp(asked))
    chunks = _grid_chunks(compiled, settings, grid)
    found = _run(do_grid_chunk, chunks, settings, asked, _Where(workers, scheduler, checkpoint), progress)
    return gather_grid(found, list(grid), settings, _stamp(asked))


# -- the work ------------------------------------------------------------------------------------------------------


def _settings(
    model: CompiledModel,
    refits: str,
    replicates: int,
    level: float,
    seed: int,
    sampler: Mapping[str, Any],
    grid: Grid | None,
) -> dict[str, Any]:
    """Everything that fixes the results, as JSON has it."""
    return {
        "model": model.name,
        "pooling": model.pooling.formula,
        "priors": {name: str(prior) for name, prior in model.priors.items()},
        "cohorts": [] if grid is not None else list(model.labels),
        "engine": refits,
        "replicates": int(replicates),
        "level": float(level),
        "seed": seed,
        "chunk": CHUNK_SIZES[refits],
        **({"sampler": dict(sampler)} if sampler else {}),
        **({} if grid is None else {"truths": {name: list(values) for name, values in vars(grid).items()}}),
    }


def _prior_chunks(model: CompiledModel, settings: Mapping[str, Any], sampler: dict[str, Any]) -> dict[str, PriorChunk]:
    size, wanted = settings["chunk"], settings["replicates"]
    given = (model, settings["engine"], settings["level"], settings["seed"])
    return {
        str(number): PriorChunk(*given, number, min(size, wanted - number * size), sampler)
        for number in range(math.ceil(wanted / size))
    }


def _grid_chunks(model: CompiledModel, settings: Mapping[str, Any], grid: Grid) -> dict[str, GridChunk]:
    priors = (model.level_priors["mu"], model.level_priors["tau"])
    given = (settings["level"], settings["seed"], settings["replicates"])
    return {
        f"{cohorts} {people} {rate:g} {tau:g}": GridChunk(*priors, cohorts, people, rate, tau, *given)
        for cohorts, people, rate, tau in grid
    }


# -- doing it ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Where:
    workers: int | None
    scheduler: str | None
    checkpoint: str | os.PathLike[str] | None


def _run(
    do: Callable[[Any], Any],
    chunks: Mapping[Any, Any],
    settings: Mapping[str, Any],
    asked: Asked,
    where: _Where,
    progress: Progress,
) -> list[Any]:
    """Do what is not done yet; what came out of all chunks, in their order."""
    identity = {**settings, "data_and_model": asked.model.digest, "code": code_digest()}
    opened = nullcontext() if where.checkpoint is None else open_checkpoint(where.checkpoint, identity)
    with opened as checkpoint:
        done = {} if checkpoint is None else dict(checkpoint.done)
        waiting = {name: chunk for name, chunk in chunks.items() if name not in done}
        if done:
            progress(f"{len(done)} of {len(chunks)} chunks are in the checkpoint already")
        told = _Told(len(waiting), progress)

        def keep(name: str, found: Any) -> None:
            if found["code"] != code_digest():
                what = f"a worker has other code ({found['code']}) than this process ({code_digest()})"
                raise InputError(Issue("scheduler", what, "Install the same version of tinycohort on every worker."))
            done[name] = found
            if checkpoint is not None:
                checkpoint.keep(name, found)
            told.one_more()

        most = min(os.cpu_count() or 1, _MOST_WORKERS) if where.workers is None else where.workers
        if waiting:
            do_all(do, waiting, workers_for(most, where.scheduler, len(waiting)), keep)
    return [done[name] for name in chunks]


class _Told:
    """Says now and then how far it has come, and how long the rest will take."""

    def __init__(self, chunks: int, progress: Progress) -> None:
        self._chunks, self._progress, self._done = chunks, progress, 0
        self._begun = self._last = time.monotonic()

    def one_more(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._last < _EVERY_SECONDS and self._done < self._chunks:
            return
        self._last = now
        left = (now - self._begun) / self._done * (self._chunks - self._done)
        rest = f", about {left:.0f} s left" if self._done < self._chunks else f", in {now - self._begun:.1f} s"
        self._progress(f"{self._done} of {self._chunks} chunks{rest}")


def _stamp(asked: Asked) -> dict[str, Any]:
    return {**stamp(), "digests": asked.digests}
