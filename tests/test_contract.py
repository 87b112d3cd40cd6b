"""The contract that every likelihood kind, family and pooling keeps, whichever of them are combined.

Everything runs over the registries, so that a new member is held to it as soon as it is registered; it only needs
an example in support/contract.py.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycohort as tc
from support.contract import EXAMPLES, FURTHER, Example, monte_carlo_errors
from support.pymc_points import to_pymc
from tinycohort.compiled.parts import Part
from tinycohort.engines import nuts
from tinycohort.engines.run import run
from tinycohort.families import FAMILIES
from tinycohort.likelihoods import LIKELIHOODS
from tinycohort.pooling import POOLINGS
from tinycohort.pooling.structures import partitions

PAIRS = [(kind, family) for kind, cls in LIKELIHOODS.items() for family in cls.families]
ALL = [*(example for pair in PAIRS for example in EXAMPLES.get(pair, [])), *FURTHER]
SLOW = pytest.mark.slow
# What these say of a cohort differs from `partial` in where it stands alone, and not in what it reported: counts and
# estimates are enough, but for the slow tests; and to sample one of them that has biases, and one that has slopes.
_PLACED = ("design", "power", "commensurate", "regression")
COMBINATIONS = [
    pytest.param(
        example,
        pooling,
        id=f"{example.name}-{pooling}",
        marks=SLOW if pooling in _PLACED and example not in (ALL[0], ALL[2]) else (),
    )
    for example in ALL
    for pooling in POOLINGS
]
# One measure of each family is sampled: compiling takes seconds, and the others differ in what is reported only. That
# the choices are independent is seen where one kind meets every pooling and one pooling every kind; all with all is
# slow. A hazard ratio has the density of `normal`, which is sampled, and its own in two bundled models; percentages
# with a chance of going unpublished are sampled side by side with counts.
SAMPLED_ELSEWHERE = {"hazard_ratio-ratio", FURTHER[1].name}
# Where cohorts may stand on their own compiling takes long, and every sum over memberships is tested without NUTS; of
# those that stand elsewhere than around mu one with biases and one with slopes are enough.
QUICK = [name for name, cls in POOLINGS.items() if not cls.mixes and name not in ("power", "commensurate")]
SAMPLED = [
    pytest.param(
        example,
        pooling,
        id=f"{example.name}-{pooling}",
        marks=()
        if (pooling == "partial" and example.name not in SAMPLED_ELSEWHERE)
        or (example.kind == "binomial" and pooling in QUICK)
        else SLOW,
    )
    for examples, poolings in (([EXAMPLES[pair][0] for pair in PAIRS], POOLINGS), (FURTHER[1:], ["partial"]))
    for example in examples
    for pooling in poolings
    if POOLINGS[pooling].sampled
]
# What the exact engine alone answers, or answers quickly, has draws all the same.
EXACTLY = [
    pytest.param(EXAMPLES["binomial", "proportion"][0], name, id=f"binomial-probability-{name}-exactly")
    for name in POOLINGS
    if name not in QUICK or not POOLINGS[name].sampled
]
DRAWN = [*SAMPLED, *EXACTLY]
BY_ENGINE = [
    *(
        pytest.param(*one.values, engine, id=f"{one.id}-{engine}", marks=one.marks)
        for one in SAMPLED
        for engine in ("exact", "nuts")
    ),
    *(pytest.param(*one.values, "exact", id=str(one.id)) for one in EXACTLY),
]
GROUPS = (
    "posterior",
    "prior",
    "posterior_predictive",
    "prior_predictive",
    "log_likelihood",
    "observed_data",
    "constant_data",
)


def test_every_member_has_an_example() -> None:
    assert set(EXAMPLES) == set(PAIRS)
    assert {family for _, family in PAIRS} == set(FAMILIES)
    for name, registry in (("kind", LIKELIHOODS), ("family", FAMILIES), ("pooling", POOLINGS)):
        assert all(cls.name == key for key, cls in registry.items()), name
    for (kind, family), examples in EXAMPLES.items():
        assert all((example.kind, example.family.name) == (kind, family) for example in examples)


# -- densities --------------------------------------------------------------------------------------------------------


def random_points(model: tc.CompiledModel, size: int) -> list[dict[str, Any]]:
    """Draws of the free unknowns; not so far out that PyMC's 1 - expit(theta) runs out of digits."""
    rng = np.random.default_rng(3)
    points = []
    for _ in range(size):
        point: dict[str, Any] = {}
        for name in model.pooling.free:
            if name == "structure":
                point[name] = int(rng.integers(len(partitions(model.cohorts))))
                continue
            level = "own" if name == "theta_own" and "own" in model.priors else "mu"
            prior = None if name.startswith("z") else model.level_priors[level if name.startswith("theta") else name]
            sizes = dict.fromkeys(("theta", "theta_own", "z"), model.cohorts)
            sizes["z_group"] = len(model.group_labels)
            shape = (sizes[name],) if name in sizes else ()
            point[name] = rng.normal(0, 1, shape) if prior is None else prior.quantile(rng.uniform(0.1, 0.9, shape))
        points.append(point)
    return points


