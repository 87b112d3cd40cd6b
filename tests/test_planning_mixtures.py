"""Mixtures: their distributions, what they are worth, and how they learn; against closed forms and other software."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import tinycohort as tc
from tinycohort.planning.decisions import SCALES
from tinycohort.planning.sample_size import effective_sample_size

STORED = json.loads((Path(__file__).parent / "reference/planning_cases.json").read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in STORED["cases"]}
AS = CASES["beta_mixture_AS_ess"]
MIXTURES = {
    "beta": tc.Mixture("beta", [0.6, 0.3, 0.1], [19.2, 3.5, 0.4], [57.8, 9.4, 2.0]),
    "normal": tc.Mixture("normal", [0.7, 0.3], [0.1, -0.4], [0.3, 1.2], reference_sd=2.0),
    "gamma": tc.Mixture("gamma", [0.5, 0.5], [8.0, 0.7], [100.0, 4.0]),
}
LAWS = {
    "beta": stats.beta,
    "normal": stats.norm,
    "gamma": lambda shape, rate: stats.gamma(shape, scale=1.0 / rate),
}
EVERY = {"elir", "moment", "morita"}
every_family = pytest.mark.parametrize("family", MIXTURES)


def as_mixture(inputs: dict[str, Any]) -> tc.Mixture:
    return tc.Mixture("beta", inputs["weights"], inputs["alpha"], inputs["beta"])


def components(mixture: tc.Mixture) -> list[Any]:
    return [LAWS[mixture.family](a, b) for a, b in zip(mixture.first, mixture.second, strict=True)]


# -- distributions


@every_family
def test_a_mixture_is_the_weighted_sum_of_its_components(family: str) -> None:
    mixture = MIXTURES[family]
    points = mixture.quantile(np.linspace(0.01, 0.99, 25))
    for found, name in ((mixture.density(points), "pdf"), (mixture.cdf(points), "cdf"),
                        (mixture.probability_above(points), "sf")):  # fmt: skip
        wanted = sum(
            w * getattr(one, name)(points) for w, one in zip(mixture.weights, components(mixture), strict=True)
        )
        assert found == pytest.approx(wanted, rel=1e-10)
    first = sum(w * one.mean() for w, one in zip(mixture.weights, components(mixture), strict=True))
    second = sum(w * (one.var() + one.mean() ** 2) for w, one in zip(mixture.weights, components(mixture), strict=True))
    assert (mixture.mean, mixture.sd) == pytest.approx((first, math.sqrt(second - first**2)))


@every_family
def test_quantiles_are_where_the_distribution_function_says(family: str) -> None:
    p = np.array([1e-6, 0.025, 0.5, 0.975, 1.0 - 1e-6])
    assert MIXTURES[family].cdf(MIXTURES[family].quantile(p)) == pytest.approx(p, rel=1e-9)


@every_family
def test_draws_are_from_the_mixture_and_repeat_with_their_seed(family: str) -> None:
    mixture = MIXTURES[family]
    draws = mixture.draw(4000, seed=3)
    assert stats.kstest(draws, mixture.cdf).pvalue > 0.01
    assert (draws == mixture.draw(4000, seed=3)).all()


def test_the_density_is_nought_outside_the_support() -> None:
    assert MIXTURES["beta"].density([-0.1, 0.0, 1.0, 1.2]).tolist() == [0.0] * 4
    assert MIXTURES["gamma"].density(-1.0) == 0.0


# -- learning


DATA = {
    "beta": {"events": 4, "total": 20},
    "normal": {"estimate": 0.9, "standard_error": 0.5},
    "gamma": {"events": 5, "person_time": 60.0},
}
LIKELIHOODS = {
    "beta": lambda x: stats.binom(20, x).pmf(4),
    "normal": lambda x: stats.norm(x, 0.5).pdf(0.9),
    "gamma": lambda x: stats.poisson(60.0 * x).pmf(5),
}


@every_family
def test_an_update_is_prior_times_likelihood_every_constant_kept(family: str) -> None:
    prior, after, likelihood = MIXTURES[family], MIXTURES[family].update(**DATA[family]), LIKELIHOODS[family]
    points = prior.quantile(np.linspace(0.02, 0.98, 15))
    evidence = math.exp(prior.log_marginal_likelihood(**DATA[family]))
    assert after.density(points) == pytest.approx(prior.density(points) * likelihood(points) / evidence, rel=1e-9)
    low, high = prior.quantile([1e-9, 1 - 1e-9])
    total = integrate.quad(lambda x: float(prior.density(x) * likelihood(x)), low, high, limit=400)[0]
    assert evidence == pytest.approx(total, rel=1e-5)


def test_what_is_predicted_of_counts_sums_to_one_and_is_the_evidence_of_each() -> None:
    chances = MIXTURES["beta"].predictive(total=20)
    assert len(chances) == 21
    assert chances.sum() == pytest.approx(1.0)
    assert chances[4] == pytest.approx(math.exp(MIXTURES["beta"].log_marginal_likelihood(events=4, total=20)))
    deaths = MIXTURES["gamma"].predictive(person_time=60.0)
    assert deaths.sum() == pytest.approx(1.0, abs=1e-9)
    assert deaths[5] == pytest.approx(math.exp(MIXTURES["gamma"].log_marginal_likelihood(events=5, person_time=60.0)))


def test_what_is_predicted_of_an_estimate_is_a_wider_normal_mixture() -> None:
    wider = MIXTURES["normal"].predictive(standard_error=0.5)
    found = math.log(float(wider.density(0.9)))
    assert found == pytest.approx(MIXTURES["normal"].log_marginal_likelihood(estimate=0.9, standard_error=0.5))


def test_data_that_contradict_the_prior_give_the_vague_component_the_weight() -> None:
    prior = tc.Mixture("beta", [1.0], [40.0], [160.0]).robust(0.1)
    agreeing, contradicting = (prior.update(events=r, total=20).weights[-1] for r in (4, 16))
    assert agreeing < 0.1 < 0.99 < contradicting


def test_what_is_robust_holds_the_stated_weight_and_one_observation() -> None:
    beta, normal, gamma = (MIXTURES[family].robust(0.25, 0.3, 3) for family in ("beta", "normal", "gamma"))
    assert (beta.first[-1], beta.second[-1]) == pytest.approx((4 * 0.3, 4 * 0.7))
    assert (normal.first[-1], normal.second[-1]) == pytest.approx((0.3, 2.0 / math.sqrt(3)))
    assert (gamma.first[-1], gamma.second[-1]) == pytest.approx((0.9, 3.0))
    for family, mixture in (("beta", beta), ("normal", normal), ("gamma", gamma)):
        assert mixture.weights[-1] == pytest.approx(0.25)
        assert mixture.vague.tolist() == [False] * MIXTURES[family].components + [True]
        assert mixture.informative.weights == pytest.approx(MIXTURES[family].weights)
    assert "0.25 Beta(1.2, 2.8), vague" in repr(beta)


def test_posterior_probabilities_are_those_of_phase1b() -> None:
    case = CASES["leeliu_postprob"]
    inputs, published = case["inputs"], case["published"]
    prior = tc.Mixture("beta", [1.0], [inputs["alpha"]], [inputs["beta"]])
    for events, wanted in ((16, published["probability"]), (0, published["after_0"]), (23, published["after_23"])):
        found = prior.update(events=events, total=23).probability_above(0.6)
        assert found == pytest.approx(wanted, rel=1e-6)
    inputs = CASES["mixture_postprob"]["inputs"]
    after = as_mixture(inputs).update(events=inputs["events"], total=inputs["total"])
    assert after.probability_above(0.6) == pytest.approx(
        CASES["mixture_postprob"]["published"]["probability"], abs=1e-6
    )


# -- what a prior is worth


def test_the_map_prior_that_rbest_prints_is_worth_what_it_says() -> None:
    published, recomputed = AS["published"], AS["recomputed"]
    mixture = as_mixture(AS["inputs"])
    assert (mixture.mean, mixture.sd) == pytest.approx((published["mean"], published["sd"]), abs=1e-7)
    quantiles = [published[name] for name in ("q025", "median", "q975")]
    assert mixture.quantile([0.025, 0.5, 0.975]) == pytest.approx(quantiles, abs=5e-5)
    found = mixture.effective_sample_size()
    assert [round(x) for x in (found.elir, found.moment, found.morita)] == [
        published[name] for name in ("elir", "moment", "morita")
    ]
    assert (found.elir, found.moment) == pytest.approx((recomputed["elir"], recomputed["moment"]), abs=1e-4)
    robust = mixture.robust(AS["inputs"]["robust_weight"]).effective_sample_size()
    assert round(robust.elir) == published["robust_elir"]
    wanted = recomputed["robust_elir"], recomputed["robust_moment"]
    assert (robust.elir, robust.moment) == pytest.approx(wanted, abs=1e-4)
    example = recomputed["rbest_example"]
    found = as_mixture(example).effective_sample_size()
    assert (found.elir, found.moment) == pytest.approx((example["elir"], example["moment"]), abs=1e-4)


def test_single_components_are_worth_their_closed_forms() -> None:
    inputs, published = (CASES["ess_conjugate_identities"][part] for part in ("inputs", "published"))
    beta = tc.Mixture("beta", [1.0], [inputs["beta"][0]], [inputs["beta"][1]]).effective_sample_size()
    assert (beta.elir, beta.moment) == pytest.approx((published["beta"],) * 2, abs=1e-4)
    assert round(beta.morita) == published["beta"]
    mean, sd, unit = inputs["normal"]
    normal = effective_sample_size(tc.Mixture("normal", [1.0], [mean], [sd], unit), vague=math.inf)
    assert (normal.elir, normal.moment, normal.morita) == pytest.approx((published["normal"],) * 3, abs=1e-4)
    gamma = tc.Mixture("gamma", [1.0], [inputs["gamma"][0]], [inputs["gamma"][1]])
    after = gamma.update(events=40, person_time=20).effective_sample_size("person_time")
    assert (after.elir, after.moment) == pytest.approx((published["gamma_after_20_times_2"],) * 2, abs=1e-4)
    assert gamma.effective_sample_size("events").elir == pytest.approx(published["gamma_exponential_elir"], abs=1e-4)


def test_elir_is_consistent_with_what_it_predicts_of_more_data() -> None:
    """Expected over the predictive, the posterior's is the prior's and the number of new people."""
    prior = tc.Mixture("beta", [0.7, 0.3], [12.0, 3.0], [30.0, 4.0])
    posteriors = [prior.update(events=r, total=10).effective_sample_size().elir for r in range(11)]
    expected = prior.predictive(total=10) @ np.array(posteriors)
    assert expected == pytest.approx(prior.effective_sample_size().elir + 10, rel=1e-6)


def test_elir_is_two_and_what_the_slope_of_the_density_holds_less_the_density_at_its_ends() -> None:
    """Integrated by parts: the definition has second derivatives, and this only first ones."""
    for mixture in (as_mixture(AS["inputs"]).robust(0.2),):

        def held(x: float, of: tc.Mixture = mixture) -> float:
            parts = [(w * d.pdf(x), (a - 1) / x - (b - 1) / (1 - x)) for w, d, a, b in
                     zip(of.weights, components(of), of.first, of.second, strict=True)]  # fmt: skip
            density, slope = sum(f for f, _ in parts), sum(f * g for f, g in parts)
            return float(x * (1 - x) * slope**2 / density)

        inside = integrate.quad(held, 0.0, 1.0, limit=400)[0]
        ends = sum(float(mixture.weights @ [d.pdf(x) for d in components(mixture)]) for x in (1e-14, 1 - 1e-14))
        assert mixture.effective_sample_size().elir == pytest.approx(2.0 + inside - ends, abs=1e-4)


def test_elir_of_a_gamma_mixture_is_the_integral_that_defines_it() -> None:
    mixture = tc.Mixture("gamma", [0.4, 0.6], [20.0, 6.0], [10.0, 2.0])

    def log_density(x: Any) -> Any:
        parts = zip(mixture.weights, mixture.first, mixture.second, strict=True)
        return mpmath.log(sum(w * b**a * x ** (a - 1) * mpmath.exp(-b * x) / mpmath.gamma(a) for w, a, b in parts))

    def ratio(x: Any) -> Any:
        return -mpmath.diff(log_density, x, 2) * mpmath.exp(log_density(x))

    ends = [0.01, 1, 2, 3, 5, 10, 20]
    found = mixture.effective_sample_size("person_time").elir
    assert found == pytest.approx(float(mpmath.quad(lambda x: x * ratio(x), ends, maxdegree=4)), rel=1e-4)


@pytest.mark.parametrize(
    ("mixture", "undefined", "why"),
    [
        (tc.Mixture("beta", [0.95, 0.05], [10, 0.9], [5, 2]), {"elir", "morita"}, "infinite at 0 or 1"),
        (tc.Mixture("beta", [0.95, 0.05], [10, 2], [5, 0.9]), {"elir", "morita"}, "infinite at 0 or 1"),
        (tc.Mixture("gamma", [1.0], [0.5], [2.0]), {"elir", "morita"}, "infinite at 0"),
        (tc.Mixture("normal", [1.0], [0.0], [1.0]), EVERY, "nobody said what one observation is"),
        (tc.Mixture("normal", [1.0], [0.0], [1.0], math.inf), EVERY, "infinite"),
        (tc.Mixture("beta", [1.0], [1.0], [1.0]), {"morita"}, "no mode"),
        # RBesT warns that it finds a negative one of these: 1 exactly is where the density no longer vanishes.
        (
            tc.Mixture(
                "beta",
                [0.6092774, 0.2337629, 0.1569597],
                [1.0, 1.2672179, 3.3856153],
                [11.8465288, 1.2389927, 7.0191159],
            ),
            {"elir"},
            "not peaked",
        ),
    ],
)  # fmt: skip
def test_a_sample_size_that_is_not_defined_is_none_and_says_why(
    mixture: tc.Mixture, undefined: set[str], why: str
) -> None:
    found = mixture.effective_sample_size()
    assert {name for name in ("elir", "moment", "morita") if getattr(found, name) is None} == undefined
    assert set(found.reasons) == undefined
    assert any(why in reason for reason in found.reasons.values())
    assert "undefined" in str(found)


sizes = st.floats(0.05, 300.0)


@settings(max_examples=40)
@given(weight=st.floats(0.01, 0.99), a=sizes, b=sizes, c=sizes, d=sizes)
def test_no_sample_size_is_ever_negative(weight: float, a: float, b: float, c: float, d: float) -> None:
    for family in ("beta", "gamma"):
        found = tc.Mixture(family, [weight, 1.0 - weight], [a, c], [b, d]).effective_sample_size()
        assert all(x is None or x >= 0.0 for x in (found.elir, found.moment, found.morita))


# -- comparing two


def difference_by_quad(first: tuple[float, float], second: tuple[float, float], threshold: float, scale: str) -> float:
    f, g = stats.beta(*first), stats.beta(*second)

    def passed(x: float) -> float:
        if scale == "risk_difference":
            return float(f.sf(x + threshold))
        return float(f.sf(1.0 / (1.0 + math.exp(-(math.log(x / (1.0 - x)) + threshold)))))

    edges = {0.0, 1e-6, 1e-3, 0.01, *np.linspace(0.05, 0.95, 31), 0.99, 0.999, 1.0 - 1e-6, 1.0}
    edges |= (
        {min(max(-threshold, 0.0), 1.0), min(max(1.0 - threshold, 0.0), 1.0)} if scale == "risk_difference" else set()
    )
    ordered = sorted(edges)
    pieces = itertools.pairwise(ordered)
    return sum(integrate.quad(lambda x: passed(x) * g.pdf(x), *ends, epsabs=1e-13)[0] for ends in pieces)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("threshold", [0.0, 0.1, -0.9])
@pytest.mark.parametrize(
    ("first", "second"), [((0.5, 1.0), (1.0, 41.0)), ((41.0, 1.0), (0.5, 20.0)), ((400.0, 700.0), (300.0, 3.0))]
)
def test_two_arms_are_compared_exactly(
    first: tuple[float, float], second: tuple[float, float], threshold: float, scale: str
) -> None:
    arms = [tc.Mixture("beta", [1.0], [a], [b]) for a, b in (first, second)]
    wanted = difference_by_quad(first, second, threshold, scale)
    assert tc.probability_of_difference(*arms, threshold, scale) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("family", ["normal", "gamma"])
def test_two_arms_of_other_families_are_compared_in_closed_form(family: str) -> None:
    first, second = MIXTURES[family], MIXTURES[family].update(**DATA[family])
    draws = [one.draw(200_000, seed) for seed, one in enumerate((first, second))]
    gap = np.log(draws[0]) - np.log(draws[1]) if family == "gamma" else draws[0] - draws[1]
    found = tc.probability_of_difference(first, second, 0.2)
    assert found == pytest.approx((gap > 0.2).mean(), abs=4.0 * math.sqrt(0.25 / 200_000))


def test_a_rule_of_several_thresholds_wants_all_of_them() -> None:
    after = tc.Mixture("beta", [1.0], [1.0], [1.0]).update(events=8, total=20)
    assert after.probability_above(0.2) > 0.95
    assert after.probability_above(0.35) < 0.8
    assert tc.DecisionRule(0.2, 0.95).met(after)
    assert not tc.DecisionRule([0.2, 0.35], [0.95, 0.8]).met(after)
    assert tc.DecisionRule([0.2, 0.35], [0.95, 0.5]).met(after)
    assert tc.DecisionRule(0.7, 0.95, above=False).met(after)
    assert tc.DecisionRule([0.2, 0.35], [0.95, 0.5]).null == 0.2


# -- what is refused


def test_everything_that_is_wrong_with_a_mixture_is_said_at_once() -> None:
    with pytest.raises(tc.InputError) as refusal:
        tc.Mixture("beta", [0.5, 0.6], [1.0, -1.0], [2.0, 2.0], reference_sd=-1.0)
    said = str(refusal.value)
    assert "0.5, 0.6 sum to 1.1" in said
    assert "alpha 1, -1" in said
    assert "-1.0 is no standard deviation" in said
    for wrong, what in (
        (("cauchy", [1], [1], [1]), "unknown family 'cauchy'"),
        (("beta", [1], [1, 2], [1]), "1 weights, 2 alpha, 1 beta"),
        (("beta", ["x"], [1], [1]), "are not numbers"),
    ):
        with pytest.raises(tc.InputError, match=what):
            tc.Mixture(*wrong)


@pytest.mark.parametrize(
    ("family", "data", "what"),
    [
        ("beta", {"events": 5, "total": 4}, "5 events among 4 people"),
        ("beta", {"events": 1.5, "total": 4}, "1.5 is not a count"),
        ("beta", {"events": 1}, "total: None is not a number"),
        ("beta", {"estimate": 1.0, "standard_error": 1.0}, "takes events and total"),
        ("normal", {"estimate": 1.0, "standard_error": 0.0}, "0 is not above nought"),
        ("gamma", {"events": 1, "person_time": -2}, "-2 is not above nought"),
    ],
)
def test_data_that_a_mixture_cannot_learn_from_are_refused(family: str, data: dict[str, float], what: str) -> None:
    with pytest.raises(tc.InputError, match=what):
        MIXTURES[family].update(**data)


def test_a_robust_prior_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(tc.InputError) as refusal:
        tc.Mixture("normal", [1.0], [0.0], [1.0]).robust(1.5, math.nan, -1)
    assert [issue.where for issue in refusal.value.issues] == ["weight", "mean", "n", "reference_sd"]
    with pytest.raises(tc.InputError, match="'months' of a gamma mixture"):
        MIXTURES["gamma"].effective_sample_size("months")


def test_rules_and_comparisons_that_make_no_sense_are_refused() -> None:
    for wrong, what in (
        ((0.2, 1.2), "1.2 is not between 0 and 1"),
        (([0.2, 0.3], 0.9), "2 thresholds and 1 probabilities"),
        (("high", 0.9), "'high' is not a number"),
        ((0.2, 0.9, True, "ratio"), "unknown scale 'ratio'"),
    ):
        with pytest.raises(tc.InputError, match=what):
            tc.DecisionRule(*wrong)
    with pytest.raises(tc.InputError, match="a beta mixture against a normal one"):
        tc.probability_of_difference(MIXTURES["beta"], MIXTURES["normal"])
