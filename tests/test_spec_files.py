"""Models are found by name, by path and by variant; files that cannot be read are refused with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spec_contents import change, complaint, complaints, proportion
from tinycohort.spec import read_model
from tinycohort.spec.toml import write_toml


def test_an_unknown_bundled_name_is_an_error_with_a_suggestion() -> None:
    said = complaint("respons_pd1")
    assert "no bundled model is called 'respons_pd1'. Did you mean 'response_pd1'? Known: abscopal_contrast" in said
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
    path.write_text(write_toml(change(proportion(), "evidence/level", "person")), encoding="utf-8")
    said = complaints(path)
    assert said[0] == "other.toml, name: 'tiny' is not the name of the file, 'other'. Rename one of the two."
    assert "[evidence] level" in said[1]


def test_an_empty_file_says_all_that_a_model_needs(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text("", encoding="utf-8")
    said = "\n".join(complaints(path))
    for word in ("format", "name", "title", "question", "evidence", "quantity", "likelihood", "pooling", "priors"):
        assert f"tiny.toml, {word}: missing" in said
