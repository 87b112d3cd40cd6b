"""Where survival likelihoods lie, how wide they are and how they fall: against looking everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tinycohort.families import Exponential, Gompertz, LogLogistic, LogNormal, MSpline, PiecewiseExponential, Weibull
from tinycohort.likelihoods.survival import (
    Followup,
    Person,
    Point,
    Report,
    SurvivalReports,
    followup_counts_report,
    landmarks_report,
    median_report,
    persons_report,
)

FAMILIES = [
    (Exponential(), []),
    (Weibull(), [0.2]),
    (Weibull(), [-1.5]),
    (Weibull(), [1.2]),
    (LogNormal(), [0.2]),
    (LogNormal(), [-1.5]),
    (LogLogistic(), [0.2]),
    (LogLogistic(), [1.2]),
    (Gompertz(), [1.0]),
    (Gompertz(), [-1.0]),
    (PiecewiseExponential((6.0, 12.0)), [0.5, -0.5]),
    (MSpline((0.0, 24.0), (6.0, 12.0)), [0.3, 0.1, -0.2, 0.1, 0.4]),
]
families = pytest.mark.parametrize(("family", "shape"), FAMILIES, ids=[f"{f.name} {s[:1]}" for f, s in FAMILIES])


def reports() -> Iterator[tuple[str, Report]]:
    """Of a day and of decades, of one and of many."""
    for months in (0.03, 300.0):
        for people in (1, 40, 1000):
            few = min(people, 12)
            some = [Person(months * (1.0 + 0.05 * i), months * (1.0 + 0.05 * i), True) for i in range(few)]
            yield "dead", persons_report(some)
            yield "one dead", persons_report([Person(months, months, i == 0) for i in range(people)])
            yield "dead between", persons_report([Person(0.0, months, True)] * people)
            yield "alive", persons_report([Person(months, months, False)] * people)
            yield "entered late", persons_report([Person(months, 2 * months, True, 0.5 * months)] * people)
            yield "median", median_report(months, people, uncensored=True)
            yield "not reached", median_report(None, people, followup_months=months)
            followup = Followup(2 * months, months, 3 * months, "survivors")
            yield "counts", followup_counts_report(people // 3, people, followup)
            yield "landmarks", landmarks_report([Point(months, 0.6), Point(2 * months, 0.4)], people)
            yield "no death", landmarks_report([Point(months, 1.0)], people)
        yield "log median", median_report(months, None, lower_months=0.9 * months, upper_months=1.2 * months)


@families
def test_the_width_is_that_of_the_narrowest_thing_a_likelihood_does(family: Any, shape: list[float]) -> None:
    for name, report in reports():
        likelihood = SurvivalReports(family, [report], shape)
        row = {"report": np.zeros(1, int)}
        data = likelihood.prepare(row)
        (centre,), (width,) = likelihood.locate(row)
        (left,), (right,) = likelihood.tails(row)
        assert np.isfinite([centre, width]).all()
        assert width > 0.0
        # Far and wide nothing is higher, and around the centre nothing is much narrower.
        wide = likelihood.log_kernel(np.linspace(-150.0, 150.0, 301)[:, None], data)[:, 0]
        steps = np.linspace(-12.0, 12.0, 241)
        near = likelihood.log_kernel(centre + width * steps[:, None], data)[:, 0]
        top = near.max()
        plateau = left == 0.0 or right == 0.0
        assert wide.max() <= top + (0.02 if plateau else 0.002), name
        if plateau:
            continue
        inside = np.flatnonzero(near[1:-1] > top - 2.0) + 1
        bend = (2.0 * near[inside] - near[inside - 1] - near[inside + 1]).max()
        narrowest = (steps[1] - steps[0]) / math.sqrt(bend)
        assert 0.7 < narrowest < 1.4, (name, narrowest)


@families
def test_plateaus_are_where_nobody_died_or_nobody_lived(family: Any, shape: list[float]) -> None:
    held = dict(reports())
    likelihood = SurvivalReports(family, list(held.values()), shape)
    left, right = likelihood.tails({"report": np.arange(len(held))})
    some_never_die = isinstance(family, Gompertz) and shape[0] < 0.0
    for name, low, high in zip(held, left, right, strict=True):
        assert (high == 0.0) == (name in ("alive", "not reached", "no death")), name
        if not some_never_die:
            # Of a log-logistic the chance to die late, given late entry, stays as medians fall.
            stays = isinstance(family, LogLogistic) and name == "entered late"
            assert (low == 0.0) == (name == "dead between" or stays), name


def test_tails_fall_as_fast_as_they_do() -> None:
    people = persons_report([Person(5.0, 5.0, True), Person(9.0, 9.0, False), Person(2.0, 6.0, True)])
    rows = {"report": np.zeros(1, int)}
    k = math.exp(0.3)
    # As theta rises every death costs k; as it falls, a log-logistic death or survival costs k too.
    assert SurvivalReports(Weibull(), [people], [0.3]).tails(rows)[1] == pytest.approx([2.0 * k])
    left, right = SurvivalReports(LogLogistic(), [people], [0.3]).tails(rows)
    assert (float(left[0]), float(right[0])) == pytest.approx((3.0 * k, 2.0 * k))
    assert np.isinf(SurvivalReports(Weibull(), [people], [0.3]).tails(rows)[0]).all()
    assert np.isinf(SurvivalReports(LogNormal(), [people], [0.3]).tails(rows)).all()
