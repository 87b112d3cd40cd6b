"""Variants and refits are the fits that one would have made by hand."""

from __future__ import annotations

import copy

import pytest

import tinycohort as tc
from tinycohort.comparison import without_each
from tinycohort.comparison.combinations import combined_models

EVENTS, TOTALS = [1, 7, 9], [8, 27, 44]


def test_varying_a_model_fits_it_and_each_of_its_variants_in_the_order_of_the_file() -> None:
    model, evidence = tc.read_model("response_pd1"), tc.read_evidence()
    variants = tc.vary(model, evidence, seed=3)
    assert list(variants) == ["response_pd1", *model.variants]
    assert variants.refused == {}
    for name in ("tau_100", "with_secondary", "separate"):
        alone = tc.fit(model.variant(name), evidence)
        assert variants[name].compiled.digest == alone.compiled.digest
        assert variants[name].summary() == alone.summary()
        assert variants[name].model.name == f"response_pd1:{name}"
    assert {fit.provenance["seed"] for fit in variants.values()} == {3}
    assert repr(variants).startswith("response_pd1 and its variants: tau_025, tau_100")


def impossible_variant() -> tc.ModelSpec:
    """The bundled model with one more variant, which leaves nobody."""
    content = copy.deepcopy(tc.read_model("response_pd1").to_dict())
    change = {"evidence.where.setting": ["localised"]}
    content["variant"] = [{"name": "nobody", "why": "What if there are no cohorts?", "set": change}]
    return tc.read_model(content)


def test_a_variant_that_cannot_be_fitted_is_kept_with_the_reason() -> None:
    variants = tc.vary(impossible_variant(), tc.read_evidence())
    assert list(variants) == ["response_pd1"]
    assert list(variants.refused) == ["nobody"]
    assert "No answer from nobody: " in repr(variants)


def test_a_variant_that_is_called_like_the_model_does_not_take_its_place() -> None:
    content = copy.deepcopy(tc.read_model("response_pd1").to_dict())
    content["variant"] = [{"name": "response_pd1", "why": "A wider tau.", "set": {"priors.tau.sigma": 1.0}}]
    variants = tc.vary(tc.read_model(content), tc.read_evidence())
    assert list(variants) == ["response_pd1", "response_pd1:response_pd1"]
    assert [str(fit.compiled.priors["tau"]) for fit in variants.values()] == ["HalfNormal(0.5)", "HalfNormal(1)"]


def test_without_each_cohort_is_the_fit_of_the_others() -> None:
    refits = without_each(tc.pool(events=EVENTS, totals=TOTALS))
    for j, refit in enumerate(refits):
        keep = [k for k in range(3) if k != j]
        others = tc.pool(events=[EVENTS[k] for k in keep], totals=[TOTALS[k] for k in keep])
        for target in ("typical", "average", "new_cohort"):
            assert refit.summary()[target] == others.summary()[target]
        assert refit.compiled.labels == tuple(f"cohort {k + 1}" for k in keep)
        assert refit.posterior.engine == "exact"


def test_refits_are_made_once_for_each_fit() -> None:
    fit, other = (tc.pool(events=EVENTS, totals=TOTALS) for _ in range(2))
    assert without_each(fit) is without_each(fit)
    assert without_each(fit)[0] is not without_each(other)[0]


def test_without_its_only_cohort_there_is_nothing_to_fit() -> None:
    with pytest.raises(tc.InputError, match="its only cohort is 'cohort 1'"):
        without_each(tc.pool(events=[1], totals=[8]))


# -- variants taken together ----------------------------------------------------------------------------------------


