"""Many arms, studies and replicates of survival against R and simulation; see reference/survival_pooled.json."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

import tinycohort as tc
from tinycohort.families import Exponential, Weibull
from tinycohort.likelihoods.survival import (
    Person,
    Point,
    Report,
    SurvivalReports,
    landmarks_report,
    median_report,
    persons_report,
)
from tinycohort.likelihoods.survival.terms import Interval, Terms
from tinycohort.priors import LogNormal, prior

FOLDER = Path(__file__).parent / "reference"
FILES = [json.loads((FOLDER / name).read_text("utf-8")) for name in ("survival_cases.json", "survival_pooled.json")]
CASES = {case["id"]: case for file in FILES for case in file["cases"]}
TABLES = FILES[1]["files"]


def says(reports: list[Report], theta: Any) -> Any:
    """Log-likelihoods (theta, report) of an exponential curve."""
    data = {"report": np.arange(len(reports))}
    return SurvivalReports(Exponential(), reports, []).log_likelihood(theta[:, None], data)


# -- priors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", ["all", "OS", "PFS", "DFS"])
def test_log_shapes_of_trial_arms_are_what_the_prior_is_said_to_rest_on(endpoint: str) -> None:
    case, table = CASES["kmdata_weibull_shape_and_hazard_heterogeneity"], TABLES["kmdata_arm_weibull.csv"]
    expected, within = case["expected"][endpoint], case["tolerance"]["all"]
    of = np.array([endpoint in ("all", name) for name in table["outcome"]])
    shapes, errors = (np.array(table[name])[of] for name in ("log_shape", "standard_error"))

    def restricted(log_tau: float) -> float:
        variance = errors**2 + math.exp(2.0 * log_tau)
        mean = np.sum(shapes / variance) / np.sum(1.0 / variance)
        spread = np.sum((shapes - mean) ** 2 / variance)
        return float(0.5 * (np.log(variance).sum() + math.log(np.sum(1.0 / variance)) + spread))

    tau = math.exp(optimize.minimize_scalar(restricted, bounds=(-4.0, 0.0), method="bounded").x)
    mean = np.average(shapes, weights=1.0 / (errors**2 + tau**2))
    assert len(shapes) == expected["arms"]
    assert mean == pytest.approx(expected["mean_logshape"], abs=within)
    assert math.exp(mean) == pytest.approx(expected["shape"], abs=within)
    assert tau == pytest.approx(expected["tau"], abs=within)
    for name, value in expected["q"].items():
        found = np.quantile(np.exp(shapes), float(name.rstrip("%")) / 100.0)
        assert found == pytest.approx(value, abs=within), name
    # What `pool_survival` and the bundled models say: plain means of 0.33 and 0.24, 0.16 between arms.
    said = {"OS": (0.33, 0.16), "PFS": (0.24, 0.16)}.get(endpoint)
    if said:
        assert (round(float(shapes.mean()), 2), round(tau, 2)) == said
        assert np.mean(np.abs(shapes - 0.2) < 1.96 * 0.3) > 0.9


def test_the_log_normal_is_best_for_half_of_the_arms_and_heterogeneity_is_as_the_models_say() -> None:
    case, best = (
        CASES["kmdata_weibull_shape_and_hazard_heterogeneity"],
        TABLES["kmdata_arm_weibull.csv"]["best"],
    )
    for name, share in case["expected"]["best_AIC_share"].items():
        assert best.count(name) / len(best) == pytest.approx(share, abs=case["tolerance"]["all"])
    taus = [group["tau_trial"] for group in case["expected"]["loghazard_between_trial_sd"]]
    assert np.median(taus) == pytest.approx(case["expected"]["median_tau"], abs=case["tolerance"]["all"])


@pytest.mark.parametrize("name", list(CASES["heterogeneity_priors"]["expected"]))
def test_turners_priors_of_variances_are_log_normal_priors_of_tau(name: str) -> None:
    """tau^2 ~ log-normal(mu, sigma), so that tau is log-normal with half of both."""
    case = CASES["heterogeneity_priors"]
    given, within = case["expected"][name], case["tolerance"]["all"]
    tau = LogNormal(given["mu"] / 2, given["sigma"] / 2)
    # The upper quantile of the source is at 1.96 standard deviations, of which 0.975 are 1.959964.
    for share, key in ((0.5, "median_tau"), (stats.norm.cdf(1.96), "q975_tau")):
        if key in given:
            assert tau.quantile(share) == pytest.approx(given[key], abs=within)
    assert prior(f"LogNormal({given['mu'] / 2}, {given['sigma'] / 2})") == tau
    assert tau.cdf(1.0) == pytest.approx(stats.norm.cdf(0.0, given["mu"], given["sigma"]), abs=1e-12)


# -- many studies -------------------------------------------------------------------------------------------------


def test_differences_of_restricted_means_that_agree_pool_as_their_weighted_mean() -> None:
    """Two trials without heterogeneity (tau^2 = 0 by DerSimonian and Laird), under a prior that says nothing."""
    case = CASES["metarmst_aortic"]
    expected, within = case["expected"]["36"], case["tolerance"]["all"]
    assert expected["tau2"] == 0
    given, errors = np.array(expected["rmstd"]), np.array(expected["se"])
    limits = 1.959963984540054 * errors
    fit = tc.pool(
        estimates=given, lower=given - limits, upper=given + limits, pooling="common", mu="Normal(0, 100)", seed=1
    )
    assert fit.summary()["mu"]["mean"] == pytest.approx(expected["pooled"], abs=within)
    assert fit.summary()["mu"]["sd"] == pytest.approx(expected["pooled_se"], abs=within)


def test_a_pooled_curve_of_27_studies_lands_near_that_of_metasurvival() -> None:
    """Landmarks with numbers at risk, by the month: near, not equal, to DerSimonian and Laird's of arc sines."""
    case, studies = CASES["cabibbo_pooled_curve"], {}
    for study, *row in TABLES["cabibbo_hcc_pooled_survival.csv"]:
        studies.setdefault(study, []).append(row)
    reports = {}
    for study, rows in studies.items():
        months, alive, began = (np.array(column) for column in zip(*sorted(rows), strict=True))
        # People at risk are of those who begin a month: of the last nobody knows how many are left but by its deaths.
        left = np.append(began[1:], began[-1] * alive[-1] / alive[-2])
        reports[f"study {study}"] = tc.from_landmarks(
            dict(zip(months.tolist(), alive.tolist(), strict=True)),
            round(began[0]),
            at_risk=dict(zip(months.tolist(), np.minimum(left, round(began[0])).tolist(), strict=True)),
        )
    fit = tc.pool_survival(reports, "log_normal", 0.0, mu="Normal(1.8, 1)", tau="HalfNormal(1)", seed=1)
    expected, within = case["expected"], case["tolerance"]["bayes"]

    def average(functional: str, months: float | None) -> float:
        return tc.curve_marginal(fit, functional, months, "average").summary(0.95)["median"]

    for months, random in zip(expected["times"], expected["random"], strict=True):
        assert average("survival", float(months)) == pytest.approx(random, abs=within), months
    assert expected["random_ci_12"][0] < average("survival", 12.0) < expected["random_ci_12"][1]
    assert expected["median_random"][1] < average("median", None) < expected["median_random"][2]
    assert expected["mean_random"][1] < average("restricted_mean", 48.0) < expected["mean_random"][2]


