"""Every bundled model and variant: it reads, finds evidence and has an answer, and both engines give the same one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import tinycohort as tc
from support.brute_force import BruteForce, Function, binomial, log_sum
from support.contract import monte_carlo_errors
from tinycohort.compiled import Row
from tinycohort.measures import numbers_in

#: Those of survival have a file of their own.
SURVIVAL = {"os_de_novo", "os_pd1", "pfs_after_sbrt", "pfs_de_novo"}
MODELS = [name for name in tc.bundled_models() if name not in SURVIVAL]
POOLED = [name for name in MODELS if tc.read_model(name).pooling.kind != "none"]
CONTRASTS = [name for name in MODELS if tc.read_model(name).quantity.family == "contrast"]
SINGLE_ARM = [name for name in MODELS if name not in CONTRASTS]
VARIANTS = [(model, variant) for model in MODELS for variant in tc.read_model(model).variants]
FITS: dict[tuple[str, str | None], tc.Fit] = {}


def fitted(model: str, variant: str | None = None) -> tc.Fit:
    """The exact fit of a bundled model or of one of its variants, made once."""
    if (model, variant) not in FITS:
        spec = tc.read_model(model)
        FITS[model, variant] = tc.fit(spec if variant is None else spec.variant(variant), tc.read_evidence(), seed=1)
    return FITS[model, variant]


def substance(fit: tc.Fit) -> dict[str, Any]:
    """What fixes the answer: family, kind, pooling, priors, numbers and groups, whatever they are called."""
    stored = fit.compiled.to_dict() | {"groups": fit.compiled.groups.tolist()}
    return {name: stored[name] for name in ("family", "likelihood", "pooling", "priors", "data", "groups")}


def log_odds_ratio(events: int, total: int, control_events: int, control_total: int) -> Function:
    """Log-likelihood of a log odds ratio, given the events in both arms: every table with these margins summed."""
    both = events + control_events
    u = np.arange(max(0, both - control_total), min(total, both) + 1)
    log_choose = [
        special.gammaln(n + 1) - special.gammaln(r + 1) - special.gammaln(n - r + 1)
        for n, r in ((total, u), (control_total, both - u))
    ]
    log_ways = dict(zip(u.tolist(), (log_choose[0] + log_choose[1]).tolist(), strict=True))
    total_ways = log_sum(log_ways)
    return lambda theta: log_ways[events] + events * theta - total_ways(theta)


LIMITS = ("estimate", "lower_given", "upper_given")


def log_hazard_ratio(ratio: float, lower: float, upper: float) -> Function:
    """Log-likelihood of a log hazard ratio, from the ratio and its 95% interval."""
    spread = np.log(upper / lower) / (2 * 1.959963984540054)
    return lambda theta: stats.norm(np.log(ratio), spread).logpdf(theta)


def of_cohorts(fit: tc.Fit) -> list[Function]:
    """The log-likelihood of each cohort of a bundled model, written here anew."""
    cohorts = fit.summary()["cohorts"]
    if "control_total" in cohorts[0]:
        arms = ("events", "total", "control_events", "control_total")
        return [log_odds_ratio(*(cohort[name] for name in arms)) for cohort in cohorts]
    if "lower_given" in cohorts[0]:
        return [log_hazard_ratio(*(cohort[name] for name in LIMITS)) for cohort in cohorts]
    return [binomial(cohort["events"], cohort["total"]) for cohort in cohorts]


def prior_of_mu(fit: tc.Fit) -> Any:
    prior = fit.compiled.priors["mu"]
    return stats.logistic() if str(prior) == "Logistic(0, 1)" else stats.norm(prior.mu, prior.sigma)


def quantiles_of(log_likelihoods: list[Function], prior: Any, p: list[float]) -> Any:
    """Quantiles of one theta that all of them share, from a fine grid."""
    theta = np.linspace(-12, 12, 48_001)
    log_density = prior.logpdf(theta) + sum(one(theta) for one in log_likelihoods)
    below = np.cumsum(np.exp(log_density - log_density.max()))
    return np.interp(p, below / below[-1], theta)


def test_the_bundled_models_are_these_and_each_has_variants() -> None:
    assert {*MODELS, *SURVIVAL} == set(tc.bundled_models())
    assert set(MODELS) == {
        "abscopal_contrast", "lrrt_survival", "pfs_first_line", "response_after_sbrt", "response_first_line",
        "response_pd1", "toxicity_grade3", "unirradiated_response",
    }  # fmt: skip
    assert {model for model, _ in VARIANTS} == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_a_bundled_model_can_be_answered(model: str) -> None:
    fit = fitted(model)
    assert fit.reportable, fit.reasons
    assert fit.provenance["engine"] == "exact"
    assert fit.compiled.name == model
    table = tc.estimate(fit)
    assert table["reportable"].all()
    assert (table["outcome_ids"].map(len) > 0).all()
    asked = [estimand.name for estimand in tc.read_model(model).estimands]
    answered = table[table["name"].isin(asked)][["median", "probability"]].notna().any(axis=1)
    assert answered.all(), table["name"][~answered]


@pytest.mark.parametrize(("model", "variant"), VARIANTS)
def test_a_variant_of_a_bundled_model_can_be_answered(model: str, variant: str) -> None:
    fit = fitted(model, variant)
    assert fit.reportable, fit.reasons
    assert fit.compiled.cohorts >= 1
    assert fit.model.base_name == model
    lowest, highest = fit.compiled.family.natural_support
    for j in range(fit.compiled.cohorts):
        lower, median, upper = fit.posterior.marginal("cohort", j, natural=True).quantile(np.array([0.025, 0.5, 0.975]))
        assert lowest <= lower < median < upper <= highest


@pytest.mark.parametrize(("model", "variant"), VARIANTS)
def test_a_variant_changes_what_the_answer_rests_on(model: str, variant: str) -> None:
    assert substance(fitted(model, variant)) != substance(fitted(model))
    evidence = [fitted(model, name).posterior.log_marginal_likelihood for name in (None, variant)]
    assert evidence[0] != pytest.approx(evidence[1], abs=1e-7)


@pytest.mark.parametrize("model", POOLED)
def test_every_pooled_model_asks_whether_cohorts_are_alike(model: str) -> None:
    base, common, separate = (fitted(model, variant) for variant in (None, "common", "separate"))
    assert [fit.compiled.pooling.name for fit in (common, separate)] == ["common", "none"]
    assert substance(common)["data"] == substance(separate)["data"] == substance(base)["data"]
    likelihoods, prior, p = of_cohorts(base), prior_of_mu(base), [0.025, 0.5, 0.975]
    theta = base.compiled.family.theta
    summary = common.summary()
    together = theta(np.array([summary["typical"][name] for name in ("lower", "median", "upper")]))
    assert together == pytest.approx(quantiles_of(likelihoods, prior, p), abs=1e-3)
    assert summary["tau"] is None
    assert separate.summary()["typical"] is None
    for cohort, likelihood in zip(separate.summary()["cohorts"], likelihoods, strict=True):
        alone = theta(np.array([cohort[name] for name in ("lower", "median", "upper")]))
        assert alone == pytest.approx(quantiles_of([likelihood], prior, p), abs=1e-3)
    # What cohorts share narrows each, and what separates them widens what is said of a new one.
    assert width(common) < width(base)


@pytest.mark.parametrize("model", POOLED)
def test_a_wider_belief_about_heterogeneity_widens_what_is_said_of_a_new_cohort(model: str) -> None:
    scales = ["tau", *(["group"] if model == "unirradiated_response" else [])]
    for scale in scales:
        widths = [width(fitted(model, variant)) for variant in (f"{scale}_025", None, f"{scale}_100")]
        assert widths == sorted(widths)
        assert widths[0] < widths[2]


def width(fit: tc.Fit) -> float:
    """Of the 95% interval for a new cohort, on the model scale."""
    lower, upper = fit.posterior.marginal("new_cohort").quantile(np.array([0.025, 0.975]))
    return float(upper - lower)


@pytest.mark.parametrize("model", ["abscopal_contrast", "response_pd1", "toxicity_grade3"])
def test_a_brute_force_grid_gives_the_answer_of_a_partially_pooled_model(model: str) -> None:
    fit = fitted(model)
    tau = stats.halfnorm(scale=fit.compiled.priors["tau"].sigma)
    reach = {"response_pd1": (-6.0, 3.0)}.get(model, (-9.0, 9.0))
    grid = BruteForce(of_cohorts(fit), prior_of_mu(fit), tau, reach, 0.15)
    summary = fit.summary()
    assert summary["log_marginal_likelihood"] == pytest.approx(grid.log_marginal_likelihood, abs=1e-5)
    typical = grid.mean(lambda mu, tau: mu + 0 * tau)
    assert summary["mu"]["mean"] == pytest.approx(typical, abs=1e-4)
    assert summary["tau"]["mean"] == pytest.approx(grid.mean(lambda mu, tau: tau + 0 * mu), abs=1e-4)
    family = fit.compiled.family
    limits = [float(family.theta(summary["new_cohort"][limit])) for limit in ("lower", "median", "upper")]
    below = [grid.mean(lambda mu, tau, x=x: special.ndtr((x - mu) / tau)) for x in limits]
    assert below == pytest.approx([0.025, 0.5, 0.975], abs=2e-4)


@pytest.mark.parametrize(
    ("model", "variant"), [("lrrt_survival", None), ("lrrt_survival", "with_high_risk"), ("pfs_first_line", None)]
)
def test_hazard_ratios_partially_pooled_are_a_mixture_of_normals_over_tau(model: str, variant: str | None) -> None:
    """Given tau everything is normal and in closed form; over tau it is a plain sum of many steps."""
    fit = fitted(model, variant)
    summary, ratios = fit.summary(), [[one[name] for name in LIMITS] for one in fit.summary()["cohorts"]]
    y, lower, upper = np.log(np.array(ratios)).T[:, :, None]
    tau = np.linspace(0.0, 6.0, 30_001)
    variance = ((upper - lower) / (2 * 1.959963984540054)) ** 2 + tau**2
    precision = 1.0 + (1.0 / variance).sum(axis=0)
    mean = (y / variance).sum(axis=0) / precision
    log_density = -0.5 * (np.log(2 * np.pi * variance) + y**2 / variance).sum(axis=0)
    log_density += 0.5 * mean**2 * precision - 0.5 * np.log(precision) + stats.halfnorm(scale=0.5).logpdf(tau)
    weight = np.exp(log_density) * (tau[1] - tau[0])
    weight[[0, -1]] *= 0.5
    assert summary["log_marginal_likelihood"] == pytest.approx(np.log(weight.sum()), abs=1e-6)
    weight /= weight.sum()
    spreads = {"typical": precision**-0.5, "new_cohort": np.sqrt(1.0 / precision + tau**2)}
    for target, spread in spreads.items():
        limits = np.log([summary[target][limit] for limit in ("lower", "median", "upper")])
        below = [weight @ special.ndtr((x - mean) / spread) for x in limits]
        assert below == pytest.approx([0.025, 0.5, 0.975], abs=1e-5)
    chances = tc.estimate(fit).query("functional == 'probability_below'")["probability"]
    assert list(chances) == pytest.approx([weight @ special.ndtr(-mean / one) for one in spreads.values()], abs=1e-5)


# Compiling a sampler takes seconds. Those that are not nested are sampled and compared by `reproduce`, whose tests see
# their estimands by both engines, too.
@pytest.mark.parametrize(
    "model",
    [
        pytest.param(name, marks=() if tc.read_model(name).pooling.kind == "nested" else pytest.mark.slow)
        for name in MODELS
    ],
)
def test_both_engines_agree_on_a_bundled_model(model: str) -> None:
    sampled = tc.fit(model, tc.read_evidence(), engine="nuts", seed=11, target_accept=0.99)
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
    # What is taken at a baseline follows from the ratio of odds, median by median.
    for ours, theirs, spread, baseline in zip(
        exact["median"], by_draws["median"], exact["sd"], exact["baseline"], strict=True
    ):
        if baseline == baseline and baseline is not None:
            assert theirs == pytest.approx(ours, abs=0.25 * spread)


# -- who speaks --------------------------------------------------------------------------------------------------------


def numbers_of(model: str, variant: str | None = None) -> dict[str, str]:
    """What each cohort of a fit reported, by cohort."""
    compiled = fitted(model, variant).compiled
    return {row.cohort_id: said for row, said in zip(compiled.rows, compiled.reported, strict=True)}


def changed_by(model: str, variant: str) -> dict[str, str | None]:
    """The cohorts that a variant reads otherwise, with what it reads; None of those it leaves out."""
    before, after = numbers_of(model), numbers_of(model, variant)
    return {name: after.get(name) for name in {**before, **after} if before.get(name) != after.get(name)}


def why_left_out(model: str) -> dict[str, str]:
    """The reason for each outcome that does not speak."""
    return {left.outcome_id: left.reason for left in fitted(model).evidence.left_out}


def test_response_to_the_antibody_alone_rests_on_seven_cohorts_and_on_ten_with_review_tables() -> None:
    assert numbers_of("response_pd1") == {
        "lin_2022_pd1": "1 of 8",
        "hsu_2017": "7 of 27",
        "ma_2018": "9 of 44",
        "wang_2021": "39 of 190",
        "yang_2021_captain": "44 of 156",
        "chen_2024_penpulimab": "35 of 125",
        "sato_2020": "2 of 12",
    }
    second_hand = {"delord_2017": "5 of 24", "fang_2018": "31 of 91", "shen_2020": "9 of 21"}
    assert changed_by("response_pd1", "with_secondary") == second_hand
    assert changed_by("response_pd1", "with_anti_pdl1") == {**second_hand, "shi_2022": "35 of 132"}


def test_what_is_no_response_to_the_antibody_alone_is_left_out_for_its_own_reason() -> None:
    why = why_left_out("response_pd1")
    assert why["lin_2022_sbrt_response"] == "other_radiotherapy"
    assert why["wang_2021_two_lines_response"] == "subgroup"
    assert why["yang_2021_captain_pdl1_high_response"] == "subgroup"
    assert why["hsu_2017_response_central"] == "no_count"
    assert why["shi_2022_response"] == "other_drug_class"
    assert why["mai_2021_toripalimab_response"] == "other_line"
    assert why["lin_2022_cited_pd1_trials_response"] == "measure"
    # The response of pembrolizumab in KEYNOTE-122 was not read, and so is nowhere.
    assert not [row for row in tc.read_evidence().outcomes.values() if row.cohort_id == "chan_2023_pembrolizumab"
                and row.endpoint == "objective_response"]  # fmt: skip


@pytest.mark.parametrize(
    ("variant", "changes"),
    [
        ("lin_2022_not_pretreated", {"lin_2022_pd1": None}),
        ("central_review", {"hsu_2017": "26.3% of 19"}),
        ("delord_2017_not_pretreated", {"fang_2018": "31 of 91", "shen_2020": "9 of 21"}),
        ("prospective_only", {"lin_2022_pd1": None, "sato_2020": None}),
        ("without_evaluable", {"chen_2024_penpulimab": None}),
        (
            "denominator_stated",
            {"ma_2018": None, "wang_2021": None, "yang_2021_captain": None, "sato_2020": None},
        ),
    ],
)
def test_a_judgement_on_the_response_to_the_antibody_changes_these_cohorts(
    variant: str, changes: dict[str, str | None]
) -> None:
    assert changed_by("response_pd1", variant) == changes


def test_response_after_sbrt_is_one_cohort_that_nothing_is_pooled_with() -> None:
    assert numbers_of("response_after_sbrt") == {"lin_2022_sbrt": "6 of 7"}
    assert fitted("response_after_sbrt").compiled.pooling.name == "none"
    assert why_left_out("response_after_sbrt")["lin_2022_sbrt_progressed_response"] == "subgroup"
    progressed = {"lin_2022_sbrt": None, "lin_2022_sbrt_progressed": "4 of 5"}
    assert changed_by("response_after_sbrt", "progressed_only") == progressed
    alone = fitted("response_after_sbrt").summary()["cohorts"][0]
    assert alone["median"] == pytest.approx(stats.beta(7, 2).median(), abs=1e-4)
    jeffreys = fitted("response_after_sbrt", "jeffreys").summary()["cohorts"][0]
    assert jeffreys["median"] == pytest.approx(stats.beta(6.5, 1.5).median(), abs=1e-4)


def test_where_another_cohort_is_asked_for_the_prior_of_tau_is_said_to_be_the_answer() -> None:
    fit = fitted("response_after_sbrt", "another_cohort")
    assert tc.prior_posterior_overlap(fit) > 0.98
    assert "one cohort says nothing about it" in fit.model.whys["tau"]


def test_unirradiated_lesions_are_grouped_by_tumour() -> None:
    fit = fitted("unirradiated_response")
    by_tumour: dict[str, dict[str, str]] = {}
    for row, said in zip(fit.compiled.rows, fit.compiled.reported, strict=True):
        by_tumour.setdefault(row.group, {})[row.cohort_id] = said
    assert by_tumour == {
        "nasopharyngeal": {"lin_2022_sbrt": "0 of 3", "zhang_2025_rt": "5 of 19"},
        "head_and_neck": {"mcbride_2021_rt": "9 of 31"},
        "nsclc": {"theelen_2019_rt": "13 of 36", "welsh_2020_rt": "8 of 36"},
        "melanoma": {"grimaldi_2014": "9 of 21", "funck_brentano_2020": "9 of 26"},
        "mixed": {"luke_2023": "12 of 97", "golden_2015": "11 of 41"},
    }


def test_what_is_no_incidence_of_an_unirradiated_response_is_left_out_for_its_own_reason() -> None:
    why = why_left_out("unirradiated_response")
    assert why["theelen_2020_rt_unirradiated"] == "overlap"
    assert why["luke_2018_unirradiated_any"] == "overlap"
    assert why["zhang_2025_control_unirradiated"] == "other_radiotherapy"
    assert why["chicas_sett_2019_unirradiated"] == "measure"
    assert why["chandra_2015_unirradiated"] == "not_people"
    assert why["nobler_1963_unirradiated"] in ("no_count", "other_drug_class")
    assert why["formenti_2018_unirradiated"] == "origin"


@pytest.mark.parametrize(
    ("variant", "changes"),
    [
        ("with_secondary", {"formenti_2018": "7 of 39"}),
        ("formenti_2018_of_table", {"formenti_2018": "12 of 39"}),
        ("stable_counted", {"grimaldi_2014": "11 of 21"}),
        ("without_gm_csf", {"golden_2015": None}),
        ("without_mixed", {"golden_2015": None, "luke_2023": None}),
        ("without_cited", {"golden_2015": None, "funck_brentano_2020": None}),
        ("any_lesion", {"luke_2023": None, "luke_2018": "14 of 52"}),
        ("pooled_analysis", {"theelen_2019_rt": None, "welsh_2020_rt": None, "theelen_2020_rt": "25 of 65"}),
        ("prospective_only", {"lin_2022_sbrt": None, "grimaldi_2014": None, "funck_brentano_2020": None}),
        ("without_evaluable", {"lin_2022_sbrt": None, "mcbride_2021_rt": None, "welsh_2020_rt": None}),
    ],
)
def test_a_judgement_on_unirradiated_lesions_changes_these_cohorts(
    variant: str, changes: dict[str, str | None]
) -> None:
    assert changed_by("unirradiated_response", variant) == changes


def test_where_patients_had_progressed_on_the_drug_two_melanoma_cohorts_speak() -> None:
    progressed = numbers_of("unirradiated_response", "progressed_on_drug")
    assert progressed == {"grimaldi_2014": "9 of 21", "funck_brentano_2020": "9 of 26"}


def test_the_abscopal_contrast_rests_on_four_randomised_trials() -> None:
    assert numbers_of("abscopal_contrast") == {
        "zhang_2025_rt": "5 of 19 against 6 of 20",
        "mcbride_2021_rt": "9 of 31 against 10 of 29",
        "theelen_2019_rt": "13 of 36 against 7 of 40",
        "welsh_2020_rt": "8 of 36 against 9 of 36",
    }
    assert {one.cohort.design for one in fitted("abscopal_contrast").evidence.numbers} == {"randomised"}
    trials = {"theelen_2019_rt": None, "welsh_2020_rt": None}
    again = {**trials, "theelen_2020_rt": "25 of 65 against 14 of 66"}
    assert changed_by("abscopal_contrast", "pooled_analysis") == again
    otherwise = {**trials, "theelen_2020_rt": "25 of 65 against 13 of 66"}
    assert changed_by("abscopal_contrast", "pooled_analysis_13") == otherwise
    assert changed_by("abscopal_contrast", "sbrt_only") == {"welsh_2020_rt": None}
    assert changed_by("abscopal_contrast", "all_randomised_counted") == {"mcbride_2021_rt": None, "welsh_2020_rt": None}


def test_the_first_line_contrast_rests_on_three_randomised_trials_of_secondary_origin() -> None:
    assert numbers_of("response_first_line") == {
        "mai_2021_toripalimab": "113 of 146 against 95 of 143",
        "yang_2021_captain_1st_camrelizumab": "117 of 134 against 104 of 129",
        "yang_2023_tislelizumab": "91 of 131 against 73 of 132",
    }
    assert {one.source.origin for one in fitted("response_first_line").evidence.numbers} == {"secondary"}
    why = why_left_out("response_first_line")
    assert why["fang_2018_gp_response"] == "other_design"
    assert why["kl167_iii_08_tagitanlimab_response"] == why["hong_2021_gp_response"] == "other_drug_class"
    assert why["chen_2024_cited_first_line_ici_response"] == "other_setting"
    anti_pdl1 = {"kl167_iii_08_tagitanlimab": "161 of 197 against 73 of 98"}
    assert changed_by("response_first_line", "with_anti_pdl1") == anti_pdl1
    assert changed_by("response_first_line", "without_recovered_totals") == {"yang_2023_tislelizumab": None}
    assert set(numbers_of("response_first_line", "central_review")) == {"yang_2023_tislelizumab"}


def test_the_hazard_of_death_with_radiotherapy_rests_on_a_trial_and_two_cohorts() -> None:
    """The ratios that set 8 of the evidence names; of the registry's two, one at a time."""
    assert numbers_of("lrrt_survival") == {
        "you_2020_rt": "0.42 (0.23 to 0.77)",
        "rusthoven_2017_rt": "0.61 (0.51 to 0.74)",
        "li_2021_rt": "0.516 (0.403 to 0.66)",
    }
    designs = {one.cohort.cohort_id: one.cohort.design for one in fitted("lrrt_survival").evidence.used}
    assert [name for name, design in designs.items() if design == "randomised"] == ["you_2020_rt"]
    why = why_left_out("lrrt_survival")
    assert why["chen_2024_high_without_lrrt_os_hr"] == "selected_on"
    # Few metastases against many, irradiated in either: not a comparison with none.
    assert why["lin_2022_bone_few_os_hr"] == "other_comparator"
    assert why["rusthoven_2017_rt_os_hr_matched"] == "excluded"
    others = dict.fromkeys(("rusthoven_2017_rt", "li_2021_rt"))
    assert changed_by("lrrt_survival", "randomised_only") == others
    assert changed_by("lrrt_survival", "cohorts_only") == {"you_2020_rt": None}
    assert changed_by("lrrt_survival", "without_li_2021") == {"li_2021_rt": None}
    assert changed_by("lrrt_survival", "without_rusthoven_2017") == {"rusthoven_2017_rt": None}
    assert changed_by("lrrt_survival", "rusthoven_2017_matched") == {"rusthoven_2017_rt": "0.68 (0.55 to 0.84)"}


