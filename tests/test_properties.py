"""What must hold for any data: symmetries, limits and identities of probability."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tinycohort as tc
from support.fits import SHOWN, Z, normal_fit

# The engine's promise, on the probability scale and of logarithms of probabilities of the data.
PROBABILITY = 1e-4
LOG_EVIDENCE = 1e-5
TARGETS = ("typical", "average", "new_cohort")
QUANTITIES = ("mean", "sd", "median", "lower", "upper")
FEW = settings(max_examples=20)
FEWER = settings(max_examples=8)

Counts = tuple[list[int], list[int]]


def paired(pairs: list[tuple[int, int]]) -> Counts:
    """Events (a share of the total, in eighths) and totals."""
    return [total * eighths // 8 for total, eighths in pairs], [total for total, _ in pairs]


def cohorts_of(smallest: int, largest: int) -> st.SearchStrategy[Counts]:
    total = st.integers(1, 60) | st.integers(1, 5)
    return st.lists(st.tuples(total, st.integers(0, 8)), min_size=smallest, max_size=largest).map(paired)


counts = cohorts_of(1, 5)
several = cohorts_of(2, 4)
spreads = st.sampled_from([0.02, 0.1, 0.5, 1.0, 2.5])
poolings = st.sampled_from(["none", "common", "partial"])
levels = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])


def pooled(data: Counts, tau: float | None = 0.5, pooling: str = "partial", **options: Any) -> tc.Fit:
    """A fit of counts that must be reportable."""
    spread = f"HalfNormal({tau})" if pooling == "partial" else None
    fit = tc.pool(events=data[0], totals=data[1], tau=spread, pooling=pooling, seed=1, **options)
    assert fit.reportable, fit.reasons
    return fit


def marginals(fit: tc.Fit) -> list[Any]:
    """Every marginal of a fit, on the natural scale, and tau's."""
    found = [fit.posterior.marginal(target, None, True) for target in (*TARGETS, "tau")]
    found += [fit.posterior.marginal("cohort", j, True) for j in range(fit.compiled.cohorts)]
    return [marginal for marginal in found if marginal is not None]


# -- symmetries -------------------------------------------------------------------------------------------------------


def assert_mirrored(ours: dict[str, float] | None, theirs: dict[str, float] | None) -> None:
    if ours is None or theirs is None:
        assert ours is theirs
        return
    for name, other in (("mean", "mean"), ("median", "median"), ("lower", "upper"), ("upper", "lower")):
        assert ours[name] == pytest.approx(1 - theirs[other], abs=PROBABILITY)
    assert ours["sd"] == pytest.approx(theirs["sd"], abs=PROBABILITY)


@FEW
@given(counts, spreads, poolings, st.sampled_from(["Logistic(0, 1)", "Normal(0, 1.5)", "Beta(0.5, 0.5)"]))
@example(([0, 0, 0], [3, 8, 40]), 2.5, "partial", "Logistic(0, 1)")
def test_swapping_events_and_non_events_mirrors_every_answer(data: Counts, tau: float, pooling: str, mu: str) -> None:
    events, totals = data
    others = [n - r for r, n in zip(events, totals, strict=True)]
    straight = pooled(data, tau, pooling, mu=mu).summary()
    mirrored = pooled((others, totals), tau, pooling, mu=mu).summary()
    for target in TARGETS:
        assert_mirrored(straight[target], mirrored[target])
    for ours, theirs in zip(straight["cohorts"], mirrored["cohorts"], strict=True):
        assert_mirrored(ours, theirs)
        for share in ("weight", "shrinkage"):
            assert (ours[share] is None) == (theirs[share] is None)
            if ours[share] is not None:
                assert ours[share] == pytest.approx(theirs[share], abs=1e-3)
    if pooling == "partial":
        for name in QUANTITIES:
            assert straight["tau"][name] == pytest.approx(mirrored["tau"][name], abs=1e-3 * tau)
    assert straight["log_marginal_likelihood"] == pytest.approx(mirrored["log_marginal_likelihood"], abs=LOG_EVIDENCE)
    scores, mirrored_scores = (one["elpd_loco"]["cohorts"] for one in (straight, mirrored))
    assert scores == pytest.approx(mirrored_scores, abs=LOG_EVIDENCE)


