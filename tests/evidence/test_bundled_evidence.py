"""The evidence that comes with the package: the numbers it should hold, and how they were recovered."""

from __future__ import annotations

import itertools
import math
import re

import pytest

from evidence.made_up import KEEP_LARGER
from tinycohort.evidence import Evidence, Selection, check, read_evidence
from tinycohort.issues import InputError
from tinycohort.measures import numbers_in, prints_as
from tinycohort.records import Outcome

POLICIES = KEEP_LARGER | {"suspected": "keep_both"}
PD1_ALONE = {
    "setting": ["recurrent_metastatic"],
    "line": ["pretreated"],
    "drug_class": ["anti_pd1"],
    "chemotherapy": [False],
    "radiotherapy": ["none"],
}
IRRADIATED = {"radiotherapy": ["sbrt", "hypofractionated", "conventional", "mixed", "unspecified"]}
READ_BY_THE_AUTHORS = ["document", "cited", "primary"]


@pytest.fixture(scope="module")
def bundle() -> Evidence:
    return read_evidence()


def counts(selection: Selection) -> set[tuple[str, int | None, int | None]]:
    return {(used.cohort.cohort_id, used.outcome.events, used.outcome.total) for used in selection.used}


def response(bundle: Evidence, origins: list[str], **changes: list[str]) -> Selection:
    return bundle.select(
        endpoint="objective_response",
        where=PD1_ALONE | changes,
        origins=origins,
        overlaps=POLICIES,
        measures=["count"],
    )


def unirradiated(bundle: Evidence, where: dict[str, list[str]], **changes: list[str]) -> Selection:
    return bundle.select(
        endpoint="unirradiated_response",
        where=where,
        origins=[*READ_BY_THE_AUTHORS, "secondary"],
        overlaps=POLICIES,
        measures=["count"],
        **changes,  # type: ignore[arg-type]
    )


def test_nothing_in_it_is_wrong_or_doubtful() -> None:
    assert check() == []


def test_response_to_pd1_antibodies_alone_is_what_the_authors_say(bundle: Evidence) -> None:
    own = {
        ("lin_2022_pd1", 1, 8),
        ("hsu_2017", 7, 27),
        ("ma_2018", 9, 44),
        ("wang_2021", 39, 190),
        ("yang_2021_captain", 44, 156),
        ("chen_2024_penpulimab", 35, 125),
        ("sato_2020", 2, 12),
    }
    reviewed = {("delord_2017", 5, 24), ("fang_2018", 31, 91), ("shen_2020", 9, 21)}
    assert counts(response(bundle, READ_BY_THE_AUTHORS)) == own
    assert counts(response(bundle, [*READ_BY_THE_AUTHORS, "secondary"])) == own | reviewed
    left = {each.outcome_id: each.reason for each in response(bundle, READ_BY_THE_AUTHORS).left_out}
    in_reviews = [f"{name}_response" for name in ("delord_2017", "fang_2018", "shen_2020")]
    assert {name: left[name] for name in in_reviews} == dict.fromkeys(in_reviews, "origin")
    assert left["fang_2018_complete"] == "other_category"
    assert left["lin_2022_sbrt_response"] == "other_radiotherapy"
    assert left["lin_2022_pd1_patient_1_response"] == "other_level"
    assert left["shi_2022_response"] == "other_drug_class"


def test_a_trial_that_admits_untreated_patients_is_silent_once_its_line_is_called_mixed(bundle: Evidence) -> None:
    origins = [*READ_BY_THE_AUTHORS, "secondary"]
    decided = response(bundle.decide({"delord_2017_line": "other"}), origins)
    assert counts(response(bundle, origins)) - counts(decided) == {("delord_2017", 5, 24)}
    assert {each.outcome_id: each.reason for each in decided.left_out}["delord_2017_response"] == "other_line"


def test_the_antibody_against_pdl1_is_a_variant(bundle: Evidence) -> None:
    both = response(bundle, [*READ_BY_THE_AUTHORS, "secondary"], drug_class=["anti_pd1", "anti_pdl1"])
    assert ("shi_2022", 35, 132) in counts(both)
    assert len(both.used) == 11


