"""Survival reports against what R, lifelines, closed forms and simulation gave; see reference/survival_cases.json."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, special, stats

from tinycohort.families import Exponential, LogLogistic, LogNormal, PiecewiseExponential, SurvivalFamily, Weibull
from tinycohort.likelihoods.survival import (
    Followup,
    Gap,
    Person,
    Point,
    Report,
    SurvivalReports,
    followup_counts_report,
    landmarks_report,
    median_report,
    persons_report,
)
from tinycohort.likelihoods.survival.effective import variance_of_log
from tinycohort.likelihoods.survival.order_statistics import joint, rank_limits
from tinycohort.likelihoods.survival.terms import Factor, Interval, Terms
from tinycohort.plots.curve_evidence import steps_of

FILE = json.loads((Path(__file__).parent / "reference" / "survival_cases.json").read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in FILE["cases"]}
TABLES = FILE["files"]
Z = stats.norm.ppf(0.975)


def says(family: SurvivalFamily, report: Report, theta: Any, shape: Sequence[float] = ()) -> Any:
    theta = np.atleast_1d(theta)
    data = {"report": np.zeros(1, int)}
    return SurvivalReports(family, [report], list(shape)).log_likelihood(theta[:, None], data)[:, 0]


# -- people, in other software ------------------------------------------------------------------------------------


def aml() -> Report:
    table = TABLES["r_survival_aml.csv"]
    return persons_report([Person(t, t, bool(d)) for t, d in zip(table["time"], table["event"], strict=True)])


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("exponential", Exponential()),
        ("weibull", Weibull()),
        ("lognormal", LogNormal()),
        ("loglogistic", LogLogistic()),
    ],
)
def test_r_finds_the_same_likelihood_at_its_maximum(name: str, family: SurvivalFamily) -> None:
    expected, tolerance = CASES["aml_survreg"]["expected"]["all"][name], CASES["aml_survreg"]["tolerance"]
    scale = expected["scale"]
    # R's intercept is the log of the scale; the median of a Weibull is log(2)^(1 / shape) times that.
    below = scale * math.log(math.log(2.0)) if name in ("exponential", "weibull") else 0.0
    theta = expected["coef"]["(Intercept)"] + below
    shape = [] if name == "exponential" else [-math.log(scale)]
    around = says(family, aml(), theta + np.array([-0.01, 0.0, 0.01]), shape)
    assert around[1] == pytest.approx(expected["loglik"], abs=tolerance["loglik"])
    assert around[1] > max(around[0], around[2])


def test_lifelines_finds_the_same_likelihood_of_a_hazard_in_pieces() -> None:
    expected = CASES["lifelines_waltons_rossi_diabetes"]["expected"]["waltons/all/PiecewiseExponential[20,40,60]"]
    people = [Person(float(t), float(t), e == "1") for t, e, _ in TABLES["lifelines_waltons.csv"]]
    hazards = 1.0 / np.array([expected["params"][f"lambda_{k}_"] for k in range(4)])
    # theta is the log median at the mean hazard up to the last cut point.
    theta = math.log(math.log(2.0) / hazards[:3].mean())
    family = PiecewiseExponential((20.0, 40.0, 60.0))
    found = says(family, persons_report(people), theta, np.log(hazards[1:] / hazards[0]).tolist())[0]
    # A death at a cut point belongs to the piece that begins there; lifelines gives it the mean of both hazards.
    at_cuts = [sum(p.died and p.upper_months == cut for p in people) for cut in (20.0, 40.0, 60.0)]
    found += at_cuts @ np.log(0.5 * (hazards[:3] + hazards[1:]) / hazards[1:])
    assert found == pytest.approx(expected["ll"], rel=1e-9)


@pytest.mark.parametrize("name", ["Weibull", "Exponential"])
def test_lifelines_finds_the_same_likelihood_of_intervals(name: str) -> None:
    expected = CASES["lifelines_waltons_rossi_diabetes"]["expected"][f"diabetes/interval/{name}"]
    limits = [(float(low), float(high)) for low, high, _ in TABLES["lifelines_diabetes_interval.csv"]]
    people = [Person(low, high, not math.isinf(high)) for low, high in limits]
    k = expected["params"].get("rho_", 1.0)
    theta = math.log(expected["params"]["lambda_"]) + math.log(math.log(2.0)) / k
    family, shape = (Weibull(), [math.log(k)]) if name == "Weibull" else (Exponential(), [])
    assert says(family, persons_report(people), theta, shape)[0] == pytest.approx(expected["ll"], rel=1e-6)


# -- posteriors in closed form and on a grid ----------------------------------------------------------------------

THETA = np.linspace(-6.0, 12.0, 20001)


def posterior(log_density: Any) -> Any:
    """Weights on the grid."""
    weights = np.exp(log_density - log_density.max())
    return weights / weights.sum()


def test_an_exponential_with_a_gamma_prior_is_conjugate() -> None:
    case = CASES["exp_gamma_conjugate"]
    people = [Person(t, t, bool(e)) for t, e in zip(case["inputs"]["times"], case["inputs"]["event"], strict=True)]
    hazard = math.log(2.0) * np.exp(-THETA)
    prior = stats.gamma(0.5, scale=1.0 / 6.0).logpdf(hazard) + np.log(hazard)
    weights = posterior(says(Exponential(), persons_report(people), THETA) + prior)
    expected, exact = case["expected"], case["tolerance"]["exact"]
    assert weights @ hazard == pytest.approx(expected["mean"], abs=exact)
    assert weights @ np.exp(-12.0 * hazard) == pytest.approx(expected["S12_mean"], abs=exact)
    assert weights @ np.exp(-expected["predictive_median_new_patient"] * hazard) == pytest.approx(0.5, abs=exact)
    of_hazard = stats.gamma(expected["post_shape"], scale=1.0 / expected["post_rate"])
    ordinary = np.linspace(-1.0, 6.0, 50)
    rate = math.log(2.0) * np.exp(-ordinary)
    said = says(Exponential(), persons_report(people), ordinary) + stats.gamma(0.5, scale=1.0 / 6.0).logpdf(rate)
    assert np.ptp(said - of_hazard.logpdf(rate)) < exact
    for level, name in ((0.025, "q025"), (0.5, "median"), (0.975, "q975")):
        # The mass where theta is longer than at the printed quantile, which is where the hazard is lower.
        start = math.log(math.log(2.0) / expected[name])
        nodes, steps = np.polynomial.legendre.leggauss(200)
        above = start + 10.0 * (nodes + 1.0)
        rates = math.log(2.0) * np.exp(-above)
        mass = np.exp(
            says(Exponential(), persons_report(people), above) + stats.gamma(0.5, scale=1.0 / 6.0).logpdf(rates)
        )
        total = np.exp(said[0] - of_hazard.logpdf(rate[0]))
        assert 10.0 * steps @ (mass * rates) / total == pytest.approx(level, abs=exact), name


# That of the stored quantiles: points of it, the first beyond each share.
GRID = math.log(12.0) + np.linspace(-7.0, 7.0, 20001)


def rounded_to_a_month() -> Any:
    """Of a median between 8.5 and 9.5: the density averaged."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    each = [says(Exponential(), median_report(m, 5, uncensored=True), GRID) for m in 9.0 + 0.5 * nodes]
    return special.logsumexp(each, axis=0, b=weights[:, None])


