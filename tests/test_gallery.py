"""The gallery: every script runs, its figure in the repository is the one that it draws, and each is shown."""

from __future__ import annotations

import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest

from conftest import Run

SCRIPTS = sorted((Path(__file__).parent.parent / "docs/gallery").glob("*.py"))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# What matplotlib names after the digits of what it draws.
NAME = re.compile(r"\b[a-z][0-9a-f]{10}\b")


def parts_of(svg: str) -> tuple[list[str], list[float]]:
    """An SVG as its words, printed numbers included, and the numbers that say where things are."""
    pieces = re.split(r"(<[^>]*>)", NAME.sub("name", svg))
    words = [NUMBER.sub("#", piece) if piece.startswith("<") else piece.strip() for piece in pieces]
    places = [float(number) for piece in pieces if piece.startswith("<") for number in NUMBER.findall(piece)]
    return words, places


def copied(script: Path, folder: Path) -> Path:
    """A copy of a script, beside the folder in which it puts its figure, and what it reads."""
    (folder / "gallery").mkdir()
    (folder / "images").mkdir()
    for name in re.findall(r'docs / "([\w.]+\.(?:csv|json))"', script.read_text(encoding="utf-8")):
        shutil.copy(script.parent.parent / name, folder)
    return shutil.copy(script, folder / "gallery")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_figure_of_the_gallery_is_the_one_that_its_script_draws(
    script: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = copied(script, tmp_path)
    monkeypatch.chdir(tmp_path)
    # Here, and not in a Python of its own, which would load everything anew for each.
    runpy.run_path(str(path), run_name="__main__")
    assert [path.name for path in (tmp_path / "images").iterdir()] == [f"{script.stem}.svg"]
    drawn, kept = (
        parts_of((folder / "images" / f"{script.stem}.svg").read_text(encoding="utf-8"))
        for folder in (tmp_path, repository / "docs")
    )
    again = f"run docs/gallery/{script.name}, look at the figure, and keep it"
    assert drawn[0] == kept[0], again
    # A fiftieth of a point: what another processor's last digits may move.
    assert drawn[1] == pytest.approx(kept[1], abs=0.02), again


def test_a_script_of_the_gallery_runs_by_itself(repository: Path, run: Run, tmp_path: Path) -> None:
    run(sys.executable, copied(repository / "docs/gallery/response_pd1.py", tmp_path), cwd=tmp_path)
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["response_pd1.svg"]


def test_every_figure_has_its_script_and_is_shown(repository: Path) -> None:
    images = {path.name for path in (repository / "docs/images").iterdir()}
    assert images == {f"{script.stem}.svg" for script in SCRIPTS}
    gallery = (repository / "docs/gallery.md").read_text(encoding="utf-8")
    for script in SCRIPTS:
        assert f"images/{script.stem}.svg" in gallery
        assert f"gallery/{script.name}" in gallery
    assert "docs/images/response_pd1.svg" in (repository / "README.md").read_text(encoding="utf-8")
