"""Model files: what is read, and what is refused with a reason."""

from __future__ import annotations

import copy
import json
import os
import pickle
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycohort import spec, vocabulary
from tinycohort.evidence import read_evidence
from tinycohort.families import Contrast, Proportion
from tinycohort.issues import InputError
from tinycohort.priors import Beta, HalfNormal, Logistic, Normal
from tinycohort.spec import ModelSpec, bundled_models, read_model
from tinycohort.spec.toml import write_toml

Content = dict[str, Any]


def proportion() -> Content:
    """A small model of a proportion, with a variant of each sort."""
    return {
        "format": 1,
        "name": "tiny",
        "title": "A small model",
        "question": "What share responds?",
        "evidence": {
            "endpoint": "objective_response",
            "where": {"drug_class": ["anti_pd1"], "chemotherapy": [False]},
            "origins": ["document", "primary"],
            "overlaps": {
                "same_people": "keep_larger",
                "a_within_b": "keep_larger",
                "some_shared": "refuse",
                "suspected": "keep_both",
            },
            "level": "cohort",
        },
        "quantity": {"family": "proportion"},
        "likelihood": [{"kind": "binomial"}],
        "pooling": {"kind": "partial"},
        "priors": {
            "mu": {"dist": "Logistic", "mu": 0.0, "scale": 1.0, "why": "Uniform on the probability scale."},
            "tau": {"dist": "HalfNormal", "sigma": 0.5, "why": "Weakly informative."},
        },
        "estimand": [
            {"name": "new", "functional": "probability", "target": "new_cohort", "level": 0.95},
            {"name": "heterogeneity", "functional": "heterogeneity", "level": 0.9},
            {"name": "above", "functional": "probability_above", "target": "typical", "threshold": 0.2, "level": 0.95},
            {"name": "of_20", "functional": "predicted_events", "target": "new_cohort", "patients": 20, "level": 0.9},
        ],
        "variant": [
            {"name": "wide_tau", "why": "How alike are cohorts?", "set": {"priors.tau.sigma": 1.0}},
            {
                "name": "common",
                "why": "What if tau were 0?",
                "set": {"pooling.kind": "common"},
                "unset": ["priors.tau"],
            },
        ],
    }


def contrast() -> Content:
    """A small model of a ratio."""
    content = proportion()
    content["quantity"] = {"family": "contrast", "measure": "ratio"}
    content["likelihood"] = [{"kind": "normal"}]
    content["priors"]["mu"] = {"dist": "Normal", "mu": 0.0, "sigma": 1.0, "why": "Ratios from a seventh to seven."}
    content["estimand"] = [{"name": "typical", "functional": "ratio", "target": "typical", "level": 0.95}]
    return content


def change(content: Content, path: str, value: Any = None) -> Content:
    """The content with one place set, or left out if the value is None; numbers count within arrays of tables."""
    content = copy.deepcopy(content)
    holder: Any = content
    *parents, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in parents:
        holder = holder[key]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return content


def complaints(content: Any) -> list[str]:
    """What `read_model` says is wrong, an issue each."""
    with pytest.raises(InputError) as caught:
        read_model(content)
    assert all(issue.where and issue.what and issue.mend for issue in caught.value.issues)
    return [str(issue) for issue in caught.value.issues]


def complaint(content: Any) -> str:
    """The one thing that is wrong."""
    said = complaints(content)
    assert len(said) == 1, said
    return said[0]


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


def test_every_bundled_single_arm_model_varies_how_alike_cohorts_are() -> None:
    for model in map(read_model, bundled_models()):
        if model.family() == Proportion():
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


def test_every_word_of_a_bundled_model_is_known_to_the_evidence_and_leaves_somebody_to_speak() -> None:
    evidence = read_evidence()
    for name in bundled_models():
        model = read_model(name)
        for each in (model, *map(model.variant, model.variants)):
            asked = each.evidence.to_dict()
            chosen = evidence.select(**asked, require=("events", "total"))
            assert len(chosen.cohorts) >= 2, each.name


