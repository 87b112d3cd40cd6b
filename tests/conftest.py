"""What every test rests on: settings, and ways to run Python apart from the tests' own process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# The same cases in every run, so that a failure is a change of the code; no deadline, since the machine may be busy.
hypothesis.settings.register_profile("tinycohort", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tinycohort")

# Tests run side by side, one to a core: threads of their own would only be in each other's way. The processes that run
# the tests get this before they load NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Figures are files; no test opens a window.
os.environ["MPLBACKEND"] = "Agg"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave alone the scripts beside the tests, which the search for docstring examples would import."""
    return True if collection_path.suffix == ".py" and not collection_path.name.startswith("test_") else None


# These share the fits and figures of the bundled models, which one worker makes once.
_TOGETHER = ("test_reporting.py", "test_report_pages.py", "test_report_browser.py")
# Files that take long come first, so that no worker is left alone with one of them in the end.
_LONG = (
    *_TOGETHER, "test_contract.py", "test_student.py", "test_exact_engine.py", "test_nested.py",
    "test_bundled_models.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else len(_LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whole files for each worker, and those that share what is made for all of them to the same one."""
    from xdist.scheduler import LoadFileScheduling

    class FilesTogether(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "reports" if Path(file).name in _TOGETHER else file

    return FilesTogether(config, log) if config.getoption("dist") == "loadfile" else None


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a command as a user would, in an environment free of Python's own variables, and fail with what it said."""

    def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode != 0:
            pytest.fail(f"{done.args} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}", pytrace=False)
        return done

    return run


@pytest.fixture(scope="session")
def modules_after(run: Run) -> Callable[[str], set[str]]:
    """Names of the modules that a new Python has loaded once it has run some code."""

    def modules_after(code: str) -> set[str]:
        return set(
            run(sys.executable, "-c", f"{code}\nimport sys\nprint('\\n' + ' '.join(sys.modules))")
            .stdout.splitlines()[-1]
            .split()
        )

    return modules_after
