"""Poolings in which cohorts borrow selectively: by design, discounted, current from historical, along covariates.

Normal data make each of them a linear model given the standard deviations, whose posterior is known; over those a plain
sum over a grid does the rest.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import tinycohort as tc
from tinycohort.compiled import CompiledModel, Row
from tinycohort.engines.run import run
from tinycohort.families import Contrast, Proportion
from tinycohort.issues import InputError
from tinycohort.likelihoods import Binomial, NormalEstimate, TwoArmCounts
from tinycohort.pooling import Commensurate, Common, Design, Partial, Pooling, Power, Regression
from tinycohort.priors import prior

Y, SE = np.array([-0.9, -0.5, -0.65, 0.1]), np.array([0.3, 0.1, 0.12, 0.4])
BY_DESIGN = Design("randomised", ("observational",))
OF_DESIGN = {
    "mu": "Normal(0, 1)",
    "tau": "HalfNormal(0.5)",
    "bias_observational": "Normal(-0.2, 0.35)",
    "spread_observational": "HalfNormal(0.2)",
}
BY_YEAR = Regression("partial", ("year",), (2020.0,))
OF_YEAR = {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)", "beta_year": "Normal(0, 0.1)"}


def normal_model(
    pooling: Pooling, priors: dict[str, str], rows: Sequence[Row], y: Any = Y, se: Any = SE
) -> CompiledModel:
    return CompiledModel(
        "normal", Contrast("difference"), NormalEstimate(), pooling, {k: prior(v) for k, v in priors.items()},
        tuple(rows), {"estimate": y, "standard_error": se},
    )  # fmt: skip


def counts_model(pooling: Pooling, rows: Sequence[Row], events: Any, total: Any, **priors: str) -> CompiledModel:
    told = {k: prior(v) for k, v in priors.items()}
    return CompiledModel(
        "counts", Proportion(), Binomial(), pooling, told, tuple(rows), {"events": events, "total": total}
    )


def rows_of(*groups: str, **beside: Sequence[Any]) -> list[Row]:
    return [
        Row(f"cohort {j}", group=group, **{name: values[j] for name, values in beside.items()})
        for j, group in enumerate(groups)
    ]


def linear(x: Any, means: Any, deviations: Any, variance: Any, y: Any) -> tuple[float, Any, Any]:
    """Log evidence, and mean and covariance of the coefficients, of y ~ Normal(x coefficients, diag(variance))."""
    prior_precision, weight = np.diag(1.0 / np.asarray(deviations) ** 2), 1.0 / variance
    covariance = np.linalg.inv(prior_precision + x.T @ (weight[:, None] * x))
    mean = covariance @ (prior_precision @ means + x.T @ (weight * y))
    whole = np.diag(variance) + x @ np.diag(np.asarray(deviations) ** 2) @ x.T
    return float(stats.multivariate_normal(x @ means, whole).logpdf(y)), mean, covariance


def summed(
    x: Any, means: Any, deviations: Any, variances: Callable[..., Any], grids: Sequence[tuple[Any, Any]], y: Any = Y
) -> tuple[float, Any, Any, list[Any]]:
    """The same over standard deviations on grids, each with its weights; and the means of those."""
    nodes = np.meshgrid(*(values for values, _ in grids), indexing="ij")
    weight = np.ones(nodes[0].shape)
    for k, (_, own) in enumerate(grids):
        weight = weight * np.reshape(own, [-1 if axis == k else 1 for axis in range(weight.ndim)])
    each = [
        linear(x, means, deviations, variances(*at), y) for at in zip(*(node.ravel() for node in nodes), strict=True)
    ]
    logs = np.array([one[0] for one in each]) + np.log(weight.ravel())
    share = np.exp(logs - special.logsumexp(logs))
    centre = share @ np.array([one[1] for one in each])
    square = share @ np.array([np.diag(one[2]) + one[1] ** 2 for one in each])
    return float(special.logsumexp(logs)), centre, np.sqrt(square - centre**2), [share @ n.ravel() for n in nodes]


def half_normal(sigma: float, size: int = 60) -> tuple[Any, Any]:
    """Nodes and weights of a half-normal prior: Gauss-Legendre over nearly all of it."""
    nodes, weights = np.polynomial.legendre.leggauss(size)
    values = 3.5 * sigma * (nodes + 1.0)
    return values, 3.5 * sigma * weights * stats.halfnorm(scale=sigma).pdf(values)


def moments(fit: tc.Fit, name: str) -> tuple[float, float]:
    marginal = fit.posterior.marginal(name)  # type: ignore[arg-type]
    assert marginal is not None
    return marginal.mean, marginal.sd


@pytest.mark.parametrize("groups", ["roor", "oooo"])
def test_a_bias_by_design_is_that_of_the_linear_model(groups: str) -> None:
    """With a trial or two, and with none: then mu and the bias are told apart by their priors alone."""
    biased = np.array([letter == "o" for letter in groups], float)
    rows = rows_of(*("observational" if one else "randomised" for one in biased))
    fit = run(normal_model(BY_DESIGN, OF_DESIGN, rows), "exact", seed=1)
    assert fit.reportable, fit.reasons
    x = np.stack([np.ones(4), biased], axis=1)
    evidence, mean, deviation, spreads = summed(
        x,
        [0.0, -0.2],
        [1.0, 0.35],
        lambda tau, s: SE**2 + tau**2 + biased * s**2,
        [half_normal(0.5), half_normal(0.2, 20)],
    )
    assert fit.posterior.log_marginal_likelihood == pytest.approx(evidence, abs=2e-5)
    assert moments(fit, "mu") == pytest.approx((mean[0], deviation[0]), abs=1e-4)
    assert moments(fit, "bias_observational") == pytest.approx((mean[1], deviation[1]), abs=1e-4)
    assert moments(fit, "tau")[0] == pytest.approx(spreads[0], abs=1e-4)
    assert moments(fit, "spread_observational")[0] == pytest.approx(spreads[1], abs=1e-4)
    left_out = fit.posterior.leave_one_out()
    assert left_out is not None
    keep = np.array([True, False, True, True])
    without = summed(
        x[keep], [0.0, -0.2], [1.0, 0.35], lambda tau, s: (SE**2 + tau**2 + biased * s**2)[keep],
        [half_normal(0.5), half_normal(0.2, 20)], Y[keep],
    )  # fmt: skip
    assert left_out.log_predictive[1] == pytest.approx(evidence - without[0], abs=4e-5)
    assert left_out.variance_mu[1] == pytest.approx(without[2][0] ** 2, abs=1e-3)


def test_a_bias_that_is_shared_does_not_average_away() -> None:
    """However many biased cohorts say no more of mu than the bias's prior lets them."""
    rows = rows_of(*(["observational"] * 6))
    priors = {**OF_DESIGN, "mu": "Normal(0, 10)", "tau": "HalfNormal(0.05)", "spread_observational": "HalfNormal(0.05)"}
    fit = run(normal_model(BY_DESIGN, priors, rows, np.full(6, 0.4), np.full(6, 0.1)), "exact", seed=1)
    assert moments(fit, "mu") == pytest.approx((0.6, (0.35**2 + 0.1**2 / 6) ** 0.5), abs=0.01)


