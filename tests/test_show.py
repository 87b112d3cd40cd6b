"""`show`: everything that hangs on an identifier, laid out for people and as plain types for programs."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

import tinycohort as tc
from evidence import made_up
from tinycohort.checks import Shown
from tinycohort.checks.layout import Row, Section

BUNDLED = tc.read_evidence()


def text(what: str) -> str:
    """What is shown, on one line."""
    return " ".join(str(tc.show(what, BUNDLED)).split())


# -- what is found --


@pytest.mark.parametrize("outcome_id", BUNDLED.outcomes)
def test_a_number_is_shown_with_its_printed_form_place_derivation_cohort_and_source(outcome_id: str) -> None:
    outcome, shown = BUNDLED.outcomes[outcome_id], text(outcome_id)
    cohort, source = BUNDLED.cohorts[outcome.cohort_id], BUNDLED.sources[outcome.source_id]
    parts = [f"“{outcome.printed}”", f"{outcome.locator}, in {outcome.source_id}", outcome.derivation or ""]
    parts += [cohort.cohort_id, cohort.label, cohort.clock, source.citation.rstrip("."), outcome.note or ""]
    parts += [outcome.patient_id or "", outcome.comparator_id or "", outcome.criteria, outcome.denominator or ""]
    parts += [outcome.measure, outcome.category or "", outcome.checked_by or "nobody"]
    for part in parts:
        assert " ".join(part.split()) in shown


def test_a_number_comes_with_cohort_clock_and_citation_in_plain_types_too() -> None:
    content = tc.show("lin_2022_pd1_response", BUNDLED).to_dict()
    number = content["outcomes"][0]
    assert (number["cohort_label"], number["clock"], number["read_as"]) == (
        "Lin 2022, PD-1 antibody alone", "first_dose", "1 of 8, 0.125",
    )  # fmt: skip
    assert content["citations"]["lin_2022"]["citation"] == BUNDLED.sources["lin_2022"].citation


def test_a_source_and_a_cohort_of_one_name_are_shown_together() -> None:
    content = tc.show("hsu_2017", BUNDLED).to_dict()
    assert content["called"] == ["source", "cohort"]
    assert [len(content[table]) for table in ("sources", "cohorts")] == [1, 1]
    own = {name for name, row in BUNDLED.outcomes.items() if row.cohort_id == "hsu_2017"}
    assert {row["outcome_id"] for row in content["outcomes"]} == own


def test_a_phase_of_treatment_does_not_show_the_numbers_of_the_other_but_says_where_they_are() -> None:
    shown = tc.show("lin_2022_pd1", BUNDLED)
    assert {row["cohort_id"] for row in shown.to_dict()["outcomes"]} == {"lin_2022_pd1"}
    elsewhere = next(section for section in shown.sections if section.heading == "the same patients elsewhere")
    about = [row for row in BUNDLED.outcomes.values() if row.cohort_id == "lin_2022_sbrt" and row.patient_id]
    assert elsewhere.rows[0].lead[0].startswith("lin_2022_sbrt: Lin 2022, PD-1 antibody and SBRT (7 people; months")
    assert elsewhere.rows[0].text.startswith(f"{len(about)} numbers about lin_2022_patient_1, lin_2022_patient_2")


def test_a_patient_shows_the_numbers_of_every_phase_each_under_its_cohort_and_clock() -> None:
    shown = tc.show("lin_2022_patient_7", BUNDLED)
    headings = [section.heading for section in shown.sections if section.heading.startswith("numbers in")]
    assert headings[0] == "numbers in lin_2022_pd1; months from first_dose"
    assert headings[1].startswith("numbers in lin_2022_all: Lin 2022, whole course (8 people; months from first_dose)")


def test_the_two_phases_of_document_000_are_shown_to_overlap_and_who_lies_within_whom() -> None:
    sbrt = "lin_2022_sbrt (Lin 2022, PD-1 antibody and SBRT)"
    assert f"{sbrt} lies within lin_2022_pd1 (a_within_b), 7 people in both." in text("lin_2022_pd1")


def test_an_earlier_version_is_shown_with_what_it_says_against_the_later_one() -> None:
    claims = text("li_he_2025_earlier").partition("contradictions about other rows that name li_he_2025_earlier")[2]
    assert "li_he_2025_case1_os of li_he_2025" in claims
    assert "“28” is used, “25” has a claim" in claims


def test_a_contradiction_is_shown_by_its_own_name_with_the_number_it_is_about() -> None:
    shown = text("formenti_2018_events")
    assert "used 7 other 12" in shown
    assert "about unirradiated_response of formenti_2018" in shown


def test_a_line_marks_each_contradiction_beside_the_cell_it_is_about() -> None:
    shown = text("lin_2022_sbrt")
    assert "! value: 8 is used, 10 has a claim [lin_2022_pfs_median]" in shown
    assert "! criteria is in doubt [lin_2022_pd1_confirmed]" in text("lin_2022_pd1")  # too long to be said twice


def test_an_empty_cell_says_what_its_being_empty_means() -> None:
    shown = text("golden_2015_nsclc")
    assert "chemotherapy empty (mixed)" in shown
    assert "not printed, or does not apply: selected_on, centre," in shown
    assert "address empty (not read)" in text("golden_2015")


def test_results_stand_before_baseline_tables_and_courses() -> None:
    headings = [section.heading.split()[0] for section in tc.show("lin_2022", BUNDLED).sections if section.level == 1]
    order = ["source", "numbers", "all", "cohort", "baseline", "all", "patient", "overlaps:", "contradictions"]
    found = iter(headings)
    assert all(word in found for word in order)  # each after the one before


def small() -> Shown:
    """One cohort with a patient, a course, a baseline table and numbers."""
    patient = {"patient_id": "p1", "cohort_id": "a", "age_years": 50, "locator": "Case report"}
    course = {"patient_id": "p1", "event": "progressive_disease", "detail": "Liver.", "locator": "Page 2"}
    courses = [course | {"start_months": 2}, course | {"end_months": 4, "event": "no_treatment"}]
    died = made_up.landmark("a", 6, 6.0, patient_id="p1", outcome_id="p1_os", measure="patient_time", events=1)
    died |= {"printed": "died at 6 months", "time_months": None}
    ages = [
        {"cohort_id": "a", "variable": "age", "category": level, "count": 10, "total": 20, "printed": "10"}
        | {"locator": f"Table 1, Age, {level}, All"}
        for level in ("<50", "50 or more")
    ]
    cohort = made_up.cohort("a", clock="diagnosis")
    parts = ("partial_response", "not_evaluable")
    numbers = [made_up.count("a", outcome_id=f"a_{part}", category=part) for part in parts]
    return tc.show(
        "a", made_up.evidence([cohort], [died, *numbers], patients=[patient], courses=courses, characteristics=ages)
    )


def test_a_cohort_with_everything_reads_so() -> None:
    assert (
        str(small())
        == """a
  cohort; 1 patient, 2 steps of courses, 3 numbers, 2 cells of baseline tables
  Unless said otherwise, places are in paper; a row without a place has that of
  the row above; criteria, denominators and rules of medians are unstated;
  numbers were read once. In a place, ... is what the row says; * is the level
  in a baseline table.