def test_responses_of_unirradiated_lesions_are_those_of_set_three(bundle: Evidence) -> None:
    selection = unirradiated(bundle, IRRADIATED)
    assert counts(selection) == {
        ("lin_2022_sbrt", 0, 3),
        ("zhang_2025_rt", 5, 19),
        ("mcbride_2021_rt", 9, 31),
        ("theelen_2019_rt", 13, 36),
        ("welsh_2020_rt", 8, 36),
        ("formenti_2018", 7, 39),
        ("grimaldi_2014", 9, 21),
        ("funck_brentano_2020", 9, 26),
        ("luke_2023", 12, 97),
        ("golden_2015", 11, 41),
    }
    left = {each.outcome_id: each.reason for each in selection.left_out}
    assert left["luke_2018_unirradiated_any"] == "overlap"
    assert left["luke_2018_unirradiated_aggregate"] == "no_count"
    assert left["grimaldi_2014_unirradiated_stable"] == "other_category"
    assert {used.cohort.tumour for used in selection.used} == {
        "nasopharyngeal",
        "head_and_neck",
        "nsclc",
        "melanoma",
        "mixed",
    }


def test_the_original_trial_speaks_when_its_expansion_is_left_out(bundle: Evidence) -> None:
    assert ("luke_2018", 14, 52) in counts(unirradiated(bundle, IRRADIATED, exclude=["luke_2023"]))


def test_gm_csf_is_not_a_checkpoint_inhibitor(bundle: Evidence) -> None:
    checkpoint = unirradiated(bundle, IRRADIATED | {"drug_class": ["anti_pd1", "anti_ctla4"]})
    assert "golden_2015" not in {cohort.cohort_id for cohort in checkpoint.cohorts}
    assert len(checkpoint.used) == 9


def test_the_randomised_controls_stand_opposite_their_arms(bundle: Evidence) -> None:
    controls = unirradiated(bundle, {"radiotherapy": ["none"], "design": ["randomised"]})
    assert counts(controls) == {
        ("zhang_2025_control", 6, 20),
        ("mcbride_2021_control", 10, 29),
        ("theelen_2019_control", 7, 40),
        ("welsh_2020_control", 9, 36),
    }
    for row in bundle.outcomes.values():
        if row.comparator_id:
            assert bundle.cohorts[row.comparator_id].parent_id == bundle.cohorts[row.cohort_id].parent_id


def test_response_after_sbrt_stands_alone(bundle: Evidence) -> None:
    selection = bundle.select(
        endpoint="objective_response",
        where={"cohort_id": ["lin_2022_sbrt"]},
        origins=["document"],
        overlaps=POLICIES,
    )
    assert counts(selection) == {("lin_2022_sbrt", 6, 7)}


def recovered(bundle: Evidence) -> list[Outcome]:
    return [row for row in bundle.outcomes.values() if row.measure == "percentage" and row.events is not None]


def test_every_count_said_to_be_the_only_one_is_the_only_one(bundle: Evidence) -> None:
    checked = 0
    for row in recovered(bundle):
        for events, total, printed in re.findall(
            r"(\d+) is the only integer of (\d+) that prints as ([\d.]+)%", row.derivation or ""
        ):
            assert (int(events), int(total)) == (row.events, row.total)
            assert [k for k in range(int(total) + 1) if prints_as(k, int(total), printed)] == [row.events]
            checked += 1
    assert checked == 41


def wilson(events: int, total: int) -> tuple[float, float]:
    z, p = 1.959964, events / total
    middle, half = p + z * z / (2 * total), z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return (middle - half) / (1 + z * z / total), (middle + half) / (1 + z * z / total)