@FEW
@given(several, spreads, poolings, st.randoms(use_true_random=False))
def test_the_order_of_cohorts_does_not_matter(data: Counts, tau: float, pooling: str, random: Any) -> None:
    order = list(range(len(data[0])))
    random.shuffle(order)
    straight = pooled(data, tau, pooling).summary()
    shuffled = pooled(([data[0][j] for j in order], [data[1][j] for j in order]), tau, pooling).summary()
    for target in (*TARGETS, "mu", "tau"):
        assert shuffled[target] == (straight[target] and pytest.approx(straight[target], abs=1e-6))
    for position, j in enumerate(order):
        ours, theirs = (dict(one) for one in (straight["cohorts"][j], shuffled["cohorts"][position]))
        assert ours.pop("label") != "" != theirs.pop("label")
        for name, value in ours.items():
            assert theirs[name] == (None if value is None else pytest.approx(value, abs=1e-6)), name
    assert shuffled["log_marginal_likelihood"] == pytest.approx(straight["log_marginal_likelihood"], abs=1e-9)


@FEWER
@given(several, poolings)
def test_what_cohorts_are_called_changes_nothing(data: Counts, pooling: str) -> None:
    names = [f"Müller 20{j}, arm <{j}>" for j in range(len(data[0]))]
    plain, named = pooled(data, pooling=pooling), pooled(data, pooling=pooling, labels=names)
    assert [cohort["label"] for cohort in named.summary()["cohorts"]] == names
    for ours, theirs in zip(marginals(plain), marginals(named), strict=True):
        assert ours.mean == theirs.mean
        assert np.array_equal(ours.quantile(np.array([0.1, 0.7])), theirs.quantile(np.array([0.1, 0.7])))
    ours, theirs = (fit.draws["posterior"]["theta"].values for fit in (plain, named))
    assert np.array_equal(ours, theirs)


estimates = st.lists(st.tuples(st.integers(-20, 20), st.integers(1, 20)), min_size=1, max_size=4).map(
    lambda pairs: ([y / 10 for y, _ in pairs], [s / 10 for _, s in pairs])
)


@FEW
@given(estimates, st.sampled_from([1e-4, 0.03, 60.0, 1e5]), st.sampled_from(["partial", "common"]))
def test_the_unit_of_a_difference_does_not_matter(
    data: tuple[list[float], list[float]], unit: float, pooling: str
) -> None:
    def answer(scale: float) -> dict[str, Any]:
        y, s = (np.array(column) * scale for column in data)
        tau = f"HalfNormal({0.7 * scale})" if pooling == "partial" else None
        return normal_fit(y, s, f"Normal(0, {2 * scale})", tau, pooling).summary()

    ours, theirs = answer(1.0), answer(unit)
    for target in ("mu", "tau", *TARGETS):
        if ours[target] is None:
            assert theirs[target] is None
            continue
        sd = ours[target]["sd"]
        for name in QUANTITIES:
            assert theirs[target][name] / unit == pytest.approx(ours[target][name], abs=1e-3 * sd), (target, name)
    jacobian = len(data[0]) * np.log(unit)
    evidence = theirs["log_marginal_likelihood"] + jacobian
    assert evidence == pytest.approx(ours["log_marginal_likelihood"], abs=LOG_EVIDENCE)


# -- limits -----------------------------------------------------------------------------------------------------------


