"""Power-scaling and predictive p-values: against closed forms, other rules and ArviZ."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

import tinycohort as tc
from support.fits import normal_fit
from tinycohort.comparison.conflict import prior_of_theta
from tinycohort.comparison.scaling import sensitivity_from_draws
from tinycohort.engines.nuts import DrawsPosterior
from tinycohort.engines.run import run

COUNTS: dict[str, Any] = {"events": [1, 7, 9], "totals": [8, 27, 44]}
# What quadrature over quantiles promises of a probability.
NEAR = 1e-4


# -- power scaling --------------------------------------------------------------------------------------------------


def distance_of_normals(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Cumulative Jensen-Shannon distance by adaptive quadrature, over the range that 4000 draws would span."""
    ends = stats.norm(*one).ppf([1 / 4000, 1 - 1 / 4000])

    def between(p: Any, q: Any) -> float:
        def divergence(x: float) -> float:
            a, b = p(x), q(x)
            return float(a * math.log2(2 * a / (a + b)) + b * math.log2(2 * b / (a + b)))

        return math.sqrt(
            integrate.quad(divergence, *ends, limit=200)[0] / integrate.quad(lambda x: p(x) + q(x), *ends)[0]
        )

    first, second = stats.norm(*one), stats.norm(*other)
    return max(between(first.cdf, second.cdf), between(first.sf, second.sf))


def test_sensitivity_of_a_normal_mean_is_that_of_the_closed_form() -> None:
    y, se, sd = [0.5, 1.4], [0.6, 0.5], 0.7
    found = tc.power_scaling(normal_fit(y, se, f"Normal(0, {sd})", None, "common")).table.set_index("target")

    def posterior(prior_power: float, likelihood_power: float) -> tuple[float, float]:
        weights = likelihood_power / np.square(se)
        precision = prior_power / sd**2 + weights.sum()
        return float(weights @ y / precision), precision**-0.5

    base = posterior(1.0, 1.0)
    for name, powers in (("prior", lambda a: (a, 1.0)), ("likelihood", lambda a: (1.0, a))):
        slopes = [distance_of_normals(base, posterior(*powers(a))) / abs(math.log2(a)) for a in (0.99, 1.01)]
        assert found.loc["mu", name] == pytest.approx(np.mean(slopes), rel=5e-3), name


def test_exact_sensitivity_is_what_arviz_finds_by_weighting_draws() -> None:
    fit = tc.pool(**COUNTS)
    exact = tc.power_scaling(fit)
    assert exact.engine == "exact"
    rows = exact.table.set_index("target")
    each = [sensitivity_from_draws(run(fit.compiled, "exact", seed)) for seed in range(8)]
    for target in ("mu", "tau", "new_cohort"):
        for part in ("prior", "likelihood"):
            values = [one[target][part] for one in each]
            # Besides chance, the distance depends a little on how far the draws happen to reach.
            error = stats.sem(values) * stats.t(7).ppf(0.9995) + 0.02 * float(np.mean(values))
            assert rows.loc[target, part] == pytest.approx(np.mean(values), abs=error), (target, part)


def test_all_priors_together_move_what_each_moves_alone() -> None:
    rows = tc.power_scaling(tc.pool(**COUNTS)).table.set_index("target")
    assert rows.loc["tau", "prior_tau"] == pytest.approx(rows.loc["tau", "prior"], rel=0.05)
    assert rows.loc["tau", "prior_mu"] < 0.1 * rows.loc["tau", "prior_tau"]
    few = tc.power_scaling(tc.pool(**COUNTS), each_prior=False).table
    assert "prior_tau" not in few
    assert few["prior"].tolist() == pytest.approx(rows["prior"].tolist())