def test_the_ratio_of_the_high_risk_group_speaks_in_a_variant_alone_and_turned_round() -> None:
    fit = fitted("lrrt_survival", "with_high_risk")
    assert changed_by("lrrt_survival", "with_high_risk") == {"chen_2024_high_lrrt": "0.4065 (0.1667 to 0.9901)"}
    (where,) = [one for one in fit.compiled.rows if one.cohort_id == "chen_2024_high_lrrt"]
    assert where.label == "Chen 2024, high risk with LRRT"
    assert "HR = 2.46, 95% CI 1.01\N{EN DASH}6.00" in where.printed
    assert where.derivation.endswith("1/2.46 (1/6 to 1/1.01) = 0.4065 (0.1667 to 0.9901)")
    (used,) = [one for one in fit.evidence.used if one.turned_to is not None]
    assert (used.cohort.cohort_id, used.outcome.value) == ("chen_2024_high_without_lrrt", 2.46)
    # No direction that is only presumed, and no ratio of progression-free survival.
    assert not [one for one in fit.evidence.used if one.source.source_id == "he_2025"]


def test_progression_under_first_line_treatment_rests_on_the_interim_analyses_of_three_trials() -> None:
    assert numbers_of("pfs_first_line") == {
        "mai_2021_toripalimab": "0.52 (0.36 to 0.74)",
        "yang_2021_captain_1st_camrelizumab": "0.54 (0.39 to 0.76)",
        "yang_2023_tislelizumab": "0.52 (0.38 to 0.73)",
    }
    criteria = {one.outcome.criteria for one in fitted("pfs_first_line").evidence.used}
    assert all({"central_review", "interim"} <= set(words.split(" + ")) for words in criteria)
    why = why_left_out("pfs_first_line")
    assert why["hong_2021_gp_pfs_hr"] == why["kl167_iii_08_tagitanlimab_pfs_hr"] == "other_drug_class"
    assert why["he_2025_matched_control_pfs_hr"] == "other_setting"
    updated = {"mai_2021_toripalimab": "0.52 (0.37 to 0.73)", "yang_2023_tislelizumab": "0.5 (0.37 to 0.68)"}
    assert changed_by("pfs_first_line", "updated") == updated
    primary = updated | {"yang_2021_captain_1st_camrelizumab": None}
    assert changed_by("pfs_first_line", "without_secondary") == primary
    anti_pdl1 = {"kl167_iii_08_tagitanlimab": "0.47 (0.33 to 0.66)"}
    assert changed_by("pfs_first_line", "with_anti_pdl1") == anti_pdl1


