"""`show` of a model: who may speak, what it would use, what it leaves out and why, and what its priors expect."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import special

import tinycohort as tc
from evidence import made_up
from tinycohort.checks import Shown, prior_predictive
from tinycohort.checks.layout import Row

BUNDLED = tc.read_evidence()
EVERY = [name if variant is None else f"{name}:{variant}" for name in tc.bundled_models()
         for variant in (None, *tc.read_model(name).variants)]  # fmt: skip


@cache
def shown_of(name: str) -> Shown:
    """A bundled model or variant as it is shown; several tests look at each, and nothing changes it."""
    return tc.show(name, BUNDLED)


@cache
def spec_of(name: str) -> tc.ModelSpec:
    return tc.read_model(name)


def flat(shown: Shown) -> str:
    return " ".join(str(shown).split())


def rows(shown: Shown, heading: str) -> list[Row]:
    """The rows of the one part whose heading begins so."""
    (section,) = (section for section in shown.sections if section.heading.startswith(heading))
    return list(section.rows)


@pytest.mark.parametrize("name", tc.bundled_models())
def test_a_model_shows_what_it_uses_and_leaves_out_and_why(name: str) -> None:
    model, shown = spec_of(name), shown_of(name)
    fit = tc.fit(model, BUNDLED)
    content, text = shown.to_dict(), flat(shown)
    assert [one["outcome_id"] for one in content["used"]] == [one.outcome.outcome_id for one in fit.evidence.numbers]
    endpoint = model.evidence.endpoint
    asked = {outcome.outcome_id for outcome in BUNDLED.outcomes.values() if outcome.endpoint == endpoint}
    assert {one["outcome_id"] for one in content["used"] + content["left_out"]} == asked
    for one in content["left_out"]:
        assert " ".join(one["detail"].split()) in text
    for parameter, prior in model.priors.items():
        assert f"{parameter} {prior}. {model.whys[parameter]}" in text


@pytest.mark.parametrize("name", EVERY)
def test_a_number_left_out_stands_once_under_its_reason_and_the_reasons_are_counted(name: str) -> None:
    shown = shown_of(name)
    left = shown.to_dict()["left_out"]
    for reason in dict.fromkeys(one["reason"] for one in left):
        members = [one for one in left if one["reason"] == reason]
        (section,) = (section for section in shown.sections if section.heading.startswith(f"{reason}: "))
        assert section.heading.endswith(f"({len(members)})")
        told = " ".join(" ".join((*row.lead, row.text)) for row in section.rows)
        for one in members:
            outcome = BUNDLED.outcomes[one["outcome_id"]]
            assert sum(told.count(f"{mark}{outcome.outcome_id}{end}") for mark, end in (("[", "]"), (" ", ": "))) == 1
    assert f"leaves out {len(left)} numbers of" in flat(shown)


def test_what_nearly_spoke_is_told_before_what_is_far_with_label_number_and_printed_form() -> None:
    shown = shown_of("response_pd1")
    (row,) = (row for row in rows(shown, "origin: ") if "delord_2017_response" in row.text)
    assert row.lead == ("CheckMate 358 (Delord 2017)", "5 of 24, 0.208")
    assert "“20.8%; n = 24”" in row.text
    reasons = [section.heading.partition(":")[0] for section in shown.sections if section.level == 2]
    assert reasons[-2:] == ["other_category", "other_level"]
    assert reasons.index("subgroup") < reasons.index("origin") < reasons.index("no_count") < reasons.index("other_line")


@pytest.mark.parametrize("name", EVERY)
def test_a_model_says_whom_it_admits_and_what_it_answers(name: str) -> None:
    model, shown = spec_of(name), shown_of(name)
    admits = {row.lead[0]: row.text for row in rows(shown, "who may speak")}
    assert admits["endpoint"] == model.evidence.endpoint
    for column, values in model.evidence.where.items():
        words = [str(value).lower() if isinstance(value, bool) else value or "empty" for value in values]
        assert f"{column} is {' or '.join(words)}" in admits["where"]
    assert admits["origins"] == ", ".join(model.evidence.origins)
    for relation, policy in model.evidence.overlaps.items():
        assert f"{relation}: {policy}" in admits["overlaps"]
    answers = {row.lead[0]: row.text for row in rows(shown, "answers")}
    assert list(answers) == [estimand.name for estimand in model.estimands]
    assert all(f"{100 * estimand.level:g}%" in answers[estimand.name] for estimand in model.estimands)
    content = shown.to_dict()
    assert content["evidence"] == model.to_dict()["evidence"]
    assert content["estimands"] == model.to_dict()["estimand"]


def test_a_model_shows_its_variants_and_a_variant_what_it_changes_and_why() -> None:
    model = tc.read_model("response_pd1")
    variants = {row.lead[0]: row.text for row in rows(tc.show(model, BUNDLED), "variants")}
    assert list(variants) == list(model.variants)
    assert variants["common"].startswith('pooling.kind = "common", without priors.tau. ')
    head = {row.lead[0]: row.text for row in rows(shown_of("response_pd1:common"), "response_pd1:common: ")}
    assert head["changes"] == 'pooling.kind = "common", without priors.tau'
    assert head["why"] == model.variant("common").why


def test_a_variant_that_takes_the_other_side_of_a_contradiction_says_so_where_it_is_used() -> None:
    shown = shown_of("unirradiated_response:stable_counted")
    decided = rows(shown, "contradictions of which it takes the other side")
    assert [row.lead for row in decided] == [("grimaldi_2014_unirradiated",)] * 2
    assert "“9” is used, “11” has a claim" in decided[0].text
    (used,) = (row for row in rows(shown, "would use") if row.lead[0] == "Grimaldi 2014")
    assert used.lead[1] == "11 of 21, 0.52"
    assert "! events: 11 is used, 9 has a claim [grimaldi_2014_events]" in used.below
    base = shown_of("unirradiated_response")
    (base_row,) = (row for row in rows(base, "would use") if row.lead[0] == "Grimaldi 2014")
    assert "! events: 9 is used, 11 has a claim [grimaldi_2014_events]" in base_row.below


def test_a_number_used_is_shown_with_design_tumour_criteria_denominator_and_what_bears_on_it() -> None:
    row = next(row for row in rows(shown_of("response_pd1"), "would use") if "lin_2022_pd1_response" in row.text)
    assert row.lead == ("Lin 2022, PD-1 antibody alone", "1 of 8, 0.125")
    assert (
        "case_series; nasopharyngeal; criteria recist_1_1 + confirmed + first_evaluation; denominator treated"
        in row.below
    )
    assert "! criteria is in doubt [lin_2022_pd1_confirmed]" in row.below
    assert not any("enrolled_from" in text for text in row.below)  # a contradiction, which does not bear on the number


@pytest.mark.parametrize("name", EVERY)
def test_no_line_of_a_model_is_longer_than_the_page_is_wide(name: str) -> None:
    shown = shown_of(name)
    for width in (60, 80, 110, 200):
        assert max(map(len, shown.text(width).split("\n"))) <= width


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


def test_a_model_that_leaves_nothing_out_says_nothing_of_it() -> None:
    evidence = made_up.evidence([made_up.cohort("a"), made_up.cohort("b")], [made_up.count("a"), made_up.count("b", 5)])
    content = tc.read_model("response_pd1").to_dict()
    content["evidence"]["where"] = {}
    content.pop("variant")
    shown = tc.show(content, evidence)
    assert shown.to_dict()["left_out"] == []
    assert "leaves out" not in str(shown)


# -- what the priors expect --


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


def test_what_the_priors_expect_is_shown_with_three_digits_and_the_scale_of_tau() -> None:
    shown = shown_of("response_pd1")
    spans = {row.lead[0]: row.text for row in rows(shown, "expects") if row.lead}
    expected = shown.to_dict()["prior_predictive"]
    for label, name in (("probability, typical cohort", "typical"), ("tau, on the logit scale", "tau")):
        lower, upper = expected[name]["lower"], expected[name]["upper"]
        assert spans[label].endswith(f"95% from {lower:.3g} to {upper:.3g}")


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


def test_a_model_of_two_kinds_shows_what_is_expected_of_each_number() -> None:
    evidence = made_up.evidence(
        [made_up.cohort("early"), made_up.cohort("late", 230)],
        [
            made_up.count("early", 3, 20),
            made_up.count("late", None, 230, measure="percentage", value=0.21, printed="21% of 230"),
        ],
    )
    content = tc.read_model("response_pd1").to_dict()
    content["likelihood"] = [{"kind": "binomial"}, {"kind": "rounded"}]
    content["evidence"]["where"], content["name"] = {}, "two_kinds"
    del content["variant"]
    told = [row.text for row in rows(tc.show(content, evidence), "expects") if "observed" in row.text]
    assert [text.split("; ")[1] for text in told] == ["observed 3", "observed 21"]
    assert [text.split()[0] for text in told] == ["events", "percentage"]
