"""Which cohorts may share people, and the largest choice of cohorts that share nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..records import Cohort, Overlap

__all__ = ["Choice", "Kinship", "components", "largest_disjoint"]


@dataclass(frozen=True, slots=True)
class _Step:
    """One step up from a group of people to a larger one that contains it."""

    inner: str
    outer: str
    parent_id: str  # "" where the step is a declared a_within_b, not a subgroup and its parent
    partition: str


class Kinship:
    """Who may share people with whom, from parents, partitions and declared overlaps.

    Cohorts declared `same_people` are one group. A subgroup lies within its parent, `a` within `b` where that is
    declared, and so on upwards. Two cohorts then may share people if one lies within the other; if a declared partial
    overlap (some_shared, suspected) joins them or groups that contain them; or if both are parts of one group and
    nothing says that the parts are separate. Parts are known to be separate if they are subgroups of the same parent
    by the same partition; two cohorts that are each declared `a_within_b` of one third (two trials in one pooled
    analysis) are separate unless declared otherwise.

    Parameters
    ----------
    cohorts : iterable of Cohort
        All cohorts of the evidence, also those not selected: the chain may lead through them.
    overlaps : iterable of Overlap
        The declared overlaps that count.
    """

    def __init__(self, cohorts: Iterable[Cohort], overlaps: Iterable[Overlap]) -> None:
        cohorts, overlaps = tuple(cohorts), tuple(overlaps)
        self._group: dict[str, str] = {cohort.cohort_id: cohort.cohort_id for cohort in cohorts}
        for row in overlaps:
            if row.relation == "same_people":
                self._merge(row.cohort_a, row.cohort_b)
        self._steps: dict[str, list[_Step]] = defaultdict(list)
        for cohort in cohorts:
            if cohort.parent_id is not None:
                self._add(cohort.cohort_id, cohort.parent_id, cohort.parent_id, cohort.partition or "")
        for row in overlaps:
            if row.relation == "a_within_b":
                self._add(row.cohort_a, row.cohort_b, "", "")
        partial = [row for row in overlaps if row.relation in ("some_shared", "suspected")]
        self._partial = {frozenset((self._group[row.cohort_a], self._group[row.cohort_b])) for row in partial}
        self._above: dict[str, frozenset[str]] = {}

    def _merge(self, one: str, other: str) -> None:
        keep, drop = self._group[one], self._group[other]
        for cohort_id, group in self._group.items():
            if group == drop:
                self._group[cohort_id] = keep

    def _add(self, inner: str, outer: str, parent_id: str, partition: str) -> None:
        step = _Step(self._group[inner], self._group[outer], parent_id, partition)
        if step.inner != step.outer:
            self._steps[step.inner].append(step)

    def _containers(self, group: str) -> frozenset[str]:
        if group not in self._above:
            seen, ahead = {group}, [group]
            while ahead:
                for step in self._steps[ahead.pop()]:
                    if step.outer not in seen:
                        seen.add(step.outer)
                        ahead.append(step.outer)
            self._above[group] = frozenset(seen)
        return self._above[group]

    def share(self, one: str, other: str) -> bool:
        """Whether two cohorts may have people in common."""
        a, b = self._group[one], self._group[other]
        above_a, above_b = self._containers(a), self._containers(b)
        if a in above_b or b in above_a:
            return True
        steps_a = [step for group in above_a for step in self._steps[group]]
        steps_b = [step for group in above_b for step in self._steps[group]]
        pairs = [(s, t) for s in steps_a for t in steps_b if s.outer == t.outer and s.inner != t.inner]
        if any(s.parent_id and (s.parent_id, s.partition) == (t.parent_id, t.partition) for s, t in pairs):
            return False
        if any(frozenset((u, v)) in self._partial for u in above_a for v in above_b):
            return True
        # Steps by which the other cohort goes up as well say nothing: the question is answered higher up.
        own = [(s, t) for s, t in pairs if s.inner not in above_b and t.inner not in above_a]
        return any(s.parent_id or t.parent_id for s, t in own)


@dataclass(frozen=True, slots=True)
class Choice:
    """The best choice found, and a second one that is exactly as good, if there is one."""

    chosen: frozenset[str]
    tied: frozenset[str] | None


def components(nodes: Sequence[str], conflicts: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Split nodes into groups between which there is no conflict, keeping their order."""
    groups: list[list[str]] = []
    seen: set[str] = set()
    for node in nodes:
        if node in seen:
            continue
        reached, ahead = {node}, [node]
        while ahead:
            for near in conflicts[ahead.pop()] - reached:
                reached.add(near)
                ahead.append(near)
        seen |= reached
        groups.append([other for other in nodes if other in reached])
    return groups


Weight = tuple[int, ...]
_Best = tuple[Weight, tuple[frozenset[str], ...]]


def _plus(one: Weight, other: Weight) -> Weight:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def largest_disjoint(
    nodes: Sequence[str], conflicts: Mapping[str, frozenset[str]], people: Mapping[str, int], prefer: Sequence[str] = ()
) -> Choice:
    """Choose nodes without conflict that have the most people together (exact, by branching with memory).

    Parameters
    ----------
    nodes : sequence of str
        One connected group.
    conflicts : mapping of str to frozenset of str
        Symmetric; a node is not among its own.
    people : mapping of str to int
        How many people each speaks for, at least 1.
    prefer : sequence of str
        Nodes that win between choices with equally many people, the first before the second.

    Returns
    -------
    Choice
        With `tied` set if another choice is as large and as preferred.

    Examples
    --------
    >>> star = {"whole": frozenset({"a", "b"}), "a": frozenset({"whole"}), "b": frozenset({"whole"})}
    >>> sorted(largest_disjoint(["whole", "a", "b"], star, {"whole": 50, "a": 30, "b": 25}).chosen)
    ['a', 'b']
    """
    weights: Final = {node: (people[node], *(int(node == first) for first in prefer)) for node in nodes}
    nothing: Final[Weight] = (0,) * (1 + len(prefer))
    memory: dict[frozenset[str], _Best] = {}

    def best(left: frozenset[str]) -> _Best:
        if not left:
            return nothing, (frozenset(),)
        if left not in memory:
            # The node with most conflicts splits the problem most; ties go by name, so that the search is the same.
            node = max(left, key=lambda candidate: (len(conflicts[candidate] & left), candidate))
            rest, sets = best(left - conflicts[node] - {node})
            found: _Best = (_plus(rest, weights[node]), tuple(chosen | {node} for chosen in sets))
            if conflicts[node] & left:
                other = best(left - {node})
                if other[0] > found[0]:
                    found = other
                elif other[0] == found[0]:
                    found = (found[0], (*found[1], *other[1])[:2])
            memory[left] = found
        return memory[left]

    _, sets = best(frozenset(nodes))
    return Choice(sets[0], sets[1] if len(sets) > 1 else None)
