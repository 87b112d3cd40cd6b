"""The NUTS engine: what its draws become, when they may not be reported, and the samplers that it keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arviz_stats.base.array import array_stats
from scipy import stats

import tinycohort as tc
from support.contract import EXAMPLES
from tinycohort.engines import nuts
from tinycohort.engines.nuts import DrawsPosterior
from tinycohort.posterior import Fit

(COUNTS,) = EXAMPLES["binomial", "proportion"]
RATIO = EXAMPLES["normal", "contrast"][0]


def made_up_draws(model: tc.CompiledModel, seed: int = 1, draws: int = 1000) -> dict[str, Any]:
    """Independent draws of four chains, for a posterior that nobody sampled."""
    rng = np.random.default_rng(seed)
    arrays = {"theta": rng.normal(-1, 0.5, (4, draws, model.cohorts))}
    if model.pooling.name != "none":
        arrays |= {"mu": rng.normal(-1, 0.4, (4, draws)), "theta_new_cohort": rng.normal(-1, 0.8, (4, draws))}
    if model.pooling.name == "partial":
        arrays["tau"] = abs(rng.normal(0, 0.5, (4, draws)))
    return arrays


def posterior(model: tc.CompiledModel, diverging: int = 0, **changes: Any) -> DrawsPosterior:
    record = np.zeros((4, 1000), bool)
    record.flat[:diverging] = True
    return DrawsPosterior(model, {**made_up_draws(model), **changes}, {"diverging": record})


# -- what may be reported ---------------------------------------------------------------------------------------------


def test_independent_draws_may_be_reported() -> None:
    found = posterior(COUNTS.model("partial"))
    assert found.reasons == ()
    assert found.diagnostics["r_hat"] < 1.01
    assert found.diagnostics["ess_bulk"] > 3000
    assert found.diagnostics["ess_tail"] > 2500
    assert found.diagnostics["divergences"] == 0
    assert found.diagnostics["draws"] == 4000


@pytest.mark.parametrize("shift", [0.0, 0.1, 3.0])
def test_diagnostics_are_those_of_arviz(shift: float) -> None:
    rng = np.random.default_rng(5)
    draws = rng.standard_t(3, (4, 500, 3)).cumsum(axis=1) * 0.02 + rng.standard_normal((4, 500, 3))
    draws[0] += shift
    draws[:, 7] = draws[:, 6]
    found = nuts._diagnose({"mu": draws[..., 0], "theta": draws[..., 1:]}, {})
    axes = {"chain_axis": 0, "draw_axis": 1}
    each = [draws[..., k] for k in range(3)]
    assert found["r_hat"] == pytest.approx(max(array_stats.rhat(one, **axes) for one in each), rel=1e-12)
    assert found["ess_bulk"] == pytest.approx(
        min(array_stats.ess(one, method="bulk", **axes) for one in each), rel=1e-12
    )
    tail = [array_stats.ess(one, method="tail", prob=(0.05, 0.95), **axes) for one in each]
    assert found["ess_tail"] == pytest.approx(min(tail), rel=1e-12)


def test_a_chain_elsewhere_is_blocked_by_r_hat() -> None:
    model = COUNTS.model("partial")
    mu = made_up_draws(model)["mu"]
    mu[3] += 1.0
    (reason, *others) = posterior(model, mu=mu).reasons
    assert reason.startswith("R-hat is 1.")
    assert reason.endswith("(at most 1.01)")
    assert all("effective sample size" in other for other in others)


def test_a_stuck_cohort_is_found_among_all_unknowns() -> None:
    model = COUNTS.model("partial")
    theta = made_up_draws(model)["theta"]
    theta[2, :, 4] = theta[2, 0, 4]
    assert any(reason.startswith("R-hat is") for reason in posterior(model, theta=theta).reasons)


def test_slow_draws_are_blocked_by_their_effective_size() -> None:
    model = COUNTS.model("partial")
    rng = np.random.default_rng(3)
    walk = np.zeros((4, 1000))
    for step in range(1, 1000):
        walk[:, step] = 0.95 * walk[:, step - 1] + np.sqrt(1 - 0.95**2) * rng.normal(size=4)
    reasons = posterior(model, mu=walk).reasons
    assert any("the bulk effective sample size is" in reason and "(at least 400)" in reason for reason in reasons)


def test_one_divergence_is_one_too_many() -> None:
    found = posterior(COUNTS.model("partial"), diverging=1)
    assert found.diagnostics["divergences"] == 1
    assert found.reasons == ("1 transitions diverged (none may)",)


def test_draws_that_are_not_numbers_are_blocked() -> None:
    model = COUNTS.model("partial")
    mu = made_up_draws(model)["mu"]
    mu[0, 0] = np.nan
    assert posterior(model, mu=mu).reasons


def test_a_blocked_fit_reports_nothing_but_the_reason() -> None:
    model = COUNTS.model("partial")
    provenance = {"engine": "nuts", "seed": 1, "versions": {}}
    fit = Fit(model, posterior(model, diverging=7), provenance, make_draws=lambda _: None)
    summary = fit.summary()
    assert (fit.reportable, summary["reportable"]) == (False, False)
    assert summary["reasons"] == ["7 transitions diverged (none may)"]
    assert summary["diagnostics"]["divergences"] == 7
    for quantity in ("mu", "tau", "typical", "average", "new_cohort", "log_marginal_likelihood", "elpd_loco"):
        assert summary[quantity] is None
    assert all(cohort["median"] is None and cohort["lower"] is None for cohort in summary["cohorts"])
    with pytest.raises(tc.InputError, match="7 transitions diverged"):
        tc.probability_above(fit, 0.2)


# -- what draws become ------------------------------------------------------------------------------------------------


def test_marginals_are_those_of_the_draws() -> None:
    model = COUNTS.model("partial")
    found, draws = posterior(model), made_up_draws(model)
    p = np.array([0.025, 0.5, 0.975])
    for target, name in (("mu", "mu"), ("tau", "tau"), ("new_cohort", "theta_new_cohort")):
        marginal, values = found.marginal(target), draws[name]
        assert marginal.mean == pytest.approx(values.mean())
        assert marginal.sd == pytest.approx(values.std(ddof=1))
        assert marginal.quantile(p) == pytest.approx(np.quantile(values, p))
        assert marginal.cdf(np.array([values.min() - 1, np.median(values), values.max()])) == pytest.approx([0, 0.5, 1])
    cohort = found.marginal("cohort", 2, natural=True)
    rates = 1 / (1 + np.exp(-draws["theta"][..., 2]))
    assert cohort.mean == pytest.approx(rates.mean())
    assert cohort.quantile(p) == pytest.approx(np.quantile(rates, p))
    assert cohort.probability_above(0.3) == pytest.approx((rates > 0.3).mean())


def test_the_typical_rate_and_the_average_rate_come_from_the_same_draws() -> None:
    model = COUNTS.model("partial")
    found, draws = posterior(model), made_up_draws(model)
    typical = 1 / (1 + np.exp(-draws["mu"].ravel()))
    assert found.marginal("typical").mean == pytest.approx(typical.mean())
    z = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    average = [
        (1 / (1 + np.exp(-mu - tau * z))).mean() for mu, tau in zip(draws["mu"].flat, draws["tau"].flat, strict=True)
    ]
    assert found.marginal("average").quantile(np.array([0.1, 0.5, 0.9])) == pytest.approx(
        np.quantile(average, [0.1, 0.5, 0.9]), abs=1e-5
    )


def test_predicted_counts_are_binomials_averaged_over_the_draws() -> None:
    model = COUNTS.model("partial")
    found, draws = posterior(model), made_up_draws(model)
    rates = 1 / (1 + np.exp(-draws["theta_new_cohort"].ravel()))
    exact = stats.binom.pmf(np.arange(8)[:, None], 7, rates).mean(axis=1)
    assert found.predicted_events(7, "new_cohort") == pytest.approx(exact, rel=1e-9)


def test_what_only_the_exact_engine_knows_is_absent() -> None:
    found = posterior(COUNTS.model("partial"))
    assert found.log_marginal_likelihood is None
    assert found.leave_one_out() is None
    fit = Fit(COUNTS.model("partial"), found, {"engine": "nuts", "versions": {}}, make_draws=lambda _: None)
    summary = fit.summary()
    assert summary["log_marginal_likelihood"] is None
    assert summary["elpd_loco"] is None
    assert all(cohort["weight"] is None and cohort["shrinkage"] is None for cohort in summary["cohorts"])


@pytest.mark.parametrize(
    ("pooling", "absent"), [("none", ("mu", "tau", "typical", "average", "new_cohort")), ("common", ("tau",))]
)
def test_targets_that_the_pooling_does_not_have_are_absent(pooling: str, absent: tuple[str, ...]) -> None:
    found = posterior(COUNTS.model(pooling))
    for target in ("mu", "tau", "typical", "average", "new_cohort"):
        assert (found.marginal(target) is None) == (target in absent), target
    assert found.marginal("cohort", 0) is not None


def test_a_mean_that_does_not_exist_is_not_estimated_from_draws() -> None:
    heavy = posterior(RATIO.model("partial", tau="HalfCauchy(0.5)"))
    assert np.isnan(heavy.marginal("new_cohort", natural=True).mean)
    assert np.isnan(heavy.marginal("average").mean)
    assert np.isfinite(heavy.marginal("new_cohort").mean)


# -- sampling ---------------------------------------------------------------------------------------------------------


def test_sampling_is_repeated_by_its_seed_and_obeys_its_settings() -> None:
    arguments = {"events": [3, 8], "totals": [9, 20], "pooling": "common", "engine": "nuts"}
    first, again, other = (tc.pool(**arguments, seed=seed) for seed in (4, 4, 5))
    values = [fit.draws["posterior"]["mu"].values for fit in (first, again, other)]
    assert np.array_equal(values[0], values[1])
    assert not np.isclose(values[0], values[2]).any()
    assert values[0].shape == (nuts.CHAINS, nuts.DRAWS)
    assert first.provenance["seed"] == 4
    assert {"pymc", "pytensor", "nutpie", "arviz"} <= set(first.provenance["versions"])
    few = tc.pool(**arguments, seed=4, chains=2, draws=150, tune=300, target_accept=0.9)
    assert few.draws["posterior"]["mu"].shape == (2, 150)
    assert not few.reportable
    assert any("effective sample size" in reason for reason in few.reasons)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("draws", 0), ("chains", 0), ("tune", -1), ("target_accept", 1.5), ("draws", 2.5), ("draws", "many")],
)
def test_a_wrong_sampler_setting_is_an_input_error_that_names_it(setting: str, value: Any) -> None:
    with pytest.raises(tc.InputError) as caught:
        tc.pool(events=[3, 8], totals=[9, 20], pooling="common", engine="nuts", seed=1, **{setting: value})
    assert setting in str(caught.value)


def test_the_samplers_kept_are_few_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    import nutpie

    compiled = []

    class Stub:
        def with_data(self, **data: Any) -> Stub:
            return self

    def compile_model(model: Any) -> Stub:
        compiled.append(len(model.coords["cohort"]))
        return Stub()

    monkeypatch.setattr(nuts, "_compiled", type(nuts._compiled)())
    monkeypatch.setattr(nuts, "_KEPT", 3)
    monkeypatch.setattr(nutpie, "compile_pymc_model", compile_model)

    def use(cohorts: int) -> None:
        parts = {name: column[:cohorts] for name, column in COUNTS.data.items()}
        nuts.compiled_sampler(
            type(COUNTS)(COUNTS.kind, COUNTS.family, parts, parts, COUNTS.priors, COUNTS.oracle).model("common")
        )

    for cohorts in (1, 2, 3, 1, 4, 1, 3, 2):
        use(cohorts)
    # 2 was used longest ago when 4 came, and is compiled again at the end.
    assert compiled == [1, 2, 3, 4, 2]
    assert len(nuts._compiled) == 3