HALVES = Terms.of([Interval(0.0, 9.0, 2.5), Interval(9.0, math.inf, 2.5)])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("n5_m9_exact", median_report(9.0, 5, uncensored=True)),
        ("n5_m9_binomial_kernel", Report("landmarks", HALVES, "", 5, 9.0)),
        ("n5_m9_rounded_pm0.5", rounded_to_a_month),
        ("n4_m9_midpoint_exact", median_report(9.0, 4, rule="midpoint", uncensored=True)),
        ("n5_median_NR_tau18", median_report(None, 5, followup_months=18.0)),
        (
            "n11_L4_m9_U17_loglog_ranks_2_6_9",
            Report("median", Terms.of([Factor((joint([(2, 4.0), (6, 9.0), (9, 17.0)], 11),))]), "", 11, 17.0),
        ),
    ],
)
def test_posteriors_from_a_printed_median(name: str, said: Any) -> None:
    case = CASES["median_order_statistic_exponential"]
    expected, exact = case["expected"][name], case["tolerance"]["exact"]
    prior = stats.norm(math.log(12.0), 1.0).logpdf(GRID)
    weights = posterior((says(Exponential(), said, GRID) if isinstance(said, Report) else said()) + prior)
    mean = weights @ GRID
    assert mean == pytest.approx(expected["mean_logmed"], abs=exact)
    assert math.sqrt(weights @ (GRID - mean) ** 2) == pytest.approx(expected["sd_logmed"], abs=exact)
    for level, quantile in ((0.025, "q025"), (0.5, "median_of_median"), (0.975, "q975")):
        found = GRID[np.searchsorted(np.cumsum(weights), level)]
        assert math.exp(found) == pytest.approx(expected[quantile], rel=exact), quantile


