"""The commands that put analyses beside each other: `compare` and `vary`."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..issues import InputError, Issue
from .commands import mind_project
from .output import answer, answer_json, complain

if TYPE_CHECKING:
    from ..comparison import Variants

__all__ = ["NO_COMPARISON", "NO_VARIANTS", "compare", "vary"]

#: The keys of the JSON of a comparison when there is none.
NO_COMPARISON: dict[str, Any] = {
    "title": None, "rows": [], "remarks": [], "against": None, "seed": None, "cohorts": [], "sensitivity": [],
    "average": None, "reasons": [],
}  # fmt: skip
#: The same for variants.
NO_VARIANTS: dict[str, Any] = {"model": None, "target": None, "rows": [], "skipped": {}, "reasons": []}


def compare(options: Any) -> int:
    """Models beside each other, and their average if it is asked for."""
    from ..comparison import compare, model_average
    from ..engines.run import fit
    from ..evidence import read_evidence
    from ..spec import read_model

    mind_project(options.data, "add --data evidence")
    evidence = read_evidence(options.data)
    fits = {name: fit(read_model(name), evidence, "auto", options.seed) for name in options.model}
    if len(fits) < len(options.model):
        doubled = sorted({name for name in options.model if options.model.count(name) > 1})
        raise InputError(Issue("MODEL", f"{', '.join(doubled)} is named twice", "Name each once."))
    found = compare(fits, against=options.against, seed=options.seed)
    average = None if options.average is None else model_average(fits, by=options.average, level=options.level)
    if options.json:
        more: dict[str, Any] = {"average": None if average is None else average.to_dict(), "reasons": []}
        answer_json({**NO_COMPARISON, **found.to_dict(), **more})
    else:
        answer(repr(found).split("\n"))
        if average is not None:
            answer(["", *repr(average).split("\n")])
    return 0


def vary(options: Any) -> int:
    """A model in all its variants, and in combinations of them."""
    from ..comparison import vary
    from ..evidence import read_evidence
    from ..spec import PLUS

    mind_project(options.data, "add --data evidence")
    if options.pairs and options.combine:
        raise InputError(Issue("--combine", "typed beside --pairs", "Type one of the two."))
    combine = "pairs" if options.pairs else [text.split(PLUS) for text in options.combine or ()] or None
    found = vary(options.model, read_evidence(options.data), "auto", options.seed, combine=combine)
    rows = found.rows(options.target, options.level)
    if options.csv is not None:  # before the answer, so that there is none if this fails
        Path(options.csv).write_text(_as_csv(rows), encoding="utf-8", newline="")
        complain(f"wrote {options.csv}")
    if options.json:
        answer_json(
            {"model": found.model.name, "target": options.target, "rows": rows, "skipped": found.skipped, "reasons": []}
        )
    else:
        answer(_lines(found, rows, options.target, options.level))
    return 0


def _as_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _lines(found: Variants, rows: list[dict[str, Any]], target: str, level: float) -> list[str]:
    from ..comparison.findings import as_columns, shown_number

    shown = ("median", "lower", "upper")
    body = [
        [row["variant"], "" if row["cohorts"] is None else str(row["cohorts"]),
         *(shown_number(row[key], ".3f") for key in shown)]
        for row in rows
    ]  # fmt: skip
    title = f"{found.model.name} in {len(rows) - 1} other ways: {target.replace('_', ' ')}, {level:.0%} intervals"
    table = as_columns(["variant", "cohorts", *shown], body)
    reasons = [f"No answer from {row['variant']}: {row['reasons']}." for row in rows if row["reasons"]]
    return [title, *table, *reasons, *(f"Not taken together, {name}: {why}." for name, why in found.skipped.items())]
