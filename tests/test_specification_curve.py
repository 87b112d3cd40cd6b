"""The specification curve: every variant's own estimate, and in words what each does otherwise."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

import tinycohort as tc
from support.pictures import collisions, texts_of
from tinycohort.plots.choices import Analysis, choices
from tinycohort.plots.targets import TARGET_WORDS

COUNTS = {"events": [1, 7, 9], "totals": [8, 27, 44]}
RATIOS = {"estimates": [0.5, 0.8], "lower": [0.3, 0.6], "upper": [0.9, 1.05], "ratio": True, "mu": "Normal(0, 1)"}


@pytest.fixture(scope="module")
def variants() -> tc.Variants:
    return tc.vary("response_pd1", tc.read_evidence())


@pytest.fixture(scope="module")
def typed_in() -> dict[str, tc.Fit]:
    return {
        "main": tc.pool(**COUNTS),
        "wide tau": tc.pool(**COUNTS, tau="HalfNormal(1)"),
        "all alike": tc.pool(**COUNTS, pooling="common"),
        "without one": tc.pool(events=[1, 9], totals=[8, 44], labels=["cohort 1", "cohort 3"]),
    }


@pytest.mark.parametrize("target", ["typical", "new_cohort"])
def test_each_variant_has_its_own_estimate(variants: tc.Variants, target: str) -> None:
    table = tc.plots.specification_curve_table(variants, target, 0.9, "given")  # type: ignore[arg-type]
    assert list(table["variant"]) == list(variants)
    for name, row in table.set_index("variant").iterrows():
        expected = variants[str(name)].summary(0.9)[target]
        if expected is None:
            assert name == "separate"
            assert np.isnan(row["median"])
            assert row["reasons"] == f"pooling 'none' has no {TARGET_WORDS[target]}"  # type: ignore[index]
        else:
            assert [row[key] for key in ("median", "lower", "upper")] == [
                expected[key] for key in ("median", "lower", "upper")
            ]
        compiled = variants[str(name)].compiled
        assert (row["cohorts"], row["people"]) == (compiled.cohorts, compiled.data["total"].sum())
    assert table["main"].tolist() == [True, *[False] * (len(variants) - 1)]


def test_what_differs_is_said_in_words(variants: tc.Variants) -> None:
    table = tc.plots.specification_curve_table(variants).set_index("variant")
    said = {
        "response_pd1": "",
        "tau_025": "Prior of tau: HalfNormal(0.25)",
        "common": "Pooling: common (tau = 0)",
        "normal_mu": "Prior of mu: Normal(0, 1.5)",
        "with_secondary": "Where numbers were read: also secondary",
        "with_anti_pdl1": "Drug class: also anti-PD-L1; Where numbers were read: also secondary",
        "prospective_only": "Design: prospective single arm, randomised",
    }
    assert {name: table["differs"][name] for name in said} == said
    assert table["why"]["common"].startswith("What if all cohorts had one response rate")
    assert table["Drug class"]["response_pd1"] == "anti-PD-1"


def test_numbers_typed_in_are_told_apart_by_pooling_priors_and_cohorts(typed_in: dict[str, tc.Fit]) -> None:
    table = tc.plots.specification_curve_table(typed_in, order="given")
    assert list(table["differs"]) == [
        "", "Prior of tau: HalfNormal(1)", "Pooling: common (tau = 0)", "Cohorts: without cohort 2",
    ]  # fmt: skip
    assert list(table["cohorts"]) == [3, 3, 3, 2]


def test_other_counts_of_the_same_cohorts_are_a_difference() -> None:
    fits = {"main": tc.pool(**COUNTS), "other": tc.pool(events=[2, 7, 9], totals=[8, 27, 44])}
    assert list(tc.plots.specification_curve_table(fits, order="given")["differs"]) == ["", "Cohorts: other numbers"]


def test_choices_are_told_by_how_they_differ() -> None:
    base = tc.read_model("unirradiated_response")
    content = copy.deepcopy(base.variant("tumours_alike").to_dict()) | {"name": "alike"}
    del content["why"]
    content["estimand"] = [one for one in content["estimand"] if "group" not in str(one.get("target"))]
    content["variant"] = [
        {"name": "lung", "why": "Lung alone?", "set": {"evidence.where.tumour": ["nsclc"]}},
        {"name": "neck", "why": "Neck alone?", "set": {"evidence.where.tumour": ["nasopharyngeal", "head_and_neck"]}},
    ]
    alike = tc.read_model(content)
    models = [alike, base.variant("without_gm_csf"), alike.variant("lung"), alike.variant("neck")]
    models += [base.variant("stable_counted"), base.variant("separate")]
    found = {choice.name: choice for choice in choices([Analysis(model, None) for model in models])}
    assert found["Drug class"].options == ("anti-PD-1 and 5 more", "without cytokine")
    assert found["Drug class"].taken == (0, 1, 0, 0, 0, 0)
    assert found["Tumour"].options == ("any", "NSCLC", "nasopharyngeal, head and neck")
    assert found["Contradictions decided otherwise"].options[0] == "none"
    # Where there is no tau, its prior is no choice.
    assert "Prior of tau" in found
    assert found["Prior of tau"].taken[-1] is None


def test_by_estimate_or_as_given(variants: tc.Variants) -> None:
    medians = tc.plots.specification_curve_table(variants)["median"]
    assert medians[:-1].is_monotonic_increasing
    assert np.isnan(medians.iloc[-1])


def test_a_variant_that_was_refused_keeps_its_place() -> None:
    content = copy.deepcopy(tc.read_model("response_pd1").to_dict())
    change = {"evidence.where.setting": ["localised"]}
    content["variant"] = [{"name": "nobody", "why": "What if there are no cohorts?", "set": change}]
    found = tc.vary(tc.read_model(content), tc.read_evidence())
    table = tc.plots.specification_curve_table(found).set_index("variant")
    assert table["reasons"]["nobody"] == found.refused["nobody"]
    assert table["differs"]["nobody"] == "Setting: localised"
    assert "no answer" in {text.get_text() for text in texts_of(tc.plots.specification_curve(found))}


def test_a_variant_that_may_not_be_reported_has_no_estimate() -> None:
    fits = {"main": tc.pool(**COUNTS), "wide": tc.pool(**COUNTS, tau="HalfNormal(1)")}
    fits["wide"].posterior.reasons = ("it did not settle",)
    table = tc.plots.specification_curve_table(fits, order="given")
    assert np.isnan(table["median"][1])
    assert table["reasons"][1] == "it did not settle"


def test_the_marks_stand_where_the_numbers_are(variants: tc.Variants) -> None:
    table, axes = tc.plots.specification_curve_table(variants), tc.plots.specification_curve(variants).axes[0]
    drawn = {
        float(line.get_xdata()[0]): (line.get_marker(), float(line.get_ydata()[0]))
        for line in axes.lines
        if line.get_transform() == axes.transData and len(line.get_xdata()) == 1
    }
    expected = {float(x): row for x, row in table.iterrows() if not np.isnan(row["median"])}
    assert drawn.keys() == expected.keys()
    for x, row in expected.items():
        assert drawn[x] == ("D" if row["main"] else "o", pytest.approx(100 * row["median"]))


def test_large_dots_mark_what_departs_from_the_main_analysis(variants: tc.Variants) -> None:
    table, axes = tc.plots.specification_curve_table(variants), tc.plots.specification_curve(variants).axes[0]
    large = [
        float(line.get_xdata()[0])
        for line in axes.lines
        if line.get_markersize() == 5.0
        and line.get_marker() == "o"
        and line.get_xdata()[0] == round(line.get_xdata()[0])
    ]
    departures = [float(x) for x, row in table.iterrows() for _ in row["differs"].split("; ") if row["differs"]]
    assert sorted(large) == sorted(departures)


def test_ratios_stand_on_a_logarithmic_axis_with_no_difference_marked() -> None:
    fits = {f"tau {s}": tc.pool(**RATIOS, tau=f"HalfNormal({s})") for s in (0.5, 1.0)}
    axes = tc.plots.specification_curve(fits).axes[0]
    assert axes.get_yscale() == "log"
    assert any(list(line.get_ydata()) == [1.0, 1.0] for line in axes.lines)


def test_twenty_variants_with_long_names_do_not_overlap() -> None:
    scales = np.linspace(0.2, 2, 20).round(3)
    fits = {f"A variant whose name goes on and on, {s}": tc.pool(**COUNTS, tau=f"HalfNormal({s})") for s in scales}
    assert collisions(tc.plots.specification_curve(fits)) == []
    table = tc.plots.specification_curve_table(fits, order="given")
    assert list(table["variant"]) == list(fits)


def test_fits_that_differ_in_nothing_are_drawn_all_the_same() -> None:
    figure = tc.plots.specification_curve({"one": tc.pool(**COUNTS), "the same": tc.pool(**COUNTS)})
    assert collisions(figure) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "cohort"}, "unknown target 'cohort'"),
        ({"order": "size"}, "unknown order 'size'"),
        ({"level": 95}, "95 is not between 0 and 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(typed_in: dict[str, tc.Fit], options: dict[str, object], said: str) -> None:
    for answer in (tc.plots.specification_curve, tc.plots.specification_curve_table):
        with pytest.raises(tc.InputError, match=re.escape(said)):
            answer(typed_in, **options)  # type: ignore[operator]


def test_only_fits_of_one_quantity_stand_beside_each_other() -> None:
    fits = {"counts": tc.pool(**COUNTS), "ratios": tc.pool(**RATIOS, tau="HalfNormal(1)")}
    with pytest.raises(tc.InputError, match="variant 'ratios': is of a ratio, and 'counts' of a probability"):
        tc.plots.specification_curve(fits)
    with pytest.raises(tc.InputError, match="holds no fits"):
        tc.plots.specification_curve({})
    with pytest.raises(tc.InputError, match="pooling 'none' has no typical"):
        tc.plots.specification_curve({"main": tc.pool(**COUNTS, pooling="none")})
