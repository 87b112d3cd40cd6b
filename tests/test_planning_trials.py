"""Trials: what enumeration says of them is what other software and simulation say."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

import tinycohort as tc
from test_planning_mixtures import AS, CASES, as_mixture, difference_by_quad

UNIFORM = tc.Mixture("beta", [1.0], [1.0], [1.0])
MAP = as_mixture(AS["inputs"])
SCEPTICAL = tc.Mixture("beta", [1.0], [4.0], [16.0]).robust(0.2)


# -- against other software


@pytest.mark.parametrize("design", ["nonrobust", "robust", "uniform", "classic"])
def test_the_difference_with_80_percent_power_is_the_one_that_rbest_prints(design: str) -> None:
    case = CASES["oc_AS_delta_at_80pct_power"]
    inputs = case["inputs"]
    active = (
        UNIFORM
        if design in ("uniform", "classic")
        else tc.Mixture("beta", [1.0], *([x] for x in inputs["active_prior"]))
    )
    control = {"nonrobust": MAP, "robust": MAP.robust(0.2)}.get(design, UNIFORM)
    controls = inputs["classic_control_patients"] if design == "classic" else inputs["control_patients"]
    rule, rate = tc.DecisionRule(inputs["threshold"], inputs["probability"]), inputs["control_rate"]
    plan = tc.plan(active, inputs["patients"], rule, control_prior=control, control_patients=controls, truths=[0.5])
    found = optimize.brentq(lambda difference: plan.success(rate + difference, rate) - 0.8, 0.0, 0.7)
    assert found == pytest.approx(case["published"][design], abs=1e-3)
    assert found == pytest.approx(case["recomputed"][design], abs=1e-4)


@pytest.mark.parametrize("prior", ["beta", "uniform"])
def test_the_table_of_schmidli_and_colleagues_is_met(prior: str) -> None:
    case = CASES["schmidli_2014_table_2"]
    inputs, published = case["inputs"], case["published"][prior]
    control = tc.Mixture("beta", [1.0], *([x] for x in published["prior"]))
    plan = tc.plan(
        UNIFORM, inputs["patients"], tc.DecisionRule(inputs["threshold"], inputs["probability"]),
        control_prior=control, control_patients=published["control_patients"], truths=[0.5],
    )  # fmt: skip
    for difference, percent in zip(inputs["differences"], published["percent"], strict=True):
        found = [100.0 * plan.success(rate + difference, rate) for rate in inputs["control_rates"]]
        assert found == pytest.approx(percent, abs=0.6)


# -- against simulation, and by hand


def simulated(rng: np.random.Generator, plan: tc.planning.Plan, truth: float, control: float, size: int = 4000) -> Any:
    """Trials simulated, each looked at by itself: whether it succeeds."""
    rule, found = plan.rule, {}
    pairs = zip(
        rng.binomial(plan.patients, truth, size), rng.binomial(plan.control_patients or 0, control, size), strict=True
    )
    counts = [(int(r), int(c)) for r, c in pairs]
    for r, c in set(counts):
        after = plan.prior.update(events=r, total=plan.patients)
        other = plan.control_prior and plan.control_prior.update(events=c, total=plan.control_patients)
        found[r, c] = rule.met(after, other)
    return np.array([found[pair] for pair in counts])


def test_a_trial_of_one_arm_agrees_with_simulation() -> None:
    plan = tc.plan(SCEPTICAL, 20, tc.DecisionRule([0.2, 0.3], [0.9, 0.5]), truths=[0.4])
    hits = simulated(np.random.default_rng(1), plan, 0.4, 0.0)
    assert plan.rows[0]["success"] == pytest.approx(hits.mean(), abs=4.0 * math.sqrt(0.25 / len(hits)))


@pytest.mark.parametrize("scale", ["risk_difference", "log_odds_ratio"])
def test_a_trial_of_two_arms_agrees_with_simulation(scale: str) -> None:
    rule = tc.DecisionRule(0.1, 0.8, scale=scale)
    plan = tc.plan(UNIFORM, 20, rule, control_prior=SCEPTICAL, control_patients=10, truths=[0.5], control_truths=[0.2])
    hits = simulated(np.random.default_rng(2), plan, 0.5, 0.2)
    assert plan.rows[0]["success"] == pytest.approx(hits.mean(), abs=4.0 * math.sqrt(0.25 / len(hits)))
    one = plan.trial.success[12, 3]
    threshold = difference_by_quad((13.0, 9.0), (7.0, 23.0), 0.1, scale)
    single = tc.plan(UNIFORM, 20, rule, control_prior=tc.Mixture("beta", [1.0], [4.0], [16.0]), control_patients=10)
    assert single.trial.success[12, 3] == (threshold > 0.8)
    assert one


def test_a_prior_of_the_log_odds_ratio_is_updated_by_the_conditional_likelihood() -> None:
    """Against a grid of the noncentral hypergeometric as SciPy has it."""
    prior = tc.Mixture("normal", [0.7, 0.2, 0.1], [0.3, 0.0, 0.0], [0.4, 1.0, 2.0], 2.0, vague=[False, False, True])
    rule = tc.DecisionRule(0.2, 0.6)
    plan = tc.plan(prior, 9, rule, control_patients=7, truths=[0.6], control_truths=[0.3])
    theta = np.linspace(-14.0, 14.0, 8001)
    step = theta[1] - theta[0]
    for r1, r0 in ((6, 2), (0, 0), (9, 7), (3, 5), (8, 1)):
        likelihood = stats.nchypergeom_fisher(16, r1 + r0, 9, np.exp(theta)).pmf(r1)
        parts = np.stack(
            [w * stats.norm(m, s).pdf(theta) for w, m, s in zip(prior.weights, prior.first, prior.second, strict=True)]
        )
        mass = parts * likelihood * step
        above = mass.sum(axis=0)[theta > 0.2].sum() / mass.sum()
        assert plan.trial.success[r1, r0] == (above > 0.6)
        weight = mass[:2].sum() / mass.sum()
        assert plan.trial.features["informative_weight"][r1, r0] == pytest.approx(weight, abs=1e-6)


def test_the_assurance_is_what_is_expected_over_what_is_believed() -> None:
    rule = tc.DecisionRule(0.2, 0.9)
    plan = tc.plan(SCEPTICAL, 20, rule, truths=[0.2])
    draws = SCEPTICAL.informative.draw(20_000, seed=5)
    assert plan.assurance == pytest.approx(float(np.mean(plan.trial.expected(plan.trial.success, draws))), abs=0.01)
    chances = SCEPTICAL.informative.predictive(total=20)
    widths = [np.diff(SCEPTICAL.update(events=r, total=20).interval())[0] for r in range(21)]
    assert plan.expected_today["width"] == pytest.approx(float(chances @ widths))
    assert 0.8 < plan.expected_today["informative_weight"] < 1.0
    hopeful = tc.Mixture("beta", [1.0], [30.0], [20.0])
    assert tc.plan(SCEPTICAL, 20, rule, design_prior=hopeful).assurance > 0.9
    ratio = tc.Mixture("normal", [1.0], [0.8], [0.4], 2.0)
    two = tc.plan(
        ratio, 12, tc.DecisionRule(0.0, 0.9), control_patients=12, control_prior=tc.Mixture("beta", [1], [10], [30])
    )
    controls = two.control_prior.draw(20_000, seed=6)
    odds = np.exp(ratio.draw(20_000, seed=7)) * controls / (1.0 - controls)
    expected = two.trial.expected(two.trial.success, odds / (1.0 + odds), controls)
    assert two.assurance == pytest.approx(float(np.mean(expected)), abs=0.01)
    assert tc.plan(ratio, 12, tc.DecisionRule(0.0, 0.9), control_patients=12).assurance is None


def test_the_type_i_error_is_the_largest_over_the_null() -> None:
    plan = tc.plan(SCEPTICAL, 20, tc.DecisionRule(0.2, 0.9), truths=[0.2])
    assert plan.type_one_error == {"largest": pytest.approx(plan.success(0.2)), "at": 0.2, "null": 0.2}
    fewest = plan.boundary[0]
    assert plan.success(0.2) == pytest.approx(stats.binom(20, 0.2).sf(fewest - 1))
    two = tc.plan(UNIFORM, 15, tc.DecisionRule(0.1, 0.9), control_prior=UNIFORM, control_patients=15)
    rates = np.linspace(0.0, 0.9, 37)
    assert two.type_one_error["largest"] >= max(two.success(rate + 0.1, rate) for rate in rates) - 1e-12
    worst = two.type_one_error["at"]
    assert two.success(worst + 0.1, worst) == pytest.approx(two.type_one_error["largest"])
    fewer = tc.plan(UNIFORM, 20, tc.DecisionRule(0.3, 0.9, above=False))
    assert fewer.type_one_error["largest"] == pytest.approx(fewer.success(0.3))
    assert fewer.success(0.1) > 0.8
    assert fewer.boundary[0] == int(np.flatnonzero(fewer.trial.success[:, 0])[-1])


def test_more_events_never_undo_a_success_whatever_the_prior() -> None:
    torn = tc.Mixture("beta", [0.5, 0.4, 0.1], [60.0, 2.0, 0.3], [20.0, 80.0, 0.3])
    for threshold in (0.1, 0.4, 0.7):
        one = tc.plan(torn, 30, tc.DecisionRule(threshold, 0.6), truths=[0.5]).trial.success[:, 0]
        assert (np.diff(one.astype(int)) >= 0).all()
        two = tc.plan(
            torn, 12, tc.DecisionRule(threshold - 0.4, 0.7), control_prior=torn, control_patients=9
        ).trial.success
        assert (np.diff(two.astype(int), axis=0) >= 0).all()
        assert (np.diff(two.astype(int), axis=1) <= 0).all()


def test_what_is_expected_of_borrowing_falls_as_the_truth_leaves_the_prior() -> None:
    rows = tc.plan(SCEPTICAL, 20, tc.DecisionRule(0.2, 0.9), truths=[0.2, 0.5, 0.8]).rows
    weights = [row["informative_weight"] for row in rows]
    assert weights == sorted(weights, reverse=True)
    counts = stats.binom(20, 0.5).pmf(np.arange(21))
    each = [SCEPTICAL.update(events=r, total=20) for r in range(21)]
    assert weights[1] == pytest.approx(float(counts @ [1.0 - one.weights[-1] for one in each]))
    sizes = [one.effective_sample_size().moment for one in each]
    assert rows[1]["effective_sample_size"] == pytest.approx(float(counts @ sizes))
    widths = [float(np.diff(one.interval())[0]) for one in each]
    assert rows[1]["width"] == pytest.approx(float(counts @ widths))
    covered = [one.interval()[0] <= 0.5 <= one.interval()[1] for one in each]
    assert rows[1]["coverage"] == pytest.approx(float(counts @ covered))


def test_forty_people_in_each_arm_take_less_than_two_seconds() -> None:
    begun = time.process_time()
    tc.plan(UNIFORM, 40, tc.DecisionRule(0.0, 0.95), control_prior=MAP.robust(0.2), control_patients=40)
    assert time.process_time() - begun < 2.0


# -- how large


def test_the_smallest_trial_is_the_first_that_reaches_what_was_asked() -> None:
    rule = tc.DecisionRule(0.2, 0.9)
    found = tc.smallest_trial(SCEPTICAL, rule, truth=0.4, power=0.8, at_most=45)
    powers = [tc.plan(SCEPTICAL, n, rule, truths=[0.4]).success(0.4) for n in range(1, 46)]
    assert found.values == pytest.approx(powers)
    assert found.patients == 1 + next(k for k, power in enumerate(powers) if power >= 0.8)
    assert all(power >= 0.8 for power in powers[found.from_then_on - 1 :])
    assert powers[found.from_then_on - 2] < 0.8
    assert tc.smallest_trial(SCEPTICAL, rule, truth=0.25, power=0.8, at_most=20).patients is None


def test_the_smallest_trial_of_a_width_is_that_of_the_predictive() -> None:
    for probability in (None, 0.9):
        found = tc.smallest_trial(SCEPTICAL, width=0.3, probability=probability, at_most=35)
        n = found.patients
        chances = SCEPTICAL.informative.predictive(total=n)
        widths = np.array([np.diff(SCEPTICAL.update(events=r, total=n).interval())[0] for r in range(n + 1)])
        reached = float(chances @ widths) if probability is None else float(chances @ (widths <= 0.3))
        assert found.values[n - 1] == pytest.approx(reached)
        assert reached <= 0.3 if probability is None else reached >= 0.9


def test_the_smallest_trial_of_two_arms_has_controls_in_proportion() -> None:
    rule = tc.DecisionRule(0.0, 0.9)
    settings = {"control_prior": MAP, "control_truth": 0.2, "controls_per_patient": 0.5}
    found = tc.smallest_trial(UNIFORM, rule, truth=0.6, power=0.8, at_most=14, **settings)
    n = found.patients
    plan = tc.plan(UNIFORM, n, rule, control_prior=MAP, control_patients=max(1, round(n / 2)))
    assert found.values[n - 1] == pytest.approx(plan.success(0.6, 0.2))


# -- one more cohort


def test_one_more_cohort_is_weighed_by_what_the_evidence_itself_predicts() -> None:
    data = {"events": [1, 7, 9], "totals": [8, 27, 44]}
    fit = tc.pool(**data)
    found = tc.one_more_cohort(fit, 6)
    assert sum(row["probability"] for row in found.rows) == pytest.approx(1.0)
    for events in (0, 2):
        row = found.rows[events]
        then = tc.pool(events=[*data["events"], events], totals=[*data["totals"], 6])
        # The chance of a count is what it adds to the evidence: two computations that share next to nothing.
        gain = then.posterior.log_marginal_likelihood - fit.posterior.log_marginal_likelihood
        assert row["probability"] == pytest.approx(math.exp(gain), rel=1e-5)
        typical = then.posterior.marginal("typical").interval(0.95)
        assert (row["typical_lower"], row["typical_upper"]) == pytest.approx(typical, abs=1e-6)
    for name in ("typical", "new_cohort"):
        widths = np.array([row[f"{name}_width"] for row in found.rows])
        chances = np.array([row["probability"] for row in found.rows])
        assert found.expected[name]["mean"] == pytest.approx(float(chances @ widths))
        assert found.expected[name]["lower"] <= found.expected[name]["mean"] <= found.expected[name]["upper"]
        assert 0.0 < found.expected[name]["narrower"] < 0.5
    # What is expected of the mean is today's mean, whatever the new cohort shows.
    means = [
        tc.pool(events=[*data["events"], r], totals=[*data["totals"], 2]).posterior.marginal("typical").mean
        for r in range(3)
    ]
    assert tc.predicted_events(fit, 2) @ means == pytest.approx(fit.posterior.marginal("typical").mean, abs=1e-6)


def test_one_more_cohort_may_stand_beside_percentages_and_corrected_counts() -> None:
    for fit in (
        tc.pool(percentages=["12.5", "26"], totals=[8, 27], pooling="common"),
        tc.pool(events=[1, 7], totals=[8, 27], pooling="common", published_without_events=0.5),
    ):
        found = tc.one_more_cohort(fit, 2)
        assert len(found.rows) == 3
        assert found.expected["typical"]["narrower"] > 0.0


# -- what is refused


def test_everything_that_is_wrong_with_a_plan_is_said_at_once() -> None:
    with pytest.raises(tc.InputError) as refusal:
        tc.plan(UNIFORM, 0, "often", control_prior=tc.Mixture("normal", [1], [0], [1]), truths=[1.2], level=2)
    where = [issue.where for issue in refusal.value.issues]
    assert where == ["patients", "rule", "level", "control_prior", "control_patients", "truths"]
    rule = tc.DecisionRule(0.2, 0.9)
    for arguments, options, what in (
        ((tc.Mixture("gamma", [1], [1], [1]), 20, rule), {}, "a gamma mixture of rate and a trial of responders"),
        (
            (tc.Mixture("normal", [1], [0], [1], 2.0, "log hazard ratio"), 20, rule),
            {"control_patients": 20},
            "speak of a log odds",
        ),
        ((UNIFORM, 20, rule), {"control_patients": 20}, "control_prior: not given"),
        ((UNIFORM, 20, rule), {"control_truths": [0.2]}, "control_truths: given, and there are no controls"),
        ((UNIFORM, 20, rule), {"design_prior": 3}, "not a beta mixture"),
        ((3, 20, rule), {}, "int is neither a mixture nor a fit"),
        ((UNIFORM, 2000, rule), {}, "2000 is not a whole number from 1 to 1000"),
    ):
        with pytest.raises(tc.InputError, match=what):
            tc.plan(*arguments, **options)


def test_everything_that_is_wrong_with_a_size_is_said_at_once() -> None:
    with pytest.raises(tc.InputError) as refusal:
        tc.smallest_trial(UNIFORM, truth=2.0, power=0.8, probability=0.5, controls_per_patient=0, at_most=0)
    said = str(refusal.value)
    for what in ("rule: not given", "2.0 is not between 0 and 1", "given without a width", "0 is not between 0 and 10",
                 "0 is not a whole number from 1 to 500", "control_truth: not given"):  # fmt: skip
        assert what in said
    with pytest.raises(tc.InputError, match="both power and width"):
        tc.smallest_trial(UNIFORM, tc.DecisionRule(0.2, 0.9), truth=0.4, power=0.8, width=0.2)
    with pytest.raises(tc.InputError, match="width: given for two arms"):
        tc.smallest_trial(UNIFORM, width=0.2, controls_per_patient=1.0, control_prior=UNIFORM)


def test_one_more_cohort_that_cannot_be_added_is_refused() -> None:
    ratios = tc.pool(estimates=[0.8], lower=[0.5], upper=[1.3], ratio=True, mu="Normal(0, 1)", pooling="common")
    with pytest.raises(tc.InputError, match="a model of a ratio predicts no counts"):
        tc.one_more_cohort(ratios, 20)
    groups = tc.pool(events=[1, 7], totals=[8, 27], groups=["a", "b"], pooling="nested", tau="HalfNormal(0.2)")
    with pytest.raises(tc.InputError) as refusal:
        tc.one_more_cohort(groups, 0, level=1.5)
    assert [issue.where for issue in refusal.value.issues] == ["group", "patients", "level"]
    with pytest.raises(tc.InputError, match="says nothing of a new cohort"):
        tc.one_more_cohort(tc.pool(events=[1, 7], totals=[8, 27], pooling="none"), 5)


def test_a_plan_prints_what_matters() -> None:
    plan = tc.plan(SCEPTICAL, 20, tc.DecisionRule(0.2, 0.9), truths=[0.2, 0.4])
    said = repr(plan)
    assert "A trial of 20 people, which succeeds if P(rate > 0.2) > 0.9" in said
    assert "fewest responders that succeed: " in said
    assert "type I error: at most 0.0" in said
    assert len(plan.table) == 2
    assert plan.to_dict()["rows"][1]["truth"] == 0.4
