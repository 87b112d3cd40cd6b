"""What loads when: a question answered by quadrature does not pay for samplers and plots."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import tinycohort as tc

HEAVY = {
    "arviz",
    "arviz_base",
    "arviz_plots",
    "arviz_stats",
    "h5netcdf",
    "h5py",
    "matplotlib",
    "numba",
    "nutpie",
    "pandas",
}
HEAVY |= {"pymc", "pytensor", "scipy", "xarray"}

POOL = "import tinycohort as tc; tc.pool(events=[1, 7, 9], totals=[8, 27, 44]).summary()"

ModulesAfter = Callable[[str], set[str]]


def test_importing_tinycohort_loads_nothing_heavier_than_numpy(modules_after: ModulesAfter) -> None:
    loaded = modules_after("import tinycohort")
    assert "tinycohort" in loaded
    assert loaded & HEAVY == set()


def test_an_exact_pool_loads_no_sampler_no_plots_and_no_statistics_of_scipy(modules_after: ModulesAfter) -> None:
    loaded = modules_after(POOL)
    assert "numpy" in loaded
    assert loaded & {"pymc", "pytensor", "nutpie", "numba", "arviz", "matplotlib", "scipy.stats"} == set()


def test_a_name_that_does_not_exist_is_an_error_that_says_which() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = tc.nothing


def test_every_public_name_can_be_had_and_is_listed() -> None:
    assert len(tc.__all__) == len(set(tc.__all__))
    for name in tc.__all__:
        assert getattr(tc, name) is not None
        assert name in dir(tc)


def test_type_checkers_see_the_same_names_as_users(init: ast.Module) -> None:
    lazy = set(stub_names(init))
    eager = {name for statement in init.body for name in bound_names(statement)}
    assert lazy, "the stub block was not found"
    assert lazy <= set(tc.__all__), "told to type checkers, but not offered to users"
    assert set(tc.__all__) <= lazy | eager, "offered to users, but not told to type checkers"


def test_type_checkers_find_each_name_where_users_get_it(init: ast.Module) -> None:
    for name, (module, original) in stub_names(init).items():
        home = importlib.import_module(module)
        stated = getattr(home, original, None) or importlib.import_module(f"{module}.{original}")
        assert getattr(tc, name) is stated, f"{name} is not {original} of {module}"


def test_no_function_shares_its_name_with_a_module(repository: Path) -> None:
    modules = {path.stem for path in (repository / "src/tinycohort").iterdir()}
    functions = {name for name in tc.__all__ if not isinstance(getattr(tc, name), ModuleType)}
    assert functions & modules == set(), "a submodule, once loaded, would take the place of the function"


@pytest.fixture(scope="module")
def init(repository: Path) -> ast.Module:
    return ast.parse((repository / "src/tinycohort/__init__.py").read_text(encoding="utf-8"))


def stub_names(init: ast.Module) -> dict[str, tuple[str, str]]:
    """What type checkers alone are told: public name -> module and the name there."""
    names = {}
    for block in init.body:
        if not isinstance(block, ast.If) or "TYPE_CHECKING" not in ast.unparse(block.test):
            continue
        for statement in block.orelse if isinstance(block.test, ast.UnaryOp) else block.body:
            if isinstance(statement, ast.ImportFrom):
                module = f"tinycohort.{statement.module or ''}" if statement.level else str(statement.module)
                for alias in statement.names:
                    names[alias.asname or alias.name] = (module.rstrip("."), alias.name)
    return names


def bound_names(statement: ast.stmt) -> list[str]:
    """The names that a plain import or assignment binds."""
    match statement:
        case ast.ImportFrom(names=names):
            return [alias.asname or alias.name for alias in names]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []
