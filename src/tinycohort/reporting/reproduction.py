"""`reproduce`: all models, all variants, both engines, into one folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from ..estimates import estimate_rows
from ..evidence import Evidence, read_evidence
from ..families import SURVIVAL_FAMILIES
from ..issues import InputError, Issue
from ..spec import ModelSpec
from .figures import Drawing, draw_all, write_figures
from .folder import REPRODUCTION, new_folder, write_provenance, write_text
from .predictions import predictions
from .results import ModelResult, Results, fit_model, put_together, read_models
from .tables import all_tables, as_csv
from .writing import Verdict, file_stem, verdict_of, write_pages

__all__ = ["reproduce"]

_BESIDE = (
    "Beside these pages: tables/ as CSV, figures/ as SVG and PDF, fits/ as netCDF, and provenance.json with the time"
    " and the digests of all files."
)
# How the usual libraries of linear algebra are told.
_THREADS = ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")

#: The figures of a model and of its variants; and these with the model's results.
Drawn = Mapping[str, Sequence[Drawing]]
_Made = tuple[ModelResult, Drawn]


def reproduce(
    output: str | os.PathLike[str],
    *,
    evidence: str | os.PathLike[str] | None = None,
    models: Sequence[str] | None = None,
    seed: int = 1,
    engine: str = "both",
    progress: Callable[[str], None] = lambda _: None,
    workers: int = 1,
) -> Verdict:
    """Fit every model and variant, compare the engines, and write tables, figures, fits and the report.

    Parameters
    ----------
    output : str or path
        The folder to write: a new one, an empty one, or one of earlier results, which is replaced as a whole.
    evidence : str or path, optional
        Folder of evidence; the bundled one when not given.
    models : sequence of str, optional
        Names or paths; all bundled models when not given.
    seed : int
        Same seed, same tables, figures and pages.
    engine : {"both", "exact"}
        Whether to sample the models by NUTS as well and compare.
    progress : callable
        Told a line at a time how far it has come.
    workers : int
        Processes that share the models between them. A script that asks for more than one must be one that other
        processes can import, with ``if __name__ == "__main__":`` around what it does.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        The evidence or a model cannot be used, the folder may not be written, or a choice is none; nothing is left
        behind then.
    """
    issues = []
    if engine not in ("both", "exact"):
        issues.append(Issue("engine", f"unknown choice {engine!r}", "Choose both or exact."))
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        issues.append(Issue("workers", f"{workers!r} is not a whole number above 0", "Give one such as 2."))
    if issues:
        raise InputError(issues)
    begun, clock = datetime.now(UTC), time.perf_counter()
    with new_folder(output, REPRODUCTION) as folder:
        specs = read_models(models)
        checked = read_evidence(None if evidence is None else Path(evidence))
        for name in ("tables", "figures", "fits"):
            (folder / name).mkdir()
        made = _made(specs, partial(_make, checked, seed, engine, folder / "fits"), workers, progress)
        results = put_together(checked, [result for result, _ in made], seed, engine)
        progress("writing tables, figures and the pages")
        _write(results, {result.model.name: drawn for result, drawn in made}, folder)
        seconds = round(time.perf_counter() - clock, 1)
        times = {"started": begun.isoformat(timespec="seconds"), "seconds": seconds}
        write_provenance(folder, REPRODUCTION, times | results.provenance)
    return verdict_of(results, Path(output))


def _make(evidence: Evidence, seed: int, engine: str, fits: Path, model: ModelSpec) -> _Made:
    """One model with everything of it that takes time; its fits are saved in a folder."""
    result = fit_model(model, evidence, seed, engine)
    for _, _, one in result.fits:
        estimate_rows(one)
    predictions(result.fit)
    for one in filter(None, (result.fit, result.sampled)):
        if one.reportable or one.posterior.engine == "nuts":
            one.save(fits / f"{file_stem(model.name)}_{one.posterior.engine}.nc")
    return result, draw_all(result, print_too=True)


def _made(
    models: Sequence[ModelSpec], make: Callable[[ModelSpec], _Made], workers: int, progress: Callable[[str], None]
) -> list[_Made]:
    """All models, in their order, made here or by several processes."""
    found: dict[str, _Made] = {}
    if min(workers, len(models)) < 2:
        for model in models:
            found[model.name] = make(model)
            progress(found[model.name][0].times)
        return list(found.values())
    # Anew, not forked: a process that has started threads must not be copied.
    with ProcessPoolExecutor(min(workers, len(models)), get_context("spawn")) as pool:
        with _one_thread_each():  # each process is started when there is work for it
            waiting = [pool.submit(make, model) for model in sorted(models, key=_work, reverse=True)]
        try:
            for one in as_completed(waiting):
                result, drawn = one.result()
                found[result.model.name] = result, drawn
                progress(result.times)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [found[model.name] for model in models]


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that are started meanwhile do linear algebra with one thread: together they use all processors.

    They read it when they load NumPy, which they do before an initializer of the pool could tell them.
    """
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(model: ModelSpec) -> int:
    """About how long a model takes, so that what takes longest is begun first."""
    levels = 10 if model.quantity.family in SURVIVAL_FAMILIES else 5 if model.pooling.build().grouped else 1
    return levels * (1 + len(model.variants))


def _write(results: Results, drawn: Mapping[str, Drawn], folder: Path) -> None:
    for name, rows in all_tables(results).items():
        write_text(folder / "tables" / f"{name}.csv", as_csv(rows))
    write_pages(results, drawn, folder, _BESIDE)
    for result in results.models:
        stem = file_stem(result.model.name)
        write_figures(drawn[result.model.name][""], folder / "figures", stem)
