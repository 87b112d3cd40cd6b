"""`reproduce`: all models, all variants, both engines, into one folder."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..evidence import read_evidence
from ..issues import InputError, Issue
from .answers import answer
from .figures import write_figures
from .folder import MADE_BY, MARKER, digests, new_folder
from .page import write_page
from .results import Results, fit_everything, read_models
from .tables import all_tables, as_csv

__all__ = ["Verdict", "reproduce"]


@dataclass(frozen=True)
class Verdict:
    """How it ended.

    Attributes
    ----------
    folder : Path
        Where the results are.
    answers : tuple of str
        One sentence a model.
    engines : str
        Whether the two engines agree; empty when only one was asked for.
    problems : tuple of str
        What keeps the results from being an answer.
    """

    folder: Path
    answers: tuple[str, ...]
    engines: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether everything stands."""
        return not self.problems

    @property
    def lines(self) -> list[str]:
        """The same for a terminal."""
        engines = [self.engines] if self.engines else []
        problems = [f"Problem: {problem}" for problem in self.problems]
        return [*self.answers, *engines, *problems, f"Written to {self.folder}: open index.html"]


def reproduce(
    output: str | os.PathLike[str],
    *,
    evidence: str | os.PathLike[str] | None = None,
    models: Sequence[str] | None = None,
    seed: int = 1,
    engine: str = "both",
    progress: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Fit every model and variant, compare the engines, and write tables, figures, fits and a page.

    Parameters
    ----------
    output : str or path
        The folder to write: a new one, an empty one, or one of earlier results, which is replaced as a whole.
    evidence : str or path, optional
        Folder of evidence; the bundled one when not given.
    models : sequence of str, optional
        Names or paths; all bundled models when not given.
    seed : int
        Same seed, same tables, figures and page.
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
    with new_folder(output) as folder:
        specs = read_models(models)
        checked = read_evidence(None if evidence is None else Path(evidence))
        results = fit_everything(checked, specs, seed, engine, progress)
        progress("writing tables, figures, fits and the page")
        _write(results, folder)
        seconds = round(time.perf_counter() - clock, 1)
        _write_provenance(results, folder, {"started": begun.isoformat(timespec="seconds"), "seconds": seconds})
    answers = tuple(f"{result.model.name}. {answer(result)}" for result in results.models)
    engines = "" if results.agreement is None else results.agreement.verdict
    return Verdict(Path(output), answers, engines, tuple(results.problems))


def _write(results: Results, folder: Path) -> None:
    for name in ("tables", "figures", "fits"):
        (folder / name).mkdir()
    for name, rows in all_tables(results).items():
        _write_text(folder / "tables" / f"{name}.csv", as_csv(rows))
    figures = {result.model.name: write_figures(result, folder / "figures") for result in results.models}
    _write_text(folder / "index.html", write_page(results, figures))
    for result in results.models:
        for fit in filter(None, (result.fit, result.sampled)):
            if fit.reportable or fit.posterior.engine == "nuts":
                fit.save(folder / "fits" / f"{result.model.name}_{fit.posterior.engine}.nc")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_provenance(results: Results, folder: Path, times: dict[str, Any]) -> None:
    """How and when this was made, and what belongs to it: the only file, with the fits, that knows the time."""
    content = {
        "made_by": MADE_BY,
        **times,
        "machine": {"system": platform.system(), "processor": platform.machine()},
        "seed": results.seed,
        "versions": results.versions,
        "evidence": results.evidence.digest,
        "models": {result.model.name: result.model.digest for result in results.models},
        "problems": results.problems,
        "files": digests(folder),
    }
    _write_text(folder / MARKER, json.dumps(content, indent=1) + "\n")
