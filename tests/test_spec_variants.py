"""Estimands, conditions and variants that a model file may not hold."""

from __future__ import annotations

import re
from typing import Any

import pytest

from spec_contents import Content, change, complaint, complaints, contrast, proportion
from tinycohort.spec import read_model

# Estimands.


def test_an_estimand_speaks_of_the_quantity_of_its_family() -> None:
    plain = change(proportion(), "variant")
    said = complaint(change(plain, "estimand/0/functional", "ratio"))
    assert "'ratio' is not what a proportion is about. Its quantity is called 'probability'." in said
    events = {"name": "e", "functional": "predicted_events", "target": "typical", "patients": 3, "level": 0.9}
    assert "'predicted_events' is not what a contrast is about" in complaint(change(contrast(), "estimand", [events]))


def test_a_functional_takes_what_belongs_to_it_and_no_more() -> None:
    plain = change(proportion(), "variant")
    assert "threshold: missing" in complaint(change(plain, "estimand/2/threshold"))
    assert "patients: missing" in complaint(change(plain, "estimand/3/patients"))
    assert "unknown word 'threshold'" in complaint(change(plain, "estimand/0/threshold", 0.2))
    assert "unknown word 'patients'" in complaint(change(plain, "estimand/2/patients", 20))
    assert "target: missing" in complaint(change(plain, "estimand/0/target"))
    assert "Leave target out" in complaint(change(plain, "estimand/1/target", "typical"))


@pytest.mark.parametrize("threshold", [0.0, 1.0, 20.0, -0.1])
def test_a_threshold_lies_inside_the_natural_scale(threshold: float) -> None:
    said = complaint(change(change(proportion(), "variant"), "estimand/2/threshold", threshold))
    assert f"{threshold:g} is not a probability between 0 and 1" in said


@pytest.mark.parametrize("patients", [0, -1, 2.5, 20.0, True, "20", 10_001])
def test_patients_are_counted_in_whole_numbers(patients: Any) -> None:
    said = complaint(change(change(proportion(), "variant"), "estimand/3/patients", patients))
    assert "Give a whole number, 1 to 10000." in said


def test_an_estimand_that_the_base_model_cannot_answer_is_refused() -> None:
    content = change(change(proportion(), "variant"), "priors/tau")
    content["pooling"]["kind"] = "none"
    said = complaints(content)
    assert [re.sub(".* (.*), (.*): .*", r"\1 \2", text.partition(". ")[0]) for text in said] == [
        "new target",
        "heterogeneity functional",
        "above target",
        "of_20 target",
    ]
    content["estimand"] = [{"name": "each", "functional": "probability", "target": "cohort", "level": 0.95}]
    assert read_model(content).pooling.kind == "none"


def test_names_of_estimands_and_of_variants_are_not_used_twice() -> None:
    content = change(proportion(), "estimand/2/name", "new")
    assert "'new' is the name of two estimands" in complaint(content)
    content = change(proportion(), "variant/1/name", "wide_tau")
    assert "'wide_tau' is the name of two variants" in complaint(content)


# Evidence.


def test_the_cohort_that_is_preferred_is_not_excluded() -> None:
    content = change(change(proportion(), "evidence/prefer", ["one", "two"]), "evidence/exclude", ["two"])
    assert "[evidence] exclude: 'two' is preferred and excluded" in complaint(content)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("anti_pd1", "is not a list of admitted values"),
        ([], "is not a list of admitted values"),
        (["a", "a"], "'a' stands there twice"),
        ([" "], "' ' will not do"),
        ([float("inf")], "inf will not do"),
        ([None], "None will not do"),
        ([["a"]], "['a'] will not do"),
    ],
)
def test_a_condition_lists_what_it_admits(value: Any, said: str) -> None:
    found = complaint(change(change(proportion(), "variant"), "evidence/where/drug_class", value))
    assert f"[evidence] where.drug_class: {said}" in found or said in found


