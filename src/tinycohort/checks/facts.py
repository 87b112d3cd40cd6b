"""Everything that the evidence says about one identifier, gathered from its eight tables."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..evidence import Evidence
from ..records import (
    Characteristic,
    Cohort,
    Course,
    Discrepancy,
    Outcome,
    Overlap,
    Patient,
    Record,
    Source,
    key_of,
)
from .wording import read_as

__all__ = ["Facts", "gather"]

_TABLES = (
    "sources", "cohorts", "patients", "courses", "characteristics", "outcomes", "overlaps", "discrepancies",
)  # fmt: skip

#: Tables whose rows have names of their own, by which a contradiction may speak of them.
_NAMED = ("sources", "cohorts", "patients", "outcomes")


@dataclass(frozen=True)
class Facts:
    """What one identifier names, and what hangs on it.

    Attributes
    ----------
    name : str
        The identifier.
    called : tuple of str
        What is called so: one or two of source, cohort, patient, number, contradiction.
    sources, cohorts, patients : tuple of records
        Those called so, and the cohorts and patients of what is called so.
    courses, characteristics : tuple of records
        Those of the patients and of the cohorts.
    outcomes : tuple of Outcome
        The numbers about the cohorts or the patient, those read in the source, and those that compare with a cohort.
    overlaps : tuple of Overlap
        Those declared for the cohorts, and for the cohort of a number or a patient.
    discrepancies : tuple of Discrepancy
        Those about a record above.
    claims : tuple of Discrepancy
        Those about other rows that name a record above.
    owners : mapping of str to Cohort
        Whom the rows of the claims are about.
    family : tuple of Cohort
        Subgroups of which the subgroup or the parent is among the cohorts.
    elsewhere : mapping of str to tuple of Outcome
        Numbers about the same patients in other cohorts, by cohort.
    known : mapping of str to Cohort
        All cohorts, to name those of numbers, overlaps and parents.
    cited : tuple of Source
        The sources of what is above, without those called so.
    """

    name: str
    called: tuple[str, ...]
    sources: tuple[Source, ...] = ()
    cohorts: tuple[Cohort, ...] = ()
    patients: tuple[Patient, ...] = ()
    courses: tuple[Course, ...] = ()
    characteristics: tuple[Characteristic, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    discrepancies: tuple[Discrepancy, ...] = ()
    claims: tuple[Discrepancy, ...] = ()
    owners: Mapping[str, Cohort] = dataclasses.field(default_factory=dict)
    family: tuple[Cohort, ...] = ()
    elsewhere: Mapping[str, tuple[Outcome, ...]] = dataclasses.field(default_factory=dict)
    known: Mapping[str, Cohort] = dataclasses.field(default_factory=dict)
    cited: tuple[Source, ...] = ()

    @property
    def main_source(self) -> str:
        """The source in which places are, unless another is named."""
        if self.sources:
            return self.sources[0].source_id
        if self.cohorts:
            return self.cohorts[0].source_id
        if self.patients:
            return self.known[self.patients[0].cohort_id].source_id
        if self.outcomes:
            return Counter(row.source_id for row in self.outcomes).most_common(1)[0][0]
        return ""

    @property
    def second_reading(self) -> str:
        """Who read most of the numbers a second time; empty if nobody did."""
        readers = Counter(row.checked_by or "" for row in self.outcomes)
        return max(readers, key=lambda reader: (readers[reader], reader), default="")

    def doubts(self, table: str, row: Record) -> tuple[Discrepancy, ...]:
        """The contradictions about one row."""
        return tuple(each for each in self.discrepancies if (each.table, each.row_id) == (table, key_of(table, row)))

    def to_dict(self) -> dict[str, Any]:
        """Plain types: the records by table, then what helps to read them."""
        content: dict[str, Any] = {"name": self.name, "called": list(self.called)}
        content |= {table: [dataclasses.asdict(row) for row in getattr(self, table)] for table in _TABLES}
        content["outcomes"] = [self._outcome(row) for row in self.outcomes]
        content["claims"] = [dataclasses.asdict(row) for row in self.claims]
        content["subgroups"] = [
            {name: getattr(row, name) for name in ("cohort_id", "parent_id", "partition", "label", "total")}
            for row in self.family
        ]
        content["elsewhere"] = {name: [row.outcome_id for row in rows] for name, rows in self.elsewhere.items()}
        content["citations"] = {
            row.source_id: {name: getattr(row, name) for name in ("citation", "origin", "doi", "address")}
            for row in (*self.sources, *self.cited)
        }
        return content

    def _outcome(self, row: Outcome) -> dict[str, Any]:
        cohort, comparator = self.known[row.cohort_id], self.known.get(row.comparator_id or "")
        return {
            **dataclasses.asdict(row),
            "read_as": read_as(row),
            "cohort_label": cohort.label,
            "comparator_label": None if comparator is None else comparator.label,
            "clock": cohort.clock,
        }


def gather(name: str, evidence: Evidence) -> Facts | None:
    """Everything about an identifier, or None if nothing is called so.

    One identifier may name a source and a cohort at once: a study's report and the study.
    """
    holders = {
        "source": evidence.sources,
        "cohort": evidence.cohorts,
        "patient": evidence.patients,
        "number": evidence.outcomes,
        "contradiction": evidence.discrepancies,
    }
    called = tuple(what for what, holder in holders.items() if name in holder)
    if len(called) > 1:  # a contradiction may have the name of the row that it is about, and stands there
        called = tuple(what for what in called if what != "contradiction")
    if not called:
        return None
    facts = Facts(name, called, known=dict(evidence.cohorts))
    if called == ("contradiction",):
        return _contradiction(facts, evidence)
    facts = _with_people(facts, evidence)
    facts = _with_numbers(facts, evidence)
    facts = _with_overlaps(facts, evidence)
    facts = _with_contradictions(facts, evidence)
    return dataclasses.replace(facts, cited=_cited(facts, evidence))


def _contradiction(facts: Facts, evidence: Evidence) -> Facts:
    """A contradiction by itself, with the number that it is about."""
    row = evidence.discrepancies[facts.name]
    outcome = evidence.outcomes.get(row.row_id) if row.table == "outcomes" else None
    return dataclasses.replace(
        facts,
        discrepancies=(row,),
        outcomes=() if outcome is None else (outcome,),
        owners=_owners((row,), evidence),
    )


def _owners(rows: Iterable[Discrepancy], evidence: Evidence) -> dict[str, Cohort]:
    """The cohort of each contradiction's row, where it has one."""
    owners: dict[str, Cohort] = {}
    for row in rows:
        name = row.row_id.partition("/")[0]
        if row.table == "outcomes":
            name = evidence.outcomes[name].cohort_id
        elif row.table in ("patients", "courses"):
            name = evidence.patients[name].cohort_id
        if name in evidence.cohorts:
            owners[row.discrepancy_id] = evidence.cohorts[name]
    return owners


