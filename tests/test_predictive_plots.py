"""The predictive figures: what each cohort would report, by roads that share no code with them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import special, stats

import tinycohort as tc
from support.fits import normal_fit
from support.pictures import texts_of
from tinycohort.checks import prior_predictive
from tinycohort.comparison import without_each
from tinycohort.engines.nuts import DrawsPosterior
from tinycohort.plots import predictive_rows
from tinycohort.plots.expected import of_new_cohort
from tinycohort.pooling import Nested, Student

EVENTS, TOTALS = [1, 7, 9], [8, 27, 44]
SD = {"lower": -1.959964, "median": 0.0, "upper": 1.959964}


@pytest.fixture(scope="module")
def fit() -> tc.Fit:
    return tc.pool(events=EVENTS, totals=TOTALS)


def evidence_of(events: Sequence[int], totals: Sequence[int], **options: str) -> float:
    found = tc.pool(events=events, totals=totals, **options).posterior.log_marginal_likelihood
    assert found is not None
    return found


# Counts.


def test_given_the_others_each_chance_is_a_ratio_of_marginal_likelihoods(fit: tc.Fit) -> None:
    # p(y_j = k | others) = p(y_j = k, others) / p(others): one integration for each count.
    table = tc.plots.posterior_predictive_table(fit)
    for j, total in ((0, 8), (1, 27)):
        keep = [k for k in range(3) if k != j]
        others, people = [EVENTS[k] for k in keep], [TOTALS[k] for k in keep]
        without = evidence_of(others, people)
        expected = [math.exp(evidence_of([*others, k], [*people, total]) - without) for k in range(total + 1)]
        np.testing.assert_allclose(table["chances"][j], expected, rtol=1e-5, atol=3e-7)


def test_the_chance_of_what_was_observed_is_the_score_of_leaving_it_out(fit: tc.Fit) -> None:
    table = tc.plots.posterior_predictive_table(fit)
    scores = fit.summary()["elpd_loco"]["cohorts"]
    chances = [chances[int(k)] for chances, k in zip(table["chances"], table["observed"], strict=True)]
    np.testing.assert_allclose(np.log(chances), scores, atol=1e-4)


def test_alike_cohorts_are_predicted_by_the_beta_binomial_of_the_textbook() -> None:
    alike = tc.pool(events=EVENTS, totals=TOTALS, pooling="common")
    everyone, others = (tc.plots.posterior_predictive_table(alike, given) for given in ("all", "others"))  # type: ignore[arg-type]
    for j, (events, total) in enumerate(zip(EVENTS, TOTALS, strict=True)):
        k = np.arange(total + 1)
        for table, own in ((everyone, 1), (others, 0)):
            a, b = sum(EVENTS) - (1 - own) * events, sum(TOTALS) - (1 - own) * total
            expected = stats.betabinom(total, a + 1, b - a + 1)
            np.testing.assert_allclose(table["chances"][j], expected.pmf(k), atol=1e-6)
            shown = [table[name][j] for name in ("median", "lower", "upper")]
            assert shown == expected.ppf([0.5, 0.025, 0.975]).tolist()
            below = expected.cdf(events - 1) + 0.5 * expected.pmf(events)
            assert table["below"][j] == pytest.approx(below, abs=1e-6)


def test_given_all_it_is_what_the_engine_predicts_for_the_same_cohort(fit: tc.Fit) -> None:
    table = tc.plots.posterior_predictive_table(fit, "all")
    for j, total in enumerate(TOTALS):
        expected = tc.predicted_events(fit, total, "cohort", j)
        np.testing.assert_allclose(table["chances"][j], expected, atol=1e-6)
    assert list(table["given"]) == ["all"] * 3


def test_a_model_that_bends_to_each_cohort_looks_better_with_its_own_data() -> None:
    fit = tc.pool(events=[0, 9], totals=[10, 10], tau="HalfNormal(2)")
    apart, together = (tc.plots.posterior_predictive_table(fit, given)["below"] for given in ("others", "all"))  # type: ignore[arg-type]
    assert (np.abs(together - 0.5) < np.abs(apart - 0.5)).all()


@pytest.mark.parametrize("options", [{"pooling": "none"}, {}], ids=["none", "one cohort"])
def test_where_nothing_links_a_cohort_to_others_the_priors_predict_it(options: dict[str, str]) -> None:
    events, totals = (EVENTS, TOTALS) if options else ([3], [8])
    fit = tc.pool(events=events, totals=totals, mu="Normal(-1, 0.7)", **options)
    after, before = tc.plots.posterior_predictive_table(fit), tc.plots.prior_predictive_table(fit)
    assert set(after["given"]) == {"priors"}
    assert list(after["chances"]) == list(before["chances"][: len(events)])
    words = {text.get_text() for text in texts_of(tc.plots.posterior_predictive(fit))}
    assert "95% predictive interval, given the priors alone" in words


def test_large_cohorts_are_predicted_as_well_as_small_ones() -> None:
    table = tc.plots.posterior_predictive_table(tc.pool(events=[40, 55], totals=[10_000, 9_000], pooling="common"))
    expected = stats.betabinom(10_000, 56, 8946)
    np.testing.assert_allclose(table["chances"][0][:200], expected.pmf(np.arange(200)), atol=1e-7)


def test_draws_give_the_same_chances_only_rougher(fit: tc.Fit) -> None:
    posterior = DrawsPosterior(fit.compiled, fit.posterior.draws(4, 5000, 1), {})
    sampled = tc.Fit(fit.compiled, posterior, fit.provenance, make_draws=lambda fit: fit.draws)
    exact, drawn = (tc.plots.posterior_predictive_table(one, "all")["chances"] for one in (fit, sampled))
    for expected, found in zip(exact, drawn, strict=True):
        np.testing.assert_allclose(found, expected, atol=0.01)


def test_a_cohort_that_cannot_be_predicted_says_so(fit: tc.Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_blocked(fit: tc.Fit) -> tuple[tc.Fit, ...]:
        refits = without_each(tc.pool(events=EVENTS, totals=TOTALS))
        refits[1].posterior.reasons = ("it did not settle",)
        return refits

    monkeypatch.setattr(predictive_rows, "without_each", one_blocked)
    table = tc.plots.posterior_predictive_table(fit)
    assert table["median"].isna().tolist() == [False, True, False]
    assert table["reasons"][1] == "it did not settle"
    assert "no answer" in {text.get_text() for text in texts_of(tc.plots.posterior_predictive(fit))}


# Estimates.


def test_an_estimate_is_predicted_with_its_own_standard_error() -> None:
    y, s = np.array([0.3, -0.2, 0.1]), np.array([0.4, 0.1, 0.2])
    table = tc.plots.posterior_predictive_table(normal_fit(y, s, "Normal(0, 1)", pooling="common"))
    for j in range(3):
        weights = np.delete(1.0 / s**2, j)
        precision = weights.sum() + 1.0
        mean, sd = weights @ np.delete(y, j) / precision, math.hypot(precision**-0.5, s[j])
        for name, z in SD.items():
            assert table[name][j] == pytest.approx(mean + z * sd, abs=1e-5)
        assert table["below"][j] == pytest.approx(special.ndtr((y[j] - mean) / sd), abs=1e-6)
    assert table["chances"].isna().all()
    np.testing.assert_allclose(table["observed"], y, atol=1e-12)


def test_ratios_are_predicted_as_ratios() -> None:
    fit = tc.pool(
        estimates=[0.5, 0.8], lower=[0.3, 0.6], upper=[0.9, 1.05], ratio=True, mu="Normal(0, 1)", pooling="common"
    )
    table = tc.plots.posterior_predictive_table(fit)
    s = np.log([0.9 / 0.3, 1.05 / 0.6]) / (2 * 1.959964)
    precision = s[1] ** -2 + 1.0
    mean, sd = math.log(0.8) * s[1] ** -2 / precision, math.hypot(precision**-0.5, s[0])
    for name, z in SD.items():
        assert table[name][0] == pytest.approx(math.exp(mean + z * sd), rel=1e-5)
    assert tc.plots.posterior_predictive(fit).axes[0].get_xscale() == "log"


# Before the data.


@pytest.mark.parametrize("total", [1, 3, 27])
def test_before_the_data_each_chance_is_the_marginal_likelihood_of_that_count(total: int) -> None:
    table = tc.plots.prior_predictive_table(tc.pool(events=[0], totals=[total]))
    expected = [math.exp(evidence_of([k], [total])) for k in range(total + 1)]
    np.testing.assert_allclose(table["chances"][0], expected, rtol=3e-4)


def test_a_uniform_prior_expects_every_count_alike() -> None:
    table = tc.plots.prior_predictive_table(tc.pool(events=EVENTS, totals=TOTALS, pooling="common"))
    for chances, total in zip(table["chances"], TOTALS, strict=False):
        np.testing.assert_allclose(chances, 1.0 / (total + 1), rtol=3e-4)
    typical = table.set_index("row").loc["typical"]
    assert [typical["lower"], typical["median"], typical["upper"]] == pytest.approx([0.025, 0.5, 0.975], abs=1e-4)


def test_before_the_data_an_estimate_is_spread_by_mu_tau_and_its_error() -> None:
    # tau all but known, so that variances add.
    fit = normal_fit([0.3, -0.2], [0.4, 0.1], "Normal(0.2, 0.7)", "Uniform(0.5, 0.5001)")
    table = tc.plots.prior_predictive_table(fit)
    for j, error in enumerate((0.4, 0.1, 0.0, 0.0)):
        sd = math.sqrt(0.7**2 + (0.5**2 if j != 2 else 0.0) + error**2)
        for name, z in SD.items():
            assert table[name][j] == pytest.approx(0.2 + z * sd, abs=2e-3)
    assert list(table["row"]) == ["cohort", "cohort", "typical", "new_cohort"]


def test_figure_and_show_expect_the_same(fit: tc.Fit) -> None:
    shown = prior_predictive(fit.compiled)
    table = tc.plots.prior_predictive_table(fit)
    for j, cohort in enumerate(shown["cohorts"]):
        for name in ("lower", "median", "upper"):
            # One count apart at most: show draws, and a quantile may lie between two counts.
            assert abs(table[name][j] - cohort["events"][name]) <= 1
    for row in ("typical", "new_cohort"):
        found = table.set_index("row").loc[row]
        for name in ("lower", "median", "upper"):
            assert found[name] == pytest.approx(shown[row][name], abs=0.01)


def test_what_happened_in_the_cohorts_is_not_used_before_the_data() -> None:
    few, many = (tc.plots.prior_predictive_table(tc.pool(events=[k, k], totals=[8, 9])) for k in (0, 8))
    assert list(few["chances"][:2]) == list(many["chances"][:2])
    assert list(few["observed"][:2]) != list(many["observed"][:2])


def test_a_compiled_model_and_its_fit_expect_the_same(fit: tc.Fit) -> None:
    ours, theirs = (tc.plots.prior_predictive_table(of) for of in (fit, fit.compiled))
    assert ours.equals(theirs)


def test_observations_can_be_left_out_of_what_is_expected(fit: tc.Fit) -> None:
    def marks(observed: bool) -> int:
        axes = tc.plots.prior_predictive(fit, observed=observed).axes[0]
        return sum(line.get_marker() == "o" for line in axes.lines)

    assert marks(True) == len(EVENTS) + 1
    assert marks(False) == 0
    words = {text.get_text() for text in texts_of(tc.plots.prior_predictive(fit, observed=False))}
    assert {"Total", "8", "27", "44"} <= words
    assert not any("/" in word for word in words)


def test_two_half_normals_of_one_width_make_the_prior_of_a_new_group_a_laplace() -> None:
    # The root of a sum of two squared normals is a Rayleigh, and a normal so scaled is a Laplace.
    prior = of_new_cohort(Nested(), tc.Normal(0.0, 1e-4), (tc.HalfNormal(0.5), tc.HalfNormal(0.5)))
    theta = np.linspace(-3.0, 3.0, 61)
    np.testing.assert_allclose(prior.cdf(theta), stats.laplace(scale=0.5).cdf(theta), atol=1e-4)
    np.testing.assert_allclose(
        prior.quantile(np.array([0.025, 0.5, 0.975])), stats.laplace(scale=0.5).ppf([0.025, 0.5, 0.975]), atol=2e-3
    )


def test_a_known_tau_makes_the_prior_of_a_new_cohort_a_student() -> None:
    prior = of_new_cohort(Student(3), tc.Normal(0.0, 1e-4), (tc.Uniform(0.5, 0.5001),))
    theta = np.linspace(-5.0, 5.0, 61)
    np.testing.assert_allclose(prior.cdf(theta), stats.t(3, scale=0.50005).cdf(theta), atol=1e-4)


def test_known_spreads_within_and_between_groups_add_as_variances() -> None:
    prior = of_new_cohort(Nested(), tc.Normal(0.2, 0.7), (tc.Uniform(0.5, 0.5001), tc.Uniform(0.3, 0.3001)))
    theta = np.linspace(-3.0, 3.0, 61)
    sd = math.sqrt(0.7**2 + 0.5**2 + 0.3**2)
    np.testing.assert_allclose(prior.cdf(theta), stats.norm(0.2, sd).cdf(theta), atol=1e-4)


# What is drawn.


def test_stems_stand_at_the_counts_and_are_as_high_as_their_chances(fit: tc.Fit) -> None:
    table, axes = tc.plots.posterior_predictive_table(fit), tc.plots.posterior_predictive(fit).axes[0]
    stems = axes.collections[0].get_segments()
    shares = [float(stem[0][0]) for stem in stems]
    np.testing.assert_allclose(shares, [100 * k / 8 for k in range(len(shares))])
    heights = np.array([stem[0][1] - stem[1][1] for stem in stems])
    np.testing.assert_allclose(
        heights / heights.max(), table["chances"][0][: len(heights)] / np.max(table["chances"][0])
    )


def test_what_lies_outside_its_interval_has_another_mark() -> None:
    fit = tc.pool(events=[6, 7, 6, 18], totals=[30, 30, 30, 30], tau="HalfNormal(0.3)")
    table, figure = tc.plots.posterior_predictive_table(fit), tc.plots.posterior_predictive(fit)
    outside = (table["observed"] < table["lower"]) | (table["observed"] > table["upper"])
    assert outside.tolist() == [False, False, False, True]
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "X"]
    assert [float(crosses[0].get_xdata()[0]), len(crosses)] == [pytest.approx(100 * 18 / 30), 2]  # one is in the key
    assert "Observed, outside its interval" in {text.get_text() for text in texts_of(figure)}


def test_counts_are_printed_as_counts(fit: tc.Fit) -> None:
    table = tc.plots.posterior_predictive_table(fit)
    words = {text.get_text() for text in texts_of(tc.plots.posterior_predictive(fit))}
    for _, row in table.iterrows():
        assert f"{row['observed']:.0f}/{row['total']}" in words
        assert f"({row['lower']:.0f} to {row['upper']:.0f})" in words
    assert {"Events predicted (95% interval)", "95% predictive interval, given the other cohorts"} <= words


def test_an_endpoint_names_the_axis() -> None:
    compiled = tc.fit("response_pd1", tc.read_evidence())
    assert tc.plots.prior_predictive(compiled).axes[0].get_xlabel() == "Share with objective response (%)"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"given": "nobody"}, "unknown 'nobody'"),
        ({"level": 1.0}, "1.0 is not between 0 and 1"),
        ({"order": ["cohort 1"]}, "'cohort 2' stands there 0 times"),
    ],
)
def test_what_cannot_be_drawn_is_refused(fit: tc.Fit, options: dict[str, object], said: str) -> None:
    with pytest.raises(tc.InputError, match=re.escape(said)):
        tc.plots.posterior_predictive(fit, **options)  # type: ignore[arg-type]
    if "given" not in options:
        with pytest.raises(tc.InputError, match=re.escape(said)):
            tc.plots.prior_predictive(fit, **options)  # type: ignore[arg-type]