def test_the_diagnosis_says_who_answers() -> None:
    many = tc.pool(events=[90, 88], totals=[300, 310], pooling="common")
    said = tc.power_scaling(many).table.set_index("target")["diagnosis"]
    assert said["mu"] == "the data say it; the prior hardly matters"
    torn = tc.pool(events=[27, 25], totals=[30, 30], pooling="common", mu="Normal(-1, 0.4)")
    said = tc.power_scaling(torn).table.set_index("target")["diagnosis"]
    assert said["mu"] == "the prior and the data pull in different directions"
    silent = tc.power_scaling(tc.pool(events=[1], totals=[3]))
    assert silent.table.set_index("target").loc["tau", "diagnosis"] == "the prior says more of it than the data"
    assert silent.remarks[0].startswith("The data said nothing about tau")
    assert "the prior says more of it than the data" in repr(silent)


def test_survival_is_power_scaled_too() -> None:
    reports = {"one": tc.from_landmarks({12.0: 0.6}, 20, at_risk={12.0: 12}), "two": tc.from_deaths(4, 9, 10.0, 20.0)}
    priors = {"mu": "Normal(3, 0.5)", "tau": "HalfNormal(0.5)"}
    fit = tc.pool_survival(reports, family="exponential", **priors)  # type: ignore[arg-type]
    exact = tc.power_scaling(fit, each_prior=False).table.set_index("target")
    drawn = sensitivity_from_draws(run(fit.compiled, "exact", 1))
    for part in ("prior", "likelihood"):
        assert exact.loc["mu", part] == pytest.approx(drawn["mu"][part], rel=0.3), part


def test_a_fit_known_by_draws_alone_is_weighted() -> None:
    exact = tc.pool(**COUNTS, seed=1)
    draws = DrawsPosterior(exact.compiled, exact.posterior.draws(4, 1000, 1), {})
    sampled = tc.Fit(exact.compiled, draws, exact.provenance, make_draws=lambda fit: exact.draws)
    sampled.kept["exact"] = None  # as if it could not be integrated
    found = tc.power_scaling(sampled)
    assert found.engine == "draws"
    assert list(found.table["target"]) == ["mu", "tau", "new_cohort"]


# -- what each cohort reported ------------------------------------------------------------------------------------


def mid_p(below: float, equal: float) -> float:
    low = below + 0.5 * equal
    return min(1.0, 2.0 * min(low, 1.0 - low))


def test_under_a_uniform_prior_every_count_is_as_likely_as_another() -> None:
    found = tc.prior_data_conflict(tc.pool(**COUNTS, mu="Beta(1, 1)", pooling="common")).table
    for r, n, p in zip(COUNTS["events"], COUNTS["totals"], found["p_prior"], strict=True):
        assert p == pytest.approx(mid_p(r / (n + 1), 1 / (n + 1)), abs=NEAR)


def test_others_with_one_rate_predict_a_beta_binomial() -> None:
    found = tc.prior_data_conflict(tc.pool(**COUNTS, mu="Beta(1, 1)", pooling="common")).table
    events, totals = np.array(COUNTS["events"]), np.array(COUNTS["totals"])
    for j, (r, n) in enumerate(zip(events, totals, strict=True)):
        others = stats.betabinom(n, 1 + events.sum() - r, 1 + (totals - events).sum() - (n - r))
        assert found["p_others"][j] == pytest.approx(mid_p(others.cdf(r - 1), others.pmf(r)), abs=NEAR)


def test_others_that_are_only_alike_predict_as_the_exact_engine_does() -> None:
    found = tc.prior_data_conflict(tc.pool(**COUNTS)).table
    others = tc.pool(events=[7, 9], totals=[27, 44])
    chances = tc.predicted_events(others, patients=8)
    assert found["p_others"][0] == pytest.approx(mid_p(chances[0], chances[1]), abs=NEAR)
    assert found["side_others"][0] == "low"


@pytest.mark.parametrize("pooling", ["partial", "student", "nested"])
def test_what_the_priors_predict_is_the_evidence_of_each_count(pooling: str) -> None:
    more: dict[str, Any] = {"student": {"nu": 4.0}, "nested": {"groups": ["a"]}}.get(pooling, {})
    fit = tc.pool(events=[1], totals=[4], pooling=pooling, **more)
    theta, weights = prior_of_theta(fit)
    found = [float(weights @ stats.binom.pmf(r, 4, 1 / (1 + np.exp(-theta)))) for r in (0, 2)]
    for r, chance in zip((0, 2), found, strict=True):
        evidence = tc.pool(events=[r], totals=[4], pooling=pooling, **more).posterior.log_marginal_likelihood
        assert chance == pytest.approx(math.exp(evidence or math.nan), abs=NEAR)


