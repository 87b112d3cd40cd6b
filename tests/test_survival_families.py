"""Families of survival curves: densities in both tails, gradients, and numbers that other software printed."""

from __future__ import annotations

import csv
import itertools
import json
import math
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import integrate, optimize, special, stats

from tinycohort.families import (
    SURVIVAL_FAMILIES,
    Clock,
    Exponential,
    Gompertz,
    LogLogistic,
    LogNormal,
    MSpline,
    PiecewiseExponential,
    SurvivalFamily,
    Weibull,
)
from tinycohort.issues import InputError
from tinycohort.likelihoods.symbolic import pytensor_operations

REFERENCE = Path(__file__).parent / "reference" / "survival"
CASES = {case["id"]: case for case in json.loads((REFERENCE / "families.json").read_text(encoding="utf-8"))["cases"]}

SCALE = [Exponential(), Weibull(), LogNormal(), LogLogistic(), Gompertz()]
FLEXIBLE = [PiecewiseExponential((3.0, 9.0, 20.0)), MSpline((0.0, 24.0), (4.0, 9.0)), MSpline((1.0, 24.0), (4.0,), 2)]
MEMBERS: list[SurvivalFamily] = [*SCALE, *FLEXIBLE]


def named(family: SurvivalFamily) -> str:
    return f"{family.name}_{len(family.shape_names)}"


every = pytest.mark.parametrize("family", MEMBERS, ids=named)
scale = pytest.mark.parametrize("family", SCALE, ids=named)

THETA = math.log(10.0)
ORDINARY = np.array([0.01, 0.7, 3.0, 6.5, 10.0, 13.0, 24.0, 31.0])


def shapes_of(family: SurvivalFamily) -> list[np.ndarray]:
    """Some shape numbers: neutral ones, and others."""
    rng = np.random.default_rng(7)
    return [family.neutral_shape, *(rng.normal(0, 0.7, family.neutral_shape.size) for _ in range(1))]


