"""`pool`: what it takes, what it refuses, and that it says everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import tinycohort as tc

COUNTS = {"events": [1, 7, 9], "totals": [8, 27, 44]}
CONTRASTS = {
    "estimates": [0.5, 1.2],
    "lower": [0.2, 0.8],
    "upper": [0.9, 1.7],
    "mu": "Normal(0, 1)",
    "tau": "HalfNormal(0.5)",
}
TYPICAL = tc.pool(**COUNTS, seed=1).summary()["typical"]


def problems(**arguments: Any) -> list[tc.Issue]:
    """What `pool` finds wrong."""
    with pytest.raises(tc.InputError) as caught:
        tc.pool(**arguments)
    assert all(issue.where and issue.what and issue.mend for issue in caught.value.issues)
    assert str(caught.value) == "\n".join(str(issue) for issue in caught.value.issues)
    return list(caught.value.issues)


def only(**arguments: Any) -> str:
    """The one thing that `pool` finds wrong, as it is printed."""
    (issue,) = problems(**arguments)
    return str(issue)


# -- what it takes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        np.array,
        pd.Series,
        lambda values: pd.Series(values, index=[7, 3, 5]),
        lambda values: pd.array(values, dtype="Int64"),
        lambda values: [np.int64(value) for value in values],
        lambda values: [float(value) for value in values],
    ],
    ids=["list", "tuple", "array", "Series", "Series with an index of its own", "nullable", "NumPy scalars", "floats"],
)
def test_columns_come_in_any_container(container: Callable[[list[int]], Any]) -> None:
    fit = tc.pool(events=container(COUNTS["events"]), totals=container(COUNTS["totals"]), seed=1)
    assert fit.summary()["typical"] == TYPICAL


@pytest.mark.parametrize("frame", [pd.DataFrame, dict, lambda columns: pd.DataFrame(columns, index=[9, 9, 2])])
def test_a_table_may_carry_the_columns(frame: Callable[[Any], Any]) -> None:
    columns = {
        "label": ["a", "b", "c"],
        "events": COUNTS["events"],
        "total": COUNTS["totals"],
        "comment": ["", "x", "?"],
    }
    fit = tc.pool(data=frame(columns), seed=1)
    assert fit.summary()["typical"] == TYPICAL
    assert [cohort["label"] for cohort in fit.summary()["cohorts"]] == ["a", "b", "c"]


def test_a_table_of_estimates_may_carry_a_level_for_each() -> None:
    frame = pd.DataFrame(
        {"label": ["a", "b"], "estimate": [0.0, 0.0], "lower": [-1.0, -1.0], "upper": [1.0, 1.0], "level": [0.95, 0.5]}
    )
    fit = tc.pool(data=frame, mu="Normal(0, 1)", tau="HalfNormal(1)")
    z = stats.norm.ppf([0.975, 0.75])
    assert fit.compiled.data["standard_error"] == pytest.approx(1 / z)


def test_one_level_serves_all_estimates() -> None:
    fit = tc.pool(**CONTRASTS, level=0.9)
    widths = np.subtract(CONTRASTS["upper"], CONTRASTS["lower"])
    assert fit.compiled.data["standard_error"] == pytest.approx(widths / (2 * stats.norm.ppf(0.95)))


def test_ratios_are_pooled_as_logarithms_and_reported_as_ratios() -> None:
    ratio = tc.pool(**CONTRASTS, ratio=True, pooling="partial", seed=1)
    logs = {name: np.log(CONTRASTS[name]).tolist() for name in ("estimates", "lower", "upper")}
    difference = tc.pool(**logs, mu=CONTRASTS["mu"], tau=CONTRASTS["tau"], seed=1).summary()
    summary = ratio.summary()
    assert (summary["scale"], difference["scale"]) == ("ratio", "difference")
    assert summary["mu"] == pytest.approx(difference["mu"])
    for target in ("typical", "new_cohort"):
        for shown in ("lower", "median", "upper"):
            assert summary[target][shown] == pytest.approx(np.exp(difference[target][shown]), rel=1e-6)
    assert [cohort["estimate"] for cohort in summary["cohorts"]] == CONTRASTS["estimates"]
    assert [cohort["lower_given"] for cohort in summary["cohorts"]] == CONTRASTS["lower"]
    assert [cohort["upper_given"] for cohort in summary["cohorts"]] == CONTRASTS["upper"]


def test_counts_have_default_priors_and_every_result_shows_them() -> None:
    fit = tc.pool(**COUNTS)
    assert fit.summary()["priors"] == {"mu": "Logistic(0, 1)", "tau": "HalfNormal(0.5)"}
    assert "mu ~ Logistic(0, 1), tau ~ HalfNormal(0.5)" in repr(fit)
    assert tc.pool(**COUNTS, pooling="common").summary()["priors"] == {"mu": "Logistic(0, 1)"}


@pytest.mark.parametrize(
    "tau", [tc.HalfNormal(0.25), "HalfNormal(0.25)", "HalfNormal(sigma=0.25)", {"dist": "HalfNormal", "sigma": 0.25}]
)
def test_a_prior_may_be_typed_in_any_spelling(tau: Any) -> None:
    assert tc.pool(**COUNTS, tau=tau).summary()["priors"]["tau"] == "HalfNormal(0.25)"


def test_labels_name_the_cohorts_and_are_numbered_when_there_are_none() -> None:
    assert tc.pool(**COUNTS).compiled.labels == ("cohort 1", "cohort 2", "cohort 3")
    assert tc.pool(**COUNTS, labels=["Hsu", " Ma ", 2018]).compiled.labels == ("Hsu", "Ma", "2018")


def test_the_callers_data_are_not_touched() -> None:
    frame = pd.DataFrame({"events": [1, 7], "total": [8, 27]})
    before = frame.copy()
    events = np.array([1.0, 7.0])
    tc.pool(data=frame)
    tc.pool(events=events, totals=[8, 27])
    assert frame.equals(before)
    assert events.flags.writeable


# -- what it refuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "totals", "said"),
    [
        ([9, 1], [8, 5], "cohort 'cohort 1', events: 9 events among 8 people. Correct one of the two."),
        ([-1, 1], [8, 5], "-1"),
        ([1, 1], [-8, 5], "-8"),
        ([1.5, 1], [8, 5], "1.5"),
        ([1, 1], [8.25, 5], "8.25"),
        ([1, float("nan")], [8, 5], "events, cohort 2: nan is not a finite number. Give a number."),
        ([1, 1], [8, float("inf")], "total, cohort 2: inf is not a finite number. Give a number."),
        ([1, None], [8, 5], "events, cohort 2: None is not a number. Give a number."),
        ([1, pd.NA], [8, 5], "events, cohort 2: <NA> is not a number. Give a number."),
        ([1, "2"], [8, 5], "events, cohort 2: '2' is not a number. Give a number."),
        ([True, 1], [8, 5], "events, cohort 1: True is not a number. Give a number."),
        ([np.True_, 1], [8, 5], "is not a number. Give a number."),
        ([1, [2]], [8, 5], "events, cohort 2: [2] is not a number. Give a number."),
        ([1 + 0j, 1], [8, 5], "(1+0j) is not a number"),
        ([1, 2], [8], "1 values for 2 cohorts. Give one for each cohort."),
        ([1], [8, 9], "2 values for 1 cohorts. Give one for each cohort."),
        ([], [], "no cohort. Give at least one."),
        (
            [0, 1],
            [0, 3],
            "cohort 'cohort 1', total: 0 of 0: nobody was observed. An empty cohort says nothing; leave it out.",
        ),
    ],
)
def test_wrong_counts_are_refused(events: list[Any], totals: list[Any], said: str) -> None:
    assert said in only(events=events, totals=totals)


@pytest.mark.parametrize("value", [-1, 1.5])
def test_a_message_quotes_the_number_as_it_was_typed(value: float) -> None:
    message = only(events=[value], totals=[8])
    assert f"{value} is not a count" in message
    assert "np." not in message
    assert "float64" not in message


@pytest.mark.parametrize(
    "arguments",
    [{"events": 1, "totals": 8}, {"events": np.int64(1), "totals": np.int64(8)}, {"events": [1], "totals": 8}],
)
def test_a_single_number_is_one_cohort_or_an_explained_error(arguments: dict[str, Any]) -> None:
    """Whichever it is, it is not a crash."""
    try:
        fit = tc.pool(**arguments, seed=1)
    except tc.InputError:
        return
    assert fit.summary()["typical"] == tc.pool(events=[1], totals=[8], seed=1).summary()["typical"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "neither counts nor estimates"),
        ({"events": [1]}, "totals missing"),
        ({"totals": [1]}, "events missing"),
        ({"estimates": [1.0], "lower": [0.0]}, "upper missing"),
        ({"lower": [1.0]}, "estimates, upper missing"),
        ({**COUNTS, "estimates": [1.0], "lower": [0.0], "upper": [2.0]}, "counts and estimates together"),
        ({"data": pd.DataFrame({"events": [1], "total": [8]}), "events": [1]}, "events beside data"),
        ({"data": pd.DataFrame({"events": [1], "totals": [8]})}, "total missing"),
        ({"data": pd.DataFrame({"responders": [1], "n": [8]})}, "neither counts nor estimates"),
        ({"data": pd.DataFrame({"events": [], "total": []})}, "no cohort"),
        ({"data": {"events": [1]}}, "total missing"),
        ({"data": 5}, "data"),
        ({"data": "counts.csv"}, "data"),
    ],
)
def test_missing_and_conflicting_numbers_are_refused(arguments: dict[str, Any], said: str) -> None:
    assert said in only(**arguments)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["a", "a", "b"], "cohort 'a': the label is used twice. Give each cohort its own."),
        (["a", "b", "a "], "cohort 'a': the label is used twice. Give each cohort its own."),
        (["a", "b"], "labels: 2 labels for 3 cohorts. Give one for each cohort."),
        (["a", "", "b"], "labels, cohort 2: the label is empty. Give each cohort a name."),
        (["a", "  ", "b"], "labels, cohort 2: the label is empty. Give each cohort a name."),
        (["a", None, "b"], "labels, cohort 2: the label is empty. Give each cohort a name."),
        (["a", float("nan"), "b"], "labels, cohort 2: the label is empty. Give each cohort a name."),
        ("abc", "labels"),
    ],
)
def test_labels_that_do_not_name_every_cohort_are_refused(labels: Any, said: str) -> None:
    assert said in only(**COUNTS, labels=labels)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"pooling": "parital"},
            "pooling: unknown pooling 'parital'. Choose one of none, common, partial, student, nested, exnex, mem.",
        ),
        ({"pooling": None}, "unknown pooling None"),
        ({"engine": "exat"}, "engine: unknown engine 'exat'. Choose one of auto, exact, nuts."),
        ({"seed": -1}, "seed: -1 is not a whole number, zero or more. Give one such as 1."),
        ({"seed": 1.5}, "seed: 1.5 is not a whole number"),
        ({"seed": True}, "seed: True is not a whole number"),
        ({"mu": "Norml(0, 1)"}, "mu: unknown prior 'Norml'. Did you mean Normal?"),
        ({"mu": "Normal(0)"}, "mu: Normal(0) has wrong parameters. Write Normal(mu, sigma), each of them once."),
        ({"mu": "Normal(0, -1)"}, "mu: prior Normal, sigma: -1.0 is not above zero"),
        ({"mu": 3}, "mu: 3 does not read as a prior"),
        ({"tau": "Normal(0, 1)"}, "tau: Normal(0, 1) allows negative values"),
        ({"tau": "Uniform(-1, 1)"}, "tau: Uniform(-1, 1) allows negative values"),
        ({"tau": "HalfNormal(1)", "pooling": "common"}, "tau: a prior for tau, which pooling 'common' does not have"),
        ({"tau": "HalfNormal(1)", "pooling": "none"}, "tau: a prior for tau, which pooling 'none' does not have"),
        ({"chains": 2}, "chains: the exact engine takes no sampler settings"),
    ],
)
def test_unknown_choices_and_priors_are_refused(arguments: dict[str, Any], said: str) -> None:
    assert said in only(**COUNTS, **arguments)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"estimates": [0.5, 2.0]},
            "cohort 'cohort 2': estimate 2 is not inside its interval 0.8 to 1.7. Correct one of the three.",
        ),
        ({"lower": [0.9, 0.8], "upper": [0.2, 1.7]}, "estimate 0.5 is not inside its interval 0.9 to 0.2"),
        ({"lower": [0.5, 0.8]}, "estimate 0.5 is not inside its interval 0.5 to 0.9"),
        (
            {"lower": [0.0, 0.8], "ratio": True},
            "cohort 'cohort 1': ratio 0.5 (0 to 0.9) is not positive. Give ratios as they are",
        ),
        ({"estimates": [-0.5, 1.2], "lower": [-0.7, 0.8], "ratio": True}, "ratio -0.5 (-0.7 to 0.9) is not positive"),
        ({"level": 95}, "level: 95 is not between 0 and 1. Give a probability, such as 0.95."),
        ({"level": [0.95, 0.0]}, "cohort 'cohort 2', level: 0 is not between 0 and 1"),
        ({"level": [0.95]}, "level: 1 values for 2 cohorts"),
        ({"mu": "Beta(1, 1)"}, "mu: Beta(1, 1) is a prior of a probability"),
        ({"mu": None}, "mu: no prior, and for contrasts there is no default"),
        ({"tau": None}, "tau: no prior, and for contrasts there is no default"),
        ({"upper": ["0.9", 1.7]}, "upper, cohort 1: '0.9' is not a number"),
        ({"labels": ["a", "a"]}, "cohort 'a': the label is used twice"),
    ],
)
def test_wrong_contrasts_are_refused(changes: dict[str, Any], said: str) -> None:
    found = problems(**{**CONTRASTS, **changes})
    assert any(said in str(issue) for issue in found), found
    wrong_level = changes.get("level") == 95
    assert len(found) == (2 if wrong_level else 1)


def test_contrasts_without_any_prior_are_told_what_to_give() -> None:
    bare = {name: CONTRASTS[name] for name in ("estimates", "lower", "upper")}
    assert [issue.where for issue in problems(**bare)] == ["mu", "tau"]
    assert "such as Normal(0, 1)" in problems(**bare)[0].mend
    assert "such as HalfNormal(0.5)" in problems(**bare)[1].mend


# -- everything at once -----------------------------------------------------------------------------------------------


def test_every_wrong_count_is_said_at_once() -> None:
    found = problems(events=[9, -1, 1, 0, 2], totals=[8, 3, 2.5, 0, 4])
    assert [issue.where.partition(",")[0] for issue in found] == [f"cohort 'cohort {j}'" for j in (1, 2, 3, 4)]


def test_every_unreadable_number_is_said_at_once() -> None:
    found = problems(events=["x", None, 1], totals=[8, float("nan"), True])
    assert [issue.where for issue in found] == [
        "events, cohort 1",
        "events, cohort 2",
        "total, cohort 2",
        "total, cohort 3",
    ]


def test_wrong_numbers_labels_priors_and_choices_are_said_at_once() -> None:
    found = "\n".join(
        map(
            str,
            problems(
                events=[9, 1],
                totals=[8, 3],
                labels=["a", "a"],
                mu="Normal(0)",
                tau="Normal(0, 1)",
                engine="exat",
                seed=-2,
            ),
        )
    )
    for said in (
        "9 events among 8 people",
        "the label is used twice",
        "Normal(0) has wrong parameters",
        "Normal(0, 1) allows negative values",
        "unknown engine 'exat'",
        "-2 is not a whole number",
    ):
        assert said in found


def test_a_wrong_pooling_does_not_hide_wrong_numbers() -> None:
    found = "\n".join(map(str, problems(events=[9, "x"], totals=[8, 3], pooling="parital")))
    assert "unknown pooling 'parital'" in found
    assert "'x' is not a number" in found


def test_wrong_contrasts_and_priors_are_said_at_once() -> None:
    found = "\n".join(
        map(
            str,
            problems(
                estimates=[2.0, 0.5],
                lower=[0.1, 0.0],
                upper=[0.9, 0.9],
                ratio=True,
                tau="Normal(0, 1)",
                labels=["a", "a"],
            ),
        )
    )
    for said in (
        "is not inside its interval",
        "is not positive",
        "mu: no prior",
        "allows negative values",
        "used twice",
    ):
        assert said in found


@pytest.mark.parametrize("ignored", [{"ratio": True}, {"level": 0.9}])
def test_what_counts_have_no_use_for_is_refused(ignored: dict[str, Any]) -> None:
    """An argument that is silently ignored has misled someone: the level of counts' intervals is asked of `summary`."""
    (name,) = ignored
    assert name in only(**COUNTS, **ignored)


