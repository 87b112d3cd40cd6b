"""The calibration of printed hazard ratios: Cox's estimate against others', posteriors against the engine; ranks."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

import tinycohort as tc
from support.curves import log_hazard_ratio
from support.fits import compiled
from tinycohort.calibration.coverage import SETTINGS
from tinycohort.calibration.hazard_ratios import ALL_DIE, FAMILIES, FULL, OWN, PRINTED, RatioCell, judge
from tinycohort.calibration.trials import Trials, cox, draw_trials, place_by_order
from tinycohort.engines.run import run as fit
from tinycohort.families import Contrast
from tinycohort.likelihoods import HazardRatio

RATIO = Contrast("ratio")
# Of the P values asked for here, one below this by chance once in a thousand times.
UNLIKELY = 1e-4


def trials_of(*each: tuple[str, str]) -> Trials:
    """Trials of as many people each: a T or C by arm in order of time, and 1 for who died, 0 for who did not."""
    treated, died = ([[letter in "T1" for letter in one] for one in column] for column in zip(*each, strict=True))
    return Trials(np.zeros(len(each)), np.array(treated), np.array(died))


def minus_log_partial_likelihood(log_ratio: float, treated: Any, died: Any) -> float:
    """Written out, person by person."""
    hazard = np.exp(log_ratio * treated)
    return -sum(np.log(hazard[k] / hazard[k:].sum()) for k in np.flatnonzero(died))


def test_coxs_estimate_is_what_the_partial_likelihood_has_in_closed_form() -> None:
    # theta / (2 theta + 1) / (1 + theta) is highest at 1 / sqrt 2; the same with arms exchanged, at its reciprocal.
    estimate, error = cox(trials_of(("TCT", "110"), ("CTC", "110"), ("TCT", "111")))
    assert estimate == pytest.approx(np.log([0.5, 2.0, 0.5]) / 2.0, abs=1e-9)
    share = np.array([2.0, 1.0]) / (np.array([2.0, 1.0]) + np.sqrt(2.0))
    assert error[0] == pytest.approx((share * (1.0 - share)).sum() ** -0.5, abs=1e-9)
    assert error == pytest.approx(np.repeat(error[0], 3))


@pytest.mark.parametrize("family", FAMILIES)
def test_coxs_estimate_is_where_brute_force_finds_the_partial_likelihood_highest(family: str) -> None:
    settings = SETTINGS[family]
    trials = draw_trials(settings.family, settings.prior, 8, 30, np.random.default_rng(3))
    for truth, treated, died, estimate, error in zip(
        trials.log_ratio, trials.treated, trials.died, *cox(trials), strict=True
    ):
        if np.isnan(estimate):
            # Highest at an end, or level.
            ends = [minus_log_partial_likelihood(end, treated, died) for end in (-25.0, truth, 25.0)]
            assert min(ends) >= min(ends[0], ends[2])
            continue
        given = (treated, died)
        found = optimize.minimize_scalar(minus_log_partial_likelihood, (-1.0, 1.0), args=given, tol=1e-10)
        assert estimate == pytest.approx(found.x, abs=1e-6)
        low, middle, high = (minus_log_partial_likelihood(found.x + step, *given) for step in (-1e-3, 0.0, 1e-3))
        assert error == pytest.approx(((low - 2.0 * middle + high) * 1e6) ** -0.5, rel=1e-4)
        times = np.arange(len(died), dtype=float)
        assert (estimate, error) == pytest.approx(log_hazard_ratio(times, died, treated.astype(float)), abs=1e-6)


def test_coxs_estimate_is_that_of_ipdfromkm_in_the_patients_of_a_digitised_trial(repository: Path) -> None:
    stored = json.loads((repository / "tests/reference/kaplan_meier_curves.json").read_text(encoding="utf-8"))
    case, arms = stored["radiation"], []
    for arm in ("radio", "radioplus"):
        months, percent = np.array(case["points_months_percent"][arm]).T
        table = {"at_risk_times_months": case["at_risk_times_months"], "at_risk": case["at_risk"][arm]}
        arms.append(tc.reconstruct(months, percent / 100, **table, ensemble=1, seed=1).patients_of_best)
    times, died = (np.concatenate([getattr(arm, name) for arm in arms]) for name in ("times", "events"))
    treated = np.repeat([False, True], [len(arm.times) for arm in arms])
    # Times that are tied, in any order, deaths first.
    order = np.lexsort((np.random.default_rng(1).uniform(size=len(times)), ~died, times))
    estimate, error = cox(Trials(np.zeros(1), treated[None, order], died[None, order]))
    assert estimate[0] == pytest.approx(case["expected"]["cox"]["logHR"], abs=0.005)
    assert error[0] == pytest.approx(case["expected"]["cox"]["se"], abs=0.001)


def test_there_is_no_estimate_where_nobody_or_people_of_one_arm_alone_died() -> None:
    # Also where the only death in the other arm came when nobody was left to compare with.
    without = trials_of(("TCTC", "0000"), ("TCTC", "1010"), ("TCTC", "0100"), ("TTCC", "1110"), ("CCTT", "0011"))
    assert np.isnan(cox(without)).all()
    assert np.isfinite(cox(trials_of(("TCTC", "1100"), ("TTCC", "0110"), ("TCCT", "1010")))[0]).tolist() == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_arms_have_the_hazard_ratio_that_is_the_truth(family: str) -> None:
    settings = SETTINGS[family]
    trials = draw_trials(settings.family, settings.prior, 3000, 3, np.random.default_rng(8), log_ratio=0.7)
    estimate, error = cox(trials)
    assert (np.abs(estimate - 0.7) < 4.0 * error).all()
    assert (error < 0.04).all()


@pytest.mark.parametrize("rule", [FULL, PRINTED])
def test_posteriors_are_those_of_the_exact_engine(rule: str) -> None:
    cell = RatioCell("weibull", rule, 8, 12)
    judged, settings = judge(cell), SETTINGS["weibull"]
    trials = draw_trials(settings.family, settings.prior, 8, 12, np.random.default_rng(cell.seed))
    assert 6 < judged.printed.sum() < 12
    for k in np.flatnonzero(judged.printed):
        estimate, error = (float(each[k]) for each in cox(trials))
        numbers = [f"{np.exp(estimate + side * stats.norm.ppf(0.975) * error):.20g}" for side in (0, -1, 1)]
        if rule == PRINTED:
            numbers = [f"{float(number):.2f}" for number in numbers]
        value, lower, upper = map(float, numbers)
        row = SimpleNamespace(outcome_id="one", value=value, lower=lower, upper=upper, level=0.95)
        data = {name: [number] for name, number in HazardRatio().read(row, RATIO).items()}
        marginal = fit(compiled("hazard_ratio", RATIO, "common", data, {"mu": "Normal(0, 1)"})).posterior.marginal("mu")
        assert marginal is not None
        assert judged.below[k] == pytest.approx(float(marginal.cdf(trials.log_ratio[[k]])[0]), abs=1e-6)
        low, high = marginal.quantile(np.array([0.025, 0.975]))
        assert judged.width[k] == pytest.approx(high - low, abs=1e-5)


def test_where_nothing_is_printed_the_posterior_is_the_prior() -> None:
    judged = judge(RatioCell("exponential", PRINTED, 3, 200))
    assert 0.2 < judged.printed.mean() < 0.8
    assert judged.width[~judged.printed] == pytest.approx(2.0 * stats.norm.ppf(0.975))
    assert (judged.width[judged.printed] < 3.9).all()


def test_a_posterior_by_the_order_of_deaths_is_that_by_integrals() -> None:
    trials = trials_of(("TCTCTC", "110101"), ("TTTCCC", "111010"))
    below, width = place_by_order(trials)
    grid = np.linspace(-9.0, 9.0, 20001)
    for k in range(2):
        height = np.exp(
            [-minus_log_partial_likelihood(x, trials.treated[k], trials.died[k]) - 0.5 * x**2 for x in grid]
        )
        level = np.cumsum(height) / height.sum()
        assert below[k] == pytest.approx(np.interp(0.0, grid, level), abs=1e-3)
        assert width[k] == pytest.approx(np.subtract(*np.interp([0.975, 0.025], level, grid)), abs=1e-2)


@pytest.mark.parametrize("rule", [ALL_DIE, OWN])
def test_truths_rank_evenly_where_the_likelihood_is_that_of_what_was_drawn(rule: str) -> None:
    for people in (3, 20):
        assert stats.kstest(judge(RatioCell("weibull", rule, people, 1500)).below, "uniform").pvalue > UNLIKELY


def test_the_stored_calibration_is_accepted_and_comes_out_again(repository: Path) -> None:
    with (repository / "docs/calibration_hazard_ratio.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    coverage = {
        (row["family"], int(row["people_in_each_arm"])): float(row["coverage"])
        for row in rows
        if (row["rule"], row["truth"], row["replicates"]) == (PRINTED, "prior", "4000")
    }
    assert set(coverage) == {(family, people) for family in FAMILIES for people in (3, 8, 20, 90)}
    assert all(0.925 <= value <= 0.975 for value in coverage.values())
    again = judge(RatioCell("weibull", PRINTED, 8, 4000)).summary()
    assert again["coverage"] == pytest.approx(coverage["weibull", 8], abs=1e-3)
