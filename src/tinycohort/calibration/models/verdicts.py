"""A calibration in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import special

__all__ = ["METHODS", "GridVerdict", "PriorVerdict", "called", "verdict_of"]

Rows = Sequence[Mapping[str, Any]]

#: What each method is called.
METHODS = {
    "tinycohort": "this model",
    "clopper_pearson": "Clopper-Pearson, counts added up",
    "dersimonian_laird": "DerSimonian-Laird, logits",
    "hartung_knapp": "Hartung-Knapp, logits",
    "freeman_tukey": "Freeman-Tukey, double arcsines",
}
# How often a right calibration is called wrong, over all of its tests.
_FALSE_ALARM = 0.05
# Fewer replicates see gross faults alone.
_MANY = 500
_QUANTITIES = {"typical": "typical rate", "new_cohort": "new cohort's rate"}


@dataclass(frozen=True)
class PriorVerdict:
    """Whether truths drawn from the priors lie where they should.

    Attributes
    ----------
    calibrated : bool
        Whether nothing speaks against it.
    words : str
        What came out.
    head : list of str
        What was done.
    """

    calibrated: bool | None
    words: str
    head: list[str]

    def lines(self, rows: Rows, competitors: Rows) -> list[str]:
        """The tables, as text."""
        found = [f"  {'':<24.24} {'coverage':>9} {'width':>9} {'P uniform':>10}"]
        for row in rows:
            name = called(f"{row['quantity']} {row['cohort']}")
            found.append(f"  {name:<24.24} {row['coverage']:9.1%} {row['width']:9.3f} {row['p_value']:10.2g}")
        if competitors:
            found.append("  On the same data, coverage (mean width):")
        for method in dict.fromkeys(row["method"] for row in competitors):
            own = {row["quantity"]: f"{row['coverage']:.1%} ({row['width']:.3f})" for row in competitors
                   if row["method"] == method}  # fmt: skip
            found.append(f"  {METHODS[method]}: typical {own['typical']}, new cohort {own['new_cohort']}")
        return found


@dataclass(frozen=True)
class GridVerdict:
    """What coverage is at fixed truths, where none is owed."""

    words: str
    head: list[str]
    calibrated: bool | None = None

    def lines(self, rows: Rows, competitors: Rows) -> list[str]:
        """The tables, as text: over all truths."""
        found = [f"  {'':<34} {'lowest':>8} {'mean':>8} {'highest':>8} {'width':>8}"]
        for quantity, words in _QUANTITIES.items():
            found.append(f"  {words}")
            for method, name in METHODS.items():
                own = [row for row in rows if (row["method"], row["quantity"]) == (method, quantity)]
                values = [row["coverage"] for row in own]
                mean, width = (sum(row[what] for row in own) / len(own) for what in ("coverage", "width"))
                found.append(f"    {name:<32} {min(values):8.1%} {mean:8.1%} {max(values):8.1%} {width:8.3f}")
        return found


def called(key: str) -> str:
    """What a quantity is called: a cohort or group by its own label."""
    quantity, _, label = key.partition(" ")
    return label or quantity.replace("_", " ")


def verdict_of(kind: str, rows: Rows, settings: Mapping[str, Any], unreported: int) -> PriorVerdict | GridVerdict:
    """The verdict on rows of either kind."""
    return _grid(rows, settings) if kind == "grid" else _prior(rows, settings, unreported)


def _prior(rows: Rows, settings: Mapping[str, Any], unreported: int) -> PriorVerdict:
    size, level = settings["replicates"], settings["level"]
    # The place of the typical rate is that of mu.
    tested = [row for row in rows if row["quantity"] != "typical"] or rows
    least = _FALSE_ALARM / (2 * len(tested))
    wrong = []
    for row in tested:
        name = called(f"{row['quantity']} {row['cohort']}")
        chance = _coverage_p(row["coverage"], size, level)
        if row["p_value"] < least:
            wrong.append(f"{name} (P = {row['p_value']:.1g}: {row['words']})")
        elif chance < least:
            wrong.append(f"{name} (coverage {row['coverage']:.1%}, P = {chance:.1g})")
    spread = sorted(row["coverage"] for row in rows)
    smallest = min(row["p_value"] for row in tested)
    error = math.sqrt(level * (1.0 - level) / size)
    facts = (
        f"{100 * level:g}% intervals hold the truth in {spread[0]:.1%} to {spread[-1]:.1%} of {size:,} replicates "
        f"(one standard error is {100 * error:.2g} points), and the smallest P value of "
        f"{_count(len(tested), 'test')} of uniform ranks is {smallest:.2g} (below {least:.2g} would be a fault)"
    )
    few = "" if size >= _MANY else f" So few replicates see gross faults alone: {_MANY} or more see finer ones."
    bad = f" {_count(unreported, 'refit')} could not have been reported, and count all the same." if unreported else ""
    words = f"Calibrated: {facts}."
    if wrong:
        luck = "One right model in twenty is called wrong by chance: see whether it stays so with another seed."
        words = f"Not calibrated: {'; '.join(wrong)}. {facts}. {luck}"
    head = [
        f"{settings['model']}: {_count(len(settings['cohorts']), 'cohort')}, {settings['pooling']}, engine "
        f"{'exact' if settings['engine'] == 'batch' else settings['engine']}, truths from the priors "
        f"({', '.join(f'{name} ~ {text}' for name, text in settings['priors'].items())})"
    ]
    return PriorVerdict(not wrong, words + few + bad, head)


def _coverage_p(coverage: float, size: int, level: float) -> float:
    """Two-sided P value of a coverage where `level` is owed."""
    held = round(coverage * size)
    below = float(special.bdtr(held, size, level))
    above = float(special.bdtrc(held - 1, size, level)) if held else 1.0
    return min(2.0 * min(below, above), 1.0)


def _grid(rows: Rows, settings: Mapping[str, Any]) -> GridVerdict:
    size, level = settings["replicates"], settings["level"]
    parts = []
    for quantity, words in _QUANTITIES.items():
        own = [row for row in rows if (row["method"], row["quantity"]) == ("tinycohort", quantity)]
        lowest = min(own, key=lambda row: row["coverage"])
        below = sum(row["coverage"] < level - 0.03 for row in own)
        parts.append(
            f"The {words} is held in {lowest['coverage']:.1%} to {max(row['coverage'] for row in own):.1%}, more than "
            f"3 points too seldom at {below} of {_count(len(own), 'truth')}; the lowest is at {_where(lowest)}."
        )
    head = [
        f"{settings['model']}: {_count(len(rows) // (2 * len(METHODS)), 'fixed truth')}, {size:,} replicates each, "
        f"{100 * level:g}% intervals ({', '.join(f'{name} ~ {text}' for name, text in settings['priors'].items())})"
    ]
    return GridVerdict("No level is owed at a fixed truth. " + " ".join(parts), head)


def _where(row: Mapping[str, Any]) -> str:
    return f"{row['cohorts']} cohorts of {row['people']}, rate {row['rate']:g}, tau {row['tau']:g}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
