"""The influence figure: what is drawn is the model fitted again without each cohort."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import special

import tinycohort as tc
from support.fits import normal_fit
from support.pictures import texts_of
from tinycohort.comparison import without_each
from tinycohort.plots import influence_plot

EVENTS, TOTALS = [1, 7, 9, 0], [8, 27, 44, 5]


@pytest.mark.parametrize("target", ["typical", "average", "new_cohort"])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_each_row_is_the_estimate_from_the_other_cohorts(target: str, level: float) -> None:
    fit = tc.pool(events=EVENTS, totals=TOTALS)
    table = tc.plots.influence_table(fit, target, level)  # type: ignore[arg-type]
    assert list(table["row"]) == ["all", *["without"] * 4]
    assert list(table["label"]) == ["All cohorts", *fit.compiled.labels]
    expected = [fit.summary(level)[target]]
    for j in range(4):
        keep = [k for k in range(4) if k != j]
        others = tc.pool(events=[EVENTS[k] for k in keep], totals=[TOTALS[k] for k in keep])
        expected.append(others.summary(level)[target])
    for name in ("median", "lower", "upper"):
        assert list(table[name]) == [one[name] for one in expected]
    np.testing.assert_allclose(table["change"], [one["median"] - expected[0]["median"] for one in expected])
    assert (table["target"] == target).all()


def test_with_alike_cohorts_it_is_the_beta_distribution_of_the_others() -> None:
    # Uniform before the data, so that the counts of the others add one to each side.
    table = tc.plots.influence_table(tc.pool(events=EVENTS, totals=TOTALS, pooling="common"))
    events, people = np.sum(EVENTS) - np.array(EVENTS), np.sum(TOTALS) - np.array(TOTALS)
    for name, p in (("lower", 0.025), ("median", 0.5), ("upper", 0.975)):
        expected = special.betaincinv(events + 1.0, people - events + 1.0, p)
        np.testing.assert_allclose(table[name][1:], expected, atol=1e-6)


def test_of_ratios_the_change_is_a_ratio_and_precision_weighting_gives_it() -> None:
    y, s = np.log([0.55, 0.84, 1.1]), np.array([0.3, 0.15, 0.17])
    bounds = {"lower": np.exp(y - 1.959964 * s), "upper": np.exp(y + 1.959964 * s)}
    fit = tc.pool(estimates=np.exp(y), **bounds, ratio=True, mu="Normal(0, 1)", pooling="common")
    table = tc.plots.influence_table(fit)

    def median(keep: list[int]) -> float:
        weights = 1.0 / s[keep] ** 2
        return float(np.exp(weights @ y[keep] / (weights.sum() + 1.0)))

    whole = median([0, 1, 2])
    medians = [median([k for k in range(3) if k != j]) for j in range(3)]
    np.testing.assert_allclose(table["median"], [whole, *medians], rtol=1e-5)
    np.testing.assert_allclose(table["change"], [1.0, *(one / whole for one in medians)], rtol=1e-5)
    assert tc.plots.influence(fit).axes[0].get_xscale() == "log"


def test_what_each_left_out_cohort_reported_stands_beside_it() -> None:
    fit = tc.pool(events=EVENTS, totals=TOTALS)
    table = tc.plots.influence_table(fit)
    assert list(table["events"][1:]) == EVENTS
    assert list(table["total"][1:]) == TOTALS
    words = {text.get_text() for text in texts_of(tc.plots.influence(fit))}
    assert {"Left out", "None: all 4 cohorts", "1/8", "0/5"} <= words
    assert "Response probability, typical cohort (%)" in words


def test_the_marks_stand_where_the_numbers_are() -> None:
    fit = tc.pool(events=EVENTS, totals=TOTALS)
    table, axes = tc.plots.influence_table(fit), tc.plots.influence(fit).axes[0]
    circles = [
        float(np.ravel(line.get_xdata())[0])
        for line in axes.lines
        if line.get_marker() == "o" and line.get_transform() == axes.transData
    ]
    np.testing.assert_allclose(circles, 100 * table["median"][1:])
    corners = axes.patches[1].get_xy()[:4, 0]
    np.testing.assert_allclose(corners, 100 * table.loc[0, ["lower", "median", "upper", "median"]].astype(float))
    shade = axes.patches[0].get_window_extent().transformed(axes.transData.inverted())
    np.testing.assert_allclose([shade.x0, shade.x1], 100 * table.loc[0, ["lower", "upper"]].astype(float))


def test_the_order_can_be_chosen() -> None:
    fit = tc.pool(events=EVENTS, totals=TOTALS)
    by_size = tc.plots.influence_table(fit, order="size")["label"]
    assert list(by_size) == ["All cohorts", "cohort 3", "cohort 2", "cohort 1", "cohort 4"]
    by_median = tc.plots.influence_table(fit, order="median")
    assert by_median["median"][1:].is_monotonic_increasing


def test_a_refit_without_an_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_blocked(fit: tc.Fit) -> tuple[tc.Fit, ...]:
        refits = without_each(tc.pool(events=EVENTS, totals=TOTALS))
        refits[1].posterior.reasons = ("it did not settle",)
        return refits

    monkeypatch.setattr(influence_plot, "without_each", one_blocked)
    fit = tc.pool(events=EVENTS, totals=TOTALS)
    table = tc.plots.influence_table(fit)
    assert table["median"].isna().tolist() == [False, False, True, False, False]
    assert table["reasons"][2] == "it did not settle"
    assert "no answer" in {text.get_text() for text in texts_of(tc.plots.influence(fit))}


@pytest.mark.parametrize(
    ("fit", "options", "said"),
    [
        (tc.pool(events=[1], totals=[8]), {}, "its only cohort is 'cohort 1'"),
        (tc.pool(events=EVENTS, totals=TOTALS, pooling="none"), {}, "pooling 'none' has no typical"),
        (tc.pool(events=EVENTS, totals=TOTALS), {"target": "cohort"}, "unknown target 'cohort'"),
        (tc.pool(events=EVENTS, totals=TOTALS), {"level": 95}, "95 is not between 0 and 1"),
        (tc.pool(events=EVENTS, totals=TOTALS), {"order": "sise"}, "unknown order 'sise'"),
        (tc.pool(events=EVENTS, totals=TOTALS), {"favours": ("a", "b")}, "a probability has no value"),
        (normal_fit([0.1, 0.2], [1, 1], "Normal(0, 1)", "HalfNormal(1)"), {"favours": "ab"}, "'ab' is not two texts"),
    ],
)
def test_what_cannot_be_drawn_is_refused(fit: tc.Fit, options: dict[str, object], said: str) -> None:
    with pytest.raises(tc.InputError, match=re.escape(said)):
        tc.plots.influence(fit, **options)  # type: ignore[arg-type]
