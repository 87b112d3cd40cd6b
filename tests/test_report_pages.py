"""The report: pages that are well formed, answer first, and lead from every number to where it was printed."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import tinycohort as tc
from evidence import made_up
from spec_contents import contrast, survival
from support.pages import EVIL, Page, Run, blocking, counts, fit_of, not_pooled, reported_in, small, squeezed
from tinycohort.cli import ANSWERED, WRONG, main
from tinycohort.likelihoods import LIKELIHOODS
from tinycohort.pooling import POOLINGS
from tinycohort.reporting import figures, methods
from tinycohort.reporting.folder import MARKER, list_files
from tinycohort.reporting.page.estimates import interval_text
from tinycohort.reporting.page.markup import Row, escape, formula, identifier, link, symbols, table, tag
from tinycohort.reporting.page.pictures import inline_svg
from tinycohort.reporting.words import figure, of_quantity, percent

EVIDENCE = tc.read_evidence()
# The model of groups, with its many variants, takes as long as all others; so do those of survival.
SPECS = {name: tc.read_model(name) for name in tc.bundled_models()}
LONG = [n for n, spec in SPECS.items() if spec.pooling.kind == "nested" or spec.quantity.build_shape() is not None]
MODELS = [name for name in SPECS if name not in LONG]
ALL = [*MODELS, *(pytest.param(name, marks=pytest.mark.slow) for name in LONG)]
LARGEST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Run]:
    """The report of the bundled models, and that of those that take long."""
    return cache(lambda long: reported_in(tmp_path_factory.mktemp("bundled"), LONG if long else MODELS))


@pytest.fixture
def bundled(request: pytest.FixtureRequest, reports: Callable[[bool], Run]) -> Run:
    """The report that holds the model that the test is about."""
    named = getattr(request.node, "callspec", None)
    return reports(named is not None and named.params.get("name") in LONG)


# -- form --------------------------------------------------------------------------------------------------------------


def test_there_is_a_page_over_all_models_and_one_a_model(bundled: Run) -> None:
    assert bundled.verdict.ok, bundled.verdict.problems
    assert set(list_files(bundled.folder)) == {"index.html", MARKER, *(f"{name}.html" for name in MODELS)}
    assert [path.name for path in bundled.folder.parent.iterdir()] == ["report"]
    content = json.loads((bundled.folder / MARKER).read_text())
    assert content["made_by"] == "tinycohort report"
    assert set(content["files"]) == set(bundled.pages)


@pytest.mark.parametrize("name", ["index", *ALL])
def test_a_page_is_well_formed_and_needs_nothing_else(bundled: Run, name: str) -> None:
    source, page = bundled.source(name), bundled.page(name)
    assert source.startswith("<!DOCTYPE html>\n<html lang=")
    assert len(source.encode()) < LARGEST_BYTES
    assert [page.count(one) for one in ("html", "head", "title", "body", "main", "h1", "script", "style")] == [1] * 8
    assert not {"iframe", "img", "object", "embed", "metadata", "form"} & {found for found, _ in page.elements}
    assert len(page.ids) == len(set(page.ids))
    for address in page.links:
        if address.startswith("#"):
            assert address[1:] in page.ids, address
        elif address.startswith(("http://", "https://")):
            continue
        else:
            assert address == "data:," or (bundled.folder / address.partition("#")[0]).is_file(), address
    for reference in re.findall(r"url\(([^)]*)\)", source):
        assert reference.startswith("#")
        assert reference[1:] in page.ids
    assert "@import" not in source
    assert all(found.get("aria-label") for kind, found in page.elements if kind == "svg")


@pytest.mark.parametrize("name", ["index", *ALL])
def test_a_page_lets_nothing_be_loaded_and_no_other_script_run(bundled: Run, name: str) -> None:
    elements = bundled.page(name).elements
    (rules,) = (found["content"] for _, found in elements if found.get("http-equiv") == "Content-Security-Policy")
    assert str(rules).startswith("default-src 'none'; ")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}';", str(rules))
    assert not any(key.startswith("on") for _, found in elements for key in found)


def test_the_same_models_and_evidence_give_the_same_bytes(bundled: Run, tmp_path: Path) -> None:
    again = reported_in(tmp_path, "response_pd1", EVIDENCE, fresh=True)
    assert again.source("response_pd1") == bundled.source("response_pd1")


def test_no_time_is_told_outside_of_the_provenance(bundled: Run) -> None:
    started = json.loads((bundled.folder / MARKER).read_text())["started"]
    for name in bundled.pages:
        assert started[:10].encode() not in (bundled.folder / name).read_bytes()


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_each_question_is_answered_in_a_sentence_with_its_uncertainty_and_main_weakness(
    bundled: Run, name: str
) -> None:
    fit = fit_of(name)
    (answer,) = (line for line in bundled.verdict.answers if line.startswith(f"{name}. "))
    for page in (bundled.page(), bundled.page(name)):
        assert answer.removeprefix(f"{name}. ") in page.text
        assert "Main weakness. " in page.text
        assert squeezed(tc.read_model(name).question) in page.text
    summary, write = fit.summary(), of_quantity(fit.compiled.family.quantity)
    pooled = fit.compiled.pooling.name != "none"
    for one in (summary["typical"], summary["new_cohort"]) if pooled else summary["cohorts"]:
        for value in ("median", "lower", "upper"):
            assert write(one[value]) in answer
    assert f"{name}.html" in bundled.page().links


@pytest.mark.parametrize("name", ALL)
def test_the_first_page_tells_of_prospective_cohorts_and_of_what_is_not_corrected(bundled: Run, name: str) -> None:
    model, text = tc.read_model(name), bundled.page(name).text
    if "prospective_only" in model.variants:
        fit = fit_of(name, "prospective_only")
        new = of_quantity(fit.compiled.family.quantity)(fit.summary()["new_cohort"]["median"])
        assert f"From prospective cohorts alone it is {new} (" in text
        assert f"From prospective cohorts alone it is {new} (" in bundled.page().text
    # Every model of single arms asks what was never published; of randomised arms it is no question.
    corrected = any(variant.startswith("unpublished") for variant in model.variants)
    assert corrected is (model.quantity.family == "proportion")
    assert ("Corrected for series that went unpublished because nobody in them had it" in text) is corrected
    assert "Nothing here corrects for small series" not in text


def test_where_no_variant_corrects_for_unpublished_series_the_first_page_says_so(tmp_path: Path) -> None:
    run = reported_in(tmp_path, "response_pd1:tau_100")
    assert "Nothing here corrects for small series that went unpublished" in run.page().text


@pytest.mark.parametrize("name", ALL)
def test_every_variant_has_a_panel_with_its_own_answer_figure_and_estimates(bundled: Run, name: str) -> None:
    page, model = bundled.page(name), tc.read_model(name)
    choices = [found.get("value") for kind, found in page.elements if kind == "option"]
    panels = [found for _, found in page.elements if "data-choice" in found]
    assert choices == ["", *model.variants]
    assert [found["data-choice"] for found in panels] == ["", *model.variants]
    assert ["hidden" in found for found in panels] == [False] + [True] * len(model.variants)
    forests = [found for _, found in page.elements if found.get("data-figure") == "forest"]
    assert len(forests) == 1 + len(model.variants)
    for variant in model.variants:
        fit = fit_of(model.name, variant)
        assert squeezed(fit.model.why) in page.text
        for cohort in fit.summary()["cohorts"]:
            assert interval_text(cohort["lower"], cohort["upper"], fit.compiled.family.quantity) in page.text


@pytest.mark.parametrize("name", ALL)
def test_every_number_used_stands_there_as_printed_with_place_source_derivation_and_contradictions(
    bundled: Run, name: str
) -> None:
    page, model = bundled.page(name), tc.read_model(name)
    for variant in ("", *model.variants):
        fit = fit_of(model.name, variant)
        for used in fit.evidence.used:
            for part in (used.outcome.printed, used.outcome.locator, used.source.citation, used.outcome.derivation):
                assert squeezed(part or "") in page.text
            assert f"number-{used.outcome.outcome_id}" in page.ids
            assert f"#number-{used.outcome.outcome_id}" in page.links
            for row in EVIDENCE.discrepancies.values():
                if (row.table, row.row_id) == ("outcomes", used.outcome.outcome_id):
                    assert squeezed(row.reason) in page.text
    for left in fit_of(name).evidence.left_out:
        assert squeezed(left.detail) in page.text
        assert squeezed(EVIDENCE.outcomes[left.outcome_id].printed) in page.text


@pytest.mark.parametrize("name", ALL)
def test_each_prior_stands_with_its_reason_and_with_what_the_data_did_to_it(bundled: Run, name: str) -> None:
    text, model = bundled.page(name).text, tc.read_model(name)
    fit, symbols = fit_of(name), {"mu": "μ", "tau": "τ", "tau_group": "τgroup", "shape": "shape"}
    for parameter, why in model.whys.items():
        assert f"{symbols[parameter]} ∼ {model.priors[parameter]}" in text
        assert squeezed(why) in text
        overlap = tc.prior_posterior_overlap(fit, parameter)
        if overlap is None:
            assert "It is the prior of each cohort on its own." in text
        else:
            assert f"prior and posterior overlap by {100 * overlap:.0f}%" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LONG if "stable_counted" in SPECS[name].variants])
def test_a_variant_that_flips_a_contradiction_says_so_where_its_number_stands(bundled: Run, name: str) -> None:
    text = bundled.page(name).text
    taken = fit_of(name, "stable_counted").evidence.used
    (number,) = (one.outcome for one in taken if one.outcome.outcome_id == "grimaldi_2014_unirradiated")
    assert text.count(f"Contradiction. Here the other side is taken, '{number.events}'. events: ") == 1
    assert "Read otherwise here: Grimaldi 2014" in text


def test_numbers_that_only_a_variant_uses_are_told_apart(bundled: Run) -> None:
    rows = [found for _, found in bundled.page("response_pd1").elements if "data-users" in found]
    own = {one.outcome_id for one in fit_of("response_pd1").compiled.rows}
    assert {str(found["id"]) for found in rows if "class" not in found} == {f"number-{name}" for name in own}
    silent = [str(found["data-users"]).split() for found in rows if found.get("class") == "silent"]
    assert silent
    assert not any("-" in users for users in silent)


def test_versions_digests_and_the_way_to_the_same_numbers_are_told(bundled: Run) -> None:
    text = bundled.page("response_pd1").text
    fit = tc.fit("response_pd1", EVIDENCE, seed=1)
    for digest in (tc.read_model("response_pd1").digest, EVIDENCE.digest, fit.compiled.digest):
        assert digest in text
    assert f"tinycohort {tc.__version__}, python " in text
    assert "tinycohort fit response_pd1" in text


# -- models of every sort ----------------------------------------------------------------------------------------------


def test_text_of_models_and_evidence_is_escaped(tmp_path: Path) -> None:
    content = small() | {"title": f"Title {EVIL}", "question": f"Question {EVIL}?"}
    content["priors"]["mu"]["why"] = f"Why {EVIL}"
    content["variant"] = [{"name": "wide", "why": f"Wide {EVIL}", "set": {"priors.tau.sigma": 1.0}}]
    cohorts = [made_up.cohort("a", label=f"A {EVIL}"), made_up.cohort("b", label="B")]
    outcomes = [
        made_up.count("a", printed=f"3/20 {EVIL}", locator=f"Table {EVIL}", derivation=f"So {EVIL}"),
        made_up.count("b"),
    ]
    source = made_up.source(citation=f"Paper {EVIL}", address="javascript:alert(1)")
    run = reported_in(tmp_path, tc.read_model(content), made_up.evidence(cohorts, outcomes, sources=[source]))
    assert run.verdict.ok
    for page in (run.page(), run.page("small")):
        assert page.count("script") == 1
        assert not any("javascript" in address for address in page.links)
        assert f"Title {EVIL}" in page.text
        assert f"Question {EVIL}?" in page.text
    for part in ("Why", "Wide", "A", "3/20", "Table", "So", "Paper"):
        assert f"{part} {EVIL}" in run.page("small").text


def test_ratios_are_told_as_ratios_with_the_probability_that_they_are_below_one(tmp_path: Path) -> None:
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
    evidence = made_up.evidence(cohorts, outcomes)
    run = reported_in(tmp_path, tc.read_model(content), evidence)
    fit = tc.fit(content, evidence)
    typical = fit.summary()["typical"]["median"]
    assert run.verdict.answers[0].startswith(
        f"hazard. Overall survival: a hazard ratio of {typical:.2f} in a typical cohort (95% credible"
    )
    text = run.page("hazard").text
    below = 1.0 - tc.probability_above(fit, 1.0)
    assert f"The probability that it is below 1 is {below:.2f} in a typical cohort and " in text
    assert "It rests on 2 cohorts." in text
    assert "0.50 to 1.30" in text
    assert "unpublished" not in text


def test_survival_is_told_in_months_with_its_curves_and_where_they_are_extrapolated(tmp_path: Path) -> None:
    content = survival()
    evidence = made_up.evidence(
        [made_up.cohort("a", 30), made_up.cohort("b", 12, design="case_series")],
        [made_up.landmark("a", 12.0, 0.6), made_up.landmark("a", 24.0, 0.4), made_up.landmark("b", 12.0, 0.75)],
    )
    run = reported_in(tmp_path, tc.read_model(content), evidence)
    assert run.verdict.ok, run.verdict.problems
    page, fit = run.page("lives"), tc.fit(content, evidence)
    typical, new = (fit.summary()[target] for target in ("typical", "new_cohort"))
    assert f"Overall survival: a median of {figure(typical['median'])} months in a typical cohort" in page.text
    assert f"95% credible interval {figure(typical['lower'])} to {figure(typical['upper'])}" in page.text
    assert f"and {figure(new['median'])} in a new cohort like these" in page.text
    alive = tc.curve_marginal(fit, "survival", 12.0, "new_cohort").summary(0.95)
    assert f"Alive at 12 months: {percent(alive['median'])} (" in page.text
    assert "No number of the evidence reaches beyond 24 months." in page.text
    assert "At 48 months the curves are extrapolated" in page.text
    drawn = {found.get("data-figure") for _, found in page.elements}
    assert {"survival", "cohort_curves", "hazard"} <= drawn
    assert "prior_posterior_shape" not in drawn  # of a shape that is known
    # No arm is compared with another, and what a landmark says without a curve is nothing.
    assert "Design: prospective single arm in 1 and case series in 1." in page.text
    assert "Arms that" not in page.text
    assert "by itself" not in page.text


def test_a_column_of_what_cohorts_say_by_themselves_stands_where_they_say_something(bundled: Run) -> None:
    text = bundled.page("response_pd1").text
    assert "by itself" in text
    assert "by itself" not in bundled.page("abscopal_contrast").text  # two arms say nothing without a model


def test_cohorts_that_are_not_pooled_have_an_answer_each(tmp_path: Path) -> None:
    content = not_pooled(small())
    content["variant"] = [
        {"name": "narrow", "why": "Why not?", "set": {"priors.mu.scale": 0.5}},
    ]
    evidence = counts(a=(3, 20), b=(0, 5))
    run = reported_in(tmp_path, tc.read_model(content), evidence)
    summary = tc.fit(content, evidence).summary()
    assert run.verdict.ok
    low, high = sorted(summary["cohorts"], key=lambda cohort: cohort["median"])
    assert f"from {percent(low['median'])} of patients in {low['label']} (95% credible" in run.verdict.answers[0]
    assert f"to {percent(high['median'])} in {high['label']} (" in run.verdict.answers[0]
    page = run.page("small")
    assert "0 of 5" in page.text
    assert "forest" in [found.get("data-figure") for _, found in page.elements]
    assert "prior_posterior" not in [found.get("data-figure") for _, found in page.elements]


def test_cohorts_that_are_all_alike_have_one_answer(tmp_path: Path) -> None:
    run = reported_in(tmp_path, "response_pd1:common")
    assert run.pages == ["index.html", "response_pd1-common.html"]
    assert "24% of patients in every cohort, if all are alike (95% credible interval" in run.verdict.answers[0]
    assert "This is a variant." in run.page("response_pd1-common").text
    assert "choice" not in run.page("response_pd1-common").ids


@pytest.mark.parametrize("pooled", [True, False])
def test_one_cohort_is_told_as_one(tmp_path: Path, pooled: bool) -> None:
    content = small() if pooled else not_pooled(small())
    run = reported_in(tmp_path, tc.read_model(content), counts(a=(6, 7)))
    assert run.verdict.ok
    text = run.page("small").text
    assert "It rests on 1 cohort, in which 6 of 7 people had it." in text
    assert "Main weakness. It rests on one cohort, A" in text
    assert ("the data said nothing about tau" in text.lower()) == pooled


def test_a_blocked_model_has_a_page_without_an_answer_and_its_variants_keep_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinycohort.reporting import results

    monkeypatch.setattr(results, "fit", blocking(results.fit, lambda model: not model.why))
    content = tc.read_model("response_pd1").to_dict()
    content["variant"] = content["variant"][:3]
    run = reported_in(tmp_path, tc.read_model(content))
    assert not run.verdict.ok
    page = run.page("response_pd1")
    assert "No answer: an estimate moved by 0.1." in page.text
    assert "Main weakness. There is no answer, because the fit may not be reported." in page.text
    forests = [found for _, found in page.elements if found.get("data-figure") == "forest"]
    assert len(forests) == 3
    for row in tc.compile_model(tc.read_model("response_pd1"), EVIDENCE).rows:
        assert f"“{squeezed(row.printed)}”" in page.text
    assert "Not everything here stands" in run.page().text


def test_a_cohort_that_the_others_do_not_predict_is_named(tmp_path: Path) -> None:
    evidence = counts(a=(2, 40), b=(3, 41), c=(2, 39), far=(36, 40))
    run = reported_in(tmp_path, tc.read_model(small()), evidence)
    table = tc.plots.posterior_predictive_table(tc.fit(small(), evidence))
    (row,) = (row for row in table.to_dict("records") if row["label"] == "FAR")
    predicted = f"where {row['lower']:.0f} to {row['upper']:.0f} were predicted"
    said = f"FAR (36 of 40, {predicted}) lies outside of the 95% interval."
    assert run.page().text.count(said) == 1
    assert run.page("small").text.count(said) == 2
    alike = reported_in(tmp_path, tc.read_model(small()), counts(a=(6, 30), b=(7, 31), c=(5, 29)))
    assert "Predicted from the others, every cohort lies within its 95% interval." in alike.page("small").text


def test_a_variant_without_an_answer_says_why_on_its_panel(tmp_path: Path) -> None:
    content = small()
    content["variant"] = [
        {"name": "nobody", "why": "Whom does it leave?", "set": {"evidence.where.design": ["randomised"]}}
    ]
    run = reported_in(tmp_path, tc.read_model(content), counts(a=(3, 20), b=(2, 9)))
    assert not run.verdict.ok
    assert "It cannot be fitted: [evidence]: none of 2 outcomes of objective_response is left" in run.page("small").text


def test_a_further_figure_is_an_entry_and_stands_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (forest, *_) = figures.FIGURES
    more = [
        dataclasses.replace(forest, name=f"more_{place}", place=place, of_variants=False, about=f"About {place}")
        for place in figures.PLACES
    ]
    monkeypatch.setattr(figures, "FIGURES", (forest, *more))
    content = small() | {"variant": [{"name": "wide", "why": "Is it?", "set": {"priors.tau.sigma": 1.0}}]}
    source = reported_in(tmp_path, tc.read_model(content), counts(a=(3, 20), b=(2, 9))).source("small")
    assert Page(source).count("figure") == 2 + len(figures.PLACES)
    for place in figures.PLACES:
        section = source[source.index(f'id="{place}"') :].partition("</section>")[0]
        assert section.count(f'data-figure="more_{place}"') == source.count(f'data-figure="more_{place}"') == 1


def test_every_kind_of_number_and_of_pooling_is_put_into_words() -> None:
    assert set(LIKELIHOODS) <= set(methods._LIKELIHOODS)
    assert set(POOLINGS) <= set(methods._POOLINGS)


# -- the command and the function --------------------------------------------------------------------------------------


def test_the_command_takes_models_from_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "models").mkdir()
    for name in ("one", "two"):
        content = small(name) | {"evidence": tc.read_model("response_pd1").to_dict()["evidence"]}
        (tmp_path / "models" / f"{name}.toml").write_text(tc.read_model(content).to_toml())
    folder, to = str(tmp_path / "models"), str(tmp_path / "report")
    assert main(["report", "--models", folder, "--to", to]) == ANSWERED
    said = capsys.readouterr()
    assert said.out.startswith("one. Objective response: 24% of patients in a typical cohort")
    assert all(line.startswith("tinycohort: ") for line in said.err.splitlines())
    assert list_files(Path(to)) == ["index.html", "one.html", MARKER, "two.html"]
    assert main(["report", "two", "--models", folder, "--to", to]) == ANSWERED
    assert list_files(Path(to)) == ["index.html", MARKER, "two.html"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "nowhere"], "nowhere: there is no such folder."),
        (["one", "--models", "empty"], "one.toml: there is no such file."),
        (["--models", "empty"], "empty: there is no model file in it."),
        (["response_pd1", "response_pd1"], "two models have this name"),
        (["response_pd"], "Did you mean 'response_pd1'?"),
        (["--data", "nowhere"], "nowhere: there is no such folder."),
    ],
)
def test_what_cannot_be_reported_is_refused_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    assert main(["report", *arguments]) == WRONG
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_model_whose_page_would_be_the_first_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tc.InputError, match=r"which is the page over all models\. Give it another name"):
        tc.report(tc.read_model(small("index")), counts(a=(1, 2)), tmp_path / "report")
    assert list(tmp_path.iterdir()) == []


def test_models_and_evidence_are_taken_as_they_were_read(tmp_path: Path) -> None:
    names: list[Any] = [tc.read_model(small("one")), tc.read_model(small("two"))]
    run = reported_in(tmp_path, names, counts(a=(3, 20), b=(2, 9)))
    assert run.pages == ["index.html", "one.html", "two.html"]
    assert "Written to" in str(run.verdict)


# -- markup ------------------------------------------------------------------------------------------------------------


def test_markup_escapes_text_and_leaves_markup_alone() -> None:
    mixed = tag("p", "a < b & c", tag("b", '"'), title='"x"')
    assert mixed == '<p title="&quot;x&quot;">a &lt; b &amp; c<b>&quot;</b></p>'
    assert tag("p", hidden=True, id=None) == "<p hidden></p>"
    assert escape("a\x00b\u202ec") == "a\ufffdb\ufffdc"
    assert identifier("a_<b>") == '<span class="code">a_<wbr>&lt;b&gt;</span>'
    assert link("x<", "javascript:alert(1)") == "x&lt;"
    assert link("x", "https://doi.org/10.1/<a>") == '<a href="https://doi.org/10.1/&lt;a&gt;">x</a>'
    assert symbols("<mu> - p_j") == "&lt;<i>μ</i>&gt; - <i>p</i><sub>j</sub>"
    assert formula("x < tau_group") == '<span class="formula">x &lt; <i>τ</i><sub>group</sub></span>'


def test_a_row_of_a_table_that_stacks_knows_its_headings() -> None:
    made = table("C", ("", "one <"), [Row(("a", "1"), {"id": "x"}), ("b", "")], stacked=True)
    assert (
        '<tr id="x"><th scope="row" class="text">a</th><td class="number" data-heading="one &lt;">1</td></tr>' in made
    )
    assert '<td class="number"></td>' in made


def test_identifiers_of_an_inline_figure_are_its_own() -> None:
    svg = (
        '<?xml version="1.0"?><svg width="1pt" viewBox="0 0 1 1"><metadata>x</metadata>'
        '<defs> <style type="a">*{b}</style> </defs><g id="a"/><use xlink:href="#a" clip-path="url(#b)"/>'
        '<g id="b"/><g id="c"/></svg>'
    )
    assert inline_svg(svg, "p", 'a "b"') == (
        '<svg role="img" aria-label="a &quot;b&quot;" viewBox="0 0 1 1"><g id="p-0"/>'
        '<use xlink:href="#p-0" clip-path="url(#p-1)"/><g id="p-1"/><g/></svg>'
    )


def test_an_inline_figure_is_smaller_and_its_text_untouched() -> None:
    svg = (
        '<svg viewBox="0 0 1 1"><path d="M 1.23456 7\nL 8.5 -0.98765"/><text style="font-size: 7px; font-family: '
        '\'A\', serif; text-anchor: middle" transform="rotate(-0 1 2)">Trial 1.23456 > 2.34567</text>'
        "<text style=\"font-family: 'A', serif\">x</text></svg>"
    )
    assert inline_svg(svg, "p", "d") == (
        '<svg role="img" aria-label="d" viewBox="0 0 1 1" font-family="\'A\', serif"><path d="M 1.23 7 L 8.5 -0.99"/>'
        '<text style="font-size: 7px; text-anchor: middle">Trial 1.23456 > 2.34567</text><text >x</text></svg>'
    )


def test_the_check_of_pages_notices_what_is_wrong() -> None:
    for wrong in ("<p><b>x</p></b>", "<p>x", '<p id="a" id="b">x</p>', "<br/>"):
        with pytest.raises(AssertionError):
            Page(wrong)
