"""Numbers that others have published, by other software, reproduced.

`reference/bayesian_meta_analysis_cases.json` holds them with their sources, their own errors (some were printed by
Monte Carlo or on a coarse grid) and how close it makes sense to come; beside each stands a value integrated to many
digits (`own`), to which the project comes as close as it promises. Some print shortest intervals.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import tinycohort as tc
from support.fits import SHOWN, normal_fit, quantile

PROBABILITY = 1e-4
LOG_EVIDENCE = 1e-5
STANDARD_DEVIATIONS = 1e-3

FILE = json.loads(
    (Path(__file__).parent / "reference" / "bayesian_meta_analysis_cases.json").read_text(encoding="utf-8")
)
CASES = {case["id"]: case for case in FILE["cases"]}
DATA = {case["id"]: case for case in FILE["data_only"]}


def own(case: str) -> dict[str, Any]:
    """The value integrated to many digits."""
    return dict(CASES[case]["own"]["values"])


def sd_of(quantity: dict[str, float]) -> float:
    return (quantity["upper"] - quantity["lower"]) / (2 * stats.norm.ppf(0.975))


def assert_contrast(fit: tc.Fit, exact: dict[str, Any]) -> None:
    """Every quantity of a contrast, in its own posterior standard deviations."""
    assert fit.reportable, fit.reasons
    equal, shortest = fit.summary(), fit.summary(interval="shortest")
    pairs = [(equal[name], shortest[name], exact[name]) for name in ("tau", "mu", "new_cohort")]
    pairs += list(zip(equal["cohorts"], shortest["cohorts"], exact["cohorts"], strict=True))
    for found, short, theirs in pairs:
        near = STANDARD_DEVIATIONS * sd_of(theirs)
        for name in (*SHOWN, "mean", "sd"):
            assert found[name] == pytest.approx(theirs[name], abs=near), name
        if "shortest_lower" in theirs:
            # Near its ends a shortest interval slides without growing: its ends are known to the root of its length.
            assert short["lower"] == pytest.approx(theirs["shortest_lower"], abs=10 * near)
            assert short["upper"] == pytest.approx(theirs["shortest_upper"], abs=10 * near)
            length = theirs["shortest_upper"] - theirs["shortest_lower"]
            assert short["upper"] - short["lower"] == pytest.approx(length, abs=2 * near)


def assert_published(found: dict[str, float], short: dict[str, float], published: dict[str, float]) -> None:
    """mu and theta of bayesmeta's grid: to 0.01 posterior standard deviations, interval ends to 0.05."""
    sd = published["sd"]
    assert found["mean"] == pytest.approx(published["mean"], abs=0.01 * sd)
    assert found["sd"] == pytest.approx(published["sd"], abs=0.01 * sd)
    assert found["median"] == pytest.approx(published["median"], abs=0.01 * sd)
    assert short["lower"] == pytest.approx(published["lo95_shortest"], abs=0.05 * sd)
    assert short["upper"] == pytest.approx(published["hi95_shortest"], abs=0.05 * sd)


def assert_published_tau(fit: tc.Fit, published: dict[str, float]) -> None:
    """bayesmeta's tau is plain quadrature, printed to seven digits; the interval is the shortest, from zero."""
    found, short = fit.summary()["tau"], fit.summary(interval="shortest")["tau"]
    near = STANDARD_DEVIATIONS * published["sd"]
    for name in ("mean", "sd", "median"):
        assert found[name] == pytest.approx(published[name], abs=near)
    assert short["lower"] == pytest.approx(0, abs=near)
    assert short["upper"] == pytest.approx(published["hi95_shortest"], abs=near)


@pytest.fixture(scope="module")
def crins() -> tc.Fit:
    data = CASES["nnhm_crins_halfnormal05"]["inputs"]
    return normal_fit(data["yi"], np.sqrt(data["vi"]), "Normal(0, 4)", "HalfNormal(0.5)", labels=data["publication"])


