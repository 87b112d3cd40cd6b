"""Who speaks about an endpoint: selection first, then people who are counted once."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.made_up import KEEP_LARGER, cohort, count, evidence, landmark, overlap, reasons, select, source, used
from tinycohort.issues import InputError


def refusal(made_up: Any, **asked: Any) -> str:
    with pytest.raises(InputError) as caught:
        select(made_up, **asked)
    return str(caught.value)


def test_outcomes_are_used_and_left_out_in_the_order_of_the_table() -> None:
    made_up = evidence([cohort("b"), cohort("a"), cohort("c", line="first")], [count("c"), count("b"), count("a")])
    selection = select(made_up, where={"line": ["pretreated"]})
    assert used(selection) == ["b", "a"]
    assert [each.outcome.events for each in selection.used] == [3, 3]
    assert [each.source.source_id for each in selection.used] == ["paper", "paper"]
    assert [each.cohort_id for each in selection.cohorts] == ["b", "a"]
    (left,) = selection.left_out
    assert (left.cohort_id, left.reason, left.detail) == ("c", "other_line", "Its line is first, not pretreated.")


def test_other_endpoints_are_not_even_left_out() -> None:
    made_up = evidence([cohort("a")], [count("a"), landmark("a", 12, 0.5)])
    assert select(made_up).left_out == ()


@pytest.mark.parametrize(
    ("row", "asked", "reason"),
    [
        ({"source_id": "news"}, {"origins": ["primary"]}, "origin"),
        ({"measure": "numerator", "total": None, "denominator": None}, {"measures": ["count"]}, "no_count"),
        (
            {"measure": "percentage", "value": 0.15, "printed": "15%", "events": None, "total": None},
            {"measures": ["count"]},
            "no_count",
        ),
        (
            {"measure": "percentage", "value": 0.15, "printed": "15%", "events": None, "total": None},
            {"require": ["events", "total"]},
            "no_count",
        ),
        (
            {"measure": "range", "lower": 0.19, "upper": 0.34, "events": None, "total": None, "denominator": None}
            | {"printed": "19-34%"},
            {"measures": ["count"]},
            "measure",
        ),
        ({}, {"require": ["events", "time_months"]}, "incomplete"),
        ({"category": "complete_response"}, {}, "other_category"),
        ({"denominator": "lesions"}, {}, "not_people"),
        ({"denominator": "evaluable"}, {"where": {"denominator": ["treated"]}}, "other_denominator"),
        ({}, {"exclude": ["a"]}, "excluded"),
        ({}, {"exclude": ["a_response"]}, "excluded"),
    ],
)
def test_a_row_is_left_out_for_its_reason(row: dict[str, Any], asked: dict[str, Any], reason: str) -> None:
    made_up = evidence(
        [cohort("a"), cohort("b")],
        [count("a", **row), count("b", time_months=3)],
        sources=[source(), source("news", origin="secondary")],
    )
    selection = select(made_up, **asked)
    assert used(selection) == ["b"]
    assert reasons(selection) == {"a_response": reason}
    assert selection.left_out[0].detail.endswith(".")


def test_a_percentage_with_a_recovered_count_is_a_count() -> None:
    row = count("a", 9, 26, measure="percentage", value=0.35, printed="35% of 26", derivation="9 alone prints so")
    assert used(select(evidence([cohort("a", 26)], [row]), measures=["count"])) == ["a"]


def test_where_admits_booleans_numbers_empty_cells_and_single_words() -> None:
    made_up = evidence(
        [cohort("a"), cohort("b", 30, treatment="nivolumab + cisplatin", chemotherapy=True)],
        [count("a"), count("b", time_months=3)],
    )
    assert used(select(made_up, where={"chemotherapy": [False]})) == ["a"]
    assert used(select(made_up, where={"chemotherapy": True})) == ["b"]
    assert used(select(made_up, where={"total": [30]})) == ["b"]
    assert used(select(made_up, where={"time_months": [""]})) == ["a"]
    assert used(select(made_up, where={"time_months": [3.0]})) == ["b"]
    assert used(select(made_up, where={"treatment": "nivolumab + cisplatin"})) == ["b"]


def test_a_category_speaks_only_when_asked_for() -> None:
    made_up = evidence(
        [cohort("a")],
        [count("a"), count("a", 1, outcome_id="a_cr", category="complete_response", printed="1/20")],
    )
    assert [each.outcome.outcome_id for each in select(made_up).used] == ["a_response"]
    chosen = select(made_up, where={"category": ["complete_response"]})
    assert [each.outcome.outcome_id for each in chosen.used] == ["a_cr"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"endpoint": "objective_respons"}, "'objective_respons' is not known. Did you mean 'objective_response'?"),
        ({"origins": ["primry"]}, "Did you mean 'primary'?"),
        ({"measures": ["counts"]}, "Did you mean 'count'?"),
        ({"level": "person"}, "[evidence] level: 'person' is not known"),
        ({"where": {"lines": ["first"]}}, "Did you mean 'line'?"),
        (
            {"where": {"line": ["frist"]}},
            "[evidence] where.line: 'frist' is not a known word here. Did you mean 'first'?",
        ),
        ({"where": {"chemotherapy": ["no"]}}, "[evidence] where.chemotherapy: 'no' is neither true nor false"),
        ({"overlaps": {"same_people": "keep_larger"}}, "nothing is said about 'a_within_b'"),
        ({"overlaps": KEEP_LARGER | {"suspected": "keep"}}, "[evidence] overlaps: 'keep' is not known"),
        ({"prefer": ["aa"]}, "[evidence] prefer: 'aa' is not known"),
        ({"exclude": ["a_respons"]}, "Did you mean 'a_response'?"),
        ({"require": ["event"]}, "Did you mean 'events'?"),
    ],
)
def test_an_unknown_word_is_refused_with_the_likely_one(asked: dict[str, Any], message: str) -> None:
    assert message in refusal(evidence([cohort("a")], [count("a")]), **asked)


def test_all_unknown_words_are_said_at_once() -> None:
    message = refusal(evidence([cohort("a")], [count("a")]), endpoint="x", origins=["y"], where={"z": [1]})
    assert len(message.splitlines()) == 3


def test_nothing_left_says_what_removed_everything() -> None:
    made_up = evidence([cohort("a"), cohort("b", line="first")], [count("a"), count("b")])
    message = refusal(made_up, where={"line": ["pretreated"]}, origins=["secondary"])
    assert "none of 2 outcomes of objective_response is left (1 by origin, 1 by other_line)" in message
    assert "there is no outcome of disease_control; of others there are objective_response (" in refusal(
        made_up, endpoint="disease_control"
    )


def test_a_cohort_never_speaks_twice() -> None:
    made_up = evidence(
        [cohort("a")],
        [
            count("a", criteria="investigator"),
            count("a", 4, outcome_id="a_irc", criteria="central_review", printed="4/20"),
        ],
    )
    message = refusal(made_up)
    assert "cohort 'a' would speak 2 times: a_response (3/20; investigator); a_irc (4/20; central_review)" in message
    assert "Choose by criteria in where" in message
    assert used(select(made_up, where={"criteria": ["central_review"]})) == ["a"]
    assert used(select(made_up, exclude=["a_irc"])) == ["a"]


def test_the_points_of_one_curve_speak_together() -> None:
    median = landmark("a", 0, 18.0, measure="median_time", median_rule="unstated", printed="18.0") | {
        "time_months": None
    }
    rows = [landmark("a", 12, 0.7), landmark("a", 24, 0.4), median]
    selection = select(evidence([cohort("a")], rows), endpoint="overall_survival")
    assert len(selection.used) == 3
    assert len(selection.cohorts) == 1
    twice = [*rows, landmark("a", 12, 0.7, outcome_id="again")]
    assert "would speak 4 times" in refusal(evidence([cohort("a")], twice), endpoint="overall_survival")


def test_patients_speak_one_by_one_or_not_at_all() -> None:
    patients = [{"patient_id": name, "cohort_id": "a", "locator": "Table 1"} for name in "pq"]
    rows = [
        count("a", None, None, outcome_id=name, patient_id=name, measure="patient_response", denominator=None)
        | {"category": "partial_response", "printed": "PR"}
        for name in "pq"
    ]
    made_up = evidence([cohort("a")], [count("a"), *rows], patients=patients)
    assert [each.outcome.outcome_id for each in select(made_up).used] == ["a_response"]
    assert reasons(select(made_up)) == {"p": "other_level", "q": "other_level"}
    chosen = select(made_up, level="patient")
    assert [each.outcome.outcome_id for each in chosen.used] == ["p", "q"]
    assert reasons(chosen) == {"a_response": "other_level"}


def test_patients_of_one_cohort_may_speak_beside_another_cohort_but_not_beside_their_own() -> None:
    patients = [{"patient_id": "p", "cohort_id": "b", "locator": "Table 1"}]
    row = count("b", None, None, outcome_id="p", patient_id="p", measure="patient_response", denominator=None)
    row |= {"category": "partial_response", "printed": "PR"}
    apart = evidence([cohort("a"), cohort("b")], [count("a"), row], patients=patients)
    assert [each.outcome.outcome_id for each in select(apart, level="either").used] == ["a_response", "p"]
    beside = evidence([cohort("a"), cohort("b")], [count("a"), count("b"), row], patients=patients)
    with pytest.raises(InputError, match="cohort 'b' would speak 2 times"):
        select(beside, level="either")


def test_ordered_times_speak_together_and_for_everybody_in_their_cohort() -> None:
    def time(rank: int, **columns: object) -> dict[str, object]:
        name = f"a_{columns.get('measure', 'ordered_time')}_{rank}"
        row = count("a", 1, None, outcome_id=name, endpoint="overall_survival", denominator=None, at_risk=rank)
        return row | {"measure": "ordered_time", "criteria": "unstated", "upper": 9, "printed": f"9, {rank}"} | columns

    gap = time(2, measure="ordered_gap", events=None, total=3, value=5, upper=None, printed="5 months, 3, 2")
    rows = [gap, time(3), time(2)]
    part = count("c", None, None, endpoint="overall_survival", measure="median_time", denominator=None, value=7)
    part |= {"criteria": "unstated", "median_rule": "unstated", "printed": "7 months"}
    family = [cohort("a", 10), cohort("c", 5, parent_id="a", partition="arm")]
    chosen = select(evidence(family, [*rows, part]), endpoint="overall_survival")
    # Ten people against five: not the three at risk before the first time.
    assert used(chosen) == ["a", "a", "a"]
    with pytest.raises(InputError, match="cohort 'a' would speak 4 times"):
        select(evidence(family, [*rows, part | {"outcome_id": "m", "cohort_id": "a"}]), endpoint="overall_survival")


def test_a_cohort_never_informs_an_endpoint_it_was_selected_on() -> None:
    chosen = cohort("a", selected_on="overall_survival + objective_response")
    part = cohort("c", 5, parent_id="a", partition="arm")
    made_up = evidence([chosen, cohort("b"), part], [count("a"), count("b"), count("c", 1, 5)])
    assert reasons(select(made_up)) == {"a_response": "selected_on", "c_response": "selected_on"}
    assert used(select(made_up, allow_selected=True)) == ["a", "b"]


def test_of_a_cohort_and_its_subgroup_the_larger_number_speaks() -> None:
    family = [cohort("a", 30), cohort("b", 10, parent_id="a", partition="arm")]
    made_up = evidence(family, [count("a", 3, 20), count("b", 3, 10)])
    selection = select(made_up)
    assert used(selection) == ["a"]
    assert reasons(selection) == {"b_response": "subgroup"}
    assert "a subgroup and its parent" in selection.left_out[0].detail
    assert used(select(made_up, where={"partition": ["arm"]})) == ["b"], "resolution comes after selection"


def test_a_partition_replaces_its_parent_when_it_speaks_for_more_people() -> None:
    family = [cohort("a", 30)] + [cohort(name, 15, parent_id="a", partition="arm") for name in "bc"]
    made_up = evidence(family, [count("a", 3, 20), count("b", 3, 12), count("c", 3, 11)])
    assert used(select(made_up)) == ["b", "c"]
    assert reasons(select(made_up)) == {"a_response": "subgroup"}


def test_two_partitions_of_one_parent_are_not_mixed() -> None:
    family = [cohort("a", 30)]
    family += [cohort(f"a{i}", size, parent_id="a", partition="arm") for i, size in enumerate((16, 14))]
    family += [cohort(f"p{i}", size, parent_id="a", partition="pdl1") for i, size in enumerate((20, 9))]
    numbers = [count(row["cohort_id"], 1, row["total"], printed=f"1/{row['total']}") for row in family[1:]]
    assert used(select(evidence(family, numbers))) == ["a0", "a1"]


@pytest.mark.parametrize("relation", ["same_people", "a_within_b", "some_shared", "suspected"])
def test_each_relation_follows_its_policy(relation: str) -> None:
    made_up = evidence(
        [cohort("a", 10), cohort("b", 20)], [count("a", 1, 10), count("b")], [overlap("a", "b", relation)]
    )
    selection = select(made_up)
    assert used(selection) == ["b"]
    assert reasons(selection) == {"a_response": "overlap"}
    assert f"b ({relation}: Said so)" in selection.left_out[0].detail
    assert used(select(made_up, overlaps=KEEP_LARGER | {relation: "keep_both"})) == ["a", "b"]
    message = refusal(made_up, overlaps=KEEP_LARGER | {relation: "refuse"})
    assert f"'a' and 'b' share people ({relation}: Said so)" in message
    assert used(select(made_up, overlaps=KEEP_LARGER | {relation: "refuse"}, exclude=["b"])) == ["a"]


def test_overlaps_are_transitive_and_the_largest_disjoint_cohorts_win() -> None:
    chain = [cohort(name, size) for name, size in zip("abcd", (10, 15, 16, 10), strict=True)]
    numbers = [count(row["cohort_id"], 1, row["total"], printed=f"1/{row['total']}") for row in chain]
    links = [overlap(one, other, "some_shared") for one, other in itertools.pairwise("abcd")]
    assert used(select(evidence(chain, numbers, links))) == ["a", "c"]
    same = [overlap(one, other, "same_people") for one, other in itertools.pairwise("abcd")]
    assert used(select(evidence(chain, numbers, same))) == ["c"]


def test_the_chain_may_lead_through_a_cohort_that_was_not_selected() -> None:
    rows = [cohort("a"), cohort("b", line="first"), cohort("c", 30)]
    links = [overlap("a", "b", "same_people"), overlap("b", "c", "a_within_b")]
    made_up = evidence(rows, [count("a"), count("b"), count("c", 3, 30)], links)
    selection = select(made_up, where={"line": ["pretreated"]})
    assert used(selection) == ["c"]
    assert "through the cohorts that contain them" in selection.left_out[0].detail


def test_a_tie_needs_a_written_choice() -> None:
    made_up = evidence([cohort("a"), cohort("b")], [count("a"), count("b")], [overlap("a", "b", "suspected")])
    message = refusal(made_up)
    assert "share people, and either way 20 people speak" in message
    assert 'prefer = ["a"] or ["b"]' in message
    for wish, other in (("a", "b"), ("b", "a")):
        selection = select(made_up, prefer=[wish])
        assert used(selection) == [wish]
        assert reasons(selection) == {f"{other}_response": "overlap"}
        assert "the model prefers the other" in selection.left_out[0].detail


def test_a_preference_does_not_make_the_smaller_speak() -> None:
    made_up = evidence(
        [cohort("a", 10), cohort("b")], [count("a", 1, 10), count("b")], [overlap("a", "b", "suspected")]
    )
    assert used(select(made_up, prefer=["a"])) == ["b"]


def test_a_systematic_review_never_displaces_its_primaries() -> None:
    rows = [cohort("review", 900, design="systematic_review"), cohort("a"), cohort("b")]
    links = [overlap(name, "review", "a_within_b") for name in "ab"]
    made_up = evidence(rows, [count("review", 90, 900), count("a"), count("b")], links)
    for policies in (KEEP_LARGER, KEEP_LARGER | {"a_within_b": "keep_both"}):
        selection = select(made_up, overlaps=policies)
        assert used(selection) == ["a", "b"]
        assert reasons(selection) == {"review_response": "review"}
    assert used(select(made_up, exclude=["a", "b"])) == ["review"]


def test_a_ratio_speaks_for_both_arms() -> None:
    arms = [cohort("trial", 40)] + [cohort(name, 20, parent_id="trial", partition="arm") for name in ("rt", "no_rt")]
    ratio = {"measure": "hazard_ratio", "endpoint": "overall_survival", "value": 0.5, "printed": "0.5"}
    row = count("rt", None, None, comparator_id="no_rt", denominator=None, **ratio)
    curve = landmark("no_rt", 12, 0.4)
    made_up = evidence(arms, [row, curve])
    selection = select(made_up, endpoint="overall_survival")
    assert used(selection) == ["rt"], "40 people against 20"
    assert reasons(selection) == {"no_rt_os_12": "overlap"}


def test_an_overlap_of_unknown_size_cannot_be_resolved() -> None:
    rows = [cohort("a", None), cohort("b")]
    numbers = [landmark("a", 12, 0.4), landmark("b", 12, 0.5)]
    made_up = evidence(rows, numbers, [overlap("a", "b", "some_shared")])
    assert "the number of people in a is unknown" in refusal(made_up, endpoint="overall_survival")
    assert used(select(made_up, endpoint="overall_survival", exclude=["a"])) == ["b"]


def test_a_decision_takes_the_other_side_of_a_contradiction() -> None:
    contradiction = {"discrepancy_id": "d", "table": "outcomes", "row_id": "a_response", "field": "events"}
    contradiction |= {"used": "3", "other": "4", "other_locator": "Abstract", "reason": "Table first."}
    row = count("a", printed="3/20 (text: 4)")
    made_up = evidence([cohort("a")], [row], discrepancies=[contradiction])
    assert select(made_up).used[0].outcome.events == 3
    assert select(made_up, decisions={"d": "used"}).used[0].outcome.events == 3
    assert select(made_up, decisions={"d": "other"}).used[0].outcome.events == 4
    assert made_up.outcomes["a_response"].events == 3
    assert "Did you mean 'd'" in refusal(made_up, decisions={"dd": "other"})
    assert "'maybe' is no side" in refusal(made_up, decisions={"d": "maybe"})


def test_a_decision_that_makes_nonsense_is_refused() -> None:
    contradiction = {"discrepancy_id": "d", "table": "outcomes", "row_id": "a_response", "field": "events"}
    contradiction |= {"used": "3", "other": "40", "other_locator": "Abstract", "reason": "Table first."}
    made_up = evidence([cohort("a")], [count("a")], discrepancies=[contradiction])
    assert "40 events among 20 people" in refusal(made_up, decisions={"d": "other"})


@st.composite
def overlapping(draw: st.DrawFn) -> tuple[dict[str, int], list[tuple[str, str]]]:
    sizes = {f"c{i}": draw(st.integers(1, 9)) for i in range(draw(st.integers(1, 6)))}
    pairs = list(itertools.combinations(sizes, 2))
    return sizes, sorted(draw(st.sets(st.sampled_from(pairs)))) if pairs else []


@settings(max_examples=60)
@given(overlapping())
def test_those_who_speak_share_nobody_and_are_the_most_people(
    world: tuple[dict[str, int], list[tuple[str, str]]],
) -> None:
    sizes, links = world
    made_up = evidence(
        [cohort(name, size) for name, size in sizes.items()],
        [count(name, 1, size) for name, size in sizes.items()],
        [overlap(one, other, "some_shared") for one, other in links],
    )
    subsets = itertools.chain.from_iterable(itertools.combinations(sizes, k) for k in range(1, len(sizes) + 1))
    free = [set(s) for s in subsets if not any(one in s and other in s for one, other in links)]
    top = max(sum(sizes[name] for name in s) for s in free)
    best = [s for s in free if sum(sizes[name] for name in s) == top]
    if len(best) > 1:
        assert "prefer" in refusal(made_up)
        return
    selection = select(made_up)
    assert set(used(selection)) == best[0]
    assert set(reasons(selection).values()) <= {"overlap"}
    assert len(selection.used) + len(selection.left_out) == len(sizes)