def test_an_answer_without_a_reference_says_that_its_priors_drive_it() -> None:
    spec = tc.read_model("lrrt_survival:design").to_dict()
    spec["name"] = "without_trial"
    spec.pop("why")
    spec["evidence"]["where"]["design"] = ["retrospective_cohort"]
    model, evidence = tc.read_model(spec), tc.read_evidence()
    fit = tc.fit(model, evidence, seed=1)
    said = "is driven by the priors of the bias"
    assert any(said in remark for remark in fit.summary()["remarks"])
    assert said in repr(fit)
    assert said in " ".join(str(tc.show(model, evidence)).split())
    trial = tc.fit("lrrt_survival:design", evidence, seed=1)
    assert not any(said in remark for remark in trial.summary()["remarks"])


def test_a_slope_is_that_of_the_linear_model_and_answers_move_along_it() -> None:
    years = [2012.0, 2016.0, 2019.0, 2021.0]
    rows = rows_of(*[""] * 4, covariates=[(year,) for year in years])
    fit = run(normal_model(BY_YEAR, OF_YEAR, rows), "exact", seed=1)
    assert fit.reportable, fit.reasons
    x = np.stack([np.ones(4), np.array(years) - 2020.0], axis=1)
    grids = [half_normal(0.5, 120)]
    evidence, mean, deviation, (tau,) = summed(x, [0.0, 0.0], [1.0, 0.1], lambda t: SE**2 + t**2, grids)
    assert fit.posterior.log_marginal_likelihood == pytest.approx(evidence, abs=2e-5)
    assert moments(fit, "mu") == pytest.approx((mean[0], deviation[0]), abs=1e-4)
    assert moments(fit, "beta_year") == pytest.approx((mean[1], deviation[1]), abs=1e-4)
    assert moments(fit, "tau")[0] == pytest.approx(tau, abs=1e-4)
    # mu as it is meant for 2010: the same model, its first coefficient ten slopes lower.
    moved = summed(x + np.array([[0.0, 10.0]]), [0.0, 0.0], [1.0, 0.1], lambda t: SE**2 + t**2, grids)
    at = fit.at({"year": 2010.0})
    assert moments(at, "mu")[0] == pytest.approx(mean[0] - 10.0 * mean[1], abs=1e-4)
    assert at.summary()["new_cohort"]["mean"] == pytest.approx(mean[0] - 10.0 * mean[1], abs=1e-3)
    assert moved[0] != pytest.approx(evidence)  # another prior of mu, and so another model
    sampled = fit.draws["posterior"]
    assert float(sampled["beta_year"].mean()) == pytest.approx(mean[1], abs=5 * deviation[1] / np.sqrt(4000))


