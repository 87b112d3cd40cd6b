"""A model survives being written and read again."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec_contents import Content, proportion
from tinycohort.spec import bundled_models, read_model
from tinycohort.spec.toml import write_toml

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
    evidence["against"] = draw(st.dictionaries(words, lists_of_cells, max_size=2))
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


@pytest.mark.parametrize("name", bundled_models())
def test_a_bundled_model_survives_being_written_to_a_file(name: str, tmp_path: Path) -> None:
    model = read_model(name)
    path = tmp_path / f"{name}.toml"
    path.write_text(model.to_toml(), encoding="utf-8")
    assert read_model(path) == model
