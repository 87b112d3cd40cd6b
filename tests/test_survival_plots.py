"""Figures of survival: curves as the estimates have them, evidence as it was reported, and nothing that overlaps."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import tinycohort as tc
from support.pictures import collisions, rendered, texts_of, words_in
from tinycohort.compiled import CompiledModel, Row
from tinycohort.curves import curve_marginal, survival_curve
from tinycohort.engines.run import run
from tinycohort.families import Exponential, LogLogistic, LogNormal, Weibull
from tinycohort.likelihoods.survival import (
    Followup,
    Person,
    Point,
    Report,
    SurvivalReports,
    landmarks_report,
    median_report,
    persons_report,
)
from tinycohort.plots.curve_evidence import evidence_rows, steps_of
from tinycohort.plots.rows import exact_interval
from tinycohort.pooling import Common, Partial, Separate, Shape
from tinycohort.priors import HalfNormal, Normal
from tinycohort.reporting.figures import FIGURES as OF_REPORTS

LABELS = (
    "Eight patients",
    "A cohort with a label that goes on, $n_1$ of the Sun Yat-sen University Cancer Center",
    "Landmarks with their intervals",
    "Median <alone>",
    "Not reached",
)


def persons() -> list[Person]:
    exact = [Person(4, 4, True), Person(9, 9, True), Person(9, 9, True), Person(20, 20, False)]
    return [*exact, Person(12, 18, True), Person(22, 30, False), Person(16, 16, True, entry_months=5)]


def reports() -> list[Report]:
    points = [Point(12, 0.6), Point(17, 0.5, is_median=True), Point(24, 0.35)]
    printed = [Point(12, 0.59, 0.443, 0.785), Point(24, 0.4, 0.25, 0.6)]
    return [
        persons_report(persons()),
        landmarks_report(points, 27, followup=Followup(20, 5, 40, "reverse_km")),
        landmarks_report(printed, 44),
        median_report(17.2, 111, lower_months=11.7),
        median_report(None, 5, followup_months=14),
    ]


def fitted(
    family: Any = None,
    shape: Shape | None = None,
    pooling: Any = None,
    labels: Sequence[str] = LABELS,
    of: Sequence[Report] | None = None,
) -> tc.Fit:
    family, pooling, of = family or Exponential(), pooling or Partial(), of or reports()
    shape = shape or Shape("fixed", (0.2,) * len(family.shape_names))
    known: dict[str, Any] = {"mu": Normal(math.log(19.0), 1.0), "tau": HalfNormal(0.5), "shape": Normal(0.2, 0.3)}
    model = CompiledModel(
        "survival",
        family,
        SurvivalReports(family, of),
        pooling,
        {name: known[name] for name in (*pooling.parameters, *shape.parameters(family))},
        tuple(Row(label) for label in labels[: len(of)]),
        {"report": np.arange(len(of))},
        shape=shape,
    )
    return run(model, "exact", seed=1)


@pytest.fixture(scope="module")
def fit() -> tc.Fit:
    return fitted()


@pytest.fixture(scope="module")
def weibull() -> tc.Fit:
    return fitted(Weibull(), Shape("shared"), of=reports()[:3])


@pytest.fixture(scope="module")
def evidence() -> tc.Evidence:
    return tc.read_evidence()


CURVES: dict[str, Callable[..., Figure]] = {
    "survival": tc.plots.survival,
    "hazard": tc.plots.hazard,
    "cohort_curves": tc.plots.cohort_curves,
}
every_curve = pytest.mark.parametrize("name", CURVES)
every_figure = pytest.mark.parametrize("name", [*CURVES, "courses"])


@pytest.fixture
def draw(fit: tc.Fit, evidence: tc.Evidence) -> Callable[..., Figure]:
    def draw(name: str, **options: Any) -> Figure:
        return tc.plots.courses(evidence, **options) if name == "courses" else CURVES[name](fit, **options)

    return draw


# -- curves, against the estimates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "functional"), [("survival", "survival"), ("hazard", "hazard")])
def test_the_table_of_curves_is_what_the_estimates_say(weibull: tc.Fit, name: str, functional: str) -> None:
    targets = ["typical", "average", "new_cohort"]
    table = getattr(tc.plots, f"{name}_table")(weibull, targets=targets, until_months=36, level=0.9)
    curves = table[table["row"] == "curve"]
    for target in targets:
        for row in curves[curves["target"] == target].iloc[[5, 30, 60]].itertuples():
            expected = curve_marginal(weibull, functional, row.time_months, target).summary(0.9)
            found = [row.value, row.lower, row.upper]
            # Of the average the points that hardly weigh anything are left out.
            np.testing.assert_allclose(found, [expected[k] for k in ("median", "lower", "upper")], rtol=2e-3)


@pytest.mark.parametrize("functional", ["survival", "hazard", "restricted_mean"])
def test_the_average_at_many_times_is_that_of_one_time(weibull: tc.Fit, functional: str) -> None:
    table = survival_curve(weibull, [3.0, 24.0], "average", functional)
    for row in table.itertuples():
        one = curve_marginal(weibull, functional, row.time_months, "average")
        assert row.mean == pytest.approx(one.mean, rel=1e-6)
        assert row.sd == pytest.approx(one.sd, rel=1e-4)


def test_an_exponential_hazard_is_the_same_at_all_times(fit: tc.Fit) -> None:
    table = tc.plots.hazard_table(fit, targets=["typical"])
    median = fit.posterior.marginal("typical", natural=True)
    assert median is not None
    np.testing.assert_allclose(table["value"], math.log(2.0) / median.quantile(np.array([0.5]))[0], rtol=1e-3)


def test_a_curve_begins_at_one_and_ends_where_it_was_told_to(fit: tc.Fit) -> None:
    table = tc.plots.survival_table(fit, until_months=50)
    curve = table[(table["row"] == "curve") & (table["target"] == "new_cohort")]
    assert curve.iloc[0][["time_months", "value", "lower", "upper"]].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert curve["time_months"].iloc[-1] == 50.0
    assert curve["value"].is_monotonic_decreasing


def test_beyond_the_longest_follow_up_curves_are_dashed_and_the_legend_says_so(fit: tc.Fit) -> None:
    table = tc.plots.survival_table(fit)
    curve = table[table["row"] == "curve"]
    beyond = curve["extrapolated"].astype(bool)
    assert (beyond == (curve["time_months"] > 40.0)).all()
    figure = tc.plots.survival(fit)
    said = {text.get_text() for text in texts_of(figure)}
    assert "Beyond 40 months, the longest follow-up: extrapolated" in said
    dashed = [line for line in figure.axes[0].lines if line.is_dashed() and len(line.get_xdata()) > 5]
    assert all(np.min(np.asarray(line.get_xdata())) == 40.0 for line in dashed)
    within = tc.plots.survival(fit, until_months=30)
    assert not [text for text in texts_of(within) if "extrapolated" in text.get_text()]


def test_each_cohort_is_extrapolated_from_its_own_follow_up_on(fit: tc.Fit) -> None:
    table = tc.plots.cohort_curves_table(fit)
    curves = table[(table["row"] == "curve") & (table["target"] == "cohort")]
    longest = {label: report.longest_months for label, report in zip(LABELS, reports(), strict=True)}
    for label, rows in curves.groupby("label"):
        assert (rows["extrapolated"].astype(bool) == (rows["time_months"] > longest[str(label)])).all()
    row = curves[curves["label"] == LABELS[2]].iloc[20]
    expected = curve_marginal(fit, "survival", row["time_months"], "cohort", 2).summary(0.95)
    assert [row["value"], row["lower"], row["upper"]] == [expected[k] for k in ("median", "lower", "upper")]


# -- the evidence in its own form -------------------------------------------------------------------------------------


def test_patients_are_kaplan_and_meiers_steps() -> None:
    rows = steps_of([Person(t, t, died) for t, died in ((6, True), (6, True), (6, False), (10, True), (11, False))])
    deaths = [(row["time_months"], row["value"]) for row in rows if row["row"] == "death"]
    # 3 of 5 stay alive at 6 months, then one of two.
    assert deaths == [(6, pytest.approx(0.8)), (6, pytest.approx(0.6)), (10, pytest.approx(0.3))]
    assert [row["value"] for row in rows if row["row"] == "censored"] == pytest.approx([0.6, 0.3])


def test_late_entries_count_from_their_entry_and_limits_are_shown() -> None:
    rows = steps_of([Person(5, 5, True), Person(12, 12, True, entry_months=6), Person(8, 12, True)])
    assert [(row["time_months"], row["value"]) for row in rows] == [(5, 0.5), (10, 0.25), (12, 0.0)]
    assert (rows[1]["lower"], rows[1]["upper"], rows[1]["interval"]) == (8, 12, "where")


def test_a_death_after_some_time_counts_as_a_censoring_there() -> None:
    (row,) = steps_of([Person(24, math.inf, True)])
    assert (row["row"], row["time_months"], row["value"]) == ("censored", 24, 1.0)


def test_a_first_landmark_has_the_exact_interval_of_those_who_speak_through_it() -> None:
    report = landmarks_report([Point(12, 0.6)], 25, at_risk=[15])
    (row,) = evidence_rows("a", report, 0.9)
    assert row["interval"] == "effective"
    lower, upper = exact_interval(0.6 * row["people"], row["people"], 0.9)
    assert (row["lower"], row["upper"]) == (pytest.approx(lower), pytest.approx(upper))


def test_later_landmarks_are_as_sure_as_greenwood_says() -> None:
    points = [Point(12, 0.6, people=40.0), Point(24, 0.3, people=20.0)]
    report = SimpleNamespace(points=points, persons=(), kind="landmarks")
    row = evidence_rows("a", report, 0.95)[1]  # type: ignore[arg-type]
    greenwood = 0.4 / (0.6 * 40) + 0.5 / (0.5 * 20)
    people = 0.7 / (0.3 * greenwood)
    assert (row["lower"], row["upper"]) == pytest.approx(exact_interval(0.3 * people, people, 0.95))


@pytest.mark.parametrize("survival", [0.0, 1.0])
def test_nobody_or_everybody_alive_has_an_interval_too(survival: float) -> None:
    (row,) = evidence_rows("a", landmarks_report([Point(12, survival)], 9, at_risk=[9 * survival]), 0.95)
    assert 0.0 <= row["lower"] < row["upper"] <= 1.0
    assert survival in (row["lower"], row["upper"])


def test_what_was_printed_is_drawn_as_printed(fit: tc.Fit) -> None:
    table = tc.plots.survival_table(fit)
    printed = table[table["interval"] == "printed"]
    rows = printed[["row", "time_months", "value", "lower", "upper"]].to_numpy().tolist()
    assert rows == [
        ["landmark", 12.0, 0.59, 0.443, 0.785],
        ["landmark", 24.0, 0.4, 0.25, 0.6],
        ["median", 17.2, 0.5, 11.7, math.inf],
    ]
    (open_,) = table[table["row"] == "median_not_reached"].itertuples()
    assert (open_.label, open_.time_months) == ("Not reached", 14.0)
    said = {text.get_text() for text in texts_of(tc.plots.survival(fit))}
    assert {"Patients reported one by one; +: censored", "Median not reached until then"} <= said


# -- every figure -----------------------------------------------------------------------------------------------------


@every_figure
def test_no_text_overlaps_and_letters_are_large_enough(draw: Callable[..., Figure], name: str) -> None:
    figure = draw(name)
    assert collisions(figure) == []
    assert {text.get_fontsize() for text in texts_of(figure)} <= {7.0, 8.0}


@every_figure
def test_a_figure_fills_the_box_of_the_axes_it_is_given(draw: Callable[..., Figure], name: str) -> None:
    figure = Figure(figsize=(14, 9), dpi=90)
    left, right = figure.subplots(1, 2)
    box, other = left.get_position().bounds, right.get_position().bounds
    assert draw(name, ax=left) is figure
    assert right.get_position().bounds == other
    renderer = rendered(figure)
    for text in (text for ax in figure.axes if ax is not right for text in ax.texts):
        extent = text.get_window_extent(renderer).transformed(figure.transFigure.inverted())
        assert extent.x0 >= box[0] - 2e-3
        assert extent.x1 <= box[0] + box[2] + 2e-3
        assert extent.y0 >= box[1] - 2e-3
        assert extent.y1 <= box[1] + box[3] + 2e-3
    assert collisions(figure) == []


@every_figure
def test_axes_that_are_too_small_are_refused_with_a_size_that_will_do(draw: Callable[..., Figure], name: str) -> None:
    figure = Figure(figsize=(1.5, 0.8))
    with pytest.raises(tc.InputError, match="too small for") as refusal:
        draw(name, ax=figure.add_axes((0, 0, 1, 1)))
    width, height = map(float, re.findall(r"at least ([\d.]+) by ([\d.]+) inches", str(refusal.value))[0])
    figure = Figure(figsize=(width, height))
    draw(name, ax=figure.add_axes((0, 0, 1, 1)))
    assert collisions(figure) == []


@every_figure
def test_the_same_fit_gives_the_same_bytes_and_text_stays_text(
    tmp_path: Path, draw: Callable[..., Figure], name: str
) -> None:
    before, files = dict(mpl.rcParams), []
    for k in range(2):
        with mpl.rc_context({"font.size": 20, "axes.grid": bool(k), "svg.hashsalt": str(k), "lines.linewidth": 4}):
            figure = draw(name)
            figure.savefig(tmp_path / f"{k}.svg")
            files.append((tmp_path / f"{k}.svg").read_bytes())
    assert files[0] == files[1]
    assert dict(mpl.rcParams) == before
    drawn = {line for text in texts_of(figure) for line in text.get_text().split("\n")}
    assert drawn <= set(words_in(tmp_path / "0.svg"))


@every_figure
def test_marks_differ_without_colour(draw: Callable[..., Figure], name: str) -> None:
    looks: dict[tuple[object, ...], set[str]] = {}
    for line in (line for ax in draw(name).axes for line in ax.lines):
        look = (line.get_marker(), str(line.get_linestyle()), line.get_linewidth(), line.get_markersize())
        looks.setdefault(look, set()).add(mpl.colors.to_hex(line.get_color()))
    assert {look: colours for look, colours in looks.items() if len(colours) > 1} == {}


@every_figure
def test_a_table_takes_what_its_figure_takes(name: str) -> None:
    takes = [set(inspect.signature(getattr(tc.plots, one)).parameters) for one in (name, f"{name}_table")]
    assert takes[0] - takes[1] == {"ax"}
    assert takes[1] <= takes[0]


@every_curve
def test_a_fit_that_may_not_be_reported_is_not_drawn(name: str) -> None:
    broken = fitted(of=reports()[:2])
    broken.posterior.reasons = ("R-hat is 1.200 (at most 1.01)",)
    with pytest.raises(tc.InputError, match=r"may not be reported: R-hat is 1\.200"):
        CURVES[name](broken)


def test_labels_are_shown_literally(tmp_path: Path, fit: tc.Fit) -> None:
    tc.plots.cohort_curves(fit).savefig(tmp_path / "figure.svg")
    words = words_in(tmp_path / "figure.svg")
    assert "Median <alone>" in words
    assert any("$n_1$ of" in word for word in words)


# -- what is asked for ------------------------------------------------------------------------------------------------


@every_curve
def test_a_fit_of_something_else_is_refused(name: str) -> None:
    with pytest.raises(tc.InputError, match="is of a probability, not of survival"):
        CURVES[name](tc.pool(events=[1, 7], totals=[8, 27]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"targets": ["typicl"]}, "unknown target 'typicl'"),
        ({"targets": []}, "Give each once"),
        ({"targets": ["typical", "typical"]}, "Give each once"),
        ({"until_months": 0}, "Give months above 0"),
        ({"until_months": math.inf}, "Give months above 0"),
        ({"until_months": True}, "Give months above 0"),
        ({"level": 95}, "95 is not between 0 and 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(fit: tc.Fit, options: dict[str, Any], message: str) -> None:
    for name in ("survival", "hazard"):
        with pytest.raises(tc.InputError, match=message):
            CURVES[name](fit, **options)


def test_cohorts_on_their_own_have_curves_of_their_own_alone() -> None:
    apart = fitted(pooling=Separate(), of=reports()[1:3], labels=("b", "c"))
    with pytest.raises(tc.InputError, match=r"Draw tc\.plots\.cohort_curves"):
        tc.plots.survival(apart)
    assert len(tc.plots.cohort_curves(apart).axes) == 3


def test_where_all_cohorts_are_alike_there_is_one_curve() -> None:
    table = tc.plots.survival_table(fitted(pooling=Common(), of=reports()[1:3]))
    assert set(table[table["row"] == "curve"]["target"]) == {"typical"}


def test_panels_stand_in_the_order_asked_for(fit: tc.Fit) -> None:
    table = tc.plots.cohort_curves_table(fit, order="size")
    people = {label: report.people for label, report in zip(LABELS, reports(), strict=True)}
    labels = list(dict.fromkeys(table["label"].dropna()))
    assert [people[label] for label in labels] == [111, 44, 27, 7, 5]
    with pytest.raises(tc.InputError, match="unknown order"):
        tc.plots.cohort_curves(fit, order="age")


@pytest.mark.parametrize("family", [LogLogistic(), LogNormal()])
def test_every_family_is_drawn(family: Any) -> None:
    alike = fitted(family, of=reports()[1:3])
    for name in CURVES:
        assert collisions(CURVES[name](alike)) == []


# -- courses of patients ----------------------------------------------------------------------------------------------


def test_a_course_is_drawn_at_its_times_and_in_its_order(evidence: tc.Evidence) -> None:
    table = tc.plots.courses_table(evidence, ["li_he_2025_case2", "lin_2022_patient_1"])
    drawn = table.dropna(subset="drawn_at_months")
    known = drawn.dropna(subset="start_months")
    assert (known["drawn_at_months"] == known["start_months"]).all()
    for _, rows in drawn.groupby("patient_id"):
        assert rows["drawn_at_months"].is_monotonic_increasing
    own = [row for row in evidence.courses if row.patient_id == "li_he_2025_case2"]
    assert (table["patient_id"] == "li_he_2025_case2").sum() == len(own)


def test_cohorts_stand_for_their_patients(evidence: tc.Evidence) -> None:
    table = tc.plots.courses_table(evidence, "lin_2022_sbrt")
    # Patient 7 was never irradiated.
    assert list(dict.fromkeys(table["patient_id"])) == [f"lin_2022_patient_{k}" for k in (1, 2, 3, 4, 5, 6, 8)]


def test_where_no_time_is_known_the_axis_has_none(evidence: tc.Evidence) -> None:
    axes = tc.plots.courses(evidence, "lin_2022_sbrt").axes[0]
    assert axes.get_xlabel() == "In the order reported; no times are known"
    assert list(axes.get_xticks()) == []
    said = {text.get_text() for text in texts_of(tc.plots.courses(evidence, "li_he_2025"))}
    assert {"died at 21 months", "alive at 28 months", "Time not known, only the order"} <= said


@pytest.mark.parametrize(
    ("name", "message"), [("li_he", "neither a patient nor a cohort"), ("antonia_2017", "no course")]
)
def test_whoever_has_no_course_is_named(evidence: tc.Evidence, name: str, message: str) -> None:
    with pytest.raises(tc.InputError, match=f"{name}.*{message}"):
        tc.plots.courses(evidence, name)


# -- survival in the other figures ------------------------------------------------------------------------------------


def test_the_other_figures_speak_of_medians_in_months(fit: tc.Fit, weibull: tc.Fit) -> None:
    figure = tc.plots.forest(fit, order="size")
    assert figure.axes[0].get_xlabel() == "Median survival (months, logarithmic axis)"
    said = {text.get_text() for text in texts_of(figure)}
    assert {"Median (95% interval), months", "17.2 (11.7 to not reached)", "17.0"} <= said
    assert collisions(figure) == []
    table = tc.plots.forest_table(fit)
    assert table["raw"].tolist()[1:4] == [17.0, pytest.approx(math.nan, nan_ok=True), 17.2]
    labels = tc.plots.heterogeneity(fit).axes[0].get_xlabel()
    assert labels.endswith("of the typical median")
    label = tc.plots.prior_posterior(weibull, "shape").axes[0].get_xlabel().replace("\n", " ")
    assert label == "Shape: log shape of Weibull curves (0: constant hazard, above 0: rising)"


def test_prior_and_posterior_of_the_shape_are_densities(weibull: tc.Fit) -> None:
    table = tc.plots.prior_posterior_table(weibull, "shape")
    width = table["upper"] - table["lower"]
    prior, middle = Normal(0.2, 0.3), 0.5 * (table["upper"] + table["lower"])
    np.testing.assert_allclose(table["prior"], np.exp(prior.log_density(middle.to_numpy())), rtol=0.01)
    assert float((width * table["posterior"]).sum()) == pytest.approx(1.0, abs=0.01)
    with pytest.raises(tc.InputError, match="the model has no tau_shape"):
        tc.plots.prior_posterior(weibull, "tau_shape")


@pytest.mark.parametrize("name", ["prior_predictive", "posterior_predictive"])
def test_survival_has_no_predictive_counts(fit: tc.Fit, name: str) -> None:
    with pytest.raises(tc.InputError, match="no single numbers that could be predicted"):
        getattr(tc.plots, name)(fit)


def test_a_report_has_the_figures_of_survival_and_none_that_refuses(weibull: tc.Fit) -> None:
    result: Any = SimpleNamespace(fit=weibull, fits=(("", None, weibull),), variants=())
    there = {kind.name for kind in OF_REPORTS if kind.applies(result, weibull)}
    assert {"survival", "cohort_curves", "hazard", "prior_posterior_shape", "forest"} <= there
    assert there.isdisjoint({"prior_predictive", "posterior_predictive", "unpublished"})
    for kind in OF_REPORTS:
        if kind.name in there - {"influence"}:
            assert isinstance(kind.draw(result, weibull), Figure)
            assert kind.caption(weibull) is not None
