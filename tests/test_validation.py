"""What takes minutes: stored references made again, and simulation with known truth. Run by ``make slow``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

import tinycohort as tc

pytestmark = pytest.mark.slow

REFERENCE = Path(__file__).parent / "reference"
TOTALS = [3, 8, 20, 5, 60]
SIMULATED = 1500
# Of one sort of answer among the eight below, by chance, one time in a thousand over all of them.
UNLIKELY = 1e-3 / 8


@pytest.mark.parametrize("script", ["make_exact_posteriors.py", "make_bayesian_meta_analysis_values.py"])
def test_stored_references_come_out_again(script: str) -> None:
    done = subprocess.run(
        [sys.executable, str(REFERENCE / script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize("pooling", ["partial", "common"])
def test_over_data_drawn_from_the_priors_the_truth_is_anywhere_in_the_posterior(pooling: str) -> None:
    """Cook, Gelman and Rubin 2006, doi:10.1198/106186006X136976: posterior probabilities of the truth are uniform."""
    rng = np.random.default_rng(20261122)
    below: dict[str, list[float]] = {}
    for _ in range(SIMULATED):
        mu, tau = rng.logistic(), abs(rng.normal(0.0, 0.5)) if pooling == "partial" else 0.0
        theta = mu + tau * rng.standard_normal(len(TOTALS) + 1)
        events = rng.binomial(TOTALS, special.expit(theta[:-1]))
        fit = tc.pool(events=events.tolist(), totals=TOTALS, pooling=pooling, seed=1)
        assert fit.reportable, (events, fit.reasons)
        truths = [("mu", None, mu), ("new_cohort", None, theta[-1]), ("cohort", 0, theta[0])]
        for target, cohort, truth in [*truths, *([("tau", None, tau)] if pooling == "partial" else [])]:
            marginal = fit.posterior.marginal(target, cohort)
            assert marginal is not None
            below.setdefault(target, []).append(float(marginal.cdf(np.array([truth]))[0]))
    for target, ranks in below.items():
        assert stats.kstest(ranks, "uniform").pvalue > UNLIKELY, target