def test_counts_of_deaths_have_the_published_ratios_of_hazards() -> None:
    """Woods et al. 2010: one baseline hazard in each trial, a ratio for each treatment, by maximum likelihood."""
    rows = TABLES["woods2010_counts.csv"]
    authors, drugs = sorted({row[0] for row in rows}), ["Fluticasone", "Salmeterol", "SFC"]
    reports = [followup_counts_report(r, n, Followup(None, 12.0, 12.0, "reverse_km")) for _, _, r, n in rows]
    likelihood = SurvivalReports(Exponential(), reports, [])
    data = {"report": np.arange(len(rows))}

    def theta(free: Any) -> Any:
        own = np.array([free[authors.index(author)] for author, *_ in rows])
        return own - np.array([free[len(authors) + drugs.index(d)] if d in drugs else 0.0 for _, d, *_ in rows])

    start = np.array([6.0] * len(authors) + [0.0] * len(drugs))
    found = optimize.minimize(lambda free: -likelihood.log_likelihood(theta(free), data).sum(), start, tol=1e-10)
    case = CASES["woods2010_counts"]
    # Curvature, by differences: estimates are as precise as it says.
    steps = 1e-3 * np.eye(found.x.size)
    down = [found.x + each + other for each in (*steps, *-steps) for other in (*steps, *-steps)]
    values = -likelihood.log_likelihood(np.array([theta(free) for free in down]), data).sum(axis=1)
    (both, up), (low, less) = values.reshape(2, len(steps), 2, len(steps)).transpose(0, 2, 1, 3)
    errors = np.sqrt(np.diag(np.linalg.inv((both - up - low + less) / 4e-6)))
    for k, drug in enumerate(drugs, len(authors)):
        expected, within = case["expected"]["FE_ml"][drug], case["tolerance"]["d"]
        assert found.x[k] == pytest.approx(expected["Estimate"], abs=within)
        assert errors[k] == pytest.approx(expected["Std. Error"], abs=within)


# -- how many speak -----------------------------------------------------------------------------------------------


def test_printed_intervals_give_the_numbers_behind_each_stretch_of_a_curve() -> None:
    case = CASES["aml_maintained_landmarks"]
    expected = case["expected"]
    columns = zip(
        case["inputs"]["times"], expected["S"], expected["lower_loglog"], expected["upper_loglog"], strict=True
    )
    report = landmarks_report([Point(*row) for row in columns], 11)
    found = [point.people for point in report.points]
    exact = case["tolerance"]["all"]
    assert found == pytest.approx(expected["conditional_n_star"], abs=exact)
    # The same through Greenwood's variance and the effective number of Cutler and Ederer, one point at a time.
    columns = zip(expected["S"], expected["lower_loglog"], expected["upper_loglog"], strict=True)
    variances = np.array([variance_of_log(*row, 0.95) for row in columns])
    survival = np.array(expected["S"])
    assert variances == pytest.approx(expected["var_logS"], abs=exact)
    assert survival * np.sqrt(variances) == pytest.approx(expected["se_S"], abs=exact)
    assert (1.0 - survival) / (survival * variances) == pytest.approx(expected["n_eff_cutler_ederer"], abs=exact)


def test_steps_of_people_are_kaplan_and_meiers_as_r_and_lifelines_have_them() -> None:
    case, table = CASES["aml_maintained_landmarks"], TABLES["r_survival_aml.csv"]
    columns = zip(table["time"], table["event"], table["group"], strict=True)
    steps = steps_of([Person(t, t, bool(d)) for t, d, group in columns if group == "Maintained"])
    for k, time in enumerate(case["inputs"]["times"]):
        before = [step for step in steps if step["time_months"] <= time]
        assert before[-1]["value"] == pytest.approx(case["expected"]["S"][k], abs=case["tolerance"]["all"])
        assert sum(step["row"] == "death" for step in before) == case["expected"]["deaths_by_t"][k]
        assert len(steps) - len(before) == case["expected"]["at_risk_after"][k]
    expected = CASES["lifelines_waltons_rossi_diabetes"]["expected"]["waltons/all/KM"]
    steps = steps_of([Person(float(t), float(t), e == "1") for t, e, _ in TABLES["lifelines_waltons.csv"]])
    assert len(steps) == expected["n"]
    assert sum(step["row"] == "death" for step in steps) == expected["events"]
    for time, survival in expected["S"].items():
        last = [step["value"] for step in steps if step["time_months"] <= float(time)][-1]
        assert last == pytest.approx(survival, rel=CASES["lifelines_waltons_rossi_diabetes"]["tolerance"]["rel"])
    assert next(step["time_months"] for step in steps if step["value"] <= 0.5) == expected["median"]


