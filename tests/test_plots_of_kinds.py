"""The figures of every kind of number: percentages, counts of two arms, selective publication."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import tinycohort as tc
from support.pictures import collisions, texts_of

ARMS = {"events": [5, 0, 13, 9], "totals": [19, 12, 36, 30], "control_events": [6, 3, 7, 0]}
ARMS |= {"control_totals": [20, 11, 40, 28]}
PRIORS = {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}
PERCENTAGES = {"percentages": ["34.1", "12", "0"], "totals": [91, 8, 14]}
COUNTS = {"events": [0, 1, 7], "totals": [5, 8, 27]}


def evidence_of(numbers: dict[str, Any], **options: Any) -> float:
    found = tc.pool(**numbers, **options).posterior.log_marginal_likelihood
    assert found is not None
    return found


def without(numbers: dict[str, Any], j: int) -> dict[str, Any]:
    return {name: [*column[:j], *column[j + 1 :]] for name, column in numbers.items()}


def changed(numbers: dict[str, Any], j: int, **values: Any) -> dict[str, Any]:
    return {name: [*column[:j], values.get(name, column[j]), *column[j + 1 :]] for name, column in numbers.items()}


@pytest.mark.parametrize("j", [0, 1, 3])
def test_events_in_one_arm_are_predicted_given_those_in_both(j: int) -> None:
    chances = tc.plots.posterior_predictive_table(tc.pool(**ARMS, **PRIORS))["chances"][j]
    both = ARMS["events"][j] + ARMS["control_events"][j]
    first = max(both - ARMS["control_totals"][j], 0)
    others = evidence_of(without(ARMS, j), **PRIORS)
    expected = [
        math.exp(evidence_of(changed(ARMS, j, events=k, control_events=both - k), **PRIORS) - others)
        for k in range(first, first + len(chances))
    ]
    np.testing.assert_allclose(chances, expected, rtol=1e-5, atol=3e-7)
    assert sum(expected) == pytest.approx(1.0, abs=1e-6)


def test_counts_of_two_arms_are_printed_for_both() -> None:
    fit = tc.pool(**ARMS, **PRIORS)
    for draw in (tc.plots.forest, tc.plots.influence, tc.plots.posterior_predictive):
        figure = draw(fit)
        assert {"Events/total, both arms", "5/19, 6/20", "0/12, 3/11"} <= {one.get_text() for one in texts_of(figure)}
        assert collisions(figure) == []
    assert tc.plots.forest(fit).axes[0].get_xlabel() == "Odds ratio (logarithmic axis)"
    table = tc.plots.forest_table(fit)
    assert list(table["control_total"][:4]) == ARMS["control_totals"]
    # Where a cell is zero there is no estimate of its own to draw.
    assert table["raw"][:4].isna().tolist() == [False, True, False, True]


def test_before_the_data_two_arms_have_no_row_for_the_odds_ratio() -> None:
    table = tc.plots.prior_predictive_table(tc.pool(**ARMS, **PRIORS))
    assert list(table["row"]) == ["cohort"] * 4
    alone = {name: column[:1] for name, column in ARMS.items()}
    expected = [math.exp(evidence_of(changed(alone, 0, events=k, control_events=11 - k), **PRIORS)) for k in range(12)]
    np.testing.assert_allclose(table["chances"][0], expected, rtol=3e-4)


@pytest.mark.parametrize("chance", [0.2, 0.5])
def test_among_published_cohorts_fewer_are_without_an_event(chance: float) -> None:
    options = {"published_without_events": chance}
    table = tc.plots.posterior_predictive_table(tc.pool(**COUNTS, **options))
    others = evidence_of(without(COUNTS, 1), **options)
    expected = [math.exp(evidence_of(changed(COUNTS, 1, events=k), **options) - others) for k in range(9)]
    np.testing.assert_allclose(table["chances"][1], expected, rtol=1e-5, atol=3e-7)
    assert expected[0] < tc.plots.posterior_predictive_table(tc.pool(**COUNTS))["chances"][1][0]


def test_percentages_are_predicted_as_counts() -> None:
    fit = tc.pool(**PERCENTAGES)
    table = tc.plots.posterior_predictive_table(fit)
    assert [len(chances) for chances in table["chances"]] == [92, 9, 15]
    # 34.1% of 91 can only be 31; 0% of 14 only nobody.
    assert list(table["observed"]) == [31, 1, 0]
    assert {"34.1% of 91", "12% of 8"} <= {text.get_text() for text in texts_of(tc.plots.posterior_predictive(fit))}
    others = evidence_of(without(PERCENTAGES, 2))
    assert table["chances"][2][0] == pytest.approx(math.exp(evidence_of(PERCENTAGES) - others), rel=1e-5)


def test_what_several_counts_print_as_was_observed_in_the_middle_of_them() -> None:
    table = tc.plots.posterior_predictive_table(tc.pool(percentages=["10", "34.1"], totals=[400, 91]))
    chances, same = np.array(table["chances"][0]), [38, 39, 40, 41, 42]
    assert table["observed"][0] == 40.0
    assert table["below"][0] == pytest.approx(chances[:38].sum() + 0.5 * chances[same].sum(), abs=1e-9)


def test_counts_and_percentages_stand_in_one_figure() -> None:
    content = copy.deepcopy(tc.read_model("response_pd1").to_dict())
    content["likelihood"].append({"kind": "rounded"})
    fit = tc.fit(tc.read_model(content), tc.read_evidence())
    assert collisions(tc.plots.posterior_predictive(fit)) == []
    assert collisions(tc.plots.forest(fit)) == []


def test_the_sensitivity_runs_through_the_corrected_fits() -> None:
    fits = {chance: tc.pool(**COUNTS, published_without_events=chance) for chance in (0.1, 0.5)}
    fits[1.0] = tc.pool(**COUNTS)
    table = tc.plots.unpublished_sensitivity_table(fits)
    assert table["median"].is_monotonic_increasing
    assert collisions(tc.plots.unpublished_sensitivity(fits)) == []


def test_what_is_said_of_publication_is_a_choice() -> None:
    fits = {"main": tc.pool(**COUNTS), "half": tc.pool(**COUNTS, published_without_events=0.5)}
    table = tc.plots.specification_curve_table(fits, order="given")
    assert list(table["differs"]) == ["", "Likelihood: binomial, published without events 0.5"]
