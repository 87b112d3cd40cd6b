"""The printed tables of documents 000 and 001, copied here apart from the data, come out of the data again."""

from __future__ import annotations

import statistics
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal

import pytest
from scipy.stats import fisher_exact

from tinycohort.evidence import Evidence, read_evidence
from tinycohort.measures import prints_as

#: Document 000, Tables 1 and 2: sex, age, ECOG, oligometastasis, previous lines; drug, cycles, Gy, fractions, sites;
#: response to the drug alone, of radiated lesions, of other lesions.
PATIENTS = """
1 | M | 28 | 2 | No  | 2                    | Nivolumab     | 5  | 25 | 5 | Progressive lesions | PD | PR | PD
2 | M | 52 | 0 | Yes | 2                    | Pembrolizumab | 6  | 30 | 6 | All visible lesions | PD | CR | NA
3 | F | 53 | 1 | Yes | 1                    | Nivolumab     | 5  | 30 | 6 | Progressive lesions | PD | CR | Unevaluable
4 | M | 44 | 1 | Yes | 2                    | Nivolumab     | 14 | 36 | 6 | Main lesions        | SD | PR | SD
5 | M | 41 | 0 |     | PD within 6 months   | Nivolumab     | 11 | 30 | 6 | Main lesions        | SD | PR | SD
6 | M | 56 | 1 | Yes | 4                    | Nivolumab     | 6  | 30 | 6 | All visible lesions | PD | CR | NA
7 | M | 48 | 1 | No  | PD within 3 months   | Nivolumab     | 6  |    |   | NA                  | CR | NA | NA
8 | M | 39 | 2 | NA  | 2                    | Nivolumab     | 9  | 30 | 6 | Progressive lesions | PD | PR | Unevaluable
"""

#: Document 000, Table 3: any grade, grade 3-4.
TOXICITIES = """
any | 8(100%) | 3(37.5%)
fatigue | 6(75.0%) | 0
asthenia | 5(62.5%) | 0
nausea | 3(37.5%) | 1(12.5%)
decreased_appetite | 5(62.5%) | 1(12.5%)
diarrhoea | 2(25.0%) | 0
dry_mouth | 5(62.5%) | 0
vomiting | 3(37.5%) | 1(12.5%)
rash | 7(87.5%) | 0
pruritus | 6(75.0%) | 0
anaemia | 2(25.0%) | 0
pneumonia | 1(12.5%) | 0
neutropenia | 1(12.5%) | 0
myalgia | 0 | 0
autoimmune_hepatitis | 0 | 0
dyspnoea | 0 | 0
"""

#: Document 001, Table 1: with and without locoregional radiotherapy.
BASELINE = """
age | <50 | 35 (50.7) | 11 (52.4)
age | ≥50 | 34 (49.3) | 10 (47.6)
sex | Male | 56 (81.2) | 17 (81.0)
sex | Female | 13 (18.8) | 4 (19.0)
ecog | 0 | 0 (0) | 1 (4.8)
ecog | 1 | 69 (100) | 20 (95.2)
t_stage | T1-2 | 17 (24.6) | 4 (19.0)
t_stage | T3-4 | 52 (75.4) | 17 (81.0)
n_stage | N0-1 | 12 (17.4) | 2 (9.5)
n_stage | N2-3 | 57 (82.6) | 19 (90.5)
ebv_dna | <66,600 | 47 (68.1) | 10 (47.6)
ebv_dna | ≥66,600 | 22 (31.9) | 11 (52.4)
multiple_organ_metastasis | No | 42 (60.9) | 6 (28.6)
multiple_organ_metastasis | Yes | 27 (39.1) | 15 (71.4)
metastatic_lesions | Single | 14 (20.3) | 1 (4.8)
metastatic_lesions | Multiple | 55 (79.7) | 20 (95.2)
liver_metastases | No | 47 (68.1) | 7 (33.3)
liver_metastases | Yes | 22 (31.9) | 14 (66.7)
bone_metastases | No | 24 (34.8) | 5 (23.8)
bone_metastases | Yes | 45 (65.2) | 16 (76.2)
lung_metastases | No | 47 (68.1) | 13 (61.9)
lung_metastases | Yes | 22 (31.9) | 8 (38.1)
lactate_dehydrogenase | <250 | 44 (67.7) | 8 (40.0)
lactate_dehydrogenase | ≥250 | 21 (32.3) | 12 (60.0)
chemotherapy_cycles | <6 | 24 (34.8) | 11 (52.4)
chemotherapy_cycles | ≥6 | 45 (65.2) | 10 (47.6)
immunotherapy_cycles | <8 | 37 (53.6) | 17 (81.0)
immunotherapy_cycles | ≥8 | 32 (46.4) | 4 (19.0)
local_treatment_of_metastases | No | 44 (63.8) | 20 (95.2)
local_treatment_of_metastases | Yes | 25 (36.2) | 1 (4.8)
"""

