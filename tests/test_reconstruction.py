"""Patients from digitised curves: against another program's, against the truth of simulations, and what is refused."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinycohort as tc
from reconstruction_accuracy import SIZES, row
from support.curves import corners, kaplan_meier, log_hazard_ratio, numbers_at_risk, simulate
from support.reconstructed import measure, two_arms
from tinycohort.cli import WRONG, main
from tinycohort.cli.output import NO_RECONSTRUCTION
from tinycohort.cli.parser import READ_AT
from tinycohort.reconstruction.agreement import events_between
from tinycohort.reconstruction.request import READ_AT as KNOWN_READ_AT

ARMS = ("radio", "radioplus")
EXACT = 1e-6  # the precision of a curve that was computed rather than read
EIGHT = {"times_months": [2.0, 5.0, 9.0, 12.0], "survival": [0.875, 0.75, 0.6, 0.6], "total": 8}


@cache
def reference() -> Any:
    path = Path(__file__).parent / "reference" / "kaplan_meier_curves.json"
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def radiation(arm: str, with_table: bool = True) -> tc.Reconstruction:
    case = reference()["radiation"]
    months, percent = np.array(case["points_months_percent"][arm]).T
    at_risk = case["at_risk"][arm]
    table = {"at_risk_times_months": case["at_risk_times_months"], "at_risk": at_risk}
    return tc.reconstruct(months, percent / 100, **(table if with_table else {"total": at_risk[0]}), seed=1)


def everyone(made: tc.Reconstruction) -> list[tuple[Any, Any]]:
    """Times and events of the single reconstruction and of each of the ensemble."""
    return [(one.times, one.events) for one in (made.patients_of_best, *made.patients_of_ensemble)]


# -- against IPDfromKM, on the two curves that come with it --


@pytest.mark.parametrize("arm", ARMS)
def test_events_and_median_are_those_of_ipdfromkm(arm: str) -> None:
    case = reference()["radiation"]
    expected, tolerance = case["expected"][arm], case["tolerance"]
    made = radiation(arm).summary()
    assert made["total"] == expected["n"]
    assert made["events"] == pytest.approx(expected["events"], abs=tolerance["events"])
    assert made["events_lowest"] <= expected["events"] <= made["events_highest"]
    assert made["median_months"] == pytest.approx(expected["median"], abs=tolerance["median"])
    everybody = radiation(arm).patients_of_best.times.sum()
    share = tolerance["events"] / expected["events"]
    assert made["events"] / everybody == pytest.approx(expected["exp_rate"], rel=share)
    assert made["mean_miss"] <= expected["mean_abs"]
    assert made["worst_miss"] <= expected["max_abs"]


@pytest.mark.parametrize("arm", ARMS)
def test_events_and_censorings_lie_in_the_intervals_in_which_ipdfromkm_has_them(arm: str) -> None:
    case = reference()["radiation"]
    one = radiation(arm).patients_of_best
    edges = [*case["at_risk_times_months"], np.inf]
    for name, who in (("events_by_interval", one.events), ("censored_by_interval", ~one.events)):
        found = np.histogram(one.times[who], edges)[0]
        assert np.abs(found - case["expected"][arm][name]).max() <= case["tolerance"]["events"], name


@pytest.mark.parametrize("arm", ARMS)
def test_survival_is_that_of_ipdfromkm_where_that_meets_the_curve(arm: str) -> None:
    case = reference()["radiation"]
    expected, within = np.array(case["expected"][arm]["S_12_24_36_48"]), case["tolerance"]["S"]
    found = radiation(arm).survival_at([12.0, 24.0, 36.0, 48.0])["survival"].to_numpy()
    assert found[:3] == pytest.approx(expected[:3], abs=within)
    # At 48 months IPDfromKM is 0.008 above the points that were read, and it is those that are to be met.
    months, percent = np.array(case["points_months_percent"][arm]).T
    read = percent[months <= 48.0][-1] / 100
    assert abs(expected[3] - read) > 0.007
    assert found[3] == pytest.approx(read, abs=within)


@pytest.mark.parametrize("arm", ARMS)
def test_without_numbers_at_risk_the_same_events_are_invented_and_the_ensemble_knows(arm: str) -> None:
    expected = reference()["radiation"]["expected"][arm]
    made = radiation(arm, with_table=False)
    assert made.summary()["events"] == expected["events_without_risk_table"] > expected["events"] + 20
    assert made.events[0] < expected["events"] < made.events[1]
    assert any("no numbers at risk" in remark and "not harmless" in remark for remark in made.remarks)


def test_the_hazard_ratio_is_that_of_ipdfromkm_and_near_the_published_one() -> None:
    case = reference()["radiation"]
    found, error = two_arms(*(everyone(radiation(arm))[0] for arm in ARMS))
    assert found == pytest.approx(case["expected"]["cox"]["logHR"], abs=0.005)
    assert error == pytest.approx(case["expected"]["cox"]["se"], abs=0.001)
    assert found == pytest.approx(np.log(case["expected"]["published_HR"]["HR"]), abs=case["tolerance"]["logHR"])


def test_cox_in_the_tests_is_what_the_partial_likelihood_has_in_closed_form() -> None:
    treated = np.array([1.0, 0.0, 1.0])
    # theta / (2 theta + 1) / (1 + theta) is highest at 1 / sqrt 2; with tied events, after Efron, at 1 / sqrt 6.
    for second, highest in ((2.0, 2.0), (1.0, 6.0)):
        found, _ = log_hazard_ratio(np.array([1.0, second, 3.0]), np.array([True, True, False]), treated)
        assert found == pytest.approx(-0.5 * np.log(highest), abs=1e-9)


# -- against the truth --


def test_with_numbers_at_risk_hazard_ratios_are_nearer_than_published_reconstructions_are() -> None:
    published = reference()["hazard_ratios"]
    figures = np.array([row[1:] for row in published["figures_published_reconstructed_se"]])
    off = np.abs(np.log(figures[:, 1] / figures[:, 0]))
    expected, within = published["expected"], published["tolerance"]["all"]
    for name, value in expected["abs_dlogHR_quantiles"].items():
        assert np.quantile(off, float(name.rstrip("%")) / 100) == pytest.approx(value, abs=within)
    assert len(figures) == expected["n_two_arm_figures"]
    signed = np.log(figures[:, 1] / figures[:, 0])
    assert np.sqrt(np.mean(signed**2)) == pytest.approx(expected["rms"], abs=within)
    assert np.median(off / figures[:, 2]) == pytest.approx(expected["abs_over_se_median"], abs=within)
    for below in (0.05, 0.10):
        assert np.mean(off < below) == pytest.approx(expected[f"frac_below_{below:.2f}"], abs=within)
    assert signed.mean() == pytest.approx(expected["mean_signed"], abs=within)
    ours = measure(people=100, trials=12, with_table=True, ensemble=5)
    assert np.median(np.abs(ours.log_hazard_ratio)) < np.median(off)
    assert np.quantile(np.abs(ours.log_hazard_ratio), 0.9) < np.quantile(off, 0.9)
    assert np.mean(np.abs(ours.events)) < 1.5


def test_tiny_cohorts_come_back_person_by_person() -> None:
    ours = measure(people=8, trials=25, with_table=True, ensemble=10)
    assert np.mean(np.array(ours.events) == 0) > 0.85
    assert np.mean(ours.within_ensemble) > 0.9
    assert np.median(np.abs(ours.in_standard_errors)) < 0.1


def test_without_numbers_at_risk_only_the_ensemble_is_to_be_trusted() -> None:
    ours = measure(people=40, trials=6, with_table=False, ensemble=30)
    assert np.mean(ours.events) > 1
    assert np.mean(ours.within_ensemble) >= 0.75


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Patients, and the times of a table below their curve; times may tie."""
    people = draw(st.integers(1, 30))
    months = st.floats(0.1, 60.0) | st.integers(1, 24).map(float)
    times = np.array(draw(st.lists(months, min_size=people, max_size=people)))
    events = np.array(draw(st.lists(st.booleans(), min_size=people, max_size=people)))
    table = draw(st.lists(st.floats(0.1, 1.0), max_size=4, unique=True))
    return times, events, np.unique([0.0, *(np.round(share * times.max(), 1) for share in table)])