@pytest.mark.parametrize(("arm", "randomised"), [("rt", 32), ("control", 30)])
def test_the_counts_of_mcbride_are_the_only_ones_that_print_so(bundle: Evidence, arm: str, randomised: int) -> None:
    row = bundle.outcomes[f"mcbride_2021_{arm}_unirradiated"]
    printed = numbers_in(row.printed)[0][0]
    fits = [(k, n) for n in range(1, randomised + 1) for k in range(n + 1) if prints_as(k, n, printed)]
    assert fits == [(row.events, row.total)]
    assert row.events is not None
    assert row.total is not None
    assert [round(limit, 3) for limit in wilson(row.events, row.total)] == [row.lower, row.upper]


def splits(first: str, second: str, both: str) -> set[tuple[int, int, int, int]]:
    """Counts of two techniques in an arm of at most 70 that print as three percentages."""
    found = set()
    for total in range(2, 71):
        for n1 in range(1, total):
            ones = [k for k in range(n1 + 1) if prints_as(k, n1, first)]
            twos = [k for k in range(total - n1 + 1) if prints_as(k, total - n1, second)]
            pairs = itertools.product(ones, twos)
            found |= {(k1, n1, k2, total - n1) for k1, k2 in pairs if prints_as(k1 + k2, total, both)}
    return found


def test_the_counts_of_welsh_are_the_only_ones_that_print_so_with_72_evaluable(bundle: Evidence) -> None:
    irradiated, control = splits("38", "10", "22"), splits("33", "17", "25")
    whole = [(a, b) for a in irradiated for b in control if a[1] + a[3] + b[1] + b[3] == 72]
    assert whole == [((6, 16, 2, 20), (6, 18, 3, 18))]
    for arm, (k1, n1, k2, n2) in zip(("rt", "control"), whole[0], strict=True):
        row = bundle.outcomes[f"welsh_2020_{arm}_unirradiated"]
        assert (row.events, row.total) == (k1 + k2, n1 + n2)


def test_the_groups_of_yang_are_the_only_ones_of_94_that_print_so(bundle: Evidence) -> None:
    fits = []
    for group in ("none", "early", "late"):
        rows = [row for row in bundle.outcomes.values() if row.cohort_id == f"yang_2021_cmar_{group}"]
        printed = [numbers_in(row.printed)[-1][0] for row in rows]
        assert len(printed) == 6
        fits.append([n for n in range(1, 94) if all(any(prints_as(k, n, p) for k in range(n + 1)) for p in printed)])
    whole = [sizes for sizes in itertools.product(*fits) if sum(sizes) == bundle.cohorts["yang_2021_cmar"].total]
    assert whole == [tuple(bundle.cohorts[f"yang_2021_cmar_{group}"].total for group in ("none", "early", "late"))]


def beta_cdf(x: float, a: int, b: int) -> float:
    """Distribution function of Beta(a, b) for whole a and b: a tail of the binomial distribution."""
    n = a + b - 1
    return sum(math.comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(a, n + 1))


@pytest.mark.parametrize(
    "outcome_id", ["hsu_2017_response", "yang_2021_captain_response", "chen_2024_penpulimab_response"]
)
def test_an_exact_interval_belongs_to_its_count(bundle: Evidence, outcome_id: str) -> None:
    row = bundle.outcomes[outcome_id]
    events, total, lower, upper = row.events, row.total, row.lower, row.upper
    assert None not in (events, total, lower, upper)
    # Clopper-Pearson: each limit leaves 2.5% of its beta distribution outside, to the rounding of the printed limit.
    low = [beta_cdf(lower + step, events, total - events + 1) for step in (-0.00051, 0.00051)]  # type: ignore[operator]
    high = [beta_cdf(upper + step, events + 1, total - events) for step in (-0.00051, 0.00051)]  # type: ignore[operator]
    assert low[0] <= 0.025 <= low[1]
    assert high[0] <= 0.975 <= high[1]