def assert_same_density(model: tc.CompiledModel) -> None:
    twin = model.pymc_model()
    log_density, converted = twin.compile_logp(jacobian=False, mode="FAST_COMPILE"), to_pymc(twin)
    for point in random_points(model, 20):
        values, log_jacobian = converted(point)
        ours = float(model.log_density(point))
        assert ours == pytest.approx(float(log_density(values)) + log_jacobian, rel=1e-9), point


@pytest.mark.parametrize(("example", "pooling"), COMBINATIONS)
def test_the_log_density_is_that_of_the_pymc_model(example: Example, pooling: str) -> None:
    assert_same_density(example.model(pooling))


@pytest.mark.parametrize(
    ("pooling", "priors"),
    [
        ("none", {"mu": "Beta(0.6, 2)"}),
        ("common", {"mu": "Beta(0.6, 2)"}),
        ("partial", {"mu": "Beta(0.6, 2)", "tau": "LogStudentT(5, -1.7, 1.3)"}),
        ("partial", {"mu": "Cauchy(0, 2.5)", "tau": "HalfCauchy(0.5)"}),
        ("partial", {"mu": "StudentT(3, 0, 1)", "tau": "InverseGamma(2, 1)"}),
        ("partial", {"mu": "Uniform(-3, 1)", "tau": "Uniform(0, 2)"}),
    ],
)
def test_the_log_density_is_that_of_the_pymc_model_in_other_coordinates(pooling: str, priors: dict[str, str]) -> None:
    (example,) = EXAMPLES["binomial", "proportion"]
    assert_same_density(example.model(pooling, **priors))


@pytest.mark.parametrize(("example", "pooling"), COMBINATIONS)
def test_the_log_likelihood_is_that_of_scipy(example: Example, pooling: str) -> None:
    model = example.model(pooling)
    theta = np.random.default_rng(1).normal(0, 3, (20, model.cohorts))
    assert model.log_likelihood(theta) == pytest.approx(example.oracle(theta, model.data), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("example", "pooling"), COMBINATIONS)
def test_the_log_density_broadcasts_over_points(example: Example, pooling: str) -> None:
    model = example.model(pooling)
    points = random_points(model, 6)
    stacked = {
        name: np.stack([point[name] for point in points]).reshape(2, 3, *np.shape(points[0][name]))
        for name in points[0]
    }
    each = np.array([model.log_density(point) for point in points]).reshape(2, 3)
    assert model.log_density(stacked) == pytest.approx(each, rel=1e-12)


