"""`report`: a page for each model and one over all of them, with no tables and no second engine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..evidence import Evidence, read_evidence
from ..issues import InputError, Issue
from ..spec import ModelSpec
from .answers import answer
from .figures import Drawing, draw_all
from .folder import REPORT, new_folder, write_provenance, write_text
from .page import index_page, model_page
from .results import Results, fit_everything, read_models
from .words import plain

__all__ = ["Verdict", "file_stem", "report", "verdict_of", "write_pages"]


@dataclass(frozen=True)
class Verdict:
    """How it ended.

    Attributes
    ----------
    folder : Path
        Where the results are; `index.html` is the page to open.
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
        return [*map(plain, [*self.answers, *engines, *problems]), f"Written to {self.folder}: open index.html"]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def report(
    models: str | os.PathLike[str] | ModelSpec | Iterable[str | os.PathLike[str] | ModelSpec] | None = None,
    evidence: str | os.PathLike[str] | Evidence | None = None,
    to: str | os.PathLike[str] = "report",
    *,
    seed: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Write a report: `index.html` over all models, and one page a model, which need no network and nothing else.

    Every variant of every model is fitted as well, and can be chosen on the page of the model; further fits find what
    the answer hangs on, such as each cohort left out.

    Parameters
    ----------
    models : str, path, ModelSpec, or several of them, optional
        Names of bundled models, paths of model files, folders of model files, or models that were read; all bundled
        models when not given.
    evidence : Evidence, str or path, optional
        Evidence that was read, or its folder; the bundled evidence when not given.
    to : str or path
        The folder to write: a new one, an empty one, or one of an earlier report, which is replaced as a whole.
    seed : int
        Same seed, same pages.
    progress : callable
        Told a line at a time how far it has come.

    Returns
    -------
    Verdict
        Print it, or see whether it is `ok`.

    Raises
    ------
    InputError
        The evidence or a model cannot be used, or the folder may not be written; nothing is left behind then.

    Examples
    --------
    >>> import tempfile, tinycohort as tc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = tc.report("response_pd1:common", to=f"{folder}/report")
    ...     sorted(path.name for path in written.folder.iterdir())
    ['index.html', 'provenance.json', 'response_pd1-common.html']
    """
    begun, clock = datetime.now(UTC), time.perf_counter()
    with new_folder(to, REPORT) as folder:
        specs = read_models(models)
        checked = evidence if isinstance(evidence, Evidence) else read_evidence(_folder(evidence))
        results = fit_everything(checked, specs, seed, "exact", progress)
        progress("drawing, and writing the pages")
        drawn = {result.model.name: draw_all(result) for result in results.models}
        write_pages(results, drawn, folder)
        seconds = round(time.perf_counter() - clock, 1)
        times = {"started": begun.isoformat(timespec="seconds"), "seconds": seconds}
        write_provenance(folder, REPORT, times | results.provenance)
    return verdict_of(results, Path(to))


def _folder(evidence: str | os.PathLike[str] | None) -> Path | None:
    return None if evidence is None else Path(evidence)


def verdict_of(results: Results, folder: Path) -> Verdict:
    """The verdict on these results."""
    answers = tuple(f"{result.model.name}. {answer(result.fit)}" for result in results.models)
    engines = "" if results.agreement is None else results.agreement.verdict
    return Verdict(folder, answers, engines, tuple(results.problems))


def file_stem(name: str) -> str:
    """A model's name as part of a file's: the colon before a variant is none that every system admits.

    Examples
    --------
    >>> file_stem("response_pd1:common")
    'response_pd1-common'
    """
    return name.replace(":", "-")


def write_pages(
    results: Results, drawn: Mapping[str, Mapping[str, Sequence[Drawing]]], folder: Path, beside: str = ""
) -> None:
    """Write the page over all models, and that of each.

    Raises
    ------
    InputError
        A model whose page would be the page over all.
    """
    pages = {result.model.name: f"{file_stem(result.model.name)}.html" for result in results.models}
    if "index.html" in pages.values():
        what = "its page would be index.html, which is the page over all models"
        raise InputError(Issue("model 'index'", what, "Give it another name."))
    write_text(folder / "index.html", index_page(results, pages, beside))
    for result in results.models:
        write_text(folder / pages[result.model.name], model_page(result, results, drawn[result.model.name]))