#: Document 001, Table 2: low risk with and without, high risk with and without locoregional radiotherapy.
RISK_GROUPS = """
age | <50 | 27 (84.4) | 5 (71.4) | 8 (57.1) | 6 (42.9)
age | ≥50 | 5 (15.6) | 2 (28.6) | 29 (78.4) | 8 (42.9)
sex | Male | 25 (78.1) | 6 (85.7) | 31 (83.8) | 11 (78.6)
sex | Female | 7 (21.9) | 1 (14.3) | 6 (16.2) | 3 (21.4)
t_stage | T1-2 | 7 (21.9) | 1 (14.3) | 10 (27.0) | 3 (21.4)
t_stage | T3-4 | 25 (78.1) | 6 (85.7) | 27 (73.0) | 11 (78.6)
n_stage | N0-1 | 6 (18.8) | 1 (14.3) | 6 (16.2) | 1 (7.1)
n_stage | N2-3 | 26 (81.3) | 6 (85.7) | 31 (83.8) | 13 (92.9)
ebv_dna | <66,600 | 26 (81.3) | 6 (85.7) | 21 (56.8) | 4 (28.6)
ebv_dna | ≥66,600 | 6 (18.8) | 1 (14.3) | 16 (43.2) | 10 (71.4)
multiple_organ_metastasis | No | 20 (62.5) | 2 (28.6) | 22 (59.5) | 4 (28.6)
multiple_organ_metastasis | Yes | 12 (37.5) | 5 (71.4) | 15 (40.5) | 10 (71.4)
metastatic_lesions | Single | 9 (28.1) | 1 (14.3) | 5 (13.5) | 0 (0)
metastatic_lesions | Multiple | 23 (71.9) | 6 (85.7) | 31 (86.5) | 14 (100)
liver_metastases | No | 24 (75.0) | 4 (57.1) | 23 (62.2) | 3 (21.4)
liver_metastases | Yes | 8 (25.0) | 3 (42.9) | 14 (37.8) | 11 (78.6)
bone_metastases | No | 8 (25.0) | 1 (14.3) | 16 (43.2) | 4 (28.6)
bone_metastases | Yes | 24 (75.0) | 6 (85.7) | 21 (56.8) | 10 (71.4)
lung_metastases | No | 23 (71.9) | 4 (57.1) | 24 (64.9) | 9 (64.3)
lung_metastases | Yes | 9 (28.1) | 3 (42.9) | 13 (35.1) | 5 (35.7)
lactate_dehydrogenase | <250 | 24 (80.0) | 4 (66.7) | 20 (57.1) | 4 (28.6)
lactate_dehydrogenase | ≥250 | 6 (20.0) | 2 (33.3) | 15 (42.9) | 10 (71.4)
chemotherapy_cycles | <6 | 5 (15.6) | 1 (14.3) | 19 (51.4) | 10 (71.4)
chemotherapy_cycles | ≥6 | 27 (84.4) | 6 (85.7) | 18 (49.6) | 4 (28.6)
immunotherapy_cycles | <8 | 7 (21.9) | 3 (42.9) | 30 (81.1) | 14 (100)
immunotherapy_cycles | ≥8 | 25 (78.1) | 4 (57.1) | 7 (18.9) | 0 (0)
local_treatment_of_metastases | No | 20 (62.5) | 6 (85.7) | 24 (64.9) | 14 (100)
local_treatment_of_metastases | Yes | 12 (37.5) | 1 (14.3) | 13 (35.1) | 0 (0)
"""