# -- how often intervals hold the truth ---------------------------------------------------------------------------

MEDIANS = CASES["landmark_and_median_calibration"]


def of_order_statistic(people: int) -> Report:
    return median_report(1.0, people, uncensored=True)


def of_binomial_kernel(people: int) -> Report:
    """A median taken for a landmark of which half are alive."""
    half = 0.5 * people
    return Report("landmarks", Terms.of([Interval(0.0, 1.0, half), Interval(1.0, math.inf, half)]), "", people, 1.0)


@pytest.mark.parametrize("people", [3, 5])
@pytest.mark.parametrize(
    ("name", "report"), [("order_stat", of_order_statistic), ("binomial_kernel_at_median", of_binomial_kernel)]
)
def test_a_median_of_few_covers_what_simulation_found(people: int, name: str, report: Any) -> None:
    """A constant hazard under a flat prior of its logarithm: one posterior, shifted by the log of the median."""
    theta = np.linspace(-12.0, 12.0, 24001)
    kernel = says([report(people)], theta)[:, 0]
    weights = np.exp(kernel - kernel.max())
    weights /= weights.sum()
    ends = np.interp([0.025, 0.975], np.cumsum(weights) - 0.5 * weights, theta)
    # Of medians u where the true one is 1: log 1 - log u lies between the ends.
    middle = (people + 1) // 2
    died = stats.beta(middle, people + 1 - middle)
    covered = np.diff(died.cdf(1.0 - 0.5 ** np.exp(-ends[::-1])))[0]
    wanted, within = MEDIANS["expected"]["coverage95_lograte"][f"n{people}"], MEDIANS["tolerance"]["coverage"]
    assert covered == pytest.approx(wanted[name], abs=within)
    if name == "order_stat":
        assert covered == pytest.approx(0.95, abs=1e-5)
    # Its error of the log rate on average: the log median's, turned round.
    log_median = integrate.quad(lambda p: math.log(-math.log2(1.0 - p)) * died.pdf(p), 0.0, 1.0)[0]
    error = -(weights @ theta + log_median)
    # Simulated 4,000 times: three standard errors.
    noise = 3.0 * math.sqrt(weights @ (theta - weights @ theta) ** 2 / 4000)
    assert error == pytest.approx(MEDIANS["expected"]["bias_lograte"][f"n{people}"][name], abs=noise)


