"""People one by one: exact times, times between limits, censored ones, late entries, and two that are tied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...issues import InputError, Issue
from ...numerics import gauss_legendre
from .report import Person, Report
from .terms import Atom, Density, Factor, Interval, Terms, alive_after

__all__ = ["Gap", "persons_report"]

_NODES = 24


@dataclass(frozen=True)
class Gap:
    """Two deaths so many months apart, the first of them between two limits.

    Attributes
    ----------
    lower_months, upper_months : float
        Where the first lies.
    gap_months : float
        From the first to the second.
    """

    lower_months: float
    upper_months: float
    gap_months: float


def persons_report(
    persons: Sequence[Person], gaps: Sequence[Gap] = (), label: str = "", remarks: tuple[str, ...] = ()
) -> Report:
    """What people say of whom each time is known, or where it lies.

    An event at an exact time says log f; between two limits, log(S(lower) - S(upper)). Of a person censored at a time
    that is only known to lie between two, survival is averaged over the times between them; of a late entry, everything
    is given survival up to it. Two tied deaths are integrated along their gap.

    Parameters
    ----------
    persons : sequence of Person
        At least one, here or in `gaps`.
    gaps : sequence of Gap
        Pairs of deaths of which the distance is known better than the times.
    label : str
        Of the cohort, for errors.
    remarks : tuple of str
        Kept with the report.

    Raises
    ------
    InputError
        A time that is none, limits the wrong way round, or a time before its entry.
    """
    issues = [issue for k, person in enumerate(persons) for issue in _issues(person, f"{label} {_name(person, k)}")]
    issues += [issue for gap in gaps for issue in _gap_issues(gap, f"{label} tied deaths")]
    if not persons and not gaps:
        issues.append(Issue(label, "nobody", "Give at least one person."))
    if issues:
        raise InputError(issues)
    parts = [part for person in persons for part in _parts(person)] + [_tied(gap) for gap in gaps]
    deaths = sum(person.died for person in persons) + 2 * len(gaps)
    everybody = len(persons) + 2 * len(gaps)
    ends = [one.upper_months for one in persons if math.isfinite(one.upper_months)]
    ends += [one.lower_months for one in persons] + [gap.upper_months + gap.gap_months for gap in gaps]
    drawn = [*persons, *(person for gap in gaps for person in _both(gap))]
    words = f"{everybody} {'person' if everybody == 1 else 'people'}, {deaths} {'event' if deaths == 1 else 'events'}"
    return Report("times", Terms.of(parts), words, everybody, max(ends), remarks=remarks, persons=tuple(drawn))


def _name(person: Person, k: int) -> str:
    return person.label or f"person {k + 1}"


def _issues(person: Person, where: str) -> list[Issue]:
    lower, upper, entry = person.lower_months, person.upper_months, person.entry_months
    found = []
    if not (math.isfinite(lower) and lower >= 0.0) or math.isnan(upper) or upper == -math.inf:
        what = f"a time of {lower!r} to {upper!r} months"
        return [Issue(where.strip(), what, "Give months, nought or more.")]
    if upper < lower:
        found.append(Issue(where.strip(), f"limits {lower:g} and {upper:g} are the wrong way round", "Swap them."))
    if person.died and lower == upper == 0.0:
        found.append(Issue(where.strip(), "an event at time 0", "Say between which times it lies, such as 0 and 0.5."))
    if not 0.0 <= entry < max(upper, 1e-300) or entry > lower or (person.died and entry == upper > 0.0):
        what = f"entry at {entry:g}, after the time {lower:g}"
        found.append(Issue(where.strip(), what, "Nobody is observed before entering: give an earlier entry."))
    return found


def _gap_issues(gap: Gap, where: str) -> list[Issue]:
    known = (gap.lower_months, gap.upper_months, gap.gap_months)
    if all(math.isfinite(value) and value >= 0.0 for value in known) and gap.lower_months < gap.upper_months:
        return []
    what = f"between {gap.lower_months!r} and {gap.upper_months!r} months, {gap.gap_months!r} apart"
    return [Issue(where.strip(), what, "Give limits in order and a gap, nought or more, all finite.")]


def _parts(person: Person) -> list[Density | Interval | Factor]:
    lower, upper = person.lower_months, person.upper_months
    entered: list[Density | Interval | Factor] = [alive_after(person.entry_months, -1.0)] if person.entry_months else []
    if person.died:
        own = Density(lower) if lower == upper else Interval(lower, upper)
        return [own, *entered]
    if lower == upper or math.isinf(upper):
        return [alive_after(lower), *entered]
    times, weights = _rule(lower, upper)
    atoms = tuple(Atom(math.log(w), intervals=(alive_after(t),)) for t, w in zip(times, weights, strict=True))
    return [Factor(atoms), *entered]


def _tied(gap: Gap) -> Factor:
    """The integral of f(t) f(t + gap) over where t lies."""
    times, weights = _rule(gap.lower_months, gap.upper_months)
    width = math.log(gap.upper_months - gap.lower_months)
    return Factor(
        tuple(
            Atom(width + math.log(w), densities=(Density(t), Density(t + gap.gap_months)))
            for t, w in zip(times, weights, strict=True)
        )
    )


def _rule(lower: float, upper: float) -> tuple[list[float], list[float]]:
    """Nodes between two limits, and weights that sum to one."""
    rule = gauss_legendre(_NODES)
    return (lower + 0.5 * (upper - lower) * (rule.nodes + 1.0)).tolist(), np.asarray(0.5 * rule.weights).tolist()


def _both(gap: Gap) -> tuple[Person, Person]:
    first, last = gap.lower_months, gap.upper_months
    return Person(first, last, True), Person(first + gap.gap_months, last + gap.gap_months, True)
