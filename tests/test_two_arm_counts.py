"""Counts of two arms: the exact conditional likelihood, against enumeration, symmetry, and what others have printed."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

import tinycohort as tc
from support.brute_force import BruteForce, log_sum
from tinycohort.engines.exact.cohorts import Accuracy, Cohorts
from tinycohort.likelihoods import TwoArmCounts

FILE = json.loads((Path(__file__).parent / "reference" / "two_arm_counts.json").read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in FILE["cases"]}
KIND = TwoArmCounts()
PRIORS = {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}

# events, total, control events, control total
Table = tuple[int, int, int, int]


def columns(*tables: Table) -> dict[str, Any]:
    events, total, control, among = np.array(tables, float).T
    return {"events": events, "total": total, "control_total": among, "both_events": events + control}


def pooled(*tables: Table, **options: Any) -> tc.Fit:
    events, totals, control_events, control_totals = (list(column) for column in zip(*tables, strict=True))
    partial = options.get("pooling", "partial") == "partial"
    return tc.pool(
        events=events,
        totals=totals,
        control_events=control_events,
        control_totals=control_totals,
        **{"mu": PRIORS["mu"], **({"tau": PRIORS["tau"]} if partial else {}), **options},
    )


def possible(table: Table) -> range:
    events, total, control, among = table
    both = events + control
    return range(max(0, both - among), min(total, both) + 1)


def ways(table: Table, events: int) -> int:
    return math.comb(table[1], events) * math.comb(table[3], table[0] + table[2] - events)


def enumerated(table: Table) -> Any:
    """The log-likelihood as a sum over every table with these margins."""
    log_ways = {u: math.log(ways(table, u)) for u in possible(table)}

    def log_likelihood(theta: Any) -> Any:
        terms = np.stack([log + u * np.asarray(theta, float) for u, log in log_ways.items()])
        return log_ways[table[0]] + table[0] * np.asarray(theta, float) - special.logsumexp(terms, axis=0)

    return log_likelihood


def enumerated_quickly(table: Table) -> Any:
    """The same sum, term by term with Horner's rule."""
    total = log_sum({u: math.log(ways(table, u)) for u in possible(table)})
    return lambda theta: math.log(ways(table, table[0])) + table[0] * np.asarray(theta) - total(theta)


@st.composite
def tables(draw: Any, most: int = 40) -> Table:
    total, among = draw(st.integers(1, most)), draw(st.integers(1, most))
    return draw(st.integers(0, total)), total, draw(st.integers(0, among)), among


# -- the likelihood ---------------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(table=tables(), odds=st.fractions(Fraction(1, 40), 40, max_denominator=40))
def test_the_likelihood_is_an_enumeration_in_fractions(table: Table, odds: Fraction) -> None:
    exact = Fraction(ways(table, table[0])) * odds ** table[0] / sum(ways(table, u) * odds**u for u in possible(table))
    found = KIND.log_likelihood(np.array([math.log(odds)]), columns(table))[0]
    assert found == pytest.approx(math.log(exact.numerator) - math.log(exact.denominator), rel=1e-11, abs=1e-11)


@settings(max_examples=60)
@given(table=tables(25), theta=st.floats(-6, 6))
def test_the_level_of_two_binomials_has_gone_from_it(table: Table, theta: float) -> None:
    """Whatever the control arm's probability, given the margins two binomials with this odds ratio say the same."""
    events, total, control, among = table
    for logit in (-2.0, 0.7):
        p1, p0 = special.expit(logit + theta), special.expit(logit)
        both = [
            stats.binom(total, p1).logpmf(u) + stats.binom(among, p0).logpmf(events + control - u)
            for u in possible(table)
        ]
        conditional = both[events - possible(table)[0]] - special.logsumexp(both)
        assert KIND.log_likelihood(np.array([theta]), columns(table))[0] == pytest.approx(conditional, abs=1e-9)


@settings(max_examples=60)
@given(table=tables(), theta=st.floats(-30, 30))
def test_exchanging_the_arms_or_the_events_turns_the_odds_ratio_over(table: Table, theta: float) -> None:
    events, total, control, among = table
    here = KIND.log_likelihood(np.array([theta]), columns(table))[0]
    for other in ((control, among, events, total), (total - events, total, among - control, among)):
        assert KIND.log_likelihood(np.array([-theta]), columns(other))[0] == pytest.approx(here, rel=1e-11, abs=1e-11)


