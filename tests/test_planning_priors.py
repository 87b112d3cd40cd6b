"""MAP priors: as mixtures they come as close to the exact ones as they say, whatever was fitted."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinycohort as tc
from test_published_cases import CASES, own
from tinycohort.engines.nuts import DrawsPosterior
from tinycohort.planning.fitting import DRAWS, PENALTY, fit_mixture

AS = CASES["gmap_AS_halfnormal1"]


@pytest.fixture(scope="module")
def rbest() -> tc.Fit:
    """RBesT's AS data with its own priors."""
    data = AS["inputs"]
    return tc.pool(events=data["r"], totals=data["n"], mu="Normal(0, 2)", tau="HalfNormal(1)")


@pytest.fixture(scope="module")
def three() -> tc.Fit:
    return tc.pool(events=[1, 7, 9], totals=[8, 27, 44])


def test_the_map_prior_of_rbests_data_is_the_one_that_it_prints(rbest: tc.Fit) -> None:
    prior, published = tc.map_prior(rbest), AS["published"]["p_new"]
    assert (prior.mean, prior.quantile(0.5)) == pytest.approx((published["mean"], published["median"]), abs=0.005)
    assert prior.interval() == pytest.approx((published["q025"], published["q975"]), abs=0.02)
    # And the exact one beside it is that of an integration to many digits.
    exact = own("gmap_AS_halfnormal1")["new_cohort"]
    found = prior.exact.quantile(np.array([0.025, 0.5, 0.975]))
    assert found == pytest.approx([exact[name] for name in ("lower", "median", "upper")], abs=1e-5)
    assert (prior.exact.mean, prior.exact.sd) == pytest.approx((exact["mean"], exact["sd"]), abs=1e-5)


@pytest.mark.parametrize("printed", ["a", "b", "c"])
def test_without_data_the_map_prior_is_the_prior_predictive(printed: str) -> None:
    tau = {"a": "HalfNormal(0.5)", "b": "HalfNormal(1)", "c": "HalfCauchy(0.5)"}[printed]
    fit = tc.pool(estimates=[0.0], lower=[-1e4], upper=[1e4], mu="Normal(0, 0.001)", tau=tau)
    prior = tc.map_prior(fit)
    wanted = CASES["prior_predictive_normal_mixture"]["published"]["q975"][printed]
    assert prior.exact.quantile(np.array([0.975]))[0] == pytest.approx(wanted, rel=2e-3)
    # Of a half-Cauchy's tails four normals cannot tell; the distance says so.
    assert prior.distance < (0.03 if printed == "c" else 0.005)


def test_the_distance_is_the_largest_over_the_whole_line(three: tc.Fit) -> None:
    prior = tc.map_prior(three)
    points = np.linspace(0.001, 0.999, 2000)
    gap = np.abs(prior.cdf(points) - prior.exact.cdf(points)).max()
    assert prior.distance == pytest.approx(gap, abs=2e-5)
    assert prior.distance < 0.002


def test_the_components_are_those_that_akaikes_criterion_wants(three: tc.Fit) -> None:
    prior = tc.map_prior(three)
    assert prior.components == 1 + int(np.argmin(prior.criterion))
    assert len(prior.criterion) == 4
    one = tc.map_prior(three, components=1)
    # What one component's criterion is, by its definition, over points of the exact prior.
    points = prior.exact.quantile((np.arange(2000) + 0.5) / 2000)
    slope = np.log(points) + np.log1p(-points)
    score = float(np.mean(np.log(one.density(points)) + slope))
    assert one.criterion[0] == pytest.approx(-2 * DRAWS * score + 2 * PENALTY, rel=4e-3)
    assert one.distance > 10 * prior.distance


@pytest.mark.parametrize("family", ["beta", "normal", "gamma"])
def test_a_mixture_is_found_again(family: str) -> None:
    parameters = {
        "beta": ([20.0, 3.0], [50.0, 2.0]),
        "normal": ([0.0, 1.5], [0.3, 0.8]),
        "gamma": ([30.0, 3.0], [10.0, 4.0]),
    }
    truth = tc.Mixture(family, [0.7, 0.3], *parameters[family])
    line = truth.law.line(truth.quantile((np.arange(1500) + 0.5) / 1500))
    found = fit_mixture(family, line, np.full(1500, 1.0 / 1500))
    assert len(found.weights) == 2
    assert found.weights == pytest.approx(truth.weights, abs=0.02)
    assert found.first == pytest.approx(truth.first, rel=0.1, abs=0.05)
    assert found.second == pytest.approx(truth.second, rel=0.1)


def test_one_cohort_and_no_heterogeneity_give_the_conjugate_prior_itself() -> None:
    fit = tc.pool(events=[5], totals=[20], mu="Logistic(0, 1)", pooling="common")
    prior = tc.map_prior(fit)
    assert prior.components == 1
    assert (prior.first[0], prior.second[0]) == pytest.approx((6.0, 16.0), rel=1e-4)
    assert prior.distance < 1e-5
    assert prior.effective_sample_size().elir == pytest.approx(22.0, rel=1e-3)


