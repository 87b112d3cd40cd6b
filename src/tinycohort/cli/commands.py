"""The commands. Each imports what it needs when it runs, and returns the exit status."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..issues import InputError, Issue
from .output import answer, answer_json, complain

if TYPE_CHECKING:
    from ..posterior import Fit

__all__ = ["all_at_once", "check", "fit", "init", "mind_project", "pool", "reconstruct", "report", "reproduce", "show"]

_MANY_COHORTS = 60
# Each holds some gigabytes at most.
_MOST_WORKERS = 4


def init(options: Any) -> int:
    """A project of one's own; says what was made, and what to type next."""
    from ..projects import begin_project

    project = begin_project(options.folder)
    here = project.folder.resolve() == Path.cwd()
    name = "." if here else str(project.folder)
    answer(
        [
            f"Made in {name}: {len(project.files)} files.",
            "  README.md   from a first page to a report of your own, step by step",
            "  columns.md  every column of the tables, and the words that it takes",
            "  evidence/   the tables, empty, for your numbers",
            "  example/    the same tables, filled with invented numbers, to copy the form from",
            "  models/     response.toml, one analysis",
            "Next, for a page to look at:",
            *([] if here else [f"  cd {_quoted(name)}"]),
            "  tinycohort report --data example --models models --to example_report",
        ]
    )
    return 0


def _quoted(name: str) -> str:
    """A path as a shell takes it."""
    import os
    import shlex
    import subprocess

    return subprocess.list2cmdline([name]) if os.name == "nt" else shlex.quote(name)


def check(options: Any) -> int:
    """Every problem of a folder of evidence; 1 if any is an error. A folder without errors may be sealed."""
    from ..evidence import check
    from ..tables import seal

    if options.seal and options.folder is None:
        raise InputError(Issue("--seal", "no folder is named", "Name yours: tinycohort check FOLDER --seal."))
    mind_project(options.folder, "tinycohort check evidence")
    issues = check(options.folder)
    if options.seal and not any(issue.severity == "error" for issue in issues):
        complain(f"sealed by {str(seal(options.folder))!r}")
        issues = check(options.folder)
    errors = [issue for issue in issues if issue.severity == "error"]
    if options.json:
        keys = ("severity", "where", "what", "mend")
        content = [{key: getattr(issue, key) for key in keys} for issue in issues]
        answer_json({"ok": not errors, "errors": len(errors), "warnings": len(issues) - len(errors), "issues": content})
    else:
        from ..reporting.words import count, plain

        answer(plain(f"{issue.severity}: {issue}") for issue in issues)
        answer([f"{count(len(errors), 'error')}, {count(len(issues) - len(errors), 'warning')}"])
    complain(_rows_read(options.folder))
    return 1 if errors else 0


def _rows_read(folder: str | None) -> str:
    """How many rows of each table there are to be read: a table that was saved elsewhere is noticed."""
    from ..resources import bundled
    from ..tables import read_folder

    tables, _ = read_folder(bundled("data") if folder is None else folder)
    counts = [f"{table} {len(rows)}" for table, rows in tables.rows.items() if rows]
    return f"rows read: {', '.join(counts) or 'none'}"


def mind_project(given: str | None, command: str) -> None:
    """Say that the bundled evidence is used where a project's own may be meant, which is never taken unasked."""
    if given is None and Path("evidence", "outcomes.csv").is_file():
        complain(f"this is about the bundled evidence; for that of this folder: {command}")


def show(options: Any) -> int:
    """A row of the evidence, or a model before it is fitted."""
    import shutil

    from ..checks import WIDTH, show
    from ..evidence import read_evidence

    mind_project(options.data, "add --data evidence")
    shown = show(options.what, read_evidence(options.data))
    if options.json:
        answer_json(shown.to_dict())
    else:
        # As wide as the terminal; in a file or a pipe as in Python.
        answer(shown.text(shutil.get_terminal_size((WIDTH, 24)).columns).split("\n"))
    return 0


def fit(options: Any) -> int:
    """Fit a model, and save the fit if asked to."""
    from ..engines.run import fit
    from ..estimates import estimate_rows
    from ..evidence import read_evidence
    from ..spec import read_model

    mind_project(options.data, "add --data evidence")
    model = read_model(options.model)
    if options.variant is not None:
        model = model.variant(options.variant)
    found = fit(model, read_evidence(options.data), options.engine, options.seed)
    more = {
        "model": model.name,
        "estimates": estimate_rows(found, options.level, options.interval),
        "provenance": found.provenance,
    }
    if options.save is not None:  # before the answer, so that there is none if this fails
        complain(f"saved {found.save(options.save)}")
    return _report(found, options, more)