def test_crins_2014_is_what_bayesmeta_prints(crins: tc.Fit) -> None:
    published = CASES["nnhm_crins_halfnormal05"]["published"]
    summary, shortest = crins.summary(), crins.summary(interval="shortest")
    assert_published_tau(crins, published["tau"])
    assert_published(summary["mu"], shortest["mu"], published["mu"])
    assert_published(summary["new_cohort"], shortest["new_cohort"], published["theta_new"])
    for j, name in enumerate(("Heffron", "Gibelli")):
        assert summary["cohorts"][j]["label"].startswith(name)
        assert_published(summary["cohorts"][j], shortest["cohorts"][j], published["shrinkage"][name])


def test_tails_of_crins_2014_are_what_bayesmeta_prints(crins: tc.Fit) -> None:
    published, exact = CASES["nnhm_crins_halfnormal05"]["published"], own("nnhm_crins_halfnormal05")
    benefit = crins.posterior.marginal("mu").probability_above(0.0)
    assert benefit == pytest.approx(published["P(mu>0)"], rel=0.05)
    assert benefit == pytest.approx(exact["P(mu>0)"], rel=1e-3)
    tau = crins.posterior.marginal("tau")
    assert tau.probability_above(1.0) == pytest.approx(published["P(tau>1)"], abs=1e-5)
    assert quantile(crins, 0.99, "tau") == pytest.approx(published["tau_q99"], abs=1e-3)
    assert tau.interval(0.99) == pytest.approx(published["tau_central99"], abs=1e-3)


def test_crins_2014_is_what_an_integration_to_many_digits_gives(crins: tc.Fit) -> None:
    exact = own("nnhm_crins_halfnormal05")
    assert_contrast(crins, exact)
    evidence = crins.summary()["log_marginal_likelihood"]
    assert evidence == pytest.approx(exact["log_marginal_likelihood"], abs=LOG_EVIDENCE)


def test_crins_2014_given_its_restricted_maximum_likelihood_heterogeneity() -> None:
    """tau is held by a log-normal prior a ten-thousandth wide, and mu's uniform prior is a normal of SD 1000."""
    data, published = CASES["reml_crins"]["inputs"], CASES["reml_crins"]["published"]
    tau = f"LogNormal({math.log(published['tau_REML'])}, 0.0001)"
    fit = normal_fit(data["yi"], np.sqrt(data["vi"]), "Normal(0, 1000)", tau)
    assert fit.summary()["mu"]["mean"] == pytest.approx(published["mu_given_tau"], abs=1e-5)
    assert fit.summary()["mu"]["sd"] == pytest.approx(published["sd_given_tau"], abs=1e-5)


def test_eight_schools_are_what_stan_gives() -> None:
    data, published = (CASES["nnhm_schools_posteriordb"][part] for part in ("inputs", "published"))
    fit = normal_fit(data["y"], data["se"], "Normal(0, 5)", "HalfCauchy(5)")
    summary, errors = fit.summary(), published["mcse_mean"]
    for name in ("mu", "tau"):
        assert summary[name]["mean"] == pytest.approx(published["mean"][name], abs=3 * errors[name])
    for cohort, mean, error in zip(summary["cohorts"], published["mean"]["theta"], errors["theta"], strict=True):
        assert cohort["mean"] == pytest.approx(mean, abs=3 * error)
    assert_contrast(fit, own("nnhm_schools_posteriordb"))


def test_eight_schools_with_improper_priors_are_what_bayesmeta_prints() -> None:
    """The improper uniform priors are cut at 1000, fifty posterior standard deviations of mu and more of tau.

    With eight schools the posterior of tau falls as tau^-7: what is cut off has a probability of about 1e-12 and moves
    no printed digit. Proper priors this wide have a marginal likelihood, which means nothing and is not looked at.
    """
    data, published = (CASES["nnhm_schools_flat"][part] for part in ("inputs", "published"))
    fit = normal_fit(data["y"], data["se"], "Uniform(-1000, 1000)", "Uniform(0, 1000)")
    summary, shortest = fit.summary(), fit.summary(interval="shortest")
    assert_published_tau(fit, published["tau"])
    assert_published(summary["mu"], shortest["mu"], published["mu"])
    assert_published(summary["new_cohort"], shortest["new_cohort"], published["theta_new"])
    assert_contrast(fit, own("nnhm_schools_flat"))