@given(cohorts(), st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_an_exact_curve_comes_back_exactly_with_its_numbers_at_risk(cohort: Any, with_total: bool) -> None:
    times, events, table = cohort
    months, survival = corners(times, events)
    at_risk = numbers_at_risk(times, table)
    made = tc.reconstruct(
        months,
        survival,
        at_risk_times_months=table,
        at_risk=at_risk,
        events=int(events.sum()) if with_total else None,
        ensemble=4,
        seed=1,
        precision=EXACT,
    )
    for again, died in everyone(made):
        assert len(again) == len(times)
        assert kaplan_meier(again, died, months) == pytest.approx(survival, abs=1e-4)
        assert (numbers_at_risk(again, table) == at_risk).all()
        assert again.max() <= max(times.max(), table.max())
        assert not with_total or died.sum() == events.sum()


@pytest.mark.parametrize("total", [None, 139])
def test_every_member_of_an_ensemble_prints_the_curve_that_was_read(total: int | None) -> None:
    times, events = simulate(np.random.default_rng(1), 213)
    assert events.sum() == 139
    months, survival = corners(times, events)
    table = np.arange(0.0, times.max(), 6.0)
    at_risk = numbers_at_risk(times, table)
    made = tc.reconstruct(months, survival, at_risk_times_months=table, at_risk=at_risk, events=total, seed=2)
    assert len(made.patients_of_ensemble) == 100
    misses = []
    for again, died in everyone(made):
        assert (numbers_at_risk(again, table) == at_risk).all()
        assert total is None or died.sum() == total
        misses.append(np.abs(kaplan_meier(again, died, months) - survival))
    assert np.median(misses) < 0.5 * made.request.precision
    assert np.quantile(misses, 0.99) < 2.5 * made.request.precision


def test_the_single_reconstruction_takes_no_chance_and_the_ensemble_a_seed() -> None:
    first, second, third = (tc.reconstruct([3, 8, 20], [0.9, 0.7, 0.7], total=40, seed=seed) for seed in (1, 1, 2))
    assert first.patients.equals(third.patients)
    assert first.ensemble.equals(second.ensemble)
    assert not first.ensemble.equals(third.ensemble)
    assert tc.reconstruct([3], [0.9], total=10).seed >= 0


def test_the_sizes_of_steps_tell_who_was_censored() -> None:
    made = tc.reconstruct(**EIGHT, seed=1)
    assert made.events == (3, 3)
    first = made.patients_of_best
    assert list(first.times[first.events]) == [2.0, 5.0, 9.0]
    gone = first.times[~first.events]
    assert np.sum((gone >= 5.0) & (gone < 9.0)) == 1


def test_a_total_tells_one_of_five_from_two_of_ten() -> None:
    curve = {"times_months": [4.0, 10.0], "survival": [0.8, 0.8], "total": 10, "precision": EXACT, "seed": 1}
    assert tc.reconstruct(**curve).summary()["events"] == 2
    assert tc.reconstruct(**curve, events=1).events == (1, 1)
    assert tc.reconstruct(**curve, events=2).events == (2, 2)
    with pytest.raises(tc.InputError, match=r"events: 3 events, and the curve with 10 people shows (1 to )?2\."):
        tc.reconstruct(**curve, events=3)


def test_a_curve_read_at_set_times_has_its_events_in_between() -> None:
    times, events = simulate(np.random.default_rng(1), 50)
    months = np.linspace(0.5, times.max(), 60)
    table = np.arange(0.0, times.max(), 6.0)
    given = {
        "times_months": months,
        "survival": kaplan_meier(times, events, months),
        "at_risk_times_months": table,
        "at_risk": numbers_at_risk(times, table),
        "seed": 1,
    }
    late, middle = tc.reconstruct(**given), tc.reconstruct(**given, read_at="times")
    assert any("evenly spaced" in remark for remark in late.remarks)
    assert not any("evenly spaced" in remark for remark in middle.remarks)
    finely = np.arange(0.0, 30.0, 0.1)
    off = [
        np.abs(kaplan_meier(*everyone(made)[0], finely) - kaplan_meier(times, events, finely)).mean()
        for made in (late, middle)
    ]
    assert off[1] < 0.7 * off[0]
    # An event in a gap around a number at risk may be put on the wrong side of it.
    assert abs(middle.summary()["events"] - events.sum()) <= 1
    assert middle.summary()["mean_miss"] < 0.005


def test_small_misreadings_are_mended_and_said() -> None:
    made = tc.reconstruct([-0.05, 4.0, 3.95, 9.0, 12.0], [1.002, 0.9, 0.9, 0.803, 0.806], total=10, seed=1)
    said = " ".join(made.remarks)
    assert "A point was read at -0.05 months: it was taken to be at 0" in said
    assert "out of order, by 0.05 months at most" in said
    assert "rises, by 0.003 at most: it was smoothed" in said
    assert made.events == (2, 2)


def test_points_on_either_side_of_a_step_may_be_in_the_wrong_order() -> None:
    made = tc.reconstruct([5.0, 10.0, 10.05, 20.0], [0.9, 0.8, 0.9, 0.8], total=10, seed=1)
    assert made.events == (2, 2)


# -- what is refused --


def refused(**given: Any) -> list[str]:
    with pytest.raises(tc.InputError) as caught:
        tc.reconstruct(**({"times_months": [3.0, 6.0], "survival": [0.8, 0.6], "total": 10} | given))
    return [str(issue) for issue in caught.value.issues]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"survival": [80, 60]}, "survival: 80 looks like a percentage. Give proportions: divide by 100."),
        ({"survival": [0.8, -0.2]}, "survival: -0.2 is negative. Give proportions from 0 to 1."),
        ({"survival": [0.6, 0.8]}, "survival rises from 0.6 at 3 months to 0.8 at 6 months, by more than misreading"),
        ({"survival": [0.8]}, "times_months, survival: 2 times and 1 survival. Give one survival for each time."),
        ({"survival": [0.8, "x"]}, "survival[1]: 'x' is not a finite number. Correct it, or leave it out."),
        ({"survival": "0.8"}, "survival: '0.8' is no row of numbers. Give a list of numbers."),
        ({"times_months": [-3.0, 6.0]}, "times_months: -3 months is negative, by more than a reading may miss (0.06)."),
        ({"times_months": [6.0, 3.0]}, "times_months[1]: 3 months stands after 6 months. Sort the points by time"),
        (
            {"times_months": [0.0, 0.0]},
            "times_months: no time is later than 0 months. Give the time of the curve's end",
        ),
        ({"total": None}, "total: nothing says how many people there were. Give total, or better"),
        ({"total": 0}, "total: 0 is not a whole number from 1 to 20,000."),
        ({"total": 2.5}, "total: 2.5 is not a whole number"),
        ({"events": 11}, "events: 11 events among 10 people. Correct one of the two."),
        ({"events": 1}, "events: 1 events, and the curve with 10 people shows"),
        ({"at_risk": [10, 5]}, "at_risk_times_months: it is missing beside the other. Give both, or neither."),
        ({"ensemble": 0}, "ensemble: 0 is not a whole number from 1 to 10,000."),
        ({"seed": -1}, "seed: -1 is not a whole number from 0"),
        ({"precision": 1}, "precision: 1 is no precision of a reading. Give a proportion of at most 0.05"),
        ({"read_at": "months"}, "read_at: 'months' is not known. Choose one of steps, times."),
    ],
)
def test_what_is_no_curve_is_refused_with_the_way_to_mend_it(given: dict[str, Any], said: str) -> None:
    assert any(said in line for line in refused(**given)), refused(**given)


@pytest.mark.parametrize(
    ("months", "people", "said"),
    [
        ([0, 6], [9, 5], "total, at_risk: 10 in all, and 9 at risk at 0 months. Correct one of the two"),
        (
            [0, 3, 6],
            [10, 5, 7],
            "at_risk: the number at risk grows from 5 at 3 months to 7 at 6 months. Nobody returns",
        ),
        ([-1, 6], [10, 5], "at_risk_times_months: numbers at risk at -1 months, before the curve begins."),
        ([0, 6, 6], [10, 5, 5], "at_risk_times_months: 6 months after 6 months. Give increasing times."),
        ([0, 6], [10, 5.5], "at_risk: 5.5 is not a whole number"),
        ([0, 6], [10], "2 times and 1 number at risk"),
        ([0, 2], [10, 0], "at_risk: nobody is at risk at 2 months, and the curve falls after it, to 0.6 by 6 months."),
    ],
)
def test_a_table_that_cannot_be_is_refused(months: list[float], people: list[float], said: str) -> None:
    assert any(said in line for line in refused(at_risk_times_months=months, at_risk=people))


def test_events_that_contradict_the_numbers_at_risk_are_refused_with_interval_and_numbers() -> None:
    [said] = refused(
        times_months=[2, 5, 8, 14, 20],
        survival=[0.95, 0.8, 0.6, 0.5, 0.5],
        total=None,
        at_risk_times_months=[0, 10, 15],
        at_risk=[100, 80, 60],
    )
    assert said.startswith(
        "at_risk: between 0 and 10 months survival falls from 1 to 0.6, which among the 100 at risk takes 40 events "
        "with nobody censored, and the numbers at risk fall by 20 only, to 80. "
    )
    assert said.endswith("at most 60 can be at risk at 10 months.")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    said = refused(survival=[80, 60], total=-1, events=2.5, at_risk=[5, 7], at_risk_times_months=[0, 1], ensemble=0)
    assert len(said) == 5