@FEW
@given(counts)
def test_a_heterogeneity_prior_close_to_zero_gives_one_rate_for_all(data: Counts) -> None:
    partial, common = pooled(data, 1e-5).summary(), pooled(data, pooling="common").summary()
    for target in TARGETS:
        for name in QUANTITIES:
            assert partial[target][name] == pytest.approx(common[target][name], abs=PROBABILITY)
    for ours, theirs in zip(partial["cohorts"], common["cohorts"], strict=True):
        for name in QUANTITIES:
            assert ours[name] == pytest.approx(theirs[name], abs=PROBABILITY)
    assert partial["log_marginal_likelihood"] == pytest.approx(common["log_marginal_likelihood"], abs=LOG_EVIDENCE)
    scores, common_scores = (one["elpd_loco"]["cohorts"] for one in (partial, common))
    assert scores == pytest.approx(common_scores, abs=LOG_EVIDENCE)


@FEW
@given(st.sets(st.integers(1, 9), min_size=2, max_size=4))
def test_cohorts_of_a_million_are_not_shrunken(tenths: set[int]) -> None:
    data = [100_000 * share for share in sorted(tenths)], [1_000_000] * len(tenths)
    partial, separate = pooled(data, 1.0).summary(), pooled(data, pooling="none").summary()
    for ours, theirs in zip(partial["cohorts"], separate["cohorts"], strict=True):
        for shown in SHOWN:
            assert ours[shown] == pytest.approx(theirs[shown], abs=PROBABILITY)
        assert ours["shrinkage"] < 0.02


@FEW
@given(several, spreads)
def test_a_cohort_lies_between_its_own_data_and_the_others(data: Counts, tau: float) -> None:
    partial = pooled(data, tau).summary()
    alone = pooled(data, pooling="none").summary()
    for ours, own in zip(partial["cohorts"], alone["cohorts"], strict=True):
        low, high = sorted([own["median"], partial["typical"]["median"]])
        # The prior of mu pulls on a lone cohort too, and medians do not mix exactly: a little room.
        assert low - 0.06 <= ours["median"] <= high + 0.06


# -- intervals --------------------------------------------------------------------------------------------------------


@FEWER
@given(counts, spreads, poolings, st.tuples(levels, levels).filter(lambda pair: pair[0] < pair[1]))
def test_intervals_of_higher_probability_contain_those_of_lower(
    data: Counts, tau: float, pooling: str, pair: tuple[float, float]
) -> None:
    fit = pooled(data, tau, pooling)
    for marginal in marginals(fit):
        for kind in ("equal-tailed", "shortest"):
            inner, outer = (marginal.interval(level, kind) for level in pair)
            # The shortest interval of a nearly flat density may slide without growing longer.
            room = 1e-9 if kind == "equal-tailed" else 1e-3 * (outer[1] - outer[0])
            assert outer[0] <= inner[0] + room
            assert inner[1] <= outer[1] + room


@FEW
@given(counts, spreads, poolings, levels)
def test_the_shortest_interval_is_no_longer_than_the_equal_tailed_and_holds_its_probability(
    data: Counts, tau: float, pooling: str, level: float
) -> None:
    fit = pooled(data, tau, pooling)
    for marginal in marginals(fit):
        plain, shortest = (marginal.interval(level, kind) for kind in ("equal-tailed", "shortest"))
        assert shortest[1] - shortest[0] <= (plain[1] - plain[0]) * (1 + 1e-6)
        for low, high in (plain, shortest):
            held = marginal.cdf(np.array([high]))[0] - marginal.cdf(np.array([low]))[0]
            assert held == pytest.approx(level, abs=1e-6)


@FEW
@given(counts, spreads, poolings)
@example(([0, 0], [3, 40]), 0.02, "partial")
def test_the_distribution_function_undoes_the_quantiles(data: Counts, tau: float, pooling: str) -> None:
    p = np.array([0.001, 0.025, 0.1, 0.31, 0.5, 0.77, 0.975, 0.999])
    for marginal in marginals(pooled(data, tau, pooling)):
        x = marginal.quantile(p)
        assert (np.diff(x) > 0).all()
        assert marginal.cdf(x) == pytest.approx(p, abs=1e-6)


