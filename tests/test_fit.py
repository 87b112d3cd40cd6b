"""`Fit`: what it says of itself, how it came to be, to a file and back; `fit` and `read_fit` when they cannot."""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import tinycohort as tc
from tinycohort.engines import nuts
from tinycohort.engines import run as engines_run
from tinycohort.engines.exact import solve
from tinycohort.engines.nuts import DrawsPosterior
from tinycohort.posterior import Fit

COUNTS = {"events": [1, 7, 9], "totals": [8, 27, 44]}


@pytest.fixture
def fit() -> Fit:
    return tc.pool(**COUNTS, seed=3)


@pytest.fixture(scope="module")
def evidence() -> tc.Evidence:
    return tc.read_evidence()


def complaint(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(tc.InputError) as caught:
        call(*arguments, **named)
    return str(caught.value)


# -- what it says -----------------------------------------------------------------------------------------------------


def test_a_fit_prints_its_model_priors_level_and_every_estimate(fit: Fit) -> None:
    text, summary = repr(fit), fit.summary()
    assert "3 cohorts, theta_j ~ Normal(mu, tau), engine exact" in text
    assert "Priors: mu ~ Logistic(0, 1), tau ~ HalfNormal(0.5). Intervals are equal-tailed, 95%." in text
    for name in ("typical", "average", "new_cohort", "tau"):
        shown = summary[name]
        assert f"{shown['median']:.3f}  ({shown['lower']:.3f} to {shown['upper']:.3f})" in text
    assert all(cohort["label"] in text for cohort in summary["cohorts"])
    assert "nan" not in text


@pytest.mark.parametrize("pooling", ["none", "common"])
def test_a_fit_prints_only_what_its_pooling_has(pooling: str) -> None:
    text = repr(tc.pool(**COUNTS, pooling=pooling, seed=1))
    assert "tau" not in text
    assert ("typical" in text) == (pooling == "common")


def test_the_html_of_a_fit_cannot_be_broken_by_a_label() -> None:
    fit = tc.pool(events=[1], totals=[3], labels=['<b>&"x"</b>'], seed=1)
    assert "<b>" not in fit._repr_html_()
    assert "&lt;b&gt;" in fit._repr_html_()


def test_a_summary_is_a_copy_that_plain_json_can_carry(fit: Fit) -> None:
    first = fit.summary()
    median = first["typical"]["median"]
    first["typical"]["median"] = 99
    first["cohorts"].clear()
    assert fit.summary()["typical"]["median"] == median
    assert json.loads(json.dumps(fit.summary(), allow_nan=False)) == fit.summary()


def test_levels_that_differ_are_different_summaries(fit: Fit) -> None:
    assert fit.summary(0.5)["typical"]["upper"] < fit.summary(0.95)["typical"]["upper"]
    assert fit.summary(0.95, "shortest")["typical"] != fit.summary(0.95)["typical"]
    assert fit.summary(np.float64(0.95)) == fit.summary()


# -- how it came to be ------------------------------------------------------------------------------------------------


def test_a_fit_knows_how_it_came_to_be(fit: Fit) -> None:
    provenance = fit.provenance
    assert (provenance["model"], provenance["engine"], provenance["seed"]) == ("pool", "exact", 3)
    assert provenance["digests"] == {"data_and_model": fit.compiled.digest}
    assert {"tinycohort", "python", "numpy", "scipy"} <= set(provenance["versions"])
    assert 0 < provenance["seconds"] < 60
    assert datetime.fromisoformat(provenance["started"]).tzinfo is not None


def test_a_seed_that_is_not_given_is_drawn_and_recorded() -> None:
    seeds = {tc.pool(**COUNTS).provenance["seed"] for _ in range(5)}
    assert len(seeds) == 5
    assert all(isinstance(seed, int) and seed >= 0 for seed in seeds)
    (seed, *_) = seeds
    ours, theirs = (tc.pool(**COUNTS, seed=seed).draws["posterior"]["theta"].values for _ in range(2))
    assert np.array_equal(ours, theirs)


def test_draws_are_made_when_first_asked_for_and_once(fit: Fit) -> None:
    made = []

    def make(one: Fit) -> xarray.DataTree:
        made.append(one)
        return xarray.DataTree()

    lazy = Fit(fit.compiled, fit.posterior, fit.provenance, make_draws=make)
    lazy.summary()
    tc.estimate(lazy)
    repr(lazy)
    assert made == []
    assert lazy.draws is lazy.draws
    assert made == [lazy]


def test_draws_carry_the_library_and_when(fit: Fit) -> None:
    attributes = fit.draws.attrs
    assert attributes["inference_library"] == "tinycohort"
    assert attributes["inference_library_version"] == tc.__version__
    assert attributes["created_at"] == fit.provenance["started"]


def test_draws_are_near_the_reported_numbers(fit: Fit) -> None:
    rates = fit.draws["posterior"]["probability"].values.reshape(-1, 3)
    for j, cohort in enumerate(fit.summary()["cohorts"]):
        assert rates[:, j].mean() == pytest.approx(cohort["mean"], abs=4.5 * cohort["sd"] / math.sqrt(len(rates)))


# -- fits of model files ----------------------------------------------------------------------------------------------


def test_a_fit_of_a_model_file_keeps_model_evidence_and_digests(evidence: tc.Evidence) -> None:
    fit = tc.fit("response_pd1", evidence, seed=1)
    assert fit.model.name == "response_pd1"
    assert [one.outcome.outcome_id for one in fit.evidence.used] == [row.outcome_id for row in fit.compiled.rows]
    digests = fit.provenance["digests"]
    assert digests == {
        "data_and_model": fit.compiled.digest,
        "model": fit.model.digest,
        "evidence": evidence.digest,
    }


def test_a_model_may_be_named_read_or_given_as_a_mapping(evidence: tc.Evidence) -> None:
    spec = tc.read_model("response_pd1")
    fits = [tc.fit(model, evidence, seed=1) for model in ("response_pd1", spec, spec.to_dict())]
    assert len({fit.compiled.digest for fit in fits}) == 1
    assert fits[0].summary() == fits[1].summary() == fits[2].summary()


def test_a_fit_of_a_model_file_comes_back_with_its_model_and_evidence(evidence: tc.Evidence, tmp_path: Path) -> None:
    fit = tc.fit(tc.read_model("response_pd1").variant("tau_100"), evidence, seed=1)
    back = tc.read_fit(fit.save(tmp_path / "fit.nc"))
    assert back.model.to_dict() == fit.model.to_dict()
    assert back.model.digest == fit.provenance["digests"]["model"]
    assert back.evidence.to_dict() == fit.evidence.to_dict()
    assert tc.estimate(back).equals(tc.estimate(fit))
    assert back.summary() == fit.summary()


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"engine": "stan"}, "engine: unknown engine 'stan'. Choose one of auto, exact, nuts."),
        ({"seed": "one"}, "seed: 'one' is not a whole number, zero or more"),
        ({"draws": 100}, "draws: the exact engine takes no sampler settings"),
    ],
)
def test_a_fit_with_wrong_choices_is_refused(evidence: tc.Evidence, named: dict[str, Any], said: str) -> None:
    assert said in complaint(tc.fit, "response_pd1", evidence, **named)


