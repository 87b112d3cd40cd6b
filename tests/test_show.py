"""`show`: everything that hangs on an identifier, and what a model would do before it does it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import special

import tinycohort as tc
from evidence import made_up
from tinycohort.checks import Shown, prior_predictive
from tinycohort.checks.shown import Section

BUNDLED = tc.read_evidence()


def text(what: str) -> str:
    """What is shown, on one line."""
    return " ".join(str(tc.show(what, BUNDLED)).split())


@pytest.mark.parametrize("outcome_id", BUNDLED.outcomes)
def test_every_number_is_shown_with_its_printed_form_place_and_derivation(outcome_id: str) -> None:
    outcome, shown = BUNDLED.outcomes[outcome_id], text(outcome_id)
    for part in (repr(outcome.printed), outcome.locator, outcome.derivation or "", outcome.source_id):
        assert " ".join(part.split()) in shown


@pytest.mark.parametrize("source_id", BUNDLED.sources)
def test_a_source_is_shown_with_every_number_read_in_it(source_id: str) -> None:
    content = tc.show(source_id, BUNDLED).to_dict()
    read_there = {outcome.outcome_id for outcome in BUNDLED.outcomes.values() if outcome.source_id == source_id}
    assert read_there <= {outcome["outcome_id"] for outcome in content["outcomes"]}
    assert BUNDLED.sources[source_id].citation in text(source_id)


@pytest.mark.parametrize("cohort_id", BUNDLED.cohorts)
def test_a_cohort_is_shown_with_its_numbers_overlaps_and_contradictions(cohort_id: str) -> None:
    content = tc.show(cohort_id, BUNDLED).to_dict()
    about = {outcome.outcome_id for outcome in BUNDLED.outcomes.values() if outcome.cohort_id == cohort_id}
    assert about <= {outcome["outcome_id"] for outcome in content["outcomes"]}
    overlaps = [row for row in BUNDLED.overlaps if cohort_id in (row.cohort_a, row.cohort_b)]
    assert len(content["overlaps"]) >= len(overlaps)
    shown = {row["discrepancy_id"] for row in content["discrepancies"]}
    for row in BUNDLED.discrepancies.values():
        if (row.table, row.row_id) == ("cohorts", cohort_id) or row.row_id in about:
            assert row.discrepancy_id in shown
            assert row.discrepancy_id in text(cohort_id)


def test_the_two_phases_of_document_000_are_shown_to_overlap() -> None:
    assert "lin_2022_sbrt, lin_2022_pd1 a_within_b; 7 people shared" in text("lin_2022_pd1")


def test_a_source_and_a_cohort_of_one_name_are_shown_together() -> None:
    content = tc.show("hsu_2017", BUNDLED).to_dict()
    assert [len(content[table]) for table in ("sources", "cohorts", "outcomes")] == [1, 1, 13]
    own = {name for name, row in BUNDLED.outcomes.items() if row.cohort_id == "hsu_2017"}
    assert {row["outcome_id"] for row in content["outcomes"]} == own


def test_a_contradiction_is_shown_by_its_own_name() -> None:
    assert "used 7 other 12" in text("formenti_2018_events")


def test_a_patient_is_shown_with_the_course_and_every_outcome() -> None:
    patient = {"patient_id": "p1", "cohort_id": "a", "age_years": 50, "locator": "Case report"}
    course = {"patient_id": "p1", "start_months": 2, "event": "progressive_disease"}
    course |= {"detail": "Liver.", "locator": "Page 2"}
    died = made_up.landmark("a", 6, 6.0, patient_id="p1", outcome_id="p1_os", measure="patient_time", events=1)
    died |= {"printed": "died at 6 months"}
    evidence = made_up.evidence([made_up.cohort("a")], [died], patients=[patient], courses=[course])
    shown = tc.show("p1", evidence)
    assert [len(shown.to_dict()[table]) for table in ("patients", "courses", "outcomes")] == [1, 1, 1]
    lines = " ".join(str(shown).split())
    for part in ("age_years 50", "progressive_disease", "Liver.", "Page 2", "'died at 6 months'", "Case report"):
        assert part in lines


def test_html_is_escaped() -> None:
    cohort = made_up.cohort("a", label="<script>alert(1)</script>")
    evidence = made_up.evidence([cohort], [made_up.count("a", printed="<b>3</b>/20")])
    markup = tc.show("a", evidence)._repr_html_()
    assert "<script>" not in markup
    assert "<b>3" not in markup
    assert "&lt;b&gt;3&lt;/b&gt;/20" in markup


def test_text_has_no_control_characters() -> None:
    shown = Shown((Section("a \x1b[31m heading", [("label", "red \x1b[31m\n text")]),), {})
    assert str(shown) == "a  [31m heading\n  label  red  [31m  text"


def test_lines_are_the_text_and_repr_is_readable() -> None:
    shown = tc.show("sato_2020", BUNDLED)
    assert "\n".join(shown.lines) == str(shown) == repr(shown)
    assert json.loads(json.dumps(shown.to_dict())) == shown.to_dict()


# -- models --


@pytest.mark.parametrize("name", tc.bundled_models())
def test_a_model_shows_what_it_uses_and_leaves_out_and_why(name: str) -> None:
    model = tc.read_model(name)
    fit = tc.fit(model, BUNDLED)
    content, shown = tc.show(name, BUNDLED).to_dict(), text(name)
    assert [one["outcome_id"] for one in content["used"]] == [row.outcome_id for row in fit.compiled.rows]
    endpoint = model.evidence.endpoint
    asked = {outcome.outcome_id for outcome in BUNDLED.outcomes.values() if outcome.endpoint == endpoint}
    assert {one["outcome_id"] for one in content["used"] + content["left_out"]} == asked
    for one in content["left_out"]:
        assert f"{one['reason']}: {' '.join(one['detail'].split())}" in shown
    for parameter, prior in model.priors.items():
        assert f"{parameter} {prior}. {model.whys[parameter]}" in shown


def test_a_model_can_be_given_by_name_variant_path_content_or_itself(tmp_path: Path) -> None:
    model = tc.read_model("response_pd1")
    path = tmp_path / "response_pd1.toml"
    path.write_text(model.to_toml(), encoding="utf-8")
    by_name = str(tc.show("response_pd1"))
    assert (
        by_name
        == str(tc.show(model))
        == str(tc.show(path))
        == str(tc.show(str(path)))
        == str(tc.show(model.to_dict(), BUNDLED))
    )
    assert str(tc.show("response_pd1:common")).splitlines()[0].startswith("response_pd1:common:")
    assert str(tc.show(f"{path}:common")) == str(tc.show("response_pd1:common"))


def test_what_the_priors_expect_is_the_prior_itself() -> None:
    fit = tc.fit("response_pd1", BUNDLED)
    expected = prior_predictive(fit.compiled)
    # mu ~ Logistic(0, 1) is uniform on the probability scale. Monte Carlo error of 40,000 draws: below 0.001 in the
    # tails, 0.0025 at the median; four of each are allowed.
    assert expected["typical"]["lower"] == pytest.approx(0.025, abs=0.004)
    assert expected["typical"]["median"] == pytest.approx(0.5, abs=0.01)
    assert expected["typical"]["upper"] == pytest.approx(0.975, abs=0.004)
    # tau ~ HalfNormal(0.5): its quantiles are 0.5 sqrt(2) erfinv(p).
    for name, p in (("lower", 0.025), ("median", 0.5), ("upper", 0.975)):
        assert expected["tau"][name] == pytest.approx(0.5 * np.sqrt(2) * special.erfinv(p), rel=0.06)


def test_what_the_priors_expect_of_a_cohort_does_not_know_its_data() -> None:
    few, many = (prior_predictive(tc.pool(events=[k], totals=[8]).compiled) for k in (0, 8))
    assert few == many
    # Beta-binomial with a uniform rate: every count from 0 to 8 is equally likely, tau moves that little.
    common = prior_predictive(tc.pool(events=[0], totals=[8], pooling="common").compiled)
    assert common["cohorts"][0]["events"] == {"lower": 0.0, "median": 4.0, "upper": 8.0}


def test_what_the_priors_expect_of_contrasts_and_of_separate_cohorts() -> None:
    ratio = tc.pool(
        estimates=[0.8], lower=[0.5], upper=[1.3], ratio=True, mu="Normal(0, 1)", tau="HalfNormal(0.5)"
    )  # fmt: skip
    expected = prior_predictive(ratio.compiled)
    assert expected["typical"]["median"] == pytest.approx(1.0, abs=0.05)
    assert expected["new_cohort"]["lower"] < np.exp(-1.96) < np.exp(1.96) < expected["new_cohort"]["upper"]
    separate = prior_predictive(tc.pool(events=[1], totals=[8], pooling="none").compiled)
    assert separate["typical"] is separate["new_cohort"] is separate["tau"] is None
    assert separate["cohorts"][0]["label"] == "cohort 1"
