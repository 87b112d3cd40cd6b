"""`Evidence`: eight checked tables, decided where they contradict themselves, and asked who may speak."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..issues import InputError, Issue
from ..records import (
    RECORD_TYPES,
    Characteristic,
    Cohort,
    Course,
    Discrepancy,
    Outcome,
    Overlap,
    Patient,
    Source,
    columns_of,
    key_of,
)
from ..records.cells import read_cell, suggestion
from ..tables import Tables, digest
from .plausibility import check_tables
from .request import Request, Way
from .selection import Selection, select

if TYPE_CHECKING:
    import pandas

__all__ = ["Evidence", "evidence_of"]


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """Reported numbers of tiny cohorts, each with its source. Made by `read_evidence`.

    Parameters
    ----------
    tables : Tables
        The records of all eight tables.
    folder : Path or None
        Where they were read; None if they were in memory.
    digest : str
        SHA-256 of the content: two evidences with the same digest give the same answers.

    Examples
    --------
    >>> import tinycohort as tc
    >>> evidence = tc.read_evidence()
    >>> evidence.outcomes["lin_2022_pd1_response"].printed
    '12.5% (1/8)'
    """

    tables: Tables
    folder: Path | None
    digest: str

    @property
    def sources(self) -> Mapping[str, Source]:
        """Sources by identifier."""
        return MappingProxyType(self.tables.source)

    @property
    def cohorts(self) -> Mapping[str, Cohort]:
        """Cohorts by identifier."""
        return MappingProxyType(self.tables.cohort)

    @property
    def patients(self) -> Mapping[str, Patient]:
        """Patients by identifier."""
        return MappingProxyType(self.tables.patient)

    @property
    def courses(self) -> tuple[Course, ...]:
        """Events and treatments in the courses of patients."""
        return self.tables.courses

    @property
    def characteristics(self) -> tuple[Characteristic, ...]:
        """Cells of baseline tables."""
        return self.tables.characteristics

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """Reported numbers by identifier."""
        return MappingProxyType(self.tables.outcome)

    @property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Declared overlaps between cohorts."""
        return self.tables.overlaps

    @property
    def discrepancies(self) -> Mapping[str, Discrepancy]:
        """Contradictions by identifier."""
        return MappingProxyType(self.tables.discrepancy)

    def frame(self, table: str) -> pandas.DataFrame:
        """One table as a pandas DataFrame.

        Parameters
        ----------
        table : str
            Such as "outcomes".

        Returns
        -------
        pandas.DataFrame
            One row a record, in the order of the table; empty cells are missing values.
        """
        import pandas

        if table not in RECORD_TYPES:
            raise InputError(Issue("frame", f"{table!r} is not a table of evidence", suggestion(table, RECORD_TYPES)))
        names = list(columns_of(table))
        return pandas.DataFrame(
            [[getattr(record, name) for name in names] for record in self.tables.rows[table]], columns=names
        )

    def decide(self, decisions: Mapping[str, str]) -> Evidence:
        """Take the other side of some contradictions.

        Parameters
        ----------
        decisions : mapping of str to {"used", "other"}
            By identifier of discrepancies.csv.

        Returns
        -------
        Evidence
            With the other value in the field in doubt wherever "other" was chosen, and checked again.
        """
        rows = {table: list(records) for table, records in self.tables.rows.items()}
        issues: list[Issue] = []
        for name, side in decisions.items():
            row = self.discrepancies.get(name)
            if row is None:
                mend = suggestion(name, self.discrepancies)
                issues.append(Issue("[evidence] decisions", f"{name!r} is not a discrepancy", mend))
            elif side not in ("used", "other"):
                issues.append(Issue(f"[evidence] decisions.{name}", f"{side!r} is no side", "Write used or other."))
            elif side == "other":
                before = self.tables.rows[row.table]  # another decision may have changed the key of this row
                index = next(i for i, each in enumerate(before) if key_of(row.table, each) == row.row_id)
                value: Any = read_cell(row.other or "", *columns_of(row.table)[row.field])
                changed: Any = {row.field: None if value == "" else value}
                rows[row.table][index] = replace(rows[row.table][index], **changed)
                # The contradiction is settled now; what it used to excuse is checked like everything else.
                rows["discrepancies"] = [
                    each for each in rows["discrepancies"] if key_of("discrepancies", each) != name
                ]
        if issues:
            raise InputError(issues)
        tables = Tables({table: tuple(records) for table, records in rows.items()})
        return evidence_of(tables, [], self.folder)

    def select(
        self,
        *,
        endpoint: str,
        origins: Sequence[str],
        overlaps: Mapping[str, str],
        where: Mapping[str, Sequence[Any]] | None = None,
        measures: Sequence[str] | None = None,
        level: str = "cohort",
        exclude: Sequence[str] = (),
        decisions: Mapping[str, str] | None = None,
        prefer: Sequence[str] = (),
        allow_selected: bool = False,
        against: Mapping[str, Sequence[Any]] | None = None,
        require: Sequence[str] = (),
        ways: Sequence[Way] = (),
    ) -> Selection:
        """Select the outcomes that may speak about an endpoint, and resolve overlaps among them.

        Selection comes first: level, `where`, origin, measure and so on, row by row. Then, of the cohorts left, those
        are used that share nobody and together have most people; a systematic review never displaces the studies it
        reviews. A row with a category (complete responses, one kind of adverse event) speaks only if `where` asks for
        it, and a row that counts lesions only if `where` admits its denominator.

        Parameters
        ----------
        endpoint : str
            Such as "objective_response".
        origins : sequence of str
            Origins admitted: document, cited, primary, secondary.
        overlaps : mapping of str to str
            For each of same_people, a_within_b, some_shared and suspected: keep_larger, keep_both or refuse.
        where : mapping of str to sequence, optional
            Values admitted in columns of cohorts, or else of outcomes; "" admits an empty cell.
        measures : sequence of str, optional
            Ways of reporting admitted; all if not given.
        level : {"cohort", "patient"}
            Whether summaries or single patients speak.
        exclude : sequence of str
            Cohorts and outcomes left out by name.
        decisions : mapping of str to {"used", "other"}, optional
            Contradictions of which the other side is taken.
        prefer : sequence of str
            Cohorts that win where overlapping choices have equally many people.
        allow_selected : bool
            Whether cohorts may inform an endpoint that they were selected on.
        against : mapping of str to sequence, optional
            Values admitted in columns of cohorts, of the cohort that a number is compared with. A ratio or a difference
            that points the other way (its comparator answers to `where`, its cohort to `against`) is turned round.
        require : sequence of str
            Columns of outcomes that must be filled, such as events and total.
        ways : sequence of Way, optional
            Several ways of speaking, instead of `measures` and `require`: each number speaks in the first that admits
            it, and with its comparator where that is paired.

        Returns
        -------
        Selection
            What is used and what is left out, each in the order of the table.

        Raises
        ------
        InputError
            If a word is unknown, a cohort would speak twice, an overlap is refused or undecided, or nothing is left.

        Examples
        --------
        >>> import tinycohort as tc
        >>> chosen = tc.read_evidence().select(
        ...     endpoint="objective_response",
        ...     where={"cohort_id": ["lin_2022_pd1"]},
        ...     origins=["document"],
        ...     overlaps=dict.fromkeys(["same_people", "a_within_b", "some_shared", "suspected"], "keep_larger"),
        ... )
        >>> [(used.outcome.events, used.outcome.total) for used in chosen.used]
        [(1, 8)]
        """
        evidence = self.decide(decisions) if decisions else self
        request = Request(
            endpoint,
            _as_lists(where),
            origins,
            overlaps,
            tuple(ways) or (Way(measures, require),),
            level,
            exclude,
            prefer,
            allow_selected,
            _as_lists(against),
        )
        return select(evidence.tables, request)

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(records)} {table}" for table, records in self.tables.rows.items())
        return f"Evidence({str(self.folder) if self.folder else 'in memory'}: {counts}; {self.digest[:12]})"

    def _repr_html_(self) -> str:
        place = html.escape(str(self.folder) if self.folder else "in memory")
        rows = "".join(
            f"<tr><td>{html.escape(table)}</td><td style='text-align:right'>{len(records)}</td></tr>"
            for table, records in self.tables.rows.items()
        )
        return f"<table><caption>Evidence: {place} ({self.digest[:12]})</caption>{rows}</table>"


def evidence_of(tables: Tables, issues: list[Issue], folder: Path | None) -> Evidence:
    """Tables as evidence, checked.

    Raises
    ------
    InputError
        With every error in them, and those that were found while they were read.
    """
    errors = [issue for issue in [*issues, *check_tables(tables)] if issue.severity == "error"]
    if errors:
        raise InputError(errors)
    return Evidence(tables, folder, digest(tables))


def _as_lists(conditions: Mapping[str, Any] | None) -> dict[str, list[Any]]:
    return {
        name: [values] if isinstance(values, str) or not isinstance(values, Sequence) else list(values)
        for name, values in (conditions or {}).items()
    }