@FEW
@given(counts, spreads, poolings)
def test_distribution_functions_rise_from_zero_to_one(data: Counts, tau: float, pooling: str) -> None:
    grid = np.linspace(0, 1, 101)
    fit = pooled(data, tau, pooling)
    for target in (*TARGETS, *range(fit.compiled.cohorts)):
        cohort = target if isinstance(target, int) else None
        marginal = fit.posterior.marginal("cohort" if cohort is not None else target, cohort, True)
        if marginal is not None:
            below = marginal.cdf(grid)
            assert below[0] == pytest.approx(0, abs=1e-9)
            assert below[-1] == pytest.approx(1, abs=1e-9)
            assert np.diff(below).min() > -PROBABILITY


@FEW
@given(counts, spreads, st.sampled_from(["common", "partial"]))
def test_average_and_new_cohort_have_one_mean_and_different_spreads(data: Counts, tau: float, pooling: str) -> None:
    summary = pooled(data, tau, pooling).summary()
    assert summary["average"]["mean"] == pytest.approx(summary["new_cohort"]["mean"], abs=1e-6)
    assert summary["average"]["sd"] <= summary["new_cohort"]["sd"] + 1e-9


# -- predictions and evidence -----------------------------------------------------------------------------------------


@FEW
@given(counts, spreads, poolings, st.sampled_from([1, 5, 20, 60]))
def test_predicted_counts_sum_to_one_and_have_the_mean_of_the_rate(
    data: Counts, tau: float, pooling: str, patients: int
) -> None:
    fit = pooled(data, tau, pooling)
    for target, cohort in [("new_cohort", None), ("typical", None), ("cohort", 0)]:
        found = tc.predicted_events(fit, patients, target, cohort)
        marginal = fit.posterior.marginal(target, cohort, natural=True)
        assert (found is None) == (marginal is None)
        if found is not None:
            assert found.shape == (patients + 1,)
            assert (found >= 0).all()
            assert found.sum() == pytest.approx(1, abs=1e-6)
            assert found @ np.arange(patients + 1) == pytest.approx(patients * marginal.mean, abs=1e-4 * patients)
            # Var(count) = n E[p (1 - p)] + n^2 Var(p).
            variance = found @ np.arange(patients + 1) ** 2 - (found @ np.arange(patients + 1)) ** 2
            spread = marginal.sd**2
            within = marginal.mean * (1 - marginal.mean) - spread
            assert variance == pytest.approx(patients * within + patients**2 * spread, abs=1e-4 * patients**2)


@FEW
@given(several, spreads, st.sampled_from(["common", "partial"]))
def test_the_score_of_a_cohort_is_the_evidence_that_it_adds(data: Counts, tau: float, pooling: str) -> None:
    whole = pooled(data, tau, pooling).summary()
    scores = whole["elpd_loco"]
    for j, score in enumerate(scores["cohorts"]):
        rest = [[value for i, value in enumerate(column) if i != j] for column in data]
        others = pooled((rest[0], rest[1]), tau, pooling).posterior.log_marginal_likelihood
        assert score == pytest.approx(whole["log_marginal_likelihood"] - others, abs=2 * LOG_EVIDENCE)
    assert scores["total"] == pytest.approx(sum(scores["cohorts"]), abs=1e-9)


@FEW
@given(several, spreads, st.sampled_from(["common", "partial"]))
def test_the_evidence_is_a_chain_of_predictions(data: Counts, tau: float, pooling: str) -> None:
    events, totals = data
    before = pooled((events[:1], totals[:1]), tau, pooling)
    for j in range(1, len(events)):
        after = pooled((events[: j + 1], totals[: j + 1]), tau, pooling)
        added = after.posterior.log_marginal_likelihood - before.posterior.log_marginal_likelihood
        assert tc.predicted_events(before, totals[j])[events[j]] == pytest.approx(np.exp(added), abs=1e-5)
        before = after