def test_normal_estimates_have_the_closed_form() -> None:
    y, se, sd = np.array([0.5, 1.4, -0.2]), np.array([0.6, 0.5, 0.9]), 0.7
    found = tc.prior_data_conflict(normal_fit(y.tolist(), se.tolist(), f"Normal(0, {sd})", None, "common")).table
    for j in range(3):
        prior = stats.norm(0.0, math.hypot(sd, se[j])).cdf(y[j])
        assert found["p_prior"][j] == pytest.approx(mid_p(prior, 0.0), abs=NEAR)
        rest = np.delete(1 / se**2, j)
        precision = 1 / sd**2 + rest.sum()
        others = stats.norm(rest @ np.delete(y, j) / precision, math.sqrt(1 / precision + se[j] ** 2)).cdf(y[j])
        assert found["p_others"][j] == pytest.approx(mid_p(others, 0.0), abs=NEAR)


def test_without_an_effect_two_arms_are_fishers_hypergeometric() -> None:
    arms = {"events": [5, 2], "totals": [19, 12], "control_events": [1, 3], "control_totals": [20, 11]}
    found = tc.prior_data_conflict(tc.pool(**arms, mu="Normal(0, 0.0001)", pooling="common")).table  # type: ignore[arg-type]
    fisher = stats.hypergeom(39, 6, 19)
    assert found["p_prior"][0] == pytest.approx(mid_p(fisher.cdf(4), fisher.pmf(5)), abs=NEAR)


def test_a_percentage_that_only_one_count_prints_as_is_that_count() -> None:
    counts = tc.prior_data_conflict(tc.pool(**COUNTS)).table
    percent = tc.prior_data_conflict(tc.pool(percentages=["12.5", "25.9", "20.5"], totals=COUNTS["totals"])).table
    for column in ("p_prior", "p_others"):
        assert percent[column].tolist() == pytest.approx(counts[column].tolist(), abs=1e-6)


def test_counts_that_are_published_only_with_an_event_are_predicted_so() -> None:
    fit = tc.pool(events=[1], totals=[4], published_without_events=0.25, mu="Normal(-2, 0.00001)", pooling="common")
    p = 1 / (1 + math.exp(2.0))
    chances = stats.binom.pmf(range(5), 4, p) * [0.25, 1, 1, 1, 1]
    chances /= chances.sum()
    assert tc.prior_data_conflict(fit).table["p_prior"][0] == pytest.approx(mid_p(chances[0], chances[1]), abs=NEAR)


def test_a_cohort_unlike_the_others_is_named_with_what_chance_alone_would_do() -> None:
    found = tc.prior_data_conflict(tc.pool(events=[2, 7, 9, 28], totals=[20, 27, 44, 30]))
    assert found.table["p_others"].idxmin() == 3
    assert found.remarks[0].startswith("The others find cohort 4 the most surprising, p = 0.0")
    assert "below 0.05 in about 19% of cases" in found.remarks[0]
    surprised = tc.prior_data_conflict(tc.pool(events=[28], totals=[30], mu="Normal(-2, 0.3)"))
    assert any(remark.startswith("The priors did not expect cohort 1") for remark in surprised.remarks)
    assert surprised.table["p_others"][0] is None or math.isnan(surprised.table["p_others"][0])


def test_points_of_a_curve_have_no_distribution_of_their_own_and_that_is_said() -> None:
    reports = {"one": tc.from_landmarks({12.0: 0.6}, 20, at_risk={12.0: 12})}
    fit = tc.pool_survival(reports, family="exponential", mu="Normal(3, 1)", tau="HalfNormal(1)")
    found = tc.prior_data_conflict(fit)
    assert found.table["reasons"][0] == "what was printed has no distribution of its own"
    assert found.table["p_prior"][0] is None
