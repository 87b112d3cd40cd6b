"""What one cohort reported of its survival, as it was printed and as it speaks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .terms import Terms

__all__ = ["Person", "Point", "Report"]


@dataclass(frozen=True)
class Point:
    """A printed point of a curve.

    Attributes
    ----------
    time_months, survival : float
        The point; of a median the survival is a half.
    lower, upper : float or None
        Its printed interval: of the survival, or, of a median, of the time.
    is_median : bool
        Whether it was printed as a median.
    people : float or None
        Of a landmark, how many people since the point before speak through it.
    level : float or None
        Of its interval; None if it is that of all the others.
    """

    time_months: float
    survival: float
    lower: float | None = None
    upper: float | None = None
    is_median: bool = False
    people: float | None = None
    level: float | None = None


@dataclass(frozen=True)
class Person:
    """The time of one person, or what is known of it.

    Attributes
    ----------
    lower_months, upper_months : float
        Where the time lies; equal if it is exact.
    died : bool
        Whether it ended in the event; else it was censored.
    entry_months : float
        Time of late entry; nought if observed from the start.
    label : str
        Who it is, where that was printed.
    """

    lower_months: float
    upper_months: float
    died: bool
    entry_months: float = 0.0
    label: str = ""


@dataclass(frozen=True)
class Report:
    """One cohort's report.

    Attributes
    ----------
    kind : str
        The likelihood kind that read it.
    terms : Terms
        What it says.
    words : str
        What was reported, in a few words.
    people : float or None
        How many people there are in the cohort.
    longest_months : float
        Until when the report follows anybody: beyond it, curves are extrapolated.
    quasi : bool
        Whether its likelihood is only like one: people that are no whole numbers stand in it.
    basis : str
        Where the effective numbers of people come from; empty where they are printed.
    remarks : tuple of str
        What must be said of it although nothing is wrong.
    points, persons : tuple
        The evidence in its own form, for pictures.
    """

    kind: str
    terms: Terms
    words: str
    people: float | None
    longest_months: float
    quasi: bool = False
    basis: str = ""
    remarks: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    persons: tuple[Person, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain types only; `from_dict` gives the report back."""
        plain = {name: getattr(self, name) for name in ("kind", "words", "people", "quasi", "basis")}
        return plain | {
            "longest_months": self.longest_months if math.isfinite(self.longest_months) else None,
            "terms": self.terms.to_dict(),
            "remarks": list(self.remarks),
            "points": [asdict(point) for point in self.points],
            "persons": [asdict(person) for person in self.persons],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Report:
        """The inverse of `to_dict`."""
        longest = stored["longest_months"]
        return cls(
            **{name: stored[name] for name in ("kind", "words", "people", "quasi", "basis")},
            longest_months=math.inf if longest is None else longest,
            terms=Terms.from_dict(stored["terms"]),
            remarks=tuple(stored["remarks"]),
            points=tuple(Point(**point) for point in stored["points"]),
            persons=tuple(Person(**person) for person in stored["persons"]),
        )
