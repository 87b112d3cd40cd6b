"""Two arms out of the evidence: which count belongs beside which, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import tinycohort as tc
from evidence.made_up import cohort, count, evidence, overlap, reasons, select, source, used
from tinycohort.evidence import Evidence, Selection, Way

PAIRED = [Way(("count",), ("events", "total", "comparator_id"), paired=True)]


def arms(
    *more: dict[str, Any], treated: dict[str, Any] | None = None, control: dict[str, Any] | None = None
) -> Evidence:
    """A trial of a treated arm against a control arm, and further outcomes."""
    cohorts = [cohort("trial", 41), cohort("rt", 20, parent_id="trial", partition="arm")]
    cohorts += [cohort("control", 21, parent_id="trial", partition="arm"), cohort("other", 30), cohort("third", 30)]
    outcomes = [
        count("rt", 5, 20, comparator_id="control", **(treated or {})),
        count("control", **{"events": 3, "total": 21, **(control or {})}),
    ]
    return evidence(cohorts, [*outcomes, *more], sources=[source(), source("review", origin="secondary")])


def pairs(selection: Selection) -> list[tuple[str, str]]:
    return [(one.outcome.outcome_id, one.comparator.outcome.outcome_id) for one in selection.used if one.comparator]


def test_a_count_with_a_comparator_speaks_with_the_comparators_own() -> None:
    selection = select(arms(), ways=PAIRED)
    assert pairs(selection) == [("rt_response", "control_response")]
    assert [one.outcome.outcome_id for one in selection.numbers] == ["rt_response", "control_response"]
    assert selection.left_out == ()


def test_a_pair_survives_plain_types() -> None:
    selection = select(arms(), ways=PAIRED)
    assert Selection.from_dict(selection.to_dict()) == selection
    assert selection.used[0].way == 0


def test_cohorts_that_are_compared_with_nobody_are_left_out() -> None:
    assert reasons(select(arms(count("other")), ways=PAIRED)) == {"other_response": "no_comparator"}


@pytest.mark.parametrize(
    ("control", "said"),
    [
        ({"endpoint": "disease_control"}, "Its comparator control has no count of objective_response."),
        (
            {"time_months": 12},
            "Its comparator's counts (control_response) differ from it in category, time or criteria.",
        ),
        ({"criteria": "recist_1_1"}, "differ from it in category, time or criteria."),
        ({"category": "complete_response"}, "differ from it in category, time or criteria."),
        ({"denominator": "lesions"}, "Its comparator control has no count of objective_response."),
        ({"source_id": "review"}, "Its comparator control has no count of objective_response."),
        (
            {"measure": "percentage", "events": None, "value": 0.14, "printed": "14%; n = 21"},
            "Its comparator control has no count of objective_response.",
        ),
    ],
)
def test_without_a_count_of_the_comparator_that_can_be_compared_there_is_no_pair(
    control: dict[str, Any], said: str
) -> None:
    made_up = arms(control=control)
    with pytest.raises(tc.InputError) as caught:
        select(made_up, ways=PAIRED, origins=["primary"])
    assert "by no_comparator" in str(caught.value)
    beside = arms(count("other"), count("third", comparator_id="other"), control=control)
    selection = select(beside, ways=PAIRED, origins=["primary"])
    assert pairs(selection) == [("third_response", "other_response")]
    assert said in {one.outcome_id: one.detail for one in selection.left_out}["rt_response"]


def test_a_recovered_count_is_as_good_as_a_printed_one() -> None:
    control = {"measure": "percentage", "value": 0.143, "printed": "14.3%; n = 21", "derivation": "3 of 21 is 14.3%"}
    assert pairs(select(arms(control=control), ways=PAIRED)) == [("rt_response", "control_response")]


def test_the_nearer_of_two_counts_of_the_comparator_is_taken() -> None:
    again = count("control", 4, 21, outcome_id="control_again", denominator="evaluable")
    assert pairs(select(arms(again), ways=PAIRED)) == [("rt_response", "control_response")]


def test_two_counts_of_the_comparator_that_could_be_meant_ask_for_a_decision() -> None:
    again = count("control", 4, 21, outcome_id="control_again")
    with pytest.raises(tc.InputError) as caught:
        select(arms(again), ways=PAIRED)
    said = str(caught.value)
    assert "rt_response could be compared with control_response (3/21) and control_again (4/21)" in said
    assert "Exclude all but one of them." in said
    assert pairs(select(arms(again), ways=PAIRED, exclude=["control_response"])) == [("rt_response", "control_again")]


@pytest.mark.parametrize("name", ["control", "control_response"])
def test_an_excluded_comparator_leaves_no_pair(name: str) -> None:
    with pytest.raises(tc.InputError, match="1 by no_comparator"):
        select(arms(), ways=PAIRED, exclude=[name])


def test_conditions_hold_for_the_treated_arm_alone() -> None:
    """The control arm differs by design."""
    cohorts = [cohort("rt", 20, radiotherapy="sbrt"), cohort("control", 21)]
    made_up = evidence(cohorts, [count("rt", 5, 20, comparator_id="control"), count("control", 3, 21)])
    selection = select(made_up, ways=PAIRED, where={"radiotherapy": ["sbrt"]})
    assert pairs(selection) == [("rt_response", "control_response")]


def test_a_comparator_that_was_selected_on_the_endpoint_informs_no_comparison() -> None:
    cohorts = [cohort("rt", 20), cohort("control", 21, ascertainment="selected", selected_on="objective_response")]
    made_up = evidence(cohorts, [count("rt", 5, 20, comparator_id="control"), count("control", 3, 21)])
    with pytest.raises(tc.InputError, match="by selected_on"):
        select(made_up, ways=PAIRED)
    assert used(select(made_up, ways=PAIRED, allow_selected=True)) == ["rt"]


# -- nobody speaks twice --


def test_a_control_arm_that_two_arms_share_is_used_once() -> None:
    """Both comparisons rest on the same controls; the one with more people speaks, and the other is left out."""
    cohorts = [cohort(name, 24, parent_id="trial", partition="arm") for name in ("low", "high", "control")]
    outcomes = [
        count("low", 5, 20, comparator_id="control"),
        count("high", 7, 24, comparator_id="control"),
        count("control", 3, 21),
    ]
    selection = select(evidence([cohort("trial", 72), *cohorts], outcomes), ways=PAIRED)
    assert pairs(selection) == [("high_response", "control_response")]
    (left,) = selection.left_out
    assert (left.outcome_id, left.reason) == ("low_response", "overlap")
    assert "It shares people with high" in left.detail


def test_an_arm_is_not_compared_and_a_comparator_too() -> None:
    """Of three arms in a row, a against b and b against c, one comparison is used: b's people count once."""
    cohorts = [cohort(name, 30) for name in "abc"]
    outcomes = [
        count("a", 5, 20, comparator_id="b"),
        count("b", 3, 20, comparator_id="c"),
        count("c", 2, 30),
    ]
    selection = select(evidence(cohorts, outcomes), ways=PAIRED)
    assert pairs(selection) == [("b_response", "c_response")]
    assert reasons(selection) == {"a_response": "overlap"}