def assert_counts(fit: tc.Fit, exact: dict[str, Any]) -> None:
    """Every quantity of a proportion: rates as promised, tau in its standard deviations."""
    assert fit.reportable, fit.reasons
    summary = fit.summary()
    for target in ("typical", "average", "new_cohort"):
        for name in (*SHOWN, "mean", "sd"):
            assert summary[target][name] == pytest.approx(exact[target][name], abs=PROBABILITY)
    for found, theirs in zip(summary["cohorts"], exact["cohorts"], strict=True):
        for name in (*SHOWN, "mean", "sd"):
            assert found[name] == pytest.approx(theirs[name], abs=PROBABILITY)
    near = STANDARD_DEVIATIONS * sd_of(exact["tau"])
    for name in (*SHOWN, "mean", "sd"):
        assert summary["tau"][name] == pytest.approx(exact["tau"][name], abs=near)
    assert summary["log_marginal_likelihood"] == pytest.approx(exact["log_marginal_likelihood"], abs=LOG_EVIDENCE)


def test_a_meta_analytic_predictive_prior_is_what_rbest_prints() -> None:
    data, published = (CASES["gmap_AS_halfnormal1"][part] for part in ("inputs", "published"))
    fit = tc.pool(events=data["r"], totals=data["n"], labels=data["study"], mu="Normal(0, 2)", tau="HalfNormal(1)")
    summary = fit.summary()
    printed = {"lower": "q025", "median": "median", "upper": "q975", "mean": "mean", "sd": "sd"}
    for name, key in printed.items():
        assert summary["tau"][name] == pytest.approx(published["tau"][key], abs=0.02)
        near = 0.02 if name in ("lower", "upper") else 0.005
        assert summary["new_cohort"][name] == pytest.approx(published["p_new"][key], abs=near)
    assert_counts(fit, own("gmap_AS_halfnormal1"))


@pytest.mark.parametrize("case", [name for name, case in DATA.items() if "own_priors" in case])
def test_data_sets_of_other_packages_are_what_an_integration_to_many_digits_gives(case: str) -> None:
    """Among them Pritz 1997 with two studies in which all responded, and transplant rejection in eleven."""
    data = DATA[case]
    fit = tc.pool(events=data["inputs"]["r"], totals=data["inputs"]["n"], **data["own_priors"])
    assert_counts(fit, data["own"]["values"])


# -- single arms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pooling", ["none", "common"])
@pytest.mark.parametrize(("events", "printed"), [(16, "P(p>p0)"), (0, "P_for_r_0"), (23, "P_for_r_23")])
def test_the_probability_of_a_better_response_is_that_of_lee_and_liu(pooling: str, events: int, printed: str) -> None:
    data, published = (CASES["leeliu_postprob"][part] for part in ("inputs", "published"))
    fit = tc.pool(events=[events], totals=[data["n"]], mu="Beta(0.6, 0.4)", pooling=pooling)
    target = {"none": ("cohort", 0), "common": ("typical", None)}[pooling]
    assert tc.probability_above(fit, data["p0"], *target) == pytest.approx(published[printed], abs=1e-6)


def test_two_priors_are_mixed_by_their_marginal_likelihoods() -> None:
    data = CASES["mixture_postprob"]["inputs"]
    fits = [
        tc.pool(events=[data["r"]], totals=[data["n"]], mu=mu, pooling="common")
        for mu in ("Beta(0.6, 0.4)", "Beta(1, 1)")
    ]
    evidence = np.exp([fit.summary()["log_marginal_likelihood"] for fit in fits])
    weights = evidence / evidence.sum()
    assert weights == pytest.approx(own("mixture_postprob")["posterior_weights"], abs=1e-5)
    mixed = sum(w * tc.probability_above(fit, data["p0"]) for w, fit in zip(weights, fits, strict=True))
    assert mixed == pytest.approx(CASES["mixture_postprob"]["published"]["P(p>p0)"], abs=1e-6)