def test_the_parts_of_document_000_add_up(bundle: Evidence) -> None:
    parts = [bundle.outcomes[f"lin_2022_pd1_{name}"].events or 0 for name in ("complete", "stable", "progressive")]
    assert sum(parts) == 8
    assert parts[0] == bundle.outcomes["lin_2022_pd1_response"].events
    assert parts[0] + parts[1] == bundle.outcomes["lin_2022_pd1_control"].events
    after = [bundle.outcomes[f"lin_2022_sbrt_{name}"].events or 0 for name in ("complete", "partial")]
    assert sum(after) == bundle.outcomes["lin_2022_sbrt_response"].events == 6


def decisions_by_row(bundle: Evidence) -> list[dict[str, str]]:
    """The other side of every contradiction, those about the same row together."""
    rows: dict[str, dict[str, str]] = {}
    for name, contradiction in bundle.discrepancies.items():
        rows.setdefault(f"{contradiction.table}/{contradiction.row_id}", {})[name] = "other"
    return list(rows.values())


def test_each_contradiction_may_be_decided_the_other_way(bundle: Evidence) -> None:
    """In ten lots, each of which changes all of its rows and no other."""
    rows = decisions_by_row(bundle)
    for lot in range(10):
        several = rows[lot::10]
        decided = bundle.decide({name: side for row in several for name, side in row.items()})
        changed = sum(
            one != other
            for table, records in bundle.tables.rows.items()
            if table != "discrepancies"
            for one, other in zip(records, decided.tables.rows[table], strict=True)
        )
        assert changed == len(several)


@pytest.mark.slow
def test_each_contradiction_may_be_decided_the_other_way_alone(bundle: Evidence) -> None:
    for decisions in decisions_by_row(bundle):
        assert bundle.decide(decisions).digest != bundle.digest


def test_half_of_a_decision_is_refused(bundle: Evidence) -> None:
    with pytest.raises(InputError, match="12 of 39 does not print as 18%"):
        bundle.decide({"formenti_2018_events": "other"})


def test_no_number_comes_from_nowhere(bundle: Evidence) -> None:
    for row in bundle.outcomes.values():
        source = bundle.sources[row.source_id]
        assert row.printed
        assert row.locator
        assert source.doi or source.pmid or source.address
        assert "not read" not in (source.note or "").lower()


def values_in(*texts: str | None) -> set[float]:
    return {value for text in texts for _, value in numbers_in(text or "")}


def test_every_time_of_a_course_and_every_total_and_follow_up_of_a_cohort_stands_in_words_beside_it(
    bundle: Evidence,
) -> None:
    missing: list[tuple[str, float]] = []
    for step in bundle.courses:
        said = values_in(step.detail, step.locator) | {0}
        times = (step.start_months, step.end_months)
        missing += [(step.patient_id, time) for time in times if time is not None and time not in said]
    for cohort in bundle.cohorts.values():
        said = values_in(cohort.note, cohort.locator)
        numbers = (cohort.total, cohort.followup_median_months, cohort.followup_min_months, cohort.followup_max_months)
        missing += [(cohort.cohort_id, number) for number in numbers if number is not None and number not in said]
    assert missing == []


def test_the_time_of_an_outcome_stands_in_its_row_in_months_or_in_years(bundle: Evidence) -> None:
    missing = []
    for row in bundle.outcomes.values():
        said = values_in(row.printed, row.derivation, row.note, row.locator)
        times = said | {12 * years for years in said}
        if row.time_months and not any(math.isclose(row.time_months, time) for time in times):
            missing.append(row.outcome_id)
    assert missing == []


def test_addresses_are_web_addresses_of_names(bundle: Evidence) -> None:
    for source in bundle.sources.values():
        if source.address:
            assert re.match(r"https?://[a-z0-9][a-z0-9.-]*\.[a-z]+/", source.address), source.source_id