def _with_people(facts: Facts, evidence: Evidence) -> Facts:
    """The source, its cohorts, their patients, and what describes them."""
    sources = tuple(
        row for row in evidence.sources.values() if "source" in facts.called and row.source_id == facts.name
    )
    cohorts = tuple(
        row
        for row in evidence.cohorts.values()
        if (sources and row.source_id == facts.name) or ("cohort" in facts.called and row.cohort_id == facts.name)
    )
    ids = {row.cohort_id for row in cohorts}
    patients = tuple(row for row in evidence.patients.values() if row.cohort_id in ids or row.patient_id == facts.name)
    people = {row.patient_id for row in patients}
    return dataclasses.replace(
        facts,
        sources=sources,
        cohorts=cohorts,
        patients=patients,
        courses=tuple(row for row in evidence.courses if row.patient_id in people),
        characteristics=tuple(row for row in evidence.characteristics if row.cohort_id in ids),
    )


def _with_numbers(facts: Facts, evidence: Evidence) -> Facts:
    """Numbers of other cohorts about the same patients are counted, not shown, unless the patient was asked for."""
    ids = {row.cohort_id for row in facts.cohorts}
    asked = {"number": "outcome_id", "patient": "patient_id", "source": "source_id"}
    columns = [column for what, column in asked.items() if what in facts.called]
    told: list[Outcome] = []
    elsewhere: dict[str, list[Outcome]] = {}
    people = {row.patient_id for row in facts.patients} | {
        row.patient_id for row in evidence.outcomes.values() if row.cohort_id in ids and row.patient_id
    }
    for row in evidence.outcomes.values():
        if ids & {row.cohort_id, row.comparator_id} or any(getattr(row, column) == facts.name for column in columns):
            told.append(row)
        elif row.patient_id in people:
            elsewhere.setdefault(row.cohort_id, []).append(row)
    others = {name: tuple(rows) for name, rows in elsewhere.items()}
    return dataclasses.replace(facts, outcomes=tuple(told), elsewhere=others)


def _with_overlaps(facts: Facts, evidence: Evidence) -> Facts:
    about = {row.cohort_id for row in facts.cohorts}
    if not facts.sources and not facts.cohorts:
        about = {row.cohort_id for row in facts.outcomes} | {row.cohort_id for row in facts.patients}
    return dataclasses.replace(
        facts,
        overlaps=tuple(row for row in evidence.overlaps if about & {row.cohort_a, row.cohort_b}),
        family=tuple(
            row for row in evidence.cohorts.values() if row.parent_id and about & {row.cohort_id, row.parent_id}
        ),
    )


def _with_contradictions(facts: Facts, evidence: Evidence) -> Facts:
    """Those about any row shown; and of the others, those that name one."""
    keys = {(table, key_of(table, row)) for table in _TABLES for row in getattr(facts, table)}
    names = {facts.name} | {key for table, key in keys if table in _NAMED}
    about: list[Discrepancy] = []
    claims: list[Discrepancy] = []
    for row in evidence.discrepancies.values():
        if (row.table, row.row_id) in keys:
            about.append(row)
        elif names & set(re.findall(r"[a-z][a-z0-9_]*", f"{row.other_locator} {row.reason}")):
            claims.append(row)
    owners = _owners(claims, evidence)
    return dataclasses.replace(facts, discrepancies=tuple(about), claims=tuple(claims), owners=owners)


def _cited(facts: Facts, evidence: Evidence) -> tuple[Source, ...]:
    rows: Iterable[Any] = (*facts.outcomes, *facts.cohorts, *facts.overlaps)
    ids = {row.source_id for row in rows} | {facts.known[row.cohort_id].source_id for row in facts.patients}
    ids |= {facts.known[row.cohort_id].source_id for row in facts.outcomes if facts.called == ("number",)}
    own = {row.source_id for row in facts.sources}
    return tuple(row for row in evidence.sources.values() if row.source_id in ids - own)