ARMS = ("lrrt", "without_lrrt")
GROUPS = ("low_lrrt", "low_without_lrrt", "high_lrrt", "high_without_lrrt")
RESPONSE = {
    "CR": "complete_response",
    "PR": "partial_response",
    "SD": "stable_disease",
    "PD": "progressive_disease",
    "NA": "not_applicable",
    "Unevaluable": "not_evaluable",
}
SITES = {
    "All visible lesions": "all_lesions",
    "Main lesions": "main_lesions",
    "Progressive lesions": "progressive_lesions",
}

#: The one cell of previous lines that says more than a number.
LINES = {"1": "1 (refused to receive chemotherapy)"}

Cell = tuple[str, str, str]


def rows_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def percent(count: int, total: int, digits: str = "0.1") -> str:
    """As journals print it: half rounded up, and 0 and 100 without decimals."""
    if count in (0, total):
        return "0" if count == 0 else "100"
    return str((Decimal(100 * count) / total).quantize(Decimal(digits), ROUND_HALF_UP))


@pytest.fixture(scope="module")
def bundle() -> Evidence:
    return read_evidence()


# -- document 000 ----------------------------------------------------------------------------------------------------


def test_the_eight_patients_are_those_of_tables_1_and_2(bundle: Evidence) -> None:
    for number, sex, age, ecog, oligo, lines, drug, cycles, gray, fractions, sites, *_ in rows_of(PATIENTS):
        patient = bundle.patients[f"lin_2022_patient_{number}"]
        assert (patient.age_years, patient.ecog) == (int(age), int(ecog))
        assert patient.sex == {"M": "male", "F": "female"}[sex]
        assert patient.oligometastatic == {"Yes": True, "No": False}.get(oligo)
        assert patient.prior_lines == (int(lines) if lines.isdigit() else None)
        assert (patient.prior_lines_printed or "").startswith(lines)
        assert (patient.drug, patient.drug_cycles) == (drug.lower(), int(cycles))
        assert patient.radiotherapy_dose_gy == (int(gray) if gray else None)
        assert patient.radiotherapy_fractions == (int(fractions) if fractions else None)
        assert patient.radiotherapy_target == SITES.get(sites, "none")


def test_their_responses_are_those_of_table_2(bundle: Evidence) -> None:
    for number, *_, alone, radiated, others in rows_of(PATIENTS):
        after = "lin_2022_all" if number == "7" else "lin_2022_sbrt"
        for name, printed in (
            (f"lin_2022_pd1_patient_{number}_response", alone),
            (f"{after}_patient_{number}_irradiated", radiated),
            (f"{after}_patient_{number}_unirradiated", others),
        ):
            assert bundle.outcomes[name].category == RESPONSE[printed], name


def test_the_patients_add_up_to_what_is_printed_of_the_cohort(bundle: Evidence) -> None:
    cells = {(row.cohort_id, row.variable, row.category): row for row in bundle.characteristics}
    table = rows_of(PATIENTS)
    counted = {
        ("lin_2022_pd1", "sex"): Counter({"M": "male", "F": "female"}[row[1]] for row in table),
        ("lin_2022_pd1", "ecog"): Counter(row[3] for row in table),
        ("lin_2022_pd1", "oligometastatic"): Counter(row[4] or "empty cell" for row in table),
        ("lin_2022_pd1", "prior_lines"): Counter(LINES.get(row[5], row[5]) for row in table),
        ("lin_2022_pd1", "immunotherapy_agent"): Counter(row[6].lower() for row in table),
        ("lin_2022_sbrt", "radiotherapy_dose"): Counter(f"{row[8]} Gy/{row[9]}Fx" for row in table if row[8]),
        ("lin_2022_sbrt", "radiotherapy"): Counter(row[10] for row in table if row[8]),
        ("lin_2022_all", "radiotherapy"): Counter("SBRT" if row[8] else "No" for row in table),
    }
    for (cohort, variable), counts in counted.items():
        for category, count in counts.items():
            assert cells[cohort, variable, category].count == count, (variable, category)
        assert sum(counts.values()) == bundle.cohorts[cohort].total
    assert cells["lin_2022_sbrt", "radiotherapy", "progressive lesions or major lesions"].count == 5
    assert cells["lin_2022_pd1", "prior_lines", "at least two lines of chemotherapy"].count == sum(
        row[5].isdigit() and int(row[5]) >= 2 for row in table
    )
    ages = [int(row[2]) for row in table]
    for category, age in (("median", statistics.median(ages)), ("minimum", min(ages)), ("maximum", max(ages))):
        assert f"{age:g}" in cells["lin_2022_pd1", "age", category].printed