def test_every_variant_of_a_bundled_model_that_asks_for_other_evidence_gets_it() -> None:
    evidence = read_evidence()

    def people(model: ModelSpec) -> list[tuple[str, int | None, int | None]]:
        used = evidence.select(**model.evidence.to_dict(), require=("events", "total")).used
        return [(each.cohort.cohort_id, each.outcome.events, each.outcome.total) for each in used]

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
    ],
)
def test_the_digest_stays_with_all_that_moves_no_number(tiny: ModelSpec, path: str, value: Any) -> None:
    digest = read_model(change(proportion(), path, value)).digest
    assert digest == tiny.digest
    assert re.fullmatch("[0-9a-f]{64}", digest)


def test_the_digest_is_the_same_in_every_process(tiny: ModelSpec, run: Callable[..., Any]) -> None:
    code = "import json, sys, tinycohort.spec as s; print(s.read_model(json.loads(sys.argv[1])).digest)"
    assert run(sys.executable, "-c", code, json.dumps(proportion())).stdout.strip() == tiny.digest


# Round trips.

words = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
texts = st.text(min_size=1).filter(lambda text: bool(text.strip()))
values = st.one_of(words, texts, st.booleans(), st.integers(-(2**63), 2**63 - 1))
cells = st.one_of(words, texts.map(str.strip), st.booleans(), st.integers(-(10**6), 10**6), st.floats(-1e300, 1e300))
lists_of_cells = st.lists(cells, min_size=1, max_size=4, unique=True)
finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(1e-300, 1e300)
levels = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True)


@st.composite
def models(draw: st.DrawFn) -> Content:
    """A good model with arbitrary words, texts and numbers."""
    content = proportion()
    content |= {"name": draw(words), "title": draw(texts), "question": draw(texts)}
    evidence = content["evidence"]
    evidence["where"] = draw(st.dictionaries(words, lists_of_cells, max_size=3))
    evidence["prefer"] = [f"p{name}" for name in draw(st.lists(texts, min_size=1, max_size=2, unique=True))]
    evidence["allow_selected"] = draw(st.booleans())
    content["priors"]["mu"] |= {"mu": draw(finite), "scale": draw(positive), "why": draw(texts)}
    content["priors"]["tau"] |= {"sigma": draw(positive), "why": draw(texts)}
    names = draw(st.lists(words, min_size=1, max_size=3, unique=True))
    if draw(st.booleans()):
        evidence["decisions"] = draw(st.dictionaries(words, st.sampled_from(["used", "other"]), max_size=2))
    content["estimand"] = [
        {"name": name, "functional": "probability_above", "target": "average", "level": draw(levels)}
        | {"threshold": draw(levels), "why": draw(texts)}
        for name in names
    ]
    nested = {"dist": "Normal", "mu": draw(finite), "sigma": draw(positive), "why": draw(texts)}
    content["variant"] = [{"name": draw(words), "why": draw(texts), "set": {"priors.mu": nested}}]
    if draw(st.booleans()):
        added = {"evidence.where.added": draw(lists_of_cells), "evidence.exclude": ["x"]}
        content["variant"].append({"name": "zzzzzzzzzzzz", "why": draw(texts), "set": added})
    return content


@given(models())
def test_any_model_survives_being_written_and_read_again(content: Content) -> None:
    model = read_model(content)
    assert read_model(model.to_dict()) == model
    assert tomllib.loads(model.to_toml()) == model.to_dict()
    assert read_model(tomllib.loads(model.to_toml())).digest == model.digest
    for name in model.variants:
        variant = model.variant(name)
        again = read_model(tomllib.loads(variant.to_toml()))
        assert again == variant
        assert again.digest == variant.digest != model.digest
        assert (again.base_name, again.base) == (model.name, None)


@given(st.dictionaries(texts, st.recursive(st.one_of(values, finite), lambda inner: st.lists(inner, max_size=3))))
def test_any_table_survives_being_written_as_toml(table: dict[str, Any]) -> None:
    content = {"section": table, "sections": [table, {"inside": table}]}
    assert tomllib.loads(write_toml(content)) == content


def test_what_toml_cannot_write_is_an_error() -> None:
    with pytest.raises(TypeError, match="no way to write None"):
        write_toml({"a": None})


@pytest.mark.parametrize("name", ["response_pd1", "abscopal_incidence"])
def test_a_bundled_model_survives_being_written_to_a_file(name: str, tmp_path: Path) -> None:
    model = read_model(name)
    path = tmp_path / f"{name}.toml"
    path.write_text(model.to_toml(), encoding="utf-8")
    assert read_model(path) == model


