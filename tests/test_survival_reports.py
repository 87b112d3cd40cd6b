"""Survival reports: what each kind says, against formulas written out and integrals done otherwise."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import integrate, special, stats

from tinycohort.families import Exponential, Gompertz, LogLogistic, LogNormal, MSpline, PiecewiseExponential, Weibull
from tinycohort.likelihoods.survival import (
    MEDIAN_RULES,
    Followup,
    Gap,
    Person,
    Point,
    Report,
    SurvivalReports,
    followup_counts_report,
    landmarks_report,
    median_report,
    person_time_report,
    persons_report,
)

THETA, K = math.log(14.0), 1.3
SHAPE = [math.log(K)]
TRUTH = stats.weibull_min(K, scale=14.0 / math.log(2.0) ** (1.0 / K))
LATER = math.log(23.0)
LATER_TRUTH = stats.weibull_min(K, scale=23.0 / math.log(2.0) ** (1.0 / K))

FAMILIES = [
    (Exponential(), []),
    (Weibull(), [0.3]),
    (LogNormal(), [-0.2]),
    (LogLogistic(), [0.4]),
    (Gompertz(), [0.8]),
    (Gompertz(), [-0.6]),
    (PiecewiseExponential((6.0, 12.0)), [0.5, -0.4]),
    (MSpline((0.0, 24.0), (6.0, 12.0)), [0.3, -0.1, 0.2, 0.4, 0.1]),
]


def says(report: Report, theta: float = THETA, family: Any = None, shape: Sequence[float] = SHAPE) -> float:
    """Its log-likelihood, with every constant."""
    likelihood = SurvivalReports(family or Weibull(), [report], shape)
    return float(likelihood.log_likelihood(np.array([theta]), {"report": np.zeros(1, int)})[0])


def differs(report: Report) -> float:
    """By how much more it says at one theta than at another: constants cancel."""
    return says(report) - says(report, LATER)


def expected(log_likelihood: Callable[[Any], float]) -> float:
    return log_likelihood(TRUTH) - log_likelihood(LATER_TRUTH)


# -- people -------------------------------------------------------------------------------------------------------


def test_people_say_what_their_densities_and_survival_say() -> None:
    people = [
        Person(7.0, 7.0, True),
        Person(3.0, 9.0, True),
        Person(20.0, 20.0, False),
        Person(18.0, 18.0, True, entry_months=5.0),
        Person(11.0, math.inf, False, entry_months=2.0),
    ]
    by_hand = (
        TRUTH.logpdf(7.0)
        + math.log(TRUTH.sf(3.0) - TRUTH.sf(9.0))
        + TRUTH.logsf(20.0)
        + TRUTH.logpdf(18.0)
        - TRUTH.logsf(5.0)
        + TRUTH.logsf(11.0)
        - TRUTH.logsf(2.0)
    )
    assert says(persons_report(people)) == pytest.approx(by_hand, abs=1e-12)


def test_survival_of_somebody_censored_between_two_times_is_its_mean_there() -> None:
    mean = integrate.quad(TRUTH.sf, 10.0, 30.0)[0] / 20.0
    assert says(persons_report([Person(10.0, 30.0, False)])) == pytest.approx(math.log(mean), abs=1e-12)


def test_two_tied_deaths_are_integrated_along_their_gap() -> None:
    both = integrate.quad(lambda t: TRUTH.pdf(t) * TRUTH.pdf(t + 11.0), 24.0, 30.85)[0]
    assert says(persons_report([], [Gap(24.0, 30.85, 11.0)])) == pytest.approx(math.log(both), abs=1e-12)


def test_splitting_people_over_two_reports_changes_nothing() -> None:
    people = [Person(7.0, 7.0, True), Person(3.0, 9.0, True), Person(20.0, 20.0, False), Person(4.0, 8.0, False)]
    apart = says(persons_report(people[:2])) + says(persons_report(people[2:]))
    assert says(persons_report(people)) == pytest.approx(apart, abs=1e-12)
    assert says(persons_report(people[::-1])) == pytest.approx(apart, abs=1e-12)


# -- medians ------------------------------------------------------------------------------------------------------


def order_statistic(truth: Any, rank: int, people: int, time: float) -> float:
    """Its density, by the beta distribution."""
    return stats.beta(rank, people - rank + 1).pdf(truth.cdf(time)) * truth.pdf(time)


@pytest.mark.parametrize(("people", "rank"), [(1, 1), (5, 3), (4, 2), (8, 4), (91, 46)])
def test_a_median_is_the_order_statistic_that_it_is(people: int, rank: int) -> None:
    report = median_report(9.0, people, rule="first", uncensored=True)
    assert says(report) == pytest.approx(math.log(order_statistic(TRUTH, rank, people, 9.0)), abs=1e-9)


def middle_pair(truth: Any, people: int, median: float, followed: float = math.inf) -> float:
    """The density of the mean of the middle two, neither of them later than the follow-up."""
    half = people // 2
    constant = math.exp(special.gammaln(people + 1) - 2.0 * special.gammaln(half))

    def joint(first: float) -> float:
        second = 2.0 * median - first
        return float(
            truth.cdf(first) ** (half - 1) * truth.sf(second) ** (half - 1) * truth.pdf(first) * truth.pdf(second)
        )

    start = max(2.0 * median - followed, 0.0)
    return 2.0 * constant * float(integrate.quad(joint, start, median, epsabs=1e-13, limit=200)[0])


@pytest.mark.parametrize("people", [2, 4, 8, 90])
def test_the_median_of_an_even_number_is_by_its_rule(people: int) -> None:
    midpoint = middle_pair(TRUTH, people, 9.0)
    assert says(median_report(9.0, people, rule="midpoint", uncensored=True)) == pytest.approx(
        math.log(midpoint), abs=1e-6
    )
    either = 0.5 * midpoint + 0.5 * order_statistic(TRUTH, people // 2, people, 9.0)
    assert says(median_report(9.0, people, uncensored=True)) == pytest.approx(math.log(either), abs=1e-6)


def test_where_the_curve_ends_at_a_half_the_midpoint_is_its_first_time_there() -> None:
    report = median_report(9.0, 8, rule="midpoint", uncensored=True, followup_months=12.0)
    ended = 35.0 * TRUTH.sf(12.0) ** 4 * 4.0 * 2.0 * TRUTH.cdf(9.0) ** 3 * TRUTH.pdf(9.0)
    density = middle_pair(TRUTH, 8, 9.0, followed=12.0) + ended
    assert says(report) == pytest.approx(math.log(density), abs=1e-6)


@pytest.mark.parametrize("people", [1, 2, 5, 8])
def test_a_median_not_reached_says_that_fewer_than_half_died(people: int) -> None:
    fewer = sum(stats.binom(people, TRUTH.cdf(18.0)).pmf(d) for d in range(people + 1) if 2 * d < people)
    report = median_report(None, people, followup_months=18.0)
    assert says(report) == pytest.approx(math.log(fewer), abs=1e-12)


def test_median_and_not_reached_share_out_all_probability() -> None:
    """Whatever the rule: medians up to the end of follow-up, and none."""
    root = np.linspace(1e-3, math.sqrt(18.0), 241)
    times = root**2
    for people, rule in itertools.product([2, 5, 8], ["first", "midpoint", "unstated"]):
        reports = [median_report(t, people, rule=rule, uncensored=True, followup_months=18.0) for t in times.tolist()]
        likelihood = SurvivalReports(Weibull(), reports, SHAPE)
        density = np.exp(likelihood.log_likelihood(np.full(len(times), THETA), {"report": np.arange(len(times))}))
        total = integrate.simpson(2.0 * root * density, x=root) + math.exp(
            says(median_report(None, people, followup_months=18.0))
        )
        assert total == pytest.approx(1.0, abs=1e-5), (people, rule)


def test_the_limits_of_an_uncensored_median_are_order_statistics_too() -> None:
    report = median_report(9.0, 11, lower_months=4.0, upper_months=17.0, uncensored=True)
    joint = 0.0
    for first, last in ((2, 9), (3, 9)):  # by log(-log S), and by S; that of log S has no upper limit
        constant = special.gammaln(12) - special.gammaln(first) - special.gammaln(6 - first)
        constant -= special.gammaln(last - 6) + special.gammaln(12 - last)
        spaces = [(TRUTH.cdf(4.0), first - 1), (TRUTH.cdf(9.0) - TRUTH.cdf(4.0), 5 - first)]
        spaces += [(TRUTH.sf(9.0) - TRUTH.sf(17.0), last - 7), (TRUTH.sf(17.0), 11 - last)]
        inside = math.prod(p**power for p, power in spaces) * math.prod(TRUTH.pdf(t) for t in (4.0, 9.0, 17.0))
        joint += 0.5 * math.exp(constant) * inside
    assert says(report) == pytest.approx(math.log(joint), abs=1e-9)


def test_an_interval_of_two_sides_makes_a_normal_of_the_log_median() -> None:
    report = median_report(14.0, None, lower_months=9.8, upper_months=20.0)
    error = math.log(20.0 / 9.8) / (2.0 * stats.norm.ppf(0.975))
    assert says(report, LATER) == pytest.approx(stats.norm(LATER, error).logpdf(math.log(14.0)), abs=1e-12)


def test_an_interval_that_few_people_made_is_widened_as_by_students_t() -> None:
    """How uncertain the distance between the limits is comes from simulation here, and not from the rule."""
    people, rng = 90, np.random.default_rng(1)
    deaths = np.sort(rng.exponential(size=(20_000, people)), axis=1)
    half_width = 0.5 * stats.norm.ppf(0.975) * math.sqrt(people)
    first, last = (round(0.5 * people + side * half_width) - 1 for side in (-1.0, 1.0))
    spread = np.log(np.log(deaths[:, last] / deaths[:, first])).std()
    degrees = 1.0 / (2.0 * spread**2)  # of a standard deviation, whose logarithm varies by sqrt(1 / (2 degrees))
    report = median_report(14.0, people, lower_months=9.8, upper_months=20.0)
    error = math.log(20.0 / 9.8) / (2.0 * stats.norm.ppf(0.975))
    (median,) = report.terms.medians
    assert median.standard_error / error == pytest.approx(stats.t.ppf(0.975, degrees) / stats.norm.ppf(0.975), rel=0.02)


# -- landmarks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "rule"), [(n, rule) for n in (3, 5, 9, 20, 21) for rule in MEDIAN_RULES if n % 2 or rule == "first"]
)
def test_uncensored_landmarks_are_a_multinomial_with_the_density_of_the_median(people: int, rule: str) -> None:
    """Wherever the landmarks before and after it lie: all that is known is who died between which of the three."""
    rank = (people + 1) // 2
    for before in range(people - rank + 1, people + 1):
        for after in range(people - rank + 1):
            points = [Point(6.0, before / people), Point(10.0, 0.5, is_median=True), Point(15.0, after / people)]
            report = landmarks_report(points, people, at_risk=[before, None, after], median_rule=rule)

            def by_hand(truth: Any, before: int = before, after: int = after) -> float:
                between = [(truth.cdf(6.0), people - before)]
                between += [(truth.cdf(10.0) - truth.cdf(6.0), rank - 1 - (people - before))]
                between += [(truth.cdf(15.0) - truth.cdf(10.0), people - rank - after), (truth.sf(15.0), after)]
                return float(truth.logpdf(10.0)) + sum(n * math.log(p) for p, n in between)

            assert differs(report) == pytest.approx(expected(by_hand), abs=1e-9)


def test_uncensored_landmarks_alone_are_exactly_a_multinomial() -> None:
    report = landmarks_report([Point(6.0, 0.75), Point(15.0, 0.25)], 8, at_risk=[6.0, 2.0])
    chances = [TRUTH.cdf(6.0), TRUTH.cdf(15.0) - TRUTH.cdf(6.0), TRUTH.sf(15.0)]
    assert says(report) == pytest.approx(stats.multinomial(8, chances).logpmf([2, 4, 2]), abs=1e-9)


def test_nobody_adds_nothing_where_a_curve_has_ended() -> None:
    ended = landmarks_report([Point(6.0, 0.5), Point(12.0, 0.0)], 8, at_risk=[4.0, 0.0])
    longer = landmarks_report([Point(6.0, 0.5), Point(12.0, 0.0), Point(24.0, 0.0)], 8, at_risk=[4.0, 0.0, 0.0])
    assert says(longer) == pytest.approx(says(ended), abs=1e-12)


def test_a_landmark_from_which_nobody_died_counts_those_who_lived() -> None:
    report = landmarks_report([Point(12.0, 1.0)], 8, at_risk=[8.0])
    assert says(report) == pytest.approx(8.0 * TRUTH.logsf(12.0), abs=1e-9)


@pytest.mark.parametrize("basis", ["reverse_km", "survivors", "all", "unstated"])
def test_a_shorter_follow_up_speaks_for_fewer(basis: str) -> None:
    points = [Point(12.0, 0.8), Point(24.0, 0.5)]
    people = [
        [p.people for p in landmarks_report(points, 40, followup=Followup(median, 2.0, 60.0, basis)).points]
        for median in (40.0, 20.0, 10.0)
    ]
    assert all(a[0] >= b[0] and a[1] > b[1] for a, b in itertools.pairwise(people))
    assert all(0.0 < number <= 40.0 for each in people for number in each if number is not None)


def test_where_numbers_come_from_is_said_in_the_order_of_their_worth() -> None:
    points = [Point(12.0, 0.8, 0.65, 0.89), Point(24.0, 0.5, 0.33, 0.65)]
    followup = Followup(20.0, 2.0, 60.0, "reverse_km")
    assert landmarks_report(points, 40, at_risk=[30.0, 12.0], followup=followup).basis == "numbers at risk"
    assert landmarks_report(points, 40, followup=followup).basis == "printed intervals"
    bare = [Point(12.0, 0.8), Point(24.0, 0.5)]
    assert landmarks_report(bare, 40, followup=followup).basis == "median follow-up (reverse km)"
    unknown = landmarks_report(bare, 40)
    assert unknown.basis == "nothing known of the follow-up"
    assert unknown.remarks


# -- counts -------------------------------------------------------------------------------------------------------


def test_deaths_under_a_follow_up_are_a_binomial_of_the_mean_chance() -> None:
    report = followup_counts_report(5, 12, Followup(20.0, 8.0, 44.0, "reverse_km"))
    mean = 0.5 * integrate.quad(TRUTH.cdf, 8.0, 20.0)[0] / 12.0 + 0.5 * integrate.quad(TRUTH.cdf, 20.0, 44.0)[0] / 24.0
    assert says(report) == pytest.approx(stats.binom(12, mean).logpmf(5), abs=1e-9)


def test_deaths_within_one_time_are_a_plain_binomial() -> None:
    report = followup_counts_report(5, 12, Followup(None, 15.0, 15.0, "reverse_km"))
    assert says(report) == pytest.approx(stats.binom(12, TRUTH.cdf(15.0)).logpmf(5), abs=1e-12)


def test_of_survivors_long_times_are_rarer_than_they_were_planned() -> None:
    """The chance to be alive is the harmonic mean of S over the times of the living; it counts for 0.7 of itself."""
    report = followup_counts_report(5, 17, Followup(20.0, 10.0, 43.0, "survivors"))
    # The times of twelve fall short of the range of all by an eleventh of their own, at either end.
    halves = (integrate.quad(lambda t: 1.0 / TRUTH.sf(t), *ends)[0] / 2.0 for ends in ((7.0, 20.0), (20.0, 46.0)))
    alive = 1.0 / sum(half / length for half, length in zip(halves, (13.0, 26.0), strict=True))
    expected = 0.7 * (5.0 * math.log(1.0 - alive) + 12.0 * math.log(alive)) + math.log(special.comb(17, 5))
    assert says(report) == pytest.approx(expected, abs=1e-8)


def test_events_per_person_time_are_poisson_at_a_constant_hazard() -> None:
    rate = math.log(2.0) / 14.0
    for events in (0, 1, 7):
        report = person_time_report(events, 130.0, 9)
        found = says(report, THETA, Exponential(), [])
        assert found == pytest.approx(stats.poisson(130.0 * rate).logpmf(events), abs=1e-9)


# -- all of them --------------------------------------------------------------------------------------------------

EVERY_KIND = {
    "people": persons_report(
        [Person(7.0, 7.0, True), Person(3.0, 9.0, True), Person(20.0, 25.0, False), Person(18.0, 18.0, True, 5.0)],
        [Gap(8.0, 9.0, 3.0)],
    ),
    "alive": persons_report([Person(9.0, 9.0, False)] * 3),
    "median": median_report(9.0, 8, uncensored=True),
    "median and limits": median_report(9.0, 11, lower_months=4.0, upper_months=17.0, uncensored=True),
    "log median": median_report(9.0, None, lower_months=6.0, upper_months=13.0),
    "not reached": median_report(None, 8, followup_months=18.0),
    "landmarks": landmarks_report([Point(6.0, 0.7), Point(10.0, 0.5, is_median=True), Point(15.0, 0.2)], 10),
    "curve above a half": landmarks_report([Point(6.0, 0.8)], 20, not_reached_months=30.0),
    "counts": followup_counts_report(5, 12, Followup(20.0, 8.0, 44.0, "reverse_km")),
    "survivors": followup_counts_report(5, 12, Followup(20.0, 8.0, 44.0, "survivors")),
    "all died": followup_counts_report(12, 12, Followup(20.0, 8.0, 44.0, "reverse_km")),
}
every_kind = pytest.mark.parametrize("report", EVERY_KIND.values(), ids=list(EVERY_KIND))


@every_kind
def test_a_report_comes_back_from_plain_types(report: Report) -> None:
    again = Report.from_dict(report.to_dict())
    assert again.terms == report.terms
    assert says(again) == says(report)
    for family, shape in FAMILIES[-2:]:
        likelihood = SurvivalReports(family, [report], shape)
        stored = SurvivalReports.from_dict(likelihood.to_dict())
        assert (stored.family, stored.shape, stored.to_dict()) == (family, tuple(shape), likelihood.to_dict())


def test_both_libraries_say_the_same_of_every_kind_and_family_with_finite_gradients() -> None:
    import pytensor
    import pytensor.tensor as pt

    from tinycohort.likelihoods.symbolic import pytensor_operations

    mode = pytensor.compile.mode.get_mode("FAST_COMPILE").excluding("fusion")
    extremes = np.array([-30.0, -6.0, 0.0, 1.9, 2.6, 4.0, 9.0, 40.0])
    rows = {"report": np.arange(len(EVERY_KIND))}
    # One of each sort; what curves share was compared family by family elsewhere.
    for family, shape in (FAMILIES[1], FAMILIES[2]):
        likelihood = SurvivalReports(family, list(EVERY_KIND.values()), shape)
        data = likelihood.prepare(rows)
        # Where some never die, far out nobody else does: differences between two times are lost in rounding there.
        levels = extremes if family.name != "gompertz" else extremes[2:]
        at = np.repeat(levels[:, None], len(EVERY_KIND), axis=1)
        numbers = likelihood.log_kernel(at, data)
        assert np.isfinite(numbers).all(), family.name
        theta, shapes = pt.dmatrix(), pt.dvector()
        each = pt.broadcast_to(shapes, (len(EVERY_KIND), len(shape)))
        symbolic = likelihood.log_kernel_at(theta, each, data, pytensor_operations())
        gradients = pytensor.grad(symbolic.sum(), [theta, shapes] if shape else [theta])
        both = pytensor.function([theta, shapes], [symbolic, *gradients], on_unused_input="ignore", mode=mode)
        found, *slopes = both(at, np.array(shape, float))
        assert found == pytest.approx(numbers, rel=1e-9, abs=1e-9), family.name
        assert all(np.isfinite(slope).all() for slope in slopes), family.name


def test_person_time_is_refused_where_the_hazard_is_not_constant() -> None:
    report = person_time_report(3, 130.0, 9)
    rows = {"report": np.zeros(1, int)}
    assert not SurvivalReports(Exponential(), [report]).check(rows, ("Series A",))
    (issue,) = SurvivalReports(Weibull(), [report]).check(rows, ("Series A",))
    assert str(issue).startswith("Series A: 3 events in 130 person-months, under the family weibull")
