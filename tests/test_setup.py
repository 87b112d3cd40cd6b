"""The set-up script on machines without a Python that would do: it says what it tried, and makes nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SetUp = Callable[..., str]


@pytest.fixture
def refusal(repository: Path, tmp_path: Path) -> SetUp:
    """What the script says on a machine that has these Pythons on PATH (name=what running it does), and no other."""

    def refusal(variables: dict[str, str] | None = None, **pythons: str) -> str:
        commands = tmp_path / "commands"
        commands.mkdir()
        for name in ("cat", "dirname", "mv", "rm", "sed"):
            (commands / name).symlink_to(str(shutil.which(name)))
        for name, script in pythons.items():
            python = commands / name.replace("_", ".")
            python.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            python.chmod(0o755)
        project = tmp_path / "project"
        shutil.copytree(repository / "tools", project / "tools")
        for name in ("pyproject.toml", "requirements.lock"):
            shutil.copy(repository / name, project / name)
        done = subprocess.run(
            [str(shutil.which("sh")), str(project / "tools/setup.sh")],
            env={"PATH": str(commands), "HOME": str(tmp_path)} | (variables or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert not (project / ".venv").exists()
        return done.stderr

    return refusal


def test_without_any_python_it_says_what_to_install(refusal: SetUp) -> None:
    said = refusal()
    assert "needs Python 3.12 to 3.14" in said
    for name in ("python3.14", "python3.13", "python3.12", "python3", "python"):
        assert f"{name}: not found" in said
    assert "make PYTHON=" in said


def test_a_shim_that_leads_nowhere_is_passed_over_with_what_it_said(refusal: SetUp) -> None:
    said = refusal(python3_13="echo 'pyenv: python3.13: command not found' >&2; exit 127", python3_12="exit 1")
    assert "python3.13: command not found" in said
    assert "commands/python3.12): it does not run" in said


def test_a_python_outside_the_range_is_named_with_its_version(refusal: SetUp) -> None:
    old = "import sys; sys.version_info = (3, 11, 7); sys.argv = ['-c', *sys.argv[2:]]; exec(sys.argv.pop(1))"
    said = refusal(python3=f"""shift; exec '{sys.executable}' -c "{old}" -c "$@" """)
    assert "it is Python 3.11.7" in said


def test_a_python_without_what_an_environment_takes_is_refused(refusal: SetUp, tmp_path: Path) -> None:
    (tmp_path / "crippled").mkdir()
    for module in ("ensurepip", "ssl"):
        (tmp_path / "crippled" / f"{module}.py").write_text("raise ImportError\n", encoding="utf-8")
    said = refusal(python3_13=f"""PYTHONPATH='{tmp_path}/crippled' exec '{sys.executable}' "$@" """)
    assert "it lacks the standard module(s) ensurepip, ssl" in said


def test_a_python_among_pyenvs_versions_is_tried(refusal: SetUp, tmp_path: Path) -> None:
    python = tmp_path / "pyenv/versions/3.14.0/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho it is broken >&2\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    said = refusal({"PYENV_ROOT": str(tmp_path / "pyenv")})
    assert f"{python}: it is broken" in said


def test_the_python_that_was_asked_for_is_the_only_one_tried(refusal: SetUp) -> None:
    said = refusal({"PYTHON": "/nowhere/python"}, python3_13=f"""exec '{sys.executable}' "$@" """)
    assert "PYTHON names none that works" in said
    assert "/nowhere/python: not found" in said