def test_without_censoring_they_are_the_numbers_at_risk() -> None:
    case = CASES["uncensored_increment_identity"]
    expected = case["expected"]
    points = []
    for time, s, variance in zip(case["inputs"]["landmarks"], expected["S"], expected["var_logS"], strict=True):
        spread = math.exp(Z * math.sqrt(variance) / abs(math.log(s)))
        points.append(Point(time, s, s**spread, s ** (1.0 / spread)))
    for report in (landmarks_report(points, 8), landmarks_report(points, 8, at_risk=[5.0, 4.0, 1.0])):
        found = [point.people for point in report.points]
        assert found == pytest.approx(expected["number_at_risk_at_interval_start"], abs=case["tolerance"]["all"])


def test_a_printed_interval_gives_the_error_that_its_scale_has() -> None:
    case = CASES["conversions"]
    printed = case["inputs"]["landmark"]
    variance = variance_of_log(printed["p"], *printed["ci"], 0.95)
    expected, exact = case["expected"], case["tolerance"]["exact"]
    assert math.sqrt(variance) * printed["p"] == pytest.approx(expected["se_S"], abs=exact)
    assert (1.0 - printed["p"]) / (printed["p"] * variance) == pytest.approx(expected["n_eff"], abs=exact)
    # On the scale of log(-log S) that is the half width of the interval over 1.96.
    assert math.log(-math.log(printed["p"])) == pytest.approx(expected["cloglog"], abs=exact)
    assert math.sqrt(variance) / -math.log(printed["p"]) == pytest.approx(expected["se_cloglog"], abs=exact)


def test_a_death_says_as_much_of_a_weibull_shape_as_fishers_information_has_it() -> None:
    nodes, weights = np.polynomial.legendre.leggauss(400)
    theta, step, family = math.log(10.0), 1e-4, Weibull()
    # Over log(-log S), whose density is that of a smallest extreme value.
    at = 24.0 * nodes - 18.0
    chance = 24.0 * weights * np.exp(at - np.exp(at))
    clock = family.clock(10.0 * np.exp(at) / math.log(2.0))

    def slopes(name: int) -> Any:
        ends = [(theta + sign * step * (name == 0), sign * step * (name == 1)) for sign in (1.0, -1.0)]
        up, down = (family.log_density(clock, np.array(at_), np.array([shape])) for at_, shape in ends)
        return (up - down) / (2.0 * step)

    score = np.array([slopes(0), slopes(1)])
    information = (score * chance) @ score.T
    expected = CASES["conversions"]["expected"]["weibull_sd_logshape_uncensored_per_event"]
    assert math.sqrt(np.linalg.inv(information)[1, 1]) == pytest.approx(expected, abs=1e-6)


def test_the_limits_of_a_median_are_the_order_statistics_that_r_prints() -> None:
    rows = [row for row in TABLES["bc_median_ci_ranks.csv"] if row[1] in ("log", "log-log", "plain")]
    assert len(rows) == 57
    for people, transform, _, lower, upper in rows:
        assert rank_limits(people, 0.95, transform) == (lower, upper), (people, transform)
    for name, first in CASES["brookmeyer_crowley_ranks"]["expected"].items():
        transform = {"loglog": "log-log"}.get(name.partition("_")[0], name.partition("_")[0])
        assert next(n for n in range(2, 21) if rank_limits(n, 0.95, transform)[1] is not None) == first


# -- eight patients known through Kaplan-Meier arithmetic ---------------------------------------------------------

# Document 000 (Lin et al. 2022), overall survival from the first dose: what its printed figures imply.
EIGHT = persons_report(
    [
        Person(6.1, 6.1, True),
        Person(6.05, 24.0, True),
        Person(30.85, 30.85, True),
        Person(35.9, 56.7, False),
        Person(56.7, 56.7, False),
        Person(61.1, 61.1, False),
    ],
    [Gap(24.0, 30.85, 11.0)],
)


