"""Quadrature and interpolation against closed forms."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Polynomial
from scipy import special

from tinycohort.numerics import barycentric, expit, gauss_hermite, gauss_legendre, log_sum_exp, softplus, with_ones

SIZES = [1, 2, 3, 8, 21, 48]


def interpolated(points: np.ndarray, values: np.ndarray, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    """One polynomial through `values`, at `x`."""
    return barycentric(points, with_ones(values[..., None]), weights, x)[..., 0]


def test_expit_is_scipys_without_overflow_at_either_end() -> None:
    x = np.concatenate([np.linspace(-40, 40, 81), [-800.0, 800.0]])
    assert expit(x) == pytest.approx(special.expit(x), rel=1e-14, abs=0)


@pytest.mark.parametrize("size", SIZES)
def test_gauss_legendre_integrates_polynomials_up_to_degree_2n_minus_1(size: int) -> None:
    rule = gauss_legendre(size)
    for degree in range(2 * size):
        exact = 2.0 / (degree + 1) if degree % 2 == 0 else 0.0
        assert rule.weights @ rule.nodes**degree == pytest.approx(exact, abs=1e-13)


def test_gauss_legendre_is_no_better_than_it_can_be() -> None:
    rule = gauss_legendre(3)
    assert abs(rule.weights @ rule.nodes**6 - 2 / 7) > 1e-3


@pytest.mark.parametrize("size", SIZES)
def test_the_antiderivative_of_a_polynomial_is_exact_at_every_end(size: int) -> None:
    rule = gauss_legendre(size)
    polynomial = Polynomial(np.random.default_rng(size).normal(size=size))
    exact = polynomial.integ(lbnd=-1)(rule.ends)
    assert rule.to_ends @ polynomial(rule.nodes) == pytest.approx(exact, abs=1e-12)


def test_the_antiderivative_of_a_smooth_function_is_accurate() -> None:
    rule = gauss_legendre(24)
    found = rule.to_ends @ np.exp(2 * rule.nodes)
    assert found == pytest.approx((np.exp(2 * rule.ends) - math.exp(-2)) / 2, abs=1e-13)


@pytest.mark.parametrize("size", SIZES)
def test_the_ends_run_from_minus_one_to_one_where_the_whole_integral_is(size: int) -> None:
    rule = gauss_legendre(size)
    assert rule.ends[0] == -1.0
    assert rule.ends[-1] == 1.0
    assert np.all(np.diff(rule.ends) > 0)
    values = np.exp(rule.nodes)
    assert rule.to_ends[0] @ values == pytest.approx(0.0, abs=1e-13)
    assert rule.to_ends[-1] @ values == pytest.approx(rule.weights @ values, abs=1e-13)


def test_a_cached_rule_cannot_be_spoilt() -> None:
    rule = gauss_legendre(5)
    assert gauss_legendre(5) is rule
    with pytest.raises(ValueError, match="read-only"):
        rule.nodes[0] = 0.0


@pytest.mark.parametrize("size", [2, 5, 20])
def test_interpolation_reproduces_polynomials_from_the_nodes_and_from_the_ends(size: int) -> None:
    rule = gauss_legendre(size)
    x = np.linspace(-1, 1, 17)
    for points, weights in ((rule.nodes, rule.node_weights), (rule.ends, rule.end_weights)):
        polynomial = Polynomial(np.random.default_rng(size).normal(size=len(points)))
        assert interpolated(points, polynomial(points), weights, x) == pytest.approx(polynomial(x), abs=1e-11)


def test_interpolation_returns_what_it_was_given_at_the_points_themselves() -> None:
    rule = gauss_legendre(12)
    values = np.random.default_rng(1).normal(size=12)
    assert interpolated(rule.nodes, values, rule.node_weights, rule.nodes) == pytest.approx(values, rel=1e-15, abs=0)


def test_interpolation_works_over_leading_dimensions() -> None:
    rule = gauss_legendre(16)
    rates = np.array([0.5, 1.0, 2.0])
    x = np.linspace(-0.9, 0.9, 12).reshape(3, 4)
    found = interpolated(rule.nodes, np.exp(rates[:, None] * rule.nodes), rule.node_weights, x)
    assert found.shape == (3, 4)
    assert found == pytest.approx(np.exp(rates[:, None] * x), abs=1e-12)


@pytest.mark.parametrize("size", [1, 4, 11, 24])
def test_gauss_hermite_has_the_moments_of_a_standard_normal(size: int) -> None:
    nodes, weights = gauss_hermite(size)
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    for half in range(size):
        exact = math.prod(range(1, 2 * half, 2))  # (2k - 1)!!
        assert weights @ nodes ** (2 * half) == pytest.approx(exact, rel=1e-10)
        assert weights @ nodes ** (2 * half + 1) == pytest.approx(0.0, abs=1e-10 * max(1, exact * size))


@pytest.mark.parametrize("rate", [0.3, 1.0, 2.0])
def test_gauss_hermite_has_the_moment_generating_and_the_characteristic_function(rate: float) -> None:
    nodes, weights = gauss_hermite(30)
    assert weights @ np.exp(rate * nodes) == pytest.approx(math.exp(rate**2 / 2), rel=1e-12)
    assert weights @ np.cos(rate * nodes) == pytest.approx(math.exp(-(rate**2) / 2), abs=1e-12)


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=20))
def test_log_sum_exp_agrees_with_arithmetic_of_many_digits(values: list[float]) -> None:
    with mpmath.workdps(40):
        exact = float(mpmath.log(mpmath.fsum(mpmath.exp(value) for value in values)))
    assert log_sum_exp(np.array(values)) == pytest.approx(exact, rel=1e-13, abs=1e-13)


def test_log_sum_exp_of_huge_and_of_impossible_values() -> None:
    assert log_sum_exp(np.array([1e5, 1e5])) == 1e5 + math.log(2)
    assert log_sum_exp(np.array([-1e5, -1e5])) == -1e5 + math.log(2)
    assert log_sum_exp(np.array([-math.inf, 0.0])) == 0.0
    assert log_sum_exp(np.array([-math.inf, -math.inf])) == -math.inf
    assert log_sum_exp(np.array([])) == -math.inf
    assert log_sum_exp(np.zeros((3, 4))) == pytest.approx(math.log(12))


@given(st.floats(-1e300, 1e300))
def test_softplus_is_log_one_plus_exp_and_never_overflows(x: float) -> None:
    with mpmath.workdps(40):
        exact = float(mpmath.log1p(mpmath.exp(x))) if x < 800 else x
    assert float(softplus(x)) == pytest.approx(exact, rel=1e-15, abs=3e-16)
    assert float(softplus(x)) - float(softplus(-x)) == pytest.approx(x, rel=1e-15, abs=3e-16)