@pytest.mark.parametrize(("example", "pooling"), COMBINATIONS)
def test_the_pymc_model_names_its_cohorts_and_holds_its_data(example: Example, pooling: str) -> None:
    model = example.model(pooling)
    twin = model.pymc_model()
    assert tuple(twin.coords["cohort"]) == model.labels
    mixes = model.pooling.mixes  # then what was observed is summed over what each cohort may be of
    found = {variable.name for variable in [*twin.deterministics, *twin.free_RVs, *twin.potentials]}
    wanted = {"theta_component", "log_likelihood_over_parts"} if mixes else {"theta", example.family.quantity}
    assert wanted <= found
    assert [variable.name for variable in twin.observed_RVs] == [
        f"{part.prefix}{name}" for part in model.parts for name in part.kind.observed if not mixes
    ]
    for part in model.parts:
        assert tuple(twin.coords[part.dim]) == tuple(model.labels[j] for j in part.cohorts)
        for name, column in part.data.items():
            stored = f"{name}_observed" if name in part.kind.observed else name
            assert twin[f"{part.prefix}{stored}"].get_value() == pytest.approx(column)


def score_deviations(part: Part, theta: Any, drawn: dict[str, Any]) -> Any:
    """How far two identities of any likelihood are from holding for data drawn at theta, in standard errors.

    The mean score is zero, and the mean square of the score is minus the mean curvature (Bartlett 1953). theta and
    the data have shape (draw, cohort).
    """
    step = 1e-3
    data = {**part.data, **drawn}
    below, here, above = (part.kind.log_likelihood(theta + d, data) for d in (-step, 0.0, step))
    score, curvature = (above - below) / (2 * step), (above + below - 2 * here) / step**2
    found = np.stack([score, score**2 + curvature])
    return found.mean(axis=1) / (found.std(axis=1) / np.sqrt(found.shape[1]))


@pytest.mark.parametrize(("example", "pooling"), COMBINATIONS)
def test_predictive_draws_follow_the_likelihood(example: Example, pooling: str) -> None:
    model = example.model(pooling)
    everywhere = np.broadcast_to(np.linspace(-1, 1, model.cohorts), (20_000, model.cohorts))
    for part in model.parts:
        theta = everywhere[:, part.cohorts]
        drawn = part.kind.draw(theta, part.data, np.random.default_rng(2))
        assert set(drawn) == set(part.kind.observed)
        assert abs(score_deviations(part, theta, drawn)).max() < 4.5


@pytest.mark.parametrize("example", ALL, ids=lambda example: example.name)
def test_draws_of_the_pymc_model_follow_the_likelihood(example: Example) -> None:
    """Where a kind has no named distribution of PyMC's it brings its own draws."""
    import pymc
    from pytensor.compile.mode import Mode

    model = example.model("common")
    twin = model.pymc_model()
    names = [f"{part.prefix}{name}" for part in model.parts for name in part.kind.observed]
    with twin:
        wanted = [twin["theta"], *(twin[name] for name in names)]
        theta, *drawn = pymc.draw(wanted, 2000, random_seed=3, mode=Mode(linker="py", optimizer=None))
    for part, values in zip(model.parts, drawn, strict=True):
        own = theta[:, part.cohorts]
        inside = (abs(own) < 4).all(axis=1)
        (name,) = part.kind.observed
        assert abs(score_deviations(part, own[inside], {name: values[inside]})).max() < 4.5


# -- fits -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted() -> Callable[[Example, str, str], tc.Fit]:
    """Fits of the examples by either engine, each made once."""
    made: dict[tuple[str, str, str], tc.Fit] = {}

    def fit(example: Example, pooling: str, engine: str) -> tc.Fit:
        key = (example.name, pooling, engine)
        if key not in made:
            made[key] = run(example.model(pooling), engine, seed=20)
            assert made[key].reportable, made[key].reasons
        return made[key]

    return fit


Fitted = Callable[[Example, str, str], tc.Fit]


@pytest.mark.parametrize(("example", "pooling"), SAMPLED)
def test_both_engines_agree_within_monte_carlo_error(fitted: Fitted, example: Example, pooling: str) -> None:
    errors = monte_carlo_errors(fitted(example, pooling, "exact"), fitted(example, pooling, "nuts"))
    assert len(errors) >= 4 * (example.model(pooling).cohorts)
    assert {name: error for name, error in errors.items() if error >= 4.5} == {}