def test_each_relation_of_two_cohorts_has_a_policy() -> None:
    said = complaint(change(change(proportion(), "variant"), "evidence/overlaps/some_shared"))
    assert "overlaps.some_shared: missing. Choose one of keep_larger, keep_both, refuse." in said


# Variants.


def variant_of(**rule: Any) -> Content:
    return change(proportion(), "variant", [{"name": "v", "why": "?", **rule}])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "the variant changes nothing"),
        ({"set": {}}, "{} will not do"),
        ({"set": {"priors.tau.sigma": 0.5}}, "the variant is the same as the model itself"),
        ({"set": {"priors.tau.why": "Other."}}, "the variant is the same as the model itself"),
        ({"set": {"evidence.origins": ["primary", "document"]}}, "the variant is the same as the model itself"),
        ({"set": {"priors.tua.sigma": 1.0}}, "unknown path 'priors.tua.sigma'. Did you mean 'priors.tau.sigma'?"),
        ({"set": {"priors.tau.sgma": 1.0}}, "unknown path 'priors.tau.sgma'. Did you mean 'priors.tau.sigma'?"),
        ({"set": {"prior.tau.sigma": 1.0}}, "unknown path 'prior.tau.sigma'"),
        ({"set": {"evidence.wher.design": ["a"]}}, "unknown path 'evidence.wher.design'"),
        ({"set": {"evidence.where.": ["a"]}}, "unknown path 'evidence.where.'"),
        ({"set": {"title": "Other"}}, "unknown path 'title'"),
        ({"set": {"estimand": []}}, "unknown path 'estimand'"),
        ({"set": {"priors": {"tau": {"sigma": 1.0}}}}, "'priors' is a whole section. Name what changes, in quotation"),
        ({"unset": ["priors.nu"]}, "the model has no 'priors.nu'"),
        ({"unset": "priors.tau"}, "'priors.tau' will not do"),
        ({"unset": []}, "[] will not do"),
        ({"set": {"priors.tau.sigma": 1.0}, "unset": ["priors.tau"]}, "'priors.tau' is changed twice"),
        ({"set": {"evidence.endpoint": "b"}, "unset": ["evidence.endpoint"]}, "'evidence.endpoint' is changed twice"),
        ({"set": {"priors.tau.sigma": -1.0}}, "makes [priors.tau] sigma: -1.0 is not above zero"),
        ({"set": {"priors.tau.scale": 1.0}}, "makes [priors.tau] scale: unknown word 'scale'"),
        ({"set": {"priors.nu": {}}}, "unknown path 'priors.nu'"),
        ({"set": {"pooling.kind": "common"}}, "makes [priors.tau]: pooling 'common' has no parameter 'tau'"),
        ({"unset": ["priors.tau"]}, "makes [priors.tau]: missing, and pooling 'partial' has a parameter tau"),
        ({"unset": ["evidence.endpoint"]}, "makes [evidence] endpoint: missing"),
        ({"set": {"likelihood": [{"kind": "normal"}]}}, "makes [[likelihood]] 1, kind: 'normal' says nothing about"),
        ({"set": {"evidence.where.design": "a"}}, "makes [evidence] where.design: 'a' is not a list"),
    ],
)
def test_a_variant_that_is_wrong_is_found_when_the_model_is_read(rule: Content, said: str) -> None:
    found = complaint(variant_of(**rule))
    assert found.startswith("model 'tiny', [[variant]] v")
    assert said in found


def test_two_variants_that_say_the_same_are_refused() -> None:
    content = proportion()
    content["variant"].append(content["variant"][0] | {"name": "again"})
    assert "[[variant]] again: the variant is the same as variant 'wide_tau'" in complaint(content)


def test_a_variant_needs_a_name_and_a_reason() -> None:
    content = change(change(proportion(), "variant/0/name"), "variant/1/why")
    said = complaints(content)
    assert "[[variant]] 1, name: missing" in said[0]
    assert "[[variant]] common, why: missing" in said[1]
