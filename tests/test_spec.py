"""What a model that was read says of itself."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spec_contents import change, contrast, proportion
from tinycohort import spec, vocabulary
from tinycohort.evidence import read_evidence
from tinycohort.families import ALL_FAMILIES, Contrast, Proportion
from tinycohort.issues import InputError
from tinycohort.likelihoods import KINDS, SurvivalKind
from tinycohort.pooling import POOLINGS
from tinycohort.priors import Beta, HalfNormal, Logistic, Normal
from tinycohort.spec import ModelSpec, bundled_models, read_model
from tinycohort.spec.toml import write_toml


@pytest.fixture
def tiny() -> ModelSpec:
    return read_model(proportion())


# What a model says of itself.


def test_the_model_of_the_design_reads_as_it_is_printed() -> None:
    model = read_model("response_pd1")
    assert model.name == model.base_name == "response_pd1"
    assert model.evidence.endpoint == "objective_response"
    assert model.evidence.where["chemotherapy"] == (False,)
    assert model.evidence.overlaps["suspected"] == "keep_both"
    assert model.family() == Proportion()
    assert [choice.kind for choice in model.likelihood] == ["binomial"]
    assert model.pooling.kind == "partial"
    assert model.priors == {"mu": Logistic(0, 1), "tau": HalfNormal(0.5)}
    assert model.whys["mu"] == "Uniform on the probability scale."
    assert {estimand.target for estimand in model.estimands} == {"typical", "average", "new_cohort", "cohort", None}


def test_every_bundled_model_reads_by_name_and_by_path(repository: Path) -> None:
    paths = sorted((repository / "models").glob("*.toml"))
    assert [path.stem for path in paths] == list(bundled_models())
    for path in paths:
        assert read_model(path) == read_model(str(path)) == read_model(path.stem)
        assert read_model(path).name == path.stem


def test_every_bundled_model_that_pools_single_arms_varies_how_alike_cohorts_are() -> None:
    for model in map(read_model, bundled_models()):
        if model.family() == Proportion() and model.pooling.kind != "none":
            assert model.variant("tau_025").priors["tau"] == HalfNormal(0.25)
            assert model.variant("tau_100").priors["tau"] == HalfNormal(1.0)
            assert model.variant("common").pooling.kind == "common"
            assert model.variant("separate").pooling.kind == "none"
            assert model.variant("prospective_only").evidence.where["design"] == (
                "prospective_single_arm",
                "randomised",
            )


def test_both_sides_use_the_same_words() -> None:
    assert spec.ORIGINS == vocabulary.ORIGIN
    assert spec.RELATIONS == vocabulary.RELATION
    assert spec.POLICIES == vocabulary.POLICY
    assert set(spec.LEVELS) <= set(vocabulary.LEVEL)


def admitted(model: ModelSpec) -> dict[str, Any]:
    """What a model of counts needs of a number, or one of hazard ratios, or of survival."""
    survival = [kind for kind in model.kinds() if isinstance(kind, SurvivalKind)]
    if survival:
        return {"measures": tuple(dict.fromkeys(word for kind in survival for word in kind.printed))}
    if [choice.kind for choice in model.likelihood] == ["hazard_ratio"]:
        return {"measures": ("hazard_ratio",), "require": ("value", "lower", "upper")}
    return {"require": ("events", "total")}


def test_every_word_of_a_bundled_model_is_known_to_the_evidence_and_leaves_somebody_to_speak() -> None:
    evidence = read_evidence()
    for name in bundled_models():
        model = read_model(name)
        for each in (model, *map(model.variant, model.variants)):
            asked = each.evidence.to_dict()
            chosen = evidence.select(**asked, **admitted(each))
            said = f"{each.why} {each.whys.get('tau', '')}".lower()
            alone = each.pooling.kind == "none" or "one cohort" in said or "one trial is left" in said
            assert len(chosen.cohorts) >= (1 if alone else 2), each.name


def test_every_variant_of_a_bundled_model_that_asks_for_other_evidence_gets_it() -> None:
    evidence = read_evidence()

    def people(model: ModelSpec) -> list[tuple[Any, ...]]:
        used = evidence.select(**model.evidence.to_dict(), **admitted(model)).used
        names = ("outcome_id", "events", "total", "value", "lower", "upper")
        return [(*(getattr(each.outcome, name) for name in names), each.cohort.followup_basis) for each in used]

    for model in map(read_model, bundled_models()):
        for variant in map(model.variant, model.variants):
            assert (people(variant) != people(model)) is (variant.evidence != model.evidence), variant.name


def test_a_variant_is_named_after_its_model_and_knows_it(tiny: ModelSpec) -> None:
    wide = tiny.variant("wide_tau")
    assert (wide.name, wide.base_name, wide.base) == ("tiny:wide_tau", "tiny", tiny)
    assert wide.priors == {"mu": Logistic(0, 1), "tau": HalfNormal(1.0)}
    assert (wide.why, wide.variants, tiny.variants) == ("How alike are cohorts?", (), ("wide_tau", "common"))
    assert tiny.base is None
    assert tiny.why == ""


def test_a_variant_can_be_asked_for_with_the_name(tmp_path: Path) -> None:
    assert read_model("response_pd1:common") == read_model("response_pd1").variant("common")
    path = tmp_path / "tiny.toml"
    path.write_text(write_toml(proportion()), encoding="utf-8")
    assert read_model(f"{path}:wide_tau") == read_model(path).variant("wide_tau")


def test_a_variant_that_does_not_exist_is_an_error_with_a_suggestion(tiny: ModelSpec) -> None:
    with pytest.raises(InputError, match=r"model 'tiny': it has no variant 'wide_tua'\. Did you mean 'wide_tau'\?"):
        tiny.variant("wide_tua")
    with pytest.raises(InputError, match="Ask 'tiny' for it"):
        tiny.variant("wide_tau").variant("common")
    plain = read_model(change(proportion(), "variant"))
    with pytest.raises(InputError, match=r"Add a \[\[variant\]\] to its file"):
        plain.variant("common")


def test_a_changed_prior_does_not_keep_the_reason_of_the_old_one() -> None:
    content = proportion()
    content["variant"] = [
        {"name": "silent", "why": "What if wide?", "set": {"priors.tau.sigma": 1.0}},
        {"name": "given", "why": "What if wider?", "set": {"priors.tau.sigma": 2.0, "priors.tau.why": "Vague."}},
    ]
    model = read_model(content)
    assert model.variant("silent").whys == {"mu": model.whys["mu"], "tau": "What if wide?"}
    assert model.variant("given").whys["tau"] == "Vague."


def test_a_variant_replaces_a_prior_as_a_whole_or_in_parts() -> None:
    content = proportion()
    as_whole = {"priors.mu": {"dist": "Beta", "alpha": 1, "beta": 4, "why": "One in five."}}
    in_parts = {"priors.mu.dist": "Normal", "priors.mu.sigma": 1.5}
    content["variant"] = [
        {"name": "as_whole", "why": "Why not?", "set": as_whole},
        {"name": "in_parts", "why": "Why not?", "set": in_parts, "unset": ["priors.mu.scale"]},
    ]
    model = read_model(content)
    assert model.variant("as_whole").priors["mu"] == Beta(1, 4)
    assert model.variant("in_parts").priors["mu"] == Normal(0, 1.5)


def test_a_variant_may_widen_narrow_or_drop_a_condition() -> None:
    content = proportion()
    content["variant"] = [
        {"name": "wider", "why": "?", "set": {"evidence.where.drug_class": ["anti_pd1", "anti_pdl1"]}},
        {"name": "narrower", "why": "?", "set": {"evidence.where.design": ["randomised"]}},
        {"name": "open", "why": "?", "unset": ["evidence.where.chemotherapy"]},
        {"name": "selected", "why": "?", "set": {"evidence.allow_selected": True, "evidence.exclude": ["one"]}},
        {"name": "other", "why": "?", "set": {"evidence.endpoint": "disease_control"}},
        {"name": "flipped", "why": "?", "set": {"evidence.decisions.which": "other"}},
    ]
    model = read_model(content)
    assert model.variant("wider").evidence.where["drug_class"] == ("anti_pd1", "anti_pdl1")
    assert model.variant("narrower").evidence.where["design"] == ("randomised",)
    assert "chemotherapy" not in model.variant("open").evidence.where
    assert model.variant("selected").evidence.allow_selected
    assert model.variant("selected").evidence.exclude == ("one",)
    assert model.variant("other").evidence.endpoint == "disease_control"
    assert model.variant("flipped").evidence.decisions == {"which": "other"}


def test_a_variant_may_pool_so_that_some_estimands_have_no_answer() -> None:
    content = proportion()
    separate = {"name": "separate", "why": "?", "set": {"pooling.kind": "none"}, "unset": ["priors.tau"]}
    content["variant"].append(separate)
    alone = read_model(content).variant("separate")
    assert alone.estimands == read_model(content).estimands
    assert dict(alone.priors) == {"mu": Logistic(0, 1)}


def test_a_contrast_says_whether_it_is_a_ratio() -> None:
    assert read_model(contrast()).family() == Contrast("ratio")
    difference = change(change(contrast(), "quantity/measure", "difference"), "estimand/0/functional", "difference")
    assert read_model(difference).family() == Contrast("difference")


def test_a_model_never_changes(tiny: ModelSpec) -> None:
    with pytest.raises(AttributeError):
        tiny.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        tiny.priors["mu"] = Normal(0, 1)  # type: ignore[index]
    with pytest.raises(AttributeError):
        tiny.priors._items = {}  # type: ignore[misc]
    tiny.to_dict()["priors"]["mu"]["mu"] = 7.0
    assert tiny == read_model(proportion())


def test_what_is_given_is_not_changed_and_may_use_tuples() -> None:
    content = proportion()
    content["evidence"]["origins"] = ("document", "primary")
    before = copy.deepcopy(content)
    assert read_model(content) == read_model(proportion())
    assert content == before


def test_a_model_that_was_read_comes_back_as_it_is(tiny: ModelSpec) -> None:
    assert read_model(tiny) is tiny


def test_a_model_can_be_hashed_copied_and_sent_to_another_process(tiny: ModelSpec) -> None:
    for model in (tiny, tiny.variant("wide_tau")):
        for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            assert twin == model
            assert hash(twin) == hash(model)
            assert twin.digest == model.digest
    assert pickle.loads(pickle.dumps(tiny)).variant("wide_tau") == tiny.variant("wide_tau")


def test_a_model_reads_as_text_and_as_escaped_html() -> None:
    content = change(proportion(), "title", "Response <b>& more</b>")
    content["priors"]["mu"]["why"] = "<script>"
    model = read_model(content)
    text, page = str(model), model._repr_html_()
    for shown in (text, page):
        for words in ("HalfNormal(0.5)", "Logistic(0, 1)", "anti_pd1", "new cohort", "How alike are cohorts?"):
            assert words in shown
    assert "Response <b>& more</b>" in text
    assert "priors.tau.sigma = 1.0" in text
    assert "Response &lt;b&gt;&amp; more&lt;/b&gt;" in page
    assert "<script>" not in page
    assert model.digest[:12] in repr(model)
    assert len(repr(model)) < 60


def test_reading_a_model_loads_nothing_heavy(modules_after: Callable[[str], set[str]]) -> None:
    loaded = modules_after("from tinycohort.spec import read_model; str(read_model('response_pd1'))")
    heavy = {"pandas", "scipy.stats", "pymc", "pytensor", "arviz", "matplotlib", "xarray", "numba"}
    assert "tinycohort.spec" in loaded
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith(("tinycohort.evidence", "tinycohort.vocabulary"))} == set()


def test_the_page_about_models_names_every_word_and_its_examples_work(repository: Path) -> None:
    page = (repository / "docs" / "models.md").read_text(encoding="utf-8")
    sections = (spec.Selection, spec.Quantity, spec.Estimand, spec.Variant)
    known = {field.name for section in sections for field in dataclasses.fields(section)} - {"options"}
    known |= {*spec.ORIGINS, *spec.RELATIONS, *spec.POLICIES, *spec.LEVELS, *spec.FUNCTIONALS, *spec.TARGETS}
    known |= {*ALL_FAMILIES, *KINDS, *POOLINGS}
    assert {word for word in known if not re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`|^{word} +=", page, re.M)} == set()
    examples = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", page, re.S)]
    content = proportion() | examples[0]
    content["priors"]["tau"] = examples[1]["priors"]["tau"]
    content["variant"] = examples[3]["variant"]
    assert read_model(content).variants == ("wide_tau", "separate", "normal_mu")
    with pytest.raises(InputError, match="says how much contrasts between treatments differ, and nothing of tau here"):
        read_model(content | {"priors": content["priors"] | {"tau": examples[2]["priors"]["tau"]}})
    contrasts = read_model("abscopal_contrast").to_dict()
    contrasts["priors"]["tau"] = examples[2]["priors"]["tau"]
    contrasts["variant"] = [one for one in contrasts["variant"] if "tau" not in json.dumps(one)]
    assert read_model(contrasts).priors["tau"].outcome == "adverse_events"


# The digest.


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("evidence/endpoint", "disease_control"),
        ("evidence/where/drug_class", ["anti_pdl1"]),
        ("evidence/where/chemotherapy", ["false"]),
        ("evidence/origins", ["document"]),
        ("evidence/overlaps/suspected", "refuse"),
        ("evidence/prefer", ["one"]),
        ("evidence/exclude", ["one"]),
        ("evidence/allow_selected", True),
        ("evidence/against", {"radiotherapy": ["none"]}),
        ("evidence/decisions", {"which": "other"}),
        ("priors/mu/scale", 1.5),
        ("priors/tau", {"dist": "HalfCauchy", "scale": 0.5, "why": "Heavier."}),
        ("estimand/0/target", "average"),
        ("estimand/0/level", 0.9),
        ("estimand/0/name", "other"),
        ("estimand/2/threshold", 0.3),
        ("estimand/3/patients", 21),
    ],
)
def test_the_digest_moves_with_all_that_moves_a_number(tiny: ModelSpec, path: str, value: Any) -> None:
    assert read_model(change(change(proportion(), "variant"), path, value)).digest != tiny.digest


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "other"),
        ("title", "Other"),
        ("question", "Other?"),
        ("priors/mu/why", "Other."),
        ("priors/mu/mu", -0.0),
        ("priors/mu/scale", 1),
        ("estimand/0/why", "Because."),
        ("variant", None),
        ("evidence/origins", ["primary", "document"]),
        ("evidence/allow_selected", False),
        ("evidence/against", {}),
    ],
)
def test_the_digest_stays_with_all_that_moves_no_number(tiny: ModelSpec, path: str, value: Any) -> None:
    digest = read_model(change(proportion(), path, value)).digest
    assert digest == tiny.digest
    assert re.fullmatch("[0-9a-f]{64}", digest)


def test_the_digest_is_the_same_in_every_process(tiny: ModelSpec, run: Callable[..., Any]) -> None:
    code = "import json, sys, tinycohort.spec as s; print(s.read_model(json.loads(sys.argv[1])).digest)"
    assert run(sys.executable, "-c", code, json.dumps(proportion())).stdout.strip() == tiny.digest