@pytest.mark.parametrize("model", ["lrrt_survival", "pfs_first_line"])
def test_a_model_of_hazard_ratios_pooled_as_one_is_the_weighted_mean_by_hand(model: str) -> None:
    """Inverse variances on the log scale, the prior of the effect being one more study of ratio 1 and variance 1."""
    fit = fitted(model, "common")
    ratios = np.array([[one[name] for name in LIMITS] for one in fit.summary()["cohorts"]])
    spread = np.log(ratios[:, 2] / ratios[:, 1]) / (2 * 1.959963984540054)
    precision = 1.0 + np.sum(spread**-2)
    assert fit.summary()["mu"]["mean"] == pytest.approx(np.sum(np.log(ratios[:, 0]) / spread**2) / precision, abs=1e-6)
    assert fit.summary()["mu"]["sd"] == pytest.approx(precision**-0.5, abs=1e-6)


def test_toxicity_rests_on_two_cohorts_and_three_events_may_be_one_person() -> None:
    assert numbers_of("toxicity_grade3") == {"lin_2022_all": "3 of 8", "hsu_2017": "8 of 27"}
    assert changed_by("toxicity_grade3", "one_person") == {"lin_2022_all": "1 of 8"}
    assert changed_by("toxicity_grade3", "with_secondary") == {"delord_2017": "2 of 24"}
    assert changed_by("toxicity_grade3", "antibody_alone") == {"lin_2022_all": None, "delord_2017": "2 of 24"}
    of_any_cause = {
        "fang_2018": "15 of 93",
        "wang_2021": "27 of 190",
        "zhang_2025_rt": "3 of 19",
        "zhang_2025_control": "4 of 20",
    }
    assert numbers_of("toxicity_grade3", "any_cause") == of_any_cause


