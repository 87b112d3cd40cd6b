"""The main weakness of an answer: found by a rule, from what was varied, and said in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinycohort as tc
from evidence import made_up
from support.pages import Content, counts, fitted, not_pooled, small
from tinycohort.engines.nuts import DrawsPosterior
from tinycohort.priors import PRIORS, prior
from tinycohort.reporting.headline import Standing
from tinycohort.reporting.moves import NOTABLE, Move, _size, _subject, _wider
from tinycohort.reporting.weakness import RULE, weakness

ALIKE = {"a": (6, 30), "b": (6, 31), "c": (7, 32), "d": (6, 29), "e": (7, 33)}


def with_variants(*variants: dict[str, Any]) -> Content:
    return small() | {"variant": [{"why": "Does it matter?"} | variant for variant in variants]}


TAU_WIDE = {"name": "wide", "set": {"priors.tau.sigma": 1.0}}
TAU_NARROW = {"name": "narrow", "set": {"priors.tau.sigma": 0.25}}


def move(result: Any, name: str) -> Move:
    (found,) = (one for one in result.moves if one.name == name)
    return found


def logit(p: float) -> float:
    return math.log(p / (1.0 - p))


# -- how far -----------------------------------------------------------------------------------------------------------


def test_a_choice_of_evidence_is_measured_by_its_median_in_units_of_the_interval() -> None:
    evidence = counts(a=(2, 20), b=(3, 20), c=(15, 20))
    result = fitted(with_variants({"name": "without_c", "set": {"evidence.exclude": ["c"]}}), evidence)
    before = tc.fit(small(), evidence).summary()["new_cohort"]
    after = tc.fit(small() | {"evidence": small()["evidence"] | {"exclude": ["c"]}}, evidence).summary()["new_cohort"]
    found = move(result, "without_c")
    way = (logit(before["median"]) - logit(after["median"])) / (logit(before["median"]) - logit(before["lower"]))
    assert found.end == "median"
    assert found.size == pytest.approx(way, rel=1e-6)
    assert found.after.median == pytest.approx(after["median"], rel=1e-9)
    assert (found.before.level, found.cohorts) == (0.95, 2)


def test_a_prior_that_widens_the_interval_moves_it_and_one_that_narrows_it_does_not() -> None:
    evidence = counts(**ALIKE)
    result = fitted(with_variants(TAU_WIDE, TAU_NARROW), evidence)
    before = tc.fit(small(), evidence).summary()["new_cohort"]
    wide, narrow = move(result, "wide"), move(result, "narrow")
    ends = [
        (logit(before["lower"]) - logit(wide.after.lower)) / (logit(before["median"]) - logit(before["lower"])),
        (logit(wide.after.upper) - logit(before["upper"])) / (logit(before["upper"]) - logit(before["median"])),
    ]
    assert wide.size == pytest.approx(max(ends), rel=1e-6)
    assert wide.end in ("lower", "upper")
    assert narrow.end == "median"
    assert narrow.size < 0.1 < wide.size
    assert narrow.after.upper - narrow.after.lower < before["upper"] - before["lower"]


def test_less_evidence_that_only_widens_the_interval_moves_nothing() -> None:
    class Identity:
        @staticmethod
        def theta(x: Any) -> Any:
            return x

    before = Standing("new_cohort", "", 0.0, -1.0, 2.0, 0.95)
    wider = Standing("new_cohort", "", 0.0, -5.0, 5.0, 0.95)
    assert _size(before, wider, Identity, ends=False) == ("median", 0.0)
    assert _size(before, wider, Identity, ends=True) == ("lower", 4.0)
    assert _size(before, Standing("new_cohort", "", 1.0, 0.0, 2.0, 0.95), Identity, ends=False) == ("median", 0.5)
    assert _size(before, Standing("new_cohort", "", -1.5, -2.0, 2.0, 0.95), Identity, ends=False) == ("median", 1.5)


def test_the_furthest_stands_first() -> None:
    result = fitted(tc.read_model("abscopal_contrast").to_dict(), tc.read_evidence())
    sizes = [one.size for one in result.moves]
    assert sizes == sorted(sizes, reverse=True)
    assert {one.name for one in result.moves if one.cause == "variant"} == {
        one.name for one in result.variants if one.name not in ("separate", "mem")  # which speak of no new cohort
    }  # fmt: skip


# -- what is varied ----------------------------------------------------------------------------------------------------


def test_each_cohort_is_left_out_and_nothing_takes_its_place() -> None:
    cohorts = [
        made_up.cohort("all", 40),
        made_up.cohort("part", 20, parent_id="all", partition="arm"),
        made_up.cohort("other"),
    ]
    numbers = [made_up.count("all", 9, 40), made_up.count("part", 8, 20), made_up.count("other", 2, 20)]
    result = fitted(small(), made_up.evidence(cohorts, numbers))
    left_out = {one.name: one for one in result.moves if one.cause == "cohort"}
    assert set(left_out) == {"ALL", "OTHER"}
    assert [one.cohorts for one in left_out.values()] == [1, 1]
    only = tc.fit(small(), made_up.evidence(cohorts, numbers[2:])).summary()["new_cohort"]
    assert left_out["ALL"].after.median == pytest.approx(only["median"], rel=1e-9)


def test_the_weight_of_a_cohort_left_out_is_told() -> None:
    result = fitted(small(), counts(a=(30, 100), b=(1, 8), c=(2, 9)))
    weights = {cohort["label"]: cohort["weight"] for cohort in result.fit.summary()["cohorts"]}
    assert move(result, "A").weight == pytest.approx(weights["A"])


@pytest.mark.parametrize(
    ("column", "table", "weaker", "words"),
    [
        ("denominator", "outcome", "evaluable", "Some totals count everybody, others only some."),
        ("design", "cohort", "retrospective_cohort", "Prospective and retrospective cohorts are mixed."),
        ("ascertainment", "cohort", "selected", "Some cohorts were selected."),
    ],
)
def test_kinds_of_evidence_that_are_mixed_are_told_apart(column: str, table: str, weaker: str, words: str) -> None:
    changes = [{}, {}, {column: weaker}, {column: weaker}]
    numbers = [(2, 20), (3, 20), (13, 20), (12, 20)]
    names = ("a", "b", "c", "d")
    cohorts = [made_up.cohort(n, **(c if table == "cohort" else {})) for n, c in zip(names, changes, strict=True)]
    outcomes = [
        made_up.count(n, *number, **(c if table == "outcome" else {}))
        for n, number, c in zip(names, numbers, changes, strict=True)
    ]
    result = fitted(small(), made_up.evidence(cohorts, outcomes))
    found = move(result, column)
    assert (found.cause, found.cohorts) == ("kind", 2)
    assert result.weakness.move == found
    assert weakness(result).startswith(f"{words} Without ")
    same = fitted(small(), made_up.evidence(cohorts[2:], outcomes[2:]))
    assert [one for one in same.moves if one.cause == "kind"] == []


def test_numbers_that_others_cite_are_told_apart() -> None:
    evidence = made_up.evidence(
        [made_up.cohort(name) for name in ("a", "b", "c")],
        [made_up.count("a", 2, 20), made_up.count("b", 3, 20), made_up.count("c", 13, 20, source_id="other")],
        sources=[made_up.source(), made_up.source("other", origin="cited")],
    )
    result = fitted(small(), evidence)
    assert move(result, "origin").cohorts == 2
    # Leaving out the only such cohort is the same thing, and not said twice.
    assert {one.name for one in result.moves if one.cause == "cohort"} == {"A", "B"}


def test_the_prior_of_tau_is_made_twice_as_wide_where_no_variant_asks_about_it() -> None:
    evidence = counts(**ALIKE)
    asked = fitted(with_variants(TAU_WIDE), evidence)
    unasked = fitted(small(), evidence)
    assert [one.cause for one in asked.moves if one.subject == "tau"] == ["variant"]
    (found,) = (one for one in unasked.moves if one.subject == "tau")
    assert (found.cause, found.name) == ("tau", "HalfNormal(1)")
    assert found.after == move(asked, "wide").after


POSITIVE = {
    "HalfNormal": "HalfNormal(0.5)", "HalfCauchy": "HalfCauchy(0.3)", "HalfStudentT": "HalfStudentT(4, 0.5)",
    "LogNormal": "LogNormal(-1, 0.5)", "LogStudentT": "LogStudentT(5, -1, 0.4)", "Exponential": "Exponential(2)",
    "Gamma": "Gamma(2, 3)", "InverseGamma": "InverseGamma(3, 2)", "Uniform": "Uniform(0, 2)",
    "Turner2015": "Turner2015(pain, pharmacological_vs_placebo)",
}  # fmt: skip


def test_every_prior_of_something_positive_can_be_made_twice_as_wide() -> None:
    p = np.array([0.1, 0.5, 0.9])
    for text in POSITIVE.values():
        assert _wider(prior(text)).quantile(p) == pytest.approx(2.0 * prior(text).quantile(p), rel=1e-6), text
    whole_line = {"Normal", "Logistic", "StudentT", "Cauchy", "Beta"}
    assert set(PRIORS) == set(POSITIVE) | whole_line


@pytest.mark.parametrize(
    ("rule", "subject"),
    [
        ({"set": {"priors.tau.sigma": 1.0, "priors.tau.why": "Wide."}}, "tau"),
        ({"set": {"priors.mu": {"dist": "Normal", "mu": 0.0, "sigma": 1.0, "why": "Why not?"}}}, "mu"),
        ({"set": {"pooling.kind": "common"}, "unset": ["priors.tau"]}, "pooling"),
        ({"set": {"evidence.where.design": ["randomised"]}}, "design"),
        ({"set": {"evidence.origins": ["primary"]}}, "origin"),
        ({"set": {"evidence.exclude": ["a"]}}, "cohort_id"),
        ({"set": {"evidence.decisions": {"one": "other"}}}, "decisions"),
    ],
)
def test_what_a_variant_is_about_is_read_from_what_it_changes(rule: dict[str, Any], subject: str) -> None:
    (read,) = tc.read_model(with_variants({"name": "it"} | rule)).variant_rules
    assert _subject(read) == subject


# -- the rule ----------------------------------------------------------------------------------------------------------


def test_one_cohort_is_always_the_main_weakness() -> None:
    pooled = fitted(with_variants(TAU_WIDE), counts(a=(6, 7)))
    assert pooled.weakness.kind == "one_cohort"
    assert weakness(pooled) == (
        "It rests on one cohort, A, which cannot say how much others differ: that part of the interval for a new cohort"
        " is the prior, tau ~ HalfNormal(0.5)."
    )
    alone = fitted(not_pooled(small()), counts(a=(6, 7)))
    assert weakness(alone) == "It rests on one cohort, A; how much another would differ is not in the interval."


def test_what_moves_the_answer_furthest_is_the_main_weakness() -> None:
    result = fitted(tc.read_model("toxicity_grade3").to_dict(), tc.read_evidence())
    most = result.moves[0]
    assert most.size >= NOTABLE
    assert result.weakness.move == most
    said = weakness(result)
    assert f"In the variant {most.name}, the median for a new cohort is " in said
    assert f"{100 * most.size:.0f}% of the way to the end of its interval" in said
    assert tc.read_model(f"toxicity_grade3:{most.name}").why in said


def test_a_tau_that_is_assumed_is_the_main_weakness_of_few_cohorts_that_agree() -> None:
    result = fitted(with_variants(TAU_WIDE), counts(a=(6, 30), b=(6, 31), c=(7, 32)))
    assert result.weakness.move == move(result, "wide")
    said = weakness(result)
    assert said.startswith("How alike cohorts are is assumed more than known, and the data said little about tau: ")
    assert "In the variant wide, the interval for a new cohort is " in said


def test_one_cohort_that_carries_the_answer_is_named() -> None:
    small_ones = {"a": (1, 20), "b": (2, 20), "c": (1, 20), "d": (2, 21), "e": (2, 25)}
    result = fitted(with_variants(TAU_NARROW), counts(**small_ones, big=(150, 300)))
    assert result.weakness.move == move(result, "BIG")
    assert weakness(result).startswith("One cohort carries much of it. Without BIG (weight ")


def test_where_no_choice_matters_it_is_the_width_and_what_makes_it() -> None:
    result = fitted(tc.read_model("response_pd1").to_dict(), tc.read_evidence())
    assert result.moves[0].size < NOTABLE
    assert result.weakness.kind == "width"
    mu, new = (result.fit.posterior.marginal(name).sd for name in ("mu", "new_cohort"))
    assert result.weakness.heterogeneity == pytest.approx(1.0 - (mu / new) ** 2)
    share = f"{100 * result.weakness.heterogeneity:.0f}%"
    assert f"{share} of the variance for a new cohort is there because cohorts differ" in weakness(result)
    narrow = small()
    narrow["priors"]["tau"]["sigma"] = 0.05
    few = fitted(narrow, counts(a=(1, 3), b=(1, 4), c=(1, 3)))
    assert few.weakness.kind == "width"
    assert "That is so little that it makes " in weakness(few)


def test_cohorts_that_are_not_pooled_say_nothing_of_others() -> None:
    result = fitted(not_pooled(small()), counts(a=(3, 20), b=(0, 5)))
    assert weakness(result) == "Nothing is said of other cohorts than these, as they are not pooled."
    content = not_pooled(with_variants({"name": "narrow", "set": {"priors.mu.scale": 0.2}}))
    moved = fitted(content, counts(a=(3, 20), b=(0, 5)))
    assert moved.moves[0].after.label == "B"
    assert weakness(moved).startswith("The prior of the level counts. In the variant narrow, the median for B is ")


def test_a_fit_that_may_not_be_reported_has_no_answer_and_nothing_moves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from support.pages import blocking
    from tinycohort.reporting import results

    monkeypatch.setattr(results, "fit", blocking(results.fit, lambda model: not model.why))
    result = fitted(with_variants(TAU_WIDE), counts(**ALIKE))
    assert (result.weakness.kind, result.moves) == ("blocked", ())


def test_without_the_exact_engine_the_variants_alone_are_looked_at() -> None:
    from tinycohort.reporting.moves import find_moves

    model, evidence = tc.read_model(with_variants(TAU_WIDE)), counts(**ALIKE)
    exact = tc.fit(model, evidence, seed=1)
    draws = DrawsPosterior(exact.compiled, exact.posterior.draws(4, 1000, 1), {})
    parts = {"model": model, "evidence": exact.evidence, "make_draws": lambda fit: exact.draws}
    sampled = tc.Fit(exact.compiled, draws, exact.provenance | {"engine": "nuts"}, **parts)
    wide = tc.fit(model.variant("wide"), evidence)
    assert [one.cause for one in find_moves(model, sampled, {"wide": wide}, 1)] == ["variant"]


def test_the_rule_is_told_with_its_limit() -> None:
    assert f"at least {100 * NOTABLE:.0f}% of the way" in RULE