def read(name: str) -> dict[str, list[str]]:
    with (REFERENCE / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {column: [row[column] for row in rows] for column in rows[0]}


def test_every_family_is_tested_here() -> None:
    assert {type(family) for family in MEMBERS} == set(SURVIVAL_FAMILIES.values())
    assert all(cls.name == name for name, cls in SURVIVAL_FAMILIES.items())


# Each curve as its formula has it, with as many digits as one likes.


def exact_hazard(name: str, x: mpmath.mpf, shape: float) -> mpmath.mpf:
    """The cumulative hazard at x medians."""
    k = mpmath.exp(mpmath.mpf(shape))
    if name == "exponential":
        return mpmath.log(2) * x
    if name == "weibull":
        return mpmath.log(2) * x**k
    if name == "log_logistic":
        return mpmath.log1p(x**k)
    if name == "log_normal":
        w = k * mpmath.log(x) / mpmath.sqrt(2)
        return -mpmath.log1p(-mpmath.erfc(-w) / 2) if w < 0 else -mpmath.log(mpmath.erfc(w) / 2)
    c = mpmath.mpf(shape)
    return mpmath.log(2) * (mpmath.expm1(c * x) / mpmath.expm1(c) if c else x)


@scale
@pytest.mark.parametrize("shape", [-2.0, -0.3, 0.0, 1e-7, 0.9, 2.0])
def test_densities_are_exact_from_a_millionth_of_the_median_to_a_million_medians(
    family: SurvivalFamily, shape: float
) -> None:
    ratios = [1e-6, 1e-3, 0.2, 0.99, 1.0, 1.5, 40.0, 1e3, 1e6]
    clock, numbers = family.clock(10.0 * np.array(ratios)), np.full(len(family.shape_names), shape)
    theta = np.array(THETA)
    log_total = family.log_cumulative_hazard(clock, theta, numbers)
    total = family.cumulative_hazard(clock, theta, numbers)
    log_hazard, died = (f(clock, theta, numbers) for f in (family.log_hazard, family.log_distribution))
    with mpmath.workdps(60):
        for i, ratio in enumerate(ratios):
            x = mpmath.mpf(ratio)
            exact = exact_hazard(family.name, x, shape)
            slope = mpmath.diff(lambda y: exact_hazard(family.name, y, shape), x, h=x * mpmath.mpf("1e-20"))
            log_slope = mpmath.log(slope) if slope > 0 else -mpmath.inf
            if isinstance(family, Gompertz) and shape:  # whose slope is lost among any number of digits
                c = mpmath.mpf(shape)
                log_slope = mpmath.log(mpmath.log(2) * c / mpmath.expm1(c)) + c * x
            assert log_total[i] == pytest.approx(float(mpmath.log(exact)), rel=1e-12, abs=1e-12)
            assert log_hazard[i] == pytest.approx(float(log_slope) - THETA, rel=1e-12, abs=1e-11)
            if exact < mpmath.exp(300):
                assert total[i] == pytest.approx(float(exact), rel=1e-12)
                log_died = float(mpmath.log(-mpmath.expm1(-exact)))
                assert died[i] == pytest.approx(log_died, rel=1e-12, abs=1e-50)


def in_scipy(family: SurvivalFamily, median: float, shape: float) -> Any:
    k = math.exp(shape)
    if isinstance(family, Weibull):
        return stats.weibull_min(k, scale=median / math.log(2) ** (1 / k))
    if isinstance(family, LogNormal):
        return stats.lognorm(1 / k, scale=median)
    if isinstance(family, LogLogistic):
        return stats.fisk(k, scale=median)
    if isinstance(family, Gompertz):
        return stats.gompertz(math.log(2) / math.expm1(shape), scale=median / shape)
    return stats.expon(scale=median / math.log(2))


@scale
def test_curves_are_those_of_scipy(family: SurvivalFamily) -> None:
    shape, theta = np.full(len(family.shape_names), 0.4), np.array(math.log(17.0))
    other, clock = in_scipy(family, 17.0, 0.4), family.clock(ORDINARY)
    assert family.survival(ORDINARY, theta, shape) == pytest.approx(other.sf(ORDINARY), rel=1e-12)
    assert family.log_density(clock, theta, shape) == pytest.approx(other.logpdf(ORDINARY), rel=1e-12)
    assert family.quantile([0.1, 0.5, 0.99], theta, shape) == pytest.approx(other.ppf([0.1, 0.5, 0.99]), rel=1e-12)
    assert family.quantile(0.5, theta, shape) == pytest.approx(17.0, rel=1e-14)


@every
def test_with_neutral_shape_theta_is_the_log_median(family: SurvivalFamily) -> None:
    assert family.quantile(0.5, np.log([2.0, 30.0])) == pytest.approx([2.0, 30.0], rel=1e-12)
    assert family.natural(family.theta(11.0)) == pytest.approx(11.0)
    assert (family.quantity, family.model_scale, family.natural_support) == ("median", "log", (0.0, math.inf))


@pytest.mark.parametrize("family", [Exponential(), Gompertz(), *FLEXIBLE], ids=named)
def test_a_neutral_shape_is_a_constant_hazard(family: SurvivalFamily) -> None:
    times = np.array([0.0, 0.5, 3.0, 11.0, 24.0, 500.0])
    assert family.hazard(times, THETA) == pytest.approx(math.log(2) / 10, rel=1e-13)
    assert family.survival(times, THETA) == pytest.approx(0.5 ** (times / 10), rel=1e-12)


@every
def test_the_hazard_is_the_derivative_of_the_cumulative_hazard(family: SurvivalFamily) -> None:
    step = 1e-5 * ORDINARY
    for shape in shapes_of(family):
        after, before = (
            family.cumulative_hazard(family.clock(ORDINARY + sign * step), np.array(THETA), shape) for sign in (1, -1)
        )
        hazard = np.exp(family.log_hazard(family.clock(ORDINARY), np.array(THETA), shape))
        away = [not np.isclose(time, [3.0, 9.0, 20.0, 24.0]).any() for time in ORDINARY]  # where pieces meet
        assert hazard[away] == pytest.approx(((after - before) / (2 * step))[away], rel=1e-6)


@every
def test_longer_theta_is_longer_survival(family: SurvivalFamily) -> None:
    for shape in shapes_of(family):
        assert np.all(np.diff(family.survival(8.0, np.linspace(-2, 6, 30), shape)) >= 0.0)


@every
def test_at_the_ends_of_time_nobody_and_everybody_has_died(family: SurvivalFamily) -> None:
    clock = family.clock([0.0, math.inf])
    for shape in shapes_of(family):
        lives = isinstance(family, Gompertz) and shape[0] < 0
        total = math.log(2) / -math.expm1(shape[0]) if lives else math.inf
        assert family.cumulative_hazard(clock, np.array(THETA), shape) == pytest.approx([0.0, total], rel=1e-14)
        assert family.log_distribution(clock, np.array(THETA), shape)[0] == -math.inf
        assert family.survival(0.0, THETA, shape) == 1.0


@every
def test_intervals_add_up_and_those_at_the_ends_are_exact(family: SurvivalFamily) -> None:
    cuts = np.array([0.0, 1e-5, 2.0, 9.0, 25.0, 60.0])
    theta = np.array(THETA)
    start, end = family.clock(cuts), family.clock(np.append(cuts[1:], math.inf))
    for shape in shapes_of(family):
        each = family.log_interval(start, end, theta, shape)
        never = family.survival(math.inf, theta, shape)
        assert np.exp(each).sum() + never == pytest.approx(1.0, rel=1e-14)
        assert each[0] == pytest.approx(family.log_distribution(end, theta, shape)[0], rel=1e-14)
        if never == 0.0:
            assert each[-1] == family.log_survival(start, theta, shape)[-1]


@scale
def test_an_interval_far_out_keeps_its_digits(family: SurvivalFamily) -> None:
    shape, first, last = np.full(len(family.shape_names), 0.8), 20.0, 20.01
    found = family.log_interval(family.clock(first * 10.0), family.clock(last * 10.0), np.array(THETA), shape)
    with mpmath.workdps(400):
        a, b = (exact_hazard(family.name, mpmath.mpf(x * 10.0) / mpmath.exp(THETA), 0.8) for x in (first, last))
        exact = mpmath.log(mpmath.exp(-a) - mpmath.exp(-b)) if a < 800 else -a
    assert found == pytest.approx(float(exact), rel=1e-10)


# Gradients. Evaluated as they stand, by Python: compiling each would take longer than all the rest.

AS_IT_STANDS = pytensor.compile.mode.Mode(linker="py", optimizer=None)


def symbolic(family: SurvivalFamily, name: str, clocks: list[Clock]) -> Any:
    """A function of theta and shape: value, and gradients of each value in theta and in each shape number."""
    theta, shape = pt.dvector("theta"), pt.dmatrix("shape")
    value = getattr(family, name)(*clocks, theta, shape, pytensor_operations())
    slopes = pytensor.grad(value.sum(), [theta, shape], disconnected_inputs="ignore")
    return pytensor.function([theta, shape], [value, *slopes], on_unused_input="ignore", mode=AS_IT_STANDS)


@every
@pytest.mark.parametrize("name", ["log_density", "log_interval", "log_distribution"])
def test_gradients_are_those_of_finite_differences_and_finite_at_the_extremes(
    family: SurvivalFamily, name: str
) -> None:
    extreme = 10.0 * np.array([1e-6, 1e-2, 1.0, 30.0, 1e6])
    times = np.concatenate([ORDINARY, extreme])
    later = np.where(np.arange(times.size) % 5 == 4, math.inf, 1.3 * times)
    clocks = [family.clock(times), *([family.clock(later)] if name == "log_interval" else [])]
    function = symbolic(family, name, clocks)
    theta, size, step = np.full(times.size, THETA), family.neutral_shape.size, 1e-6
    for numbers in [shapes_of(family)[1], np.full(size, -2.0), np.full(size, 2.0)]:
        shape = np.tile(numbers, (times.size, 1))
        here = getattr(family, name)(*clocks, theta, shape)
        value, in_theta, in_shape = function(theta, shape)
        assert value == pytest.approx(here, rel=1e-12, abs=1e-300)
        assert all(np.isfinite(each).all() for each in (value, in_theta, in_shape))
        close = np.abs(here) < 50.0
        for slope, index in [(in_theta, None), *((in_shape[:, i], i) for i in range(size))]:
            move = np.zeros(size)
            if index is not None:
                move[index] = step
            ends = [
                getattr(family, name)(*clocks, theta + sign * step * (index is None), shape + sign * move)
                for sign in (1, -1)
            ]
            difference = (ends[0] - ends[1]) / (2 * step)
            assert slope[close] == pytest.approx(difference[close], rel=1e-5, abs=1e-6)


@every
def test_the_ends_of_time_leave_gradients_alone(family: SurvivalFamily) -> None:
    ends = family.clock(np.array([0.0, math.inf, 5.0]))
    later = family.clock(np.array([math.inf, math.inf, math.inf]))
    for name, clocks in (("cumulative_hazard", [ends]), ("log_interval", [ends, later])):
        function = symbolic(family, name, clocks)
        for numbers in shapes_of(family):
            _, in_theta, in_shape = function(np.full(3, THETA), np.tile(numbers, (3, 1)))
            assert np.isfinite(in_theta).all()
            assert np.isfinite(in_shape).all()
            if not isinstance(family, Gompertz):
                assert in_theta[0] == 0.0


def test_the_normal_tail_of_pytensor_has_all_its_digits() -> None:
    x = pt.dvector("x")
    operations = pytensor_operations()
    value = operations.log_ndtr(x)
    function = pytensor.function([x], [value, pytensor.grad(value.sum(), x)])
    points = np.array([-1e8, -1000.0, -38.0, -8.0, -1.0, -1e-8, 0.0, 1e-8, 1.0, 8.0, 30.0, 1e8])
    found, slope = function(points)
    assert np.isfinite(slope).all()
    with mpmath.workdps(600):
        for at, log_share, tangent in zip(points[1:-1], found[1:-1], slope[1:-1], strict=True):
            tail = mpmath.erfc(abs(mpmath.mpf(at)) / mpmath.sqrt(2)) / 2
            exact = mpmath.log(tail) if at < 0 else mpmath.log1p(-tail)
            assert log_share == pytest.approx(float(exact), rel=1e-12)
            assert tangent == pytest.approx(float(mpmath.npdf(at) / mpmath.exp(exact)), rel=1e-12)


# Quantiles, draws and means.


@every
def test_quantiles_invert_survival(family: SurvivalFamily) -> None:
    shares = np.array([1e-9, 0.01, 0.3, 0.5, 0.9, 0.9999])
    for shape in shapes_of(family):
        times = family.quantile(shares, THETA, shape)
        reached = np.isfinite(times)
        died = np.exp(family.log_distribution(family.clock(times[reached]), np.array(THETA), shape))
        assert died == pytest.approx(shares[reached], rel=1e-10)
        assert np.all(np.diff(times[reached]) > 0)
    assert np.isnan(family.quantile([-0.1, 1.1], THETA)).all()
    assert family.quantile([0.0, 1.0], THETA) == pytest.approx([0.0, math.inf])


def test_those_whose_hazard_falls_away_may_never_die() -> None:
    family, shape = Gompertz(), np.array([-1.5])
    never = math.exp(math.log(2) / math.expm1(-1.5))
    assert family.survival(math.inf, THETA, shape) == pytest.approx(never, rel=1e-14)
    assert family.quantile([0.999 * (1 - never), 1.001 * (1 - never)], THETA, shape)[1] == math.inf
    assert family.mean_quantile(1.001 * (1 - never), THETA, 0.5, shape) == math.inf
    assert family.mean_survival(math.inf, THETA, 0.5, shape) == pytest.approx(never)
    drawn = family.draw(np.full(4000, THETA), shape, np.random.default_rng(3))
    assert np.isinf(drawn).mean() == pytest.approx(never, abs=4 * math.sqrt(never * (1 - never) / 4000))


@every
def test_draws_follow_the_curve(family: SurvivalFamily) -> None:
    """The largest distance between the two distribution functions, times the root of n: 1.95 has probability 0.001."""
    shape, count = shapes_of(family)[1], 5000
    drawn = np.sort(family.draw(np.full(count, THETA), shape, np.random.default_rng(11)))
    died = 1.0 - family.survival(drawn, THETA, shape)
    ranks = np.arange(count + 1) / count
    distance = max(np.max(ranks[1:] - died), np.max(died - ranks[:-1]))
    assert distance * math.sqrt(count) < 1.95


@every
def test_the_restricted_mean_is_the_area_under_the_curve(family: SurvivalFamily) -> None:
    horizons = [0.003, 2.0, 9.5, 24.0, 200.0]
    for shape in shapes_of(family):
        found = family.restricted_mean(horizons, THETA, shape)
        for horizon, one in zip(horizons, found, strict=True):
            cuts = [0.0, *(cut for cut in (1.0, 3.0, 4.0, 9.0, 20.0, 24.0, 60.0) if cut < horizon), horizon]
            area = sum(
                integrate.quad(lambda t: family.survival(t, THETA, shape), *ends, epsabs=1e-12, epsrel=1e-11)[0]  # noqa: B023
                for ends in itertools.pairwise(cuts)
            )
            assert one == pytest.approx(area, rel=1e-9)
    assert family.restricted_mean(0.0, THETA) == 0.0


@pytest.mark.parametrize("shape", [-2.0, 0.6, 2.0])
def test_restricted_means_are_exact_at_extremes(shape: float) -> None:
    """Log-logistic, by Gauss's hypergeometric function; exponential as a Weibull; Gompertz by exponential integrals."""
    k, ratios = math.exp(shape), np.array([1e-6, 0.3, 5.0, 1e3, 1e6])
    found = LogLogistic().restricted_mean(ratios, 0.0, [shape])
    exact = [float(x * mpmath.hyp2f1(1, 1 / k, 1 + 1 / k, -(mpmath.mpf(x) ** k))) for x in ratios]
    assert found == pytest.approx(exact, rel=1e-9)
    lower = [float(mpmath.gammainc(1 / k, 0, math.log(2) * mpmath.mpf(x) ** k) / k) for x in ratios]
    assert Weibull().restricted_mean(ratios, 0.0, [shape]) == pytest.approx(
        np.array(lower) / math.log(2) ** (1 / k), rel=1e-9
    )
    a = mpmath.log(2) / mpmath.expm1(shape)
    with mpmath.workdps(40):
        ends = [mpmath.ei(-a * mpmath.exp(shape * min(x, 200.0))) for x in ratios]
        areas = [float(mpmath.exp(a) * (end - mpmath.ei(-a)) / shape) for end in ends]
    if shape > 0:
        assert Gompertz().restricted_mean(ratios, 0.0, [shape]) == pytest.approx(areas, rel=1e-9)


TAUS = np.array([0.0, 0.05, 0.4, 1.0, 2.5])


@pytest.mark.parametrize("shape", [-1.0, 0.0, 1.5])
def test_the_mean_of_log_normal_curves_is_a_log_normal_curve(shape: float) -> None:
    family, k = LogNormal(), math.exp(shape)
    wider = np.log(k / np.sqrt(1 + (k * TAUS) ** 2))[:, None]
    times = np.array([0.2, 1.0, 9.0, 40.0])
    for time in times:
        assert family.mean_survival(time, THETA, TAUS, [shape]) == pytest.approx(
            family.survival(time, THETA, wider), rel=1e-10
        )
        assert family.mean_hazard(time, THETA, TAUS, [shape]) == pytest.approx(
            family.hazard(time, THETA, wider), rel=1e-10, abs=1e-250
        )
        assert family.mean_restricted_mean(time, THETA, TAUS, [shape]) == pytest.approx(
            family.restricted_mean(time, THETA, wider), rel=1e-10
        )
    for share in (0.01, 0.5, 0.95):
        assert family.mean_quantile(share, THETA, TAUS, [shape]) == pytest.approx(
            family.quantile(share, THETA, wider), rel=1e-10
        )


@every
def test_the_mean_curve_is_the_mean_over_cohorts(family: SurvivalFamily) -> None:
    for shape in shapes_of(family):
        for tau in (0.3, 1.4):

            def weighted(z: float, time: float, tau: float = tau, shape: Any = shape) -> float:
                return float(family.survival(time, THETA + tau * z, shape)) * math.exp(-z * z / 2)

            for time in (0.5, 8.0, 40.0):
                area = integrate.quad(weighted, -9, 9, args=(time,), points=[-3, 0, 3], limit=200, epsabs=1e-13)[0]
                assert family.mean_survival(time, THETA, tau, shape) == pytest.approx(
                    area / math.sqrt(2 * math.pi), rel=1e-9
                )


@every
def test_what_is_said_of_the_mean_curve_belongs_to_one_curve(family: SurvivalFamily) -> None:
    shape, horizon = shapes_of(family)[1], 30.0
    shares = np.array([0.05, 0.5, 0.8])[:, None]
    times = family.mean_quantile(shares, THETA, TAUS, shape)
    reached = np.isfinite(times)
    died = 1.0 - family.mean_survival(np.where(reached, times, 1.0), THETA, TAUS, shape)
    assert died[reached] == pytest.approx(np.broadcast_to(shares, times.shape)[reached], rel=1e-9)
    for tau in (0.4, 2.5):
        before, after = (family.mean_survival(7.0 + step, THETA, tau, shape) for step in (-1e-4, 1e-4))
        slope = -(math.log(after) - math.log(before)) / 2e-4
        assert family.mean_hazard(7.0, THETA, tau, shape) == pytest.approx(slope, rel=1e-6)
        cuts = [0.0, 1.0, 3.0, 4.0, 9.0, 20.0, 24.0, horizon]
        area = sum(
            integrate.fixed_quad(lambda t: family.mean_survival(t, THETA, tau, shape), *ends, n=60)[0]  # noqa: B023
            for ends in itertools.pairwise(cuts)
        )
        assert family.mean_restricted_mean(horizon, THETA, tau, shape) == pytest.approx(area, rel=1e-6)


@every
def test_cohorts_that_do_not_differ_have_the_curve_of_each(family: SurvivalFamily) -> None:
    shape, times = shapes_of(family)[1], np.array([0.0, 0.5, 9.0, 40.0])
    assert family.mean_survival(times, THETA, 0.0, shape) == pytest.approx(family.survival(times, THETA, shape))
    later = times[1:]
    assert family.mean_hazard(later, THETA, 0.0, shape) == pytest.approx(family.hazard(later, THETA, shape))
    assert family.mean_quantile(0.4, THETA, 0.0, shape) == pytest.approx(family.quantile(0.4, THETA, shape))
    assert family.mean_restricted_mean(9.0, THETA, 0.0, shape) == pytest.approx(
        family.restricted_mean(9.0, THETA, shape)
    )


# Flexible hazards.


def test_m_splines_are_those_of_splines2() -> None:
    case = CASES["mspline_basis"]
    given, expected = case["inputs"], case["expected"]
    family, times = MSpline(tuple(given["boundary"]), tuple(given["knots"]), given["degree"]), np.array(given["times"])
    first, last = given["boundary"]
    assert family.m_splines(times) == pytest.approx(np.array(expected["M"]), abs=case["tolerance"]["all"])
    # What the clock holds are M-splines times the coefficients of a constant hazard, and their integrals.
    coefficients = np.array(expected["constant_coefs"]) * (last - first)
    clock = family.clock(times.astype(float))
    assert clock.hazard / coefficients == pytest.approx(np.array(expected["M"]), abs=case["tolerance"]["all"])
    assert clock.cumulative / coefficients == pytest.approx(np.array(expected["I"]), abs=case["tolerance"]["all"])
    assert family.random_walk_steps == pytest.approx(expected["rw_sqrt_weights"], abs=case["tolerance"]["all"])
    assert family.hazard(times, math.log(12 * math.log(2))) == pytest.approx(expected["hazard_at_constant"], rel=1e-12)


def test_a_spline_of_degree_zero_is_piecewise_constant() -> None:
    pieces, spline = PiecewiseExponential((3.0, 9.0)), MSpline((0.0, 9.0), (3.0,), 0)
    times, log_ratio = np.array([0.5, 2.9, 3.1, 8.0]), 0.7
    assert pieces.survival(times, THETA, [log_ratio, -0.4]) == pytest.approx(spline.survival(times, THETA, [log_ratio]))


def test_weights_leave_the_mean_hazard_between_the_knots_alone() -> None:
    rng = np.random.default_rng(5)
    for family, last in ((FLEXIBLE[0], 20.0), (FLEXIBLE[1], 24.0)):
        for _ in range(5):
            shape = rng.normal(0, 1.5, family.neutral_shape.size)
            total = family.cumulative_hazard(family.clock(last), np.array(THETA), shape)
            assert total == pytest.approx(math.log(2) * last / 10.0, rel=1e-12)


def test_the_random_walk_starts_at_a_constant_hazard_and_has_the_steps_it_says() -> None:
    family = FLEXIBLE[1]
    assert isinstance(family, MSpline)
    size = family.random_walk_steps.size
    assert family.random_walk(np.ones(size), 0.0) == pytest.approx(family.neutral_shape)
    walk = family.random_walk(np.ones((3, size)), np.array([[1.0], [2.0], [0.5]]))
    assert np.diff(walk, axis=-1, prepend=0.0) == pytest.approx(
        np.array([[1.0], [2.0], [0.5]]) * family.random_walk_steps
    )
    assert np.sum(family.random_walk_steps**2) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("make", "faults"),
    [
        (lambda: PiecewiseExponential(()), 1),
        (lambda: PiecewiseExponential((6.0, 3.0, -1.0)), 2),
        (lambda: MSpline((0.0, 24.0), (6.0, 30.0)), 1),
        (lambda: MSpline((12.0, 3.0), (math.nan,), -1), 3),
    ],
    ids=["none", "unsorted", "beyond", "everything"],
)
def test_knots_that_cannot_be_are_refused_all_at_once(make: Any, faults: int) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert len(caught.value.issues) == faults


