"""The numbers that are reported: their names, what they mean, when they are absent."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import tinycohort as tc
from support.fits import SHOWN, normal_fit, quantile
from support.normal_normal import NormalNormal
from tinycohort.engines.moments import Moments

COUNTS = {"events": [1, 7, 9, 2], "totals": [8, 27, 44, 3]}
NORMAL = ([0.42, -0.10, 1.30, 0.05], [0.30, 0.55, 0.80, 0.12])
TARGETS = ("typical", "average", "new_cohort")

# The keys of the JSON: scripts depend on them.
KEYS = [
    "scale",
    "level",
    "interval",
    "engine",
    "reportable",
    "reasons",
    "priors",
    "mu",
    "tau",
    "tau_group",
    "shape",
    "exchangeable",
    "exchangeability",
    "places",
    "typical",
    "average",
    "new_cohort",
    "cohorts",
    "groups",
    "remarks",
    "log_marginal_likelihood",
    "elpd_loco",
    "diagnostics",
    "versions",
]
QUANTITY = ["mean", "sd", "median", "lower", "upper"]
COHORT = [*QUANTITY, "weight", "shrinkage", "exchangeable"]
COLUMNS = [
    "name",
    "functional",
    "target",
    "label",
    *QUANTITY,
    "level",
    "interval",
    "threshold",
    "patients",
    "baseline",
    "time_months",
    "probability",
    "weight",
    "shrinkage",
    "exchangeable",
    "overlap",
    "outcome_ids",
    "reportable",
]


def pooled(pooling: str = "partial", **changes: Any) -> tc.Fit:
    return tc.pool(**{**COUNTS, "pooling": pooling, "seed": 1, **changes})


def ratios(tau: str | None, mu: str = "Normal(0, 1)", pooling: str = "partial") -> tc.Fit:
    return tc.pool(
        estimates=[0.5, 1.2, 0.9],
        lower=[0.2, 0.8, 0.4],
        upper=[1.2, 1.9, 2.0],
        ratio=True,
        mu=mu,
        tau=tau,
        pooling=pooling,
        seed=1,
    )


# -- the summary ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pooling", ["none", "common", "partial"])
def test_the_summary_of_counts_has_the_keys_of_the_contract(pooling: str) -> None:
    summary = pooled(pooling).summary()
    assert list(summary) == KEYS
    assert all(list(cohort) == ["label", "events", "total", *COHORT] for cohort in summary["cohorts"])
    assert [(cohort["events"], cohort["total"]) for cohort in summary["cohorts"]] == [(1, 8), (7, 27), (9, 44), (2, 3)]
    assert all(type(cohort["events"]) is int for cohort in summary["cohorts"])
    assert all(summary[name] is None or list(summary[name]) == QUANTITY for name in ("mu", "tau", *TARGETS))
    assert list(summary["elpd_loco"]) == ["total", "se", "cohorts"]
    assert summary["versions"]["tinycohort"] == tc.__version__


@pytest.mark.parametrize("pooling", ["none", "common", "partial"])
def test_the_summary_of_contrasts_has_the_keys_of_the_contract(pooling: str) -> None:
    tau = "HalfNormal(0.3)" if pooling == "partial" else None
    summary = ratios(tau, pooling=pooling).summary()
    assert list(summary) == KEYS
    assert all(
        list(cohort) == ["label", "estimate", "lower_given", "upper_given", *COHORT] for cohort in summary["cohorts"]
    )
    assert summary["scale"] == "ratio"


@pytest.mark.parametrize(
    ("pooling", "absent"),
    [
        ("none", {"mu", "tau", "tau_group", *TARGETS}),
        ("common", {"tau", "tau_group"}),
        ("partial", {"tau_group"}),
    ],
)
def test_absent_quantities_are_null_and_never_missing(pooling: str, absent: set[str]) -> None:
    summary = pooled(pooling).summary()
    assert {name for name in ("mu", "tau", "tau_group", *TARGETS) if summary[name] is None} == absent
    assert summary["groups"] == []
    assert all((cohort["weight"] is None) == (pooling == "none") for cohort in summary["cohorts"])
    assert all(cohort["shrinkage"] is not None for cohort in summary["cohorts"])


def test_what_was_asked_for_is_said_with_the_answer() -> None:
    summary = pooled().summary(0.8, "shortest")
    assert (summary["scale"], summary["level"], summary["interval"]) == ("probability", 0.8, "shortest")
    assert (summary["engine"], summary["reportable"], summary["reasons"]) == ("exact", True, [])
    assert set(summary["diagnostics"]) == {"log_marginal_likelihood_error", "estimate_error", "nodes"}


@pytest.mark.parametrize("level", [0.5, 0.8, 0.99])
def test_limits_are_the_quantiles_of_the_level(level: float) -> None:
    fit = pooled()
    summary = fit.summary(level)
    for target in TARGETS:
        for shown, p in (("lower", 0.5 - level / 2), ("median", 0.5), ("upper", 0.5 + level / 2)):
            assert summary[target][shown] == pytest.approx(quantile(fit, p, target, natural=True), abs=1e-6)


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize(("events", "total"), [(3, 20), (0, 9), (20, 22)])
def test_the_shortest_interval_of_a_beta_is_where_its_density_is_highest(events: int, total: int, level: float) -> None:
    exact = stats.beta(1 + events, 1 + total - events)
    tails = np.linspace(0, 1 - level, 100_001)
    lengths = exact.ppf(tails + level) - exact.ppf(tails)
    found = tc.pool(events=[events], totals=[total], pooling="common", seed=1).summary(level, "shortest")["typical"]
    assert found["upper"] - found["lower"] == pytest.approx(lengths.min(), abs=1e-4)
    # A hundredth of the length more is bought by sliding far: that is how well the place is known.
    assert exact.cdf(found["lower"]) == pytest.approx(tails[lengths.argmin()], abs=0.02)
    equal = tc.pool(events=[events], totals=[total], pooling="common", seed=1).summary(level)["typical"]
    assert found["upper"] - found["lower"] < equal["upper"] - equal["lower"] - 1e-3


def test_the_typical_rate_is_that_of_mu_and_a_cohorts_is_that_of_its_theta() -> None:
    fit = pooled()
    summary = fit.summary()
    for shown in SHOWN:
        assert summary["typical"][shown] == pytest.approx(1 / (1 + math.exp(-summary["mu"][shown])), abs=1e-9)
    for j, cohort in enumerate(summary["cohorts"]):
        logit = quantile(fit, 0.5, "cohort", j)
        assert cohort["median"] == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6)


def test_with_one_rate_for_all_every_target_is_the_same() -> None:
    summary = pooled("common").summary()
    for target in ("average", "new_cohort"):
        assert summary[target] == pytest.approx(summary["typical"], abs=1e-9)
    for cohort in summary["cohorts"]:
        assert {name: cohort[name] for name in QUANTITY} == pytest.approx(summary["typical"], abs=1e-9)


# -- weight, shrinkage, scores ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pooling", ["common", "partial"])
def test_weight_and_shrinkage_follow_from_fits_without_each_cohort(pooling: str) -> None:
    fit = pooled(pooling)
    cohorts = fit.summary()["cohorts"]
    gains, shrinkage = [], []
    for j in range(4):
        rest = {name: column[:j] + column[j + 1 :] for name, column in COUNTS.items()}
        others = tc.pool(**rest, pooling=pooling, seed=1).posterior
        gains.append(1 - (fit.posterior.marginal("mu").sd / others.marginal("mu").sd) ** 2)
        shrinkage.append((fit.posterior.marginal("cohort", j).sd / others.marginal("new_cohort").sd) ** 2)
    gains = np.maximum(gains, 0)
    assert [cohort["weight"] for cohort in cohorts] == pytest.approx(gains / gains.sum(), abs=1e-4)
    assert [cohort["shrinkage"] for cohort in cohorts] == pytest.approx(shrinkage, rel=1e-4)


def test_a_cohort_that_makes_mu_less_certain_has_no_weight() -> None:
    """Conflict widens tau and with it mu: the gain is negative and is set to zero."""
    cohorts = tc.pool(events=[40, 41, 39, 80], totals=[80, 80, 80, 80], tau="HalfNormal(2)", seed=1).summary()[
        "cohorts"
    ]
    assert cohorts[3]["weight"] == 0
    assert sum(cohort["weight"] for cohort in cohorts) == pytest.approx(1)


def test_cohorts_on_their_own_shrink_towards_the_prior_alone() -> None:
    fit = pooled("none", mu="Normal(0, 1.5)")
    shrinkage = [cohort["shrinkage"] for cohort in fit.summary()["cohorts"]]
    variances = [fit.posterior.marginal("cohort", j).sd ** 2 for j in range(4)]
    assert shrinkage == pytest.approx(np.array(variances) / 1.5**2, rel=1e-9)


@pytest.mark.parametrize(("pooling", "spread"), [("common", 0.0), ("partial", 0.5**2)])
def test_the_only_cohort_has_all_the_weight_and_shrinks_towards_the_prior(pooling: str, spread: float) -> None:
    fit = tc.pool(events=[3], totals=[10], mu="Normal(0, 1.5)", pooling=pooling, seed=1)
    (cohort,) = fit.summary()["cohorts"]
    assert cohort["weight"] == 1
    # Without its data theta has the variance of mu's prior and the mean square of tau's.
    variance = fit.posterior.marginal("cohort", 0).sd ** 2
    assert cohort["shrinkage"] == pytest.approx(variance / (1.5**2 + spread), rel=1e-6)
    assert fit.summary()["elpd_loco"]["cohorts"] == pytest.approx([fit.posterior.log_marginal_likelihood])


@pytest.mark.parametrize("pooling", ["none", "common", "partial"])
@pytest.mark.parametrize("size", [2, 9, 10, 12])
def test_a_standard_error_of_the_score_needs_ten_cohorts(pooling: str, size: int) -> None:
    events, totals = [j % 4 for j in range(size)], [5 + j for j in range(size)]
    elpd = tc.pool(events=events, totals=totals, pooling=pooling, seed=1).summary()["elpd_loco"]
    each = np.array(elpd["cohorts"])
    assert len(each) == size
    assert elpd["total"] == pytest.approx(each.sum())
    if size < 10:
        assert elpd["se"] is None
    else:
        assert elpd["se"] == pytest.approx(math.sqrt(size) * each.std(ddof=1))


# -- moments that exist, and those that do not ------------------------------------------------------------------------


def moments(fit: tc.Fit, target: str) -> tuple[bool, bool]:
    """Whether a reportable fit gives a mean and a standard deviation."""
    assert fit.reportable, fit.reasons
    shown = fit.summary()[target]
    assert all(math.isfinite(shown[limit]) for limit in SHOWN)
    return shown["mean"] is not None, shown["sd"] is not None


# Whether the average of ratios over cohorts, and the ratio of a new cohort, have a mean and a standard deviation.
# E exp(k theta) grows as exp(k^2 tau^2 / 2), the average to the power k as exp(k tau^2 / 2); a half-normal falls as
# exp(-tau^2 / (2 sigma^2)), anything with a heavier tail too slowly.
RATIOS = {
    "HalfCauchy(0.5)": ((False, False), (False, False)),
    "HalfStudentT(4, 0.5)": ((False, False), (False, False)),
    "Exponential(2)": ((False, False), (False, False)),
    "LogNormal(-1, 0.9)": ((False, False), (False, False)),
    "HalfNormal(1.5)": ((False, False), (False, False)),
    "HalfNormal(0.9)": ((True, False), (True, False)),
    "HalfNormal(0.6)": ((True, True), (True, False)),
    "HalfNormal(0.4)": ((True, True), (True, True)),
    "Uniform(0, 2)": ((True, True), (True, True)),
}


@pytest.mark.parametrize("tau", RATIOS)
def test_a_mean_of_average_ratios_is_given_where_it_exists(tau: str) -> None:
    assert moments(ratios(tau), "average") == RATIOS[tau][0]


@pytest.mark.parametrize("tau", RATIOS)
def test_a_mean_ratio_of_a_new_cohort_is_given_where_it_exists(tau: str) -> None:
    assert moments(ratios(tau), "new_cohort") == RATIOS[tau][1]


@pytest.mark.parametrize("tau", RATIOS)
def test_a_typical_ratio_and_a_cohorts_have_a_mean_whatever_the_heterogeneity(tau: str) -> None:
    fit = ratios(tau)
    assert moments(fit, "typical") == (True, True)
    assert moments(fit, "mu") == (True, True)
    assert all(cohort["mean"] is not None and cohort["sd"] is not None for cohort in fit.summary()["cohorts"])


def test_a_mean_ratio_under_one_effect_for_all_is_that_of_a_log_normal() -> None:
    fit = ratios(None, pooling="common")
    mu, sd = fit.summary()["mu"]["mean"], fit.summary()["mu"]["sd"]
    exact = stats.lognorm(sd, scale=math.exp(mu))
    for target in TARGETS:
        assert fit.summary()[target]["mean"] == pytest.approx(exact.mean(), rel=1e-5)
        assert fit.summary()[target]["sd"] == pytest.approx(exact.std(), rel=1e-4)


@pytest.mark.parametrize(
    ("size", "mean", "sd"),
    # tau^-2 of the prior times tau^-1 of each cohort that holds it.
    [(1, True, False), (2, True, True), (4, True, True)],
)
def test_tau_under_a_half_cauchy_has_the_moments_that_its_cohorts_give_it(size: int, mean: bool, sd: bool) -> None:
    y, s = (column[:size] for column in NORMAL)
    fit = normal_fit(y, s, "Normal(0, 1)", "HalfCauchy(0.5)")
    assert moments(fit, "tau") == (mean, sd)
    exact = NormalNormal(y, s, (0.0, 1.0), stats.halfcauchy(scale=0.5))
    if sd:
        # The rest of the tail is cut off at a probability of 1e-13; with two cohorts the variance just converges.
        assert fit.summary()["tau"]["mean"] == pytest.approx(exact.moments("tau")[0], rel=1e-4)


@pytest.mark.parametrize(("events", "held"), [([0, 0], 0), ([3, 8], 0), ([3, 0], 0), ([1, 0], 1), ([1, 2], 2)])
def test_cohorts_without_responders_or_with_nothing_else_hold_neither_mu_nor_tau(events: list[int], held: int) -> None:
    totals = [3, 8]

    def exists(mu: str, tau: str, target: str, order: int) -> bool:
        compiled = tc.pool(events=events, totals=totals, mu="Normal(0, 1)", tau="HalfNormal(1)").compiled
        heavy = tc.CompiledModel(
            "heavy",
            compiled.family,
            compiled.likelihood,
            compiled.pooling,
            {
                name: tc.pool(events=[1], totals=[2], **{name: text}).compiled.priors[name]
                for name, text in (("mu", mu), ("tau", tau))
            },
            compiled.rows,
            compiled.data,
        )
        return Moments(heavy).exists(target, order, natural=False)

    # A Cauchy has no mean of its own; each cohort that bounds theta lends tau one more moment.
    assert exists("Normal(0, 1)", "HalfCauchy(1)", "tau", 1) == (held >= 1)
    assert exists("Normal(0, 1)", "HalfCauchy(1)", "tau", 2) == (held >= 2)
    assert exists("Cauchy(0, 1)", "HalfNormal(1)", "mu", 1) == (held >= 1)
    assert exists("Normal(0, 1)", "HalfNormal(1)", "mu", 2)
    assert exists("Normal(0, 1)", "HalfNormal(1)", "tau", 2)


@pytest.mark.parametrize("pooling", ["common", "partial"])
def test_without_responders_a_cauchy_level_has_no_mean_and_its_rate_has_one(pooling: str) -> None:
    fit = tc.pool(events=[0, 0], totals=[3, 8], mu="Cauchy(0, 1)", pooling=pooling, seed=1)
    assert moments(fit, "mu") == (False, False)
    for target in TARGETS:
        assert moments(fit, target) == (True, True)


def test_moments_that_exist_are_given_for_counts_whatever_the_data() -> None:
    for events in ([0, 0], [3, 8], [0, 8], [1, 2]):
        fit = tc.pool(events=events, totals=[3, 8], seed=1)
        for target in ("mu", "tau", *TARGETS):
            assert moments(fit, target) == (True, True)


# -- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pooling", ["none", "common", "partial"])
def test_the_table_has_a_row_for_each_target_and_cohort(pooling: str) -> None:
    fit = pooled(pooling)
    table = tc.estimate(fit)
    assert isinstance(table, pd.DataFrame)
    assert set(table.columns) == set(COLUMNS)
    assert list(table["target"]) == [*TARGETS, "heterogeneity", *["cohort"] * 4]
    assert list(table["label"])[4:] == list(fit.compiled.labels)
    assert set(table["level"]) == {0.95}
    assert set(table["interval"]) == {"equal-tailed"}
    assert table["reportable"].all()
    summary = fit.summary()
    shown = [*(summary[target] for target in TARGETS), summary["tau"], *summary["cohorts"]]
    for (_, row), expected in zip(table.iterrows(), shown, strict=True):
        for name in QUANTITY:
            assert (pd.isna(row[name]) and expected is None) or row[name] == expected[name]
    for name in ("weight", "shrinkage"):
        given = [cohort[name] for cohort in summary["cohorts"]]
        assert list(table[name][:4].isna()) == [True] * 4
        assert [None if pd.isna(value) else value for value in table[name][4:]] == given


def test_the_table_takes_a_level_and_an_interval() -> None:
    fit = pooled()
    table = tc.estimate(fit, 0.5, "shortest")
    assert set(table["level"]) == {0.5}
    assert set(table["interval"]) == {"shortest"}
    assert table["upper"].iloc[0] == fit.summary(0.5, "shortest")["typical"]["upper"]


@pytest.mark.parametrize("level", [0, 1, -0.5, 95, "0.95", True, None])
def test_a_level_that_is_none_is_refused(level: Any) -> None:
    fit = pooled()
    with pytest.raises(tc.InputError, match=r"level: .* is not between 0 and 1. Give a probability, such as 0.95."):
        fit.summary(level)
    if level is not None:
        with pytest.raises(tc.InputError, match="is not between 0 and 1"):
            tc.estimate(fit, level)


def test_an_unknown_interval_is_refused() -> None:
    with pytest.raises(tc.InputError, match="interval: unknown interval 'hdi'"):
        tc.estimate(pooled(), interval="hdi")


def test_the_rows_of_a_model_file_are_its_estimands_and_know_their_evidence() -> None:
    evidence = tc.read_evidence()
    fit = tc.fit("response_pd1", evidence, seed=1)
    table = tc.estimate(fit).set_index("name", drop=False)
    assert list(dict.fromkeys(table["name"])) == [estimand.name for estimand in fit.model.estimands]
    used = [row.outcome_id for row in fit.compiled.rows]
    assert all(used)
    by_cohort = table.loc["response_cohort"]
    assert list(by_cohort["outcome_ids"]) == [(outcome,) for outcome in used]
    assert table.loc["response_typical", "outcome_ids"] == tuple(used)
    above = table.loc["typical_above_20_percent"]
    assert above["threshold"] == 0.2
    assert above["probability"] == pytest.approx(tc.probability_above(fit, 0.2, "typical"))
    exact = tc.predicted_events(fit, 20, "new_cohort")
    below = np.cumsum(exact)
    for level in (0.5, 0.8, 0.95):
        predicted = tc.estimate(fit, level).set_index("name").loc["responders_among_20"]
        assert predicted["patients"] == 20
        assert predicted["mean"] == pytest.approx(exact @ np.arange(21))
        for shown, p in (("lower", 0.5 - level / 2), ("median", 0.5), ("upper", 0.5 + level / 2)):
            k = int(predicted[shown])
            assert below[k] >= p - 1e-9
            assert k == 0 or below[k - 1] < p
    assert table.loc["heterogeneity", "overlap"] == pytest.approx(tc.prior_posterior_overlap(fit))


# -- probabilities and predictions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.41, 0.9])
def test_the_probability_of_exceeding_a_bar_is_a_tail_of_a_beta(threshold: float) -> None:
    for pooling, target, cohort, exact in [
        ("common", "typical", None, stats.beta(20, 64)),
        ("common", "new_cohort", None, stats.beta(20, 64)),
        ("none", "cohort", 1, stats.beta(8, 21)),
        ("none", "cohort", 3, stats.beta(3, 2)),
    ]:
        found = tc.probability_above(pooled(pooling), threshold, target, cohort)
        assert found == pytest.approx(exact.sf(threshold), abs=1e-4)


@pytest.mark.parametrize(("threshold", "probability"), [(-0.1, 1.0), (0.0, 1.0), (1.0, 0.0), (1.3, 0.0)])
@pytest.mark.parametrize("target", TARGETS)
def test_a_bar_beyond_the_scale_is_certain(threshold: float, probability: float, target: str) -> None:
    assert tc.probability_above(pooled(), threshold, target) == pytest.approx(probability, abs=1e-9)


def test_the_probability_of_a_benefit_is_that_of_a_ratio_below_one() -> None:
    y, s = NORMAL
    logs = NormalNormal(y, s, (0.0, 1.0), stats.halfnorm(scale=0.4))
    z = stats.norm.ppf(0.975) * np.array(s)
    fit = tc.pool(
        estimates=np.exp(y),
        lower=np.exp(y - z),
        upper=np.exp(y + z),
        ratio=True,
        mu="Normal(0, 1)",
        tau="HalfNormal(0.4)",
        seed=1,
    )
    for target, name in (("typical", "mu"), ("new_cohort", "new_cohort")):
        assert tc.probability_above(fit, 1.0, target) == pytest.approx(1 - logs.cdf(0.0, name), abs=1e-5)
    assert tc.probability_above(fit, 0.0) == pytest.approx(1)
    assert tc.probability_above(fit, -1.0, "new_cohort") == pytest.approx(1)


@pytest.mark.parametrize("patients", [1, 7, 40])
def test_predicted_responders_are_beta_binomial(patients: int) -> None:
    counts = np.arange(patients + 1)
    common, separate = pooled("common"), pooled("none")
    for target in ("new_cohort", "typical"):
        found = tc.predicted_events(common, patients, target)
        assert found == pytest.approx(stats.betabinom(patients, 20, 64).pmf(counts), abs=1e-5)
    found = tc.predicted_events(separate, patients, "cohort", 3)
    assert found == pytest.approx(stats.betabinom(patients, 3, 2).pmf(counts), abs=1e-5)


def test_what_the_pooling_does_not_have_is_none() -> None:
    fit = pooled("none")
    assert tc.probability_above(fit, 0.2) is None
    assert tc.predicted_events(fit, 20) is None
    assert tc.prior_posterior_overlap(fit) is None
    assert tc.prior_posterior_overlap(pooled("common")) is None


@pytest.mark.parametrize("patients", [0, -3, 2.5, True, "20", None, float("nan")])
def test_a_number_of_patients_that_is_none_is_refused(patients: Any) -> None:
    with pytest.raises(tc.InputError, match=r"patients: .* is not a whole number above zero. Give one such as 20."):
        tc.predicted_events(pooled(), patients)


def test_a_contrast_predicts_no_counts() -> None:
    with pytest.raises(tc.InputError, match="a model of a ratio predicts no counts"):
        tc.predicted_events(ratios("HalfNormal(0.3)"), 20)


@pytest.mark.parametrize("target", ["typcal", "theta", "cohort"])
def test_an_unknown_target_is_refused(target: str) -> None:
    """`cohort` alone does not say which."""
    for ask in (lambda fit: tc.probability_above(fit, 0.2, target), lambda fit: tc.predicted_events(fit, 5, target)):
        with pytest.raises(tc.InputError):
            ask(pooled())


@pytest.mark.parametrize("cohort", [4, -1, "cohort 1"])
def test_a_cohort_that_is_not_there_is_refused(cohort: Any) -> None:
    for ask in (tc.probability_above, tc.predicted_events):
        with pytest.raises(tc.InputError):
            ask(pooled(), 1, "cohort", cohort)


# -- how far tau moved ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "scale"),
    [
        (NORMAL, 0.5),
        (([0.0, 3.0, 6.0], [0.1, 0.1, 0.1]), 0.5),
        (([0.5], [5.0]), 1.0),
        (([0.30, 0.31, 0.29, 0.3, 0.3], [0.02] * 5), 2.0),
    ],
)
def test_the_overlap_is_the_integral_of_the_smaller_density(
    data: tuple[list[float], list[float]], scale: float
) -> None:
    fit = normal_fit(*data, "Normal(0, 1)", f"HalfNormal({scale})")
    exact = NormalNormal(*data, (0.0, 1.0), stats.halfnorm(scale=scale))
    _, log_prior = exact._tau
    assert tc.prior_posterior_overlap(fit) == pytest.approx(
        np.minimum(np.exp(log_prior), exact.weights).sum(), abs=5e-3
    )


def test_data_that_say_nothing_about_tau_leave_its_prior() -> None:
    fit = tc.pool(events=[1], totals=[2], seed=1)
    assert tc.prior_posterior_overlap(fit) > 0.98


def test_the_overlap_of_mu_is_that_of_two_betas() -> None:
    p = (np.arange(200_000) + 0.5) / 200_000
    exact = np.minimum(1.0, stats.beta(20, 64).pdf(p)).mean()
    assert tc.prior_posterior_overlap(pooled("common"), "mu") == pytest.approx(exact, abs=5e-3)
