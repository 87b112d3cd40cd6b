"""Words and values that a model file may not hold, wherever they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from spec_contents import Content, change, complaint, complaints, contrast, everywhere, proportion
from tinycohort.priors import Beta
from tinycohort.spec import read_model
from tinycohort.spec.toml import write_toml

HUGE = pytest.param(10**400, id="a number with 401 digits")
FREE = ("evidence/where", "variant")  # columns are the evidence's words; variants have tests of their own


@pytest.mark.parametrize("path", [p for p in everywhere(proportion()) if not p.startswith(FREE)])
def test_leaving_out_anything_is_noticed(path: str) -> None:
    content = change(change(proportion(), "variant"), path)
    if path.startswith("evidence/origins/") or re.fullmatch(r"estimand/\d", path):
        read_model(content)  # one origin, or one estimand, less
    else:
        assert complaints(content)


@pytest.mark.parametrize(
    "path", [p for p in everywhere(proportion()) if not p.startswith("variant") and not p.rpartition("/")[2].isdigit()]
)
@pytest.mark.parametrize(
    "value",
    [7, "", " ", [], [[]], {}, {"a": 1}, float("nan"), True, pytest.param("\ud800", id="half a character"), HUGE],
)
def test_a_value_of_the_wrong_sort_is_refused_and_never_crashes(path: str, value: Any) -> None:
    content = change(change(proportion(), "variant"), path, value)
    acceptable = {
        "estimand/3/patients": [7],
        "priors/mu/mu": [7],
        "priors/mu/scale": [7],
        "priors/tau/sigma": [7],
        "evidence/where": [{}],
    }
    if any(value is good or value == good for good in acceptable.get(path, [])) and value is not True:
        read_model(content)
    else:
        assert complaints(content)


@pytest.mark.parametrize("where", ["", "evidence", "evidence/overlaps", "quantity", "likelihood/0", "pooling"])
def test_an_unknown_word_is_an_error_anywhere(where: str) -> None:
    path = f"{where}/colour" if where else "colour"
    assert "colour: unknown word 'colour'" in complaint(change(change(proportion(), "variant"), path, "red"))


@pytest.mark.parametrize("where", ["priors/mu", "estimand/0", "variant/0"])
def test_an_unknown_word_is_an_error_in_priors_estimands_and_variants(where: str) -> None:
    assert any("unknown word 'colour'" in said for said in complaints(change(proportion(), f"{where}/colour", "red")))


def test_a_misspelt_word_is_one_error_that_says_what_was_meant() -> None:
    content = proportion()
    content["evidence"]["endpont"] = content["evidence"].pop("endpoint")
    said = complaint(content)
    assert said == "model 'tiny', [evidence] endpont: unknown word 'endpont'. Did you mean 'endpoint'?"


CLOSED = [
    ("evidence/origins", ["document", "primery"], "[evidence] origins: unknown word 'primery'", "'primary'"),
    ("evidence/overlaps/suspected", "keep_bigger", "overlaps.suspected: unknown word 'keep_bigger'", "'keep_larger'"),
    ("evidence/overlaps", {"same_peple": "refuse"}, "overlaps.same_peple: unknown word", "'same_people'"),
    ("evidence/level", "cohorts", "[evidence] level: unknown word 'cohorts'", "'cohort'"),
    ("quantity/family", "proprotion", "[quantity] family: unknown word 'proprotion'", "'proportion'"),
    ("likelihood/0/kind", "binomal", "[[likelihood]] 1, kind: unknown word 'binomal'", "'binomial'"),
    ("pooling/kind", "partail", "[pooling] kind: unknown word 'partail'", "'partial'"),
    ("priors/tau/dist", "HalfNorml", "[priors.tau] dist: unknown word 'HalfNorml'", "'HalfNormal'"),
    ("estimand/0/functional", "probabilty", "[[estimand]] new, functional: unknown word", "'probability'"),
    ("estimand/0/target", "new_chort", "[[estimand]] new, target: unknown word 'new_chort'", "'new_cohort'"),
]


@pytest.mark.parametrize(("path", "value", "said", "meant"), CLOSED)
def test_a_word_outside_a_closed_vocabulary_is_an_error_with_a_suggestion(
    path: str, value: Any, said: str, meant: str
) -> None:
    found = [text for text in complaints(change(change(proportion(), "variant"), path, value)) if said in text]
    assert len(found) == 1
    assert f"Did you mean {meant}?" in found[0]


def test_the_place_and_the_wrong_value_are_named(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(write_toml(change(proportion(), "priors/tau/sigma", -0.5)), encoding="utf-8")
    said = complaints(path)
    assert said[0] == "tiny.toml, [priors.tau] sigma: -0.5 is not above zero. Give a positive number."


def test_all_problems_are_said_at_once_and_the_base_is_not_blamed_again_in_its_variants() -> None:
    content = proportion()
    content["title"] = ""
    content["evidence"]["level"] = "person"
    content["priors"]["mu"]["why"] = " "
    content["estimand"][0]["level"] = 95
    content["variant"][0]["set"] = {"priors.tau.sigma": -1.0}
    said = complaints(content)
    places = ["title", "[evidence] level", "[priors.mu] why", "[[estimand]] new, level", "[[variant]] wide_tau"]
    assert len(said) == len(places)
    for text, place in zip(said, places, strict=True):
        assert text.startswith(f"model 'tiny', {place}")


def test_a_percentage_as_a_level_is_told_how_to_write_it() -> None:
    assert "Write 0.95 for 95%" in complaint(change(change(proportion(), "variant"), "estimand/0/level", 95))


@pytest.mark.parametrize("level", [0, 1, -0.5, 1.0, 101, float("inf")])
def test_a_level_is_strictly_between_0_and_1(level: float) -> None:
    assert "level" in complaint(change(change(proportion(), "variant"), "estimand/0/level", level))


@pytest.mark.parametrize(
    "name", ["Tiny", "tiny-model", "1tiny", "tiny:", "tiny:a:b", ":a", "tiny model", "tíny", "t\n"]
)
def test_a_name_is_a_word_in_lower_case(name: str) -> None:
    assert any("will not do" in said for said in complaints(change(change(proportion(), "variant"), "name", name)))


def test_another_format_is_refused() -> None:
    assert "format 2 is not known. This version reads format 1." in complaint(change(proportion(), "format", 2))


def test_a_written_out_variant_may_not_have_variants() -> None:
    content = proportion() | {"name": "tiny:wide", "why": "?"}
    assert "unknown word 'variant'" in complaint(content)


# Quantity, likelihood, pooling and priors must go together.


def test_a_likelihood_that_does_not_speak_to_the_family_is_refused() -> None:
    said = complaints(change(change(proportion(), "variant"), "likelihood/0/kind", "normal"))
    expected = "[[likelihood]] 1, kind: 'normal' says nothing about a proportion. Choose one of binomial, rounded."
    assert said == [f"model 'tiny', {expected}"]


def test_a_likelihood_stands_once() -> None:
    twice = [{"kind": "binomial"}, {"kind": "binomial"}]
    assert "'binomial' stands there twice" in complaint(change(change(proportion(), "variant"), "likelihood", twice))


def test_a_contrast_needs_a_measure_and_a_proportion_has_none() -> None:
    lacking = complaint(change(change(contrast(), "variant"), "quantity/measure"))
    assert "[quantity] measure: missing. Choose one of ratio, difference." in lacking
    assert "unknown word 'measure'" in complaint(change(change(proportion(), "variant"), "quantity/measure", "ratio"))


def test_a_missing_prior_and_one_that_is_not_used_are_errors() -> None:
    plain = change(proportion(), "variant")
    assert "[priors.tau]: missing, and pooling 'partial' has a parameter tau" in complaint(change(plain, "priors/tau"))
    extra = change(plain, "priors/nu", {"dist": "Gamma", "alpha": 2.0, "beta": 0.1, "why": "Tails."})
    assert "[priors.nu]: pooling 'partial' has no parameter 'nu'" in complaint(extra)
    del plain["estimand"][1]
    unused = complaint(change(plain, "pooling/kind", "common"))
    assert "[priors.tau]: pooling 'common' has no parameter 'tau'. Leave it out." in unused


@pytest.mark.parametrize("why", [None, "", "  \n"])
def test_every_prior_has_a_reason(why: str | None) -> None:
    said = complaint(change(change(proportion(), "variant"), "priors/tau/why", why))
    assert "[priors.tau] why" in said
    assert "every prior has a reason" in said


def test_parameters_that_do_not_belong_to_a_prior_are_errors() -> None:
    prior = {"dist": "HalfNormal", "scale": 0.5, "why": "?"}
    said = complaints(change(change(proportion(), "variant"), "priors/tau", prior))
    assert [text.partition(": ")[0] for text in said] == [
        "model 'tiny', [priors.tau] scale",
        "model 'tiny', [priors.tau] sigma",
    ]
    assert "HalfNormal has sigma" in said[1]


def test_the_ends_of_a_uniform_come_in_order() -> None:
    prior = {"dist": "Uniform", "lower": 2.0, "upper": 1.0, "why": "?"}
    said = complaint(change(change(proportion(), "variant"), "priors/tau", prior))
    assert "[priors.tau]: lower 2 is not below upper 1" in said


@pytest.mark.parametrize(
    "prior",
    [
        {"dist": "Normal", "mu": 0.0, "sigma": 1.0},
        {"dist": "Uniform", "lower": -1.0, "upper": 1.0},
        {"dist": "StudentT", "nu": 3.0, "mu": 0.0, "sigma": 1.0},
    ],
)
def test_a_heterogeneity_is_never_negative(prior: Content) -> None:
    said = complaint(change(change(proportion(), "variant"), "priors/tau", prior | {"why": "?"}))
    assert f"[priors.tau] dist: {prior['dist']} allows a negative tau" in said


@pytest.mark.parametrize(
    "prior",
    [
        {"dist": "Uniform", "lower": 0.0, "upper": 3.0},
        {"dist": "LogNormal", "mu": -1.0, "sigma": 1.0},
        {"dist": "HalfCauchy", "scale": 0.5},
        {"dist": "Beta", "alpha": 1.0, "beta": 1.0},
    ],
)
def test_a_heterogeneity_may_have_any_prior_above_zero(prior: Content) -> None:
    model = read_model(change(change(proportion(), "variant"), "priors/tau", prior | {"why": "?"}))
    assert model.priors["tau"].to_dict() == prior


@pytest.mark.parametrize(
    "prior", [{"dist": "HalfNormal", "sigma": 1.0}, {"dist": "Uniform", "lower": 0.0, "upper": 1.0}]
)
def test_a_level_may_take_any_value(prior: Content) -> None:
    said = complaint(change(change(proportion(), "variant"), "priors/mu", prior | {"why": "?"}))
    assert "does not reach all values that mu may take on the logit scale" in said
    assert "Beta, which speaks of the probability" in said


def test_a_beta_speaks_of_a_probability_and_of_nothing_else() -> None:
    beta = {"dist": "Beta", "alpha": 1.0, "beta": 1.0, "why": "Uniform."}
    model = read_model(change(proportion(), "priors/mu", beta))
    assert model.priors["mu"] == Beta(1, 1)
    said = complaint(change(contrast(), "priors/mu", beta))
    assert "Beta does not reach all values that mu may take on the log scale" in said
    assert "or Beta" not in said


def test_what_is_asked_of_a_comparator_is_a_table_of_admitted_values() -> None:
    said = complaint(change(contrast(), "evidence/against", {"radiotherapy": "none"}))
    assert "[evidence] against.radiotherapy: 'none' is not a list of admitted values" in said
    assert "[evidence] against" in complaint(change(contrast(), "evidence/against", ["none"]))
    model = read_model(change(contrast(), "evidence/against", {"radiotherapy": ["none"]}))
    assert "against  " in str(model)
    assert "radiotherapy is none" in str(model)