# What other software found: maximum likelihood.

FITTED = {"exponential": Exponential(), "weibull": Weibull(), "lognormal": LogNormal(), "loglogistic": LogLogistic()}


def fit(
    family: SurvivalFamily, clock: Clock, times: np.ndarray, died: np.ndarray, design: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """The largest log-likelihood, the coefficients of theta, the shape numbers, and the covariance of all of them.

    By SciPy's BFGS, and Newton's steps from where that ends; the covariance from differences of the gradient.
    """
    size = design.shape[1]
    coefficients, numbers = pt.dvector("coefficients"), pt.dvector("numbers")
    theta, operations = pt.dot(design, coefficients), pytensor_operations()
    alive = family.log_survival(clock, theta, numbers, operations)
    total = (alive + died * family.log_hazard(clock, theta, numbers, operations)).sum()
    slopes = pytensor.grad(total, [coefficients, numbers], disconnected_inputs="ignore")
    function = pytensor.function([coefficients, numbers], [total, *slopes], on_unused_input="ignore", mode=AS_IT_STANDS)

    def down(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, *gradient = function(x[:size], x[size:])
        return -float(value), -np.concatenate(gradient)

    start = np.zeros(size + family.neutral_shape.size)
    start[0] = math.log(times.mean())
    found = optimize.minimize(down, start, jac=True, method="BFGS", options={"gtol": 1e-5, "maxiter": 300})
    x = found.x
    for _ in range(2):
        steps = 1e-4 * np.eye(x.size)
        bend = np.array([(down(x + step)[1] - down(x - step)[1]) / 2e-4 for step in steps])
        x = x - np.linalg.solve(bend, down(x)[1])
    return -down(x)[0], x[:size], x[size:], np.linalg.inv(bend)


def check_survreg(expected: dict[str, Any], tolerance: dict[str, float], times: Any, died: Any, design: Any) -> None:
    """Against R's survreg, whose intercept is the log scale: of the Weibull, the log median less log(log 2) / k."""
    spread = np.maximum(np.abs(design).max(axis=0), 1.0)
    for name, printed in expected.items():
        family = FITTED[name]
        highest, coefficients, numbers, covariance = fit(family, family.clock(times), times, died, design / spread)
        coefficients = coefficients / spread
        k = math.exp(numbers[0]) if numbers.size else 1.0
        # How R's numbers change with these: its last is the log of the scale, 1 / k.
        change = np.diag([*(1.0 / spread), *([-1.0] * numbers.size)])
        if name in ("exponential", "weibull"):
            coefficients[0] -= math.log(math.log(2)) / k
            change[0, spread.size :] = math.log(math.log(2)) / k
        assert highest == pytest.approx(printed["loglik"], abs=tolerance["loglik"])
        assert coefficients == pytest.approx(list(printed["coef"].values()), abs=tolerance["coef"])
        assert 1 / k == pytest.approx(printed["scale"], abs=tolerance["coef"])
        errors = np.sqrt(np.diag(change @ covariance @ change.T))
        assert errors == pytest.approx(list(printed["se"].values()), abs=tolerance["coef"])


def test_survreg_finds_the_same_in_the_aml_trial() -> None:
    case, data = CASES["aml_survreg"], read("r_survival_aml.csv")
    times, died = np.array(data["time"], float), np.array(data["status"], float)
    ones, other = np.ones(times.size), np.array([x == "Nonmaintained" for x in data["x"]], float)
    check_survreg(case["expected"]["all"], case["tolerance"], times, died, ones[:, None])
    check_survreg(case["expected"]["by_x"], case["tolerance"], times, died, np.column_stack([ones, other]))
    _, theta, numbers, _ = fit(Weibull(), Weibull().clock(times), times, died, ones[:, None])
    k, within = math.exp(numbers[0]), case["tolerance"]["coef"]
    assert k == pytest.approx(case["expected"]["weibull_all"]["shape"], abs=within)
    scale = math.exp(theta[0]) / math.log(2) ** (1 / k)
    assert scale == pytest.approx(case["expected"]["weibull_all"]["scale"], abs=within)


def test_survreg_finds_the_same_in_the_veterans_trial() -> None:
    case, data = CASES["veteran_survreg"], read("r_survival_veteran.csv")
    times, died = np.array(data["time"], float), np.array(data["status"], float)
    cell = {name: np.array([x == name for x in data["celltype"]], float) for name in ("smallcell", "adeno", "large")}
    rest = [np.array(data[name], float) for name in ("karno", "diagtime", "age", "prior")]
    design = np.column_stack([np.ones(times.size), np.array(data["trt"], float), *cell.values(), *rest])
    check_survreg(case["expected"]["null"], case["tolerance"], times, died, design[:, :1])
    check_survreg(case["expected"]["full"], case["tolerance"], times, died, design)


@pytest.mark.parametrize("group", ["all", "miR-137", "control"])
def test_lifelines_finds_the_same_in_waltons_flies(group: str) -> None:
    case, data = CASES["lifelines_waltons_rossi_diabetes"], read("lifelines_waltons.csv")
    chosen = np.array([group in ("all", x) for x in data["group"]])
    times, died = (np.array(data[column], float)[chosen] for column in ("T", "E"))
    expected, ones = case["expected"], np.ones((times.size, 1))
    relative = case["tolerance"]["rel"]
    names = {"Exponential": Exponential(), "Weibull": Weibull(), "LogNormal": LogNormal(), "LogLogistic": LogLogistic()}
    for name, family in names.items():
        printed = expected[f"waltons/{group}/{name}Fitter"]
        highest, theta, numbers, _ = fit(family, family.clock(times), times, died, ones)
        k = math.exp(numbers[0]) if numbers.size else 1.0
        median = math.exp(theta[0])
        assert highest == pytest.approx(printed["ll"], rel=1e-6)
        assert median == pytest.approx(printed["median"], rel=relative)
        scale = median / math.log(2) ** (1 / k)
        as_printed = {
            "Exponential": [scale],
            "Weibull": [scale, k],
            "LogNormal": [theta[0], 1 / k],
            "LogLogistic": [median, k],
        }
        assert as_printed[name] == pytest.approx(list(printed["params"].values()), rel=relative)
    printed = expected[f"waltons/{group}/PiecewiseExponential[20,40,60]"]
    pieces = PiecewiseExponential((20.0, 40.0, 60.0))
    # Where somebody died at a cut point, lifelines takes the hazard there to be the mean of those before and after.
    before, after = (pieces.clock(times + step).hazard for step in (-1e-6, 1e-6))
    clock = Clock(pieces.clock(times).cumulative, 0.5 * (before + after))
    hazards = 1.0 / np.array(list(printed["params"].values()))
    level, ratios = math.log(math.log(2) / hazards[:3].mean()), np.log(hazards[1:] / hazards[0])
    there = pieces.log_survival(clock, level, ratios) + died * pieces.log_hazard(clock, level, ratios)
    assert there.sum() == pytest.approx(printed["ll"], rel=1e-12)
    highest, theta, numbers, _ = fit(pieces, clock, times, died, ones)
    found = pieces.hazard([10.0, 30.0, 50.0, 70.0], theta[0], numbers)
    assert highest >= printed["ll"] - 1e-6
    if group != "control":
        assert found == pytest.approx(hazards, rel=relative)
        return
    # There lifelines stopped short of the maximum: 2 died in 2551 days of the first piece, 4 in 2501 of the second.
    assert highest - printed["ll"] == pytest.approx(0.00396, abs=1e-4)
    assert found[:2] == pytest.approx([2 / 2551, 4 / 2501], rel=1e-5)
    assert found[2:] == pytest.approx(hazards[2:], rel=relative)


def test_lifelines_finds_the_same_from_intervals() -> None:
    case, data = CASES["lifelines_waltons_rossi_diabetes"], read("lifelines_diabetes_interval.csv")
    left, right = (np.array(data[column], float) for column in ("left", "right"))
    known = left == right
    for name, family in (("Weibull", Weibull()), ("Exponential", Exponential())):
        clocks = family.clock(left), family.clock(np.where(known, left + 1.0, right))

        def down(x: np.ndarray, family: Any = family, clocks: Any = clocks) -> float:
            between = family.log_interval(*clocks, x[0], x[1:])
            return -float(np.sum(np.where(known, family.log_density(clocks[0], x[0], x[1:]), between)))

        found = optimize.minimize(down, [2.5, *family.neutral_shape], method="BFGS", options={"gtol": 1e-4})
        printed = case["expected"][f"diabetes/interval/{name}"]
        k = math.exp(found.x[1]) if found.x.size > 1 else 1.0
        scale = math.exp(found.x[0]) / math.log(2) ** (1 / k)
        assert -found.fun == pytest.approx(printed["ll"], rel=1e-6)
        assert [scale, k][: found.x.size] == pytest.approx(list(printed["params"].values()), rel=1e-3)


def test_gompertz_without_ageing_is_exponential_and_smooth_there() -> None:
    family, clock, theta = Gompertz(), Gompertz().clock(ORDINARY), np.array(THETA)
    near = [family.log_density(clock, theta, np.array([c])) for c in (-1e-4, 0.0, 1e-4)]
    plain = Exponential().log_density(clock, theta, np.zeros(0))
    assert near[1] == pytest.approx(plain, rel=1e-15)
    assert near[2] + near[0] - 2 * near[1] == pytest.approx(0.0, abs=1e-7)


def test_special_functions_agree_on_where_log_normal_hazards_lead() -> None:
    """Far out the hazard of a log-normal is (w + 1 / w) k / t."""
    family, time = LogNormal(), 1e6
    w = special.ndtri(0.5) + math.log(time)
    assert family.hazard(time, 0.0, [0.0]) == pytest.approx((w + 1 / w - 2 / w**3) / time, rel=1e-4)