@pytest.mark.parametrize(("example", "pooling", "engine"), BY_ENGINE)
def test_draws_are_a_tree_that_arviz_accepts(fitted: Fitted, example: Example, pooling: str, engine: str) -> None:
    import arviz

    fit = fitted(example, pooling, engine)
    tree, model = fit.draws, fit.compiled
    assert set(GROUPS) <= set(tree.children)
    assert ("sample_stats" in tree.children) == (engine == "nuts")
    unknowns = {"theta", model.family.quantity}
    if pooling not in ("none", "mem"):
        unknowns |= {*model.pooling.parameters, "theta_new_cohort", f"{model.family.quantity}_new_cohort"} - {"own"}
    if model.pooling.mixes:
        unknowns |= {"exchangeable_cohort"}
    if model.pooling.grouped:
        of_groups = {"theta_group", "theta_new_cohort_in_group"}
        unknowns |= of_groups | {name.replace("theta", model.family.quantity) for name in of_groups}
    for group in ("posterior", "prior"):
        assert set(tree[group].data_vars) == unknowns
        assert tree[group]["theta"].dims == ("chain", "draw", "cohort")
        assert list(tree[group]["cohort"].values) == list(model.labels)
        natural = model.family.natural(tree[group]["theta"].values)
        assert np.array_equal(tree[group][model.family.quantity].values, natural)
    observed, constant = (
        {
            f"{part.prefix}{name}": (part, name)
            for part in model.parts
            for name in part.data
            if (name in part.kind.observed) == outcome
        }
        for outcome in (True, False)
    )
    for group in ("posterior_predictive", "prior_predictive", "observed_data"):
        assert set(tree[group].data_vars) == set(observed)
    grouping = {model.pooling.beside} - {""} | ({"power"} if model.pooling.discounted else set())
    assert set(tree["constant_data"].data_vars) == set(constant) | grouping
    for group, columns in (("observed_data", observed), ("constant_data", constant)):
        for stored, (part, name) in columns.items():
            assert tree[group][stored].dims == (part.dim,)
            assert list(tree[group][part.dim].values) == [model.labels[j] for j in part.cohorts]
            assert np.array_equal(tree[group][stored].values, part.data[name])
    (whole,) = tree["log_likelihood"].data_vars
    assert [whole] == ([*observed] if len(model.parts) == 1 else ["reported"])
    own = model.log_likelihood(tree["posterior"]["theta"].values)
    assert tree["log_likelihood"][whole].values == pytest.approx(own)
    table = arviz.summary(tree, ci_prob=0.95, ci_kind="eti")
    assert {f"theta[{label}]" for label in model.labels} <= set(table.index)
    assert np.isfinite(table.astype(float)).all(axis=None)


@pytest.mark.parametrize(("example", "pooling", "engine"), BY_ENGINE)
def test_leaving_out_by_importance_agrees_with_leaving_out_exactly(
    fitted: Fitted, example: Example, pooling: str, engine: str
) -> None:
    import arviz

    fit = fitted(example, pooling, engine)
    with warnings.catch_warnings():
        # With five cohorts ArviZ says that its approximation may be poor. That is why it is not reported.
        warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto distribution", UserWarning)
        approximate = arviz.loo(fit.draws)
    exact = fitted(example, pooling, "exact").summary()["elpd_loco"]["total"]
    if pooling == "common":
        assert approximate.elpd == pytest.approx(exact, abs=0.1)
    else:
        assert np.isfinite(approximate.elpd)


