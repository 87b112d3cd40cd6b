"""The kind `hazard_ratio`: what it reads, what it makes of an interval, and what it says of one that is not Wald's."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinycohort as tc
from evidence.made_up import KEEP_LARGER, cohort, evidence, hazard_ratio
from support.fits import compiled
from support.pages import reported_in
from tinycohort.engines.run import run as fit_exactly
from tinycohort.evidence import Evidence
from tinycohort.families import Contrast, Proportion
from tinycohort.likelihoods import LIKELIHOODS, HazardRatio

RATIO = Contrast("ratio")
REFERENCE = json.loads((Path(__file__).parent / "reference" / "hazard_ratio_conversions.json").read_text("utf-8"))


def printed(value: float, lower: float, upper: float, level: float = 0.95) -> Any:
    return SimpleNamespace(outcome_id="trial_hr", value=value, lower=lower, upper=upper, level=level)


def remarks(*numbers: float) -> list[str]:
    """What is said of one hazard ratio with its interval."""
    read = {name: np.array([value]) for name, value in HazardRatio().read(printed(*numbers), RATIO).items()}
    given = dict(zip(("estimate", "lower_given", "upper_given"), map(np.atleast_1d, numbers), strict=True))
    return HazardRatio().remarks(read, ("Trial",), given)


def trials(*outcomes: dict[str, Any], designs: Mapping[str, str] = MappingProxyType({}), **changes: Any) -> Evidence:
    """Arms of two trials, irradiated and not, randomised unless another design is named, with these hazard ratios."""
    arms = [
        cohort(f"{name}_{arm}", 30, design=designs.get(name, "randomised"), radiotherapy=given, **changes)
        for name in ("first", "second")
        for arm, given in (("rt", "locoregional"), ("control", "none"))
    ]
    return evidence(arms, outcomes)


def model(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "format": 1,
        "name": "made_up",
        "title": "Made up",
        "question": "By what factor?",
        "evidence": {
            "endpoint": "overall_survival",
            "where": {"radiotherapy": ["locoregional"]},
            "against": {"radiotherapy": ["none"]},
            "origins": ["primary"],
            "overlaps": KEEP_LARGER,
            "level": "cohort",
        },
        "quantity": {"family": "contrast", "measure": "ratio"},
        "likelihood": [{"kind": "hazard_ratio"}],
        "pooling": {"kind": "common"},
        "priors": {"mu": {"dist": "Normal", "mu": 0.0, "sigma": 1.0, "why": "?"}},
        "estimand": [
            {"name": "below", "functional": "probability_below", "target": "typical", "threshold": 1.0, "level": 0.95}
        ],
    }
    return content | changes


def test_the_standard_error_is_that_of_parmar_and_tierney() -> None:
    read = HazardRatio().read(printed(*REFERENCE["hazard_ratio"], REFERENCE["level"]), RATIO)
    assert read["estimate"] == pytest.approx(REFERENCE["log_hazard_ratio"], abs=REFERENCE["tolerance"])
    assert read["standard_error"] == pytest.approx(REFERENCE["standard_error"], abs=REFERENCE["tolerance"])


def test_another_level_has_another_normal_quantile() -> None:
    read = HazardRatio().read(printed(0.68, 0.52, 0.89, 0.9), RATIO)
    assert read["standard_error"] == pytest.approx(math.log(0.89 / 0.52) / (2 * 1.6448536269514722), abs=1e-12)


def test_hazard_ratios_speak_of_ratios_and_nothing_else_speaks_through_them() -> None:
    kind = LIKELIHOODS["hazard_ratio"]()
    assert kind.measures(RATIO) == ("hazard_ratio",)
    assert [kind.speaks_to(family) for family in (RATIO, Contrast("difference"), Proportion())] == [True, False, False]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0.95, 0.52, 0.89, 0.95), "estimate 0.95 is not inside its interval 0.52 to 0.89"),
        ((0.68, 0.89, 0.52, 0.95), "estimate 0.68 is not inside its interval 0.89 to 0.52"),
        ((-0.39, -0.65, -0.12, 0.95), "ratio -0.39 (-0.65 to -0.12) is not positive"),
        ((0.68, 0.52, 0.89, 95.0), "95 is not between 0 and 1"),
    ],
)
def test_a_ratio_that_cannot_be_is_refused_with_its_name(numbers: tuple[float, ...], said: str) -> None:
    with pytest.raises(tc.InputError) as caught:
        HazardRatio().read(printed(*numbers), RATIO)
    assert said in str(caught.value)
    assert "trial_hr" in str(caught.value)


def test_a_ratio_off_the_middle_of_its_interval_is_said_with_the_numbers() -> None:
    """A Wald interval reaches 1.96 standard errors either way; here it is 0.171 down and 0.203 up."""
    (said,) = remarks(1.02, 0.86, 1.25)
    by_lower, by_upper = math.log(1.02 / 0.86) / 1.959964, math.log(1.25 / 1.02) / 1.959964
    assert said.startswith("Trial: 1.02 is not in the middle of 0.86 to 1.25 on the log scale")
    both = math.log(1.25 / 0.86) / (2 * 1.959964)
    assert f"{by_lower:.3f} by the lower limit and {by_upper:.3f} by the upper, and {both:.3f}, by both" in said


@pytest.mark.parametrize("numbers", [(0.52, 0.38, 0.73), (0.16, 0.063, 0.42), (3.51, 1.6, 7.5), (0.42, 0.23, 0.77)])
def test_what_rounding_explains_is_not_remarked_upon_either_way_up(numbers: tuple[float, float, float]) -> None:
    value, lower, upper = numbers
    assert remarks(*numbers) == remarks(1 / value, 1 / upper, 1 / lower) == []


def test_a_ratio_that_was_turned_round_is_as_lopsided_as_before() -> None:
    assert len(remarks(1 / 1.02, 1 / 1.25, 1 / 0.86)) == 1


def test_an_interval_with_many_digits_that_is_a_little_off_is_let_pass() -> None:
    assert remarks(0.5161, 0.4031, 0.6612) == []


def test_a_fit_says_what_its_intervals_do_not() -> None:
    rows = trials(
        hazard_ratio("first_rt", "first_control", 1.02, 0.86, 1.25),
        hazard_ratio("second_rt", "second_control", 0.42, 0.23, 0.77),
    )
    fit = tc.fit(tc.read_model(model()), rows, seed=1)
    assert [one.partition(":")[0] for one in fit.compiled.remarks] == ["FIRST_RT"]


def test_ratios_in_either_direction_give_the_weighted_mean_and_its_probability_of_benefit() -> None:
    """One ratio as it is wanted and one the other way up, pooled by hand on the log scale."""
    rows = trials(
        hazard_ratio("first_rt", "first_control", 0.7, 0.49, 1.0),
        hazard_ratio("second_control", "second_rt", 1.6, 0.8, 3.2),
    )
    fit = tc.fit(tc.read_model(model()), rows, seed=1)
    y = np.array([math.log(0.7), -math.log(1.6)])
    s = np.array([math.log(1.0 / 0.49), math.log(3.2 / 0.8)]) / (2 * 1.959963984540054)
    precision = 1.0 + np.sum(s**-2)
    mean, sd = float(np.sum(y / s**2) / precision), precision**-0.5
    assert fit.summary()["mu"]["mean"] == pytest.approx(mean, abs=1e-6)
    assert fit.summary()["mu"]["sd"] == pytest.approx(sd, abs=1e-6)
    below = tc.estimate(fit).set_index("name").loc["below", "probability"]
    assert below == pytest.approx(0.5 * (1.0 + math.erf(-mean / sd / math.sqrt(2.0))), abs=1e-6)
    assert [row.label for row in fit.compiled.rows] == ["FIRST_RT", "SECOND_RT"]


def test_a_hazard_ratio_may_not_stand_beside_an_odds_ratio() -> None:
    rows = trials(
        hazard_ratio("first_rt", "first_control", 0.7, 0.49, 1.0),
        hazard_ratio("second_rt", "second_control", 0.7, 0.49, 1.0, measure="odds_ratio"),
    )
    kinds = [{"kind": "hazard_ratio"}, {"kind": "normal"}]
    with pytest.raises(tc.InputError, match="They are different quantities"):
        tc.compile_model(tc.read_model(model(likelihood=kinds)), rows)
    alone = tc.compile_model(tc.read_model(model()), rows)
    assert alone.labels == ("FIRST_RT",)


def test_a_hazard_ratio_has_no_risk_at_a_baseline() -> None:
    at = {"functional": "risk_difference", "target": "typical", "level": 0.95, "baseline": 0.2, "baseline_source": "x"}
    with pytest.raises(tc.InputError, match="needs a ratio of odds"):
        tc.read_model(model(estimand=[{"name": "at", **at}]))


def test_a_page_says_which_way_a_hazard_ratio_points_and_which_was_turned_round(tmp_path: Path) -> None:
    rows = trials(
        hazard_ratio("first_rt", "first_control", 0.7, 0.49, 1.0, total=60, printed="HR 0.7 (0.49-1), n = 60"),
        hazard_ratio("second_control", "second_rt", 1.6, 0.8, 3.2, total=50, printed="HR 1.6 (0.8-3.2), n = 50"),
    )
    spec = tc.read_model(model())
    run = reported_in(tmp_path, spec, rows)
    page = run.page("made_up").text
    below = tc.estimate(tc.fit(spec, rows)).set_index("name").loc["below", "probability"]
    assert "Overall survival: a hazard ratio of 0.69 in every cohort" in page
    assert f"The probability of a hazard ratio below 1 is {below:.2f} in a typical cohort." in page
    assert "It rests on 2 cohorts of 110 people." in page
    assert "A hazard ratio below 1 is a lower hazard in the cohort that is named than in the one it is compared" in page
    assert "Printed the other way up, and turned round: SECOND_RT." in page
    # The number stands there as it was printed, with what became of it.
    assert "hazard ratio 1.6, 95% interval 0.8 to 3.2" in page
    assert "turned round, second_rt over second_control: 1/1.6 (1/3.2 to 1/0.8) = 0.625 (0.3125 to 1.25)" in page
    assert "proportional" in page
    assert "Favours the cohort named" in run.source("made_up")


def test_a_page_says_how_many_ratios_come_from_arms_that_nobody_drew_by_lot(tmp_path: Path) -> None:
    ratios = (
        hazard_ratio("first_rt", "first_control", 0.7, 0.49, 1.0, total=60, printed="HR 0.7 (0.49-1), n = 60"),
        hazard_ratio("second_rt", "second_control", 0.6, 0.3, 1.2, total=50, printed="HR 0.6 (0.3-1.2), n = 50"),
    )
    drawn = trials(*ratios)
    half_drawn = trials(*ratios, designs={"second": "retrospective_cohort"})
    said = "Arms that were not drawn by lot may differ in more than the treatment."
    spec = tc.read_model(model())
    (tmp_path / "drawn").mkdir()
    (tmp_path / "half_drawn").mkdir()
    assert said not in reported_in(tmp_path / "drawn", spec, drawn).page("made_up").text
    page = reported_in(tmp_path / "half_drawn", spec, half_drawn).page("made_up").text
    assert said in page
    assert "randomised in 1" in page
    assert "retrospective cohort in 1" in page


@pytest.mark.slow
def test_the_truth_ranks_evenly_among_posteriors_of_ratios_with_their_intervals() -> None:
    """Simulation-based calibration: 600 sets of three ratios, each told as a ratio with its interval and read again."""
    rng, kind, replicates = np.random.default_rng(20), HazardRatio(), 600
    errors, priors = np.array([0.31, 0.1, 0.13]), {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}
    ranks: dict[str, list[float]] = {"mu": [], "tau": [], "cohort": [], "new_cohort": []}
    for _ in range(replicates):
        mu, tau = rng.normal(0.0, 1.0), abs(rng.normal(0.0, 0.5))
        theta = rng.normal(mu, tau, 4)
        drawn = kind.draw(theta[:3], {"standard_error": errors}, rng)["estimate"]
        limits = drawn + 1.959963984540054 * errors * np.array([[0.0], [-1.0], [1.0]])
        told = [printed(*one) for one in np.exp(limits).T]
        read = [kind.read(one, RATIO) for one in told]
        data = {name: [one[name] for one in read] for name in kind.columns}
        fit = fit_exactly(compiled("hazard_ratio", RATIO, "partial", data, priors))
        for name, truth in (("mu", mu), ("tau", tau), ("cohort", theta[0]), ("new_cohort", theta[3])):
            marginal = fit.posterior.marginal(name, 0 if name == "cohort" else None)
            ranks[name].append(float(marginal.cdf(np.array([truth]))[0]))
    even = (np.arange(replicates) + 0.5) / replicates
    for name, found in ranks.items():
        # Kolmogorov's distance; beyond this in one of two thousand.
        assert np.abs(np.sort(found) - even).max() < 2.03 / math.sqrt(replicates), name