def test_a_model_that_does_not_exist_is_refused(evidence: tc.Evidence) -> None:
    assert "response_pd2" in complaint(tc.fit, "response_pd2", evidence)


def test_a_model_that_selects_nothing_is_refused(evidence: tc.Evidence) -> None:
    content = tc.read_model("response_pd1").to_dict()
    del content["variant"]
    content["evidence"]["where"]["tumour"] = ["melanoma"]
    message = complaint(tc.fit, content, evidence)
    assert "outcomes of objective_response is left" in message


# -- to a file and back -----------------------------------------------------------------------------------------------


def test_saving_takes_a_text_or_a_path_and_returns_where(fit: Fit, tmp_path: Path) -> None:
    assert fit.save(str(tmp_path / "a.nc")) == tmp_path / "a.nc"
    assert fit.save(tmp_path / "b.nc") == tmp_path / "b.nc"
    assert tc.read_fit(str(tmp_path / "a.nc")).summary() == tc.read_fit(tmp_path / "b.nc").summary()


def test_saving_again_replaces_the_file(fit: Fit, tmp_path: Path) -> None:
    other = tc.pool(events=[2], totals=[5], seed=1)
    other.save(tmp_path / "fit.nc")
    fit.save(tmp_path / "fit.nc")
    assert tc.read_fit(tmp_path / "fit.nc").summary() == fit.summary()
    assert [entry.name for entry in tmp_path.iterdir()] == ["fit.nc"]