@given(
    st.lists(st.floats(), max_size=6),
    st.lists(st.floats() | st.floats(0, 1), max_size=6),
    st.none() | st.lists(st.floats() | st.floats(0, 10), max_size=3),
    st.none() | st.lists(st.integers(-2, 30), max_size=3),
    st.none() | st.integers(-2, 30),
    st.none() | st.integers(-2, 30),
)
@settings(max_examples=100)
def test_no_numbers_end_in_a_traceback(
    times: Any, survival: Any, months: Any, people: Any, total: Any, events: Any
) -> None:
    try:
        made = tc.reconstruct(
            times,
            survival,
            at_risk_times_months=months,
            at_risk=people,
            total=total,
            events=events,
            ensemble=2,
            seed=1,
        )
    except tc.InputError:
        return
    assert made.summary()["total"] == len(made.patients)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 20).map(lambda k: k / 20))
def test_the_fewest_events_are_more_than_the_most_where_too_many_are_left(people: int, left: int, share: float) -> None:
    fewest, most = events_between(people, left, 1.0, share)
    assert (fewest <= most + 1e-9) == (left <= people * share + 1e-9)


# -- what is handed out --


def test_tables_have_a_row_for_each_person_and_files_the_same(tmp_path: Path) -> None:
    made = tc.reconstruct(**EIGHT, ensemble=3, seed=1)
    assert list(made.patients.columns) == ["patient", "time_months", "event"]
    assert list(made.ensemble.columns) == ["replicate", "patient", "time_months", "event"]
    assert made.ensemble.groupby("replicate").size().to_dict() == {1: 8, 2: 8, 3: 8}
    for ensemble, frame in ((False, made.patients), (True, made.ensemble)):
        made.to_csv(tmp_path / "out.csv", ensemble=ensemble)
        with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
            rows = [{name: float(text) for name, text in row.items()} for row in csv.DictReader(file)]
        assert rows == frame.astype(float).to_dict("records")


