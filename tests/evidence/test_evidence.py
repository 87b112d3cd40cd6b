"""Evidence is looked up by identifier, shown, framed and sent to workers unchanged."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable

import pandas as pd
import pytest

from evidence.made_up import cohort, count, evidence
from tinycohort.evidence import check, read_evidence
from tinycohort.issues import InputError
from tinycohort.records import RECORD_TYPES


def test_rows_are_found_by_identifier_in_the_order_of_the_table() -> None:
    made_up = evidence([cohort("b"), cohort("a")], [count("b"), count("a")])
    assert list(made_up.cohorts) == ["b", "a"]
    assert made_up.outcomes["a_response"].total == 20
    assert made_up.sources["paper"].origin == "primary"
    assert (made_up.patients, made_up.discrepancies) == ({}, {})
    assert (made_up.courses, made_up.characteristics, made_up.overlaps) == ((), (), ())


def test_evidence_cannot_be_changed() -> None:
    made_up = evidence([cohort("a")], [count("a")])
    with pytest.raises(TypeError):
        made_up.cohorts["b"] = made_up.cohorts["a"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        made_up.digest = ""  # type: ignore[misc]


def test_a_table_is_a_data_frame() -> None:
    frame = read_evidence().frame("outcomes")
    assert isinstance(frame, pd.DataFrame)
    assert frame.loc[0, "events"] == 1
    with pytest.raises(InputError, match="Did you mean 'outcomes'"):
        read_evidence().frame("outcome")


def test_wrong_evidence_is_not_read_and_every_error_is_told() -> None:
    with pytest.raises(InputError) as caught:
        evidence([cohort("a", 5), cohort("a")], [count("a", 30)])
    assert len(caught.value.issues) == 3


def test_a_doubt_is_told_by_check_and_does_not_stop_reading() -> None:
    ratio = {"measure": "hazard_ratio", "endpoint": "overall_survival", "comparator_id": "b", "denominator": None}
    interval = {"value": 0.9, "lower": 0.23, "upper": 0.97, "level": 0.95, "printed": "0.9 (0.23-0.97)"}
    made_up = evidence([cohort("a"), cohort("b")], [count("a", None, None, **ratio, **interval)])
    assert [issue.severity for issue in check(made_up)] == ["warning"]


def test_evidence_shows_what_it_holds_and_escapes_where_it_came_from() -> None:
    made_up = evidence([cohort("a")], [count("a")])
    assert repr(made_up).startswith("Evidence(in memory: 1 sources, 1 cohorts, 0 patients")
    assert "<td>outcomes</td>" in made_up._repr_html_()
    renamed = dataclasses.replace(made_up, folder="<script>")  # type: ignore[arg-type]
    assert "<script>" not in renamed._repr_html_()


def test_evidence_survives_pickling() -> None:
    bundle = read_evidence()
    assert len(bundle.cohorts) > 0
    again = pickle.loads(pickle.dumps(bundle))
    assert again.digest == bundle.digest
    assert again.cohorts == bundle.cohorts


def test_reading_and_selecting_load_nothing_heavy(modules_after: Callable[[str], set[str]]) -> None:
    code = (
        "from tinycohort.evidence import read_evidence\n"
        "policy = dict.fromkeys(['same_people', 'a_within_b', 'some_shared', 'suspected'], 'keep_larger')\n"
        "read_evidence().select(endpoint='disease_control', origins=['document'], overlaps=policy)"
    )
    assert not modules_after(code) & {"pandas", "numpy", "scipy", "xarray", "pymc", "arviz", "matplotlib"}


def test_all_tables_are_there() -> None:
    assert list(read_evidence().tables.rows) == list(RECORD_TYPES)


@pytest.mark.parametrize("order", [("name", "count"), ("count", "name")])
def test_decisions_about_one_row_may_come_in_any_order(order: tuple[str, str]) -> None:
    row = {"cohort_id": "a", "variable": "age", "category": "<50", "count": 5, "total": 20, "printed": "5, or 6"}
    about = {"table": "characteristics", "row_id": "a/age/<50", "other_locator": "Text", "reason": "Table before text."}
    doubts = [
        about | {"discrepancy_id": "name", "field": "category", "used": "<50", "other": "<51"},
        about | {"discrepancy_id": "count", "field": "count", "used": "5", "other": "6"},
    ]
    characteristics = [row | {"locator": "Table 1"}]
    made_up = evidence([cohort("a")], [], characteristics=characteristics, discrepancies=doubts)
    (decided,) = made_up.decide(dict.fromkeys(order, "other")).characteristics
    assert (decided.category, decided.count) == ("<51", 6)