cohort a: A (20 people; months from diagnosis)
  source_id paper; disease melanoma; tumour melanoma; setting metastatic; line
  pretreated; treatment nivolumab; drug_class anti_pd1; chemotherapy false;
  radiotherapy none; design prospective_single_arm; ascertainment unstated;
  clock diagnosis
  not printed, or does not apply: parent_id, partition, selected_on, centre,
  enrolled_from, enrolled_to, followup_median_months, followup_min_months,
  followup_max_months, followup_basis
  place: Table 1

sources
  paper  paper. article, primary, https://example.org

numbers of a: A (20 people; months from diagnosis)
  objective_response, count; among treated
    partial_response  3 of 20  “3/20”, Table 2. [a_partial_response]
    not_evaluable     3 of 20  “3/20”. [a_not_evaluable]

baseline of a
  age  <50         10 of 20  “10”, Table 1, Age, *, All
       50 or more  10 of 20  “10”

patient p1 of a
  age_years 50
  not printed, or does not apply: sex, ecog, t_stage, n_stage, m_stage,
  recurrence, metastatic_sites, oligometastatic, prior_lines,
  prior_lines_printed, drug, drug_cycles, radiotherapy_dose_gy,
  radiotherapy_fractions, radiotherapy_target, pdl1_cps, pdl1_tumour_proportion,
  ebv_dna_copies_per_ml, ldh_units_per_l, haemoglobin_g_per_l,
  platelets_1e9_per_l
  place: Case report
  course, 2 steps; months from diagnosis (? is unknown)
    2    progressive_disease  Liver. [Page 2]
    ?-4  no_treatment         Liver.
  numbers in a; months from diagnosis
    overall_survival  died at 6 months; kaplan_meier
        “died at 6 months”, Figure 1. [p1_os]"""
    )


# -- how it is laid out --


def test_html_is_escaped_and_closes_what_it_opens() -> None:
    cohort = made_up.cohort("a", label="<script>alert(1)</script>")
    evidence = made_up.evidence([cohort], [made_up.count("a", printed="<b>3</b>/20")])
    markup = tc.show("a", evidence)._repr_html_()
    assert "<script>" not in markup
    assert "<b>3" not in markup
    assert "&lt;b&gt;3&lt;/b&gt;/20" in markup
    for name in ("a", "a_response"):
        assert_balanced(tc.show(name, evidence)._repr_html_())


def test_html_says_what_the_text_says() -> None:
    shown = tc.show("lin_2022", BUNDLED)
    words = assert_balanced(shown._repr_html_()).split()
    assert sorted(words) == sorted(str(shown).split())


def assert_balanced(markup: str) -> str:
    """Fail unless every tag is closed in order; the text between the tags."""
    parser = _Tags()
    parser.feed(markup)
    parser.close()
    assert parser.open == []
    return " ".join(parser.text)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_text_has_no_control_characters() -> None:
    rows = [Row("red \x1b[31m\n text", ("label\x07",), ("bel\x07ow",)), Row("", ("alone\x1b",))]
    shown = Shown((Section("a \x1b[31m heading", rows),), {})
    assert str(shown) == "a  [31m heading\n  label   red  [31m  text\n      bel ow\n  alone"
    assert not any(ord(character) < 32 for character in shown._repr_html_().replace("\n", ""))


def test_what_stands_in_front_is_aligned_but_for_the_few_that_are_long() -> None:
    rows = [Row("1", ("a", "bb")), Row("2", ("aaa", "b")), Row("3", ("a" * 50, "b"))]
    lines = Shown((Section("heading", rows),), {}).lines
    assert lines == ["heading", "  a    bb  1", "  aaa  b   2", f"  {'a' * 50}  b  3"]


def test_long_text_stands_below_or_where_a_section_asks_for_it_beside() -> None:
    row = Row("word " * 20, ("label",), ("! doubt",))
    below = Shown((Section("heading", [row]),), {}).text(60).split("\n")
    beside = Shown((Section("heading", [row], beside=True),), {}).text(60).split("\n")
    assert below[1:3] == ["  label", f"      {' '.join(['word'] * 11)}"]
    assert beside[1:3] == [f"  label  {' '.join(['word'] * 10)}", f"         {' '.join(['word'] * 10)}"]
    assert (below[-1], beside[-1]) == ("      ! doubt", "         ! doubt")


def test_a_page_narrower_than_60_characters_is_as_wide_as_60() -> None:
    shown = tc.show("sato_2020", BUNDLED)
    assert shown.text(10) == shown.text(60) != shown.text(80) == str(shown)


def test_lines_are_the_text_and_repr_is_readable() -> None:
    shown = tc.show("sato_2020", BUNDLED)
    assert "\n".join(shown.lines) == str(shown) == repr(shown)


@pytest.mark.parametrize("name", ["lin_2022", "sato_2020_response", "formenti_2018_events", "response_pd1:common"])
def test_the_content_is_plain_types_and_a_copy(name: str) -> None:
    shown = tc.show(name, BUNDLED)
    content = shown.to_dict()
    assert json.loads(json.dumps(content)) == content
    content.clear()
    assert shown.to_dict()


# -- names that nothing has --


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("LIN_2022", "Did you mean 'lin_2022'? "),
        ("lin2022", "Did you mean 'lin_2022'? "),
        (" Sato 2020", "Did you mean 'sato_2020'? "),
        ("Response-PD1", "Did you mean 'response_pd1'? "),
        ("lin", "Did you mean 'lin_2022' or 'lin_2022_citing' or "),
        ("welsh", "Did you mean 'welsh_2020' or "),
        ("POLARIS-02", "Did you mean 'wang_2021' or 'wang_2021_two_lines'? "),
        ("keynote-028", "Did you mean 'hsu_2017'? "),
        ("hsu_2071", "Did you mean 'hsu_2017'"),
    ],
)
def test_a_mistyped_name_is_met_with_those_that_are_near(typed: str, meant: str) -> None:
    with pytest.raises(tc.InputError) as caught:
        tc.show(typed, BUNDLED)
    assert meant in str(caught.value)


@pytest.mark.parametrize("typed", ["", "x", "__", "nothing at all"])
def test_a_name_that_resembles_nothing_is_met_without_a_guess(typed: str) -> None:
    with pytest.raises(tc.InputError) as caught:
        tc.show(typed, BUNDLED)
    assert "Did you mean" not in str(caught.value)
    assert f"Models: {', '.join(tc.bundled_models())}." in str(caught.value)


def test_one_row_of_a_baseline_table_is_no_file() -> None:
    with pytest.raises(tc.InputError, match=r"one row of a baseline table or of a course, .* all: chen_2024_lrrt"):
        tc.show("chen_2024_lrrt/age/<50", BUNDLED)
    with pytest.raises(tc.InputError, match="there is no such file"):
        tc.show("nowhere/model", BUNDLED)
