"""Models of survival: what the engines say, against plain sums, against each other, and what a model file may ask."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import special

import tinycohort as tc
from support.pymc_points import to_pymc
from tinycohort.compiled import CompiledModel, Row
from tinycohort.curves import curve_marginal, longest_followup, predicted_deaths, survival_curve
from tinycohort.engines.exact import solve
from tinycohort.engines.run import run
from tinycohort.families import Exponential, LogLogistic, LogNormal, SurvivalFamily, Weibull
from tinycohort.likelihoods.survival import (
    Followup,
    Person,
    Point,
    Report,
    SurvivalReports,
    landmarks_report,
    median_report,
    persons_report,
)
from tinycohort.pooling import Common, Partial, Pooling, Separate, Shape
from tinycohort.priors import HalfNormal, Normal, Prior, Uniform

LEVEL, SHAPE = Normal(math.log(19.0), 1.0), Normal(0.2, 0.3)
FAMILIES = [Exponential(), Weibull(), LogNormal(), LogLogistic()]


def reports() -> list[Report]:
    patients = [Person(4, 4, True), Person(9, 9, True), Person(14, 16, True), Person(20, 20, False)]
    points = [Point(12, 0.6), Point(17, 0.5, is_median=True), Point(24, 0.35)]
    return [
        persons_report(patients),
        landmarks_report(points, 27, followup=Followup(20, 5, 40, "reverse_km")),
        median_report(17.2, 111, lower_months=11.7, upper_months=22.9),
    ]


def compiled(
    family: SurvivalFamily,
    varies: Shape,
    pooling: Pooling | None = None,
    cohorts: int = 3,
    **priors: Prior,
) -> CompiledModel:
    pooling = pooling or Partial()
    known: dict[str, Prior] = {
        "mu": LEVEL,
        "tau": HalfNormal(0.5),
        "shape": SHAPE,
        "tau_shape": HalfNormal(0.2),
    } | priors
    wanted = (*pooling.parameters, *varies.parameters(family))
    return CompiledModel(
        "survival",
        family,
        SurvivalReports(family, reports()[:cohorts]),
        pooling,
        {name: known[name] for name in wanted},
        tuple(Row(label) for label in ("patients", "landmarks", "median")[:cohorts]),
        {"report": np.arange(cohorts)},
        shape=varies,
    )


# -- the exact engine against plain sums ------------------------------------------------------------------------------


def summed(model: CompiledModel, shapes: np.ndarray, log_prior: np.ndarray) -> tuple[float, np.ndarray]:
    """Log evidence under complete pooling, and quantiles of the median, by a plain sum over theta and shape."""
    theta = np.linspace(LEVEL.mu - 7.0, LEVEL.mu + 7.0, 3001)
    logs = np.array(
        [
            model.at_shape([one] if model.shape_parameters or len(model.shape.value) else ())
            .log_likelihood(theta[:, None])
            .sum(axis=1)
            for one in shapes
        ]
    )
    logs = logs + LEVEL.log_density(theta) + log_prior[:, None]
    step = math.log(theta[1] - theta[0]) + (math.log(shapes[1] - shapes[0]) if len(shapes) > 1 else 0.0)
    evidence = float(special.logsumexp(logs)) + step
    below = np.cumsum(np.exp(logs - logs.max()).sum(axis=0))
    return evidence, np.exp(
        np.interp([0.025, 0.5, 0.975], (below - 0.5 * np.diff(below, prepend=0.0)) / below[-1], theta)
    )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_with_a_known_shape_the_exact_engine_is_the_plain_sum(family: SurvivalFamily) -> None:
    value = (0.2,) if family.shape_names else ()
    model = compiled(family, Shape("fixed", value), Common())
    evidence, quantiles = summed(model, np.array([0.2]), np.zeros(1))
    found = solve(model)
    assert not found.reasons
    assert found.log_marginal_likelihood == pytest.approx(evidence, abs=1e-6)
    marginal = found.marginal("typical")
    assert marginal is not None
    np.testing.assert_allclose(marginal.quantile(np.array([0.025, 0.5, 0.975])), quantiles, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES[1:], ids=lambda family: family.name)
def test_with_a_shared_shape_it_is_the_plain_sum_over_theta_and_shape(family: SurvivalFamily) -> None:
    model = compiled(family, Shape("shared"), Common())
    shapes = np.linspace(SHAPE.mu - 6.5 * SHAPE.sigma, SHAPE.mu + 6.5 * SHAPE.sigma, 161)
    evidence, quantiles = summed(model, shapes, SHAPE.log_density(shapes))
    found = solve(model)
    assert not found.reasons
    assert found.log_marginal_likelihood == pytest.approx(evidence, abs=1e-6)
    marginal = found.marginal("typical")
    assert marginal is not None
    np.testing.assert_allclose(marginal.quantile(np.array([0.025, 0.5, 0.975])), quantiles, rtol=1e-4)


def test_the_posterior_of_the_shape_is_the_one_of_the_plain_sum() -> None:
    model = compiled(Weibull(), Shape("shared"), Common())
    shapes = np.linspace(SHAPE.mu - 6.5 * SHAPE.sigma, SHAPE.mu + 6.5 * SHAPE.sigma, 161)
    each = [summed(model, np.array([one]), np.zeros(1))[0] for one in shapes]
    weight = np.exp(np.array(each) - max(each) + SHAPE.log_density(shapes))
    weight /= weight.sum()
    mean = float(weight @ shapes)
    marginal = solve(model).marginal("shape")
    assert marginal is not None
    assert marginal.mean == pytest.approx(mean, abs=1e-5)
    assert marginal.sd == pytest.approx(math.sqrt(float(weight @ (shapes - mean) ** 2)), abs=1e-5)


def test_a_shape_whose_prior_ends_somewhere_is_integrated_up_to_there() -> None:
    model = compiled(Weibull(), Shape("shared"), Common(), shape=Uniform(-0.3, 0.1))
    shapes = np.linspace(-0.3, 0.1, 1601)
    weight = np.full(len(shapes), -math.log(0.4))
    weight[[0, -1]] += math.log(0.5)
    evidence, quantiles = summed(model, shapes, weight)
    found = solve(model)
    assert not found.reasons
    assert found.log_marginal_likelihood == pytest.approx(evidence, abs=1e-6)
    marginal = found.marginal("typical")
    assert marginal is not None
    np.testing.assert_allclose(marginal.quantile(np.array([0.025, 0.5, 0.975])), quantiles, rtol=1e-4)


def test_partial_pooling_is_the_plain_sum_over_mu_tau_and_shape() -> None:
    model = compiled(Weibull(), Shape("shared"), cohorts=2)
    shapes = np.linspace(SHAPE.mu - 6.0 * SHAPE.sigma, SHAPE.mu + 6.0 * SHAPE.sigma, 25)
    mu = np.linspace(LEVEL.mu - 6.0, LEVEL.mu + 6.0, 241)
    tau = np.linspace(0.0, 3.0, 151)
    theta = np.linspace(LEVEL.mu - 12.0, LEVEL.mu + 12.0, 961)
    inside = np.exp(-0.5 * ((theta - mu[:, None]) / np.maximum(tau, 1e-9)[:, None, None]) ** 2)
    inside /= np.maximum(inside.sum(axis=-1, keepdims=True), 1e-300)
    inside[0] = np.eye(len(theta))[np.searchsorted(theta, mu - 1e-9)]
    logs = []
    for shape in shapes:
        likelihood = model.at_shape([shape]).log_likelihood(theta[:, None])
        peak = likelihood.max(axis=0)
        averages = np.log(np.maximum(inside @ np.exp(likelihood - peak), 1e-300)) + peak
        logs.append(averages.sum(axis=-1))
    total = np.array(logs) + LEVEL.log_density(mu) + HalfNormal(0.5).log_density(np.maximum(tau, 1e-12))[:, None]
    total += SHAPE.log_density(shapes)[:, None, None]
    weight = np.full(len(tau), tau[1])
    weight[[0, -1]] *= 0.5
    total += np.log(weight)[:, None]
    steps = math.log(mu[1] - mu[0]) + math.log(shapes[1] - shapes[0])
    found = solve(model)
    assert not found.reasons
    assert found.log_marginal_likelihood == pytest.approx(float(special.logsumexp(total)) + steps, abs=2e-4)


def test_leaving_a_cohort_out_is_fitting_the_others() -> None:
    model = compiled(Weibull(), Shape("shared"))
    posterior, others = solve(model), solve(model.without(0))
    found = posterior.leave_one_out()
    assert found is not None
    expected = posterior.log_marginal_likelihood - others.log_marginal_likelihood
    assert found.log_predictive[0] == pytest.approx(expected, abs=1e-5)
    marginal = others.marginal("mu")
    assert marginal is not None
    assert found.variance_mu[0] == pytest.approx(marginal.sd**2, rel=1e-4)


def apart_by_a_plain_sum(model: CompiledModel, keep: list[int]) -> tuple[float, np.ndarray, np.ndarray]:
    """Of some cohorts, each on its own under one shape: log evidence, and the first's medians and the shape's."""
    theta = np.linspace(LEVEL.mu - 7.0, LEVEL.mu + 7.0, 2001)
    shapes = np.linspace(SHAPE.mu - 6.5 * SHAPE.sigma, SHAPE.mu + 6.5 * SHAPE.sigma, 161)
    each = np.tile(theta[:, None], model.cohorts)
    logs = np.array([model.at_shape([one]).log_likelihood(each) + LEVEL.log_density(theta)[:, None] for one in shapes])
    own = special.logsumexp(logs, axis=1)[:, keep] + math.log(theta[1] - theta[0])
    share = own.sum(axis=1) + SHAPE.log_density(shapes)
    evidence = float(special.logsumexp(share)) + math.log(shapes[1] - shapes[0])
    joint = logs[..., keep[0]] + (share - own[:, 0])[:, None]
    found = []
    for mass, values in ((np.exp(joint - joint.max()).sum(axis=0), theta), (np.exp(share - share.max()), shapes)):
        below = np.cumsum(mass)
        found.append(np.interp([0.025, 0.5, 0.975], (below - 0.5 * mass) / below[-1], values))
    return evidence, np.exp(found[0]), found[1]


def test_cohorts_on_their_own_share_the_shape_and_nothing_else() -> None:
    model = compiled(Weibull(), Shape("shared"), Separate())
    evidence, medians, shapes = apart_by_a_plain_sum(model, [0, 1, 2])
    found = solve(model)
    assert not found.reasons
    assert found.log_marginal_likelihood == pytest.approx(evidence, abs=1e-5)
    cohort, shape = found.marginal("cohort", 0, natural=True), found.marginal("shape")
    assert cohort is not None
    assert shape is not None
    at = np.array([0.025, 0.5, 0.975])
    np.testing.assert_allclose(cohort.quantile(at), medians, rtol=2e-4)
    np.testing.assert_allclose(shape.quantile(at), shapes, atol=1e-3)
    draws = found.draws(4, 2000, 1)
    np.testing.assert_allclose((np.exp(draws["theta"][..., 0]).reshape(-1, 1) <= medians).mean(axis=0), at, atol=0.02)
    np.testing.assert_allclose((draws["shape"].reshape(-1, 1) <= shapes).mean(axis=0), at, atol=0.02)
    without = found.leave_one_out()
    assert without is not None
    expected = evidence - apart_by_a_plain_sum(model, [1, 2])[0]
    assert without.log_predictive[0] == pytest.approx(expected, abs=1e-5)


# -- the engines against each other -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exact() -> tc.Fit:
    return run(compiled(Weibull(), Shape("shared")), "exact", 1)


def test_both_engines_see_one_log_density() -> None:
    for family, shape in (
        (Weibull(), Shape("shared")),
        (LogNormal(), Shape("pooled")),
        (Exponential(), Shape("fixed")),
    ):
        model = compiled(family, shape)
        point = {"mu": 2.7, "tau": 0.4, "z": np.array([0.3, -1.0, 0.8]), "shape": 0.3}
        point |= {"tau_shape": 0.1, "z_shape": np.array([-0.5, 1.0, 0.2])} if shape.kind == "pooled" else {}
        twin = model.pymc_model()
        values, log_jacobian = to_pymc(twin)(point)
        symbolic = float(twin.compile_logp(jacobian=False)(values)) + log_jacobian
        assert float(model.log_density(point)) == pytest.approx(symbolic, rel=1e-10)


@pytest.mark.slow
def test_nuts_too_gives_cohorts_on_their_own_one_shape() -> None:
    model = compiled(Weibull(), Shape("shared"), Separate())
    drawn, found = run(model, "nuts", 1), run(model, "exact", 1)
    assert drawn.reportable, drawn.reasons
    for target, cohort in (("shape", None), ("cohort", 0), ("cohort", 2)):
        by_draws, by_sum = (fit.posterior.marginal(target, cohort) for fit in (drawn, found))  # type: ignore[arg-type]
        assert by_draws is not None
        assert by_sum is not None
        at = np.array([0.025, 0.5, 0.975])
        np.testing.assert_allclose(by_draws.cdf(by_sum.quantile(at)), at, atol=0.035)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["shared", "fixed"])
def test_nuts_samples_what_the_exact_engine_integrates(kind: str) -> None:
    model = compiled(Weibull(), Shape(kind, (0.2,) if kind == "fixed" else ()))
    drawn, found = run(model, "nuts", 1), run(model, "exact", 1)
    assert drawn.reportable, drawn.reasons
    for target in ("typical", "average", "new_cohort"):
        for functional, time in (("median", None), ("survival", 24.0), ("restricted_mean", 36.0), ("hazard", 12.0)):
            by_draws = curve_marginal(drawn, functional, time, target)  # type: ignore[arg-type]
            by_sum = curve_marginal(found, functional, time, target)  # type: ignore[arg-type]
            limits = by_sum.quantile(np.array([0.025, 0.5, 0.975]))
            np.testing.assert_allclose(by_draws.cdf(limits), [0.025, 0.5, 0.975], atol=0.035)


def test_draws_of_the_exact_engine_follow_its_marginals(exact: tc.Fit) -> None:
    posterior = exact.draws["posterior"]
    for name in ("mu", "tau", "shape"):
        marginal = exact.posterior.marginal(name)  # type: ignore[arg-type]
        assert marginal is not None
        below = np.sort(marginal.cdf(posterior[name].values.ravel()))
        even = (np.arange(below.size) + 0.5) / below.size
        assert np.abs(below - even).max() < 1.95 / math.sqrt(below.size)


# -- curves ---------------------------------------------------------------------------------------------------------


def test_with_a_known_shape_survival_is_a_function_of_the_median() -> None:
    fit = run(compiled(Weibull(), Shape("fixed", (0.2,))), "exact", 1)
    median, survival = fit.posterior.marginal("typical"), curve_marginal(fit, "survival", 24.0)
    assert median is not None
    limits = median.quantile(np.array([0.025, 0.5, 0.975]))
    expected = np.exp(-math.log(2.0) * (24.0 / limits) ** math.exp(0.2))
    np.testing.assert_allclose(survival.quantile(np.array([0.025, 0.5, 0.975])), expected, atol=2e-4)


def test_the_average_is_the_mean_curve_and_a_new_cohort_has_the_same_mean(exact: tc.Fit) -> None:
    average, new = (curve_marginal(exact, "survival", 24.0, target) for target in ("average", "new_cohort"))
    assert average.mean == pytest.approx(new.mean, abs=2e-4)
    assert average.sd < new.sd


def test_the_median_asked_of_the_curve_is_the_one_of_the_summary(exact: tc.Fit) -> None:
    for target in ("typical", "average", "new_cohort"):
        curve = curve_marginal(exact, "median", None, target).summary(0.95)  # type: ignore[arg-type]
        assert curve["median"] == pytest.approx(exact.summary()[target]["median"], rel=1e-3)


def test_a_curve_falls_and_says_where_it_is_extrapolated(exact: tc.Fit) -> None:
    assert longest_followup(exact) == 40.0
    table = survival_curve(exact, [0, 6, 12, 24, 41], "new_cohort")
    assert (np.diff(table["median"]) < 0.0).all()
    assert list(table["extrapolated"]) == [False, False, False, False, True]
    assert table["median"][0] == 1.0


def test_restricted_means_are_the_area_under_the_curve(exact: tc.Fit) -> None:
    times = np.linspace(0.0, 24.0, 97)
    curve = survival_curve(exact, times.tolist(), "average")
    area = float(np.trapezoid(curve["mean"], times))
    assert curve_marginal(exact, "restricted_mean", 24.0, "average").mean == pytest.approx(area, rel=1e-3)


def test_deaths_of_new_patients_are_a_mixture_of_binomials(exact: tc.Fit) -> None:
    chances = predicted_deaths(exact, 20, 12.0)
    survival = curve_marginal(exact, "survival", 12.0, "new_cohort")
    assert chances.sum() == pytest.approx(1.0)
    assert float(chances @ np.arange(21)) == pytest.approx(20 * (1.0 - survival.mean), rel=1e-6)
    assert chances[0] < chances[7]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"functional": "odds", "time_months": 12.0}, "'odds' is unknown"),
        ({"functional": "survival", "time_months": -1.0}, "-1.0"),
        ({"functional": "survival", "time_months": None}, "None"),
        ({"functional": "survival", "time_months": True}, "time_months: True. Give months above 0"),
        ({"functional": "hazard", "time_months": 12.0, "target": "somebody"}, "unknown target 'somebody'"),
    ],
)
def test_what_cannot_be_asked_of_a_curve_is_refused(exact: tc.Fit, asked: dict[str, object], said: str) -> None:
    with pytest.raises(tc.InputError, match=said):
        curve_marginal(exact, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ([], r"times_months: \[\]. Give at least one time, in months, in a list"),
        (12.0, r"times_months: 12\.0"),
        ([True, 12.0], "time_months: True"),
        ([False, 12.0], "time_months: False"),
        (["12"], "time_months: '12'"),
    ],
)
def test_a_curve_at_no_time_or_at_what_is_no_time_is_refused(exact: tc.Fit, times: object, said: str) -> None:
    with pytest.raises(tc.InputError, match=said):
        survival_curve(exact, times)  # type: ignore[arg-type]


def test_everybody_is_alive_at_the_beginning(exact: tc.Fit) -> None:
    (row,) = survival_curve(exact, [0]).to_dict("records")
    assert [row[name] for name in ("mean", "sd", "lower", "upper")] == [1.0, 0.0, 1.0, 1.0]


def test_a_model_of_proportions_has_no_curve() -> None:
    with pytest.raises(tc.InputError, match="not of survival"):
        longest_followup(tc.pool(events=[1, 7], totals=[8, 27]))


# -- fits and files -------------------------------------------------------------------------------------------------


def test_a_fit_survives_its_file(exact: tc.Fit, tmp_path: Path) -> None:
    again = tc.read_fit(exact.save(tmp_path / "fit.nc"))
    assert again.summary()["typical"] == exact.summary()["typical"]
    assert again.compiled.digest == exact.compiled.digest


def test_a_report_more_or_less_is_another_model() -> None:
    model = compiled(Weibull(), Shape("shared"))
    assert model.without(0).digest != model.digest
    assert (
        replace(
            model, shape=Shape("fixed", (0.2,)), priors={n: p for n, p in model.priors.items() if n != "shape"}
        ).digest
        != model.digest
    )


@pytest.mark.parametrize(
    ("shape", "said"),
    [(Shape("fixed"), "0 shape numbers, and weibull has 1"), (Shape("fixed", (0.1, 0.2)), "2 shape numbers")],
)
def test_a_shape_that_does_not_fit_its_family_is_refused(shape: Shape, said: str) -> None:
    with pytest.raises(tc.InputError, match=said):
        compiled(Weibull(), shape)