def test_variants_taken_together_are_the_model_that_sets_what_each_of_them_sets() -> None:
    model, evidence = tc.read_model("response_pd1"), tc.read_evidence()
    variants = tc.vary(model, evidence, combine=[["tau_100", "prospective_only"]])
    together = variants["tau_100+prospective_only"]
    content = copy.deepcopy(model.to_dict())
    del content["variant"]
    content["evidence"]["where"]["design"] = ["prospective_single_arm", "randomised"]
    content["priors"]["tau"]["sigma"] = 1.0
    by_hand = tc.fit(content, evidence)
    assert together.model.digest == tc.read_model(content).digest
    assert together.summary() == by_hand.summary()
    assert list(variants)[-1] == "tau_100+prospective_only"
    row = variants.table().set_index("variant").loc["tau_100+prospective_only"]
    assert row["upper"] == by_hand.summary()["new_cohort"]["upper"]
    assert row["why"] == " ".join(model.variant(name).why for name in ("tau_100", "prospective_only"))
    assert tc.read_model("response_pd1:tau_100+prospective_only") == together.model


def test_groups_are_crossed_and_what_contradicts_itself_is_left_out_with_the_reason() -> None:
    groups = {"tau": ["tau_025", "common"], "people": ["prospective_only"], "level": ["normal_mu"]}
    variants = tc.vary("response_pd1", tc.read_evidence(), combine=groups)
    together = [name for name in variants if "+" in name]
    assert sorted(together) == [
        "common+normal_mu",
        "common+prospective_only",
        "common+prospective_only+normal_mu",
        "prospective_only+normal_mu",
        "tau_025+normal_mu",
        "tau_025+prospective_only",
        "tau_025+prospective_only+normal_mu",
    ]
    assert variants.skipped == {}


def test_of_all_pairs_those_that_cannot_be_taken_together_are_skipped() -> None:
    model = tc.read_model("response_pd1")
    found, skipped = combined_models(model, "pairs")
    pairs = len(model.variants) * (len(model.variants) - 1) // 2
    assert len(found) + len(skipped) == pairs
    assert skipped["tau_025+tau_100"] == "tau_025 and tau_100 both change 'priors.tau.sigma'"
    assert skipped["tau_025+common"] == "tau_025 sets 'priors.tau.sigma' and common leaves out 'priors.tau'"
    # To decide where numbers may come from in the same way twice is no contradiction, but it is nothing new.
    assert skipped["with_secondary+with_anti_pdl1"] == "the same as with_anti_pdl1"
    assert "delord_2017_not_pretreated+with_anti_pdl1" in found


def test_combinations_that_are_named_must_be_possible_and_all_problems_are_said_at_once() -> None:
    model = tc.read_model("response_pd1")
    with pytest.raises(tc.InputError) as refusal:
        combined_models(model, [["tau_025", "tau_100"], ["common"], ["normal_mu", "normal_mu"]])
    said = str(refusal.value)
    assert "tau_025 and tau_100 both change 'priors.tau.sigma'" in said
    assert "1 of them" in said
    assert "'normal_mu' is named twice" in said
    with pytest.raises(tc.InputError, match="has no variant 'tau_1OO'"):
        combined_models(model, [["tau_1OO", "common"]])
    for nonsense in ("all", [1, 2], {"tau": "tau_100"}, 7):
        with pytest.raises(tc.InputError, match="names no combinations"):
            combined_models(model, nonsense)  # type: ignore[arg-type]


def test_a_combination_without_cohorts_keeps_its_place_on_the_curve() -> None:
    content = copy.deepcopy(tc.read_model("response_pd1").to_dict())
    content["variant"] = [
        {"name": "wide", "why": "A wider tau.", "set": {"priors.tau.sigma": 1.0}},
        {"name": "nobody", "why": "Nobody.", "set": {"evidence.where.setting": ["localised"]}},
    ]
    variants = tc.vary(tc.read_model(content), tc.read_evidence(), combine="pairs")
    assert list(variants.refused) == ["nobody", "wide+nobody"]
    table = tc.plots.specification_curve_table(variants)
    row = table.set_index("variant").loc["wide+nobody"]
    assert row["differs"].startswith("Prior of tau: HalfNormal(1); ")
    figure = tc.plots.specification_curve(variants)
    assert "2 together" in [text.get_text() for text in figure.axes[0].texts]