def test_survival_is_asked_for_at_any_time() -> None:
    made = tc.reconstruct(**EIGHT, seed=1)
    table = made.survival_at([1.0, 5.0, 10.0, 30.0])
    assert table["survival"].tolist()[:3] == pytest.approx([1.0, 0.75, 0.6])
    assert np.isnan(table["survival"].iloc[3])
    assert table["at_risk"].tolist() == [8, 7, 4, 0]
    assert made.survival_at(5)["lowest_survival"].tolist() == pytest.approx([0.75])
    with pytest.raises(tc.InputError, match=r"times_months\[0\]: nan is not a finite number"):
        made.survival_at(float("nan"))


def test_it_says_in_words_how_far_the_curve_decides() -> None:
    sure, unsure = tc.reconstruct(**EIGHT, seed=1), radiation("radio")
    assert "Events: 3 in each of 100 other reconstructions (the curve decides it)." in str(sure)
    low, high = unsure.events
    assert f"Events: {low} to {high} over 100 other reconstructions of the same curve, which" in " ".join(
        str(unsure).split()
    )
    assert "After 50 months no number at risk was given" in str(unsure)
    assert "<p>" in unsure._repr_html_()
    assert repr(sure) == str(sure)


# -- the command --

CURVE = "time_months,survival\n2,0.875\n5,0.75\n9,0.6\n12,0.6\n"
RISK = "time_months,at_risk\n0,8\n6,5\n"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("curve.csv").write_text("\ufeff" + CURVE, encoding="utf-8")
    Path("risk.csv").write_text(RISK, encoding="utf-8")