@pytest.mark.parametrize("group", ["prior", "posterior"])
@pytest.mark.parametrize(("example", "pooling"), DRAWN)
def test_predictive_groups_follow_the_draws_beside_them(
    fitted: Fitted, example: Example, pooling: str, group: str
) -> None:
    tree, model = fitted(example, pooling, "exact").draws, example.model(pooling)
    everywhere = tree[group]["theta"].values.reshape(-1, model.cohorts)
    # Far out a binomial has nothing left to vary, and its score no standard error.
    inside = (abs(everywhere) < 4).all(axis=1)
    for part in model.parts:
        theta = everywhere[:, part.cohorts]
        drawn = {
            name: tree[f"{group}_predictive"][f"{part.prefix}{name}"].values.reshape(theta.shape)[inside]
            for name in part.kind.observed
        }
        assert abs(score_deviations(part, theta[inside], drawn)).max() < 4.5


def test_prior_sensitivity_by_power_scaling_runs_on_the_draws(fitted: Fitted) -> None:
    import arviz

    (example,) = EXAMPLES["binomial", "proportion"]
    tree = fitted(example, "partial", "exact").draws.copy()
    model = example.model("partial")
    posterior = tree["posterior"].dataset
    log_prior = posterior[["mu", "tau"]].copy()
    for name in ("mu", "tau"):
        log_prior[name].values = model.level_priors[name].log_density(posterior[name].values)
    tree["log_prior"] = type(tree)(log_prior)
    table = arviz.psense_summary(tree, prior_var_names=["mu", "tau"], var_names=["mu", "tau"])
    assert list(table.index) == ["mu", "tau"]
    assert np.isfinite(table[["prior", "likelihood"]].astype(float)).all(axis=None)


@pytest.mark.parametrize(("example", "pooling"), DRAWN)
def test_prior_draws_follow_the_priors(fitted: Fitted, example: Example, pooling: str) -> None:
    prior_draws = fitted(example, pooling, "exact").draws["prior"]
    model = example.model(pooling)
    p = np.linspace(0.1, 0.9, 9)
    alone = pooling in ("none", "mem")
    for name in ("theta",) if alone else [name for name in model.pooling.parameters if name != "own"]:
        values = prior_draws[name].values.reshape(4000, -1)[:, 0]
        prior = model.level_priors["mu" if name == "theta" else name]
        assert prior.cdf(np.quantile(values, p)) == pytest.approx(p, abs=4.5 * 0.5 / np.sqrt(len(values)))


@pytest.mark.parametrize(("example", "pooling", "engine"), BY_ENGINE)
def test_a_saved_fit_comes_back_the_same(
    fitted: Fitted, example: Example, pooling: str, engine: str, tmp_path: Path
) -> None:
    fit = fitted(example, pooling, engine)
    path = fit.save(tmp_path / "fit.nc")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["fit.nc"]
    back = tc.read_fit(path)
    assert back.summary() == fit.summary()
    if pooling != "nested":  # where the shortest intervals take as long as all else here
        assert back.summary(0.8, "shortest") == fit.summary(0.8, "shortest")
    assert back.provenance == fit.provenance
    assert back.compiled.to_dict() == fit.compiled.to_dict()
    assert back.compiled.digest == fit.compiled.digest
    assert back.reportable
    assert tc.estimate(back).equals(tc.estimate(fit))
    for group in (*GROUPS, *(("sample_stats",) if engine == "nuts" else ())):
        assert back.draws[group].dataset.identical(fit.draws[group].dataset), group


def test_the_saved_file_is_netcdf_with_the_model_and_provenance_inside(fitted: Fitted, tmp_path: Path) -> None:
    import xarray

    (example,) = EXAMPLES["binomial", "proportion"]
    fit = fitted(example, "partial", "exact")
    with xarray.open_datatree(fit.save(tmp_path / "fit.nc"), engine="h5netcdf") as tree:
        assert set(GROUPS) <= set(tree.children)
        stored = json.loads(tree.attrs["tinycohort"])
    assert stored["compiled"]["data"] == {name: column.tolist() for name, column in fit.compiled.data.items()}
    assert stored["compiled"]["priors"]["tau"] == {"dist": "HalfNormal", "sigma": 0.7}
    assert stored["provenance"]["digests"]["data_and_model"] == fit.compiled.digest


