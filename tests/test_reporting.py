"""`reproduce`: tables, figures, fits and a page that hold together, and the comparison of the engines."""

from __future__ import annotations

import copy
import csv
import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import xarray

import tinycohort as tc
from evidence import made_up
from spec_contents import contrast
from tinycohort.cli import ANSWERED, WRONG, main
from tinycohort.reporting.agreement import Comparison, compare_engines
from tinycohort.reporting.folder import MARKER, list_files
from tinycohort.reporting.markup import escape, identifier, inline_svg, link, tag
from tinycohort.reporting.reproduction import Verdict, reproduce
from tinycohort.reporting.words import percent
from tinycohort.tables import write_folder

EVIDENCE = tc.read_evidence()
MODELS = tc.bundled_models()


@dataclasses.dataclass
class Run:
    folder: Path
    verdict: Verdict
    said: list[str]

    @property
    def page(self) -> str:
        return (self.folder / "index.html").read_text(encoding="utf-8")

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def run_in(folder: Path, **choices: Any) -> Run:
    said: list[str] = []
    verdict = reproduce(folder / "results", progress=said.append, **choices)
    return Run(folder / "results", verdict, said)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All bundled models by both engines."""
    return run_in(tmp_path_factory.mktemp("both"))


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_in(tmp_path_factory.mktemp("exact"), engine="exact")


# -- what is written ---------------------------------------------------------------------------------------------------


def test_everything_stands_and_is_there(everything: Run) -> None:
    assert everything.verdict.ok, everything.verdict.problems
    tables = "cohorts diagnostics engines estimates evidence_left_out evidence_used priors variants"
    expected = {"index.html", MARKER, *(f"tables/{name}.csv" for name in tables.split())}
    for name in MODELS:
        expected |= {f"fits/{name}_exact.nc", f"fits/{name}_nuts.nc"}
        expected |= {f"figures/{k}_{name}.{s}" for k in ("forest", "prior_posterior") for s in ("svg", "pdf")}
    assert set(list_files(everything.folder)) == expected
    assert [path.name for path in everything.folder.parent.iterdir()] == ["results"]
    assert all(any(name in line for line in everything.said) for name in MODELS)


def test_the_same_seed_gives_the_same_bytes(exact: Run, tmp_path: Path) -> None:
    again = run_in(tmp_path, engine="exact")
    assert list_files(again.folder) == list_files(exact.folder)
    for name in list_files(exact.folder):
        if name != MARKER and not name.startswith("fits/"):  # these know when they were made
            assert (again.folder / name).read_bytes() == (exact.folder / name).read_bytes(), name


def test_the_second_engine_changes_no_table_of_the_first(exact: Run, everything: Run) -> None:
    for name in ("estimates", "variants", "cohorts", "evidence_used", "evidence_left_out", "priors"):
        path = f"tables/{name}.csv"
        assert (exact.folder / path).read_bytes() == (everything.folder / path).read_bytes()


def test_the_provenance_tells_the_time_the_seed_and_the_digest_of_every_file(everything: Run) -> None:
    content = json.loads((everything.folder / MARKER).read_text())
    assert set(content["files"]) == set(list_files(everything.folder)) - {MARKER}
    assert {"started", "seconds", "seed", "versions", "evidence", "models"} <= set(content)
    assert content["models"] == {name: tc.read_model(name).digest for name in MODELS}
    for package in ("tinycohort", "python", "numpy", "scipy", "pymc", "nutpie"):
        assert content["versions"][package] in everything.page


@pytest.mark.parametrize("name", MODELS)
def test_the_fits_can_be_read_back_and_say_the_same(everything: Run, name: str) -> None:
    exact, nuts = (tc.read_fit(everything.folder / "fits" / f"{name}_{engine}.nc") for engine in ("exact", "nuts"))
    assert exact.summary()["typical"] == tc.fit(name, EVIDENCE).summary()["typical"]
    assert nuts.provenance["engine"] == "nuts"
    assert nuts.summary()["typical"]["median"] == pytest.approx(exact.summary()["typical"]["median"], abs=0.01)


# -- tables ------------------------------------------------------------------------------------------------------------


def test_there_is_one_row_per_model_variant_and_estimand(everything: Run) -> None:
    expected = []
    for name in MODELS:
        model = tc.read_model(name)
        wanted = [one.name for one in model.estimands if one.target != "cohort"]
        expected += [(name, variant, estimand) for variant in ("", *model.variants) for estimand in wanted]
    rows = everything.table("variants")
    assert [(row["model"], row["variant"], row["estimand"]) for row in rows] == expected
    base = [row for row in rows if not row["variant"]]
    assert {row["median_change"] for row in base} <= {"0", ""}


@pytest.mark.parametrize("name", MODELS)
def test_the_tables_hold_what_the_fits_say(everything: Run, name: str) -> None:
    model = tc.read_model(name)
    for variant in ("", *model.variants):
        fit = tc.fit(model.variant(variant) if variant else model, EVIDENCE)
        mine = [row for row in everything.table("cohorts") if (row["model"], row["variant"]) == (name, variant)]
        summary = fit.summary()
        assert [row["label"] for row in mine] == [cohort["label"] for cohort in summary["cohorts"]]
        for row, cohort, score in zip(mine, summary["cohorts"], summary["elpd_loco"]["cohorts"], strict=True):
            assert int(row["events"]) == cohort["events"]
            for column in ("median", "lower", "upper", "shrinkage"):
                assert float(row[column]) == pytest.approx(cohort[column], rel=1e-7)
            assert float(row["elpd_loco"]) == pytest.approx(score, rel=1e-7)
        estimates = [row for row in everything.table("estimates") if (row["model"], row["variant"]) == (name, variant)]
        assert [row["name"] for row in estimates] == list(tc.estimate(fit)["name"])
        used = [row for row in everything.table("evidence_used") if (row["model"], row["variant"]) == (name, variant)]
        assert [row["outcome_id"] for row in used] == [row.outcome_id for row in fit.compiled.rows]
        left = [row for row in everything.table("evidence_left_out") if row["model"] == name]
        asked = {one.outcome_id for one in EVIDENCE.outcomes.values() if one.endpoint == model.evidence.endpoint}
        assert {r["outcome_id"] for r in used} | {r["outcome_id"] for r in left if r["variant"] == variant} == asked


def test_every_number_used_stands_in_the_table_as_printed_with_its_place(everything: Run) -> None:
    for row in everything.table("evidence_used"):
        outcome = EVIDENCE.outcomes[row["outcome_id"]]
        assert row["printed"] == outcome.printed
        assert row["locator"] == outcome.locator
        assert row["derivation"] == (outcome.derivation or "")
        assert row["citation"] == EVIDENCE.sources[outcome.source_id].citation


# -- the page ----------------------------------------------------------------------------------------------------------

VOID = {"meta", "br", "link", "col", "wbr"}


class Page(HTMLParser):
    """A page taken apart, which must be put together properly."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert len({key for key, _ in attributes}) == len(attributes), f"an attribute twice in <{name}>"
        found = dict(attributes)
        self.elements.append((name, found))
        self.ids += [str(found["id"])] if "id" in found else []
        self.links += [str(found[key]) for key in ("href", "src", "xlink:href") if key in found]
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert "svg" in self.open, f"<{name}/> outside of SVG"
        self.handle_starttag(name, attributes)
        if name not in VOID:
            self.open.pop()

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        if not {"style", "svg"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_the_page_is_well_formed_and_needs_nothing_else(everything: Run) -> None:
    assert everything.page.startswith("<!DOCTYPE html>\n<html lang=")
    page = Page(everything.page)
    names = [name for name, _ in page.elements]
    assert not {"script", "iframe", "img", "link", "object", "embed", "metadata"} & set(names)
    assert [names.count(name) for name in ("html", "head", "title", "body", "main", "h1")] == [1] * 6
    assert len(page.ids) == len(set(page.ids))
    for address in page.links:
        assert address[1:] in page.ids if address.startswith("#") else re.match(r"https?://", address)
    for reference in re.findall(r"url\(([^)]*)\)", everything.page):
        assert reference.startswith("#")
        assert reference[1:] in page.ids
    assert "@import" not in everything.page
    assert names.count("svg") == 2 * len(MODELS)
    assert all(found.get("aria-label") for name, found in page.elements if name == "svg")
    for name, found in page.elements:
        assert name != "table" or "style" not in found


def test_wide_tables_scroll_inside_their_own_box(everything: Run) -> None:
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in everything.page
    assert len(re.findall(r'<div class="scroll"[^>]*><table>', everything.page)) == everything.page.count("<table>")
    assert ".scroll { overflow-x: auto;" in everything.page
    assert "@media print" in everything.page


@pytest.mark.parametrize("name", MODELS)
def test_each_question_is_answered_in_a_sentence_with_its_uncertainty(everything: Run, name: str) -> None:
    summary = tc.fit(name, EVIDENCE).summary()
    text = Page(everything.page).text
    (answer,) = (line for line in everything.verdict.answers if line.startswith(f"{name}. "))
    assert answer.removeprefix(f"{name}. ") in text
    assert squeezed(tc.read_model(name).question) in text
    for target in ("typical", "new_cohort"):
        for value in ("median", "lower", "upper"):
            assert percent(summary[target][value]) in answer


@pytest.mark.parametrize("name", MODELS)
def test_the_page_lists_every_number_with_its_source_and_what_was_left_out(everything: Run, name: str) -> None:
    text, model = Page(everything.page).text, tc.read_model(name)
    fits = [tc.fit(model.variant(v) if v else model, EVIDENCE) for v in ("", *model.variants)]
    for fit in fits:
        for used in fit.evidence.used:
            for part in (used.outcome.printed, used.outcome.locator, used.source.citation, used.outcome.derivation):
                assert squeezed(part or "") in text
    for left in fits[0].evidence.left_out:
        assert squeezed(left.detail) in text
    for parameter, why in model.whys.items():
        assert squeezed(f"{model.priors[parameter]}") in text
        assert squeezed(why) in text
    for variant in model.variants:
        assert squeezed(model.variant(variant).why) in text


def test_a_variant_that_flips_a_contradiction_says_so_where_its_number_stands(everything: Run) -> None:
    flipped = [row for row in everything.table("evidence_used") if row["variant"] == "stable_counted"]
    base = {row["outcome_id"]: row for row in everything.table("evidence_used") if not row["variant"]}
    changed = [row for row in flipped if row["events"] != base[row["outcome_id"]]["events"]]
    assert len(changed) == 1
    text = Page(everything.page).text
    assert text.count(f"Contradiction. Here the other side is taken, '{changed[0]['events']}'. events: ") == 1


def test_the_first_page_tells_of_prospective_cohorts_and_of_what_is_not_corrected(everything: Run) -> None:
    first = Page(everything.page.partition("<nav")[0] + "</header></body></html>").text
    assert first.count("From prospective cohorts alone it is") == len(MODELS)
    assert "unpublished" in first
    assert "The engines agree" in first


def test_no_time_is_told_outside_of_the_provenance(everything: Run) -> None:
    started = json.loads((everything.folder / MARKER).read_text())["started"]
    for name in list_files(everything.folder):
        if name != MARKER and not name.startswith("fits/"):
            assert started[:10].encode() not in (everything.folder / name).read_bytes()


# -- models and evidence of one's own ----------------------------------------------------------------------------------

EVIL = '<script>alert("1")</script> & <b>'


def own(
    folder: Path, content: dict[str, Any], cohorts: list[Any], outcomes: list[Any], **others: Any
) -> dict[str, Any]:
    """A model and evidence on disk; the choices with which `reproduce` takes them."""
    tables = made_up.tables(cohorts, outcomes)
    write_folder(tc.read_evidence(tables | others).tables, folder / "evidence")
    path = folder / f"{content['name']}.toml"
    path.write_text(tc.read_model(content).to_toml(), encoding="utf-8")
    return {"evidence": folder / "evidence", "models": [str(path)], "engine": "exact"}


def small() -> dict[str, Any]:
    """A model of counts that takes any cohort."""
    content = copy.deepcopy(tc.read_model("response_pd1").to_dict())
    content["evidence"]["where"] = {"disease": ["melanoma"]}
    del content["variant"]
    return content


def test_text_of_models_and_evidence_is_escaped(tmp_path: Path) -> None:
    content = small() | {"title": f"Title {EVIL}", "question": f"Question {EVIL}?"}
    content["priors"]["mu"]["why"] = f"Why {EVIL}"
    cohorts = [made_up.cohort("a", label=f"A {EVIL}"), made_up.cohort("b", label="B --> ]]>")]
    outcomes = [
        made_up.count("a", printed=f"3/20 {EVIL}", locator=f"Table {EVIL}", derivation=f"So {EVIL}"),
        made_up.count("b"),
    ]
    source = made_up.source(citation=f"Paper {EVIL}", address="javascript:alert(1)")
    run = run_in(tmp_path, **own(tmp_path, content, cohorts, outcomes, sources=[source]))
    assert run.verdict.ok
    page = Page(run.page)
    assert "script" not in [name for name, _ in page.elements]
    assert not any("javascript" in address for address in page.links)
    for part in (f"Title {EVIL}", f"Question {EVIL}?", f"Why {EVIL}", f"A {EVIL}", f"3/20 {EVIL}", f"Table {EVIL}"):
        assert squeezed(part) in page.text
    assert f"Paper {EVIL}" in page.text


def test_ratios_are_told_as_ratios(tmp_path: Path) -> None:
    content = contrast() | {"name": "hazard"}
    content["evidence"]["endpoint"] = "overall_survival"
    content["evidence"]["where"] = {"disease": ["melanoma"]}
    content.pop("variant", None)
    cohorts = [made_up.cohort(name) for name in ("a", "b", "c", "d")]
    ratio = {"measure": "hazard_ratio", "criteria": "unstated", "level": 0.95, "source_id": "paper", "locator": "T"}
    outcomes = [
        {"outcome_id": f"{one}_hr", "cohort_id": one, "comparator_id": other, "endpoint": "overall_survival"}
        | ratio
        | {"value": value, "lower": lower, "upper": upper, "printed": f"{value} ({lower}-{upper})"}
        for one, other, value, lower, upper in (("a", "b", 0.8, 0.5, 1.3), ("c", "d", 0.6, 0.3, 1.1))
    ]
    run = run_in(tmp_path, **own(tmp_path, content, cohorts, outcomes))
    summary = tc.fit(content, tc.read_evidence(tmp_path / "evidence")).summary()
    assert run.verdict.answers[0].startswith(
        f"hazard. Overall survival: a ratio of {summary['typical']['median']:.2f} in a typical cohort (95% credible"
    )
    assert "It rests on 2 cohorts." in Page(run.page).text


def test_cohorts_that_are_not_pooled_have_an_answer_each(tmp_path: Path) -> None:
    content = small()
    content["pooling"]["kind"] = "none"
    del content["priors"]["tau"]
    content["estimand"] = [one for one in content["estimand"] if one.get("target") == "cohort"]
    cohorts = [made_up.cohort(name) for name in ("a", "b")]
    run = run_in(tmp_path, **own(tmp_path, content, cohorts, [made_up.count("a"), made_up.count("b", 0, 5)]))
    assert run.verdict.ok
    assert "the cohorts are not pooled" in run.verdict.answers[0]
    assert Page(run.page).text.count("0 of 5") >= 1
    assert [name for name in list_files(run.folder) if name.startswith("figures")] == [
        "figures/forest_response_pd1.pdf",
        "figures/forest_response_pd1.svg",
    ]


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
    assert f"Problem: response_pd1:nobody cannot be fitted: [evidence]: {reason}" in capsys.readouterr().out
    run = Run(tmp_path / "r", Verdict(tmp_path, (), "", ()), [])
    assert reason in Page(run.page).text
    (row,) = (row for row in run.table("variants") if row["variant"] == "nobody")
    assert reason in row["reasons"]
    assert row["reportable"] == "false"


def test_a_fit_that_may_not_be_reported_is_told_and_blocks_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinycohort.reporting import results

    fit = results.fit

    def blocked(*arguments: Any, **others: Any) -> tc.Fit:
        found = fit(*arguments, **others)
        found.posterior.reasons = ("an estimate moved by 0.1",)
        return found

    monkeypatch.setattr(results, "fit", blocked)
    run = run_in(tmp_path, models=["response_pd1:common"], engine="exact")
    assert not run.verdict.ok
    assert "may not be reported: an estimate moved by 0.1" in run.verdict.problems[0]
    text = Page(run.page).text
    assert "Not everything here stands" in text
    assert "No answer: an estimate moved by 0.1." in text
    for row in EVIDENCE.outcomes.values():  # a study that was left out printed the same percentage
        text = text.replace(f"\N{LEFT DOUBLE QUOTATION MARK}{squeezed(row.printed)}\N{RIGHT DOUBLE QUOTATION MARK}", "")
    assert "24%" not in text
    assert [row["median"] for row in run.table("estimates")] == [""] * len(run.table("estimates"))
    assert [name for name in list_files(run.folder) if name.startswith(("figures", "fits"))] == []


# -- the folder --------------------------------------------------------------------------------------------------------


def test_earlier_results_are_replaced_as_a_whole_and_only_if_they_are_ours(tmp_path: Path) -> None:
    choices: dict[str, Any] = {"models": ["response_pd1:common"], "engine": "exact"}
    (tmp_path / "results").mkdir()
    first = run_in(tmp_path, **choices)
    before = list_files(first.folder)
    (first.folder / "tables" / ".DS_Store").write_text("")
    again = run_in(tmp_path, **choices)
    assert list_files(again.folder) == before
    assert not (again.folder / "tables" / ".DS_Store").exists()
    (again.folder / "notes.txt").write_text("mine")
    with pytest.raises(tc.InputError, match=r"tinycohort did not write 'notes.txt', and replaces nothing else"):
        run_in(tmp_path, **choices)
    assert (again.folder / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_failure_leaves_earlier_results_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices: dict[str, Any] = {"models": ["response_pd1:common"], "engine": "exact"}
    first = run_in(tmp_path, **choices)
    before = {name: (first.folder / name).read_bytes() for name in list_files(first.folder)}
    monkeypatch.setattr("tinycohort.reporting.reproduction.write_page", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_in(tmp_path, **choices)
    assert {name: (first.folder / name).read_bytes() for name in list_files(first.folder)} == before
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


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
        assert len(cohorts) == 4 * tc.fit(name, EVIDENCE).compiled.cohorts
    assert f"none of the {len(rows)} differences exceeds" in Page(everything.page).text


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
    assert said.out.startswith("response_pd1:common. Objective response: 24% of patients in a typical cohort")
    assert "Written to" in said.out
    assert all(line.startswith("tinycohort: ") for line in said.err.splitlines())


# -- markup ------------------------------------------------------------------------------------------------------------


def test_markup_escapes_text_and_leaves_markup_alone() -> None:
    assert (
        tag("p", "a < b & c", tag("b", '"'), title='"x"')
        == '<p title="&quot;x&quot;">a &lt; b &amp; c<b>&quot;</b></p>'
    )
    assert escape("a\x00b\u202ec") == "a\ufffdb\ufffdc"
    assert identifier("a_<b>") == '<span class="code">a_<wbr>&lt;b&gt;</span>'
    assert link("x<", "javascript:alert(1)") == "x&lt;"
    assert link("x", "https://doi.org/10.1/<a>") == '<a href="https://doi.org/10.1/&lt;a&gt;">x</a>'


def test_identifiers_of_an_inline_figure_are_its_own() -> None:
    svg = (
        '<?xml version="1.0"?><svg width="1pt" viewBox="0 0 1 1"><metadata>x</metadata>'
        '<defs> <style type="a">*{b}</style> </defs><g id="a"/><use xlink:href="#a" clip-path="url(#b)"/>'
        '<g id="b"/></svg>'
    )
    inside = inline_svg(svg, "p", 'a "b"')
    assert inside == (
        '<svg role="img" aria-label="a &quot;b&quot;" viewBox="0 0 1 1"><g id="p-0"/>'
        '<use xlink:href="#p-0" clip-path="url(#p-1)"/><g id="p-1"/></svg>'
    )


def test_the_check_of_pages_notices_what_is_wrong() -> None:
    for wrong in ("<p><b>x</p></b>", "<p>x", '<p id="a" id="b">x</p>', "<br/>"):
        with pytest.raises(AssertionError):
            Page(wrong)
