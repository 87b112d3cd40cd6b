"""The order of the house: each module imports only from below, and evidence and model do not know each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

# Lowest first. A package is one floor.
FOUNDATION = ("issues", "printing", "resources")
EVIDENCE = ("vocabulary", "records", "measures", "tables", "evidence")
MODEL = ("polynomials", "numerics", "priors", "families", "likelihoods", "pooling", "spec")
ANSWERS = (
    "reconstruction",
    "compiled",
    "posterior",
    "engines",
    "direct",
    "risks",
    "curves",
    "estimates",
    "checks",
    "comparison",
    "calibration",
    "planning",
    "plots",
    "reporting",
    "projects",
    "cli",
    "__main__",
)
ORDER = FOUNDATION + EVIDENCE + MODEL + ANSWERS

# Libraries that are heavy, and the modules that may know them at all; within a function unless they are in AT_LEISURE.
KNOWN_ONLY_TO = {
    "distributed": ("calibration.models.chunks",),
    "matplotlib": ("plots",),
    "nutpie": ("compiled", "engines.nuts", "families", "likelihoods", "pooling", "priors"),
    "pymc": ("compiled", "engines.nuts", "families", "likelihoods", "pooling", "priors"),
    "pytensor": ("compiled", "engines.nuts", "families", "likelihoods", "pooling", "priors"),
    "scipy.stats": (),
}
LOADED_LATE = ("arviz", "distributed", "nutpie", "pandas", "pymc", "pytensor", "xarray")
AT_LEISURE = ("engines.nuts", "plots", "reporting")  # loaded only by those who need these libraries anyhow


@dataclass(frozen=True)
class Import:
    """One import: of what, where, and whether it happens as soon as the module is loaded."""

    target: str
    line: int
    at_once: bool


def imports_of(source: str, module: str, is_package: bool = False) -> Iterator[Import]:
    """Every import in a module, wherever it stands: in functions, under TYPE_CHECKING, or by import_module."""
    package = module if is_package else module.rpartition(".")[0]

    def visit(node: ast.AST, at_once: bool) -> Iterator[Import]:
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, node.lineno, at_once) for alias in names)
            case ast.ImportFrom(module=base, level=level, names=names):
                stem = package.rsplit(".", level - 1)[0] if level else ""
                base = ".".join(part for part in (stem, base) if part)
                yield from (Import(f"{base}.{alias.name}", node.lineno, at_once) for alias in names)
            case ast.Attribute(value=ast.Name(id="scipy"), attr=attribute):  # scipy loads its parts when they are named
                yield Import(f"scipy.{attribute}", node.lineno, at_once)
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[first, *_]):
                if called in ("import_module", "__import__") and (name := leading_text(first)):
                    name = f"{package}{name}" if name.startswith(".") else name
                    yield Import(name.rstrip("."), node.lineno, at_once)
        inside_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types_only = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for child in ast.iter_child_nodes(node):
            yield from visit(child, at_once and not inside_function and not for_types_only)

    yield from visit(ast.parse(source), at_once=True)


def leading_text(node: ast.expr) -> str:
    """The text that an expression is known to begin with: all of a literal, the first part of an f-string."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def within(name: str, group: str) -> bool:
    return name == group or name.startswith(f"{group}.")


def faults_of_order(module: str, imports: list[Import]) -> list[str]:
    """What is wrong with a module's imports from the package itself."""
    floor = module.split(".")[1]
    if floor not in ORDER:
        return [f"{module} has no place in the order: give it one in {Path(__file__).name}"]
    faults = []
    for each in imports:
        if not within(each.target, "tinycohort") or each.target == "tinycohort.__version__":
            continue
        target = each.target.removeprefix("tinycohort").lstrip(".").partition(".")[0]
        if target not in ORDER:
            faults.append(f"{module}, line {each.line}: the package's public names ({each.target}) stand above it")
        elif ORDER.index(target) > ORDER.index(floor):
            faults.append(f"{module}, line {each.line}: {target} stands above {floor}")
        elif floor in MODEL and target in EVIDENCE:
            faults.append(f"{module}, line {each.line}: the model does not know the evidence ({target})")
    return faults


def faults_of_weight(module: str, imports: list[Import]) -> list[str]:
    """What is wrong with a module's imports of heavy libraries."""
    inner = module.removeprefix("tinycohort.")
    faults = []
    for each in imports:
        for library, knowers in KNOWN_ONLY_TO.items():
            if within(each.target, library) and not any(within(inner, knower) for knower in knowers):
                allowed = f"only {', '.join(knowers)} may" if knowers else "no module may"
                faults.append(f"{module}, line {each.line}: {allowed} import {library}")
        late = any(within(each.target, library) for library in LOADED_LATE)
        if late and each.at_once and not any(within(inner, leisurely) for leisurely in AT_LEISURE):
            faults.append(f"{module}, line {each.line}: import {each.target} inside the function that needs it")
    return faults


@pytest.fixture(scope="module")
def house(repository: Path) -> dict[str, list[Import]]:
    """Every module of the package, and its imports."""
    src = repository / "src"
    found = {}
    for path in sorted(src.glob("tinycohort/**/*.py")):
        is_package = path.name == "__init__.py"
        parts = path.relative_to(src).with_suffix("").parts
        module = ".".join(parts[:-1] if is_package else parts)
        found[module] = list(imports_of(path.read_text(encoding="utf-8"), module, is_package))
    return found