def test_the_cohorts_responses_are_counts_of_the_patients(bundle: Evidence) -> None:
    outcomes = bundle.outcomes
    table = rows_of(PATIENTS)
    alone = Counter(row[11] for row in table)
    assert sum(alone.values()) == 8
    for part in ("complete", "partial", "stable", "progressive"):
        letters = part[0].upper() + ("R" if part in ("complete", "partial") else "D")
        assert (outcomes[f"lin_2022_pd1_{part}"].events, outcomes[f"lin_2022_pd1_{part}"].total) == (alone[letters], 8)
    treated = [row for row in table if row[8]]
    radiated, others = Counter(row[12] for row in treated), Counter(row[13] for row in treated)
    assert outcomes["lin_2022_sbrt_irradiated"].events == radiated["CR"] + radiated["PR"] == len(treated) == 7
    assert outcomes["lin_2022_sbrt_irradiated_complete"].events == radiated["CR"]
    assert outcomes["lin_2022_sbrt_irradiated_partial"].events == radiated["PR"]
    evaluable = len(treated) - others["NA"] - others["Unevaluable"]
    assert (outcomes["lin_2022_sbrt_unirradiated"].events, outcomes["lin_2022_sbrt_unirradiated"].total) == (
        0,
        evaluable,
    )
    assert outcomes["lin_2022_sbrt_unirradiated_stable"].events == others["SD"]
    assert outcomes["lin_2022_sbrt_unirradiated_progressive"].events == others["PD"]
    after = Counter(outcomes[f"lin_2022_sbrt_patient_{row[0]}_response"].category for row in treated)
    for part, category in (("complete", "CR"), ("partial", "PR"), ("stable", "SD"), ("progressive", "PD")):
        assert outcomes[f"lin_2022_sbrt_{part}"].events == after[RESPONSE[category]]
    progressed = [row for row in treated if row[11] == "PD"]
    responded = {RESPONSE["CR"], RESPONSE["PR"]}
    assert outcomes["lin_2022_sbrt_progressed_response"].total == len(progressed)
    assert outcomes["lin_2022_sbrt_progressed_response"].events == sum(
        outcomes[f"lin_2022_sbrt_patient_{row[0]}_response"].category in responded for row in progressed
    )


def test_the_table_of_toxicities_comes_out_of_its_counts(bundle: Evidence) -> None:
    for name, *printed in rows_of(TOXICITIES):
        for suffix, cell in zip(("", "_grade3"), printed, strict=True):
            row = bundle.outcomes[f"lin_2022_all_toxicity_{name}{suffix}"]
            assert row.events is not None
            assert row.total == 8
            assert cell == (f"{row.events}({percent(row.events, 8)}%)" if row.events else "0")
    kinds = [name for name, *_ in rows_of(TOXICITIES) if name != "any"]
    grade3 = [bundle.outcomes[f"lin_2022_all_toxicity_{name}_grade3"].events or 0 for name in kinds]
    assert sum(grade3) == bundle.outcomes["lin_2022_all_toxicity_any_grade3"].events


def test_what_does_not_reproduce_in_document_000_is_a_contradiction(bundle: Evidence) -> None:
    declared = bundle.discrepancies
    # 87.5% is seven of eight, not the five of Table 1; 25% is two of eight, not the one of the text.
    assert prints_as(7, 8, "87.5")
    assert (declared["lin_2022_two_lines"].used, declared["lin_2022_two_lines"].other) == ("5", "7")
    assert (declared["lin_2022_ecog_0"].used, declared["lin_2022_ecog_0"].other) == ("2", "1")
    assert (declared["lin_2022_toxicity_any_events"].used, declared["lin_2022_toxicity_any_events"].other) == ("8", "7")
    cycles = [int(row[7]) for row in rows_of(PATIENTS)]
    assert (min(cycles), statistics.median(cycles), max(cycles)) == (5, 6, 14)
    printed = {row.category: row.printed for row in bundle.characteristics if row.variable == "immunotherapy_cycles"}
    assert printed["median"] == "median: 14 cycles"
    assert "5\N{EN DASH}30" in printed["maximum"]
    assert {"lin_2022_cycles_median", "lin_2022_cycles_maximum"} <= set(declared)
    wrong = {
        row.outcome_id
        for row in bundle.outcomes.values()
        if bundle.cohorts[row.cohort_id].source_id == row.source_id == "lin_2022"
        if row.measure in ("count", "percentage") and None not in (row.events, row.total, row.value)
        if not prints_as(row.events or 0, row.total or 1, f"{100 * (row.value or 0):.1f}")
    }
    assert wrong == set()


# -- document 001 ----------------------------------------------------------------------------------------------------


def cells_of(bundle: Evidence) -> dict[Cell, tuple[int, int, str]]:
    return {
        (row.cohort_id.removeprefix("chen_2024_"), row.variable, row.category): (row.count, row.total or 0, row.printed)
        for row in bundle.characteristics
        if row.count is not None
    }


def printed_cells() -> dict[Cell, str]:
    return {
        (column, variable, category): cell
        for table, columns in ((BASELINE, ARMS), (RISK_GROUPS, GROUPS))
        for variable, category, *cells in rows_of(table)
        for column, cell in zip(columns, cells, strict=True)
    }


def wrong_cells(bundle: Evidence) -> set[Cell]:
    cells = cells_of(bundle)
    return {cell for cell in printed_cells() if f"{cells[cell][0]} ({percent(*cells[cell][:2])})" != cells[cell][2]}


def test_tables_1_and_2_stand_in_the_data_as_printed(bundle: Evidence) -> None:
    cells = cells_of(bundle)
    assert len(printed_cells()) == 172
    for cell, printed in printed_cells().items():
        assert cells[cell][2] == printed, cell
    columns = {*ARMS, *GROUPS}
    own = {cell for cell, (_, _, printed) in cells.items() if cell[0] in columns and "(" in printed}
    assert own == set(printed_cells())


def test_their_percentages_come_out_of_their_counts_but_for_four_declared_cells(bundle: Evidence) -> None:
    about = {
        tuple(row.row_id.removeprefix("chen_2024_").split("/", 2))
        for row in bundle.discrepancies.values()
        if row.table == "characteristics" and row.field == "printed" and row.other_locator.startswith("Arithmetic")
    }
    assert wrong_cells(bundle) == about & set(printed_cells())
    assert len(wrong_cells(bundle)) == 4
    mended = bundle.decide(
        dict.fromkeys(
            (
                "chen_2024_high_lrrt_age_percent",
                "chen_2024_high_lrrt_lesions_count",
                "chen_2024_high_lrrt_lesions_printed",
                "chen_2024_high_lrrt_chemotherapy_percent",
                "chen_2024_high_without_lrrt_age_percent",
            ),
            "other",
        )
    )
    assert wrong_cells(mended) == set()


