"""`reproduce`: tables, figures, fits and pages that hold together, and the comparison of the engines."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import tinycohort as tc
from evidence import made_up
from support.pages import Run, blocking, fit_of, not_pooled, own, reported_in, reproduced_in, small, squeezed
from tinycohort.cli import ANSWERED, WRONG, main
from tinycohort.reporting.agreement import Comparison, compare_engines
from tinycohort.reporting.figures import FIGURES
from tinycohort.reporting.folder import MARKER, list_files
from tinycohort.reporting.writing import Verdict

EVIDENCE = tc.read_evidence()
# The model of groups, and those of survival, take as long as all others: all of them where time is.
SPECS = {name: tc.read_model(name) for name in tc.bundled_models()}
MODELS = [n for n, spec in SPECS.items() if spec.pooling.kind != "nested" and spec.quantity.build_shape() is None]
# Those that are quickly made: pooled single arms, and a cohort that stands alone. Pairs of arms where time is.
SEVERAL = ["response_after_sbrt", "toxicity_grade3"]
_OF_SURVIVAL = {"survival", "cohort_curves", "hazard", "prior_posterior_shape"}
# But for that of cohorts that are all alike; those of survival are made where time is.
DRAWN = {kind.name for kind in FIGURES} - {"prior_posterior"} - _OF_SURVIVAL


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The bundled models by both engines."""
    return reproduced_in(tmp_path_factory.mktemp("both"), models=MODELS)


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Some of them by the exact engine alone, with nothing taken over from the others."""
    return reproduced_in(tmp_path_factory.mktemp("exact"), engine="exact", models=SEVERAL, fresh=True)


# -- what is written ---------------------------------------------------------------------------------------------------


def test_everything_stands_and_is_there(everything: Run) -> None:
    assert everything.verdict.ok, everything.verdict.problems
    tables = "cohorts diagnostics engines estimates evidence_left_out evidence_used moves priors variants"
    expected = {
        "index.html",
        *(f"{name}.html" for name in MODELS),
        MARKER,
        *(f"tables/{name}.csv" for name in tables.split()),
    }
    for name in MODELS:
        expected |= {f"fits/{name}_exact.nc", f"fits/{name}_nuts.nc"}
        model = tc.read_model(name)
        kinds = DRAWN if model.pooling.kind != "none" else {"forest", "prior_predictive"}
        kinds = kinds if "unpublished_half" in model.variants else kinds - {"unpublished"}
        expected |= {f"figures/{k}_{name}.{s}" for k in kinds for s in ("svg", "pdf")}
    assert set(list_files(everything.folder)) == expected
    assert [path.name for path in everything.folder.parent.iterdir()] == ["results"]
    assert all(any(name in line for line in everything.said) for name in MODELS)


@pytest.mark.slow
def test_every_bundled_model_is_reproduced_and_the_engines_agree(tmp_path: Path) -> None:
    run = reproduced_in(tmp_path, fresh=True)
    assert run.verdict.ok, run.verdict.problems
    assert {f"{name}.html" for name in tc.bundled_models()} < set(run.pages)


def test_the_same_seed_gives_the_same_bytes(exact: Run, tmp_path: Path) -> None:
    again = reproduced_in(tmp_path, engine="exact", models=SEVERAL, fresh=True)
    assert list_files(again.folder) == list_files(exact.folder)
    for name in list_files(exact.folder):
        if name != MARKER and not name.startswith("fits/"):  # these know when they were made
            assert (again.folder / name).read_bytes() == (exact.folder / name).read_bytes(), name


def test_two_workers_say_what_one_says(tmp_path: Path) -> None:
    cohorts = [made_up.cohort(name) for name in ("a", "b")]
    numbers = [made_up.count("a"), made_up.count("b", 0, 5)]
    models: list[str] = []
    for name in ("first", "second"):
        choices = own(tmp_path, small(name) if name == "first" else not_pooled(small(name)), cohorts, numbers)
        models += choices["models"]
    environment = dict(os.environ)
    runs = []
    for workers in (1, 2):
        (tmp_path / f"by_{workers}").mkdir()
        runs.append(reproduced_in(tmp_path / f"by_{workers}", **choices | {"models": models, "workers": workers}))
    assert dict(os.environ) == environment  # in which the number of threads stands while workers are started
    one, two = runs
    assert one.verdict.answers == two.verdict.answers
    assert sorted(line.partition(":")[0] for line in one.said) == sorted(line.partition(":")[0] for line in two.said)
    assert list_files(two.folder) == list_files(one.folder)
    for name in list_files(one.folder):
        if name != MARKER and not name.startswith("fits/"):  # these know when they were made
            assert (two.folder / name).read_bytes() == (one.folder / name).read_bytes(), name


def test_the_second_engine_changes_no_table_and_no_figure_of_the_first(exact: Run, everything: Run) -> None:
    assert_same_tables_and_figures(exact, everything, SEVERAL)


@pytest.mark.slow
def test_the_second_engine_changes_nothing_of_pairs_of_arms_and_of_many_variants(
    everything: Run, tmp_path: Path
) -> None:
    models = ["abscopal_contrast", "response_pd1"]
    exact = reproduced_in(tmp_path, engine="exact", models=models, fresh=True)
    assert_same_tables_and_figures(exact, everything, models)


def assert_same_tables_and_figures(exact: Run, everything: Run, models: list[str]) -> None:
    for name in ("estimates", "variants", "cohorts", "evidence_used", "evidence_left_out", "priors", "moves"):
        assert exact.table(name) == [row for row in everything.table(name) if row["model"] in models], name
    figures = [name for name in list_files(exact.folder) if name.startswith("figures/")]
    assert figures
    for name in figures:
        assert (exact.folder / name).read_bytes() == (everything.folder / name).read_bytes(), name


def test_the_provenance_tells_the_time_the_seed_and_the_digest_of_every_file(everything: Run) -> None:
    content = json.loads((everything.folder / MARKER).read_text())
    assert set(content["files"]) == set(list_files(everything.folder)) - {MARKER}
    assert {"started", "seconds", "seed", "versions", "evidence", "models"} <= set(content)
    assert content["models"] == {name: tc.read_model(name).digest for name in MODELS}
    for package in ("tinycohort", "python", "numpy", "scipy", "pymc", "nutpie"):
        assert content["versions"][package] in everything.source("index")


@pytest.mark.parametrize("name", MODELS)
def test_the_fits_can_be_read_back_and_say_the_same(everything: Run, name: str) -> None:
    exact, nuts = (tc.read_fit(everything.folder / "fits" / f"{name}_{engine}.nc") for engine in ("exact", "nuts"))
    assert exact.summary()["typical"] == fit_of(name).summary()["typical"]
    assert nuts.provenance["engine"] == "nuts"
    first, second = (one.posterior.marginal("cohort", 0) for one in (exact, nuts))
    assert second.mean == pytest.approx(first.mean, abs=0.15 * first.sd)
    assert_same_estimands(exact, nuts)


def assert_same_estimands(exact: tc.Fit, nuts: tc.Fit) -> None:
    """What a model asks, answered from draws: probabilities, and what a ratio means at a baseline."""
    ours, theirs = tc.estimate(exact), tc.estimate(nuts)
    assert list(ours["name"]) == list(theirs["name"])
    assert list(ours["probability"].isna()) == list(theirs["probability"].isna())
    # A probability from at least 400 effective draws.
    error = 4.5 * np.sqrt(0.25 / 400)
    given = ours["probability"].notna()
    assert list(theirs["probability"][given]) == pytest.approx(list(ours["probability"][given]), abs=error)
    # What is taken at a baseline follows from the ratio of odds, median by median.
    baseline = ours["baseline"].notna()
    assert (abs(theirs["median"][baseline] - ours["median"][baseline]) <= 0.25 * ours["sd"][baseline]).all()


# -- tables ------------------------------------------------------------------------------------------------------------


def test_there_is_one_row_per_model_variant_and_estimand(everything: Run) -> None:
    expected = []
    for name in MODELS:
        model = tc.read_model(name)
        for variant in ("", *model.variants):
            table = tc.estimate(fit_of(model.name, variant))
            table = table[table["target"] != "cohort"]
            expected += [(name, variant, *row) for row in zip(table["name"], table["label"].fillna(""), strict=True)]
    rows = everything.table("variants")
    assert [(row["model"], row["variant"], row["estimand"], row["label"]) for row in rows] == expected
    base = [row for row in rows if not row["variant"]]
    assert {row["median_change"] for row in base} <= {"0", ""}


@pytest.mark.parametrize("name", MODELS)
def test_the_tables_hold_what_the_fits_say(everything: Run, name: str) -> None:
    model = tc.read_model(name)
    for variant in ("", *model.variants):
        fit = fit_of(model.name, variant)
        mine = [row for row in everything.table("cohorts") if (row["model"], row["variant"]) == (name, variant)]
        summary = fit.summary()
        assert [row["label"] for row in mine] == [cohort["label"] for cohort in summary["cohorts"]]
        for row, cohort, score in zip(mine, summary["cohorts"], summary["elpd_loco"]["cohorts"], strict=True):
            for column in ("events", "total", "control_events", "control_total"):
                assert row[column] == ("" if cohort.get(column) is None else str(cohort[column]))
            for column in ("median", "lower", "upper", "shrinkage"):
                assert float(row[column]) == pytest.approx(cohort[column], rel=1e-7)
            assert float(row["elpd_loco"]) == pytest.approx(score, rel=1e-7)
        estimates = [row for row in everything.table("estimates") if (row["model"], row["variant"]) == (name, variant)]
        assert [row["name"] for row in estimates] == list(tc.estimate(fit)["name"])
        used = [row for row in everything.table("evidence_used") if (row["model"], row["variant"]) == (name, variant)]
        assert [row["outcome_id"] for row in used] == [one.outcome.outcome_id for one in fit.evidence.numbers]
        left = [row for row in everything.table("evidence_left_out") if row["model"] == name]
        asked = {one.outcome_id for one in EVIDENCE.outcomes.values() if one.endpoint == fit.model.evidence.endpoint}
        assert {r["outcome_id"] for r in used} | {r["outcome_id"] for r in left if r["variant"] == variant} == asked


def test_every_number_used_stands_in_the_table_as_printed_with_its_place(everything: Run) -> None:
    for row in everything.table("evidence_used"):
        outcome = EVIDENCE.outcomes[row["outcome_id"]]
        assert row["printed"] == outcome.printed
        assert row["locator"] == outcome.locator
        before, turned, _ = row["derivation"].partition("; turned round, ")
        assert before == (outcome.derivation or "")
        assert not turned or outcome.measure == "hazard_ratio"
        assert row["citation"] == EVIDENCE.sources[outcome.source_id].citation


# -- models and evidence of one's own ----------------------------------------------------------------------------------


def test_a_variant_that_selects_nothing_is_told_and_is_no_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = small()
    content["variant"] = [
        {"name": "nobody", "why": "Whom does it leave?", "set": {"evidence.where.design": ["randomised"]}},
        {"name": "alike", "why": "What if all are alike?", "set": {"pooling.kind": "common"}, "unset": ["priors.tau"]},
    ]
    choices = own(tmp_path, content, [made_up.cohort("a")], [made_up.count("a")])
    arguments = ["--data", str(choices["evidence"]), "--models", *choices["models"], "--output", str(tmp_path / "r")]
    assert main(["reproduce", "--quick", *arguments]) == WRONG
    reason = "none of 1 outcomes of objective_response is left"
    assert f"Problem: small:nobody cannot be fitted: [evidence]: {reason}" in capsys.readouterr().out
    run = Run(tmp_path / "r", Verdict(tmp_path, (), "", ()), [])
    assert reason in run.page("small").text
    (row,) = (row for row in run.table("variants") if row["variant"] == "nobody")
    assert reason in row["reasons"]
    assert row["reportable"] == "false"


def test_a_fit_that_may_not_be_reported_is_told_and_blocks_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinycohort.reporting import results

    monkeypatch.setattr(results, "fit", blocking(results.fit, lambda _: True))
    run = reproduced_in(tmp_path, models=["response_pd1:common"], engine="exact")
    assert not run.verdict.ok
    assert "may not be reported: an estimate moved by 0.1" in run.verdict.problems[0]
    assert "Not everything here stands" in run.page().text
    assert "No answer: an estimate moved by 0.1." in run.page().text
    text = run.page("response_pd1-common").text
    assert "No answer: an estimate moved by 0.1." in text
    for row in EVIDENCE.outcomes.values():  # a study that was left out printed the same percentage
        text = text.replace(f"\N{LEFT DOUBLE QUOTATION MARK}{squeezed(row.printed)}\N{RIGHT DOUBLE QUOTATION MARK}", "")
    assert "24%" not in text
    assert [row["median"] for row in run.table("estimates")] == [""] * len(run.table("estimates"))
    assert [name for name in list_files(run.folder) if name.startswith(("figures", "fits"))] == []


def test_ones_own_numbers_lead_to_ones_own_figures(tmp_path: Path) -> None:
    cohorts = [made_up.cohort(name) for name in ("a", "b")]
    numbers = [made_up.count("a"), made_up.count("b", 0, 5)]
    run = reproduced_in(tmp_path, **own(tmp_path, not_pooled(small()), cohorts, numbers))
    assert run.verdict.ok
    assert "the cohorts are not pooled" in run.verdict.answers[0]
    figures = [name for name in list_files(run.folder) if name.startswith("figures")]
    kinds = ("forest", "prior_predictive")
    assert figures == [f"figures/{kind}_small.{suffix}" for kind in kinds for suffix in ("pdf", "svg")]


# -- the folder --------------------------------------------------------------------------------------------------------


def test_earlier_results_are_replaced_as_a_whole_and_only_if_they_are_ours(tmp_path: Path) -> None:
    choices: dict[str, Any] = {"models": ["response_pd1:common"], "engine": "exact"}
    (tmp_path / "results").mkdir()
    first = reproduced_in(tmp_path, **choices)
    before = list_files(first.folder)
    (first.folder / "tables" / ".DS_Store").write_text("")
    again = reproduced_in(tmp_path, **choices)
    assert list_files(again.folder) == before
    assert not (again.folder / "tables" / ".DS_Store").exists()
    (again.folder / "notes.txt").write_text("mine")
    with pytest.raises(tc.InputError, match=r"tinycohort did not write 'notes.txt', and replaces nothing else"):
        reproduced_in(tmp_path, **choices)
    assert (again.folder / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_failure_leaves_earlier_results_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices: dict[str, Any] = {"models": ["response_pd1:common"], "engine": "exact"}
    first = reproduced_in(tmp_path, **choices)
    before = {name: (first.folder / name).read_bytes() for name in list_files(first.folder)}
    monkeypatch.setattr("tinycohort.reporting.writing.index_page", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reproduced_in(tmp_path, **choices)
    assert {name: (first.folder / name).read_bytes() for name in list_files(first.folder)} == before
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_report_takes_the_place_of_a_report_and_not_of_tables_and_fits(tmp_path: Path) -> None:
    reported_in(tmp_path, "response_pd1:common")
    again = reported_in(tmp_path, "toxicity_grade3:common")
    assert list_files(again.folder) == ["index.html", MARKER, "toxicity_grade3-common.html"]
    choices: dict[str, Any] = {"models": ["response_pd1:common"], "engine": "exact"}
    results = reproduced_in(tmp_path, **choices).folder
    before = list_files(results)
    with pytest.raises(tc.InputError, match="holds what tinycohort reproduce wrote, which tinycohort report does not"):
        tc.report("response_pd1:common", to=results)
    assert list_files(results) == before
    results.rename(tmp_path / "elsewhere")
    again.folder.rename(results)
    assert reproduced_in(tmp_path, **choices).verdict.ok
    assert list_files(results) == before


# -- the engines -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(everything: Run) -> tuple[tc.Fit, tc.Fit]:
    """One model by both engines, as `reproduce` saved them."""
    name = "response_pd1"
    return tuple(tc.read_fit(everything.folder / "fits" / f"{name}_{kind}.nc") for kind in ("exact", "nuts"))  # type: ignore[return-value]


def test_the_engines_agree_by_a_rule_that_is_told(everything: Run) -> None:
    assert everything.verdict.engines.startswith("The engines agree: largest of ")
    rows = everything.table("engines")
    assert {row["agrees"] for row in rows} == {"true"}
    assert {row["statistic"] for row in rows} == {"mean", "2.5%", "50%", "97.5%"}
    assert max(abs(float(row["distance"])) for row in rows) <= float(rows[0]["limit"])
    for name in MODELS:
        cohorts = [row for row in rows if row["model"] == name and row["target"] == "cohort"]
        assert len(cohorts) == 4 * fit_of(name).compiled.cohorts
    assert f"none of the {len(rows)} differences exceeds" in everything.page().text
    for name in MODELS:
        mine = [row for row in rows if row["model"] == name]
        assert f"Of {len(mine)} numbers by both engines the furthest apart" in everything.page(name).text


def test_distances_are_of_the_size_that_chance_gives(everything: Run) -> None:
    # Many numbers of one run depend on each other; still a wrong standard error would show as a wrong spread.
    distances = [float(row["distance"]) for row in everything.table("engines")]
    spread = (sum(distance**2 for distance in distances) / len(distances)) ** 0.5
    assert 0.4 < spread < 2.0


def test_an_engine_that_has_seen_other_data_is_found_out(pair: tuple[tc.Fit, tc.Fit]) -> None:
    exact, nuts = pair
    counts = exact.compiled.data
    events = counts["events"].astype(int)
    events[3] += 12  # of 190
    other = tc.pool(events=list(events), totals=list(counts["total"].astype(int)), labels=list(exact.compiled.labels))
    agreement = compare_engines([("wrong", other, nuts)])
    assert agreement.verdict.startswith("The engines differ on ")
    assert any("POLARIS" in complaint for complaint in agreement.complaints)
    assert compare_engines([("right", exact, nuts)]).complaints == []


def test_a_spread_that_is_a_tenth_too_narrow_is_found_out(pair: tuple[tc.Fit, tc.Fit]) -> None:
    exact, nuts = pair
    posterior = nuts.draws["posterior"].dataset
    middle = posterior["theta"].mean(("chain", "draw"))
    tree = nuts.draws.copy()
    tree["posterior"] = xarray.DataTree(posterior.assign(theta=middle + 0.9 * (posterior["theta"] - middle)))
    narrow = tc.Fit(nuts.compiled, nuts.posterior, nuts.provenance, make_draws=lambda _: tree)
    assert compare_engines([("narrow", exact, narrow)]).differing


def test_a_fit_that_did_not_converge_is_not_compared_and_that_is_a_problem(pair: tuple[tc.Fit, tc.Fit]) -> None:
    exact, nuts = pair
    stuck = copy.copy(nuts.posterior)
    stuck.reasons = ("R-hat is 1.2",)
    blocked = tc.Fit(nuts.compiled, stuck, nuts.provenance, make_draws=lambda _: nuts.draws)
    agreement = compare_engines([("stuck", exact, blocked)])
    assert agreement.comparisons == ()
    assert agreement.complaints == ["stuck: the engines cannot be compared, as a fit may not be reported"]


def test_a_difference_that_is_no_number_counts_as_one() -> None:
    def comparison(found: float, error: float) -> Comparison:
        return Comparison("m", "tau", "", "mean", 0.2, found, 0.2, found, error)

    assert comparison(0.3, 0.0).distance == float("inf")
    assert comparison(0.2, 0.0).distance == 0.0
    assert comparison(0.3, 0.05).distance == pytest.approx(2.0)
    agreement = dataclasses.replace(compare_engines([]), comparisons=(comparison(float("nan"), 0.1),))
    assert len(agreement.differing) == 1


def test_engines_that_differ_end_with_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tinycohort.reporting import results

    fit = results.fit

    def other_data(model: Any, evidence: Any, engine: str, seed: int, **_: Any) -> tc.Fit:
        # Draws of the exact engine stand for those of NUTS, from the numbers of another variant.
        return fit("response_pd1:without_evaluable" if engine == "nuts" else model, evidence, "exact", seed)

    monkeypatch.setattr(results, "fit", other_data)
    name = "response_pd1:common"
    assert main(["reproduce", "--models", name, "--output", str(tmp_path / "results")]) == WRONG
    said = capsys.readouterr().out
    assert "The engines differ on " in said
    assert f"Problem: {name}: the engines differ on the " in said


def test_the_command_answers_in_sentences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["reproduce", "--quick", "--models", "response_pd1:common", "--output", str(tmp_path / "r")]) == ANSWERED
    )
    said = capsys.readouterr()
    assert said.out.startswith(
        "response_pd1:common. Objective response: 24% of patients in every cohort, if all are alike"
    )
    assert "Written to" in said.out
    assert all(line.startswith("tinycohort: ") for line in said.err.splitlines())
