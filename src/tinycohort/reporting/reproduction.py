"""`reproduce`: all models, all variants, both engines, into one folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..evidence import read_evidence
from ..issues import InputError, Issue
from .figures import draw_all, write_figures
from .folder import REPRODUCTION, new_folder, write_provenance, write_text
from .results import Results, fit_everything, read_models
from .tables import all_tables, as_csv
from .writing import Verdict, file_stem, verdict_of, write_pages

__all__ = ["reproduce"]

_BESIDE = (
    "Beside these pages: tables/ as CSV, figures/ as SVG and PDF, fits/ as netCDF, and provenance.json with the time"
    " and the digests of all files."
)


def reproduce(
    output: str | os.PathLike[str],
    *,
    evidence: str | os.PathLike[str] | None = None,
    models: Sequence[str] | None = None,
    seed: int = 1,
    engine: str = "both",
    progress: Callable[[str], None] = lambda _: None,
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

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        The evidence or a model cannot be used, or the folder may not be written; nothing is left behind then.
    """
    if engine not in ("both", "exact"):
        raise InputError(Issue("engine", f"unknown choice {engine!r}", "Choose both or exact."))
    begun, clock = datetime.now(UTC), time.perf_counter()
    with new_folder(output, REPRODUCTION) as folder:
        specs = read_models(models)
        checked = read_evidence(None if evidence is None else Path(evidence))
        results = fit_everything(checked, specs, seed, engine, progress)
        progress("writing tables, figures, fits and the pages")
        _write(results, folder)
        seconds = round(time.perf_counter() - clock, 1)
        times = {"started": begun.isoformat(timespec="seconds"), "seconds": seconds}
        write_provenance(folder, REPRODUCTION, times | results.provenance)
    return verdict_of(results, Path(output))


def _write(results: Results, folder: Path) -> None:
    for name in ("tables", "figures", "fits"):
        (folder / name).mkdir()
    for name, rows in all_tables(results).items():
        write_text(folder / "tables" / f"{name}.csv", as_csv(rows))
    drawn = {result.model.name: draw_all(result) for result in results.models}
    write_pages(results, drawn, folder, _BESIDE)
    for result in results.models:
        stem = file_stem(result.model.name)
        write_figures(drawn[result.model.name][""], folder / "figures", stem)
        for fit in filter(None, (result.fit, result.sampled)):
            if fit.reportable or fit.posterior.engine == "nuts":
                fit.save(folder / "fits" / f"{stem}_{fit.posterior.engine}.nc")
