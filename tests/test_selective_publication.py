"""Cohorts without a responder that may not have been published: the likelihood among published ones, and its effect."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import tinycohort as tc
from support.brute_force import BruteForce, binomial
from tinycohort.likelihoods import Binomial, Rounded
from tinycohort.likelihoods.publication import draw_published, log_published

CHANCES = st.sampled_from([Fraction(0), Fraction(1, 5), Fraction(1, 2), Fraction(9, 10)])


def columns(events: Any, total: Any) -> dict[str, Any]:
    return {"events": np.atleast_1d(np.asarray(events, float)), "total": np.atleast_1d(np.asarray(total, float))}


def published(events: int, total: int, chance: float) -> Any:
    """The log-likelihood, written down from its definition."""
    own = binomial(events, total)

    def log_likelihood(theta: Any) -> Any:
        some = -np.expm1(total * special.log_expit(-np.asarray(theta, float)))
        return own(theta) + (math.log(chance) if events == 0 else 0.0) - np.log(chance + (1.0 - chance) * some)

    return log_likelihood


# -- the likelihood ---------------------------------------------------------------------------------------------------


@settings(max_examples=80)
@given(
    total=st.integers(1, 40), share=st.fractions(0, 1, max_denominator=40), chance=CHANCES,
    odds=st.fractions(Fraction(1, 60), 60, max_denominator=60),
)  # fmt: skip
def test_the_likelihood_is_its_definition_in_fractions(
    total: int, share: Fraction, chance: Fraction, odds: Fraction
) -> None:
    events = max(round(share * total), 1 if chance == 0 else 0)
    p = odds / (1 + odds)
    mass = math.comb(total, events) * p**events * (1 - p) ** (total - events)
    exact = mass * (chance if events == 0 else 1) / (1 - (1 - chance) * (1 - p) ** total)
    found = Binomial(float(chance)).log_likelihood(np.array([math.log(odds)]), columns(events, total))[0]
    assert found == pytest.approx(math.log(exact.numerator) - math.log(exact.denominator), rel=1e-10, abs=1e-10)


@given(total=st.integers(1, 30), chance=CHANCES, theta=st.floats(-15, 15))
def test_the_probabilities_of_published_counts_add_up_to_one(total: int, chance: Fraction, theta: float) -> None:
    first = 1 if chance == 0 else 0
    masses = [
        math.exp(Binomial(float(chance)).log_likelihood(np.array([theta]), columns(events, total))[0])
        for events in range(first, total + 1)
    ]
    assert sum(masses) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("kind", [Binomial, Rounded])
def test_a_chance_of_one_changes_nothing(kind: Any) -> None:
    assert kind(1.0) == kind()
    assert kind().to_dict() == {"kind": kind.name}
    assert kind(0.5).to_dict() == {"kind": kind.name, "published_without_events": 0.5}
    ours = tc.pool([1, 0, 9], [8, 5, 44], published_without_events=1)
    assert ours.compiled.digest == tc.pool([1, 0, 9], [8, 5, 44]).compiled.digest


@settings(max_examples=80)
@given(total=st.integers(1, 400), share=st.floats(0, 1), chance=CHANCES, theta=st.floats(-14, 14))
def test_the_log_likelihood_is_concave(total: int, share: float, chance: Fraction, theta: float) -> None:
    """Published counts have a distribution of the same family: the counts weighted, theta as before."""
    events = max(round(share * total), 1 if chance == 0 else 0)
    steps = theta + np.array([[-0.05], [0.0], [0.05]])
    below, here, above = Binomial(float(chance)).log_likelihood(steps, columns(events, total))[:, 0]
    assert below + above - 2 * here <= 1e-10 * max(1.0, abs(here))


@given(total=st.integers(1, 60), share=st.floats(0, 1), chance=CHANCES)
def test_plateaus_are_where_the_fewest_that_are_published_or_everybody_responded(
    total: int, share: float, chance: Fraction
) -> None:
    fewest = 1 if chance == 0 else 0
    events = max(round(share * total), fewest)
    left, right = Binomial(float(chance)).plateaus(columns(events, total))
    assert (bool(left[0]), bool(right[0])) == (events == fewest, events == total)
    for theta, flat in ((-90.0, left[0]), (90.0, right[0])):
        height = Binomial(float(chance)).log_likelihood(np.array([theta]), columns(events, total))[0]
        assert math.exp(height) == pytest.approx(float(flat), abs=1e-9)


@pytest.mark.parametrize("chance", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("theta", [-2000.0, -700.0, -80.0, -25.0, 0.0, 40.0, 900.0])
def test_the_chance_of_publication_keeps_its_digits_far_out(chance: float, theta: float) -> None:
    found = float(log_published(np.array(theta), 9.0, chance))
    if theta < -30:
        exact = math.log(9.0) + theta if chance == 0 else math.log(chance)
    else:
        some = -math.expm1(-9 * max(theta, 0) - 9 * math.log1p(math.exp(-abs(theta))))
        exact = math.log(chance + (1 - chance) * some)
    assert found == pytest.approx(exact, rel=1e-9, abs=1e-9)


# -- draws ------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(total=st.integers(1, 12), chance=CHANCES, theta=st.floats(-5, 4))
def test_draws_are_as_frequent_as_published_counts_are_probable(total: int, chance: Fraction, theta: float) -> None:
    size = 20_000
    drawn = draw_published(np.full(size, theta), float(total), float(chance), np.random.default_rng(5))
    for events in range(1 if chance == 0 else 0, total + 1):
        mass = math.exp(Binomial(float(chance)).log_likelihood(np.array([theta]), columns(events, total))[0])
        assert abs((drawn == events).sum() - size * mass) <= 5.5 * math.sqrt(size * mass * (1 - mass)) + 1e-6
    assert drawn.min() >= (1 if chance == 0 else 0)


@pytest.mark.parametrize(
    ("theta", "chance", "expected"), [(-800.0, 0.0, {1}), (800.0, 0.5, {7}), (-800.0, 0.5, {0}), (-35.0, 0.0, {1})]
)
def test_draws_do_without_luck_where_events_are_impossible_or_certain(
    theta: float, chance: float, expected: set[int]
) -> None:
    drawn = draw_published(np.full(500, theta), 7.0, chance, np.random.default_rng(1))
    assert set(drawn) == expected


def test_predictive_draws_are_of_published_cohorts() -> None:
    fit = tc.pool([2, 1, 1], [9, 4, 6], published_without_events=0, seed=1)
    assert fit.draws["posterior_predictive"]["events"].values.min() == 1
    assert fit.draws["prior_predictive"]["events"].values.min() == 1


# -- fits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "totals", "chance"),
    [
        ([1, 2, 1], [5, 8, 3], 0.5),
        ([1, 2, 0], [5, 8, 3], 0.2),
        ([0, 0, 0], [5, 8, 3], 0.2),
        ([1, 2, 1], [5, 8, 3], 0.0),
        ([1, 1, 3], [4, 8, 3], 0.0),
        ([1, 3, 8], [1, 3, 8], 0.05),
    ],
)
def test_the_exact_engine_agrees_with_integration_by_brute_force(
    events: list[int], totals: list[int], chance: float
) -> None:
    fit = tc.pool(events, totals, published_without_events=chance, mu="Normal(-1, 1.5)")
    assert fit.reportable, fit.reasons
    plain = BruteForce(
        [published(r, n, chance) for r, n in zip(events, totals, strict=True)],
        stats.norm(-1, 1.5),
        stats.halfnorm(scale=0.5),
        (-13.0, 11.0),
        0.3,
    )
    assert fit.summary()["log_marginal_likelihood"] == pytest.approx(plain.log_marginal_likelihood, abs=1e-6)
    assert fit.posterior.marginal("mu").mean == pytest.approx(plain.mean(lambda mu, tau: mu + 0 * tau), abs=1e-5)
    assert fit.posterior.marginal("tau").mean == pytest.approx(plain.mean(lambda mu, tau: tau + 0 * mu), abs=1e-5)
    for j in range(len(events)):
        assert fit.posterior.marginal("cohort", j).mean == pytest.approx(plain.theta_mean(j), abs=1e-5)


def test_one_patient_who_responded_says_nothing_if_nobody_else_was_ever_published() -> None:
    """The likelihood is then flat on both sides."""
    fit = tc.pool([1], [1], published_without_events=0, mu="Normal(0, 1)", pooling="common")
    assert fit.summary()["log_marginal_likelihood"] == pytest.approx(0.0, abs=1e-9)
    assert fit.summary()["mu"]["median"] == pytest.approx(0.0, abs=1e-6)
    assert fit.summary()["mu"]["sd"] == pytest.approx(1.0, abs=1e-5)


def test_the_less_is_published_the_lower_is_what_published_cohorts_show() -> None:
    medians = [
        tc.pool([1, 2, 1, 3], [6, 8, 4, 9], published_without_events=chance).summary()["typical"]["median"]
        for chance in (1.0, 0.5, 0.2, 0.0)
    ]
    assert medians == sorted(medians, reverse=True)
    assert medians[0] > medians[-1] + 0.05


def test_series_published_half_the_time_show_24_percent_where_20_percent_respond() -> None:
    """Five series of 3 to 8 patients, a true rate of 20%, those without a responder published half the time.

    What they show is the mean of their shares; corrected for how they came to be published, 20% remain. That is in
    the long run: the likelihood of a thousand such sets together has its maximum there.
    """
    rng = np.random.default_rng(11)
    totals = rng.integers(3, 9, size=(40_000, 5)).astype(float)
    events = draw_published(np.full(totals.shape, special.logit(0.2)), totals, 0.5, rng)
    shown = float((events / totals).mean())
    # A published series of n shows 0.2 / (1 - 0.5 * 0.8^n) on average; over 3 to 8 that is what is owed.
    owed = np.mean([0.2 / (1 - 0.5 * 0.8**n) for n in range(3, 9)])
    assert shown == pytest.approx(owed, abs=4.5 * float((events / totals).std()) / math.sqrt(totals.size))
    assert round(shown, 2) == 0.24
    grid = special.logit(np.linspace(0.15, 0.3, 151))
    for chance, rate in ((0.5, 0.2), (1.0, float(events.sum() / totals.sum()))):
        log_likelihood = np.zeros(len(grid))
        for total in range(3, 9):
            counts = np.bincount(events[totals == total], minlength=total + 1)
            each = Binomial(chance).log_likelihood(
                grid[:, None], columns(np.arange(total + 1), np.full(total + 1, total))
            )
            log_likelihood += each @ counts
        assert special.expit(grid[log_likelihood.argmax()]) == pytest.approx(rate, abs=0.002)
    assert events.sum() / totals.sum() > 0.22


def test_five_such_series_are_pooled_nearer_to_the_truth_when_corrected() -> None:
    """On average over simulated sets; the prior of the level is centred on the truth, so as not to matter."""
    rng = np.random.default_rng(12)
    medians: dict[float, list[float]] = {1.0: [], 0.5: []}
    for _ in range(40):
        totals = rng.integers(3, 9, size=5)
        events = draw_published(np.full(5, special.logit(0.2)), totals, 0.5, rng)
        for chance, found in medians.items():
            fit = tc.pool(
                events,
                totals,
                published_without_events=chance,
                mu=f"Normal({special.logit(0.2)}, 1.5)",
                pooling="common",
            )
            found.append(fit.summary()["typical"]["median"])
    assert np.mean(medians[1.0]) > np.mean(medians[0.5]) + 0.02
    assert np.mean(medians[0.5]) == pytest.approx(0.2, abs=0.04)


# -- what may be given, and what is said ------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-0.1, 1.5, "half", float("nan"), True])
def test_a_chance_is_a_probability(value: Any) -> None:
    with pytest.raises(tc.InputError) as caught:
        tc.pool([1], [8], published_without_events=value)
    (issue,) = caught.value.issues
    assert issue.where == "published_without_events"
    assert "is not between 0 and 1" in issue.what


def test_a_cohort_that_is_said_never_to_be_published_is_refused() -> None:
    with pytest.raises(tc.InputError, match="0 of 5, and cohorts without events are said to be never published"):
        tc.pool([1, 0], [8, 5], published_without_events=0)
    with pytest.raises(tc.InputError, match="0% of 5, and cohorts without events are said to be never published"):
        tc.pool(percentages=["20", "0"], totals=[5, 5], published_without_events=0)
    # Nobody or one prints as 0% of 300; of these the one was published.
    assert tc.pool(percentages=["0"], totals=[300], published_without_events=0).reportable


def test_estimates_are_not_selected_by_events() -> None:
    with pytest.raises(tc.InputError, match="estimates are not selected by whether there were events"):
        tc.pool(
            estimates=[1.0],
            lower=[0.5],
            upper=[2.0],
            mu="Normal(0, 1)",
            tau="HalfNormal(1)",
            published_without_events=0.5,
        )


def test_the_correction_is_said_with_every_result() -> None:
    fit = tc.pool([1, 0], [8, 5], published_without_events=0.5)
    said = "A cohort without an event is taken to have been published with probability 0.5"
    assert fit.compiled.remarks == (said,)
    assert said in repr(fit)
    back = tc.CompiledModel.from_dict(fit.compiled.to_dict())
    assert back.likelihood == Binomial(0.5)
    assert back.digest == fit.compiled.digest