#: Times that follow from printed intervals, or limits of a time.
COMPUTED = {
    "lin_2022_sbrt_patient_1_survival",
    "lin_2022_sbrt_patient_1_progression",
    "lin_2022_all_patient_7_survival",
    "li_he_2025_case2_suv_six_cycles",
    "li_he_2025_case2_node_maintenance",
    "li_he_2025_case2_node_second_maintenance",
    "li_he_2025_case2_response_six_cycles",
    "li_he_2025_case2_response_maintenance",
    "li_he_2025_case2_response_second_maintenance",
    "li_he_2025_case1_pfs",
    "li_he_2025_case2_pfs",
}
#: Counts, totals or limits that one reader recovered or added, and the other left alone.
RECOVERED = {
    "chen_2024_high_without_lrrt_os_hr",
    "mcbride_2021_rt_grade3",
    "mcbride_2021_control_grade3",
    "yang_2023_tislelizumab_response",
    "yang_2023_tislelizumab_complete",
    "yang_2023_placebo_response",
    "yang_2023_placebo_complete",
    "hong_2021_gp_response",
    "antonia_2017_durvalumab_grade3",
    "antonia_2017_placebo_grade3",
    "lin_2022_cited_platinum_response",
    "su_2012_os",
}
#: The reverse: what the second reader filled and the data withhold, each with its reason. The number there is agreed.
WITHHELD = {
    "chen_2024_penpulimab_immune_grade3",
    "welsh_2020_rt_sbrt_unirradiated",
    "welsh_2020_rt_conventional_unirradiated",
    "welsh_2020_control_sbrt_unirradiated",
    "welsh_2020_control_conventional_unirradiated",
    "welsh_2019_unirradiated",
}
#: Read by one reader alone, whom the first reader followed; or without a category.
READ_ONCE = {
    "li_he_2025_case1_response_third",
    "masini_2022_response_per_protocol",
    "roger_2018_unirradiated_stable",
    "roger_2018_irradiated_complete",
    "roger_2018_irradiated_partial",
    "roger_2018_irradiated_stable",
    "roger_2018_irradiated_progressive",
    "knispel_2020_pd1_rt_response_rr",
    "knispel_2020_pd1_rt_pfs_hr",
    "knispel_2020_ctla4_rt_response_rr",
    "knispel_2020_ctla4_rt_pfs_hr",
    "knispel_2020_ctla4_rt_os_hr",
    *(f"yang_2021_cmar_{group}_os_{months}" for group in ("none", "early", "late") for months in (12, 24, 36)),
    *(f"yang_2021_cmar_late_pfs_{months}" for months in (6, 12, 24)),
}


def test_all_other_numbers_have_been_read_by_a_second_reader(bundle: Evidence) -> None:
    unread = {row.outcome_id for row in bundle.outcomes.values() if row.checked_by is None}
    assert unread == COMPUTED | RECOVERED | READ_ONCE
    for name in COMPUTED | RECOVERED:
        assert bundle.outcomes[name].derivation
    for name in WITHHELD:
        assert bundle.outcomes[name].checked_by
        assert bundle.outcomes[name].note or bundle.outcomes[name].derivation


def test_a_level_of_95_percent_says_who_saw_it(bundle: Evidence) -> None:
    """Seen in print by the first reader alone, by a third reader, or by nobody: then it was taken as 95%."""
    rows = bundle.outcomes.values()
    ending = {
        "first": "the level of the interval is the first reader's",
        "third": "the level of the interval by a third reader",
    }
    by = {who: [row for row in rows if (row.checked_by or "").endswith(words)] for who, words in ending.items()}
    assert {who: len(found) for who, found in by.items()} == {"first": 14, "third": 47}
    assert {row.level for found in by.values() for row in found} == {0.95}
    elsewhere = {row.outcome_id for row in by["third"] if "95%" not in row.printed}
    assert elsewhere == {
        "antonia_2017_durvalumab_os_24",
        "antonia_2017_placebo_os_24",
        "chan_2023_pembrolizumab_os_median",
    }
    assert all("The level of the interval stands in" in (bundle.outcomes[name].note or "") for name in elsewhere)
    taken = [row for row in rows if "The level of the interval was not seen; taken as 95%." in (row.note or "")]
    assert len(taken) == 9
    assert all("the level of the interval" in row.checked_by for row in taken if row.checked_by)