@FEWER
@given(st.integers(1, 30), spreads, poolings)
def test_the_evidences_of_all_possible_data_sum_to_one(total: int, tau: float, pooling: str) -> None:
    evidences = [
        pooled(([events, 1], [total, 3]), tau, pooling).posterior.log_marginal_likelihood for events in range(total + 1)
    ]
    other = pooled(([1], [3]), tau, pooling).posterior.log_marginal_likelihood
    assert np.exp(evidences).sum() == pytest.approx(np.exp(other), abs=LOG_EVIDENCE)


# -- weights ----------------------------------------------------------------------------------------------------------


@FEW
@given(counts, spreads, st.sampled_from(["common", "partial"]))
def test_weights_are_shares(data: Counts, tau: float, pooling: str) -> None:
    cohorts = pooled(data, tau, pooling).summary()["cohorts"]
    weights = [cohort["weight"] for cohort in cohorts]
    assert sum(weights) == pytest.approx(1, abs=1e-9)
    assert all(0 <= weight <= 1 + 1e-12 for weight in weights)
    assert all(cohort["shrinkage"] > 0 for cohort in cohorts)


@FEW
@given(estimates)
def test_with_one_effect_for_all_weights_are_shares_of_precision(data: tuple[list[float], list[float]]) -> None:
    precision = np.array(data[1]) ** -2.0
    fit = normal_fit(*data, "Normal(0, 3)", pooling="common")
    cohorts = fit.summary()["cohorts"]
    assert [cohort["weight"] for cohort in cohorts] == pytest.approx(precision / precision.sum(), abs=1e-6)
    others = precision.sum() + 1 / 9 - precision
    shrinkage = others / (precision.sum() + 1 / 9)
    assert [cohort["shrinkage"] for cohort in cohorts] == pytest.approx(shrinkage, abs=1e-6)


def test_with_known_heterogeneity_weight_and_shrinkage_are_the_textbook_quantities() -> None:
    y, s, tau = np.array([0.4, -0.3, 1.1]), np.array([0.2, 0.5, 0.35]), 0.6
    cohorts = normal_fit(y, s, "Normal(0, 1000)", f"Uniform({tau - 1e-4}, {tau + 1e-4})").summary()["cohorts"]
    precision = 1 / (s**2 + tau**2)
    assert [cohort["weight"] for cohort in cohorts] == pytest.approx(precision / precision.sum(), abs=1e-4)
    # Given the others: mu with the precision of theirs, and theta_j around it.
    others = 1 / (precision.sum() - precision) + tau**2
    assert [cohort["shrinkage"] for cohort in cohorts] == pytest.approx(1 / (1 / others + 1 / s**2) / others, abs=1e-4)


@pytest.mark.parametrize("pooling", ["none", "common", "partial"])
@pytest.mark.parametrize("others", [([], []), ([1], [8])])
def test_an_empty_cohort_is_refused_with_an_explanation(pooling: str, others: Counts) -> None:
    with pytest.raises(tc.InputError) as caught:
        tc.pool(events=[*others[0], 0], totals=[*others[1], 0], pooling=pooling)
    (issue,) = caught.value.issues
    assert "total" in issue.where
    assert "0 of 0: nobody was observed" in issue.what
    assert issue.mend == "An empty cohort says nothing; leave it out."


def test_the_standard_error_of_an_interval_is_what_a_normal_of_that_level_has() -> None:
    wide = tc.pool(estimates=[1.0], lower=[1 - Z], upper=[1 + Z], level=0.95, mu="Normal(0, 1)", pooling="common")
    narrow = tc.pool(
        estimates=[1.0], lower=[0.0], upper=[2.0], level=0.6826894921370859, mu="Normal(0, 1)", pooling="common"
    )
    for fit in (wide, narrow):
        assert fit.summary()["mu"]["mean"] == pytest.approx(0.5, abs=1e-9)
        assert fit.summary()["mu"]["sd"] == pytest.approx(np.sqrt(0.5), abs=1e-9)