def spss_interval(times: Any, died: Any) -> tuple[Any, Any, Any, Any]:
    """Survival at 24 months, the median, and the limits that SPSS gives it: rows of eight people in order of time."""
    at_risk = np.arange(times.shape[1], 0, -1.0)
    survival = np.cumprod(1.0 - died / at_risk, axis=1)
    greenwood = survival * np.sqrt(np.cumsum(died / (at_risk * (at_risk - 1.0 + 1e-12)), axis=1))
    rows = np.arange(len(times))
    at_24 = np.where(times <= 24.0, survival, 1.0).min(axis=1)
    half = (survival <= 0.5 + 1e-9).argmax(axis=1)
    # Deaths around the median: the last with survival of 0.55 or more, the first with 0.45 or less.
    above = times.shape[1] - 1 - ((survival >= 0.55 - 1e-9) & died)[:, ::-1].argmax(axis=1)
    under = ((survival <= 0.45 + 1e-9) & died).argmax(axis=1)
    density = (survival[rows, above] - survival[rows, under]) / (times[rows, under] - times[rows, above])
    error = Z * greenwood[rows, half] / density
    median = times[rows, half]
    return at_24, median, median - error, median + error


@cache
def completions(size: int) -> tuple[Any, Any]:
    """Eight patients as they may have been: drawn far and wide, and kept where a paper would print what it did."""
    rng = np.random.default_rng(8)
    deaths = np.column_stack(
        [
            rng.uniform(6.05, 6.15, size),
            rng.uniform(6.05, 61.1, size),
            rng.uniform(20.0, 31.0, size),
            rng.uniform(30.8, 30.95, size),
            rng.uniform(30.8, 61.1, size),
        ]
    )
    alive = np.column_stack([rng.uniform(35.9, 56.7, size), np.full(size, 56.7), np.full(size, 61.1)])
    times = np.concatenate([deaths, alive], axis=1)
    order = times.argsort(axis=1)
    died = np.take_along_axis(np.repeat([[True] * 5 + [False] * 3], size, axis=0), order, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        at_24, median, lower, upper = spss_interval(np.take_along_axis(times, order, 1), died)
    kept = np.isclose(at_24, 0.75) & (median >= 30.8) & (median < 30.95)
    kept &= (np.abs(lower - 15.6) <= 0.05) & (np.abs(upper - 46.1) <= 0.05)
    return deaths[kept], alive[kept]


@pytest.mark.parametrize("family", [Exponential(), Weibull()], ids=["exponential", "weibull"])
def test_eight_constrained_patients_have_the_posterior_of_all_that_could_have_been_printed(
    family: SurvivalFamily,
) -> None:
    """Over every order of deaths and censored times from which the printed figures follow, by simulation."""
    deaths, alive = completions(600_000)
    assert len(deaths) > 100
    theta = np.linspace(1.0, 6.5, 111)
    shapes = [[]] if not family.shape_names else [[x] for x in np.linspace(-0.8, 1.2, 25)]
    by_report, by_simulation = [], []
    for shape in shapes:
        prior = stats.norm(math.log(19.0), 1.0).logpdf(theta) + (
            stats.norm(0.2, 0.3).logpdf(shape[0]) if shape else 0.0
        )
        k = math.exp(shape[0]) if shape else 1.0
        scale = np.exp(theta) / math.log(2.0) ** (1.0 / k)
        by_report.append(says(family, EIGHT, theta, shape) + prior)
        # log f = log k + (k - 1) log t - k log s - (t / s)^k, log S = -(t / s)^k, summed over the people of each.
        powers = (deaths**k).sum(axis=1) + (alive**k).sum(axis=1)
        logs = 5.0 * math.log(k) + (k - 1.0) * np.log(deaths).sum(axis=1)
        each = logs[:, None] - 5.0 * k * np.log(scale) - powers[:, None] * scale**-k
        likelihood = special.logsumexp(each, axis=0)
        by_simulation.append(likelihood + prior)
    moments = []
    for found in (np.array(by_report), np.array(by_simulation)):
        weights = np.exp(found - found.max())
        weights /= weights.sum()
        mean = (weights @ theta).sum()
        moments.append((mean, math.sqrt((weights @ (theta - mean) ** 2).sum())))
        survival = 0.0
        for row, shape in zip(weights, shapes, strict=True):
            survival += float(row @ family.survival(24.0, theta, np.array(shape)))
        moments[-1] += (survival,)
    (mean, sd, alive_24), (mean_of_all, sd_of_all, alive_24_of_all) = moments
    # The report takes one order of the last death and the first censored time; the others move it by so little.
    assert mean == pytest.approx(mean_of_all, abs=0.1 * sd)
    assert sd == pytest.approx(sd_of_all, rel=0.05)
    assert alive_24 == pytest.approx(alive_24_of_all, abs=0.01)
