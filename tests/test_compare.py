"""Models beside each other: scores, evidences and weights against closed forms, ArviZ and published numbers."""

from __future__ import annotations

import copy
import json
import math
import time
from typing import Any

import numpy as np
import pytest
from scipy import optimize, special, stats

import tinycohort as tc
from support.fits import normal_fit
from test_published_cases import CASES, NOTHING, own
from tinycohort.comparison.bayes_factors import rescaled
from tinycohort.comparison.weights import pseudo_bma_plus_weights, pseudo_bma_weights, stacking_weights
from tinycohort.engines.nuts import DrawsPosterior
from tinycohort.engines.run import run
from tinycohort.priors import prior as read_prior

EVENTS, TOTALS = np.array([1, 7, 9, 3]), np.array([8, 27, 44, 30])
COUNTS: dict[str, Any] = {"events": EVENTS.tolist(), "totals": TOTALS.tolist()}
# What scores and evidences promise.
NEAR = 1e-5


@pytest.fixture(scope="module")
def typed() -> tc.Comparison:
    flat = {"mu": "Beta(1, 1)"}
    return tc.compare({
        "partial": tc.pool(**COUNTS, **flat),
        "common": tc.pool(**COUNTS, **flat, pooling="common"),
        "separate": tc.pool(**COUNTS, **flat, pooling="none"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def bundled() -> tc.Comparison:
    model = tc.read_model("response_pd1")
    return tc.compare([model, model.variant("common"), model.variant("separate"), with_student()], tc.read_evidence())


def with_student() -> tc.ModelSpec:
    content = copy.deepcopy(tc.read_model("response_pd1").to_dict())
    change = {"pooling.kind": "student", "pooling.nu": 4.0}
    content["variant"] = [{"name": "student", "why": "Room for a cohort unlike the others.", "set": change}]
    return tc.read_model(content).variant("student")


def log_beta_binomial(r: Any, n: Any, a: Any, b: Any) -> Any:
    return stats.betabinom.logpmf(r, n, a, b)


# -- scores and evidences -----------------------------------------------------------------------------------------


def test_a_common_rate_predicts_a_cohort_by_the_beta_binomial_of_the_others(typed: tc.Comparison) -> None:
    a, b = 1 + EVENTS.sum() - EVENTS, 1 + (TOTALS - EVENTS).sum() - (TOTALS - EVENTS)
    assert typed.log_predictive["common"] == pytest.approx(log_beta_binomial(EVENTS, TOTALS, a, b), abs=NEAR)


def test_cohorts_that_stand_alone_are_predicted_by_their_prior(typed: tc.Comparison) -> None:
    # Uniform on the rate: every count is as likely as another.
    assert typed.log_predictive["separate"] == pytest.approx(-np.log(TOTALS + 1.0), abs=NEAR)


def test_log_scores_of_partial_pooling_are_ratios_of_evidences(typed: tc.Comparison) -> None:
    for j in range(4):
        keep = [k for k in range(4) if k != j]
        others = tc.pool(events=EVENTS[keep].tolist(), totals=TOTALS[keep].tolist(), mu="Beta(1, 1)")
        ratio = evidence_of(typed.fits["partial"]) - evidence_of(others)
        assert typed.log_predictive["partial"][j] == pytest.approx(ratio, abs=NEAR)


def evidence_of(fit: tc.Fit) -> float:
    return float(fit.posterior.log_marginal_likelihood or math.nan)


def test_bayes_factors_are_ratios_of_closed_forms(typed: tc.Comparison) -> None:
    ways = (special.gammaln(TOTALS + 1) - special.gammaln(EVENTS + 1) - special.gammaln(TOTALS - EVENTS + 1)).sum()
    common = ways + special.betaln(1 + EVENTS.sum(), 1 + (TOTALS - EVENTS).sum())
    separate = -np.log(TOTALS + 1.0).sum()
    rows = typed.table.set_index("model")
    assert rows.loc["common", "log_marginal_likelihood"] == pytest.approx(common, abs=NEAR)
    assert rows.loc["separate", "log_marginal_likelihood"] == pytest.approx(separate, abs=NEAR)
    found = rows["log_bayes_factor"]
    assert found["common"] - found["separate"] == pytest.approx(common - separate, abs=2 * NEAR)
    assert found["partial"] == 0.0


def test_bayes_factors_are_shown_with_priors_that_only_one_model_has_half_and_twice_as_wide(
    typed: tc.Comparison,
) -> None:
    rows = typed.sensitivity
    common = rows[rows["model"] == "common"]
    assert common[["prior_of", "parameter", "prior"]].to_numpy().tolist() == [
        ["partial", "tau", "HalfNormal(0.25)"],
        ["partial", "tau", "HalfNormal(1)"],
    ]
    for tau, log in zip(common["prior"], common["log_bayes_factor"], strict=True):
        other = tc.pool(**COUNTS, mu="Beta(1, 1)", tau=tau)
        assert log == pytest.approx(evidence_of(typed.fits["common"]) - evidence_of(other), abs=NEAR)
    row = typed.table.set_index("model").loc["common"]
    reached = [row["log_bayes_factor"], *common["log_bayes_factor"]]
    assert row["bayes_factor_lowest"] == pytest.approx(math.exp(min(reached)))
    assert row["bayes_factor_highest"] == pytest.approx(math.exp(max(reached)))
    # A Beta has no width to halve: said, not made up.
    assert any("prior of mu has no width to halve or double" in remark for remark in typed.remarks)


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("Normal(1, 2)", "Normal(1, 4)"),
        ("Exponential(3)", "Exponential(1.5)"),
        ("InverseGamma(1, 0.15)", "InverseGamma(1, 0.3)"),
        ("LogNormal(0.5, 1)", f"LogNormal({0.5 + math.log(2):g}, 1)"),
        ("Uniform(0, 4)", "Uniform(0, 8)"),
        ("Uniform(-1, 3)", "Uniform(-3, 5)"),
    ],
)
def test_a_prior_twice_as_wide_spreads_its_quantiles_by_two(text: str, wide: str) -> None:
    prior = read_prior(text)
    found = rescaled(prior, 2.0)
    assert found is not None
    assert str(found) == wide
    spreads = [one.quantile(0.9) - one.quantile(0.2) for one in (prior, found)]
    assert spreads[1] == pytest.approx(2.0 * spreads[0])


def test_ten_cohorts_have_a_standard_error_and_nine_have_none() -> None:
    events, totals = [1, 7, 9, 3, 2, 4, 6, 1, 0, 5], [8, 27, 44, 30, 9, 11, 20, 12, 6, 25]
    for size in (9, 10):
        counts = {"events": events[:size], "totals": totals[:size]}
        found = tc.compare([tc.pool(**counts), tc.pool(**counts, pooling="common")])  # type: ignore[arg-type]
        row = found.table.iloc[1]
        apart = found.differences("pool, common")
        assert row["elpd_difference"] == pytest.approx(apart.sum())
        assert any("too few for a standard error" in remark for remark in found.remarks) == (size == 9)
        if size == 9:
            assert row["elpd_difference_se"] is None
        else:
            assert row["elpd_difference_se"] == pytest.approx(math.sqrt(10) * np.std(apart, ddof=1))


# -- weights --------------------------------------------------------------------------------------------------------


def made_up_scores(models: int, cohorts: int, seed: int) -> Any:
    return np.random.default_rng(seed).normal(-3.0, 1.5, (models, cohorts))


@pytest.mark.parametrize(("models", "cohorts", "seed"), [(2, 3, 5), (4, 7, 0), (6, 5, 1), (5, 40, 2)])
def test_stacking_weights_are_those_that_a_general_optimiser_finds(models: int, cohorts: int, seed: int) -> None:
    scores = made_up_scores(models, cohorts, seed)
    found = stacking_weights(scores)

    def loss(weights: Any) -> float:
        return -float(special.logsumexp(scores, axis=0, b=weights[:, None]).sum())

    simplex = {"type": "eq", "fun": lambda weights: weights.sum() - 1.0}
    start = np.full(models, 1.0 / models)
    best = optimize.minimize(
        loss, start, bounds=[(1e-12, 1.0)] * models, constraints=simplex, options={"ftol": 1e-12, "maxiter": 500}
    )
    assert loss(found) <= best.fun + 1e-6
    assert found.sum() == pytest.approx(1.0)
    # No model can gain by more weight: the condition for the maximum of a concave function.
    densities = np.exp(scores - scores.max(axis=0))
    assert (densities / (found @ densities)).mean(axis=1).max() <= 1.0 + 1e-6


def test_weights_are_those_of_arviz() -> None:
    import xarray
    from arviz_stats import compare
    from arviz_stats.utils import ELPDData

    scores = made_up_scores(3, 6, 4)
    elpds = {
        str(k): ELPDData(
            elpd=float(each.sum()), se=0.1, p=0.0, n_samples=1, n_data_points=6, scale="log", warning=False, good_k=0.7,
            elpd_i=xarray.DataArray(each, dims="cohort"), pareto_k=xarray.DataArray(np.zeros(6), dims="cohort"),
        )
        for k, each in enumerate(scores)
    }  # fmt: skip
    ways = {"stacking": stacking_weights(scores), "pseudo-BMA": pseudo_bma_weights(scores)}
    ways["BB-pseudo-BMA"] = pseudo_bma_plus_weights(scores, seed=1)
    # ArviZ's optimiser stops where the score moves by 1e-6, which leaves weights open to about the root of that; and it
    # draws 1000 bootstrap replicates of weights between 0 and 1.
    near = {"stacking": 1e-3, "pseudo-BMA": 1e-10, "BB-pseudo-BMA": 4.5 * 0.5 / math.sqrt(1000)}
    for way, found in ways.items():
        theirs = compare(elpds, method=way, round_to="none")["weight"]
        assert found == pytest.approx([theirs[str(k)] for k in range(3)], abs=near[way]), way


def test_models_that_are_alike_share_their_weight() -> None:
    fits = {name: tc.pool(**COUNTS) for name in ("one", "other")}
    found = tc.compare(fits)
    for weights in found.weights.values():
        assert weights == pytest.approx({"one": 0.5, "other": 0.5}, abs=1e-6)
    assert "other and one are one model: they share what weight it has." in found.remarks


def test_the_bootstrap_is_seeded() -> None:
    scores = made_up_scores(3, 5, 6)
    assert (pseudo_bma_plus_weights(scores, 7) == pseudo_bma_plus_weights(scores, 7)).all()
    assert (pseudo_bma_plus_weights(scores, 7) != pseudo_bma_plus_weights(scores, 8)).any()


# -- what is compared, and what is not ------------------------------------------------------------------------------


def test_the_order_of_cohorts_does_not_matter(typed: tc.Comparison) -> None:
    back = {"events": EVENTS[::-1].tolist(), "totals": TOTALS[::-1].tolist(), "mu": "Beta(1, 1)"}
    turned = tc.pool(**back, labels=[f"cohort {k}" for k in (4, 3, 2, 1)], pooling="common")
    found = tc.compare({"partial": typed.fits["partial"], "common": turned})
    assert found.log_predictive["common"] == pytest.approx(typed.log_predictive["common"], abs=NEAR)


def test_all_that_differs_between_the_data_of_models_is_refused_at_once() -> None:
    main = tc.pool(**COUNTS)
    other = tc.pool(events=[1, 7, 9], totals=[8, 27, 45])
    percent = tc.pool(percentages=["12.5", "26", "20", "10"], totals=TOTALS.tolist())
    with pytest.raises(tc.InputError) as refusal:
        tc.compare({"main": main, "other": other, "percent": percent})
    said = "\n".join(str(issue) for issue in refusal.value.issues)
    assert "only the first uses 'cohort 4'" in said
    assert "'cohort 3' is total 44 in the first, total 45 in the second" in said
    assert "'cohort 1' is read as 'binomial' in the first, read as 'rounded' in the second" in said


def test_models_of_other_rows_of_the_evidence_are_refused() -> None:
    with pytest.raises(tc.InputError, match="only the first uses 'lin_2022_pd1_response'"):
        tc.compare(["response_pd1", "response_pd1:prospective_only"], tc.read_evidence())


def test_ratios_and_differences_are_not_compared() -> None:
    numbers = {"estimates": [0.5, 0.8], "lower": [0.3, 0.6], "upper": [0.9, 1.1]}
    priors = {"mu": "Normal(0, 1)", "tau": "HalfNormal(1)"}
    ratio, plain = (tc.pool(**numbers, **priors, ratio=ratio) for ratio in (True, False))  # type: ignore[arg-type]
    with pytest.raises(tc.InputError, match="the first is of a ratio, on the log scale"):
        tc.compare([ratio, plain])


def test_what_is_no_fit_is_refused_in_words() -> None:
    with pytest.raises(tc.InputError) as refusal:
        tc.compare([tc.pool(**COUNTS), "response_pd1"])
    assert "str is no fit" in str(refusal.value)
    with pytest.raises(tc.InputError, match="1 to compare"):
        tc.compare([tc.pool(**COUNTS)])
    with pytest.raises(tc.InputError, match="'nobody' is none of the models"):
        tc.compare([tc.pool(**COUNTS), tc.pool(**COUNTS)], against="nobody")


def test_priors_that_two_models_do_not_share_are_named() -> None:
    found = tc.compare({"narrow": tc.pool(**COUNTS), "wide": tc.pool(**COUNTS, tau="HalfNormal(1)")})
    said = "tau has the prior HalfNormal(1) in wide and HalfNormal(0.5) in narrow: their Bayes factor compares these"
    assert f"{said} priors too." in found.remarks


def test_survival_landmarks_give_pseudo_bayes_factors_whatever_the_curve() -> None:
    landmarks = {
        "one": tc.from_landmarks({12.0: 0.6, 24.0: 0.4}, 20, at_risk={12.0: 12, 24.0: 5}),
        "two": tc.from_landmarks({12.0: 0.7}, 31, at_risk={12.0: 15}),
    }
    priors = {"mu": "Normal(3, 1)", "tau": "HalfNormal(1)"}
    fits = {
        "exponential": tc.pool_survival(landmarks, family="exponential", **priors),
        "weibull": tc.pool_survival(landmarks, family="weibull", shape=0.3, **priors),
    }
    found = tc.compare(fits)
    assert found.table["pseudo"].tolist() == [False, True]
    assert any(
        remark.startswith("Pseudo-Bayes factors, from a quasi-likelihood: effective") for remark in found.remarks
    )


def test_a_sampled_fit_is_scored_by_the_exact_engine_where_that_applies() -> None:
    exact = tc.pool(**COUNTS)
    draws = DrawsPosterior(exact.compiled, exact.posterior.draws(4, 1000, 1), {})
    sampled = tc.Fit(exact.compiled, draws, exact.provenance, make_draws=lambda fit: exact.draws)
    found = tc.compare({"exact": exact, "sampled": sampled})
    assert found.log_predictive["sampled"] == pytest.approx(found.log_predictive["exact"])
    assert "sampled was sampled; its scores and marginal likelihood are those of the exact engine." in found.remarks


def test_four_models_of_seven_cohorts_are_fitted_and_compared_within_two_seconds(bundled: tc.Comparison) -> None:
    begun = time.process_time()
    again = tc.compare({name: run(fit.compiled) for name, fit in bundled.fits.items()})
    again.to_dict()
    assert time.process_time() - begun < 2.0


def test_a_comparison_is_said_in_words_and_in_plain_types(bundled: tc.Comparison) -> None:
    text = repr(bundled)
    assert text.startswith("4 models of the same 7 cohorts, against response_pd1")
    assert "Sato 2020" in text
    assert "7 cohorts are too few for a standard error" in text
    assert json.loads(json.dumps(bundled.to_dict()))["rows"][0]["elpd_se"] is None
    assert bundled._repr_html_().startswith("<pre>4 models")
    assert len(bundled.by_cohort) == 28
    assert bundled.by_cohort["difference"].iloc[:7].tolist() == [0.0] * 7


def test_data_that_say_nothing_about_tau_are_said_to() -> None:
    found = tc.compare(
        {"alike": tc.pool(events=[1], totals=[3]), "same": tc.pool(events=[1], totals=[3], pooling="common")}
    )
    assert any(remark.startswith("Under alike the data said nothing about tau: ") for remark in found.remarks)
    assert "One cohort is too few for a standard error" in repr(found)


# -- averages ---------------------------------------------------------------------------------------------------------


def meta_bma(case: str) -> dict[str, tc.Fit]:
    data = CASES[case]["inputs"]
    towels = case == "bma_towels_vignette"
    tau = "HalfCauchy(0.3)" if towels else "InverseGamma(1, 0.15)"
    mu = "HalfNormal(0.3)" if towels else "StudentT(3, 0.34999, 0.1021)"
    named = {"H0": NOTHING, "H1": mu}
    fits = {f"fixed_{h}": normal_fit(data["y"], data["se"], prior, None, "common") for h, prior in named.items()}
    return fits | {f"random_{h}": normal_fit(data["y"], data["se"], prior, tau) for h, prior in named.items()}


def test_posterior_probabilities_of_models_are_those_that_metabma_prints() -> None:
    found = tc.model_average(meta_bma("bma_towels_vignette"))
    for name, printed in CASES["bma_towels_vignette"]["published"]["posterior"].items():
        assert found.weights[name] == pytest.approx(printed, abs=5.1e-5), name
        assert found.weights[name] == pytest.approx(own("bma_towels_vignette")["posterior"][name], rel=1e-4)


@pytest.mark.parametrize(("case", "near"), [("bma_towels_vignette", 1e-4), ("bma_powerpose_informed", 1e-4)])
def test_the_inclusion_bayes_factor_of_an_effect_is_that_of_metabma(case: str, near: float) -> None:
    fits = meta_bma(case)
    found = tc.model_average(fits, prior=[0.1, 0.2, 0.3, 0.4]).inclusion(["fixed_H1", "random_H1"])
    by_prior = dict(zip(fits, (0.1, 0.2, 0.3, 0.4), strict=True))
    logs = {name: evidence_of(fit) for name, fit in fits.items()}
    # By the definition, with unequal prior probabilities.
    weights = {name: by_prior[name] * math.exp(log) for name, log in logs.items()}
    effect = sum(w for name, w in weights.items() if name.endswith("H1"))
    none = sum(w for name, w in weights.items() if name.endswith("H0"))
    prior = sum(p for name, p in by_prior.items() if name.endswith("H1"))
    assert found == pytest.approx(effect / none * (1 - prior) / prior, rel=1e-9)
    if case == "bma_towels_vignette":
        # The other case cuts mu's prior off at zero, for which there is no prior here.
        published = CASES[case]["published"]
        assert tc.model_average(fits).inclusion(["fixed_H1", "random_H1"]) == pytest.approx(
            published["BF_inclusion"], rel=near
        )
        for pair in ("fixed", "random"):
            two = tc.compare({name: fits[name] for name in (f"{pair}_H0", f"{pair}_H1")})
            assert two.table["bayes_factor"][1] == pytest.approx(published[f"BF_{pair}"], rel=1e-3)
    with pytest.raises(tc.InputError, match="Choose some, and leave some"):
        tc.model_average(fits).inclusion(list(fits))


def test_the_effect_averaged_over_fixed_and_random_is_that_of_a_quadrature_of_its_own() -> None:
    fits = {name: fit for name, fit in meta_bma("bma_towels_vignette").items() if name.endswith("H1")}
    row = tc.model_average(fits).table.set_index("target").loc["mu"]
    exact = CASES["bma_towels_vignette"]["earlier_check"]["averaged_d"]
    assert row["mean"] == pytest.approx(exact["mean"], abs=1e-5)
    assert row["sd"] == pytest.approx(exact["sd"], abs=1e-5)


def test_the_averaged_effect_of_power_posing_is_the_published_one() -> None:
    fits = {name: fit for name, fit in meta_bma("bma_powerpose_informed").items() if name.endswith("H1")}
    marginal = tc.model_average(fits).marginal("mu")
    assert marginal is not None
    row = {name: value or math.nan for name, value in marginal.summary(0.95, "shortest").items()}
    published = CASES["bma_powerpose_informed"]["published"]["averaged_d_two_sided"]
    assert round(row["median"], 2) == published["median"]
    assert [round(row["lower"], 2), round(row["upper"], 2)] == published["hpd95"]


def test_an_average_is_the_mixture_of_its_models(typed: tc.Comparison) -> None:
    fits = {name: typed.fits[name] for name in ("partial", "common")}
    found = tc.model_average(fits, prior={"partial": 0.8, "common": 0.2})
    odds = 4.0 * math.exp(evidence_of(fits["partial"]) - evidence_of(fits["common"]))
    assert found.weights["partial"] / found.weights["common"] == pytest.approx(odds)
    marginal = found.marginal("new_cohort")
    assert marginal is not None
    parts = [(found.weights[name], fits[name].posterior.marginal("new_cohort", natural=True)) for name in fits]
    for p in (0.025, 0.3, 0.975):
        x = marginal.quantile(np.array([p]))
        assert sum(w * float(one.cdf(x)[0]) for w, one in parts if one) == pytest.approx(p, abs=1e-9)
    assert marginal.mean == pytest.approx(sum(w * one.mean for w, one in parts if one))
    square = sum(w * (one.sd**2 + one.mean**2) for w, one in parts if one)
    assert marginal.sd == pytest.approx(math.sqrt(square - marginal.mean**2))
    weight = found.weights["common"]
    assert f"tau = 0 has {weight:.0%} of the weight (common); tau here is over the other models." in found.remarks


def test_stacking_averages_by_stacking_weights(typed: tc.Comparison) -> None:
    found = tc.model_average(typed.fits, by="stacking")
    assert found.weights == pytest.approx(typed.weights["stacking_weight"])
    assert found.table.set_index("target").loc["new_cohort", "share"] == pytest.approx(1.0 - found.weights["separate"])


def test_all_that_is_wrong_with_an_average_is_said_at_once(typed: tc.Comparison) -> None:
    with pytest.raises(tc.InputError) as refusal:
        tc.model_average(typed.fits, by="taste", prior=[0.5, 0.4, 0.3], level=95)
    said = str(refusal.value)
    assert "unknown way 'taste'" in said
    assert "they sum to 1.2" in said
    assert "95 is not between 0 and 1" in said


def test_models_that_discount_the_data_differently_have_no_bayes_factor() -> None:
    found = tc.compare(["lrrt_survival", "lrrt_survival:discounted"], tc.read_evidence())
    (row,) = (row for row in found.rows() if row["model"] == "lrrt_survival:discounted")
    assert row["bayes_factor"] is None
    assert row["elpd"] is not None
    assert any("discount the data differently" in remark for remark in found.remarks)
