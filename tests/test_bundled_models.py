"""Every bundled model and variant: it reads, finds evidence and has an answer, and both engines give the same one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import tinycohort as tc
from support.brute_force import BruteForce, binomial
from support.contract import monte_carlo_errors
from tinycohort.compiled import Row

MODELS = tc.bundled_models()
VARIANTS = [(model, variant) for model in MODELS for variant in tc.read_model(model).variants]
FITS: dict[tuple[str, str | None], tc.Fit] = {}


def fitted(model: str, variant: str | None = None) -> tc.Fit:
    """The exact fit of a bundled model or of one of its variants, made once."""
    if (model, variant) not in FITS:
        spec = tc.read_model(model)
        FITS[model, variant] = tc.fit(spec if variant is None else spec.variant(variant), tc.read_evidence(), seed=1)
    return FITS[model, variant]


def substance(fit: tc.Fit) -> dict[str, Any]:
    """What fixes the answer: family, kind, pooling, priors and numbers, whatever they are called."""
    stored = fit.compiled.to_dict()
    return {name: stored[name] for name in ("family", "likelihood", "pooling", "priors", "data")}


def test_there_are_models_and_each_has_variants() -> None:
    assert {"response_pd1", "abscopal_incidence"} <= set(MODELS)
    assert {model for model, _ in VARIANTS} == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_a_bundled_model_can_be_answered(model: str) -> None:
    fit = fitted(model)
    assert fit.reportable, fit.reasons
    assert fit.provenance["engine"] == "exact"
    assert fit.compiled.cohorts >= 2
    assert fit.compiled.name == model
    table = tc.estimate(fit)
    assert table["reportable"].all()
    assert (table["outcome_ids"].map(len) > 0).all()
    answered = table[["median", "probability"]].notna().any(axis=1)
    assert answered.all(), table.loc[~answered, "name"]


@pytest.mark.parametrize(("model", "variant"), VARIANTS)
def test_a_variant_of_a_bundled_model_can_be_answered(model: str, variant: str) -> None:
    fit = fitted(model, variant)
    assert fit.reportable, fit.reasons
    assert fit.compiled.cohorts >= 1
    assert fit.model.base_name == model
    for cohort in fit.summary()["cohorts"]:
        assert 0 <= cohort["lower"] < cohort["median"] < cohort["upper"] <= 1


@pytest.mark.parametrize(("model", "variant"), VARIANTS)
def test_a_variant_changes_what_the_answer_rests_on(model: str, variant: str) -> None:
    assert substance(fitted(model, variant)) != substance(fitted(model))
    evidence = [fitted(model, variant).summary()["log_marginal_likelihood"] for variant in (None, variant)]
    assert evidence[0] != pytest.approx(evidence[1], abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_every_bundled_model_asks_whether_cohorts_are_alike(model: str) -> None:
    base, common, separate = (fitted(model, variant) for variant in (None, "common", "separate"))
    assert [fit.compiled.pooling.name for fit in (base, common, separate)] == ["partial", "common", "none"]
    assert substance(common)["data"] == substance(separate)["data"] == substance(base)["data"]
    events, total = (int(base.compiled.data[name].sum()) for name in ("events", "total"))
    # mu is uniform on the probability scale: adding up gives a beta, and so does each cohort on its own.
    assert str(base.compiled.priors["mu"]) == "Logistic(0, 1)"
    exact = stats.beta(1 + events, 1 + total - events)
    summary = common.summary()
    assert summary["typical"]["median"] == pytest.approx(exact.median(), abs=1e-4)
    assert summary["typical"]["upper"] == pytest.approx(exact.ppf(0.975), abs=1e-4)
    assert summary["tau"] is None
    assert separate.summary()["typical"] is None
    for cohort in separate.summary()["cohorts"]:
        alone = stats.beta(1 + cohort["events"], 1 + cohort["total"] - cohort["events"])
        assert cohort["median"] == pytest.approx(alone.median(), abs=1e-4)
        assert cohort["lower"] == pytest.approx(alone.ppf(0.025), abs=1e-4)
    # What cohorts share narrows each, and what separates them widens what is said of a new one.
    widths = [fit.summary()["new_cohort"]["upper"] - fit.summary()["new_cohort"]["lower"] for fit in (common, base)]
    assert widths[0] < widths[1]


@pytest.mark.parametrize("model", MODELS)
def test_a_wider_belief_about_heterogeneity_widens_what_is_said_of_a_new_cohort(model: str) -> None:
    widths = []
    for variant in ("tau_025", None, "tau_100"):
        new = fitted(model, variant).summary()["new_cohort"]
        widths.append(new["upper"] - new["lower"])
    assert widths == sorted(widths)
    assert widths[0] < widths[2]


@pytest.mark.parametrize("model", MODELS)
def test_a_brute_force_grid_gives_the_answer_of_a_bundled_model(model: str) -> None:
    fit = fitted(model)
    counts = zip(*(fit.compiled.data[name].astype(int) for name in ("events", "total")), strict=True)
    prior = fit.compiled.priors["tau"]
    grid = BruteForce(
        [binomial(int(r), int(n)) for r, n in counts],
        stats.logistic(),
        stats.halfnorm(scale=prior.sigma),
        (-6.0, 3.0),
        width=0.15,
    )
    summary = fit.summary()
    assert summary["log_marginal_likelihood"] == pytest.approx(grid.log_marginal_likelihood, abs=1e-5)
    typical = grid.mean(lambda mu, tau: special.expit(mu) + 0 * tau)
    assert summary["typical"]["mean"] == pytest.approx(typical, abs=1e-4)
    assert summary["tau"]["mean"] == pytest.approx(grid.mean(lambda mu, tau: tau + 0 * mu), abs=1e-4)
    limits = [special.logit(summary["new_cohort"][limit]) for limit in ("lower", "median", "upper")]
    below = [grid.mean(lambda mu, tau, x=x: special.ndtr((x - mu) / tau)) for x in limits]
    assert below == pytest.approx([0.025, 0.5, 0.975], abs=2e-4)


@pytest.mark.parametrize("model", MODELS)
def test_both_engines_agree_on_a_bundled_model(model: str) -> None:
    sampled = tc.fit(model, tc.read_evidence(), engine="nuts", seed=11)
    assert sampled.reportable, sampled.reasons
    errors = monte_carlo_errors(fitted(model), sampled)
    assert {name: error for name, error in errors.items() if error >= 4.5} == {}
    exact, by_draws = tc.estimate(fitted(model)), tc.estimate(sampled)
    assert list(exact["name"]) == list(by_draws["name"])
    # A probability from at least 400 effective draws.
    for ours, theirs in zip(exact["probability"], by_draws["probability"], strict=True):
        assert (ours is None or np.isnan(ours)) == (theirs is None or np.isnan(theirs))
        if ours is not None and not np.isnan(ours):
            assert theirs == pytest.approx(ours, abs=4.5 * np.sqrt(0.25 / 400))


# -- the five documents ---------------------------------------------------------------------------------------------


def row(model: str, outcome: str) -> tuple[Row, dict[str, Any]]:
    """Where a cohort's number comes from, and what is reported of it."""
    fit = fitted(model)
    (position,) = [j for j, one in enumerate(fit.compiled.rows) if one.outcome_id == outcome]
    return fit.compiled.rows[position], fit.summary()["cohorts"][position]


