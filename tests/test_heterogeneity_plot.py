"""Heterogeneity: prior and posterior of tau, and what tau means for cohorts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

import tinycohort as tc
from support.pictures import texts_of

THREE = {"events": [1, 7, 9], "totals": [8, 27, 44]}
ESTIMATES = {"estimates": [0.5, 0.8], "lower": [0.3, 0.6], "upper": [0.9, 1.05], "mu": "Normal(0, 1)"}


def test_it_is_the_prior_and_the_posterior_of_tau() -> None:
    fit = tc.pool(**THREE)
    table = tc.plots.heterogeneity_table(fit)
    plain = tc.plots.prior_posterior_table(fit, "tau")
    for name in plain.columns:
        assert list(table[name]) == list(plain[name])
    share = stats.halfnorm(scale=0.5).cdf(table["upper"]) - stats.halfnorm(scale=0.5).cdf(table["lower"])
    np.testing.assert_allclose(table["prior"] * (table["upper"] - table["lower"]), share, atol=1e-9)
    assert set(table["parameter"]) == {"tau"}


@pytest.mark.parametrize("options", [THREE, {**ESTIMATES, "tau": "HalfNormal(1)", "ratio": True}])
def test_on_odds_and_ratios_tau_is_read_as_a_factor_that_holds_95_percent(options: dict[str, object]) -> None:
    fit = tc.pool(**options)  # type: ignore[arg-type]
    table = tc.plots.heterogeneity_table(fit)
    np.testing.assert_allclose(np.log(table["within"]) / table["upper"], stats.norm.ppf(0.975), rtol=1e-9)
    axes = tc.plots.heterogeneity(fit).axes[0]
    words = [text.get_text() for text in texts_of(axes.figure)]
    for tick in axes.get_xticks():
        if 0.0 < tick <= 1.0:
            factor = math.exp(stats.norm.ppf(0.975) * tick)
            assert f"\N{MULTIPLICATION SIGN}{factor:.1f}".removesuffix(".0") in words


def test_on_differences_it_is_read_as_a_distance() -> None:
    fit = tc.pool(**ESTIMATES, tau="HalfNormal(1)")
    table = tc.plots.heterogeneity_table(fit)
    np.testing.assert_allclose(table["within"] / table["upper"], stats.norm.ppf(0.975), rtol=1e-9)
    words = [text.get_text() for text in texts_of(tc.plots.heterogeneity(fit))]
    assert "\N{PLUS-MINUS SIGN}0" in words


@pytest.mark.parametrize("pooling", ["none", "common"])
def test_without_a_tau_there_is_nothing_to_draw(pooling: str) -> None:
    fit = tc.pool(**THREE, pooling=pooling)
    for answer in (tc.plots.heterogeneity, tc.plots.heterogeneity_table):
        with pytest.raises(tc.InputError, match=f"pooling '{pooling}' has no tau"):
            answer(fit)  # type: ignore[operator]


def test_axes_may_come_alone_or_in_a_list_but_not_in_excess() -> None:
    fit = tc.pool(**THREE)
    for wrapped in (lambda ax: ax, lambda ax: [ax]):
        figure = Figure(figsize=(4, 3))
        assert tc.plots.heterogeneity(fit, ax=wrapped(figure.add_axes((0, 0, 1, 1)))) is figure
    axes = list(Figure(figsize=(8, 3)).subplots(1, 2))
    with pytest.raises(tc.InputError, match="ax: 2 axes"):
        tc.plots.heterogeneity(fit, ax=axes)