@settings(max_examples=3, deadline=None)
@given(st.floats(-30, 30))
def test_where_a_covariate_is_counted_from_changes_nothing(shift: float) -> None:
    rows = rows_of("", "", "", covariates=[(0.0,), (1.0,), (0.0,)])
    moved = rows_of("", "", "", covariates=[(shift,), (1.0 + shift,), (shift,)])
    found = [
        run(
            counts_model(
                Regression("common", ("era",), (centre,)),
                own,
                [1, 7, 9],
                [8, 27, 44],
                mu="Logistic(0, 1)",
                beta_era="Normal(0, 1)",
            ),
            "exact",
            seed=1,
        ).posterior
        for centre, own in ((0.0, rows), (shift, moved))
    ]
    assert found[0].log_marginal_likelihood == pytest.approx(found[1].log_marginal_likelihood, abs=1e-6)


def test_likelihoods_to_powers_are_conjugate_with_beta_priors_and_held_out_cohorts_count_in_full() -> None:
    events, total, powers = np.array([1, 7, 9]), np.array([8, 27, 44]), np.array([0.5, 1.0, 0.25])
    model = counts_model(Power("common"), rows_of("", "", "", power=powers), events, total, mu="Beta(1, 1)")
    fit = run(model, "exact", seed=1)
    a, b = 1.0 + powers @ events, 1.0 + powers @ (total - events)
    found = fit.summary()
    assert found["typical"]["mean"] == pytest.approx(a / (a + b), abs=1e-6)
    assert found["typical"]["upper"] == pytest.approx(stats.beta(a, b).ppf(0.975), abs=1e-5)
    log_choices = np.log(special.comb(total, events))
    pseudo = powers @ log_choices + special.betaln(a, b)
    assert found["log_marginal_likelihood"] == pytest.approx(pseudo, abs=1e-6)
    for j, score in enumerate(found["elpd_loco"]["cohorts"]):
        others = np.arange(3) != j
        a_j, b_j = 1.0 + powers[others] @ events[others], 1.0 + powers[others] @ (total - events)[others]
        assert score == pytest.approx(stats.betabinom(total[j], a_j, b_j).logpmf(events[j]), abs=1e-5)
    assert model.discounted
    assert any("pseudo-likelihood" in remark for remark in found["remarks"])


def test_a_power_of_one_changes_nothing() -> None:
    told = {"mu": "Logistic(0, 1)", "tau": "HalfNormal(0.5)"}
    whole = run(counts_model(Partial(), rows_of("", ""), [1, 7], [8, 27], **told), "exact", seed=1)
    power = run(counts_model(Power("partial"), rows_of("", ""), [1, 7], [8, 27], **told), "exact", seed=1)
    assert power.summary()["new_cohort"] == whole.summary()["new_cohort"]
    assert not power.compiled.discounted


