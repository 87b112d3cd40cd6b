"""The shape of survival curves in the exact engine, where it is hard: narrow posteriors, vague priors, and draws."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from scipy import interpolate, special

import tinycohort as tc
from tinycohort.compiled import CompiledModel
from tinycohort.curves import curve_marginal
from tinycohort.likelihoods.survival import Report

AT = np.array([0.025, 0.5, 0.975])
LANDMARK = {36: 0.2}
PATIENTS = tc.from_patients([6, 20, 28, 31, 57], [True, True, True, True, False])
TRIAL = tc.from_median(17.4, lower_months=15.2, upper_months=21.9)
TWO_DEATHS = {"two": tc.from_patients([6, 20], [True, True])}


def weibull_deaths(people: int, log_shape: float, seed: int) -> Report:
    """As many deaths of a Weibull curve with a median of 19 months."""
    spread = np.random.default_rng(seed).exponential(size=people) / math.log(2.0)
    return tc.from_patients((19.0 * spread ** math.exp(-log_shape)).tolist(), [True] * people)


def fitted(reports: dict[str, Report], pooling: str = "common", **choices: str) -> tc.Fit:
    if pooling == "partial":
        choices["tau"] = "HalfNormal(0.5)"
    return tc.pool_survival(reports, mu="Normal(2.9, 1)", pooling=pooling, engine="exact", seed=1, **choices)


def summed(model: CompiledModel, low: float, high: float, steps: int) -> tuple[float, np.ndarray, float]:
    """By a plain sum over theta and shape: log evidence, quantiles of the shape, mean of the log-likelihood."""
    shapes, level = np.linspace(low, high, steps), model.priors["mu"]
    logs, means = np.empty(steps), np.empty(steps)
    for k, shape in enumerate(shapes):
        given, ends = model.at_shape([shape]), (-4.0, 10.0)
        for _ in range(2):
            theta = np.linspace(*ends, 401)
            likelihood = given.log_likelihood(theta[:, None]).sum(axis=1)
            joint = likelihood + level.log_density(theta)
            alive = np.flatnonzero(joint > joint.max() - 60.0)
            ends = float(theta[max(alive[0] - 1, 0)]), float(theta[min(alive[-1] + 1, 400)])
        logs[k] = special.logsumexp(joint) + math.log(theta[1] - theta[0])
        means[k] = special.softmax(joint) @ likelihood
    prior, fine = model.priors["shape"], np.linspace(low, high, 20_001)
    weight = special.softmax(interpolate.CubicSpline(shapes, logs)(fine) + prior.log_density(fine))
    logs += prior.log_density(shapes)
    evidence = float(special.logsumexp(logs)) + math.log(shapes[1] - shapes[0])
    return evidence, np.interp(AT, np.cumsum(weight) - 0.5 * weight, fine), float(special.softmax(logs) @ means)


def check_sum(fit: tc.Fit, low: float, high: float, steps: int) -> None:
    assert fit.reportable, fit.reasons
    evidence, quantiles, _ = summed(fit.compiled, low, high, steps)
    shape = fit.posterior.marginal("shape")
    assert shape is not None
    assert fit.posterior.log_marginal_likelihood == pytest.approx(evidence, abs=1e-6)
    np.testing.assert_allclose(shape.quantile(AT), quantiles, atol=3e-4)


# -- where it lies ----------------------------------------------------------------------------------------------------


def test_a_peak_narrower_than_the_gaps_between_the_first_looks_is_found() -> None:
    check_sum(fitted({"many": weibull_deaths(300, 0.4, 1)}, shape_prior="Normal(0, 1)"), 0.0, 0.8, 81)
    check_sum(fitted({"more": weibull_deaths(3000, 0.34, 2)}), 0.26, 0.46, 41)


def test_data_that_contradict_the_prior_are_followed_beyond_it() -> None:
    check_sum(fitted({"many": weibull_deaths(300, 0.9, 1)}, shape_prior="Normal(0, 0.1)"), 0.3, 1.2, 91)


def test_so_are_cohorts_on_their_own() -> None:
    reports = {"many": weibull_deaths(300, 0.4, 1), "few": PATIENTS}
    fit = fitted(reports, "none", shape_prior="Normal(0, 1)")
    assert fit.reportable, fit.reasons
    found = fit.posterior.leave_one_out()
    assert found is not None
    # What the few say alone lies mostly where all together have no nodes.
    for j, label in enumerate(reports):
        alone = fitted({name: one for name, one in reports.items() if name != label}, shape_prior="Normal(0, 1)")
        expected = fit.posterior.log_marginal_likelihood - alone.posterior.log_marginal_likelihood
        assert found.log_predictive[j] == pytest.approx(expected, abs=2e-6)


def test_of_one_cohort_on_its_own_nothing_is_left_without_it() -> None:
    fit = fitted({"few": PATIENTS}, "none")
    found = fit.posterior.leave_one_out()
    assert found is not None
    assert found.log_predictive[0] == fit.posterior.log_marginal_likelihood


# -- vague priors -----------------------------------------------------------------------------------------------------

VAGUE = ["StudentT(3, 0.2, 0.3)", "Cauchy(0.2, 0.3)", "Normal(0, 5)", "Uniform(-20, 20)"]


@pytest.mark.parametrize("prior", [*VAGUE, "StudentT(5, 0.2, 0.3)"])
def test_a_vague_prior_is_integrated(prior: str) -> None:
    check_sum(fitted({"patients": PATIENTS, "trial": TRIAL}, shape_prior=prior), -8.0, 2.0, 301)


def test_also_of_two_people() -> None:
    check_sum(fitted(TWO_DEATHS, shape_prior="Normal(0, 5)"), -11.0, 3.5, 401)


@pytest.mark.parametrize("family", ["log_normal", "log_logistic"])
@pytest.mark.parametrize("prior", VAGUE)
def test_so_it_is_under_other_families(family: str, prior: str) -> None:
    check_sum(fitted(TWO_DEATHS, family=family, shape_prior=prior), -11.0, 3.5, 401)


def test_a_prior_whose_density_vanishes_where_it_ends_is_not_cut_short_there() -> None:
    check_sum(fitted(TWO_DEATHS, shape_prior="Gamma(3, 6)"), 1e-9, 3.5, 1201)


def test_a_vague_prior_of_cohorts_that_are_alike_is_integrated() -> None:
    fit = fitted({"patients": PATIENTS, "trial": TRIAL}, "partial", shape_prior="Cauchy(0.2, 0.3)")
    assert fit.reportable, fit.reasons


def test_shapes_that_neither_data_nor_prior_rule_out_are_said() -> None:
    one = tc.from_patients([6], [True])
    fit = fitted({"one": one}, shape_prior="Normal(0, 5)")
    assert any("the prior Normal(0, 5) does not either" in reason for reason in fit.reasons)
    # One death says nothing against ever steeper curves: a share of what the prior has beyond exp(5).
    assert not fitted({"one": one}, shape_prior="Normal(0, 1)").reasons


def test_curves_too_steep_for_their_tables_are_not_believed() -> None:
    fit = fitted({"counts": tc.from_deaths(3, 12, 6, 18)}, shape_prior="Normal(0, 5)")
    assert fit.reasons
    assert fit.posterior.log_marginal_likelihood < 0.0


def test_a_prior_in_the_middle_of_nowhere_is_refused() -> None:
    with pytest.raises(tc.InputError, match=r"Normal\(100, 1\) has its median at 100"):
        fitted(TWO_DEATHS, shape_prior="Normal(100, 1)")


# -- theta much narrower than the shape -------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [300, 500, 2000])
def test_theta_that_a_large_landmark_fixes_given_the_shape_is_followed_in_smaller_steps(people: int) -> None:
    check_sum(fitted({"one": tc.from_landmarks(LANDMARK, people, followup_months=40)}), -1.8, 2.2, 201)


@pytest.mark.parametrize("people", [60, 200])
def test_draws_of_the_shape_and_theta_belong_together(people: int) -> None:
    fit = fitted({"one": tc.from_landmarks(LANDMARK, people, followup_months=40)})
    draws = fit.posterior.draws(4, 20_000, 3)
    for months in (6.0, 36.0, 60.0):
        known = curve_marginal(fit, "survival", months)
        alive = np.exp(-math.log(2.0) * (months / np.exp(draws["mu"])) ** np.exp(draws["shape"]))
        assert alive.std() == pytest.approx(known.sd, rel=0.02)
        np.testing.assert_allclose(known.cdf(np.quantile(alive, AT)), AT, atol=0.01)
    found = fit.compiled.log_likelihood(draws["theta"], draws["shape"][..., None, None])
    expected = summed(fit.compiled, -1.8, 2.2, 201)[2]
    assert found.mean() == pytest.approx(expected, abs=4.0 * found.std() / math.sqrt(found.size))


def test_cohorts_on_their_own_have_streams_of_random_numbers_of_their_own() -> None:
    same = fitted({"a": PATIENTS, "b": PATIENTS}, "none").posterior
    first, second = same.draws(1, 200, 1)["theta"], same.draws(1, 200, 2)["theta"]
    assert abs(np.corrcoef(first[0, :, 1], second[0, :, 0])[0, 1]) < 0.3
    proportions = tc.pool(events=[5, 5], totals=[10, 10], pooling="none").posterior
    first, second = proportions.draws(1, 200, 1)["theta"], proportions.draws(1, 200, 2)["theta"]
    assert abs(np.corrcoef(first[0, :, 1], second[0, :, 0])[0, 1]) < 0.3


# -- what goes to another process -------------------------------------------------------------------------------------


def test_a_fit_that_was_sent_to_another_process_is_the_same_and_as_frozen() -> None:
    fit = fitted({"patients": PATIENTS, "trial": TRIAL}, "partial")
    again = pickle.loads(pickle.dumps(fit))
    assert again.summary() == fit.summary()
    assert again.compiled.digest == fit.compiled.digest
    for name, values in fit.posterior.draws(2, 50, 1).items():
        np.testing.assert_array_equal(again.posterior.draws(2, 50, 1)[name], values)
    for column in again.compiled.data.values():
        assert not column.flags.writeable
    with pytest.raises(TypeError, match="item assignment"):
        again.compiled.data["report"] = np.zeros(2)
