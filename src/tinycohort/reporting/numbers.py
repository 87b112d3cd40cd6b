"""The printed numbers behind an answer: which are used by what, what contradicts them, and which are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..checks.left_out import in_order
from ..evidence import Evidence, LeftOut, Used
from ..posterior import Fit
from ..records import Discrepancy, Outcome, Overlap, Source
from ..records.cells import write_cell
from .results import ModelResult

__all__ = ["Change", "Contradiction", "LeftOutNumber", "Number", "Numbers", "gather_numbers"]


@dataclass(frozen=True)
class Contradiction:
    """A contradiction about a number, and whether the side taken here is the other one.

    Attributes
    ----------
    row : Discrepancy
        As the evidence has it.
    taken : str
        What stands in the cell here.
    """

    row: Discrepancy
    taken: str

    @property
    def turned(self) -> bool:
        """Whether a variant takes the other side."""
        return self.taken != (self.row.used or "")


@dataclass(frozen=True)
class Number:
    """One printed number as it is used.

    Attributes
    ----------
    anchor : str
        Its name on the page.
    used : Used
        Outcome, cohort and source.
    contradictions : tuple of Contradiction
        About the number, or about how many people its cohort has.
    users : tuple of str
        Which fits use it: names of variants, and "" for the model as it stands.
    """

    anchor: str
    used: Used
    contradictions: tuple[Contradiction, ...]
    users: tuple[str, ...]


@dataclass(frozen=True)
class LeftOutNumber:
    """A number of the same endpoint that does not speak."""

    left: LeftOut
    outcome: Outcome
    label: str


@dataclass(frozen=True)
class Change:
    """What a variant does to the evidence.

    Attributes
    ----------
    added, read_otherwise : tuple of Number
        Numbers that speak here alone; numbers that stand otherwise here, a contradiction being decided otherwise.
    dropped : mapping of str to tuple of (Number, LeftOut)
        Numbers that do not speak here, by the reason in a word.
    """

    added: tuple[Number, ...]
    read_otherwise: tuple[Number, ...]
    dropped: Mapping[str, tuple[tuple[Number, LeftOut], ...]]


@dataclass(frozen=True)
class Numbers:
    """All numbers of one model.

    Attributes
    ----------
    rows : tuple of Number
        Those of the model as it stands, then those that only variants use.
    left_out : mapping of str to tuple of LeftOutNumber
        By the reason in a word: those first that the least change of the model would lift.
    overlaps : tuple of Overlap
        Between cohorts that are used together all the same.
    sources : tuple of Source
        Of the rows, each once, in order.
    """

    rows: tuple[Number, ...]
    left_out: Mapping[str, tuple[LeftOutNumber, ...]]
    overlaps: tuple[Overlap, ...]
    sources: tuple[Source, ...]

    @property
    def own(self) -> tuple[Number, ...]:
        """Those of the model as it stands."""
        return tuple(one for one in self.rows if "" in one.users)

    def of(self, variant: str) -> dict[str, Number]:
        """The numbers that a fit uses, by outcome."""
        return {one.used.outcome.outcome_id: one for one in self.rows if variant in one.users}

    def change(self, variant: str, fit: Fit) -> Change:
        """What a variant's fit uses otherwise."""
        before, after = self.of(""), self.of(variant)
        left = {one.outcome_id: one for one in fit.evidence.left_out} if fit.evidence is not None else {}
        dropped: dict[str, list[tuple[Number, LeftOut]]] = {}
        for name, one in before.items():
            if name not in after and name in left:
                dropped.setdefault(left[name].reason, []).append((one, left[name]))
        return Change(
            added=tuple(one for name, one in after.items() if name not in before),
            read_otherwise=tuple(one for name, one in after.items() if name in before and one != before[name]),
            dropped={reason: tuple(rows) for reason, rows in dropped.items()},
        )


def gather_numbers(result: ModelResult, evidence: Evidence) -> Numbers:
    """Everything that the model and its variants read in the evidence."""
    users: dict[tuple[Any, ...], tuple[Used, list[str]]] = {}
    for variant, _, fit in result.fits:
        for used in fit.evidence.numbers if fit.evidence is not None else ():
            users.setdefault(_key(used), (used, []))[1].append(variant)
    taken: dict[str, int] = {}
    rows = tuple(
        Number(_anchor(used, taken), used, tuple(_contradictions(used, evidence)), tuple(names))
        for used, names in users.values()
    )
    together = {one.used.cohort.cohort_id for one in rows if "" in one.users}
    return Numbers(
        rows,
        _left_out(result.fit, evidence),
        tuple(row for row in evidence.overlaps if {row.cohort_a, row.cohort_b} <= together),
        tuple({one.used.source.source_id: one.used.source for one in rows}.values()),
    )


def _key(used: Used) -> tuple[Any, ...]:
    """A number is another one when a contradiction about it is decided otherwise."""
    outcome = used.outcome
    names = ("outcome_id", "events", "total", "value", "lower", "upper")
    return tuple(getattr(outcome, name) for name in names)


def _anchor(used: Used, taken: dict[str, int]) -> str:
    name = used.outcome.outcome_id
    taken[name] = taken.get(name, 0) + 1
    return f"number-{name}" if taken[name] == 1 else f"number-{name}-{taken[name]}"


def _contradictions(used: Used, evidence: Evidence) -> Iterator[Contradiction]:
    for row in evidence.discrepancies.values():
        if (row.table, row.row_id) == ("outcomes", used.outcome.outcome_id):
            yield Contradiction(row, write_cell(getattr(used.outcome, row.field)))
        elif (row.table, row.row_id, row.field) == ("cohorts", used.cohort.cohort_id, "total"):
            yield Contradiction(row, write_cell(used.cohort.total))


def _left_out(fit: Fit, evidence: Evidence) -> dict[str, tuple[LeftOutNumber, ...]]:
    groups: dict[str, list[LeftOutNumber]] = {}
    for left in fit.evidence.left_out if fit.evidence is not None else ():
        label = evidence.cohorts[left.cohort_id].label
        one = LeftOutNumber(left, evidence.outcomes[left.outcome_id], label)
        groups.setdefault(left.reason, []).append(one)
    return {reason: tuple(groups[reason]) for reason in in_order(groups)}