@pytest.mark.parametrize("mu", ["Beta(1, 1)", "Logistic(0, 1)"])
def test_the_hospitals_of_bugs_are_betas(mu: str) -> None:
    data, published = (CASES["bugs_surgical_fixed"][part] for part in ("inputs", "published"))
    fit = tc.pool(events=data["r"], totals=data["n"], mu=mu, pooling="none")
    summary, exact = fit.summary(), own("bugs_surgical_fixed")
    for found, theirs in zip(summary["cohorts"], exact["cohorts"], strict=True):
        for name in (*SHOWN, "mean", "sd"):
            assert found[name] == pytest.approx(theirs[name], abs=PROBABILITY)
    # Hospital 1 has 0 of 47. Its Monte Carlo error is printed, and by it that of the others in proportion to their SD.
    first = summary["cohorts"][0]
    for found, mean in zip(summary["cohorts"], published["mean"], strict=True):
        error = published["p1"]["mc_error"] * found["sd"] / first["sd"]
        assert found["mean"] == pytest.approx(mean, abs=3 * error + 5e-5)
    evidence = -sum(math.log(n + 1) for n in data["n"])
    assert summary["log_marginal_likelihood"] == pytest.approx(evidence, abs=LOG_EVIDENCE)


# -- priors ---------------------------------------------------------------------------------------------------------


def no_information(mu: str, tau: str) -> tc.Fit:
    """A posterior that is its prior: one cohort whose estimate has a standard error of a million."""
    return normal_fit([0.0], [1e6], mu, tau)


def test_the_heterogeneity_prior_of_turner_2015_has_its_printed_quantiles() -> None:
    data, published = (CASES["turner2015_prior_surgical"][part] for part in ("inputs", "published"))
    # tau squared is log-normal, so tau is, with half of both parameters.
    prior = tc.Turner2015("surgical_success", "pharmacological_vs_placebo")
    assert prior.log_normal == tc.LogNormal(*(data["tau2_lognormal"][name] / 2 for name in ("mu", "sigma")))
    fit = no_information("Normal(0, 1)", str(prior))
    for p, tau in published["tau_quantiles"].items():
        assert prior.quantile(float(p)) == pytest.approx(tau, abs=1e-7)
        assert quantile(fit, float(p), "tau") == pytest.approx(tau, abs=STANDARD_DEVIATIONS * 0.466)


@pytest.mark.parametrize(
    ("printed", "tau"), [("a", "HalfNormal(0.5)"), ("b", "HalfNormal(1)"), ("c", "HalfCauchy(0.5)")]
)
def test_the_prior_predictive_of_a_new_cohort_has_its_printed_limit(printed: str, tau: str) -> None:
    """mu = 0 is a normal prior of SD 1e-5 there."""
    fit = no_information("Normal(0, 0.00001)", tau)
    assert fit.reportable, fit.reasons
    upper = fit.summary()["new_cohort"]["upper"]
    published = CASES["prior_predictive_normal_mixture"]["published"]["q975"][printed]
    exact = own("prior_predictive_normal_mixture")["q975"][printed]
    assert upper == pytest.approx(published, rel=2e-3)
    assert upper == pytest.approx(exact, abs=STANDARD_DEVIATIONS * exact / 2)


@pytest.mark.parametrize(
    ("printed", "tau"), [("a", "HalfNormal(0.5)"), ("b", "HalfNormal(1)"), ("c", "HalfCauchy(0.5)")]
)
def test_prior_draws_of_a_new_cohort_have_the_printed_limit(printed: str, tau: str) -> None:
    fit = no_information("Normal(0, 0.00001)", tau)
    new = fit.draws["prior"]["theta_new_cohort"].values.ravel()
    exact = own("prior_predictive_normal_mixture")["q975"][printed]
    assert (new > exact).mean() == pytest.approx(0.025, abs=4.5 * math.sqrt(0.025 * 0.975 / new.size))


# -- model probabilities --------------------------------------------------------------------------------------------


