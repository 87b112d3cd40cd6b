"""What is shipped is what was tried: the lock, the archives, and the main job run from an installed wheel."""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tinycohort.resources import bundled

Run = Callable[..., CompletedProcess[str]]

# --- The lock ---


@pytest.fixture(scope="module")
def project(repository: Path) -> dict:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lock(repository: Path) -> str:
    return (repository / "requirements.lock").read_text(encoding="utf-8")


def locked(lock: str) -> list[tuple[Requirement, int]]:
    """Each requirement of the lock, with how many hashes it has."""
    entries = re.split(r"\n(?=\S)", "\n" + re.sub(r"(?m)^#.*\n", "", lock).strip())
    return [
        (Requirement(entry.split("--hash")[0].replace("\\\n", " ").strip()), entry.count("--hash=sha256:"))
        for entry in entries
        if entry.strip()
    ]


def test_the_lock_names_packages_versions_and_hashes_and_no_place_to_get_them(lock: str) -> None:
    assert re.findall(r"(?m)://|/|\\(?!$)|@|index-url|find-links|trusted-host", lock) == []


def test_every_locked_package_is_pinned_with_hashes(lock: str) -> None:
    entries = locked(lock)
    assert len(entries) > 50
    for requirement, hashes in entries:
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
        assert hashes > 0, requirement


@pytest.mark.parametrize("python", ["3.12", "3.13", "3.14"])
@pytest.mark.parametrize(("sys_platform", "os_name"), [("linux", "posix"), ("darwin", "posix"), ("win32", "nt")])
def test_the_lock_holds_all_that_the_project_asks_for(
    project: dict, lock: str, python: str, sys_platform: str, os_name: str
) -> None:
    machine = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": sys_platform,
        "os_name": os_name,
    }
    pins = {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement, _ in locked(lock)
        if requirement.marker is None or requirement.marker.evaluate(machine)
    }
    lists = project["dependency-groups"].values()
    for asked in chain(project["project"]["dependencies"], project["build-system"]["requires"], *lists):
        requirement = Requirement(asked)
        pin = pins.get(canonicalize_name(requirement.name), "nothing")
        assert pin != "nothing", f"{requirement} is not locked: make lock"
        assert requirement.specifier.contains(pin), f"{requirement} is locked at {pin}: make lock"


# --- One version, one range of Pythons ---


def test_the_version_is_the_same_wherever_it_is_written(repository: Path, project: dict) -> None:
    version = project["project"]["version"]
    citation = (repository / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^version: (.+)$", citation) == [version]
    assert re.findall(r"(?m)^## (\S+)", changelog)[0] == version


def test_the_classifiers_name_the_pythons_that_are_admitted(project: dict) -> None:
    named = [each.rpartition(" ")[2] for each in project["project"]["classifiers"] if "Python :: 3." in each]
    admitted = Requirement(f"python{project['project']['requires-python']}").specifier
    assert named == [f"3.{minor}" for minor in range(30) if admitted.contains(f"3.{minor}")]


# --- The bundled folders ---


def test_an_editable_install_uses_the_folders_of_the_repository(repository: Path) -> None:
    assert bundled("data") == repository / "data"
    assert bundled("models") == repository / "models"


def test_a_kind_of_bundled_files_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="'results'"):
        bundled("results")  # type: ignore[arg-type]


def test_an_installation_without_its_folders_says_where_they_should_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lib" / "data").mkdir(parents=True)  # somebody else's, and no repository
    monkeypatch.setattr("tinycohort.resources.__file__", str(tmp_path / "lib/python/tinycohort/resources.py"))
    with pytest.raises(FileNotFoundError, match="Install tinycohort again"):
        bundled("data")


# --- The archives ---


def shipped(folder: Path) -> set[str]:
    """The files of a bundled folder, relative to it."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in files}


@pytest.fixture(scope="module")
def sdist(repository: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive, built from the repository."""
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=repository)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source archive alone."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    unpacked = folder / sdist.name.removesuffix(".tar.gz")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=unpacked)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_the_whole_package_the_evidence_and_the_models(wheel: Path, repository: Path) -> None:
    contents = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"tinycohort/{name}" for name in shipped(repository / "src/tinycohort")}
    for kind in ("data", "models"):
        assert shipped(repository / kind), f"{kind}/ is empty"
        expected |= {f"tinycohort/_bundled/{kind}/{name}" for name in shipped(repository / kind)}
    assert {name for name in contents if name.startswith("tinycohort/")} == expected
    assert "tinycohort/py.typed" in contents
    assert all(".dist-info/" in name for name in contents - expected)


def test_a_wheel_built_from_the_repository_is_the_one_built_from_the_source_archive(
    wheel: Path, repository: Path, run: Run, tmp_path: Path
) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=repository)
    direct = zipfile.ZipFile(tmp_path / wheel.name)
    through_sdist = zipfile.ZipFile(wheel)
    assert {each.filename: each.CRC for each in direct.infolist()} == {
        each.filename: each.CRC for each in through_sdist.infolist()
    }


def test_the_source_archive_carries_what_it_takes_to_test_it(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "LICENSE",
        "Makefile",
        "README.md",
        "pyproject.toml",
        "requirements.lock",
        "tests/conftest.py",
        "tools/setup.sh",
    } <= names
    assert not any(name.startswith((".venv", "results", "dist")) for name in names)


# --- The wheel at work ---


@pytest.fixture(scope="module")
def installed(wheel: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a new environment that has the wheel, the locked dependencies, and no editable install.

    The dependencies are those of the environment that runs the tests, put on the path by a .pth file; the .pth files
    found there, the editable install's among them, are not read in turn.
    """
    home = tmp_path_factory.mktemp("installed") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", home)
    bin_folder = home / ("Scripts" if os.name == "nt" else "bin")
    python = bin_folder / "python"
    purelib = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
    Path(purelib, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-deps",
        "--no-index",
        "--force-reinstall",
        wheel,
    )
    return bin_folder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_installed_package_is_the_wheels_and_finds_its_own_folders(installed: Path, run: Run, empty: Path) -> None:
    code = "import tinycohort.resources as r; print(r.__file__, r.bundled('data'), r.bundled('models'), sep='\\n')"
    paths = run(installed / "python", "-c", code, cwd=empty).stdout.splitlines()
    assert len(paths) == 3
    for path in paths:
        assert Path(path).is_relative_to(installed.parent)


def test_the_installed_command_fits_a_bundled_model_in_an_empty_folder(installed: Path, run: Run, empty: Path) -> None:
    answer = json.loads(run(installed / "tinycohort", "fit", "response_pd1", "--json", cwd=empty).stdout)
    assert answer["reportable"] is True
    assert 0 < answer["new_cohort"]["lower"] < answer["new_cohort"]["median"] < answer["new_cohort"]["upper"] < 1


def test_the_installed_command_reproduces_the_answers_in_an_empty_folder(
    installed: Path, run: Run, empty: Path
) -> None:
    models = ["response_after_sbrt", "response_pd1:common"]
    run(installed / "tinycohort", "reproduce", "--output", "out", "--quick", "--models", *models, cwd=empty)
    assert any((empty / "out").iterdir())
    assert [path.name for path in empty.iterdir()] == ["out"]
