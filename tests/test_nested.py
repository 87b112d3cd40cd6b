"""Cohorts in groups: the exact engine against plain sums, against models it must become, and against itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import tinycohort as tc
from support.fits import SHOWN, compiled
from tinycohort.compiled import CompiledModel
from tinycohort.engines.run import run
from tinycohort.families import Contrast, Proportion

PRIORS = {"mu": "Logistic(0, 1)", "tau": "HalfNormal(0.5)", "tau_group": "HalfNormal(0.5)"}
EVENTS, TOTALS = [0, 5, 9, 13, 8], [3, 19, 31, 36, 36]
GROUPS = ["nasopharyngeal", "nasopharyngeal", "head and neck", "lung", "lung"]


def counts(
    events: Sequence[int], totals: Sequence[int], groups: Sequence[str], pooling: str = "nested", **priors: str
) -> CompiledModel:
    data = {"events": list(events), "total": list(totals)}
    return compiled("binomial", Proportion(), pooling, data, {**PRIORS, **priors}, groups=groups)


def exact(model: CompiledModel) -> tc.Fit:
    fit = run(model, "exact", seed=1)
    assert fit.reportable, fit.reasons
    return fit


def shown(fit: tc.Fit, target: str, number: int | None = None, natural: bool = True) -> list[float]:
    marginal = fit.posterior.marginal(target, number, natural)  # type: ignore[arg-type]
    assert marginal is not None
    return [*marginal.quantile(np.array(list(SHOWN.values()))), marginal.mean, marginal.sd]


def in_plain_sums(
    events: Sequence[int], totals: Sequence[int], groups: Sequence[str], spreads: dict[str, Any]
) -> dict[str, Any]:
    """The posterior by equally spaced sums over everything: right where both spreads have priors away from nought.

    Log evidence, and the distribution functions of mu, tau, tau_group, each group's theta and new cohorts.
    """
    names = list(dict.fromkeys(groups))
    theta = np.linspace(-11, 8, 305)
    step = theta[1] - theta[0]
    tau, tau_group = (np.linspace(*spreads[name].ppf([1e-7, 1 - 1e-7]), 56) for name in ("tau", "tau_group"))
    prior = {
        name: spreads[name].pdf(grid) * (grid[1] - grid[0]) for name, grid in (("tau", tau), ("tau_group", tau_group))
    }
    likelihood = [stats.binom.pmf(r, n, special.expit(theta)) for r, n in zip(events, totals, strict=True)]
    between = theta[:, None] - theta[None]
    of_mu = stats.logistic.pdf(theta) * step
    joint = np.zeros((len(tau), len(tau_group), len(theta)))
    say = np.ones((len(tau), len(names), len(theta)))
    for t, within in enumerate(tau):
        kernel = _normal(between, within) * step
        for one, own in zip(likelihood, groups, strict=True):
            say[t, names.index(own)] *= kernel @ one
    of_group = np.zeros_like(say)
    for s, spread in enumerate(tau_group):
        kernel = _normal(between, spread) * step
        each = say @ kernel.T
        joint[:, s] = of_mu * each.prod(axis=1) * prior["tau"][:, None] * prior["tau_group"][s]
        of_group += ((joint[:, s, None] / each) @ kernel) * say
    evidence = joint.sum()
    return {
        "log_evidence": np.log(evidence),
        "mu": (theta, joint.sum(axis=(0, 1)) / evidence),
        "tau": (tau, joint.sum(axis=(1, 2)) / evidence),
        "tau_group": (tau_group, joint.sum(axis=(0, 2)) / evidence),
        "group": [(theta, of_group[:, g].sum(axis=0) / evidence) for g in range(len(names))],
        "new_cohort_in_group": [(theta, tau, of_group[:, g] / evidence) for g in range(len(names))],
    }


def _normal(x: Any, spread: float) -> Any:
    """The normal density, as SciPy has it but quicker."""
    return np.exp(-0.5 * (x / spread) ** 2) / (spread * math.sqrt(2 * math.pi))


def test_every_answer_is_that_of_plain_sums() -> None:
    priors = {"tau": "LogNormal(-0.7, 0.35)", "tau_group": "LogNormal(-0.4, 0.3)"}
    spreads = {"tau": stats.lognorm(0.35, scale=np.exp(-0.7)), "tau_group": stats.lognorm(0.3, scale=np.exp(-0.4))}
    fit = exact(counts(EVENTS, TOTALS, GROUPS, **priors))
    plain = in_plain_sums(EVENTS, TOTALS, GROUPS, spreads)
    assert fit.posterior.log_marginal_likelihood == pytest.approx(plain["log_evidence"], abs=1e-6)
    numbered = [("group", g, plain["group"][g]) for g in range(3)]
    for target, number, (x, mass) in [(name, None, plain[name]) for name in ("mu", "tau", "tau_group")] + numbered:
        marginal = fit.posterior.marginal(target, number)
        assert marginal.mean == pytest.approx((x * mass).sum(), abs=2e-5)
        assert marginal.sd == pytest.approx(np.sqrt((x**2 * mass).sum() - (x * mass).sum() ** 2), abs=2e-5)
        if target in ("mu", "group"):
            # Half of each point's mass lies below it, but for the slope there (Euler and Maclaurin).
            below = np.cumsum(mass) - 0.5 * mass - np.gradient(mass) / 12
            assert marginal.cdf(x) == pytest.approx(below, abs=2e-5)
    for g in range(3):
        theta, tau, mass = plain["new_cohort_in_group"][g]
        at = np.linspace(-3, 1, 9)
        below = (mass[..., None] * special.ndtr((at - theta[:, None]) / tau[:, None, None])).sum(axis=(0, 1))
        assert fit.posterior.marginal("new_cohort_in_group", g).cdf(at) == pytest.approx(below, abs=1e-5)


def agree(one: tc.Fit, other: tc.Fit, pairs: Sequence[tuple[tuple[str, int | None], tuple[str, int | None]]]) -> None:
    for (target, number), (other_target, other_number) in pairs:
        ours, theirs = shown(one, target, number), shown(other, other_target, other_number)
        assert ours == pytest.approx(theirs, abs=2e-4), (target, number)


def test_groups_that_do_not_differ_are_one_partial_pooling() -> None:
    nested = exact(counts(EVENTS, TOTALS, GROUPS, tau_group="HalfNormal(0.0001)"))
    partial = exact(counts(EVENTS, TOTALS, GROUPS, "partial"))
    assert nested.posterior.log_marginal_likelihood == pytest.approx(
        partial.posterior.log_marginal_likelihood, abs=1e-5
    )
    same = [((name, None), (name, None)) for name in ("typical", "average", "new_cohort")]
    agree(nested, partial, same + [(("cohort", j), ("cohort", j)) for j in range(5)])
    agree(nested, partial, [(("group", g), ("typical", None)) for g in range(3)])


def test_cohorts_that_do_not_differ_within_their_group_are_one() -> None:
    nested = exact(counts(EVENTS, TOTALS, GROUPS, tau="HalfNormal(0.0001)"))
    merged = exact(counts([5, 9, 21], [22, 31, 72], GROUPS[1:4], "partial"))
    same = [((name, None), (name, None)) for name in ("typical", "average", "new_cohort")]
    agree(nested, merged, same + [(("group", g), ("cohort", g)) for g in range(3)])


def test_a_group_for_each_cohort_has_the_two_spreads_together() -> None:
    """theta_j ~ Normal(mu, sqrt(tau^2 + tau_group^2)): one integral over mu for each pair of spreads."""
    fit = exact(counts([1, 7, 9], [8, 27, 44], ["a", "b", "c"]))
    assert shown(fit, "tau", natural=False) == pytest.approx(shown(fit, "tau_group", natural=False), abs=1e-4)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    spread = 1.5 * (nodes + 1)
    prior = 2 * stats.norm.pdf(spread, 0, 0.5) * 1.5 * weights
    z, of_z = np.polynomial.hermite_e.hermegauss(61)
    mu = np.linspace(-9, 6, 301)
    # Both spreads have the same prior: each pair of them stands for its mirror image.
    first, second = np.triu_indices(len(spread))
    share = prior[first] * prior[second] * np.where(first == second, 1.0, 2.0)
    theta = mu[:, None] + np.hypot(spread[first], spread[second])[:, None, None] * z
    log_p = special.log_expit(theta)
    averages = [
        np.exp(n * log_p - (n - r) * theta) @ (of_z / of_z.sum()) * math.comb(n, r)
        for r, n in ((1, 8), (7, 27), (9, 44))
    ]
    evidence = (np.prod(averages, axis=0) * stats.logistic.pdf(mu)).sum(axis=-1) * (mu[1] - mu[0])
    assert fit.posterior.log_marginal_likelihood == pytest.approx(np.log(share @ evidence), abs=1e-6)


def test_one_group_shares_its_spread_with_the_level() -> None:
    """theta_group ~ Normal(mu, tau_group) is then another prior of the level of a partial pooling."""
    data = {"estimate": [0.4, -0.1, 0.9, 0.2], "standard_error": [0.3, 0.5, 0.4, 0.2]}
    priors = {"mu": "Normal(0, 0.6)", "tau": "HalfNormal(0.4)", "tau_group": "Uniform(0.7999, 0.8001)"}
    nested = exact(compiled("normal", Contrast("difference"), "nested", data, priors, groups=["a"] * 4))
    partial = exact(compiled("normal", Contrast("difference"), "partial", data, priors | {"mu": "Normal(0, 1)"}))
    assert nested.posterior.log_marginal_likelihood == pytest.approx(
        partial.posterior.log_marginal_likelihood, abs=1e-6
    )
    agree(nested, partial, [(("group", 0), ("typical", None))] + [(("cohort", j), ("cohort", j)) for j in range(4)])


def test_swapping_events_and_others_mirrors_every_answer() -> None:
    others = [n - r for r, n in zip(EVENTS, TOTALS, strict=True)]
    fit, mirror = exact(counts(EVENTS, TOTALS, GROUPS)), exact(counts(others, TOTALS, GROUPS))
    numbered = [("group", g) for g in range(3)] + [("cohort", j) for j in range(5)]
    for target, number in [("typical", None), ("average", None), ("new_cohort", None), *numbered]:
        low, median, high, mean, sd = shown(fit, target, number)
        assert shown(mirror, target, number) == pytest.approx([1 - high, 1 - median, 1 - low, 1 - mean, sd], abs=1e-5)


def test_leaving_out_is_fitting_without() -> None:
    model = counts(EVENTS, TOTALS, GROUPS)
    fit = exact(model)
    found = fit.posterior.leave_one_out()
    for j in range(5):
        rest = exact(model.without(j))
        own = fit.posterior.log_marginal_likelihood - rest.posterior.log_marginal_likelihood
        assert found.log_predictive[j] == pytest.approx(own, abs=1e-5)
        assert found.variance_mu[j] == pytest.approx(rest.posterior.marginal("mu").sd ** 2, rel=1e-3)
        left = rest.compiled.group_labels
        place = ("new_cohort_in_group", left.index(GROUPS[j])) if GROUPS[j] in left else ("new_cohort", None)
        assert found.variance_theta[j] == pytest.approx(rest.posterior.marginal(*place).sd ** 2, rel=1e-3)


def test_what_one_cohort_would_report_is_its_evidence() -> None:
    """p(k of m in a new cohort of the group) is the evidence with it over the evidence without."""
    model = counts(EVENTS, TOTALS, GROUPS)
    fit = exact(model)
    for group, target, number in (("lung", "new_cohort_in_group", 2), ("skin", "new_cohort", None)):
        chances = fit.posterior.predicted_events(4, target, number)
        assert chances.sum() == pytest.approx(1, abs=1e-6)
        with_it = exact(counts([*EVENTS, 3], [*TOTALS, 4], [*GROUPS, group]))
        gain = with_it.posterior.log_marginal_likelihood - fit.posterior.log_marginal_likelihood
        assert np.log(chances[3]) == pytest.approx(gain, abs=5e-5)


def test_draws_follow_the_marginals() -> None:
    fit = exact(counts(EVENTS, TOTALS, GROUPS))
    posterior = fit.draws["posterior"]
    names = {"mu": ("mu", None), "tau": ("tau", None), "tau_group": ("tau_group", None)}
    names |= {"theta_new_cohort": ("new_cohort", None)}
    for name, (target, number) in names.items():
        below = fit.posterior.marginal(target, number).cdf(np.sort(posterior[name].values, axis=None))
        assert stats.kstest(below, "uniform").pvalue > 1e-3, name
    for name, target in (
        ("theta", "cohort"),
        ("theta_group", "group"),
        ("theta_new_cohort_in_group", "new_cohort_in_group"),
    ):
        for number in range(posterior[name].shape[-1]):
            below = fit.posterior.marginal(target, number).cdf(posterior[name].values[..., number].ravel())
            assert stats.kstest(below, "uniform").pvalue > 1e-4, (name, number)


@pytest.mark.parametrize(
    ("events", "totals"),
    [([0, 0, 0, 0], [3, 8, 5, 2]), ([3, 8, 5, 2], [3, 8, 5, 2]), ([0, 8, 0, 2], [3, 8, 5, 2]), ([1], [1])],
    ids=["nobody", "everybody", "torn", "one patient"],
)
def test_extreme_data_are_answered(events: list[int], totals: list[int]) -> None:
    groups = ["a", "a", "b", "c"][: len(events)]
    fit = exact(counts(events, totals, groups))
    for target in ("typical", "average", "new_cohort"):
        low, median, high, *_ = shown(fit, target)
        assert 0 < low < median < high < 1


@settings(max_examples=4, deadline=None)
@given(st.data())
def test_whatever_the_counts_the_loss_is_small_and_the_order_of_cohorts_does_not_matter(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 5))
    totals = data.draw(st.lists(st.integers(1, 40), min_size=size, max_size=size))
    events = [data.draw(st.integers(0, total)) for total in totals]
    groups = data.draw(st.lists(st.sampled_from("abc"), min_size=size, max_size=size))
    fit = run(counts(events, totals, groups), "exact", seed=1)
    back = run(counts(events[::-1], totals[::-1], groups[::-1]), "exact", seed=1)
    assert fit.reportable, fit.reasons
    assert back.posterior.log_marginal_likelihood == pytest.approx(fit.posterior.log_marginal_likelihood, abs=2e-5)
    assert shown(back, "new_cohort") == pytest.approx(shown(fit, "new_cohort"), abs=2e-4)


def test_a_cohort_without_its_group_is_refused() -> None:
    with pytest.raises(tc.InputError, match="no group"):
        counts([1, 2], [8, 9], ["a", ""])
