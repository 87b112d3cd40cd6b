"""Families: the natural scale, and the average over cohorts against integrals done otherwise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

from tinycohort.families import FAMILIES, Contrast, Family, Proportion
from tinycohort.issues import InputError
from tinycohort.priors import Beta, HalfCauchy, HalfNormal, LogitBeta, Normal, Uniform

MEMBERS = [Proportion(), Contrast("ratio"), Contrast("difference")]
members = pytest.mark.parametrize("family", MEMBERS, ids=["proportion", "ratio", "difference"])

levels = st.floats(-12, 12)
spreads = st.floats(0, 30)


def test_every_family_is_tested_here() -> None:
    assert {type(family) for family in MEMBERS} == set(FAMILIES.values())
    assert all(cls.name == name for name, cls in FAMILIES.items())


@members
def test_the_natural_scale_and_the_model_scale_are_each_others_inverse(family: Family) -> None:
    theta = np.linspace(-8, 8, 33)
    natural = family.natural(theta)
    assert family.theta(natural) == pytest.approx(theta, abs=1e-9)
    lower, upper = family.natural_support
    assert np.all((natural > lower) & (natural < upper))
    assert np.all(np.diff(natural) > 0)


@members
def test_the_slope_is_the_derivative_of_the_natural_scale(family: Family) -> None:
    theta = np.linspace(-6, 6, 25)
    step = 1e-5
    difference = (family.natural(theta + step) - family.natural(theta - step)) / (2 * step)
    assert family.slope(theta) == pytest.approx(difference, rel=1e-7)


def test_the_scales_have_the_names_of_the_field() -> None:
    assert [(family.quantity, family.model_scale) for family in MEMBERS] == [
        ("probability", "logit"),
        ("ratio", "log"),
        ("difference", "identity"),
    ]


def mean_by_adaptive_quadrature(function: Any, mu: float, tau: float) -> float:
    """E function(mu + tau z) by an adaptive rule, split where expit bends."""
    bends = [z for z in ((-mu - 4) / tau, -mu / tau, (4 - mu) / tau) if -10 < z < 10] if tau > 0 else []
    value, error = integrate.quad(
        lambda z: function(mu + tau * z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
        -10,
        10,
        points=bends or None,
        limit=400,
        epsabs=1e-13,
        epsrel=1e-12,
    )
    assert error < 1e-10
    return float(value)


@given(levels, spreads)
def test_the_average_proportion_is_its_integral(mu: float, tau: float) -> None:
    first, second = Proportion().average(mu, tau)
    assert float(first) == pytest.approx(mean_by_adaptive_quadrature(special.expit, mu, tau), abs=1e-9)
    square = mean_by_adaptive_quadrature(lambda theta: special.expit(theta) ** 2, mu, tau)
    assert float(second) == pytest.approx(square, abs=1e-9)


@given(levels, spreads)
def test_the_average_proportion_is_mirrored_when_events_and_others_swap(mu: float, tau: float) -> None:
    first, second = Proportion().average(mu, tau)
    mirrored, mirrored_second = Proportion().average(-mu, tau)
    assert float(mirrored) == pytest.approx(1 - float(first), abs=1e-10)
    assert float(mirrored_second) == pytest.approx(1 - 2 * float(first) + float(second), abs=1e-10)


@given(levels, spreads)
def test_the_moments_of_a_proportion_are_those_of_a_proportion(mu: float, tau: float) -> None:
    first, second = map(float, Proportion().average(mu, tau))
    assert 0 < first < 1
    assert first**2 - 1e-12 <= second <= first + 1e-12


@members
def test_without_heterogeneity_the_average_is_the_typical(family: Family) -> None:
    mu = np.linspace(-5, 5, 11)
    first, second = family.average(mu, 0.0)
    assert first == pytest.approx(family.natural(mu), rel=1e-12)
    assert second == pytest.approx(family.natural(mu) ** 2, rel=1e-11)


def test_the_two_rules_for_the_average_meet_without_a_step() -> None:
    mu = np.linspace(-10, 10, 41)
    below, above = (Proportion().average(mu, tau) for tau in (1.0 - 1e-12, 1.0))
    for narrow, wide in zip(below, above, strict=True):
        assert narrow == pytest.approx(wide, abs=1e-10)


def test_the_average_of_cohorts_that_are_all_or_nothing_is_a_half() -> None:
    first, second = Proportion().average(0.0, 1e6)
    assert float(first) == pytest.approx(0.5, abs=1e-12)
    assert float(second) == pytest.approx(0.5, abs=1e-5)


@members
def test_the_average_broadcasts_over_mu_and_tau(family: Family) -> None:
    mu, tau = np.linspace(-1, 1, 3)[:, None], np.array([0.0, 0.5, 1.0, 2.0])
    first, second = family.average(mu, tau)
    assert first.shape == second.shape == (3, 4)
    assert float(first[2, 1]) == float(family.average(1.0, 0.5)[0])


@given(st.floats(-3, 3), st.floats(0.01, 1.5))
def test_the_average_ratio_is_the_mean_of_a_log_normal(mu: float, tau: float) -> None:
    first, second = map(float, Contrast("ratio").average(mu, tau))
    exact = stats.lognorm(tau, scale=math.exp(mu))
    assert first == pytest.approx(exact.mean(), rel=1e-12)
    assert second == pytest.approx(exact.var() + exact.mean() ** 2, rel=1e-10)


@given(st.floats(-3, 3), st.floats(0, 5))
def test_the_average_difference_is_the_mean_of_a_normal(mu: float, tau: float) -> None:
    first, second = map(float, Contrast("difference").average(mu, tau))
    assert first == mu
    assert second - first**2 == pytest.approx(tau**2, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("sigma", [0.3, 0.6, 0.8, 1.2])
def test_a_ratio_has_a_moment_when_its_integral_over_tau_settles(order: int, sigma: float) -> None:
    prior = HalfNormal(sigma)

    def up_to(upper: float) -> float:
        tau = np.linspace(0, upper, 200_001)
        return float(np.trapezoid(np.exp(order**2 * tau**2 / 2 + prior.log_density(tau)), tau))

    settles = up_to(12.0) / up_to(6.0) < 1.01
    assert Contrast("ratio").has_moment(order, prior.gaussian_precision) is settles


def test_which_moments_exist_follows_from_the_tail_of_tau() -> None:
    ratio = Contrast("ratio")
    assert not ratio.has_moment(1, HalfCauchy(0.5).gaussian_precision)
    assert ratio.has_moment(2, Uniform(0, 3).gaussian_precision)
    for family in (Proportion(), Contrast("difference")):
        assert family.has_moment(2, HalfCauchy(0.5).gaussian_precision)


def test_a_beta_prior_of_a_proportion_speaks_of_the_probability() -> None:
    assert Proportion().level_prior(Beta(2, 5)) == LogitBeta(2, 5)
    assert Proportion().level_prior(Normal(0, 1)) == Normal(0, 1)
    assert Contrast("ratio").level_prior(Normal(0, 1)) == Normal(0, 1)


def test_a_contrast_is_a_ratio_or_a_difference() -> None:
    with pytest.raises(InputError, match=r"unknown measure 'odds'\. Choose one of ratio, difference\."):
        Contrast("odds")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("quantity", None),
        ("model_scale", None),
        ("natural_support", None),
        ("natural", (0.0,)),
        ("slope", (0.0,)),
        ("theta", (0.5,)),
        ("average", (0.0, 1.0)),
        ("has_moment", (1, 0.0)),
    ],
)
def test_a_family_in_the_abstract_says_that_it_knows_nothing(name: str, arguments: tuple[Any, ...] | None) -> None:
    with pytest.raises(TypeError, match="Family"):
        getattr(Family(), name)(*arguments or ())
