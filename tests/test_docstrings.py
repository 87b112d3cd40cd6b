"""Docstrings: what they describe is what is there. Their examples are run where they stand, in src."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from types import FunctionType, ModuleType

import pytest

import tinycohort as tc

MODULES = sorted(
    found.name for found in pkgutil.walk_packages(tc.__path__, "tinycohort.") if not found.name.endswith("__main__")
)
PUBLIC: dict[str, Callable[..., object]] = {
    f"{home.__name__}.{name}": getattr(home, name)
    for home in (tc, tc.plots)
    for name in home.__all__
    if not isinstance(getattr(home, name), ModuleType | str)
}


def test_there_are_examples_and_pytest_runs_them(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.getoption("doctestmodules")
    assert "src" in pytestconfig.getini("testpaths")
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(found) > 20


def sections_of(thing: object) -> dict[str, str]:
    """A numpydoc docstring by its sections."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.getdoc(thing) or "", flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_what_is_public_is_described(name: str) -> None:
    assert sections_of(PUBLIC[name])[""].strip()


@pytest.mark.parametrize("name", sorted(name for name, thing in PUBLIC.items() if isinstance(thing, FunctionType)))
def test_a_public_function_describes_its_arguments_and_no_others(name: str) -> None:
    described = re.findall(
        r"^(\*{0,2}\w+(?:, \w+)*) : |^(\*{1,2}\w+)$", sections_of(PUBLIC[name]).get("Parameters", ""), re.MULTILINE
    )
    names = [one.strip().lstrip("*") for pair in described for one in "".join(pair).split(",")]
    assert names == list(inspect.signature(PUBLIC[name]).parameters)


@pytest.mark.parametrize("name", sorted(name for name, thing in PUBLIC.items() if isinstance(thing, FunctionType)))
def test_a_public_function_shows_an_example(name: str) -> None:
    assert ">>>" in sections_of(PUBLIC[name]).get("Examples", "")