def test_a_fit_that_was_read_can_be_saved_again(fit: Fit, tmp_path: Path) -> None:
    back = tc.read_fit(fit.save(tmp_path / "a.nc"))
    again = tc.read_fit(back.save(tmp_path / "b.nc"))
    assert again.summary() == fit.summary()
    assert again.provenance == fit.provenance
    assert again.draws["posterior"].dataset.identical(fit.draws["posterior"].dataset)


def test_saving_leaves_the_draws_as_they_were(fit: Fit, tmp_path: Path) -> None:
    before = dict(fit.draws.attrs)
    fit.save(tmp_path / "fit.nc")
    assert fit.draws.attrs == before


def test_labels_of_any_script_survive_a_file(tmp_path: Path) -> None:
    labels = ["鼻咽癌 2019", "Müller & Søn", "a/b \\ 'c'"]
    back = tc.read_fit(tc.pool(**COUNTS, labels=labels, seed=1).save(tmp_path / "fit.nc"))
    assert list(back.compiled.labels) == labels
    assert list(back.draws["posterior"]["cohort"].values) == labels


@pytest.mark.parametrize("pooling", ["none", "common", "partial"])
def test_a_fit_of_contrasts_comes_back_with_the_intervals_given(pooling: str, tmp_path: Path) -> None:
    tau = "HalfNormal(0.5)" if pooling == "partial" else None
    fit = tc.pool(
        estimates=[0.5, 1.2],
        lower=[0.2, 0.8],
        upper=[0.9, 1.7],
        ratio=True,
        mu="Normal(0, 1)",
        tau=tau,
        pooling=pooling,
    )
    back = tc.read_fit(fit.save(tmp_path / "fit.nc"))
    assert back.summary() == fit.summary()
    assert back.summary()["cohorts"][0]["lower_given"] == 0.2