@pytest.mark.parametrize(("tau", "like"), [("HalfNormal(1e-3)", "common"), ("Uniform(50, 60)", "alone")])
def test_commensurate_cohorts_are_one_where_tau_is_small_and_stand_alone_where_it_is_large(tau: str, like: str) -> None:
    rows = rows_of("historical", "historical", "historical", "current")
    fit = run(normal_model(Commensurate(), {"mu": "Normal(0, 10)", "tau": tau}, rows), "exact", seed=1)
    assert fit.reportable, fit.reasons
    current = fit.posterior.marginal("cohort", 3)
    assert current is not None
    known = np.arange(4) < (4 if like == "common" else 3)
    precision = (1.0 / SE[known] ** 2).sum() + 0.01
    mean, deviation = (Y[known] / SE[known] ** 2).sum() / precision, precision**-0.5
    assert moments(fit, "mu") == pytest.approx((mean, deviation), abs=2e-3)
    assert fit.posterior.marginal("cohort", 0).mean == pytest.approx(mean, abs=2e-3)
    wanted = (mean, deviation) if like == "common" else (Y[3], SE[3])
    assert (current.mean, current.sd) == pytest.approx(wanted, abs=5e-3)


def test_a_commensurate_model_is_that_of_the_linear_model() -> None:
    rows = rows_of("historical", "current", "historical", "current")
    current = np.array([0.0, 1.0, 0.0, 1.0])
    fit = run(normal_model(Commensurate(), {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}, rows), "exact", seed=1)
    found = summed(np.ones((4, 1)), [0.0], [1.0], lambda tau: SE**2 + current * tau**2, [half_normal(0.5, 120)])
    assert fit.posterior.log_marginal_likelihood == pytest.approx(found[0], abs=2e-5)
    assert moments(fit, "mu") == pytest.approx((found[1][0], found[2][0]), abs=1e-4)
    assert moments(fit, "tau")[0] == pytest.approx(found[3][0], abs=1e-4)


def test_swapping_events_and_non_events_and_the_sign_of_the_bias_mirrors_the_answer() -> None:
    rows = rows_of("randomised", "observational", "observational")
    told = {**OF_DESIGN, "mu": "Logistic(0, 1)"}
    events, total = np.array([2, 0, 9]), np.array([9, 6, 20])
    mirrored = {**told, "bias_observational": "Normal(0.2, 0.35)"}
    one = run(counts_model(BY_DESIGN, rows, events, total, **told), "exact", seed=1).summary()
    other = run(counts_model(BY_DESIGN, rows, total - events, total, **mirrored), "exact", seed=1).summary()
    for name in ("typical", "average", "new_cohort"):
        assert one[name]["lower"] == pytest.approx(1.0 - other[name]["upper"], abs=1e-4)
    assert one["places"]["bias_observational"]["median"] == pytest.approx(
        -other["places"]["bias_observational"]["median"], abs=1e-4
    )


def test_the_exact_engine_says_what_is_for_the_other() -> None:
    years = rows_of("", "", covariates=[(0.0, 1.0), (1.0, 0.0)])
    two = Regression("partial", ("a", "b"), (0.0, 0.0))
    told = {"mu": "Normal(0, 1)", "tau": "HalfNormal(1)", "beta_a": "Normal(0, 1)", "beta_b": "Normal(0, 1)"}
    with pytest.raises(InputError, match=r"more than one covariate \(2 here\)"):
        run(normal_model(two, told, years, Y[:2], SE[:2]), "exact")
    wide = {**OF_DESIGN, "bias_observational": "Cauchy(0, 1)"}
    rows = rows_of("randomised", "observational")
    with pytest.raises(InputError, match="biases whose prior is not normal"):
        run(normal_model(BY_DESIGN, wide, rows, Y[:2], SE[:2]), "exact")