@settings(max_examples=60)
@given(table=tables(), theta=st.floats(-12, 12))
def test_the_log_likelihood_is_concave(table: Table, theta: float) -> None:
    """The exact engine relies on that."""
    below, here, above = KIND.log_likelihood(theta + np.array([[-0.05], [0.0], [0.05]]), columns(table))[:, 0]
    assert below + above - 2 * here <= 1e-10 * max(1.0, abs(here))


@settings(max_examples=100)
@given(table=tables())
def test_a_side_on_which_no_table_lies_beyond_the_observed_one_is_a_plateau(table: Table) -> None:
    left, right = KIND.plateaus(columns(table))
    first, last = possible(table)[0], possible(table)[-1]
    assert (bool(left[0]), bool(right[0])) == (table[0] == first, table[0] == last)
    ends = np.exp(KIND.log_likelihood(np.array([[-80.0], [80.0]]), columns(table))[:, 0])
    assert ends == pytest.approx([float(left[0]), float(right[0])], abs=1e-9)
    falls = KIND.tails(columns(table))
    assert (falls[0][0], falls[1][0]) == (table[0] - first, last - table[0])


@settings(max_examples=100)
@given(table=tables(200))
def test_the_engine_looks_first_where_the_likelihood_is(table: Table) -> None:
    (centre,), (scale,) = KIND.locate(columns(table))
    if len(possible(table)) == 1:
        assert scale > 1e6
        return
    theta = np.linspace(-25, 25, 5001)
    height = np.exp(KIND.log_likelihood(theta[:, None], columns(table))[:, 0])
    peak = height.max()
    # On a plateau the edge of it, otherwise the peak itself.
    at = np.exp(KIND.log_likelihood(np.array([centre]), columns(table))[0])
    left, right = (bool(side[0]) for side in KIND.plateaus(columns(table)))
    assert at > (0.2 if left or right else 0.8) * peak
    inside = theta[(height > 0.1 * peak) & (height < 0.9 * peak)] if left or right else theta[height > 0.6 * peak]
    assert 0.2 * np.ptp(inside) < 2 * scale < 6 * max(np.ptp(inside), 0.3)