def evidence(data: dict[str, list[float]], mu: str, tau: str | None) -> float:
    fit = normal_fit(data["y"], data["se"], mu, tau, "common" if tau is None else "partial")
    assert fit.reportable, fit.reasons
    return float(fit.summary()["log_marginal_likelihood"])


def truncated(data: dict[str, list[float]], mu: str, tau: str | None, above_zero: float) -> float:
    """Log evidence under mu's prior cut at zero: that of the whole prior, times how much likelier the data make mu > 0.

    Exact, by Bayes' theorem: p(y | mu > 0) = p(y) P(mu > 0 | y) / P(mu > 0).
    """
    fit = normal_fit(data["y"], data["se"], mu, tau, "common" if tau is None else "partial")
    assert fit.reportable, fit.reasons
    found = fit.posterior.marginal("mu").probability_above(0.0)
    return float(fit.summary()["log_marginal_likelihood"]) + math.log(found / above_zero)


# An effect of zero, as a prior: its width is a millionth of the smallest standard error.
NOTHING = "Normal(0, 0.0000001)"
POSE = "StudentT(3, 0.34999, 0.1021)"


def four_models(case: str) -> dict[str, float]:
    data = CASES[case]["inputs"]
    towels = case == "bma_towels_vignette"
    tau = "HalfCauchy(0.3)" if towels else "InverseGamma(1, 0.15)"
    mu = "Normal(0, 0.3)" if towels else POSE
    above_zero = 0.5 if towels else float(stats.t(3, 0.34999, 0.1021).sf(0))
    return {
        "fixed_H0": evidence(data, NOTHING, None),
        "fixed_H1": truncated(data, mu, None, above_zero),
        "random_H0": evidence(data, NOTHING, tau),
        "random_H1": truncated(data, mu, tau, above_zero),
    }


@pytest.mark.parametrize(("case", "near"), [("bma_towels_vignette", 1e-3), ("bma_powerpose_informed", 1e-4)])
def test_marginal_likelihoods_give_the_bayes_factors_that_metabma_prints(case: str, near: float) -> None:
    published, found = CASES[case]["published"], four_models(case)
    weights = {name: math.exp(value) for name, value in found.items()}
    assert weights["fixed_H1"] / weights["fixed_H0"] == pytest.approx(published["BF_fixed"], rel=near)
    assert weights["random_H1"] / weights["random_H0"] == pytest.approx(published["BF_random"], rel=near)
    inclusion = (weights["fixed_H1"] + weights["random_H1"]) / (weights["fixed_H0"] + weights["random_H0"])
    assert inclusion == pytest.approx(published["BF_inclusion"], rel=near)
    for name, printed in published.get("logml", {}).items():
        assert found[name] == pytest.approx(printed, abs=0.005)
    for name, exact in own(case)["logml"].items():
        # P(mu > 0 | y) is as exact as a probability on this scale is promised to be, and not close to zero.
        assert found[name] == pytest.approx(exact, abs=2 * LOG_EVIDENCE), name


@pytest.mark.parametrize(("tau", "printed"), [(None, "fixed_H1"), ("HalfCauchy(0.3)", "random_H1")])
def test_a_half_normal_prior_of_an_effect_has_the_evidence_that_metabma_prints(tau: str | None, printed: str) -> None:
    case = CASES["bma_towels_vignette"]
    found = evidence(case["inputs"], "HalfNormal(0.3)", tau)
    assert found == pytest.approx(case["published"]["logml"][printed], abs=0.005)
    assert found == pytest.approx(own("bma_towels_vignette")["logml"][printed], abs=LOG_EVIDENCE)


def test_the_whole_normal_prior_of_an_effect_has_the_evidence_of_an_integration_to_many_digits() -> None:
    data, exact = CASES["bma_towels_vignette"]["inputs"], own("bma_towels_vignette")["without_truncation"]["logml"]
    assert evidence(data, "Normal(0, 0.3)", None) == pytest.approx(exact["common"], abs=LOG_EVIDENCE)
    assert evidence(data, "Normal(0, 0.3)", "HalfCauchy(0.3)") == pytest.approx(exact["partial"], abs=LOG_EVIDENCE)