LANDMARKS = tuple(CASES["double_counting_calibration"]["inputs"]["landmarks"])


def coverage(theta: Any, log_likelihood: Any) -> tuple[float, float]:
    """Of log(log 2), and the mean posterior standard deviation."""
    weights = np.exp(log_likelihood - log_likelihood.max(axis=0))
    weights /= weights.sum(axis=0)
    below = np.cumsum(weights, axis=0) - 0.5 * weights
    places = np.array([np.interp(math.log(math.log(2.0)), theta, column) for column in below.T])
    mean = theta @ weights
    spread = np.sqrt(np.sum((theta[:, None] - mean) ** 2 * weights, axis=0))
    return float(np.mean((places > 0.025) & (places < 0.975))), float(spread.mean())


@pytest.mark.slow
@pytest.mark.parametrize("people", [5, 9])
def test_a_median_and_landmarks_of_one_curve_count_once(people: int) -> None:
    """Uncensored people with a constant hazard of 1, under a flat prior of its logarithm; 4,000 times."""
    case = CASES["double_counting_calibration"]
    theta = np.linspace(-6.0, 6.0, 241)
    times = np.sort(np.random.default_rng(5).exponential(size=(4000, people)), axis=1)
    alive = np.sum(times[:, :, None] > np.array(LANDMARKS), axis=1)
    medians = times[:, people // 2].tolist()

    def landmarks(counts: Any, median: float | None = None) -> Report:
        points = [(Point(t, a / people), float(a)) for t, a in zip(LANDMARKS, counts, strict=True)]
        known: list[tuple[Point, float | None]] = [*points]
        known += [] if median is None else [(Point(median, 0.5, is_median=True), None)]
        known.sort(key=lambda one: one[0].time_months)
        return landmarks_report([point for point, _ in known], people, at_risk=[risk for _, risk in known])

    kinds, place = np.unique(alive, axis=0, return_inverse=True)
    hazard = math.log(2.0) * np.exp(-theta)[:, None]
    of_medians = says([median_report(m, people, uncensored=True) for m in medians], theta)
    alone = {
        (t, a): landmarks_report([Point(t, a / people)], people, at_risk=[float(a)])
        for t in LANDMARKS
        for a in range(people + 1)
    }
    each = dict(zip(alone, says(list(alone.values()), theta).T, strict=True))
    naive = np.array([sum(each[key] for key in zip(LANDMARKS, kind, strict=True)) for kind in kinds.tolist()])
    found = {
        "ipd": people * np.log(hazard) - hazard * times.sum(axis=1),
        "naive_product": of_medians + naive[place].T,
        "joint_multinomial": says([landmarks(a, m) for a, m in zip(alive, medians, strict=True)], theta),
        "landmarks_only": says([landmarks(kind) for kind in kinds], theta)[:, place],
        "median_only": of_medians,
    }
    for name, log_likelihood in found.items():
        covered, spread = coverage(theta, log_likelihood)
        wanted, width = case["expected"][f"n{people}"][name]
        assert covered == pytest.approx(wanted, abs=case["tolerance"]["coverage"]), name
        # That of landmarks alone depends on how far a flat prior goes, where all or none had died.
        assert spread == pytest.approx(width, abs=0.012 if name == "landmarks_only" else 0.003), name


# -- families on few people ---------------------------------------------------------------------------------------

SHAPES, LOG_MEDIANS = np.linspace(-2.0, 3.4, 55), np.linspace(-2.5, 7.5, 81)
OF_SHAPE = {
    "exp": np.where(np.abs(SHAPES) < 1e-9, 0.0, -np.inf),
    "wei logk~N(.2,.3)": stats.norm(0.2, 0.3).logpdf(SHAPES),
    "wei logk~N(0,1)": stats.norm(0.0, 1.0).logpdf(SHAPES),
    "wei k~HN(10)": stats.halfnorm(scale=10.0).logpdf(np.exp(SHAPES)) + SHAPES,
}


@pytest.mark.parametrize("people", [2, 8])
def test_a_vague_prior_of_the_shape_predicts_worst_at_few_people(people: int) -> None:
    """The order of held-out log densities in `family_benchmark`: arms of the shapes that trials had, medians around 12.

    There the patients were those of 70 arms. Here they are Weibull, so that of eight even a vague prior learns what the
    exponential cannot: that is compared at two only.
    """
    rng, table, arms, new = np.random.default_rng(11), TABLES["kmdata_arm_weibull.csv"], 250, 8
    chosen = [y for y, name in zip(table["log_shape"], table["outcome"], strict=True) if name in ("OS", "PFS")]
    shape = np.exp(rng.choice(chosen, arms))
    scale = np.exp(rng.normal(math.log(12.0), 0.8, arms)) / math.log(2.0) ** (1.0 / shape)
    times = scale[:, None] * rng.exponential(size=(arms, people + new)) ** (1.0 / shape[:, None])
    reports = [persons_report([Person(t, t, True) for t in row[:people]]) for row in times.tolist()]
    likelihood = SurvivalReports(Weibull(), reports)
    data = likelihood.prepare({"report": np.arange(arms)})
    theta, log_shapes = LOG_MEDIANS[:, None, None], SHAPES[None, :, None, None]
    known = likelihood.log_kernel_at(np.broadcast_to(theta, (81, 55, arms)), log_shapes, data)
    known += stats.norm(math.log(12.0), 1.2).logpdf(LOG_MEDIANS)[:, None, None]
    family, scores = Weibull(), {}
    later = [family.clock(times[:, people + k]) for k in range(new)]
    densities = [family.log_density(clock, theta, log_shapes) for clock in later]
    for name, of_shape in OF_SHAPE.items():
        weights = known + of_shape[:, None]
        weights -= special.logsumexp(weights, axis=(0, 1))
        scores[name] = np.mean([special.logsumexp(weights + each, axis=(0, 1)) for each in densities])
    order = ["wei logk~N(.2,.3)", *(["exp"] if people == 2 else []), "wei logk~N(0,1)", "wei k~HN(10)"]
    expected = CASES["family_benchmark"]["expected"]["lpd_per_heldout_patient_minus_exponential_mean_se"]
    assert sorted(order, key=lambda name: -expected[name][f"n{people}"][0]) == order
    assert sorted(order, key=lambda name: -scores[name]) == order