def test_a_place_that_cannot_be_written_to_is_explained_and_stays_empty(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("here first", encoding="utf-8")
    for path, said in [
        (tmp_path / "nowhere" / "fit.nc", "cannot be written"),
        (tmp_path / "file.txt" / "fit.nc", "cannot be written"),
        (tmp_path, "is a folder"),
    ]:
        assert said in complaint(fit.save, path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.txt"]


def test_writing_that_breaks_off_leaves_the_old_file_and_nothing_else(
    fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fit.save(tmp_path / "fit.nc")
    before = path.read_bytes()

    def break_off(tree: Any, name: str, **_: Any) -> None:
        Path(name).write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xarray.DataTree, "to_netcdf", break_off)
    other = tc.pool(events=[2], totals=[5], seed=1)
    assert "No space left on device" in complaint(other.save, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["fit.nc"]


def test_files_that_hold_no_fit_are_refused_with_a_reason(tmp_path: Path) -> None:
    text, empty, foreign = (tmp_path / name for name in ("text.nc", "empty.nc", "foreign.nc"))
    text.write_text("label,events,total\n", encoding="utf-8")
    empty.write_bytes(b"")
    xarray.DataTree(xarray.Dataset({"x": ("draw", [1.0])})).to_netcdf(foreign, engine="h5netcdf")
    for path, said in [
        (tmp_path / "missing.nc", "does not exist"),
        (tmp_path, "is a folder"),
        (text, "cannot be read"),
        (empty, "cannot be read"),
        (foreign, "holds no tinycohort fit"),
    ]:
        message = complaint(tc.read_fit, path)
        assert said in message
        assert str(path) in message
        assert "Give a file that Fit.save wrote." in message


def test_a_file_cut_short_is_refused_with_a_reason(fit: Fit, tmp_path: Path) -> None:
    path = fit.save(tmp_path / "fit.nc")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "cannot be read" in complaint(tc.read_fit, path)


def changed(fit: Fit, path: Path, change: Any) -> Path:
    """A saved fit whose stored description is changed."""
    fit.save(path)
    with xarray.open_datatree(path, engine="h5netcdf") as opened:
        tree = opened.load()
    stored = json.loads(tree.attrs["tinycohort"])
    change(stored)
    tree.attrs["tinycohort"] = json.dumps(stored)
    path.unlink()
    tree.to_netcdf(path, engine="h5netcdf")
    return path


def test_a_stored_number_that_this_version_does_not_reproduce_is_refused(fit: Fit, tmp_path: Path) -> None:
    path = changed(fit, tmp_path / "fit.nc", lambda stored: stored.update(log_marginal_likelihood=-7.0))
    message = complaint(tc.read_fit, path)
    assert "log marginal likelihood -7.0 by version" in message
    assert "Fit it again, or read it with the version that wrote it." in message


def test_a_file_of_a_later_format_is_refused(fit: Fit, tmp_path: Path) -> None:
    path = changed(fit, tmp_path / "fit.nc", lambda stored: stored.update(format=999))
    assert "999" in complaint(tc.read_fit, path)


def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let draws of the exact engine stand for those of NUTS, whose sampler takes seconds to compile."""

    def sample(model: tc.CompiledModel, seed: int, *, draws: int, chains: int) -> DrawsPosterior:
        return DrawsPosterior(model, solve(model).draws(chains, draws, seed), {"diverging": np.zeros((chains, draws))})

    monkeypatch.setattr(nuts, "sample", sample)


def test_a_blocked_fit_stays_blocked_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_draws(monkeypatch)
    sampled = tc.pool(events=[3, 8], totals=[9, 20], pooling="common", engine="nuts", seed=1, draws=50, chains=2)
    assert not sampled.reportable
    back = tc.read_fit(sampled.save(tmp_path / "fit.nc"))
    assert back.reasons == sampled.reasons
    assert back.summary() == sampled.summary()
    assert back.summary()["typical"] is None


# -- engines ----------------------------------------------------------------------------------------------------------


def test_auto_takes_the_exact_engine_where_it_applies(fit: Fit) -> None:
    for pooling in ("none", "common", "partial"):
        assert tc.pool(**COUNTS, pooling=pooling).provenance["engine"] == "exact"


def test_a_pooling_that_the_exact_engine_does_not_know_goes_to_nuts(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    class Novel(type(fit.compiled.pooling)):
        name = "novel"

    novel = tc.CompiledModel(
        "novel",
        fit.compiled.family,
        fit.compiled.likelihood,
        Novel(),
        fit.compiled.priors,
        fit.compiled.rows,
        fit.compiled.data,
    )
    asked = []
    monkeypatch.setattr(engines_run, "_solve", lambda compiled, engine, *_: asked.append(engine) or fit.posterior)
    engines_run.run(novel, seed=1)
    assert asked[0] == "nuts"
    message = complaint(engines_run.run, novel, "exact", seed=1)
    assert "the exact engine does not know pooling 'novel'" in message