def test_columns_add_up_but_for_missing_ldh_and_one_declared_cell(bundle: Evidence) -> None:
    cells, unknown, short = cells_of(bundle), set(), set()
    for column in (*ARMS, *GROUPS):
        people = bundle.cohorts[f"chen_2024_{column}"].total
        for variable in dict.fromkeys(variable for place, variable, _ in printed_cells() if place == column):
            here = [cells[cell] for cell in printed_cells() if cell[:2] == (column, variable)]
            added = sum(count for count, _, _ in here)
            if variable == "lactate_dehydrogenase" and added != people:
                assert {total for _, total, _ in here} == {added}
                unknown.add(f"chen_2024_{column}_ldh_total")
            else:
                assert {total for _, total, _ in here} == {people}
                short |= {(column, variable)} if added != people else set()
    assert short == {("high_lrrt", "metastatic_lesions")}
    assert unknown == {name for name in bundle.discrepancies if name.endswith("_ldh_total")}


def test_the_risk_groups_add_up_to_the_arms_but_for_one_declared_cell(bundle: Evidence) -> None:
    cells = cells_of(bundle)
    different = {
        (arm, variable, category)
        for arm, variable, category in printed_cells()
        if arm in ARMS and variable != "ecog"  # Table 2 has no ECOG
        if sum(cells[f"{risk}_{arm}", variable, category][0] for risk in ("low", "high"))
        != cells[arm, variable, category][0]
    }
    assert different == {("lrrt", "metastatic_lesions", "Multiple")}
    assert bundle.discrepancies["chen_2024_high_lrrt_lesions_count"].other == "32"
    sizes = {column: bundle.cohorts[f"chen_2024_{column}"].total or 0 for column in (*ARMS, *GROUPS)}
    assert (sizes["lrrt"], sizes["without_lrrt"]) == (69, 21)
    for arm in ARMS:
        assert sizes[f"low_{arm}"] + sizes[f"high_{arm}"] == sizes[arm]
    for risk, people in (("low", 39), ("high", 51)):
        assert sum(sizes[f"{risk}_{arm}"] for arm in ARMS) == people == bundle.cohorts[f"chen_2024_{risk}_risk"].total


def test_p_values_are_fishers_but_for_declared_ones(bundle: Evidence) -> None:
    mended = bundle.decide(
        dict.fromkeys(("chen_2024_high_lrrt_lesions_count", "chen_2024_high_lrrt_lesions_printed"), "other")
    )
    cells, others, checked = cells_of(mended), set(), 0
    columns = {"chen_2024": ARMS, "chen_2024_low_risk": GROUPS[:2], "chen_2024_high_risk": GROUPS[2:]}
    for row in bundle.characteristics:
        if row.category != "p_value":
            continue
        categories = [cell[2] for cell in printed_cells() if cell[:2] == (columns[row.cohort_id][0], row.variable)]
        square = [
            [cells[column, row.variable, category][0] for category in categories] for column in columns[row.cohort_id]
        ]
        checked += 1
        if f"{fisher_exact(square).pvalue:.3f}" != row.printed:
            others.add(f"{row.cohort_id}/{row.variable}/p_value")
    assert checked == 36
    assert others == {
        bundle.discrepancies[name].row_id
        for name in ("chen_2024_lung_p", "chen_2024_low_risk_bone_p", "chen_2024_high_risk_t_stage_p")
    }


def test_percentages_in_the_text_of_document_001_come_out_of_their_counts(bundle: Evidence) -> None:
    cells = cells_of(bundle)
    for category, printed in (("with LRRT", "69 (76.7%)"), ("without LRRT", "21 (23.3%)")):
        count, total, shown = cells["chen_2024", "radiotherapy", category]
        assert shown == printed == f"{count} ({percent(count, total)}%)"
    for variable, category in (
        ("local_treatment_of_metastases", "Yes"),
        ("local_treatment_kind", "radiofrequency ablation of liver metastases"),
    ):
        count, total, shown = cells["chen_2024", variable, category]
        assert shown.startswith(f"{percent(count, total)}% ({count}/{total})")
    treated = [cells[arm, "local_treatment_of_metastases", "Yes"][0] for arm in ARMS]
    assert sum(treated) == cells["chen_2024", "local_treatment_of_metastases", "Yes"][0]
    places = ("radiotherapy of bone metastases", "any treatment of liver metastases", "lobectomy for lung metastasis")
    assert sum(cells["chen_2024", "local_treatment_kind", place][0] for place in places) == sum(treated)
