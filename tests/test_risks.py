"""A ratio of odds as risks at a stated baseline: against the definition, against draws, and what is refused."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycohort as tc

ARMS = {"events": [5, 13, 8], "totals": [19, 36, 30], "control_events": [6, 7, 9], "control_totals": [20, 40, 31]}
PRIORS = {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}


@cache
def three_trials() -> tc.Fit:
    return tc.pool(**ARMS, **PRIORS, seed=1)


@pytest.fixture
def fit() -> tc.Fit:
    return three_trials()


def risk(ratio: Any, baseline: float) -> Any:
    """From the definition: the odds without the treatment, times the ratio."""
    odds = ratio * baseline / (1 - baseline)
    return odds / (1 + odds)


@given(st.floats(0.001, 0.999))
def test_medians_and_limits_are_those_of_the_ratio_carried_over(baseline: float) -> None:
    found, ratio = tc.risk_at_baseline(three_trials(), baseline), three_trials().summary()["typical"]
    for name in ("median", "lower", "upper"):
        carried = risk(ratio[name], baseline)
        assert found["risk"][name] == pytest.approx(carried, rel=1e-9)
        assert found["risk_difference"][name] == pytest.approx(carried - baseline, abs=1e-9)
        assert found["risk_ratio"][name] == pytest.approx(carried / baseline, rel=1e-9)


@pytest.mark.parametrize("target", ["typical", "new_cohort"])
def test_means_and_deviations_are_those_of_draws(fit: tc.Fit, target: str) -> None:
    posterior = fit.draws["posterior"]
    theta = posterior["mu" if target == "typical" else "theta_new_cohort"].values.ravel()
    drawn = risk(np.exp(theta), 0.3)
    found = tc.risk_at_baseline(fit, 0.3, target)
    error = drawn.std() / np.sqrt(len(drawn))
    assert found["risk"]["mean"] == pytest.approx(drawn.mean(), abs=4.5 * error)
    assert found["risk"]["sd"] == pytest.approx(drawn.std(), rel=0.06)
    assert found["risk_difference"]["mean"] == pytest.approx(found["risk"]["mean"] - 0.3, abs=1e-12)
    assert found["risk_ratio"]["sd"] == pytest.approx(found["risk"]["sd"] / 0.3, rel=1e-9)


def test_no_effect_leaves_the_risk_where_it_was() -> None:
    sure = tc.pool(**ARMS, mu="Normal(0, 0.000001)", pooling="common", seed=1)
    found = tc.risk_at_baseline(sure, 0.25)
    assert found["risk"]["median"] == pytest.approx(0.25, abs=1e-5)
    assert found["risk_difference"]["median"] == pytest.approx(0, abs=1e-5)
    assert found["risk_ratio"]["median"] == pytest.approx(1, abs=1e-4)


def test_each_cohort_has_its_own_and_no_pooling_has_no_typical_one(fit: tc.Fit) -> None:
    second = fit.summary()["cohorts"][1]["median"]
    assert tc.risk_at_baseline(fit, 0.2, "cohort", 1)["risk"]["median"] == pytest.approx(risk(second, 0.2), rel=1e-9)
    alone = tc.pool(**ARMS, mu="Normal(0, 1)", pooling="none", seed=1)
    assert tc.risk_at_baseline(alone, 0.2) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((0.0,), "baseline: 0.0 is no risk between 0 and 1."),
        ((20,), "baseline: 20 is no risk between 0 and 1."),
        (("0.2",), "baseline: '0.2' is no risk between 0 and 1."),
        ((None,), "baseline: None is no risk between 0 and 1."),
        ((True,), "baseline: True is no risk between 0 and 1."),
        ((float("nan"),), "baseline: nan is no risk between 0 and 1."),
        ((0.2, "typicl"), "target: unknown target 'typicl'."),
        ((0.2, "average"), "target: the average ratio of odds has no risk that is the average one."),
        ((0.2, "cohort", 3), "cohort: 3 is no cohort of this fit."),
        ((0.2, "cohort"), "cohort: None is no cohort of this fit."),
        ((7, "typicl"), "target: unknown target 'typicl'."),
    ],
)
def test_what_has_no_risk_is_refused(fit: tc.Fit, arguments: tuple[Any, ...], said: str) -> None:
    with pytest.raises(tc.InputError) as caught:
        tc.risk_at_baseline(fit, *arguments)
    assert said in str(caught.value)


def test_ratios_of_hazards_and_proportions_have_no_risk_at_a_baseline() -> None:
    ratios = tc.pool(estimates=[0.7, 0.8], lower=[0.5, 0.5], upper=[0.98, 1.28], ratio=True, **PRIORS, seed=1)
    for other in (ratios, tc.pool(events=[1, 7], totals=[8, 27], seed=1)):
        with pytest.raises(tc.InputError, match="it is not of ratios of odds"):
            tc.risk_at_baseline(other, 0.2)