# What is refused.


def everywhere(content: Any, path: str = "") -> Iterator[str]:
    """Every place of a content that a table holds."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, item in items:
        yield f"{path}{key}"
        yield from everywhere(item, f"{path}{key}/")


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
    content["evidence"]["level"] = "patient"
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
    expected = "[[likelihood]] 1, kind: 'normal' says nothing about a proportion. Choose one of binomial."
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
    read_model(change(change(proportion(), "variant"), "priors/tau", prior | {"why": "?"}))


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


# Files.


def test_an_unknown_bundled_name_is_an_error_with_a_suggestion() -> None:
    said = complaint("respons_pd1")
    assert "no bundled model is called 'respons_pd1'. Did you mean 'response_pd1'? Known: abscopal_incidence" in said
    for name in ("", "nothing\0like", "x" * 5000, "response_pd1:"):
        assert "no bundled model is called" in complaint(name)
    assert "it has no variant 'tua_025'. Did you mean 'tau_025'?" in complaint("response_pd1:tua_025")


def test_a_path_to_nowhere_is_an_error_that_names_the_neighbours(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text("", encoding="utf-8")
    assert f"Did you mean '{tmp_path / 'tiny.toml'}'?" in complaint(tmp_path / "tny.toml")
    assert "there is no such file" in complaint(str(tmp_path / "away" / "model.toml"))


def test_a_folder_is_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text("", encoding="utf-8")
    assert "a folder, where a model file was meant. Choose one of its files: tiny.toml." in complaint(tmp_path)
    assert "a folder, where a model file was meant" in complaint(str(tmp_path))


def test_other_things_than_models_are_refused() -> None:
    for thing in (None, 7, ["response_pd1"]):
        assert "is no model" in complaint(thing)
    assert complaints({})[0] == "model, format: missing. Write format = 1."


def test_a_file_without_permission_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(write_toml(proportion()), encoding="utf-8")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root may read anything, so the mode of the file will not do
    assert f"{path}: no permission to read it" in complaint(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tiny.toml")
    assert "not a regular file" in complaint(tmp_path / "tiny.toml")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    assert "100,000,000 bytes, and a model file has at most 1,000,000" in complaint(path)


def test_a_path_that_no_system_can_have_is_refused() -> None:
    for path in ("\0.toml", "x" * 5000 + ".toml", Path("a\0b")):
        assert "Give the path" in complaint(path)


def test_a_file_that_is_not_utf8_is_refused_and_a_byte_order_mark_is_not(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_bytes(b'format = 1\ntitle = "caf\xe9"\n')
    assert f"{path}: byte 0xe9 in line 2 is not UTF-8. Save the file as UTF-8." in complaint(path)
    path.write_bytes(b"\xef\xbb\xbf" + write_toml(proportion()).replace("\n", "\r\n").encode())
    assert read_model(path) == read_model(proportion())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format = 1\nname = tiny\n", "line 2, column 8: not TOML: Invalid value, in 'name = tiny'"),
        ("format = 1\nformat = 2\n", "line 2, column 11: not TOML: Cannot overwrite a value"),
        ('title = "open', "end of file: not TOML: "),
        ("[evidence\n", "line 1, column 10: not TOML: "),
        ("a = " + "[" * 100_000, "tiny.toml"),
        ("a = " + "1" * 5000, "tiny.toml: not TOML: Exceeds the limit"),
    ],
)
def test_broken_toml_is_an_error_with_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(text, encoding="utf-8")
    assert said in complaint(path)


def test_a_file_is_called_as_its_model_is(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(write_toml(change(proportion(), "evidence/level", "patient")), encoding="utf-8")
    said = complaints(path)
    assert said[0] == "other.toml, name: 'tiny' is not the name of the file, 'other'. Rename one of the two."
    assert "[evidence] level" in said[1]


def test_an_empty_file_says_all_that_a_model_needs(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text("", encoding="utf-8")
    said = "\n".join(complaints(path))
    for word in ("format", "name", "title", "question", "evidence", "quantity", "likelihood", "pooling", "priors"):
        assert f"tiny.toml, {word}: missing" in said
