"""What the figures show is what the fit says, legibly, and the same every time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import special

import tinycohort as tc
from support.pictures import collisions, rendered, texts_of, words_in
from tinycohort.engines.nuts import DrawsPosterior
from tinycohort.plots.beliefs import beliefs
from tinycohort.plots.expected import of_new_cohort
from tinycohort.plots.rows import exact_interval
from tinycohort.pooling import Partial
from tinycohort.reporting.words import about_tau

Fits = dict[str, tc.Fit]
LONG = "A cohort with a label that goes on, Sun Yat-sen University Cancer Center"
RATIOS = {"estimates": [0.5, 0.8, 1.2], "lower": [0.3, 0.6, 0.9], "upper": [0.9, 1.05, 1.7], "ratio": True}
RATIO_PRIORS = {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}


@pytest.fixture(scope="module")
def fits() -> Fits:
    rng = np.random.default_rng(7)
    totals = rng.integers(2, 60, 30)
    events = rng.binomial(totals, 0.3)
    three = {"events": [1, 7, 9], "totals": [8, 27, 44]}
    wide = {"estimates": [0.5, 0.8, 0.3], "lower": [0.3, 0.6, 0.0001], "upper": [0.9, 1.05, 900.0], "ratio": True}
    return {
        "one": tc.pool(events=[0], totals=[3]),
        "three": tc.pool(**three),
        "twelve long": tc.pool(events=events[:12], totals=totals[:12], labels=[f"{LONG} {k}" for k in range(12)]),
        "thirty": tc.pool(events=events, totals=totals),
        "one endless word": tc.pool(events=[1, 2], totals=[3, 4], labels=["x" * 200, "b"]),
        "all responded": tc.pool(events=[3, 8], totals=[3, 8]),
        "very rare": tc.pool(events=[0, 1], totals=[10_000, 9_000]),
        "ratios": tc.pool(**RATIOS, **RATIO_PRIORS),
        "wide ratios": tc.pool(**wide, **RATIO_PRIORS),
        "differences": tc.pool(estimates=[-0.12, 0.03], lower=[-0.25, -0.1], upper=[0.01, 0.15], **RATIO_PRIORS),
        "common": tc.pool(**three, pooling="common"),
        "none": tc.pool(**three, pooling="none"),
        "bundled": tc.fit("response_pd1", tc.read_evidence()),
    }


NAMES = (
    "one", "three", "twelve long", "thirty", "one endless word", "all responded", "very rare", "ratios", "wide ratios",
    "differences", "common", "none", "bundled",
)  # fmt: skip
every_fit = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def blocked() -> tc.Fit:
    fit = tc.pool(events=[1, 7], totals=[8, 27])
    fit.posterior.reasons = ("R-hat is 1.200 (at most 1.01)",)
    return fit


# What the forest plot shows.


def test_the_exact_interval_leaves_half_of_what_is_left_at_each_side() -> None:
    for level in (0.8, 0.95):
        for total in (1, 2, 3, 8, 27, 190):
            events = np.arange(total + 1)
            lower, upper = exact_interval(events, total, level)
            # P(X >= r) at the lower limit and P(X <= r) at the upper, by the binomial distribution function itself.
            inner = events[1:]
            np.testing.assert_allclose(special.bdtrc(inner - 1, total, lower[1:]), (1 - level) / 2, rtol=1e-8)
            np.testing.assert_allclose(special.bdtr(events[:-1], total, upper[:-1]), (1 - level) / 2, rtol=1e-8)
            assert lower[0] == 0.0
            assert upper[-1] == 1.0


def test_the_exact_interval_is_the_one_that_papers_print() -> None:
    # KEYNOTE-028 (Hsu 2017), CAPTAIN (Yang 2021) and AK105-202 (Chen 2024), as printed in the bundled evidence.
    printed = {(7, 27): "11.1-46.3", (44, 156): "21.3-36.0", (35, 125): "20.3-36.7"}
    for (events, total), text in printed.items():
        lower, upper = exact_interval(events, total, 0.95)
        assert f"{100 * lower:.1f}-{100 * upper:.1f}" == text


def test_the_table_holds_what_the_fit_reports(fits: Fits) -> None:
    fit = fits["bundled"]
    table, summary = tc.plots.forest_table(fit, level=0.8), fit.summary(0.8)
    assert list(table["row"]) == ["cohort"] * 7 + ["typical", "new_cohort"]
    for name in ("median", "lower", "upper"):
        expected = [cohort[name] for cohort in summary["cohorts"]] + [
            summary[t][name] for t in ("typical", "new_cohort")
        ]
        assert list(table[name]) == expected
    cohorts = table[table["row"] == "cohort"]
    assert list(cohorts["label"]) == list(fit.compiled.labels)
    assert list(cohorts["events"] / cohorts["total"]) == list(cohorts["raw"])
    assert list(cohorts["raw_lower"]) == list(exact_interval(cohorts["events"], cohorts["total"], 0.8)[0])
    assert list(cohorts["shrinkage"]) == [cohort["shrinkage"] for cohort in summary["cohorts"]]
    assert (table["level"] == 0.8).all()
    assert cohorts["outcome_id"].notna().all()


def test_a_contrast_shows_the_interval_that_was_given_and_its_level() -> None:
    fit = tc.pool(**RATIOS, **RATIO_PRIORS, level=[0.95, 0.9, 0.95])
    cohorts = tc.plots.forest_table(fit)[:3]
    for column, given in (("raw", "estimates"), ("raw_lower", "lower"), ("raw_upper", "upper")):
        np.testing.assert_allclose(cohorts[column], RATIOS[given], rtol=1e-12)
    np.testing.assert_allclose(cohorts["raw_level"], [0.95, 0.9, 0.95], rtol=1e-8)
    assert cohorts["events"].isna().all()
    figure = tc.plots.forest(fit)
    assert any("90 to 95% confidence interval" in text.get_text() for text in texts_of(figure))


def test_what_the_pooling_does_not_have_is_not_there(fits: Fits) -> None:
    assert list(tc.plots.forest_table(fits["none"])["row"]) == ["cohort"] * 3
    assert list(tc.plots.forest_table(fits["common"])["row"]) == ["cohort"] * 3 + ["typical", "new_cohort"]
    words = {text.get_text() for text in texts_of(tc.plots.forest(fits["none"]))}
    assert {"Typical cohort", "New cohort"} & words == set()


def test_the_order_can_be_chosen(fits: Fits) -> None:
    def labels(order: object) -> list[str]:
        return list(tc.plots.forest_table(fits["three"], order=order)["label"])[:3]  # type: ignore[arg-type]

    assert labels(None) == labels("given") == ["cohort 1", "cohort 2", "cohort 3"]
    assert labels("size") == ["cohort 3", "cohort 2", "cohort 1"]
    assert labels("median") == ["cohort 1", "cohort 3", "cohort 2"]
    assert labels(["cohort 2", "cohort 1", "cohort 3"]) == ["cohort 2", "cohort 1", "cohort 3"]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("sise", "unknown order 'sise'"),
        (["cohort 1", "cohort 2"], "'cohort 3' stands there 0 times"),
        (["cohort 1", "cohort 1", "cohort 2", "cohort 3"], "'cohort 1' stands there 2 times"),
        (["cohort 1", "cohort 2", "cohort 3", "cohort 4"], "'cohort 4' is no label"),
    ],
)
def test_an_order_that_is_none_is_refused(fits: Fits, order: object, said: str) -> None:
    with pytest.raises(tc.InputError, match=re.escape(said)):
        tc.plots.forest(fits["three"], order=order)  # type: ignore[arg-type]


def test_the_marks_stand_where_the_numbers_are(fits: Fits) -> None:
    fit = fits["bundled"]
    table, axes = tc.plots.forest_table(fit), tc.plots.forest(fit).axes[0]
    drawn = {
        marker: [
            float(np.ravel(line.get_xdata())[0])
            for line in axes.lines
            if line.get_marker() == marker and line.get_transform() == axes.transData
        ]
        for marker in "soD"
    }
    cohorts = table[table["row"] == "cohort"]
    np.testing.assert_allclose(drawn["s"], 100 * cohorts["raw"])
    np.testing.assert_allclose(drawn["o"], 100 * cohorts["median"])
    np.testing.assert_allclose(drawn["D"], 100 * table["median"].iloc[-1:])
    spans = {tuple(np.sort(line.get_xdata())) for line in axes.lines if len(line.get_xdata()) == 2}
    for lower, upper in (("raw_lower", "raw_upper"), ("lower", "upper")):
        shown = table[table["row"] != "typical"].dropna(subset=[lower])
        assert {(100 * low, 100 * high) for low, high in zip(shown[lower], shown[upper], strict=True)} <= spans
    diamond = axes.patches[0].get_xy()[:4, 0]
    np.testing.assert_allclose(diamond, 100 * table.loc[7, ["lower", "median", "upper", "median"]].astype(float))


def test_an_interval_that_leaves_the_axis_ends_in_an_arrow(fits: Fits) -> None:
    def arrows(name: str) -> int:
        return sum(line.get_marker() in "<>" for line in tc.plots.forest(fits[name]).axes[0].lines)

    assert arrows("ratios") == 0
    assert arrows("wide ratios") == 2
    low, high = tc.plots.forest(fits["wide ratios"]).axes[0].get_xlim()
    assert 0.0001 < low < 0.3
    assert 1.05 < high < 900


def test_every_estimate_is_on_the_axis_however_far_out() -> None:
    numbers = {"estimates": [0.5, 0.8, 60.0], "lower": [0.4, 0.7, 0.01], "upper": [0.6, 0.9, 9000.0], "ratio": True}
    low, high = tc.plots.forest(tc.pool(**numbers, **RATIO_PRIORS)).axes[0].get_xlim()
    assert low < 0.4
    assert high >= 60


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("bundled", "Probability of objective response (%)"),
        ("three", "Response probability (%)"),
        ("ratios", "Ratio (logarithmic axis)"),
        ("differences", "Difference"),
    ],
)
def test_the_axis_says_what_and_in_which_unit(fits: Fits, name: str, label: str) -> None:
    axes = tc.plots.forest(fits[name]).axes[0]
    assert axes.get_xlabel() == label
    assert axes.get_title() == ""
    assert axes.get_xscale() == ("log" if name == "ratios" else "linear")


def test_counts_and_the_posterior_are_printed_beside_the_marks(fits: Fits) -> None:
    fit = fits["bundled"]
    words = [text.get_text() for text in texts_of(tc.plots.forest(fit))]
    for cohort in fit.summary()["cohorts"]:
        assert f"{cohort['events']}/{cohort['total']}" in words
        assert f"{100 * cohort['median']:.1f}" in words
        assert f"({100 * cohort['lower']:.1f} to {100 * cohort['upper']:.1f})" in words
    assert "Median (95% interval), %" in words
    assert "As reported: share, exact 95% confidence interval" in words


def test_a_share_is_never_printed_as_none_or_as_all_when_it_is_not() -> None:
    fit = tc.pool(events=[0, 9], totals=[9, 9], pooling="none", mu="Beta(0.5, 0.5)")
    words = [text.get_text() for text in texts_of(tc.plots.forest(fit))]
    assert "(<0.1 to 21.8)" in words or any(word.startswith("(<0.1 to") for word in words)
    assert any(word.endswith("to >99.9)") for word in words)


@pytest.mark.parametrize("name", ["ratios", "differences"])
def test_what_each_side_favours_is_said_on_its_side_of_no_difference(fits: Fits, name: str) -> None:
    figure = tc.plots.forest(fits[name], favours=("the drug", "the control"))
    axes, renderer = figure.axes[0], rendered(figure)
    nothing = axes.transData.transform((1.0 if name == "ratios" else 0.0, 0.0))[0]
    extents = {text.get_text(): text.get_window_extent(renderer) for text in texts_of(figure)}
    assert extents["\N{LEFTWARDS ARROW} Favours the drug"].x1 < nothing
    assert extents["Favours the control \N{RIGHTWARDS ARROW}"].x0 > nothing
    assert collisions(figure) == []
    assert any(list(line.get_xdata()) == [1.0 if name == "ratios" else 0.0] * 2 for line in axes.lines)


def test_long_words_for_the_sides_take_several_lines(fits: Fits) -> None:
    words = "stereotactic radiotherapy of every visible lesion, together with an antibody against PD-1"
    figure = tc.plots.forest(fits["ratios"], favours=(words, words))
    assert collisions(figure) == []
    assert " ".join(text.get_text() for text in texts_of(figure)).count("PD-1") == 2


@pytest.mark.parametrize(
    ("name", "favours", "said"),
    [
        ("three", ("the drug", "the control"), "a probability has no value at which two arms are alike"),
        ("ratios", "the drug", "'the drug' is not two texts"),
        ("ratios", ("the drug", "the control", "neither"), "is not two texts"),
    ],
)
def test_sides_that_there_are_not_are_refused(fits: Fits, name: str, favours: object, said: str) -> None:
    with pytest.raises(tc.InputError, match=said):
        tc.plots.forest(fits[name], favours=favours)  # type: ignore[arg-type]


def test_an_axis_of_ratios_has_ticks_on_both_sides_of_no_difference() -> None:
    figure = tc.plots.forest(
        tc.pool(estimates=[0.55, 0.4], lower=[0.31, 0.09], upper=[0.98, 1.8], ratio=True, **RATIO_PRIORS)
    )
    ticks = figure.axes[0].get_xticks()
    assert min(ticks) < 1.0 < max(ticks)
    assert 1.0 in ticks


# How it looks.


@every_fit
def test_no_text_overlaps_in_a_forest_plot(fits: Fits, name: str) -> None:
    assert collisions(tc.plots.forest(fits[name])) == []


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        *((name, "tau") for name in NAMES if name not in ("common", "none")),
        *((name, "typical") for name in ("one", "common", "very rare", "wide ratios", "bundled")),
        *((name, "new_cohort") for name in ("one", "common", "differences", "bundled")),
        *((name, "mu") for name in ("thirty", "ratios", "differences")),
    ],
)
def test_no_text_overlaps_in_a_plot_of_beliefs(fits: Fits, name: str, parameter: str) -> None:
    assert collisions(tc.plots.prior_posterior(fits[name], parameter)) == []  # type: ignore[arg-type]


def test_overlapping_texts_would_be_found(fits: Fits) -> None:
    figure = tc.plots.forest(fits["three"])
    figure.text(0.02, 0.5, "A text across the labels")
    figure.text(0.95, 0.01, "A text that leaves the figure")
    assert any("across" in fault for fault in collisions(figure))
    assert any(fault.endswith("outside") for fault in collisions(figure))


@every_fit
def test_letters_have_the_size_that_journals_print(fits: Fits, name: str) -> None:
    sizes = {text.get_fontsize() for text in texts_of(tc.plots.forest(fits[name]))}
    assert min(sizes) >= 7
    assert max(sizes) <= 9


def test_alone_and_given_all_differ_without_colour(fits: Fits) -> None:
    axes = tc.plots.forest(fits["three"]).axes[0]
    alone, shrunken = (next(line for line in axes.lines if line.get_marker() == marker) for marker in "so")
    assert alone.get_markerfacecolor() != shrunken.get_markerfacecolor()
    grey = {
        line: float(np.dot(mpl.colors.to_rgb(line.get_color()), [0.299, 0.587, 0.114])) for line in (alone, shrunken)
    }
    assert grey[alone] - grey[shrunken] > 0.25


@pytest.mark.parametrize(
    "label", ["$n_1$ of a_b", "<b>bold</b> & more", "Überlingen, Φ ≥ 2, 90 µg", "100% \\alpha {x}", "_hidden", "x^2"]
)
def test_labels_are_shown_literally(tmp_path: Path, label: str) -> None:
    figure = tc.plots.forest(tc.pool(events=[1, 2], totals=[3, 4], labels=[label, "other"]))
    figure.savefig(tmp_path / "forest.svg")
    assert label in words_in(tmp_path / "forest.svg")
    figure.savefig(tmp_path / "forest.pdf")
    figure.savefig(tmp_path / "forest.png")


def test_line_breaks_and_unprintable_characters_do_no_harm(tmp_path: Path) -> None:
    labels = ["two\nlines\tof text", "a bell \a, a null \0, a mark \u200f"]
    tc.plots.forest(tc.pool(events=[1, 2], totals=[3, 4], labels=labels)).savefig(tmp_path / "forest.svg")
    words = words_in(tmp_path / "forest.svg")
    assert "two lines of text" in words
    assert "a bell \N{REPLACEMENT CHARACTER}, a null \N{REPLACEMENT CHARACTER}, a mark" in words


def test_characters_that_the_font_lacks_come_from_one_that_has_them(tmp_path: Path) -> None:
    # Circled letters: matplotlib brings a font that has them, and its usual one has not.
    figure = tc.plots.forest(tc.pool(events=[1, 2], totals=[3, 4], labels=["Ⓐ", "Ⓑ"]))
    figure.savefig(tmp_path / "forest.png")
    figure.savefig(tmp_path / "forest.svg")
    assert "Ⓐ" in words_in(tmp_path / "forest.svg")


def test_long_labels_are_kept_whole(fits: Fits) -> None:
    words = [text.get_text() for text in texts_of(tc.plots.forest(fits["twelve long"]))]
    text = " ".join(words)
    for label in fits["twelve long"].compiled.labels:
        assert label in text
    assert "x" * 200 in "".join(text.get_text() for text in texts_of(tc.plots.forest(fits["one endless word"])))


def test_a_figure_fills_the_box_of_the_axes_it_is_given(fits: Fits) -> None:
    figure = Figure(figsize=(15, 4), dpi=90)
    left, right = figure.subplots(1, 2)
    box, other = left.get_position().bounds, right.get_position().bounds
    assert tc.plots.forest(fits["three"], ax=left) is figure
    inside = left.get_position()
    assert box[0] < inside.x0 < inside.x1 < box[0] + box[2]
    assert box[1] < inside.y0 < inside.y1 < box[1] + box[3] + 1e-12
    assert right.get_position().bounds == other
    renderer = rendered(figure)
    for text in left.texts:
        extent = text.get_window_extent(renderer).transformed(figure.transFigure.inverted())
        assert extent.x0 >= box[0] - 1e-3
        assert extent.x1 <= box[0] + box[2] + 1e-3
    tc.plots.prior_posterior(fits["three"], ax=right)
    assert collisions(figure) == []


@pytest.mark.parametrize("draw", [tc.plots.forest, tc.plots.prior_posterior])
def test_axes_that_are_too_small_are_refused_with_a_size_that_will_do(fits: Fits, draw: Callable[..., Figure]) -> None:
    figure = Figure(figsize=(2, 1))
    with pytest.raises(tc.InputError, match="too small for the text") as refusal:
        draw(fits["three"], ax=figure.add_axes((0, 0, 1, 1)))
    width, height = map(float, re.findall(r"at least ([\d.]+) by ([\d.]+) inches", str(refusal.value))[0])
    figure = Figure(figsize=(width, height))
    assert collisions(draw(fits["three"], ax=figure.add_axes((0, 0, 1, 1)))) == []


# What it leaves behind.


def test_the_same_fit_gives_the_same_bytes(tmp_path: Path) -> None:
    for suffix in ("svg", "pdf", "png"):
        files = []
        for k in range(2):
            fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44])
            with mpl.rc_context({"font.size": 20, "text.usetex": False, "axes.grid": bool(k), "svg.hashsalt": str(k)}):
                for name, figure in (("a", tc.plots.forest(fit)), ("b", tc.plots.prior_posterior(fit))):
                    path = tmp_path / f"{name}{k}.{suffix}"
                    assert tc.plots.save(figure, path) == path
                    files.append(path.read_bytes())
        assert files[:2] == files[2:]


def test_a_figure_of_ones_own_can_be_saved_in_the_same_way(fits: Fits, tmp_path: Path) -> None:
    for k in range(2):
        figure = Figure(figsize=(7, 4))
        tc.plots.forest(fits["three"], ax=figure.add_axes((0, 0, 1, 1)))
        tc.plots.save(figure, tmp_path / f"{k}.svg")
    assert (tmp_path / "0.svg").read_bytes() == (tmp_path / "1.svg").read_bytes()
    assert "cohort 1" in words_in(tmp_path / "0.svg")


def test_text_stays_text(fits: Fits, tmp_path: Path) -> None:
    tc.plots.forest(fits["bundled"]).savefig(tmp_path / "forest.svg")
    assert {"KEYNOTE-028 (Hsu 2017)", "7/27", "Typical cohort"} <= set(words_in(tmp_path / "forest.svg"))
    tc.plots.forest(fits["bundled"]).savefig(tmp_path / "forest.pdf")
    assert b"/FontType 3" not in (tmp_path / "forest.pdf").read_bytes()


def test_nothing_global_changes(fits: Fits, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    tc.plots.forest(fits["three"]).savefig(tmp_path / "forest.svg")
    tc.plots.prior_posterior(fits["three"])
    assert dict(mpl.rcParams) == before


def test_pyplot_is_never_loaded(modules_after: Callable[[str], set[str]]) -> None:
    code = "import tinycohort as tc; tc.plots.forest(tc.pool(events=[1, 7], totals=[8, 27]))._repr_png_()"
    loaded = modules_after(code)
    assert "matplotlib.figure" in loaded
    assert loaded & {"matplotlib.pyplot", "scipy.stats", "pymc", "arviz"} == set()


def test_a_notebook_can_show_it(fits: Fits) -> None:
    assert tc.plots.forest(fits["three"])._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]


# Prior against posterior.


def test_a_fit_that_may_not_be_reported_is_not_drawn(blocked: tc.Fit) -> None:
    answers = (tc.plots.forest, tc.plots.forest_table, tc.plots.prior_posterior, tc.plots.prior_posterior_table)
    for answer in answers:
        with pytest.raises(tc.InputError, match=r"may not be reported: R-hat is 1\.200"):
            answer(blocked)


@pytest.mark.parametrize(
    ("name", "parameter", "said"),
    [
        ("none", "tau", "pooling 'none' has no tau"),
        ("none", "new_cohort", "pooling 'none' has no new_cohort"),
        ("common", "tau", "pooling 'common' has no tau"),
        ("three", "sigma", "unknown parameter 'sigma'"),
    ],
)
def test_a_parameter_that_is_not_there_is_refused(fits: Fits, name: str, parameter: str, said: str) -> None:
    with pytest.raises(tc.InputError, match=re.escape(said)):
        tc.plots.prior_posterior(fits[name], parameter)  # type: ignore[arg-type]


def shares(table: pd.DataFrame, column: str) -> np.ndarray:
    return np.asarray(table[column] * (table["upper"] - table["lower"]))


def test_prior_and_posterior_of_a_typical_cohort_are_the_beta_distributions_of_the_textbook(fits: Fits) -> None:
    table = tc.plots.prior_posterior_table(fits["common"], "typical")
    # Uniform before; 17 of 79 responded.
    np.testing.assert_allclose(table["prior"], 1.0, rtol=1e-9)
    expected = special.betainc(18, 63, table["upper"]) - special.betainc(18, 63, table["lower"])
    np.testing.assert_allclose(shares(table, "posterior"), expected, atol=1e-6)
    least = np.minimum(expected, table["upper"] - table["lower"]).sum()
    assert beliefs(fits["common"], "typical").overlap == pytest.approx(least, abs=2e-3)


def test_mu_and_typical_overlap_alike(fits: Fits) -> None:
    for name in ("three", "ratios"):
        assert beliefs(fits[name], "mu").overlap == beliefs(fits[name], "typical").overlap
        assert beliefs(fits[name], "tau").overlap == tc.prior_posterior_overlap(fits[name])


@pytest.mark.parametrize("tau", [0.05, 0.7, 30.0])
def test_the_prior_of_a_new_cohort_is_that_of_mu_widened_by_tau(tau: float) -> None:
    # tau all but known: a normal distribution whose variances add, whichever of the two is the wider.
    prior = of_new_cohort(Partial(), tc.Normal(0.2, 0.7), (tc.Uniform(tau, 1.0001 * tau),))
    sd = np.hypot(0.7, tau)
    theta = 0.2 + sd * np.linspace(-4, 4, 81)
    np.testing.assert_allclose(prior.cdf(theta), special.ndtr((theta - 0.2) / sd), atol=1e-3)
    p = np.array([0.05, 0.5, 0.95])
    np.testing.assert_allclose(special.ndtr((prior.quantile(p) - 0.2) / sd), p, atol=0.02)


def test_draws_give_the_same_picture_as_quadrature_only_rougher() -> None:
    exact = tc.pool(events=[1, 7, 9], totals=[8, 27, 44], seed=1)
    arrays = exact.posterior.draws(4, 5000, 1)
    posterior = DrawsPosterior(exact.compiled, arrays, {})
    sampled = tc.Fit(exact.compiled, posterior, exact.provenance, make_draws=lambda fit: fit.draws)
    for parameter in ("tau", "mu", "typical", "new_cohort"):
        table = tc.plots.prior_posterior_table(sampled, parameter)  # type: ignore[arg-type]
        below = np.cumsum(shares(table, "posterior"))
        natural = parameter in ("typical", "new_cohort")
        marginal = exact.posterior.marginal(parameter, natural=natural)  # type: ignore[arg-type]
        assert marginal is not None
        np.testing.assert_allclose(below, marginal.cdf(np.asarray(table["upper"])), atol=0.02)
    assert tc.plots.forest_table(sampled)["weight"].isna().all()
    assert collisions(tc.plots.forest(sampled)) == []


def test_the_picture_says_in_words_how_much_the_data_said(fits: Fits) -> None:
    def sentence(fit: tc.Fit, parameter: str) -> str:
        return " ".join(text.get_text() for text in tc.plots.prior_posterior(fit, parameter).axes[0].texts)  # type: ignore[arg-type]

    # One cohort cannot tell how cohorts differ.
    assert "the data said nothing about tau" in sentence(fits["one"], "tau")
    assert "the data said a great deal about mu" in sentence(fits["thirty"], "mu")
    assert "Prior: tau ~ HalfNormal(0.5)" in sentence(fits["three"], "tau")
    assert "Posterior: 22.0% (95% interval 12.1 to 36.2)" in sentence(fits["three"], "typical")
    for events in ([95, 96], [4, 5]):
        against = tc.pool(events=events, totals=[100, 100], mu="Normal(0, 0.5)", tau="HalfNormal(0.05)")
        assert "against the prior" in sentence(against, "mu")
    assert "against the prior" not in sentence(fits["three"], "mu")


@pytest.mark.parametrize("name", ["one", "three", "thirty", "ratios", "bundled"])
def test_figures_and_pages_say_the_same_of_tau(fits: Fits, name: str) -> None:
    said = about_tau(fits[name]).partition(":")[0]
    assert said.startswith("the data said ")
    assert said in " ".join(text.get_text() for text in tc.plots.prior_posterior(fits[name]).axes[0].texts)


def test_a_level_outside_zero_and_one_is_refused(fits: Fits) -> None:
    for draw in (tc.plots.forest, tc.plots.prior_posterior, tc.plots.forest_table):
        with pytest.raises(tc.InputError, match="95 is not between 0 and 1"):
            draw(fits["three"], level=95)
