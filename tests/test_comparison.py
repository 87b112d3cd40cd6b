"""Variants and refits are the fits that one would have made by hand."""

from __future__ import annotations

import copy

import pytest

import tinycohort as tc
from tinycohort.comparison import without_each

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