@pytest.mark.parametrize(
    "table", [(620, 5000, 700, 4800), (5, 4000, 60, 4100), (1990, 2000, 1800, 2000), (3000, 6000, 40, 70)]
)
def test_thousands_of_patients_keep_their_digits(table: Table) -> None:
    theta = np.array([-3.0, -0.4, 0.0, 0.3, 2.5])
    found = KIND.log_likelihood(theta[:, None], columns(table))[:, 0]
    with mpmath.workdps(40):
        exact = []
        for one in theta:
            odds = mpmath.exp(mpmath.mpf(one))
            total = mpmath.fsum(ways(table, u) * odds**u for u in possible(table))
            exact.append(float(mpmath.log(ways(table, table[0]) * odds ** table[0] / total)))
    assert found == pytest.approx(exact, rel=1e-10, abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(table=tables(15), theta=st.floats(-2, 2))
def test_draws_are_as_frequent_as_the_tables_are_probable(table: Table, theta: float) -> None:
    size, data = 20_000, columns(table)
    drawn = KIND.draw(np.full((size, 1), theta), data, np.random.default_rng(3))["events"][:, 0]
    chances = np.array([
        np.exp(KIND.log_likelihood(np.array([theta]), {**data, "events": np.array([float(u)])})[0])
        for u in possible(table)
    ])  # fmt: skip
    assert chances.sum() == pytest.approx(1.0, abs=1e-9)
    seen = np.array([(drawn == u).sum() for u in possible(table)])
    assert seen.sum() == size
    assert (abs(seen - size * chances) <= 5.5 * np.sqrt(size * chances * (1 - chances)) + 1e-6).all()


# -- against other programs -------------------------------------------------------------------------------------------

_FINE = Accuracy(mu=0, tau=0, hermite=41, step=0.3, switch=1.3)


def marginal_likelihood(case: str) -> Any:
    """The log-likelihood of (mu, tau), each cohort's averaged over Normal(mu, tau) by the exact engine's own rule."""
    inputs = CASES[case]["inputs"]
    data = columns(
        *zip(*(inputs[name] for name in ("events", "total", "control_events", "control_total")), strict=True)
    )
    cohorts = Cohorts(KIND, data, _FINE.step)
    return lambda mu, tau: float(cohorts.log_averages(np.array([[mu]]), np.array([tau]), _FINE).sum())


def curvature(function: Any, at: list[float], step: float = 1e-3) -> Any:
    """Second derivatives by differences."""
    size, found = len(at), np.empty((len(at), len(at)))
    for i in range(size):
        for j in range(size):
            a, b = step * np.eye(size)[i], step * np.eye(size)[j]
            ends = [function(*(at + s * a + t * b)) * s * t for s in (-1, 1) for t in (-1, 1)]
            found[i, j] = sum(ends) / (4 * step * step)
    return found


@pytest.mark.parametrize("case", ["nielweise2007", "collins1985a"])
def test_random_effects_by_maximum_likelihood_are_those_of_metafor(case: str) -> None:
    """A conditional logistic model with normal random effects. A trial without any event is among the first's."""
    published, evidence = CASES[case]["random"], marginal_likelihood(case)
    near = {"xatol": 1e-7, "fatol": 1e-10}
    best = optimize.minimize(lambda x: -evidence(x[0], math.exp(x[1])), [0.0, -1.0], method="Nelder-Mead", options=near)
    mu, tau2 = best.x[0], math.exp(2 * best.x[1])
    covariance = np.linalg.inv(-curvature(lambda m, t: evidence(m, math.sqrt(t)), [mu, tau2]))
    digits = 6 if case == "nielweise2007" else 3
    assert mu == pytest.approx(published["coef"], abs=1.01 * 10**-digits)
    assert tau2 == pytest.approx(published["tau2"], abs=1e-3 if case == "collins1985a" else 1e-4)
    # metafor's standard error comes from differences, too, and moves in its fourth digit with the optimiser.
    variance = published["se2"] if "se2" in published else published["se"] ** 2
    assert covariance[0, 0] == pytest.approx(variance, rel=0.01)
    if "log_likelihood" in published:
        assert -best.fun == pytest.approx(published["log_likelihood"], abs=2e-3)
    if "paper" in CASES[case]:
        paper = CASES[case]["paper"]
        assert (round(mu, 3), round(math.sqrt(covariance[0, 0]), 3), round(math.sqrt(tau2), 2)) == (
            paper["coef"], paper["se"], paper["tau"],
        )  # fmt: skip


@pytest.mark.parametrize("case", ["nielweise2007", "collins1985a"])
def test_one_odds_ratio_by_maximum_likelihood_is_that_of_metafor(case: str) -> None:
    published, evidence = CASES[case]["common"], marginal_likelihood(case)
    best = optimize.minimize_scalar(
        lambda mu: -evidence(mu, 0.0), bounds=(-5, 5), method="bounded", options={"xatol": 1e-9}
    )
    variance = -1 / curvature(lambda mu: evidence(mu, 0.0), [best.x])[0, 0]
    if case == "nielweise2007":
        assert round(best.x, 4) == published["coef"]
        assert round(variance, 4) == published["se2"]
    else:
        assert round(best.x, 3) == published["coef"]
        assert math.sqrt(variance) == pytest.approx(published["se"], abs=1e-3)
        assert round(-best.fun, 3) == published["log_likelihood"]


def test_thirteen_vaccine_trials_are_what_multinma_samples() -> None:
    """multinma's likelihood has a vague intercept for each trial; at these counts the conditional one says the same."""
    inputs, published = (CASES["bcg_multinma"][part] for part in ("inputs", "posterior"))
    fit = tc.pool(
        events=inputs["events"],
        totals=inputs["total"],
        control_events=inputs["control_events"],
        control_totals=inputs["control_total"],
        mu="Normal(0, 100)",
        tau="HalfNormal(5)",
    )
    assert fit.reportable, fit.reasons
    printed = {"mean": "mean", "sd": "sd", "lower": "q025", "median": "median", "upper": "q975"}
    for ours, theirs in (("mu", "d"), ("tau", "tau")):
        for name, key in printed.items():
            assert fit.summary()[ours][name] == pytest.approx(published[theirs][key], abs=0.02), (ours, name)


@pytest.mark.parametrize("table", CASES["fisher_tests"]["tables"], ids=lambda table: table["name"])
def test_the_estimate_alone_and_its_limits_are_those_of_fishers_test_in_r(table: dict[str, Any]) -> None:
    data = columns(tuple(table[name] for name in ("events", "total", "control_events", "control_total")))
    estimate, lower, upper = (math.exp(theta[0]) for theta in KIND.alone(data, 0.95))

    # R looks for the odds ratio or its inverse, whichever is below one, to about 1e-4.
    def near(ours: float, printed: float) -> bool:
        return abs(min(ours, 1 / ours) - min(printed, 1 / printed)) < 1e-4

    assert estimate == pytest.approx(table["odds_ratio"], rel=1e-5)
    assert near(lower, table["lower"])
    assert near(upper, table["upper"])


@settings(max_examples=40)
@given(table=tables(30))
def test_the_limits_are_those_of_scipys_exact_interval(table: Table) -> None:
    events, total, control, among = table
    square = [[events, total - events], [control, among - control]]
    theirs = stats.contingency.odds_ratio(square, kind="conditional")
    if math.isnan(theirs.statistic):
        return
    interval = theirs.confidence_interval(0.9)
    estimate, lower, upper = (np.exp(theta[0]) for theta in KIND.alone(columns(table), 0.9))
    for ours, exact in ((estimate, theirs.statistic), (lower, interval.low), (upper, interval.high)):
        assert ours == pytest.approx(exact, rel=1e-6)


# -- fits -------------------------------------------------------------------------------------------------------------

BRUTE: dict[str, list[Table]] = {
    "four trials": [(5, 19, 6, 20), (9, 31, 10, 29), (13, 36, 7, 40), (8, 36, 9, 36)],
    "zero cells": [(0, 12, 3, 11), (4, 10, 0, 12), (0, 5, 0, 5), (2, 9, 2, 8)],
    "nothing but plateaus": [(0, 12, 3, 11), (0, 8, 5, 9)],
    "all had it in one arm": [(12, 12, 3, 11), (5, 8, 0, 9)],
    "no information at all": [(0, 12, 0, 11), (5, 5, 6, 6)],
    "conflict": [(0, 50, 25, 50), (45, 50, 3, 50)],
}


@pytest.mark.parametrize("case", BRUTE)
def test_the_quick_sum_over_tables_is_the_sum_over_tables(case: str) -> None:
    theta = np.linspace(-45, 45, 901)
    for table in BRUTE[case]:
        assert enumerated_quickly(table)(theta) == pytest.approx(enumerated(table)(theta), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("wide", [False, True], ids=["HalfNormal(0.5)", "HalfNormal(2)"])
@pytest.mark.parametrize("case", BRUTE)
def test_the_exact_engine_agrees_with_integration_by_brute_force(case: str, wide: bool) -> None:
    scale = (2.0, 2.0) if wide else (1.0, 0.5)
    fit = pooled(*BRUTE[case], mu=f"Normal(0, {scale[0]})", tau=f"HalfNormal({scale[1]})")
    assert fit.reportable, fit.reasons
    plain = BruteForce(
        [enumerated_quickly(table) for table in BRUTE[case]],
        stats.norm(0, scale[0]),
        stats.halfnorm(scale=scale[1]),
        (-9.0 * scale[0], 9.0 * scale[0]),
        0.2,
    )
    assert fit.summary()["log_marginal_likelihood"] == pytest.approx(plain.log_marginal_likelihood, abs=1e-6)
    assert fit.posterior.marginal("mu").mean == pytest.approx(plain.mean(lambda mu, tau: mu + 0 * tau), abs=1e-6)
    assert fit.posterior.marginal("tau").mean == pytest.approx(plain.mean(lambda mu, tau: tau + 0 * mu), abs=1e-6)
    for j in range(len(BRUTE[case])):
        assert fit.posterior.marginal("cohort", j).mean == pytest.approx(plain.theta_mean(j), abs=1e-6)


@pytest.mark.parametrize("pooling", ["partial", "common", "none"])
def test_a_table_without_information_changes_nothing_and_it_is_said(pooling: str) -> None:
    informative = [(5, 19, 6, 20), (0, 12, 3, 11)]
    fit, same = pooled(*informative, (0, 9, 0, 8), (7, 7, 4, 4), pooling=pooling), pooled(*informative, pooling=pooling)
    ours, theirs = fit.summary(), same.summary()
    for target in ("mu", "tau", "typical", "new_cohort"):
        assert (ours[target] is None) == (theirs[target] is None)
        if ours[target] is not None:
            assert ours[target]["median"] == pytest.approx(theirs[target]["median"], abs=1e-5)
            assert ours[target]["upper"] == pytest.approx(theirs[target]["upper"], rel=1e-4)
    assert ours["log_marginal_likelihood"] == pytest.approx(theirs["log_marginal_likelihood"], abs=1e-6)
    for cohort in ours["cohorts"][2:]:
        like = ours["new_cohort"] or {"median": 1.0, "lower": math.exp(-1.959964), "upper": math.exp(1.959964)}
        assert [cohort[name] for name in ("lower", "median", "upper")] == pytest.approx(
            [like[name] for name in ("lower", "median", "upper")], rel=1e-3
        )
        assert cohort["weight"] in (None, pytest.approx(0.0, abs=1e-6))
        assert cohort["shrinkage"] == pytest.approx(1.0, abs=1e-3)
    assert ours["remarks"] == [
        "cohort 3: 0 of 9 against 0 of 8; where nobody in either arm has the event, the counts say nothing about the"
        " odds ratio",
        "cohort 4: 7 of 7 against 4 of 4; where everybody in either arm has the event, the counts say nothing about the"
        " odds ratio",
    ]
    assert "say nothing about the odds ratio" in repr(fit)


@pytest.mark.parametrize("case", BRUTE)
def test_draws_follow_the_marginals_that_are_reported(case: str) -> None:
    """Among them cohorts with a plateau on one side, and on both."""
    fit = pooled(*BRUTE[case], seed=6)
    draws = fit.draws["posterior"]
    p = np.array([0.025, 0.25, 0.5, 0.75, 0.975])
    columns_of = {("cohort", j): draws["theta"].values[..., j] for j in range(len(BRUTE[case]))}
    columns_of |= {("mu", None): draws["mu"].values, ("new_cohort", None): draws["theta_new_cohort"].values}
    for (target, cohort), values in columns_of.items():
        below = fit.posterior.marginal(target, cohort).cdf(np.quantile(values, p))
        assert abs(below - p).max() < 4.5 * math.sqrt(0.25 / values.size), (target, cohort)


def test_exchanging_the_arms_turns_every_answer_over() -> None:
    rows = BRUTE["zero cells"]
    fit, turned = pooled(*rows), pooled(*((c, k, r, n) for r, n, c, k in rows))
    for name in ("typical", "new_cohort"):
        ours, theirs = fit.summary()[name], turned.summary()[name]
        for end, other in (("lower", "upper"), ("median", "median"), ("upper", "lower")):
            assert ours[end] == pytest.approx(1 / theirs[other], rel=1e-3)
    for ours, theirs in zip(fit.summary()["cohorts"], turned.summary()["cohorts"], strict=True):
        assert ours["median"] == pytest.approx(1 / theirs["median"], rel=1e-3)
    evidence = turned.summary()["log_marginal_likelihood"]
    assert fit.summary()["log_marginal_likelihood"] == pytest.approx(evidence, abs=1e-6)


def test_large_arms_are_what_the_normal_approximation_says() -> None:
    rows = [(300, 1000, 240, 1000), (410, 900, 380, 950), (150, 700, 160, 690)]
    fit = pooled(*rows)
    cells = np.array([(r, n - r, c, k - c) for r, n, c, k in rows], float)
    estimate, error = np.log(cells) @ [1, -1, -1, 1], np.sqrt((1 / cells).sum(axis=1))
    ratios = np.exp(estimate + np.array([[0.0], [-1.959964], [1.959964]]) * error)
    normal = tc.pool(estimates=ratios[0], lower=ratios[1], upper=ratios[2], ratio=True, **PRIORS)
    for name in ("typical", "new_cohort"):
        assert fit.summary()[name]["median"] == pytest.approx(normal.summary()[name]["median"], rel=2e-3)
        assert fit.summary()[name]["upper"] == pytest.approx(normal.summary()[name]["upper"], rel=1e-2)


# -- moments on the scale of a ratio --


@pytest.mark.parametrize(
    ("table", "tau", "mean", "sd"),
    [
        # Two more tables to the right hold the mean and the variance of exp(theta), whatever tau is.
        ((5, 19, 6, 20), "HalfStudentT(4, 0.5)", True, True),
        # One more: the mean; for the variance tau's prior must fall fast enough.
        ((5, 8, 1, 9), "HalfStudentT(4, 0.5)", True, False),
        ((5, 8, 1, 9), "HalfNormal(0.5)", True, True),
        # None: both.
        ((6, 8, 0, 9), "HalfStudentT(4, 0.5)", False, False),
        ((6, 8, 0, 9), "HalfNormal(0.9)", True, False),
        ((6, 8, 0, 9), "HalfNormal(0.4)", True, True),
        ((0, 8, 0, 9), "HalfNormal(0.9)", True, False),
        # A plateau to the left leads to nought, and holds everything.
        ((0, 8, 6, 9), "HalfStudentT(4, 0.5)", True, True),
    ],
)
def test_a_mean_odds_ratio_is_given_where_it_exists(table: Table, tau: str, mean: bool, sd: bool) -> None:
    cohort = pooled(table, (5, 19, 6, 20), tau=tau).summary()["cohorts"][0]
    assert (cohort["mean"] is not None, cohort["sd"] is not None) == (mean, sd)
    assert cohort["median"] is not None


@pytest.mark.parametrize(("mu", "given"), [("Normal(0, 1)", True), ("Cauchy(0, 1)", False)])
def test_under_one_odds_ratio_for_all_a_plateau_leaves_its_mean_to_the_prior(mu: str, given: bool) -> None:
    fit = pooled((6, 8, 0, 9), mu=mu, pooling="common")
    assert (fit.summary()["typical"]["mean"] is not None) == given
    assert pooled((6, 8, 2, 9), mu=mu, pooling="common").summary()["typical"]["mean"] is not None


def test_a_mean_odds_ratio_is_its_integral() -> None:
    fit = pooled((5, 19, 6, 20), (2, 9, 3, 8), pooling="none")
    for j, table in enumerate([(5, 19, 6, 20), (2, 9, 3, 8)]):
        theta = np.linspace(-15, 15, 60_001)
        density = np.exp(enumerated(table)(theta) + stats.norm.logpdf(theta))
        mean = float((density * np.exp(theta)).sum() / density.sum())
        square = float((density * np.exp(2 * theta)).sum() / density.sum())
        assert fit.summary()["cohorts"][j]["mean"] == pytest.approx(mean, rel=1e-5)
        assert fit.summary()["cohorts"][j]["sd"] == pytest.approx(math.sqrt(square - mean**2), rel=1e-4)


# -- what may be given ------------------------------------------------------------------------------------------------


def test_counts_of_two_arms_come_back_as_they_went_in() -> None:
    fit = pooled((5, 19, 6, 20), (0, 12, 3, 11), labels=["A", "B"])
    shown = [{k: v for k, v in cohort.items() if "total" in k or "events" in k} for cohort in fit.summary()["cohorts"]]
    assert shown == [
        {"events": 5, "total": 19, "control_events": 6, "control_total": 20},
        {"events": 0, "total": 12, "control_events": 3, "control_total": 11},
    ]
    assert fit.compiled.reported == ("5 of 19 against 6 of 20", "0 of 12 against 3 of 11")
    assert fit.summary()["scale"] == "ratio"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mu": None}, "mu: no prior, and for contrasts there is no default. Give one on the scale of the log odds"),
        ({"tau": None}, "tau: no prior, and for contrasts there is no default"),
        ({"control_totals": None}, "control_totals missing"),
        ({"control_events": [7, 1]}, "cohort 'cohort 1', control_events: 7 events among 6 people. Correct"),
        ({"events": [9, 1]}, "cohort 'cohort 1', events: 9 events among 8 people"),
        ({"control_events": [-1, 1]}, "-1 is not a count"),
        ({"control_events": [0, 1], "control_totals": [0, 5]}, "0 of 0: nobody was observed. An arm without patients"),
        ({"control_events": [1, "2"]}, "control_events, cohort 2: '2' is not a number"),
        ({"level": 0.9}, "counts of two arms have no level of intervals"),
        ({"published_without_events": 0.5}, "counts of two arms are not selected by whether there were events in one"),
        ({"mu": "Beta(1, 1)"}, "is a prior of a probability"),
        ({"percentages": ["12.5", "20"]}, "counts and percentages together"),
        ({"estimates": [1.0, 2.0]}, "counts and estimates together"),
    ],
)  # fmt: skip
def test_wrong_counts_of_two_arms_are_refused(changes: dict[str, Any], said: str) -> None:
    good = {"events": [1, 2], "totals": [8, 5], "control_events": [1, 1], "control_totals": [6, 5], **PRIORS}
    with pytest.raises(tc.InputError) as caught:
        tc.pool(**{**good, **changes})
    assert len(caught.value.issues) == 1
    assert said in str(caught.value)


def test_that_two_arms_make_a_ratio_may_be_said() -> None:
    assert pooled((5, 19, 6, 20), ratio=True).summary()["typical"] == pooled((5, 19, 6, 20)).summary()["typical"]
