"""Which way a comparison points: what a request wants above and below, and what is turned round for it."""

from __future__ import annotations

from typing import Any

import pytest

import tinycohort as tc
from evidence.made_up import cohort, evidence, hazard_ratio, reasons, select, used
from tinycohort.evidence import Evidence, Selection, direction

IRRADIATED: dict[str, Any] = {
    "endpoint": "overall_survival",
    "where": {"radiotherapy": ["locoregional"]},
    "against": {"radiotherapy": ["none"]},
}


def arms(*outcomes: dict[str, Any], **of_control: Any) -> Evidence:
    """A study with an irradiated cohort and one that was not, and a third that was irradiated too."""
    cohorts = [
        cohort("rt", 20, radiotherapy="locoregional", parent_id="study", partition="radiotherapy"),
        cohort("control", 21, parent_id="study", partition="radiotherapy", **of_control),
        cohort("more", 22, radiotherapy="locoregional"),
        cohort("study", 41, radiotherapy="some_patients"),
    ]
    return evidence(cohorts, outcomes)


def test_a_ratio_that_points_the_right_way_stays_as_it_is() -> None:
    (one,) = select(arms(hazard_ratio("rt", "control", 0.5, 0.25, 1.0)), **IRRADIATED).used
    assert one.turned_to is None
    assert one.said is one.outcome
    assert one.speaker.cohort_id == "rt"


def test_a_ratio_that_points_the_other_way_is_turned_round_and_keeps_what_was_printed() -> None:
    (one,) = select(arms(hazard_ratio("control", "rt", 2.5, 1.25, 5.0)), **IRRADIATED).used
    assert (one.cohort.cohort_id, one.speaker.cohort_id) == ("control", "rt")
    assert (one.outcome.value, one.outcome.lower, one.outcome.upper) == (2.5, 1.25, 5.0)
    assert one.outcome.derivation is None
    said = one.said
    assert (said.cohort_id, said.comparator_id) == ("rt", "control")
    assert (said.value, said.lower, said.upper) == pytest.approx((0.4, 0.2, 0.8), abs=1e-15)
    assert said.derivation == "turned round, rt over control: 1/2.5 (1/5 to 1/1.25) = 0.4 (0.2 to 0.8)"
    assert said.printed == one.outcome.printed


def test_a_ratio_turned_round_twice_is_the_ratio() -> None:
    turned = select(arms(hazard_ratio("control", "rt", 2.46, 1.01, 6.0)), **IRRADIATED).used[0].said
    again = direction.turned(turned)
    assert (again.cohort_id, again.comparator_id) == ("control", "rt")
    assert (again.value, again.lower, again.upper) == pytest.approx((2.46, 1.01, 6.0), rel=1e-15)


def test_a_difference_is_turned_round_by_its_sign() -> None:
    row = hazard_ratio("control", "rt", -0.1, -0.3, 0.1, measure="risk_difference")
    (one,) = select(arms(row), **IRRADIATED).used
    assert (one.said.value, one.said.lower, one.said.upper) == (0.1, -0.1, 0.3)
    assert one.said.derivation == "turned round, rt over control: the negative, 0.1 (-0.1 to 0.3)"


def test_without_against_nothing_is_turned_round() -> None:
    rows = arms(hazard_ratio("control", "rt", 2.5, 1.25, 5.0))
    asked = {name: value for name, value in IRRADIATED.items() if name != "against"}
    with pytest.raises(tc.InputError, match="other_radiotherapy"):
        select(rows, **asked)
    assert used(select(rows, **(asked | {"where": {}}))) == ["control"]


def test_a_comparison_of_something_else_is_left_out_with_its_reason() -> None:
    rows = arms(
        hazard_ratio("rt", "control", 0.5, 0.25, 1.0),
        hazard_ratio("more", "rt", 0.5, 0.25, 1.0),
        hazard_ratio("control", "study", 0.5, 0.25, 1.0),
    )
    selection = select(rows, **IRRADIATED)
    assert used(selection) == ["rt"]
    assert reasons(selection) == {"more_hr": "other_comparator", "control_hr": "other_radiotherapy"}
    details = {one.outcome_id: one.detail for one in selection.left_out}
    assert details["more_hr"] == "Of its comparator rt the radiotherapy is locoregional, not none."


def test_a_ratio_turned_round_still_may_not_speak_of_what_its_people_were_selected_on() -> None:
    for row in (hazard_ratio("control", "rt", 2.5, 1.25, 5.0), hazard_ratio("rt", "control", 0.5, 0.25, 1.0)):
        selected = arms(row, selected_on="overall_survival")
        with pytest.raises(tc.InputError, match="control was selected on overall_survival"):
            select(selected, **IRRADIATED)
        assert used(select(selected, **IRRADIATED, allow_selected=True)) == [row["cohort_id"]]


def test_a_comparator_that_is_excluded_by_name_takes_its_ratio_with_it() -> None:
    for row in (hazard_ratio("control", "rt", 2.5, 1.25, 5.0), hazard_ratio("rt", "control", 0.5, 0.25, 1.0)):
        with pytest.raises(tc.InputError, match="excluded"):
            select(arms(row), **IRRADIATED, exclude=["control"])


def test_a_turned_number_survives_plain_types() -> None:
    selection = select(arms(hazard_ratio("control", "rt", 2.5, 1.25, 5.0)), **IRRADIATED)
    assert Selection.from_dict(selection.to_dict()) == selection
    assert [one.cohort_id for one in selection.cohorts] == ["rt"]


def test_what_is_asked_of_a_comparator_is_a_column_of_cohorts_with_a_value_that_it_may_have() -> None:
    rows = arms(hazard_ratio("rt", "control", 0.5, 0.25, 1.0))
    with pytest.raises(tc.InputError) as caught:
        select(rows, **(IRRADIATED | {"against": {"criteria": ["itt"], "radiotherapy": ["nobody"], "radio": ["none"]}}))
    said = str(caught.value)
    assert "[evidence] against: 'criteria' is not a column of cohorts" in said
    assert "'radio' is not a column of cohorts" in said
    assert "[evidence] against.radiotherapy" in said
    assert "nobody" in said