@pytest.mark.slow
def test_the_slope_of_latitude_in_the_bcg_trials_is_that_of_multinma(repository: Path) -> None:
    """Their study intercepts are estimated; here they are conditioned away, which in trials so large is the same."""
    (case,) = json.loads((repository / "tests/reference/meta_regression.json").read_text(encoding="utf-8"))["cases"]
    told, wanted = case["inputs"], case["expected"]["latitude"]
    latitude = np.array(told["latitude"], float)
    treated, untreated = np.array(told["r_vaccinated"]), np.array(told["r_unvaccinated"])
    model = CompiledModel(
        "bcg",
        Contrast("ratio"),
        TwoArmCounts(),
        Regression("partial", ("latitude",), (float(latitude.mean()),)),
        {"mu": prior("Normal(0, 100)"), "tau": prior("HalfNormal(5)"), "beta_latitude": prior("Normal(0, 100)")},
        tuple(rows_of(*[""] * 13, covariates=[(one,) for one in latitude])),
        {
            "events": treated,
            "total": told["n_vaccinated"],
            "control_total": told["n_unvaccinated"],
            "both_events": treated + untreated,
        },
    )
    fit = run(model, "exact", seed=1)
    assert fit.reportable, fit.reasons
    tolerance = float(case["tolerance"])
    pairs = (("mu", "d_at_mean_latitude"), ("tau", "tau"), ("beta_latitude", "beta"))
    for name, theirs in pairs:
        assert moments(fit, name) == pytest.approx((wanted[theirs]["mean"], wanted[theirs]["sd"]), abs=tolerance)
        upper = float(fit.posterior.marginal(name).quantile(np.array([0.975]))[0])  # type: ignore[arg-type, union-attr]
        assert upper == pytest.approx(wanted[theirs]["q975"], abs=tolerance)


# -- model files -------------------------------------------------------------------------------------------------------


def content(**pooling: Any) -> dict[str, Any]:
    """lrrt_survival with another pooling, without variants."""
    plain = tc.read_model("lrrt_survival").to_dict()
    plain.pop("variant")
    return plain | {"name": "other", "pooling": pooling}


SLOPE = {"dist": "Normal", "mu": 0.0, "sigma": 0.1, "why": "Stated."}
YEAR = {"year": {"column": "enrolled_from", "centre": 2010}}


def with_year(where: Sequence[str] = ("rusthoven_2017_rt",)) -> dict[str, Any]:
    found = content(kind="partial", covariates=YEAR)
    found["priors"]["beta_year"] = SLOPE
    for estimand in found["estimand"]:
        if estimand.get("target") in ("typical", "new_cohort"):
            estimand["at"] = {"year": 2020}
    return found


def test_a_model_with_covariates_survives_its_file(tmp_path: Path) -> None:
    model = tc.read_model(with_year())
    path = tmp_path / "other.toml"
    path.write_text(model.to_toml(), encoding="utf-8")
    back = tc.read_model(path)
    assert back == model
    assert back.pooling.build() == Regression("partial", ("year",), (2010.0,))
    assert "year: enrolled_from, mu at 2010" in " ".join(str(model).split())


def test_a_missing_covariate_names_the_cohort_and_how_to_mend_it() -> None:
    with pytest.raises(InputError) as raised:
        tc.fit(tc.read_model(with_year()), tc.read_evidence())
    assert "cohort 'you_2020_rt'" in str(raised.value)
    assert "its enrolled_from is empty" in str(raised.value)
    assert "Fill it in in cohorts.csv, or exclude the cohort" in str(raised.value)


def test_estimands_say_at_which_values_of_the_covariates_they_are_meant() -> None:
    told = with_year()
    told["estimand"][0].pop("at")
    with pytest.raises(InputError, match="missing, and the pooling has covariates"):
        tc.read_model(told)
    told["estimand"][0]["at"] = {"yaer": 2020}
    with pytest.raises(InputError, match="Give a value of each"):
        tc.read_model(told)