def test_a_comparison_written_down_both_ways_asks_which_way_it_is_meant() -> None:
    made_up = arms(control={"comparator_id": "rt"})
    with pytest.raises(tc.InputError) as caught:
        select(made_up, ways=PAIRED)
    assert "share people, and either way 41 people speak" in str(caught.value)
    assert pairs(select(made_up, ways=PAIRED, prefer=["control"])) == [("control_response", "rt_response")]


def test_a_comparison_overlaps_with_what_either_arm_overlaps_with() -> None:
    cohorts = [cohort(name, 44) for name in ("rt", "control", "later", "later_control")]
    outcomes = [
        count("rt", 5, 20, comparator_id="control"), count("control", 3, 21),
        count("later", 9, 40, comparator_id="later_control"), count("later_control", 6, 44),
    ]  # fmt: skip
    made_up = evidence(cohorts, outcomes, [overlap("control", "later_control", "a_within_b")])
    assert pairs(select(made_up, ways=PAIRED)) == [("later_response", "later_control_response")]


# -- several ways --


def test_a_number_speaks_in_the_first_way_that_admits_it_and_has_what_it_needs() -> None:
    rounded = {"measure": "percentage", "events": None, "total": 21, "value": 0.14, "printed": "14%; n = 21"}
    recovered = {"measure": "percentage", "value": 0.15, "printed": "15%; n = 20", "derivation": "3 of 20 is 15%"}
    bare = {"measure": "percentage", "events": None, "total": None, "denominator": None, "value": 0.3, "printed": "30%"}
    cohorts = [cohort(name, 21) for name in "abcd"]
    outcomes = [count("a"), count("b", **rounded), count("c", 3, 20, **recovered), count("d", **bare)]
    counts, percentages = Way(("count",), ("events", "total")), Way(("percentage",), ("value", "total"))
    made_up = evidence(cohorts, outcomes)
    selection = select(made_up, ways=[counts, percentages])
    assert [(one.cohort.cohort_id, one.way) for one in selection.used] == [("a", 0), ("b", 1), ("c", 0)]
    assert reasons(selection) == {"d_response": "no_count"}
    selection = select(made_up, ways=[percentages, counts])
    assert [(one.cohort.cohort_id, one.way) for one in selection.used] == [("a", 1), ("b", 0), ("c", 0)]
    selection = select(made_up, ways=[percentages])
    assert used(selection) == ["b", "c"]
    assert reasons(selection)["a_response"] == "measure"


def test_the_randomised_trials_of_the_bundled_evidence_are_four_comparisons() -> None:
    selection = tc.read_evidence().select(
        endpoint="unirradiated_response",
        origins=["document", "cited", "primary"],
        overlaps={
            **dict.fromkeys(("same_people", "a_within_b", "some_shared"), "keep_larger"),
            "suspected": "keep_both",
        },
        ways=PAIRED,
    )
    found = [
        (one.outcome.events, one.outcome.total, one.comparator.outcome.events, one.comparator.outcome.total)
        for one in selection.used
        if one.comparator is not None
    ]
    assert found == [(5, 19, 6, 20), (9, 31, 10, 29), (13, 36, 7, 40), (8, 36, 9, 36)]
    assert {"theelen_2020_rt_unirradiated": "overlap"}.items() <= reasons(selection).items()
