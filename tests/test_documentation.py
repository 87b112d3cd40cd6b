"""The README and the pages: what they say is run, and what they print is what comes out."""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from types import ModuleType

import pytest

import tinycohort as tc
from tinycohort.engines import nuts
from tinycohort.engines.exact import refinement as exact

RUN = (
    "README.md",
    "docs/tour.md",
    "docs/survival.md",
    "docs/exchangeability.md",
    "docs/reconstruction.md",
    "docs/add_a_likelihood.md",
    "docs/comparison.md",
    "docs/compare_models.md",
    "docs/plan_the_next_trial.md",
    "docs/borrowing.md",
    "docs/calibrate.md",
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_of(page: Path) -> list[tuple[str, str]]:
    """Language and content of each block of code."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", RUN)
def test_the_code_of_a_page_prints_what_the_page_says(
    name: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = blocks_of(repository / name)
    names: dict[str, object] = {"__name__": "page"}
    assert any(language == "python" for language, _ in blocks)
    for k, (language, code) in enumerate(blocks):
        if language != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, f"{name}, block {k + 1}", "exec"), names)
        said = blocks[k + 1][1] if k + 1 < len(blocks) and blocks[k + 1][0] == "text" else ""
        assert lines_of(printed.getvalue()) == lines_of(said), f"{name}, block {k + 1}"


def lines_of(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def pages(repository: Path) -> list[Path]:
    return [repository / "README.md", *sorted((repository / "docs").glob("*.md"))]


def test_links_between_pages_lead_somewhere(repository: Path) -> None:
    missing = [
        f"{page.name}: {target}"
        for page in pages(repository)
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert missing == []


def test_every_public_name_has_its_place_in_the_reference(repository: Path) -> None:
    reference = (repository / "docs/api.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\.\. auto\w+:: (?:tinycohort\.)?([\w.]+)$", reference, re.MULTILINE))
    public = {name for name in tc.__all__ if not isinstance(getattr(tc, name), ModuleType) and name != "__version__"}
    assert public | {f"plots.{name}" for name in tc.plots.__all__} == described


def test_the_page_on_the_house_knows_every_room(repository: Path) -> None:
    house = (repository / "docs/house.md").read_text(encoding="utf-8")
    rooms = [path for path in (repository / "src/tinycohort").iterdir() if not path.name.startswith(("_", "py."))]
    assert [path.name for path in rooms if f"`{path.name}{'/' if path.is_dir() else ''}`" not in house] == []


def test_every_page_is_in_the_contents(repository: Path) -> None:
    index = (repository / "docs/index.md").read_text(encoding="utf-8")
    listed = {
        line.strip()
        for _, block in re.findall(r"```\{(toctree)\}(.*?)```", index, re.DOTALL)
        for line in block.splitlines()
    }
    assert {page.stem for page in pages(repository)[1:]} - {"index"} <= listed


def test_the_page_on_validation_names_tests_that_exist(repository: Path) -> None:
    named = re.findall(r"`(tests/[^`]+)`", (repository / "docs/validation.md").read_text(encoding="utf-8"))
    assert len(named) > 20
    assert [name for name in named if not list(repository.glob(name))] == []


def test_what_the_readme_asks_to_be_run_can_be_run(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"\bmake (\w+)", "".join(code for _, code in blocks_of(repository / "README.md")))
    assert {"reproduce", "test"} <= set(targets)
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
    assert os.access(repository / "tools/setup.sh", os.R_OK)


def test_the_mathematics_states_the_settings_that_are_used(repository: Path) -> None:
    page = (repository / "docs/mathematics.md").read_text(encoding="utf-8")
    used = [exact.TOLERANCE_EVIDENCE, exact.TOLERANCE_ESTIMATES, nuts.MAXIMUM_R_HAT, nuts.MINIMUM_ESS]
    used += [nuts.CHAINS, nuts.DRAWS, nuts.TUNE, nuts.TARGET_ACCEPT]
    assert [value for value in used if f"`{value}`" not in page] == []
