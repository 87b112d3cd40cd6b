"""Percentages with their totals: every count that prints so, and nothing else."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import special, stats

import tinycohort as tc
from support.brute_force import BruteForce, binomial
from support.fits import compiled
from tinycohort.engines.run import run
from tinycohort.families import Proportion
from tinycohort.likelihoods import Rounded
from tinycohort.printing import prints_as

PRIORS = {"mu": "Logistic(0, 1)", "tau": "HalfNormal(0.5)"}


def columns(percentage: str, total: int) -> dict[str, Any]:
    return {
        "percentage": np.array([float(percentage)]),
        "decimals": np.array([float(len(percentage.partition(".")[2]))]),
        "total": np.array([float(total)]),
    }


def counts(percentage: str, total: int) -> list[int]:
    """The counts that print so, by trying all."""
    return [events for events in range(total + 1) if prints_as(events, total, percentage)]


def added_up(theta: Any, percentage: str, total: int) -> Any:
    return special.logsumexp([binomial(events, total)(theta) for events in counts(percentage, total)], axis=0)


def between(theta: Any, percentage: str, total: int) -> Any:
    """The same from the distribution function: quicker, and right to rounding wherever the likelihood is not tiny."""
    inside = counts(percentage, total)
    p = special.expit(theta)
    mass = special.bdtr(inside[-1], total, p) - (special.bdtr(inside[0] - 1, total, p) if inside[0] else 0.0)
    return np.log(np.maximum(mass, 1e-300))


@st.composite
def printed(draw: Any, most: int = 400) -> tuple[str, int]:
    """A percentage that some count of some total prints as."""
    total = draw(st.integers(1, most))
    events, decimals = draw(st.integers(0, total)), draw(st.integers(0, 2))
    return f"{100 * events / total:.{decimals}f}", total


# -- the likelihood ---------------------------------------------------------------------------------------------------


@given(one=printed())
def test_the_counts_are_those_that_print_so(one: tuple[str, int]) -> None:
    percentage, total = one
    fewest, most = Rounded._counts(columns(percentage, total))
    assert list(range(int(fewest[0]), int(most[0]) + 1)) == counts(percentage, total)


@given(whole=st.integers(0, 100), decimals=st.integers(0, 2), total=st.integers(1, 60), digits=st.integers(0, 99))
def test_a_percentage_is_impossible_where_no_count_prints_so(
    whole: int, decimals: int, total: int, digits: int
) -> None:
    percentage = f"{whole}.{digits:02d}"[: 3 + decimals].rstrip(".") if decimals else str(whole)
    assume(not counts(percentage, total))
    (issue,) = Rounded().check(columns(percentage, total), ("A",))
    assert f"no number of {total} people prints as {percentage}%" in issue.what


@pytest.mark.parametrize(
    ("percentage", "total", "expected"),
    [("12", 8, [1]), ("13", 8, [1]), ("12.5", 8, [1]), ("38", 8, [3]), ("37", 8, [3]), ("0", 300, [0, 1])],
)
def test_a_count_half_way_between_two_percentages_prints_as_either(
    percentage: str, total: int, expected: list[int]
) -> None:
    assert counts(percentage, total) == expected
    theta = np.linspace(-5, 3, 9)[:, None]
    found = Rounded().log_likelihood(theta, columns(percentage, total))[:, 0]
    assert found == pytest.approx(special.logsumexp([binomial(r, total)(theta[:, 0]) for r in expected], axis=0))


@settings(max_examples=50)
@given(one=printed(), theta=st.floats(-30, 30))
def test_the_likelihood_is_the_sum_over_the_counts(one: tuple[str, int], theta: float) -> None:
    found = Rounded().log_likelihood(np.array([theta]), columns(*one))[0]
    assert found == pytest.approx(float(added_up(theta, *one)), rel=1e-11, abs=1e-11)


@settings(max_examples=60)
@given(one=printed(120), odds=st.fractions(Fraction(1, 50), 50, max_denominator=50))
def test_the_likelihood_is_the_sum_in_fractions(one: tuple[str, int], odds: Fraction) -> None:
    """p = odds / (1 + odds) is rational, and so is the sum."""
    percentage, total = one
    exact = sum(math.comb(total, r) * odds**r for r in counts(percentage, total)) / (1 + odds) ** total
    found = Rounded().log_likelihood(np.array([math.log(odds)]), columns(percentage, total))[0]
    log_exact = math.log(exact.numerator) - math.log(exact.denominator)
    assert found == pytest.approx(log_exact, rel=1e-11, abs=1e-11)


@settings(max_examples=60)
@given(one=printed(), theta=st.floats(-12, 12), chance=st.sampled_from([1.0, 0.5, 0.1]))
def test_the_log_likelihood_is_concave(one: tuple[str, int], theta: float, chance: float) -> None:
    """Part of a distribution that is log-concave varies less than all of it: the exact engine relies on that."""
    below, here, above = Rounded(chance).log_likelihood(theta + np.array([[-0.05], [0.0], [0.05]]), columns(*one))[:, 0]
    assert below + above - 2 * here <= 1e-10 * max(1.0, abs(here))


@given(one=printed(200))
def test_plateaus_are_where_nobody_or_everybody_may_have_responded(one: tuple[str, int]) -> None:
    left, right = Rounded().plateaus(columns(*one))
    assert (bool(left[0]), bool(right[0])) == (0 in counts(*one), one[1] in counts(*one))
    ends = np.exp(Rounded().log_likelihood(np.array([[-60.0], [60.0]]), columns(*one))[:, 0])
    assert ends == pytest.approx([float(left[0]), float(right[0])], abs=1e-10)


# -- fits -------------------------------------------------------------------------------------------------------------


def test_percentages_that_one_count_alone_prints_as_are_that_count() -> None:
    fit, same = tc.pool(percentages=["12.5", "26", "20"], totals=[8, 27, 44]), tc.pool([1, 7, 9], [8, 27, 44])
    ours, theirs = fit.summary(), same.summary()
    for target in ("mu", "tau", "typical", "average", "new_cohort"):
        assert ours[target] == pytest.approx(theirs[target], abs=1e-9)
    assert ours["log_marginal_likelihood"] == pytest.approx(theirs["log_marginal_likelihood"], abs=1e-9)
    assert fit.compiled.remarks == ()


# The last has so many people that its likelihood is flat in the middle and steep at both ends.
BRUTE = {
    "one or two counts each": [("26", 57), ("12.5", 8), ("20", 144)],
    "nobody, or one": [("0", 300), ("0", 8), ("40", 5)],
    "everybody, or nearly": [("100", 300), ("100", 4), ("99", 150)],
    "many counts": [("26", 400), ("35", 700), ("3", 40)],
}


@pytest.mark.parametrize("case", BRUTE)
def test_the_exact_engine_agrees_with_integration_by_brute_force(case: str) -> None:
    rows = BRUTE[case]
    fit = tc.pool(percentages=[text for text, _ in rows], totals=[total for _, total in rows])
    assert fit.reportable, fit.reasons
    # From fine to finer where the posterior is narrow.
    ranges = {"one or two counts each": (-9, 6), "many counts": (-8, 5)}
    plain = BruteForce(
        [lambda theta, row=row: between(theta, *row) for row in rows],
        stats.logistic(),
        stats.halfnorm(scale=0.5),
        ranges.get(case, (-32.0, 32.0)),
        0.1 if case == "many counts" else 0.3,
    )
    evidence = fit.summary()["log_marginal_likelihood"]
    near = 1e-5 if case in ranges else 1e-4  # a coarser grid of mu, over its whole prior
    assert evidence == pytest.approx(plain.log_marginal_likelihood, abs=near)
    assert fit.posterior.marginal("tau").mean == pytest.approx(plain.mean(lambda mu, tau: tau + 0 * mu), abs=1e-4)
    for j in range(len(rows)):
        assert fit.posterior.marginal("cohort", j).mean == pytest.approx(plain.theta_mean(j), abs=2e-3)


def test_draws_are_percentages_that_some_count_prints_as() -> None:
    model = compiled(
        Rounded(), Proportion(), "common", {"percentage": [26, 12.5], "decimals": [0, 1], "total": [57, 8]}, PRIORS
    )
    theta = np.random.default_rng(1).logistic(size=(4000, 2))
    drawn = model.likelihood.draw(theta, model.data, np.random.default_rng(2))["percentage"]
    possible = [{round(100 * r / 57) for r in range(58)}, {12.5 * r for r in range(9)}]
    assert set(drawn[:, 0]) == possible[0]
    assert set(drawn[:, 1]) == possible[1]


# -- what may be given, and what is said ------------------------------------------------------------------------------


@pytest.mark.parametrize("percentages", [["26", "12.5"], ["26%", " 12.5 % "], [26, "12.5"], pd.Series(["26", "12.5"])])
def test_percentages_are_text_as_printed_or_whole_numbers(percentages: Any) -> None:
    fit = tc.pool(percentages=percentages, totals=[57, 8], seed=1)
    assert fit.compiled.data["decimals"].tolist() == [0.0, 1.0]
    assert [(cohort["percentage"], cohort["total"]) for cohort in fit.summary()["cohorts"]] == [("26", 57), ("12.5", 8)]
    assert fit.compiled.reported == ("26% of 57", "12.5% of 8")


@pytest.mark.parametrize(
    ("percentage", "total", "said"),
    [
        (26.3, 19, "percentage, cohort 1: 26.3 has lost the digits that it was printed with. Give it as text, as it"),
        (np.float64(26.0), 19, "26.0 has lost the digits that it was printed with"),
        ("a third", 19, "percentage, cohort 1: 'a third' is not a percentage. Give it as it was printed, such as"),
        ("-5", 19, "'-5' is not a percentage"),
        (None, 19, "None is not a percentage"),
        (float("nan"), 19, "nan is not a percentage"),
        (True, 19, "True is not a percentage"),
        ("26.4", 19, "cohort 'cohort 1', percentage: no number of 19 people prints as 26.4%. Correct the percentage or"
         " the total: 5 of 19 is 26.3%, 6 of 19 is 31.6%."),
        ("130", 19, "no number of 19 people prints as 130%"),
        ("26", 0, "26% of 0: nobody was observed"),
        ("26", 2.5, "2.5 is not a count"),
        ("26", 200_000, "2001 counts of 200000 print as 26%"),
    ],
)  # fmt: skip
def test_a_percentage_that_cannot_be_is_refused(percentage: Any, total: Any, said: str) -> None:
    with pytest.raises(tc.InputError) as caught:
        tc.pool(percentages=[percentage], totals=[total])
    assert len(caught.value.issues) == 1
    assert said in str(caught.value)


def test_a_table_of_percentages_with_everything_wrong_is_told_all_at_once() -> None:
    with pytest.raises(tc.InputError) as caught:
        tc.pool(percentages=["26.4", "13", "101"], totals=[19, 9, 4], labels=["a", "b", "b"], tau="Normal(0, 1)")
    said = str(caught.value)
    for part in ("26.4%", "prints as 13%", "prints as 101%", "used twice", "allows negative values"):
        assert part in said


def test_it_is_said_where_a_percentage_leaves_the_count_open() -> None:
    fit = tc.pool(percentages=["26", "0", "12.5"], totals=[57, 300, 8])
    assert fit.compiled.remarks == ("cohort 2: 0% of 300 may be 0 to 1 people",)
    assert fit.summary()["remarks"] == list(fit.compiled.remarks)
    assert "cohort 2: 0% of 300 may be 0 to 1 people." in repr(fit)


@pytest.mark.parametrize(
    ("printed", "derivation", "value", "read"),
    [
        ("26.3%; n = 19", None, 0.263, (26.3, 1)),
        ("ORR 26%", None, 0.26, (26.0, 0)),
        ("26.0% (26% in the abstract)", None, 0.26, (26.0, 1)),
        ("5 of 19, a quarter", "5 / 19 = 26.3%", 0.263, (26.3, 1)),
        ("26\N{MIDDLE DOT}3%", None, 0.263, (26.3, 1)),
    ],
)
def test_the_digits_are_those_that_were_printed(
    printed: str, derivation: str | None, value: float, read: tuple[float, int]
) -> None:
    class Reported:
        outcome_id, total = "x", 19

    Reported.printed, Reported.derivation, Reported.value = printed, derivation, value  # type: ignore[attr-defined]
    found = Rounded().read(Reported, Proportion())
    assert found == {"percentage": read[0], "decimals": float(read[1]), "total": 19.0}
    Reported.printed, Reported.derivation = "a quarter", None  # type: ignore[attr-defined]
    with pytest.raises(tc.InputError, match=r"does not stand in what was printed, 'a quarter'"):
        Rounded().read(Reported, Proportion())


def test_alone_a_percentage_has_the_limits_of_the_counts_it_may_be() -> None:
    fit = tc.pool(percentages=["0", "12.5"], totals=[300, 8])
    estimate, lower, upper = (special.expit(x) for x in fit.compiled.likelihood.alone(fit.compiled.data, 0.95))
    assert estimate == pytest.approx([0.0, 0.125])
    assert lower == pytest.approx([0.0, stats.binomtest(1, 8).proportion_ci(0.95, "exact").low])
    exact = [stats.binomtest(1, 300), stats.binomtest(1, 8)]
    assert upper == pytest.approx([test.proportion_ci(0.95, "exact").high for test in exact])


def test_a_single_count_of_one_person_is_a_fit_like_any_other() -> None:
    assert run(compiled(Rounded(), Proportion(), "partial", columns("100", 1), PRIORS)).reportable