@pytest.mark.usefixtures("_files")
def test_the_command_answers_as_python_does(capsys: Capture) -> None:
    command = ["reconstruct", "curve.csv", "--at-risk", "risk.csv", "--seed", "1"]
    assert main([*command, "--json", "--output", "out.csv", "--output-ensemble", "all.csv"]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    made = tc.reconstruct(EIGHT["times_months"], EIGHT["survival"], at_risk_times_months=[0, 6], at_risk=[8, 5], seed=1)
    assert list(answer) == list(NO_RECONSTRUCTION)
    assert {name: answer[name] for name in made.summary()} == made.summary()
    assert answer["patients"] == made.patients.to_dict("records")
    assert said.err == "tinycohort: wrote out.csv\ntinycohort: wrote all.csv\n"
    assert Path("out.csv").read_text().startswith("patient,time_months,event\n1,2.0,1\n")
    assert main(command) == 0
    assert capsys.readouterr().out == f"{made}\n"


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize(
    ("curve", "options", "said"),
    [
        (CURVE, [], "--total: nothing says how many people there were. Type --at-risk FILE.csv"),
        (CURVE.replace(",", ";"), ["--total", "8"], "curve.csv, row 1: columns are separated by semicolons (';')."),
        (
            CURVE.replace("survival", "survivor"),
            ["--total", "8"],
            "unknown column 'survivor'. Did you mean 'survival'?",
        ),
        (CURVE.replace("0.75", "0,75"), ["--total", "8"], "curve.csv, row 3: 3 cells under 2 headings."),
        (CURVE.replace("0.75", "x"), ["--total", "8"], "curve.csv, row 3, survival: 'x' is not a number."),
        (CURVE.split("\n", 1)[1], ["--total", "8"], "curve.csv, row 1: numbers (2, 0.875) where names were expected."),
        ("time_months,survival\n", ["--total", "8"], "curve.csv: there is a header and no point."),
        ("", ["--total", "8"], "curve.csv: the file is empty. Columns are time_months, survival"),
        (CURVE.replace("9,", "1,"), ["--total", "8"], "curve.csv, row 4, time_months: 1 months stands after 5 months."),
        (CURVE, ["--at-risk", "risk.csv", "--total", "9"], "--total; risk.csv, at_risk: 9 in all, and 8 at risk at 0"),
        (CURVE, ["--total", "8", "--events", "9"], "--events: 9 events among 8 people. Correct one of the two."),
        (CURVE, ["--at-risk", "none.csv"], "none.csv: there is no such file."),
        (CURVE.replace("0.75", "75"), ["--total", "8"], "curve.csv, survival: 75 looks like a percentage."),
        (CURVE.replace("0.75", "75%"), ["--total", "8"], "curve.csv, row 3, survival: '75%' is not a number."),
        (CURVE.replace("0.75", "0.95"), ["--total", "8"], "curve.csv, survival: survival rises from 0.875 at 2"),
        (CURVE.replace("\n2,", "\n-2,"), ["--total", "8"], "-2 months is negative, by more than a reading may miss"),
        (CURVE, ["--total", "0"], "--total: 0 is not a whole number from 1 to 20,000."),
    ],
)
def test_the_command_refuses_in_the_place_where_it_is_wrong(
    curve: str, options: list[str], said: str, capsys: Capture
) -> None:
    Path("curve.csv").write_text(curve, encoding="utf-8")
    assert main(["reconstruct", "curve.csv", *options, "--json"]) == WRONG
    found = capsys.readouterr()
    assert said in found.err
    answer = json.loads(found.out)
    assert any(said in reason for reason in answer["reasons"])
    assert {**answer, "reasons": []} == NO_RECONSTRUCTION


def test_the_words_of_the_command_are_those_of_the_package() -> None:
    assert READ_AT == KNOWN_READ_AT


@pytest.mark.slow
@pytest.mark.parametrize("with_table", [True, False])
@pytest.mark.parametrize("people", SIZES)
def test_the_accuracy_in_the_documentation_is_what_is_measured(people: int, with_table: bool, repository: Path) -> None:
    page = (repository / "docs/reconstruction.md").read_text(encoding="utf-8")
    but_for_seconds = row(people, with_table).rsplit("|", 2)[0]
    assert but_for_seconds in page
