"""Priors against SciPy, PyMC and published numbers; and how one is typed."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

import tinycohort as tc
from tinycohort.issues import InputError
from tinycohort.priors import (
    PRIORS,
    Beta,
    Cauchy,
    Exponential,
    Gamma,
    HalfCauchy,
    HalfNormal,
    HalfStudentT,
    InverseGamma,
    Logistic,
    LogitBeta,
    LogNormal,
    LogStudentT,
    Normal,
    Prior,
    StudentT,
    Turner2015,
    Uniform,
    prior,
)

# Each prior beside the distribution of SciPy that it claims to be.
TWINS: dict[type[Prior], Callable[[Any], Any]] = {
    Normal: lambda p: stats.norm(p.mu, p.sigma),
    Logistic: lambda p: stats.logistic(p.mu, p.scale),
    StudentT: lambda p: stats.t(p.nu, p.mu, p.sigma),
    Cauchy: lambda p: stats.cauchy(p.mu, p.scale),
    Beta: lambda p: stats.beta(p.alpha, p.beta),
    HalfNormal: lambda p: stats.halfnorm(scale=p.sigma),
    HalfCauchy: lambda p: stats.halfcauchy(scale=p.scale),
    LogNormal: lambda p: stats.lognorm(p.sigma, scale=math.exp(p.mu)),
    Exponential: lambda p: stats.expon(scale=1 / p.rate),
    Gamma: lambda p: stats.gamma(p.alpha, scale=1 / p.beta),
    InverseGamma: lambda p: stats.invgamma(p.alpha, scale=p.beta),
    Uniform: lambda p: stats.uniform(p.lower, p.upper - p.lower),
    Turner2015: lambda p: stats.lognorm(p.log_normal.sigma, scale=math.exp(p.log_normal.mu)),
}

EXAMPLES: list[Prior] = [
    Normal(0.4, 1.5),
    Logistic(0, 1),
    Logistic(-1.2, 0.4),
    StudentT(3, 0.5, 2),
    StudentT(1.5, 0, 1),
    Cauchy(0, 2.5),
    Beta(1, 1),
    Beta(0.5, 3),
    LogitBeta(2, 5),
    LogitBeta(0.3, 0.4),
    HalfNormal(0.5),
    HalfCauchy(0.25),
    HalfStudentT(4, 0.5),
    HalfStudentT(1, 2),
    LogNormal(-1.07, 0.87),
    LogStudentT(5, -1.5, 0.8),
    Exponential(2),
    Gamma(0.7, 2),
    Gamma(3, 0.5),
    InverseGamma(0.8, 0.3),
    InverseGamma(3, 2),
    Uniform(0, 2),
    Uniform(-3, 1),
    Turner2015("adverse_events", "pharmacological_vs_placebo"),
    Turner2015("any", "any"),
]
every = pytest.mark.parametrize("example", EXAMPLES, ids=str)

positive = st.floats(0.1, 20)
level = st.floats(-5, 5)
PARAMETERS: dict[str, st.SearchStrategy[float]] = {
    "mu": level,
    "sigma": st.floats(0.05, 5),
    "scale": st.floats(0.05, 5),
    "nu": st.floats(1, 30),
    "rate": positive,
    "alpha": positive,
    "beta": positive,
}


@st.composite
def any_prior(draw: st.DrawFn) -> Prior:
    """Any prior with ordinary parameters."""
    cls = draw(st.sampled_from([*PRIORS.values(), LogitBeta]))
    if cls is Uniform:
        lower = draw(level)
        return Uniform(lower, lower + draw(positive))
    if cls is Turner2015:
        outcome, comparison = (field.metadata["words"][:-1] for field in dataclasses.fields(cls))
        return Turner2015(draw(st.sampled_from(outcome)), draw(st.sampled_from(comparison)))
    values = {field.name: draw(PARAMETERS[field.name]) for field in dataclasses.fields(cls)}
    if cls is LogStudentT:
        values["nu"] += 3  # with fewer degrees of freedom its quantiles leave the range of a double
    return cls(**values)


def test_every_prior_is_tested_here() -> None:
    assert {type(example) for example in EXAMPLES} == {*PRIORS.values(), LogitBeta}


# The distribution itself.


@every
@pytest.mark.parametrize(("lower", "upper"), [(0.001, 0.3), (0.3, 0.9), (0.9, 0.999)])
def test_the_density_integrates_to_the_distribution_function(example: Prior, lower: float, upper: float) -> None:
    ends = example.quantile(np.array([lower, upper]))
    value, error = integrate.quad(
        lambda x: math.exp(float(example.log_density(x))), *ends, epsabs=1e-12, epsrel=1e-11, limit=200
    )
    assert error < 1e-8
    assert value == pytest.approx(float(example.cdf(ends[1]) - example.cdf(ends[0])), abs=1e-9)


@given(any_prior(), st.floats(1e-6, 1 - 1e-6))
def test_the_quantile_inverts_the_distribution_function(example: Prior, p: float) -> None:
    assert float(example.cdf(example.quantile(p))) == pytest.approx(p, abs=1e-10)


@given(any_prior())
def test_quantiles_rise_within_the_support(example: Prior) -> None:
    x = example.quantile(np.array([1e-9, 0.025, 0.25, 0.5, 0.75, 0.975, 1 - 1e-9]))
    assert np.all(np.diff(x) > 0)
    lower, upper = example.support
    assert lower <= x[0]
    assert x[-1] <= upper


@pytest.mark.parametrize("example", [e for e in EXAMPLES if type(e) in TWINS], ids=str)
def test_density_distribution_quantiles_and_moments_are_those_of_scipy(example: Prior) -> None:
    twin = TWINS[type(example)](example)
    p = np.array([1e-5, 0.01, 0.2, 0.5, 0.8, 0.99, 1 - 1e-5])
    x = twin.ppf(p)
    assert example.log_density(x) == pytest.approx(twin.logpdf(x), rel=1e-9, abs=1e-9)
    assert example.cdf(x) == pytest.approx(p, abs=1e-10)
    assert example.quantile(p) == pytest.approx(x, rel=1e-8)
    for ours, order in ((example.mean, 1), (example.variance, 2)):
        theirs = float(twin.mean() if order == 1 else twin.var())
        if example.moments > order:
            assert ours == pytest.approx(theirs, rel=1e-12)
        else:
            assert not math.isfinite(ours)
            assert not math.isfinite(theirs)


@pytest.mark.parametrize(("nu", "sigma"), [(4.0, 0.5), (2.5, 1.0), (1.0, 2.0), (30.0, 0.3)])
def test_a_half_student_t_is_the_absolute_value_of_a_student_t(nu: float, sigma: float) -> None:
    half, whole = HalfStudentT(nu, sigma), stats.t(nu, 0, sigma)
    x = np.array([1e-6, 0.1, 0.5, 1.0, 5.0, 40.0])
    assert half.log_density(x) == pytest.approx(whole.logpdf(x) + math.log(2), abs=1e-12)
    assert half.cdf(x) == pytest.approx(1 - 2 * whole.sf(x), abs=1e-12)
    if nu > 2:
        mean = integrate.quad(lambda v: v * math.exp(half.log_density(v)), 0, math.inf, epsabs=1e-12, limit=400)[0]
        assert half.mean == pytest.approx(mean, rel=1e-7)
        assert half.variance == pytest.approx(whole.var() - half.mean**2, rel=1e-10)
    else:
        assert not math.isfinite(half.mean)


def test_a_half_student_t_with_one_degree_of_freedom_is_a_half_cauchy() -> None:
    x = np.array([0.01, 0.3, 2.0, 50.0])
    assert HalfStudentT(1, 0.7).log_density(x) == pytest.approx(HalfCauchy(0.7).log_density(x), abs=1e-12)
    assert HalfStudentT(1, 0.7).cdf(x) == pytest.approx(HalfCauchy(0.7).cdf(x), abs=1e-12)


def test_the_logarithm_of_a_log_student_t_is_student_t() -> None:
    example, twin = LogStudentT(5, -1.5, 0.8), stats.t(5, -1.5, 0.8)
    x = np.exp(twin.ppf([0.01, 0.3, 0.7, 0.99]))
    assert example.log_density(x) == pytest.approx(twin.logpdf(np.log(x)) - np.log(x), abs=1e-12)
    assert example.cdf(x) == pytest.approx([0.01, 0.3, 0.7, 0.99], abs=1e-12)
    assert example.moments == 0
    assert math.isnan(example.mean)
    assert math.isinf(example.variance)


@pytest.mark.parametrize("example", [Beta(1, 1), Beta(2, 5), Beta(0.5, 0.5), Beta(0.1, 8)], ids=str)
def test_a_beta_on_the_logit_scale_is_the_same_belief(example: Beta) -> None:
    logit = example.on_logit()
    p = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
    theta = special.logit(p)
    assert logit.cdf(theta) == pytest.approx(example.cdf(p), abs=1e-13)
    assert logit.log_density(theta) == pytest.approx(example.log_density(p) + np.log(p * (1 - p)), abs=1e-11)
    shares = np.array([0.05, 0.5, 0.95])
    assert special.expit(logit.quantile(shares)) == pytest.approx(example.quantile(shares), rel=1e-10)
    for order, ours in ((1, logit.mean), (2, logit.variance + logit.mean**2)):
        integral = integrate.quad(
            lambda t, k=order: t**k * math.exp(logit.log_density(t)), -400, 400, points=[-20, 0, 20], limit=800
        )[0]
        assert ours == pytest.approx(integral, rel=1e-7)


def test_a_uniform_share_is_a_standard_logistic_on_the_logit_scale() -> None:
    x = np.linspace(-30, 30, 61)
    assert Beta(1, 1).on_logit().log_density(x) == pytest.approx(Logistic(0, 1).log_density(x), abs=1e-12)
    assert LogitBeta(1, 1).variance == pytest.approx(Logistic(0, 1).variance)


def test_a_beta_on_the_logit_scale_keeps_its_digits_in_both_tails() -> None:
    p = np.array([1e-12, 1e-6, 1e-3])
    assert LogitBeta(2, 7).quantile(p) == pytest.approx(-LogitBeta(7, 2).quantile(1 - p), rel=1e-4)
    theta = LogitBeta(0.5, 40).quantile(p)
    assert np.all(np.isfinite(theta))
    assert LogitBeta(0.5, 40).cdf(theta) == pytest.approx(p, rel=1e-9)


@every
def test_the_tail_that_is_declared_is_the_tail_that_is_there(example: Prior) -> None:
    precision = example.gaussian_precision
    if math.isinf(precision):
        assert all(math.isfinite(end) for end in example.support)
        outside = np.array([example.support[0] - 0.1, example.support[1] + 0.1])
        assert np.all(example.log_density(outside) == -math.inf)
    elif math.isfinite(example.support[1]):
        assert isinstance(example, Beta)  # of a probability: mu's prior is the LogitBeta
    else:
        x = 1e6
        assert -float(example.log_density(x)) / x**2 == pytest.approx(precision, rel=1e-4, abs=1e-4)


def test_draws_follow_the_distribution_and_the_seed() -> None:
    for example in EXAMPLES:
        draws = example.draw(np.random.default_rng(7), 4000)
        assert stats.kstest(draws, example.cdf).pvalue > 1e-4, example
        np.testing.assert_array_equal(draws, example.draw(np.random.default_rng(7), 4000))
        assert example.draw(np.random.default_rng(7), (2, 3)).shape == (2, 3)


def test_the_published_prior_of_turner_2015_has_its_published_quantiles() -> None:
    # tau^2 ~ log-normal(-2.14, 1.74), so that tau is log-normal with half of both; the quantiles are those that
    # bayesmeta prints (Roever 2020, doi:10.18637/jss.v093.i06, page 31).
    tau = Turner2015("surgical_success", "pharmacological_vs_placebo")
    assert tau.log_normal == LogNormal(-2.14 / 2, 1.74 / 2)
    assert tau.quantile([0.025, 0.5, 0.975]) == pytest.approx([0.06233896, 0.34300852, 1.88734045], abs=5e-9)


def test_the_published_table_of_turner_2015_is_a_sum_of_outcome_and_comparison() -> None:
    """Its locations come from a regression on both, so that a slip of the pen would stand out."""
    outcomes, comparisons = (field.metadata["words"][:-1] for field in dataclasses.fields(Turner2015))
    location = 2 * np.array([[Turner2015(o, c).log_normal.mu for c in comparisons] for o in outcomes])
    assert location.shape == (16, 5)
    sums = location.mean(axis=0) + location.mean(axis=1)[:, None] - location.mean()
    np.testing.assert_allclose(location, sums, atol=0.011)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pian", "any"), "unknown word 'pian'. Did you mean pain?"),
        (("pain", 3), "unknown word 3"),
        (("pain", "any"), "Name both, or write any for both."),
    ],
)
def test_a_published_prior_says_which_word_it_does_not_know(words: tuple[Any, Any], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        Turner2015(*words)


def test_what_was_found_among_contrasts_says_nothing_of_single_arms() -> None:
    typed = "Turner2015(signs_or_symptoms, pharmacological_vs_placebo)"
    ratios = {"estimates": [0.7, 1.1], "lower": [0.4, 0.6], "upper": [1.2, 2.0], "ratio": True, "mu": "Normal(0, 1)"}
    assert tc.pool(**ratios, tau=typed).provenance
    assert prior(typed) == prior(prior(typed).to_dict()) == prior(str(prior(typed)))
    for refused in (
        lambda: tc.pool(events=[1, 2], totals=[5, 8], tau=typed),
        lambda: tc.pool(**{**ratios, "mu": typed}, tau="HalfNormal(0.5)"),
        lambda: tc.pool_survival({"a": tc.from_patients([4, 5], [1, 0])}, mu="Normal(3, 1)", tau=typed),
    ):
        with pytest.raises(InputError, match="says how much contrasts between treatments differ"):
            refused()


def test_the_default_heterogeneity_is_what_the_model_files_say_of_it() -> None:
    assert HalfNormal(0.25).cdf(0.49) == pytest.approx(0.95, abs=5e-4)
    assert HalfNormal(0.5).cdf(0.98) == pytest.approx(0.95, abs=5e-4)
    assert HalfNormal(1.0).cdf(1.96) == pytest.approx(0.95, abs=5e-4)
    assert HalfNormal(0.5).quantile(0.5) == pytest.approx(0.34, abs=5e-3)
    assert special.expit(Normal(0, 1.5).quantile([0.25, 0.75])) == pytest.approx([0.27, 0.73], abs=5e-3)


def in_double_precision(example: Prior) -> Prior:
    """The same prior with parameters that PyTensor keeps in double precision.

    It holds a Python float that single precision can hold, such as 1.5, in single precision, and takes its logarithm
    there.
    """
    example = copy.copy(example)
    for field in dataclasses.fields(example):
        if "words" not in field.metadata:
            object.__setattr__(example, field.name, np.float64(getattr(example, field.name)))
    return example


def log_density_in_pymc(example: Prior, x: Any) -> Any:
    """What PyMC says of a prior that was put into one of its models; by change of variables where it is derived."""
    import pymc
    import pytensor

    with pymc.Model() as model:
        variable = example.pymc("x")
    assert variable.name == "x"
    inner, jacobian = x, 0.0
    match example:
        case LogStudentT():
            variable, inner, jacobian = model["log_x"], np.log(x), -np.log(x)
        case LogitBeta():
            inner = special.expit(x)
            variable, jacobian = model["x_probability"], np.log(inner * (1 - inner))
    return pytensor.function([], pymc.logp(variable, inner), mode="FAST_COMPILE")() + jacobian


def test_log_densities_are_those_of_pymc() -> None:
    log_2_in_single_precision = 2e-9  # in PyMC's own half distributions of these two names
    for example in EXAMPLES:
        x = example.quantile(np.array([0.001, 0.1, 0.5, 0.9, 0.999]))
        ours, exact = example.log_density(x), log_density_in_pymc(in_double_precision(example), x)
        error = log_2_in_single_precision if isinstance(example, HalfCauchy | HalfStudentT) else 1e-10
        assert np.max(np.abs(ours - exact)) < error, example
        assert np.max(np.abs(ours - log_density_in_pymc(example, x))) < 1e-7, example


def test_a_derived_variable_of_pymc_is_what_its_name_says() -> None:
    import pymc

    with pymc.Model(coords={"cohort": ["a", "b"]}) as model:
        LogStudentT(5, 0.0, 1.0).pymc("tau")
        LogitBeta(2, 3).pymc("mu", dims="cohort")
    names = ("mu", "mu_probability", "tau", "log_tau")
    mu, p, tau, log_tau = pymc.draw([model[name] for name in names], random_seed=1, mode="FAST_COMPILE")
    assert mu == pytest.approx(special.logit(p))
    assert mu.shape == (2,)
    assert tau == pytest.approx(np.exp(log_tau))


# How a prior is typed.


@pytest.mark.parametrize(
    "typed",
    [
        HalfStudentT(4, 0.5),
        "HalfStudentT(4, 0.5)",
        "HalfStudentT(4,.5)",
        "  HalfStudentT ( nu = 4, sigma=5e-1 )  ",
        "HalfStudentT(4, sigma=0.5)",
        "HalfStudentT(sigma=0.5, nu=4)",
        {"dist": "HalfStudentT", "nu": 4, "sigma": 0.5},
    ],
)
def test_a_prior_can_be_typed_in_several_ways(typed: Any) -> None:
    assert prior(typed) == HalfStudentT(4, 0.5)


@given(any_prior().filter(lambda example: not isinstance(example, LogitBeta)))
def test_a_prior_reads_back_from_what_it_writes(example: Prior) -> None:
    assert prior(example.to_dict()) == example
    assert prior(repr(example)) == example
    assert type(prior(str(example))) is type(example)
    assert pickle.loads(pickle.dumps(example)) == example
    assert hash(prior(repr(example))) == hash(example)


def test_whole_numbers_become_numbers() -> None:
    assert prior("Normal(0, 1)").to_dict() == {"dist": "Normal", "mu": 0.0, "sigma": 1.0}
    assert str(Normal(np.int64(0), np.float32(0.5))) == "Normal(0, 0.5)"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("HalfNorml(0.5)", "prior: unknown prior 'HalfNorml'. Did you mean HalfNormal? Known: Normal, Logistic,"),
        ("halfnormal(0.5)", "unknown prior 'halfnormal'. Did you mean HalfNormal?"),
        ("Wishart(1)", "unknown prior 'Wishart'"),
        ({"sigma": 1}, "unknown prior ''"),
        ("HalfNormal(0.5, 1)", "HalfNormal(0.5, 1) has wrong parameters. Write HalfNormal(sigma), each of them once."),
        ("HalfNormal()", "HalfNormal() has wrong parameters"),
        ("Normal(0)", "Normal(0) has wrong parameters. Write Normal(mu, sigma)"),
        ("Normal(0, mu=1)", "Normal(0, mu=1.0) has wrong parameters"),
        ("Normal(0, scale=1)", "Normal(0, scale=1.0) has wrong parameters"),
        ({"dist": "Normal", "mu": 0, "sigma": 1, "nu": 3}, "Normal(mu=0, sigma=1, nu=3) has wrong parameters"),
        ("HalfNormal(half)", "'half' in 'HalfNormal(half)' is not a number"),
        ("HalfNormal(sigma=)", "'' in 'HalfNormal(sigma=)' is not a number"),
        ("HalfNormal", "'HalfNormal' does not read as a prior"),
        ("HalfNormal(0.5", "does not read as a prior"),
        ("Normal(Normal(0, 1), 1)", "does not read as a prior"),
        ("", "'' does not read as a prior"),
        (0.5, "0.5 does not read as a prior"),
        ("HalfNormal(-1)", "prior: prior HalfNormal, sigma: -1.0 is not above zero. Give a positive number."),
        ("HalfNormal(0)", "0.0 is not above zero"),
        ("HalfNormal(nan)", "nan is not a finite number"),
        ("Normal(inf, 1)", "inf is not a finite number"),
        ("Uniform(1, 1)", "lower 1 is not below upper 1"),
        ({"dist": "HalfNormal", "sigma": "0.5"}, "'0.5' is not a finite number"),
        ({"dist": "HalfNormal", "sigma": True}, "True is not a finite number"),
        ({"dist": "HalfNormal", "sigma": None}, "None is not a finite number"),
    ],
)
def test_a_prior_that_is_typed_wrongly_is_refused_with_a_reason(typed: Any, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        prior(typed)


def test_all_that_is_wrong_with_a_prior_is_said_at_once_and_where() -> None:
    with pytest.raises(InputError) as caught:
        prior("StudentT(-1, nan, 0)", where="--tau")
    assert [issue.where for issue in caught.value.issues] == [
        "--tau: prior StudentT, nu",
        "--tau: prior StudentT, mu",
        "--tau: prior StudentT, sigma",
    ]


@pytest.mark.parametrize("name", ["log_density", "cdf", "quantile"])
def test_a_prior_in_the_abstract_says_that_it_knows_nothing(name: str) -> None:
    with pytest.raises(TypeError, match="of its own"):
        getattr(Prior(), name)(0.5)