@pytest.mark.parametrize(
    "pooling",
    [
        pytest.param(name, marks=() if name in QUICK and name not in _PLACED else SLOW)
        for name, cls in POOLINGS.items()
        if cls.sampled
    ],
)
def test_new_data_of_the_same_structure_use_the_compiled_sampler(
    fitted: Fitted, pooling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nutpie

    (example,) = EXAMPLES["binomial", "proportion"]
    first = fitted(example, pooling, "nuts")
    nuts.compiled_sampler(first.compiled)  # only so many are kept, and there were others since
    before = len(nuts._compiled)
    monkeypatch.setattr(nutpie, "compile_pymc_model", lambda *_: pytest.fail("the model was compiled again"))
    other = example.model(pooling, other=True)
    second = run(other, "nuts", seed=21)
    assert second.reportable, second.reasons
    assert len(nuts._compiled) == before
    errors = monte_carlo_errors(run(other, "exact", seed=21), second)
    assert {name: error for name, error in errors.items() if error >= 4.5} == {}
    # And the first data are not forgotten.
    again = run(example.model(pooling), "nuts", seed=20)
    assert np.array_equal(again.draws["posterior"]["theta"].values, first.draws["posterior"]["theta"].values)


def test_another_structure_is_another_compiled_sampler(monkeypatch: pytest.MonkeyPatch) -> None:
    import nutpie

    class Stub:
        def with_data(self, **data: Any) -> dict[str, Any]:
            return data

    monkeypatch.setattr(nuts, "_compiled", type(nuts._compiled)())
    monkeypatch.setattr(nutpie, "compile_pymc_model", lambda _: Stub())
    (example,) = EXAMPLES["binomial", "proportion"]
    shorter = {name: column[:3] for name, column in example.data.items()}
    models = [
        example.model("partial"),
        example.model("common"),
        example.model("partial", tau="HalfNormal(0.3)"),
        example.model("partial", mu="Normal(0, 1)"),
        Example(example.kind, example.family, shorter, shorter, example.priors, example.oracle).model("partial"),
        EXAMPLES["normal", "contrast"][0].model("partial"),
    ]
    for count, model in enumerate(models, start=1):
        given = nuts.compiled_sampler(model)
        assert len(nuts._compiled) == count
        assert {name: column.tolist() for name, column in given.items()} == {
            name: column.tolist() for name, column in model.pymc_data().items()
        }
    for model in models:
        nuts.compiled_sampler(model)
    assert len(nuts._compiled) == len(models)


# -- without a cohort -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("example", "pooling"), COMBINATIONS)
def test_a_model_survives_plain_types(example: Example, pooling: str) -> None:
    model = example.model(pooling)
    back = tc.CompiledModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert back.digest == model.digest
    point = random_points(model, 1)[0]
    assert back.log_density(point) == model.log_density(point)


@pytest.mark.parametrize(("example", "pooling"), COMBINATIONS)
def test_the_digest_follows_everything_that_fixes_the_density(example: Example, pooling: str) -> None:
    digests = {example.model(pooling).digest, example.model(pooling, other=True).digest}
    digests.add(example.model(pooling, mu="Normal(0, 0.9)").digest)
    assert len(digests) == 3
    assert example.model(pooling).digest in digests


@pytest.mark.parametrize(("example", "pooling"), COMBINATIONS)
def test_leaving_a_cohort_out_leaves_the_others_as_they_are(example: Example, pooling: str) -> None:
    model = example.model(pooling)
    for j in range(model.cohorts):
        rest = model.without(j)
        assert rest.labels == (*model.labels[:j], *model.labels[j + 1 :])
        for name, column in model.data.items():
            assert np.array_equal(rest.data[name], np.delete(column, j), equal_nan=True)
    with pytest.raises(ValueError, match="read-only"):
        model.data[next(iter(model.data))][0] = 1.0