def rooms(house: dict[str, list[Import]]) -> dict[str, list[Import]]:
    return {module: imports for module, imports in house.items() if module != "tinycohort"}  # the door loads lazily


def test_each_module_imports_only_from_below(house: dict[str, list[Import]]) -> None:
    assert "tinycohort.issues" in house
    assert [fault for module, imports in rooms(house).items() for fault in faults_of_order(module, imports)] == []


def test_heavy_libraries_are_loaded_late_and_by_those_who_need_them(house: dict[str, list[Import]]) -> None:
    assert [fault for module, imports in rooms(house).items() for fault in faults_of_weight(module, imports)] == []


def cycle_in(house: dict[str, list[Import]]) -> list[str]:
    """Modules that import each other in a ring, if there are any."""
    graph = {
        module: {home for each in imports if (home := nearest(each.target, house)) and home != module}
        for module, imports in house.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def nearest(target: str, house: dict[str, list[Import]]) -> str:
    """The module that a dotted name is or lives in; none for other packages."""
    while target and target not in house:
        target = target.rpartition(".")[0]
    return target


def test_no_modules_import_each_other_in_a_ring(house: dict[str, list[Import]]) -> None:
    assert cycle_in(rooms(house)) == []


# The rules themselves, tried on houses that break them.


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("tinycohort.issues", "from .vocabulary import words"),
        ("tinycohort.issues", "import tinycohort.cli"),
        ("tinycohort.issues", "from tinycohort import cli"),
        ("tinycohort.issues", "import tinycohort"),
        ("tinycohort.priors.base", "from ..spec import ModelSpec"),
        ("tinycohort.evidence", "def f():\n    from .compiled import compile_model"),
        ("tinycohort.evidence", "if TYPE_CHECKING:\n    from .posterior import Fit"),
        ("tinycohort.evidence", "from .spec import ModelSpec"),
        ("tinycohort.evidence", "import_module('tinycohort.spec')"),
        ("tinycohort.families.base", "import_module(f'tinycohort.pooling.{kind}')"),
        ("tinycohort.spec", "from .vocabulary import words"),
        ("tinycohort.cli", "from tinycohort import fit"),
        ("tinycohort.attic", ""),
    ],
)
def test_an_import_from_above_or_across_is_found(module: str, source: str) -> None:
    assert len(faults_of_order(module, list(imports_of(source, module)))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("tinycohort.spec", "from .issues import Issue\nfrom .likelihoods.base import Likelihood"),
        ("tinycohort.compiled", "from .evidence import Evidence\nfrom tinycohort.spec import ModelSpec"),
        ("tinycohort.engines.exact", "from .grid import nodes\nfrom ..compiled import CompiledModel"),
        ("tinycohort.posterior", "from tinycohort import __version__\nimport numpy, json"),
    ],
)
def test_an_import_from_below_is_allowed(module: str, source: str) -> None:
    assert faults_of_order(module, list(imports_of(source, module))) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("tinycohort.estimates", "def f():\n    import matplotlib.pyplot"),
        ("tinycohort.estimates", "def f():\n    import pymc"),
        ("tinycohort.engines.run", "def f():\n    import nutpie"),
        ("tinycohort.compiled", "import pytensor.tensor as pt"),
        ("tinycohort.likelihoods.binomial", "class A:\n    import pymc"),
        ("tinycohort.estimates", "import pandas as pd"),
        ("tinycohort.posterior", "try:\n    from arviz import summary\nexcept ImportError:\n    pass"),
        ("tinycohort.plots.forest", "def f():\n    from scipy import stats"),
        ("tinycohort.plots.forest", "import scipy\nscipy.stats.norm"),
        ("tinycohort.plots.forest", "from scipy.stats import norm"),
    ],
)
def test_a_heavy_import_in_the_wrong_place_is_found(module: str, source: str) -> None:
    assert len(faults_of_weight(module, list(imports_of(source, module)))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("tinycohort.estimates", "def f():\n    import pandas"),
        ("tinycohort.estimates", "if TYPE_CHECKING:\n    from pandas import DataFrame"),
        ("tinycohort.engines.nuts", "import nutpie, pymc, xarray"),
        ("tinycohort.engines.nuts.sampling", "import arviz"),
        ("tinycohort.plots.forest", "import matplotlib.pyplot as plt\nimport pandas"),
        ("tinycohort.likelihoods.binomial", "def f():\n    import pymc"),
        ("tinycohort.numerics", "from scipy import special"),
    ],
)
def test_a_heavy_import_in_its_place_is_allowed(module: str, source: str) -> None:
    assert faults_of_weight(module, list(imports_of(source, module))) == []


def test_a_ring_of_modules_is_found() -> None:
    sources = {
        "tinycohort.engines": "from .run import fit",
        "tinycohort.engines.run": "from tinycohort.engines import x",
    }
    ring = {name: list(imports_of(text, name, is_package=name.count(".") == 1)) for name, text in sources.items()}
    assert set(cycle_in(ring)) == set(sources)
