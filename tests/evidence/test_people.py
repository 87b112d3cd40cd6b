"""Who may share people is never missed, and the largest disjoint choice is the largest."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.made_up import cohort, overlap
from tinycohort.evidence.people import Kinship, components, largest_disjoint
from tinycohort.records import Cohort, Overlap, parse_row

People = frozenset[int]
PARTITIONS = ("arm", "pdl1", "response")


def kinship(cohorts: list[dict[str, Any]], overlaps: list[dict[str, Any]]) -> Kinship:
    rows = [parse_row("cohorts", row, "")[0] for row in cohorts]
    links = [parse_row("overlaps", row, "")[0] for row in overlaps]
    return Kinship([r for r in rows if isinstance(r, Cohort)], [r for r in links if isinstance(r, Overlap)])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, People], Kinship, set[frozenset[str]]]:
    """Real people in cohorts, whose families and overlaps are declared truthfully and completely."""
    people: dict[str, People] = {}
    cohorts: list[dict[str, Any]] = []
    overlaps: list[dict[str, Any]] = []
    separate: set[frozenset[str]] = set()
    for root in range(draw(st.integers(1, 4))):
        name = f"r{root}"
        people[name] = draw(st.frozensets(st.integers(0, 15), min_size=1, max_size=10))
        cohorts.append(cohort(name))
        for other in range(root):
            a, b = people[name], people[f"r{other}"]
            if a == b:
                overlaps.append(overlap(name, f"r{other}", "same_people"))
            elif a < b:
                overlaps.append(overlap(name, f"r{other}", "a_within_b"))
            elif b < a:
                overlaps.append(overlap(f"r{other}", name, "a_within_b"))
            elif a & b:
                overlaps.append(overlap(name, f"r{other}", draw(st.sampled_from(["some_shared", "suspected"]))))
    for _ in range(draw(st.integers(0, 3))):
        parent = draw(st.sampled_from(sorted(people)))
        partition = draw(st.sampled_from(PARTITIONS))
        if any(row.get("parent_id") == parent and row.get("partition") == partition for row in cohorts):
            continue
        labels = draw(st.lists(st.integers(0, 2), min_size=len(people[parent]), max_size=len(people[parent])))
        parts = []
        for label in (0, 1):  # those with label 2 are in no subgroup
            members = frozenset(p for p, own in zip(sorted(people[parent]), labels, strict=True) if own == label)
            if members:
                name = f"{parent}_{partition}_{label}"
                people[name] = members
                cohorts.append(cohort(name, parent_id=parent, partition=partition))
                parts.append(name)
        if len(parts) == 2:
            separate.add(frozenset(parts))
    return people, kinship(cohorts, overlaps), separate


@settings(max_examples=400)
@given(worlds())
def test_cohorts_that_share_people_are_never_taken_for_disjoint(
    world: tuple[dict[str, People], Kinship, set[frozenset[str]]],
) -> None:
    people, kin, separate = world
    for one, other in itertools.combinations(people, 2):
        assert kin.share(one, other) == kin.share(other, one)
        if people[one] & people[other]:
            assert kin.share(one, other), (one, other)
        if frozenset((one, other)) in separate:
            assert not kin.share(one, other), (one, other)


def family() -> list[dict[str, Any]]:
    rows = [cohort("trial"), cohort("other")]
    for partition, names in {"arm": ["rt", "control"], "pdl1": ["high", "low"]}.items():
        rows += [cohort(name, 10, parent_id="trial", partition=partition) for name in names]
    return rows


def test_subgroups_of_one_partition_are_separate_and_of_two_are_not() -> None:
    kin = kinship(family(), [])
    assert not kin.share("rt", "control")
    assert kin.share("rt", "high")
    assert kin.share("rt", "trial")
    assert not kin.share("rt", "other")


def test_an_overlap_is_inherited_by_subgroups_and_through_the_same_people() -> None:
    rows = [*family(), cohort("again"), cohort("again_rt", 10, parent_id="again", partition="arm")]
    kin = kinship(rows, [overlap("trial", "again", "same_people"), overlap("again", "other", "some_shared")])
    assert kin.share("rt", "other")
    assert kin.share("rt", "again")
    assert kin.share("again_rt", "control")


def test_trials_within_one_pooled_analysis_are_separate_of_each_other_but_not_of_it() -> None:
    rows = [cohort(name) for name in ("pooled", "one", "two")]
    rows += [cohort(f"{name}_rt", 10, parent_id=name, partition="arm") for name in ("pooled", "one", "two")]
    rows += [cohort(f"{name}_control", 10, parent_id=name, partition="arm") for name in ("pooled", "one", "two")]
    within = [overlap("one", "pooled", "a_within_b"), overlap("two", "pooled", "a_within_b")]
    kin = kinship(rows, within)
    assert not kin.share("one_rt", "two_rt")
    assert kin.share("one_rt", "pooled_rt")
    assert kin.share("one_control", "pooled_rt"), "until the arms are declared too"
    arms = [overlap(f"one_{arm}", f"pooled_{arm}", "a_within_b") for arm in ("rt", "control")]
    kin = kinship(rows, within + arms)
    assert kin.share("one_rt", "pooled_rt")
    assert not kin.share("one_control", "pooled_rt")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], dict[str, frozenset[str]], dict[str, int]]:
    nodes = [f"n{i}" for i in range(draw(st.integers(1, 9)))]
    pairs = list(itertools.combinations(nodes, 2))
    edges = draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    near = {n: frozenset(m for e in edges if n in e for m in e if m != n) for n in nodes}
    return nodes, near, {n: draw(st.integers(1, 12)) for n in nodes}


@settings(max_examples=300)
@given(graphs())
def test_the_choice_is_disjoint_largest_and_owns_up_to_ties(
    graph: tuple[list[str], dict[str, frozenset[str]], dict[str, int]],
) -> None:
    nodes, near, people = graph
    choice = largest_disjoint(nodes, near, people)
    subsets = itertools.chain.from_iterable(itertools.combinations(nodes, k) for k in range(len(nodes) + 1))
    free = [set(s) for s in subsets if not any(m in near[n] for n, m in itertools.combinations(s, 2))]
    top = max(sum(people[n] for n in s) for s in free)
    best = [s for s in free if sum(people[n] for n in s) == top]
    assert set(choice.chosen) in best
    assert (choice.tied is None) == (len(best) == 1)
    if choice.tied is not None:
        assert set(choice.tied) in best
        assert choice.tied != choice.chosen


@settings(max_examples=100)
@given(graphs(), st.data())
def test_a_preference_decides_ties_and_nothing_else(
    graph: tuple[list[str], dict[str, frozenset[str]], dict[str, int]], data: st.DataObject
) -> None:
    nodes, near, people = graph
    free = largest_disjoint(nodes, near, people)
    wish = data.draw(st.sampled_from(nodes))
    choice = largest_disjoint(nodes, near, people, [wish])
    assert sum(people[n] for n in choice.chosen) == sum(people[n] for n in free.chosen)
    if free.tied is not None and wish in free.tied | free.chosen:
        assert wish in choice.chosen


@given(graphs())
def test_components_part_the_nodes_where_no_conflict_crosses(
    graph: tuple[list[str], dict[str, frozenset[str]], dict[str, int]],
) -> None:
    nodes, near, _ = graph
    groups = components(nodes, near)
    assert sorted(itertools.chain.from_iterable(groups)) == sorted(nodes)
    for one, other in itertools.combinations(groups, 2):
        assert not any(m in near[n] for n in one for m in other)


def test_thirty_cohorts_of_one_tangle_are_resolved_at_once() -> None:
    nodes = [f"n{i}" for i in range(30)]
    near = {n: frozenset(m for j, m in enumerate(nodes) if m != n and (i * j) % 3 == 0) for i, n in enumerate(nodes)}
    near = {n: frozenset(m for m in nodes if m in near[n] or n in near[m]) for n in nodes}
    assert len(largest_disjoint(nodes, near, {n: i + 1 for i, n in enumerate(nodes)}).chosen) == 20