# -- groups -----------------------------------------------------------------------------------------------------------

THREE = {"events": [1, 7, 9], "totals": [8, 27, 44]}


def test_groups_are_given_one_by_one_or_as_a_column_of_a_table() -> None:
    groups = ["melanoma", "melanoma", "lung"]
    fit = tc.pool(**THREE, groups=groups, pooling="nested", seed=1)
    assert fit.compiled.group_labels == ("melanoma", "lung")
    assert {name: str(prior) for name, prior in fit.compiled.priors.items()} == {
        "mu": "Logistic(0, 1)", "tau": "HalfNormal(0.5)", "tau_group": "HalfNormal(0.5)"
    }  # fmt: skip
    table = {"events": THREE["events"], "total": THREE["totals"], "group": groups}
    assert tc.pool(data=table, pooling="nested", seed=1).summary()["groups"] == fit.summary()["groups"]


def test_a_column_of_groups_does_not_keep_a_table_from_other_poolings() -> None:
    table = {"events": THREE["events"], "total": THREE["totals"], "group": ["melanoma", "melanoma", "lung"]}
    assert tc.pool(data=table, seed=1).summary() == tc.pool(**THREE, seed=1).summary()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"pooling": "nested"}, "groups: missing, and pooling 'nested' needs them."),
        ({"groups": ["a", "a", "b"]}, "groups: pooling 'partial' knows no groups."),
        ({"groups": ["a", "b"], "pooling": "nested"}, "groups: 2 groups for 3 cohorts."),
        ({"groups": ["a", " ", "b"], "pooling": "nested"}, "groups, cohort 2: the group is empty."),
        ({"groups": ["a", None, "b"], "pooling": "nested"}, "groups, cohort 2: the group is empty."),
        ({"tau_group": "HalfNormal(1)"}, "tau_group: a prior for tau_group, which pooling 'partial' does not have."),
        (
            {"groups": ["a", "a", "b"], "pooling": "nested", "tau_group": "Normal(0, 1)"},
            "tau_group: Normal(0, 1) allows negative values.",
        ),
    ],
)
def test_groups_that_do_not_fit_are_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(tc.InputError) as caught:
        tc.pool(**THREE, **arguments)
    assert said in str(caught.value)


# -- what the data cannot say -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"events": [6], "totals": [7]}, ("One cohort does not say how cohorts differ",)),
        ({"events": [6], "totals": [7], "pooling": "student", "nu": 4}, ("One cohort does not say",)),
        ({"events": [6], "totals": [7], "pooling": "none"}, ()),
        ({"events": [6], "totals": [7], "pooling": "common"}, ()),
        (THREE, ()),
        ({**THREE, "groups": ["a", "a", "a"], "pooling": "nested"}, ("One group does not say how groups differ",)),
        ({**THREE, "groups": ["a", "b", "c"], "pooling": "nested"}, ("No group has two cohorts",)),
        ({**THREE, "groups": ["a", "b", "b"], "pooling": "nested"}, ()),
        ({"events": [6], "totals": [7], "groups": ["a"], "pooling": "nested"}, ("One cohort does not say",)),
    ],
)
def test_what_only_the_priors_can_say_is_said_to_be_theirs(arguments: dict[str, Any], said: tuple[str, ...]) -> None:
    remarks = tc.pool(**arguments, seed=1).summary()["remarks"]
    assert len(remarks) == len(said)
    assert all(remark.startswith(start) for remark, start in zip(remarks, said, strict=True))
