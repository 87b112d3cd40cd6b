"""What users would otherwise do with counts: the same numbers as metafor, and where each of them fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from tinycohort.calibration.models.competitors import (
    COMPETITORS,
    _logits,
    _weighted,
    clopper_pearson,
    dersimonian_laird,
    dersimonian_laird_variance,
    freeman_tukey,
    from_double_arcsine,
    hartung_knapp,
    restricted_variance,
    to_double_arcsine,
)

REFERENCE = Path(__file__).parent / "reference"
CASES = {
    case["id"]: case
    for case in json.loads((REFERENCE / "classical_poolings.json").read_text(encoding="utf-8"))["cases"]
}
PRINTED = 5e-5


def test_miller_1978_is_what_metafor_prints() -> None:
    case = CASES["miller1978_freeman_tukey"]
    events, totals = [case["inputs"]["xi"]], np.array(case["inputs"]["ni"])
    values = to_double_arcsine(events, totals)
    assert 2.0 * values[0] == pytest.approx(case["expected"]["2*yi"], abs=PRINTED)
    assert 4.0 / (4.0 * totals + 2.0) == pytest.approx(case["expected"]["4*vi"], abs=PRINTED)
    pooled = freeman_tukey(events, totals, equal=True)
    assert pooled.estimate[0] == pytest.approx(case["expected"]["pooled_weighted"], abs=PRINTED)
    harmonic = len(totals) / (1.0 / totals).sum()
    unweighted = from_double_arcsine(values.mean(), harmonic)
    assert unweighted == pytest.approx(case["expected"]["pooled_unweighted"], abs=PRINTED)


def test_double_arcsines_of_no_events_and_of_nothing_else_are_taken_back_as_metafor_does() -> None:
    case = CASES["freeman_tukey_zero_and_all"]
    events, totals = [case["inputs"]["xi"]], np.array(case["inputs"]["ni"])
    back = from_double_arcsine(to_double_arcsine(events, totals), totals)
    assert back[0] == pytest.approx(case["expected"]["back_transformed"], abs=1e-12)
    pooled = freeman_tukey(events, totals, equal=True)
    assert pooled.estimate[0] == pytest.approx(case["expected"]["pooled"], abs=PRINTED)
    assert pooled.typical[0] == pytest.approx(case["expected"]["ci95"], abs=PRINTED)


@pytest.mark.parametrize("result", CASES["edge_cases_metafor"]["results"], ids=lambda result: str(result["x"]))
def test_where_there_is_nothing_to_hold_on_to_it_does_what_metafor_does(result: dict[str, Any]) -> None:
    events, totals = [result["x"]], np.array(result["n"])
    if "PFT REML" in result:
        pooled = freeman_tukey(events, totals)
        assert pooled.estimate[0] == pytest.approx(result["PFT REML"]["pooled"], abs=PRINTED)
        assert pooled.typical[0] == pytest.approx(result["PFT REML"]["ci95"], abs=PRINTED)
        if "pi95" in result["PFT REML"]:
            assert pooled.new_cohort[0] == pytest.approx(result["PFT REML"]["pi95"], abs=PRINTED)
    estimates, variances = _logits(events, totals)
    between = restricted_variance(estimates, variances)
    mean, error = _weighted(estimates, variances, between)
    expected = result["PLO+0.5 REML"]
    assert between[0] == pytest.approx(expected.get("tau2", 0.0), abs=PRINTED)
    assert special.expit(mean[0]) == pytest.approx(expected["pooled"], abs=PRINTED)
    ends = special.expit(mean[0] + special.ndtri([0.025, 0.975]) * error[0])
    assert ends == pytest.approx(expected["ci95"], abs=PRINTED)


def test_restricted_maximum_likelihood_of_crins_2014_is_what_bayesmeta_prints() -> None:
    case = CASES["reml_crins"]
    estimates, variances = (np.array([case["inputs"][name]]) for name in ("yi", "vi"))
    between = restricted_variance(estimates, variances)
    mean, error = _weighted(estimates, variances, between)
    assert np.sqrt(between[0]) == pytest.approx(case["expected"]["tau_REML"], abs=1e-5)
    assert mean[0] == pytest.approx(case["expected"]["mu_given_tau"], abs=1e-5)
    assert error[0] == pytest.approx(case["expected"]["sd_given_tau"], abs=1e-5)


def test_dersimonian_laird_of_the_bcg_trials_is_what_metafor_and_stata_print() -> None:
    case = CASES["bcg_dersimonian_laird"]["expected"]
    stored = json.loads((REFERENCE / "two_arm_counts.json").read_text(encoding="utf-8"))
    data = next(one for one in stored["cases"] if one["id"] == "bcg_multinma")["inputs"]
    yes, all_, control, controls = (
        np.array(data[name], float) for name in ("events", "total", "control_events", "control_total")
    )
    cells = np.stack([yes, all_ - yes, control, controls - control])
    estimates = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))[None]
    variances = (1.0 / cells).sum(axis=0)[None]
    between = dersimonian_laird_variance(estimates, variances)
    mean, error = _weighted(estimates, variances, between)
    assert between[0] == pytest.approx(case["tau2"], abs=PRINTED)
    ends = mean[0] + special.ndtri([0.025, 0.5, 0.975]) * error[0]
    assert ends == pytest.approx([case["lower"], case["mean"], case["upper"]], abs=PRINTED)


def test_hartung_and_knapps_interval_of_cohorts_of_one_size_and_variance_is_students() -> None:
    # Two logits, +-x, of equal variance: mean 0, and the scatter's standard error is x whatever tau is.
    pooled = hartung_knapp([[3, 7]], [10, 10])
    x = special.logit(0.3)
    assert special.logit(pooled.typical[0, 1]) == pytest.approx(special.stdtrit(1, 0.975) * abs(x), rel=1e-9)
    # All report the same: no scatter, and no width.
    assert np.ptp(hartung_knapp([[2, 2, 2]], [8, 8, 8]).typical) == pytest.approx(0.0, abs=1e-9)


def test_clopper_and_pearsons_limits_leave_the_tails_that_they_say() -> None:
    pooled = clopper_pearson([[1, 4], [0, 0], [10, 5]], [10, 5])
    assert special.bdtr(5, 15, pooled.typical[0, 1]) == pytest.approx(0.025)
    assert special.bdtrc(4, 15, pooled.typical[0, 0]) == pytest.approx(0.025)
    assert pooled.typical[1] == pytest.approx([0.0, 1.0 - 0.025 ** (1 / 15)])
    assert pooled.typical[2] == pytest.approx([0.025 ** (1 / 15), 1.0])


@pytest.mark.parametrize("method", COMPETITORS)
def test_many_data_sets_at_once_are_what_each_is_alone_and_mirror_when_events_do(method: str) -> None:
    rng = np.random.default_rng(1)
    totals = [2, 7, 30]
    events = rng.binomial(totals, rng.uniform(size=(60, 1)))
    events[0], events[1] = 0, totals
    pool = COMPETITORS[method]
    together, mirrored = pool(events, totals, 0.9), pool(np.array(totals) - events, totals, 0.9)
    for k in range(0, 60, 7):
        alone = pool(events[k : k + 1], totals, 0.9)
        assert alone.typical[0] == pytest.approx(together.typical[k], abs=1e-9)
    for name in ("typical", "new_cohort"):
        ends, other = getattr(together, name), getattr(mirrored, name)
        assert ends == pytest.approx(1.0 - other[:, ::-1], abs=1e-6)
        assert (ends[:, 0] <= ends[:, 1]).all()
        assert ((ends >= 0.0) & (ends <= 1.0)).all()


def test_no_interval_of_a_new_cohort_is_narrower_than_that_of_the_typical_one() -> None:
    events = np.random.default_rng(2).binomial([5, 12, 20], 0.4, (50, 3))
    for pool in (dersimonian_laird, hartung_knapp, freeman_tukey):
        pooled = pool(events, [5, 12, 20])
        assert (np.diff(pooled.new_cohort) >= np.diff(pooled.typical) - 1e-12).all()