def pool(options: Any) -> int:
    """Pool the cohorts of a CSV file."""
    from ..direct import pool
    from .cohort_file import read_cohort_file

    columns, _ = all_at_once(
        lambda: read_cohort_file(
            options.file, options.given_level, ratio=options.ratio, grouped=options.pooling == "nested"
        ),
        lambda: _check_priors(options),
    )

    if len(columns["label"]) > _MANY_COHORTS:
        complain(f"{len(columns['label'])} cohorts: leaving out each in turn takes a while")
    found = pool(
        data=columns,
        ratio=options.ratio,
        published_without_events=options.published_without_events,
        mu=options.mu,
        tau=options.tau,
        tau_group=options.tau_group,
        own=options.own,
        pooling=options.pooling,
        nu=options.nu,
        exchangeable=options.exchangeable,
        structure=options.structure,
        engine=options.engine,
        seed=options.seed,
    )
    return _report(found, options, {})


def reconstruct(options: Any) -> int:
    """Patients from a digitised curve."""
    from ..reconstruction import reconstruct
    from .curve_files import CURVE, RISK, in_its_place, read_columns

    read: dict[str, Any] = {"risk": None}
    all_at_once(
        lambda: read.update(curve=read_columns(options.curve, CURVE)),
        lambda: options.at_risk is None or read.update(risk=read_columns(options.at_risk, RISK)),
    )
    curve, risk = read["curve"], read["risk"]
    if risk is None and options.total is None:
        mend = "Type --at-risk FILE.csv, the table below the curve, or at least --total N."
        raise InputError(Issue("--total", "nothing says how many people there were", mend))
    try:
        found = reconstruct(
            curve.numbers["time_months"],
            curve.numbers["survival"],
            at_risk_times_months=None if risk is None else risk.numbers["time_months"],
            at_risk=None if risk is None else risk.numbers["at_risk"],
            total=options.total,
            events=options.events,
            ensemble=options.ensemble,
            seed=options.seed,
            precision=options.precision,
            read_at=options.read_at,
        )
    except InputError as error:
        raise InputError([in_its_place(issue, curve, risk) for issue in error.issues]) from None
    for path, all_of_them in ((options.output, False), (options.output_ensemble, True)):
        if path is not None:  # before the answer, so that there is none if this fails
            found.to_csv(path, ensemble=all_of_them)
            complain(f"wrote {path}")
    if options.json:
        answer_json({**found.summary(), "patients": found.patients.to_dict("records"), "reasons": []})
    else:
        answer(str(found).split("\n"))
    return 0


def _check_priors(options: Any) -> None:
    """Whether the priors read as priors; whether they suit the model is for the model to say."""
    from ..priors import prior

    given = [(name, text) for name in ("mu", "tau", "tau_group", "own") if (text := getattr(options, name)) is not None]
    all_at_once(*(partial(prior, text, f"--{name.replace('_', '-')}") for name, text in given))


def all_at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Take every step, then raise what all of them complained of; what each returned otherwise."""
    from ..issues import InputError

    results: list[Any] = []
    issues: list[Any] = []
    for step in steps:
        try:
            results.append(step())
        except InputError as error:
            issues += error.issues
    if issues:
        raise InputError(issues)
    return results


def _report(fit: Fit, options: Any, more: dict[str, Any]) -> int:
    """Print a fit; 1 if it may not be reported."""
    from ..reporting.text import fit_lines

    if options.json:
        summary = fit.summary(0.95 if options.level is None else options.level, options.interval)
        answer_json({**summary, **more})
    else:
        answer(fit_lines(fit, options.level, options.interval))
    for reason in fit.reasons:
        complain(f"not reportable: {reason}")
    return 0 if fit.reportable else 1


def report(options: Any) -> int:
    """Pages for people: one over all models, and one a model."""
    from ..reporting.writing import report

    mind_project(options.data, "add --data evidence --models models")
    names = options.model if options.models is None else _in_folder(options.models, options.model)
    verdict = report(names or None, options.data, options.to, seed=options.seed, progress=complain)
    answer(verdict.lines)
    return 0 if verdict.ok else 1


def _in_folder(folder: str, names: Sequence[str]) -> list[str]:
    """The paths of the models of these names, with or without a variant, in a folder; the folder if there are none."""
    from ..issues import InputError, Issue

    place = Path(folder)
    if not place.is_dir():
        raise InputError(Issue(folder, "there is no such folder", "Give a folder that holds model files."))
    split = (name.removesuffix(".toml").partition(":") for name in names)
    return [f"{place / stem}.toml{colon}{variant}" for stem, colon, variant in split] or [folder]


def reproduce(options: Any) -> int:
    """Everything: all models, both engines, all variants, into one folder."""
    from ..reporting.reproduction import reproduce

    mind_project(options.data, "add --data evidence --models models/response.toml")
    verdict = reproduce(
        options.output,
        evidence=options.data,
        models=options.models,
        seed=options.seed,
        engine=options.engine,
        progress=complain,
        workers=min(os.cpu_count() or 1, _MOST_WORKERS) if options.workers is None else options.workers,
    )
    answer(verdict.lines)
    return 0 if verdict.ok else 1
