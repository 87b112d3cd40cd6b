"""The courses of patients, step by step, each with its place on a line of months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..evidence import Evidence
from ..issues import InputError, Issue
from ..records import Course, Patient
from ..vocabulary import COURSE_MOMENT

__all__ = ["Line", "Step", "course_lines"]

#: What happened at one time, and how a patient was treated; the rest of a course stands in the table alone.
MOMENTS = (
    "diagnosis", "complete_response", "partial_response", "stable_disease", "progressive_disease", "new_lesion",
    "last_followup", "death",
)  # fmt: skip
TREATMENTS = (
    "immunotherapy", "chemotherapy", "chemoimmunotherapy", "radiotherapy", "chemoradiotherapy", "targeted_therapy",
    "local_therapy",
)  # fmt: skip
# Steps without a time after the last that has one stand so far apart, as a share of the axis.
_APART = 1.0 / 14.0
assert set(MOMENTS) <= set(COURSE_MOMENT)


@dataclass(frozen=True)
class Step:
    """One step of a course.

    Attributes
    ----------
    course : Course
        As it stands in the evidence.
    at : float or None
        Where it is drawn, in months; None where it is not drawn.
    known : bool
        Whether its time is known; otherwise only its order is.
    """

    course: Course
    at: float | None
    known: bool

    @property
    def is_moment(self) -> bool:
        return self.course.event in MOMENTS


@dataclass(frozen=True)
class Line:
    """A patient and what happened to them, in the order reported."""

    patient: Patient
    clock: str
    steps: tuple[Step, ...]

    @property
    def drawn(self) -> list[Step]:
        """The steps that have a place."""
        return [step for step in self.steps if step.at is not None]

    @property
    def last(self) -> str:
        """What was last reported of their life."""
        for step in reversed(self.steps):
            word = {"death": "died", "last_followup": "alive"}.get(step.course.event)
            if word:
                time = step.course.start_months
                return f"{word}, time not known" if time is None else f"{word} at {time:g} months"
        return ""


def course_lines(evidence: Evidence, of: str | Sequence[str] | None) -> list[Line]:
    """A line for each patient with a course.

    Parameters
    ----------
    evidence : Evidence
        Where the courses stand.
    of : str or sequence of str or None
        Patients, or cohorts whose patients are meant; all patients with courses for None.

    Raises
    ------
    InputError
        A name that is neither, or nobody with a course.
    """
    rows: dict[str, list[Course]] = {}
    for row in evidence.courses:
        rows.setdefault(row.patient_id, []).append(row)
    wanted = list(rows) if of is None else _patients(evidence, [of] if isinstance(of, str) else list(of))
    there = [name for name in wanted if name in rows]
    if not there:
        what = "no patient has a course" if of is None else f"{of!r}: no course of theirs was reported"
        raise InputError(Issue("of", what, f"Those who have one: {', '.join(rows) or 'nobody'}."))
    times = [time for name in there for row in rows[name] for time in (row.start_months, row.end_months) if time]
    apart = _APART * max(times) if times else 1.0
    patients = evidence.patients
    return [
        Line(patients[name], evidence.cohorts[patients[name].cohort_id].clock, _placed(rows[name], apart))
        for name in there
    ]


def _patients(evidence: Evidence, names: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    issues = []
    for name in names:
        if name in evidence.patients:
            found[name] = None
        elif name in evidence.cohorts:
            own = {row.patient_id for row in evidence.outcomes.values() if row.cohort_id == name}
            for patient in evidence.patients.values():
                if patient.patient_id in own or name in _families(evidence, patient.cohort_id):
                    found[patient.patient_id] = None
        else:
            known = ", ".join(dict.fromkeys(row.patient_id for row in evidence.courses))
            issues.append(
                Issue("of", f"{name!r} is neither a patient nor a cohort", f"Patients with courses: {known}.")
            )
    if issues:
        raise InputError(issues)
    return list(found)


def _families(evidence: Evidence, cohort_id: str) -> list[str]:
    """A cohort and those that it is a part of."""
    found: list[str] = []
    above: str | None = cohort_id
    while above is not None and above not in found:
        found.append(above)
        above = evidence.cohorts[above].parent_id
    return found


def _placed(rows: Sequence[Course], apart: float) -> tuple[Step, ...]:
    """Each step at its time, or, where that is not known, evenly between the times before and after it."""
    shown = [row for row in rows if row.event in MOMENTS + TREATMENTS]
    places: list[float] = []
    before = 0.0
    for k, row in enumerate(shown):
        if row.start_months is not None:
            before = row.start_months
            places.append(before)
            continue
        ahead = next((j for j in range(k, len(shown)) if _time(shown[j]) is not None), None)
        end = None if ahead is None else _time(shown[ahead])
        if ahead is None or end is None or end < before:
            before += apart
        else:
            # The one that has only an end begins before it.
            before += (end - before) / (ahead - k + 1 + (shown[ahead].start_months is None))
        places.append(before)
    found = iter(places)
    return tuple(Step(row, next(found) if row in shown else None, row.start_months is not None) for row in rows)


def _time(row: Course) -> float | None:
    return row.start_months if row.start_months is not None else row.end_months
