"""Sums over counts: added up, tabulated, and in arithmetic of many digits."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinycohort.polynomials import LogPolynomials, log_polynomial, tabulate

THETA = np.concatenate([np.linspace(-60, 60, 241), [-400.0, -0.123456, 0.0, 0.3217, 400.0]])


def binomials(total: int) -> Any:
    """log of the binomial coefficients, whose polynomial is (1 + exp(theta))^total."""
    return np.array([math.log(math.comb(total, k)) for k in range(total + 1)])


def tables(n: int, k: int, m: int) -> Any:
    """log of the number of ways to each table of two arms with m events."""
    lowest, highest = max(0, m - k), min(n, m)
    return np.array([math.log(math.comb(n, u) * math.comb(k, m - u)) for u in range(lowest, highest + 1)])


def exactly(theta: float, log_coefficients: Any) -> float:
    with mpmath.workdps(40):
        x = mpmath.exp(mpmath.mpf(theta))
        return float(mpmath.log(mpmath.fsum(mpmath.exp(c) * x**k for k, c in enumerate(log_coefficients))))


@pytest.mark.parametrize("form", [lambda rows: rows, LogPolynomials], ids=["added up", "tabulated"])
@pytest.mark.parametrize("total", [1, 2, 7, 40, 300, 1000])
def test_binomial_coefficients_add_up_to_a_power(form: Any, total: int) -> None:
    """(1 + exp(theta))^total, from far below the first term to far beyond the last."""
    found = log_polynomial(THETA[:, None], form(binomials(total)[None]))[:, 0]
    exact = total * np.logaddexp(0.0, THETA)
    assert found == pytest.approx(exact, rel=1e-13, abs=2e-13 + 4e-16 * total * 60)


@settings(max_examples=60)
@given(
    n=st.integers(1, 60), k=st.integers(1, 60), share=st.fractions(0, 1, max_denominator=60), theta=st.floats(-40, 40)
)
def test_a_table_of_sums_is_the_sum_in_arithmetic_of_many_digits(n: int, k: int, share: Fraction, theta: float) -> None:
    rows = tables(n, k, round(share * (n + k)))
    for form in (lambda rows: rows, LogPolynomials):
        assert log_polynomial(np.array([theta]), form(rows[None]))[0] == pytest.approx(
            exactly(theta, rows), rel=1e-13, abs=1e-12
        )


@pytest.mark.parametrize(("n", "k", "m"), [(1500, 2500, 800), (5000, 40, 300), (88391, 88391, 1004), (3, 4000, 3990)])
def test_sums_over_thousands_keep_their_digits(n: int, k: int, m: int) -> None:
    rows = tables(n, k, m)[None]
    theta = np.linspace(-9.0, 9.0, 37)
    added, tabulated = (log_polynomial(theta[:, None], form(rows))[:, 0] for form in (lambda rows: rows, tabulate))
    assert tabulated == pytest.approx(added, rel=2e-15, abs=2e-10)
    assert added[::6] == pytest.approx([exactly(x, rows[0]) for x in theta[::6]], rel=1e-14)


def test_powers_that_are_missing_at_the_end_count_for_nothing() -> None:
    """Rows of different length stand in one array."""
    rows = np.full((2, 41), -np.inf)
    rows[0], rows[1, :8] = binomials(40), binomials(7)
    for form in (lambda rows: rows, LogPolynomials):
        found = log_polynomial(THETA[:, None], form(rows))
        assert found == pytest.approx(np.logaddexp(0.0, THETA)[:, None] * [40, 7], rel=1e-13, abs=1e-12)


def test_a_table_is_indexed_like_an_array() -> None:
    rows = np.stack([np.pad(binomials(n), (0, 30 - n), constant_values=-np.inf) for n in (30, 8, 19)])
    table, theta = tabulate(rows), np.linspace(-3, 3, 12).reshape(4, 3)
    assert isinstance(table, LogPolynomials)
    for j in (1, np.array([[2], [0], [1], [1]]), np.arange(3)):
        assert log_polynomial(theta, table[j]) == pytest.approx(log_polynomial(theta, rows[j]), rel=1e-13, abs=1e-12)
    assert not isinstance(tabulate(rows[:, :3]), LogPolynomials)


def test_one_power_alone_is_its_coefficient() -> None:
    for form in (lambda rows: rows, LogPolynomials):
        found = log_polynomial(np.array([-1e9, 0.0, 1e9])[:, None], form(np.array([[0.7]])))
        assert found.tolist() == [[0.7]] * 3