def test_one_of_eight_before_irradiation_is_in_the_response_model() -> None:
    where, cohort = row("response_pd1", "lin_2022_pd1_response")
    assert (cohort["events"], cohort["total"]) == (1, 8)
    assert where.printed == "12.5% (1/8)"
    assert where.source_id == "lin_2022"
    assert "Abstract" in where.locator


def test_none_of_three_unirradiated_is_in_the_abscopal_model() -> None:
    where, cohort = row("abscopal_incidence", "lin_2022_sbrt_unirradiated")
    assert (cohort["events"], cohort["total"]) == (0, 3)
    assert "only three patients were suitable for assessing the abscopal effect" in where.printed
    assert "None of the evaluable non-irradiation lesions showed an objective response" in where.printed
    assert where.source_id == "lin_2022"


@pytest.mark.parametrize("model", MODELS)
def test_every_number_of_a_bundled_model_has_its_print_its_place_and_its_source(model: str) -> None:
    rows = fitted(model).compiled.rows
    assert len({one.cohort_id for one in rows}) == len(rows)
    for one in rows:
        assert all((one.label, one.cohort_id, one.outcome_id, one.source_id, one.printed, one.locator, one.citation))
    for one, events in zip(rows, fitted(model).compiled.data["events"], strict=True):
        # A count that was not printed says how it was recovered.
        assert one.derivation or str(int(events)) in one.printed or events == 0, one.outcome_id