def test_an_indicator_is_a_covariate_and_answers_are_those_of_its_value() -> None:
    told = with_year()
    told["pooling"]["covariates"] = {"trial": {"column": "design", "values": ["randomised"], "centre": 1}}
    told["priors"]["beta_trial"] = {**SLOPE, "sigma": 0.5}
    told["priors"].pop("beta_year")
    for estimand in told["estimand"]:
        if "at" in estimand:
            estimand["at"] = {"trial": 0}
    fit = tc.fit(tc.read_model(told), tc.read_evidence(), seed=1)
    assert [row.covariates for row in fit.compiled.rows] == [(1.0,), (0.0,), (0.0,)]
    table = tc.estimate(fit).set_index("name")
    assert table.loc["hazard_ratio_typical", "median"] == pytest.approx(
        fit.at({"trial": 0}).summary()["typical"]["median"]
    )
    assert table.loc["hazard_ratio_typical", "median"] != pytest.approx(fit.summary()["typical"]["median"], abs=1e-3)


CLASSES = {"randomised": ["randomised"], "observational": ["retrospective_cohort"]}


@pytest.mark.parametrize(
    ("pooling", "said"),
    [
        ({"kind": "design", "classes": CLASSES, "reference": "randomized"}, "Choose one of randomised, observational"),
        ({"kind": "design", "classes": {"all": ["randomised"]}, "reference": "all"}, "there is one class only"),
        ({"kind": "design", "reference": "randomised"}, "classes: missing"),
        ({"kind": "partial", "classes": CLASSES}, "pooling 'partial' has no classes"),
        ({"kind": "regression"}, "unknown word 'regression'"),
        ({"kind": "power", "over": "common", "discount": [{"cohort": "a", "power": 2, "why": "x"}]}, "2 is not above"),
        ({"kind": "power", "over": "partial", "discount": [{"cohort": "a", "power": 0.5}]}, "Say why this discount"),
        ({"kind": "power", "discount": [{"cohort": "a", "power": 0.5, "why": "x"}]}, "over: missing"),
        ({"kind": "commensurate"}, "current: missing"),
        ({"kind": "partial", "covariates": {"year": {"column": "enrolled_from"}}}, "Say at which value mu is meant"),
        ({"kind": "partial", "covariates": dict.fromkeys("abcd", YEAR["year"])}, "4 covariates"),
    ],
)  # fmt: skip
def test_model_files_refuse_what_a_pooling_cannot_be_told(pooling: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        tc.read_model(content(**pooling))


@pytest.mark.parametrize(
    ("pooling", "said"),
    [
        (
            {"kind": "power", "over": "partial", "discount": [{"cohort": "li_2021", "power": 1, "why": "x"}]},
            "'li_2021_rt'",
        ),
        (
            {"kind": "power", "over": "partial",
             "discount": [{"column": "desing", "value": "randomised", "power": 0.5, "why": "x"}]},
            "'desing' is not a column of cohorts",
        ),
        ({"kind": "commensurate", "current": ["you_2020"]}, "no cohort that speaks is called 'you_2020'"),
    ],
)  # fmt: skip
def test_words_of_the_evidence_are_checked_where_the_two_meet(pooling: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        tc.compile_model(tc.read_model(content(**pooling)), tc.read_evidence())


def test_a_design_of_no_class_names_the_cohort() -> None:
    told = tc.read_model("lrrt_survival:design").to_dict() | {"name": "other"}
    told.pop("why")
    told["pooling"]["classes"] = {"randomised": ["randomised"], "series": ["case_series"]}
    told["priors"] = {name.replace("observational", "series"): value for name, value in told["priors"].items()}
    with pytest.raises(InputError, match=r"rusthoven_2017_rt.*is of no class"):
        tc.compile_model(tc.read_model(told), tc.read_evidence())


def test_reasons_of_discounts_do_not_move_the_digest_but_powers_do() -> None:
    def digest(power: float, why: str) -> str:
        one = {"cohort": "li_2021_rt", "power": power, "why": why}
        return tc.read_model(content(kind="power", over="partial", discount=[one])).digest

    assert digest(0.5, "one") == digest(0.5, "another") != digest(0.6, "one")


def test_pool_says_that_these_need_a_model_file() -> None:
    with pytest.raises(InputError, match="pooling 'design' needs a model file"):
        tc.pool(events=[1, 7], totals=[8, 27], pooling="design")


def test_poolings_are_of_one_kind_each() -> None:
    assert dataclasses.replace(Power("common")).under == Common()