def test_a_constant_hazard_has_a_gamma_prior() -> None:
    reports = {"A": tc.from_person_time(9, 120.0), "B": tc.from_person_time(4, 70.0)}
    fit = tc.pool_survival(reports, "exponential", mu="Normal(2.5, 1)", tau="HalfNormal(0.5)")
    prior = tc.map_prior(fit)
    assert (prior.family, prior.scale) == ("gamma", "hazard per month")
    medians = fit.posterior.marginal("new_cohort", natural=True).quantile(np.array([0.1, 0.5, 0.9]))
    assert prior.exact.quantile(np.array([0.9, 0.5, 0.1])) == pytest.approx(math.log(2.0) / medians, rel=1e-6)
    assert prior.quantile(np.array([0.9, 0.5, 0.1])) == pytest.approx(math.log(2.0) / medians, rel=0.02)
    assert prior.distance < 0.01
    assert "ELIR" in repr(prior)


def test_other_quantities_have_normal_priors_on_their_own_scale() -> None:
    evidence = tc.read_evidence()
    for model, scale, sd in (("abscopal_contrast", "log odds ratio", None), ("lrrt_survival", "log hazard ratio", 2.0)):
        fit = tc.fit(model, evidence)
        prior = tc.map_prior(fit)
        assert (prior.family, prior.scale, prior.reference_sd) == ("normal", scale, sd)
        exact = fit.posterior.marginal("new_cohort")
        assert prior.effective_sample_size().unit == ("events" if sd else "observations")
        assert prior.mean == pytest.approx(exact.mean, abs=1e-3)
        assert prior.sd == pytest.approx(exact.sd, rel=0.01)


def test_draws_say_nearly_the_same_as_what_they_were_drawn_from(three: tc.Fit) -> None:
    drawn = DrawsPosterior(three.compiled, three.posterior.draws(4, 1500, 1), {})
    sampled = tc.Fit(three.compiled, drawn, three.provenance, make_draws=lambda fit: None)
    exact, found = tc.map_prior(three), tc.map_prior(sampled)
    assert found.engine == "nuts"
    points = np.linspace(0.02, 0.7, 50)
    # Some thousand draws know a distribution function to about two hundredths.
    assert np.abs(exact.cdf(points) - found.cdf(points)).max() < 0.025
    assert found.distance < 0.025
    assert found.exact.mean == pytest.approx(exact.exact.mean, abs=0.005)


@pytest.mark.slow
def test_the_map_prior_of_the_sampler_is_that_of_the_exact_engine() -> None:
    data = {"events": [1, 7, 9], "totals": [8, 27, 44]}
    exact, drawn = tc.map_prior(tc.pool(**data)), tc.map_prior(tc.pool(**data, engine="nuts", seed=1))
    points = np.linspace(0.02, 0.7, 50)
    assert np.abs(exact.cdf(points) - drawn.cdf(points)).max() < 0.03
    assert "from the draws" in repr(drawn)


def test_a_group_has_a_prior_of_its_own() -> None:
    fit = tc.pool(
        events=[1, 2, 9, 12], totals=[20, 22, 25, 30], groups=["skin", "skin", "lung", "lung"], pooling="nested",
        tau_group="HalfNormal(1)",
    )  # fmt: skip
    skin, lung, other = (tc.map_prior(fit, group=group) for group in ("skin", "lung", None))
    assert skin.mean < other.mean < lung.mean
    assert other.sd > lung.sd
    own_group = fit.posterior.marginal("new_cohort_in_group", 0, natural=True)
    assert skin.exact.mean == pytest.approx(own_group.mean, abs=1e-6)
    with pytest.raises(tc.InputError, match=r"'bone' is no group of this fit\. Choose one of skin, lung"):
        tc.map_prior(fit, group="bone")


def test_where_nobody_responded_elir_is_not_defined_and_the_moment_is() -> None:
    found = tc.map_prior(tc.pool(events=[0, 0], totals=[3, 2])).effective_sample_size()
    assert found.elir is None
    assert "infinite at 0 or 1" in found.reasons["elir"]
    assert found.moment > 0.0


def test_a_fit_that_knows_no_new_cohort_has_no_map_prior(three: tc.Fit) -> None:
    with pytest.raises(tc.InputError, match="pooling 'none' says nothing of a new cohort"):
        tc.map_prior(tc.pool(events=[1, 7], totals=[8, 27], pooling="none"))
    with pytest.raises(tc.InputError, match="this fit has no groups"):
        tc.map_prior(three, group="skin")
    with pytest.raises(tc.InputError) as refusal:
        tc.map_prior(three, components=0, reference_sd=-1.0)
    assert [issue.where for issue in refusal.value.issues] == ["components", "reference_sd"]
    blocked = tc.pool(events=[1, 7], totals=[8, 27])
    blocked.posterior.reasons = ("R-hat is 1.200 (at most 1.01)",)
    with pytest.raises(tc.InputError, match="may not be reported"):
        tc.map_prior(blocked)


def test_a_map_prior_prints_how_close_it_is_and_what_it_is_worth(three: tc.Fit) -> None:
    lines = repr(tc.map_prior(three)).split("\n")
    assert lines[0] == "MAP prior of a new cohort (pool), probability, engine exact"
    assert lines[3].startswith("  effective sample size: ELIR 29.")
    assert lines[4].startswith("  at most 0.00")
    assert tc.map_prior(three).to_dict()["distance"] < 0.002