@pytest.mark.parametrize("model", SINGLE_ARM)
def test_a_model_of_single_arms_asks_what_was_never_published(model: str) -> None:
    for variant, probability in (("unpublished_half", 0.5), ("unpublished_fifth", 0.2)):
        (choice,) = fitted(model, variant).model.likelihood
        assert choice.options == {"published_without_events": probability}
        assert numbers_of(model, variant) == numbers_of(model)


def test_every_pooled_model_of_single_arms_asks_what_prospective_cohorts_say() -> None:
    for model in set(SINGLE_ARM) & set(POOLED):
        designs = {one.cohort.design for one in fitted(model, "prospective_only").evidence.used}
        assert designs <= {"prospective_single_arm", "randomised"}


@pytest.mark.parametrize("model", sorted(set(CONTRASTS) - {"lrrt_survival", "pfs_first_line"}))
def test_a_baseline_is_the_number_that_stands_at_its_source(model: str) -> None:
    outcomes = tc.read_evidence().outcomes
    stated = [one for one in tc.read_model(model).estimands if one.baseline is not None]
    assert stated
    for one in stated:
        assert one.baseline == outcomes[one.baseline_source].value


def test_no_bundled_model_says_npc_where_a_reader_may_not_know_it() -> None:
    for model in MODELS:
        read = tc.read_model(model)
        assert "NPC" not in f"{read.title} {read.question}"


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
    where, cohort = row("unirradiated_response", "lin_2022_sbrt_unirradiated")
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
    for one, cohort in zip(rows, fitted(model).compiled.shown(), strict=True):
        # A count that was not printed, in figures or in words, says how it was recovered.
        printed = {number for _, number in numbers_in(one.printed)}
        counts = [cohort[name] for name in ("events", "control_events") if name in cohort]
        assert one.derivation or all(count in printed or count == 0 for count in counts), one.outcome_id
