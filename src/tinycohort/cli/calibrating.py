"""The command `calibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..issues import InputError, Issue
from .commands import all_at_once, mind_project
from .output import answer, answer_json, complain

__all__ = ["calibrate"]

_LISTS = {"totals": int, "cohorts": int, "people": int, "rates": float, "taus": float}
_TRUTHS = ("cohorts", "people", "rates", "taus")


def calibrate(options: Any) -> int:
    """Calibrate a model, and save the result if asked to."""
    from ..calibration.models import calibrate
    from ..evidence import read_evidence
    from ..spec import read_model

    mind_project(options.data, "add --data evidence")

    def model_asked_for() -> Any:
        model = read_model(options.model)
        return model if options.variant is None else model.variant(options.variant)

    model, lists, _ = all_at_once(model_asked_for, lambda: _read_lists(options), lambda: _check_request(options))
    truths = {name: lists[name] for name in _TRUTHS if name in lists}
    found = calibrate(
        model,
        read_evidence(options.data),
        totals=lists.get("totals"),
        truths=truths or ("grid" if options.grid else None),
        replicates=options.replicates,
        engine=options.engine,
        level=options.level,
        seed=options.seed,
        workers=options.workers,
        scheduler=options.scheduler,
        checkpoint=options.checkpoint,
        progress=complain,
    )
    for path in options.save:  # before the answer, so that there is none if this fails
        complain(f"saved {found.save(path)}")
    if options.json:
        answer_json({**found.to_dict(), "reasons": []})
    else:
        answer(found.lines())
    return 0


def _check_request(options: Any) -> None:
    """Whether the numbers are such as can be used."""
    from ..calibration.models.requests import request_issues

    given = (options.replicates, options.level, options.workers, options.engine, options.seed)
    issues = request_issues(*given, {}, options.scheduler)
    if issues:
        raise InputError(issues)


def _read_lists(options: Any) -> dict[str, list[float]]:
    """Numbers with commas between them, of those options that were given; and where results may be written."""
    issues: list[Issue] = []
    found: dict[str, list[float]] = {}
    for name, kind in _LISTS.items():
        text = getattr(options, name)
        if text is None:
            continue
        values = []
        for word in text.split(","):
            try:
                values.append(kind(word))
            except ValueError:
                what = f"{word.strip()!r} is no {'whole ' if kind is int else ''}number"
                issues.append(Issue(f"--{name}", what, f"Give such as {'8,27,44' if kind is int else '0.1,0.3'}."))
        found[name] = values
    if options.totals is not None and (options.grid or any(name in found for name in _TRUTHS)):
        mend = "Give --cohorts and --people instead, or leave --grid out."
        issues.append(Issue("--totals", "is not for fixed truths, whose cohorts are all of one size", mend))
    for path in options.save:
        # Before hours of work, not after them.
        if Path(path).suffix not in (".json", ".csv"):
            issues.append(Issue("--save", f"the suffix of {path!r} names no format", "Let it end in .json or in .csv."))
        elif not Path(path).absolute().parent.is_dir():
            issues.append(Issue("--save", f"the folder of {path!r} does not exist", "Make it, or name another."))
    if issues:
        raise InputError(issues)
    return found
