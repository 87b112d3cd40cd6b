"""Which cohorts share one value is unknown: against other software, closed forms, and what it must become."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import tinycohort as tc
from support.fits import SHOWN, normal_fit
from tinycohort.cli import main
from tinycohort.pooling.structures import partitions

CASES = json.loads((Path(__file__).parent / "reference" / "basket_trials.json").read_text(encoding="utf-8"))["cases"]
BASKETS = next(case for case in CASES if case["id"] == "mem_exact_three_baskets")
EVENTS, TOTALS = [8, 0, 1, 5], [19, 10, 26, 14]


def mem(
    events: Sequence[int] = EVENTS, totals: Sequence[int] = TOTALS, exchangeable: float = 0.5,
    structure: str = "sets", **changes: Any,
) -> tc.Fit:  # fmt: skip
    fit = tc.pool(
        events=events, totals=totals, pooling="mem", exchangeable=exchangeable, structure=structure, seed=1,
        **{"mu": "Beta(0.5, 0.5)", **changes},
    )  # fmt: skip
    assert fit.reportable, fit.reasons
    return fit


def pairs(fit: tc.Fit) -> Any:
    return np.array(fit.summary()["exchangeability"]["pairs"])


# -- other software ---------------------------------------------------------------------------------------------------


def test_three_baskets_are_what_the_package_basket_prints() -> None:
    data, published, exact = BASKETS["inputs"], BASKETS["published"], BASKETS["own"]["values"]
    fit = mem(data["r"], data["n"], structure="pairs")
    above = [tc.probability_above(fit, 0.25, "cohort", j) for j in range(3)]
    assert [round(value, 3) for value in above] == published["P(p>0.25)"]  # type: ignore[arg-type]
    assert above == pytest.approx(exact["P"], abs=5e-5)
    cohorts = fit.summary()["cohorts"]
    for name in ("mean", "median"):
        assert [cohort[name] for cohort in cohorts] == pytest.approx(published[name], abs=2e-3)
    assert [cohort["mean"] for cohort in cohorts] == pytest.approx(exact["mean"], abs=5e-5)
    found = {f"{i + 1}{j + 1}": pairs(fit)[i, j] for i, j in ((0, 1), (0, 2), (1, 2))}
    assert found == pytest.approx(exact["PEP"], abs=5e-5)


# -- closed forms -----------------------------------------------------------------------------------------------------


def log_evidence(members: Sequence[int]) -> float:
    """Of counts that share one response rate, with a Beta(0.5, 0.5) prior."""
    r, n = (sum(column[j] for j in members) for column in (EVENTS, TOTALS))
    coefficients = sum(math.log(math.comb(TOTALS[j], EVENTS[j])) for j in members)
    return float(coefficients + special.betaln(0.5 + r, 0.5 + n - r) - special.betaln(0.5, 0.5))


def test_sets_are_what_adding_up_all_fifteen_ways_gives() -> None:
    share = 0.3
    ways = [[tuple(np.flatnonzero(way == first)) for first in np.unique(way)] for way in partitions(4)]
    assert len(ways) == 15
    inside = np.array([sum(len(one) * (len(one) - 1) // 2 for one in way) for way in ways])
    log_prior = inside * math.log(share) + (6 - inside) * math.log1p(-share)
    log_prior -= special.logsumexp(log_prior)
    log_joint = log_prior + [sum(log_evidence(one) for one in way) for way in ways]
    weights = np.exp(log_joint - special.logsumexp(log_joint))
    fit = mem(exchangeable=share)
    assert fit.posterior.log_marginal_likelihood == pytest.approx(special.logsumexp(log_joint), abs=1e-8)
    means, together = np.zeros(4), np.zeros((4, 4))
    for weight, way in zip(weights, ways, strict=True):
        for one in way:
            r, n = (sum(column[j] for j in one) for column in (EVENTS, TOTALS))
            means[list(one)] += weight * (r + 0.5) / (n + 1)
            together[np.ix_(one, one)] += weight
    assert [cohort["mean"] for cohort in fit.summary()["cohorts"]] == pytest.approx(means, abs=1e-8)
    assert pairs(fit) == pytest.approx(together, abs=1e-8)
    told = fit.summary()["exchangeability"]
    best = ways[int(weights.argmax())]
    assert told["probability"] == pytest.approx(weights.max(), abs=1e-8)
    assert sorted(told["most_probable"]) == sorted([f"cohort {j + 1}" for j in one] for one in best)
    before = np.exp(log_prior) @ [any(0 in one and 1 in one for one in way) for way in ways]
    assert told["prior"] == pytest.approx(before, abs=1e-12)


def test_pairs_are_what_adding_up_all_matrices_gives() -> None:
    share, size = 0.3, 4
    each = list(product([0, 1], repeat=6))
    log_weights, rows = [], []
    for chosen in each:
        matrix = np.eye(size, dtype=int)
        matrix[np.triu_indices(size, 1)] = chosen
        matrix = np.maximum(matrix, matrix.T)
        views = [
            log_evidence(np.flatnonzero(row)) + sum(log_evidence([k]) for k in np.flatnonzero(row == 0))
            for row in matrix
        ]
        log_weights.append(sum(views) + sum(chosen) * math.log(share) + (6 - sum(chosen)) * math.log1p(-share))
        rows.append(matrix)
    weights = np.exp(np.array(log_weights) - special.logsumexp(log_weights))
    fit = mem(exchangeable=share, structure="pairs")
    assert pairs(fit) == pytest.approx(np.tensordot(weights, np.array(rows), 1), abs=1e-8)
    r, n = np.array(rows) @ EVENTS, np.array(rows) @ TOTALS
    means = weights @ ((r + 0.5) / (n + 1))
    assert [cohort["mean"] for cohort in fit.summary()["cohorts"]] == pytest.approx(means, abs=1e-8)


def test_any_likelihood_will_do_such_as_estimates_with_standard_errors() -> None:
    y, s, prior = [0.1, 0.4, -0.9], [0.3, 0.2, 0.4], 1.5
    fit = normal_fit(y, s, f"Normal(0, {prior})", pooling="mem", exchangeable=0.5, structure="sets")
    assert fit.reportable

    def log_density(members: Sequence[int]) -> float:
        own = np.array(members)
        covariance = np.diag(np.array(s)[own] ** 2) + prior**2
        return float(stats.multivariate_normal(np.zeros(len(own)), covariance).logpdf(np.array(y)[own]))

    ways = [[np.flatnonzero(way == first) for first in np.unique(way)] for way in partitions(3)]
    logs = np.array([sum(log_density(one) for one in way) for way in ways])
    evidence = special.logsumexp(logs) - math.log(len(ways))
    assert fit.posterior.log_marginal_likelihood == pytest.approx(evidence, abs=1e-8)
    weights = np.exp(logs - special.logsumexp(logs))
    means = np.zeros(3)
    for weight, way in zip(weights, ways, strict=True):
        for one in way:
            precision = np.array(s)[one] ** -2.0
            means[one] += weight * (precision @ np.array(y)[one]) / (precision.sum() + prior**-2)
    assert [cohort["mean"] for cohort in fit.summary()["cohorts"]] == pytest.approx(means, abs=1e-7)


# -- what it must become ----------------------------------------------------------------------------------------------

counts = st.lists(
    st.integers(2, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=5
)


def shown(fit: tc.Fit) -> list[float]:
    return [cohort[name] for cohort in fit.summary()["cohorts"] for name in (*SHOWN, "mean", "sd")]


@given(counts, st.sampled_from(["sets", "pairs"]))
@settings(max_examples=15, deadline=None)
def test_certain_exchangeability_is_complete_pooling_and_none_is_none(
    cohorts: list[tuple[int, int]], structure: str
) -> None:
    events, totals = (list(column) for column in zip(*cohorts, strict=True))
    for share, pooling in ((1.0, "common"), (0.0, "none")):
        found = mem(events, totals, share, structure)
        other = tc.pool(events=events, totals=totals, pooling=pooling, mu="Beta(0.5, 0.5)", seed=1)
        assert shown(found) == pytest.approx(shown(other), abs=2e-5)
        if structure == "sets":
            evidence, scores = (
                [fit.summary()["log_marginal_likelihood"], *fit.summary()["elpd_loco"]["cohorts"]]
                for fit in (found, other)
            )
            assert evidence == pytest.approx(scores, abs=1e-5)


@given(counts, st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_the_order_of_cohorts_does_not_matter(cohorts: list[tuple[int, int]], random: Any) -> None:
    order = list(range(len(cohorts)))
    random.shuffle(order)
    events, totals = (list(column) for column in zip(*cohorts, strict=True))
    found, moved = mem(events, totals), mem([events[j] for j in order], [totals[j] for j in order])
    assert pairs(moved) == pytest.approx(pairs(found)[np.ix_(order, order)], abs=1e-7)
    medians = [cohort["median"] for cohort in found.summary()["cohorts"]]
    assert [one["median"] for one in moved.summary()["cohorts"]] == pytest.approx([medians[j] for j in order], abs=1e-6)


@pytest.mark.parametrize(
    ("events", "totals"), [([0, 0, 0, 0], [5, 8, 4, 10]), ([5, 5, 5, 5], [5, 5, 5, 5]), ([0, 6, 0], [6, 6, 5])]
)
@pytest.mark.parametrize("structure", ["sets", "pairs"])
def test_cohorts_of_nobody_and_of_everybody_are_answered(events: list[int], totals: list[int], structure: str) -> None:
    fit = mem(events, totals, structure=structure)
    mirrored = mem([n - r for r, n in zip(events, totals, strict=True)], totals, structure=structure)
    for one, other in zip(fit.summary()["cohorts"], mirrored.summary()["cohorts"], strict=True):
        assert one["median"] == pytest.approx(1.0 - other["median"], abs=1e-6)


def test_a_dozen_cohorts_are_answered_and_thirteen_refused() -> None:
    rng = np.random.default_rng(1)
    totals = rng.integers(5, 30, 13).tolist()
    events = [int(rng.binomial(n, 0.2)) for n in totals]
    assert mem(events[:12], totals[:12]).summary()["elpd_loco"]["total"] < 0
    with pytest.raises(
        tc.InputError, match="13 cohorts, and pooling 'mem' weighs every structure of at most 12 in sets"
    ):
        mem(events, totals)
    with pytest.raises(
        tc.InputError, match="7 cohorts, and pooling 'mem' weighs every structure of at most 6 in pairs"
    ):
        mem(events[:7], totals[:7], structure="pairs")


# -- what there is not ------------------------------------------------------------------------------------------------


def test_what_it_does_not_have_is_null_and_not_missing() -> None:
    for structure in ("sets", "pairs"):
        summary = mem(structure=structure).summary()
        for name in ("mu", "tau", "tau_group", "typical", "average", "new_cohort", "exchangeable"):
            assert summary[name] is None
        joint = structure == "sets"
        assert (summary["log_marginal_likelihood"] is not None) == (summary["elpd_loco"] is not None) == joint
        assert all(cohort["exchangeable"] is None for cohort in summary["cohorts"])


def test_draws_of_a_set_are_one_value_and_follow_the_marginals() -> None:
    fit = mem()
    theta, p = fit.draws["posterior"]["theta"].values.reshape(-1, 4), np.linspace(0.05, 0.95, 10)
    for j in range(4):
        found = fit.posterior.marginal("cohort", j).cdf(np.quantile(theta[:, j], p))
        assert found == pytest.approx(p, abs=4.5 * 0.5 / math.sqrt(4000))
    assert (theta[:, 1] == theta[:, 2]).mean() == pytest.approx(pairs(fit)[1, 2], abs=0.04)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exchangeable": None}, "missing, and pooling 'mem' needs it"),
        ({"exchangeable": "Beta(1, 1)"}, "is no probability"),
        ({"structure": "set"}, "unknown word 'set'"),
        ({"engine": "nuts"}, "NUTS does not sample structures"),
        ({"tau": "HalfNormal(1)"}, "which pooling 'mem' does not have"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    given = {"events": EVENTS, "totals": TOTALS, "pooling": "mem", "exchangeable": 0.5, "structure": "sets"}
    with pytest.raises(tc.InputError, match=said):
        tc.pool(**{**given, **changes})


def test_a_model_file_says_what_structures_there_are() -> None:
    model = tc.read_model("response_pd1").to_dict()
    del model["variant"], model["priors"]["tau"]
    model["estimand"] = [one for one in model["estimand"] if one.get("target") == "cohort"]
    model["pooling"] = {"kind": "mem", "exchangeable": 0.5, "structure": "sets"}
    known = tc.read_model(model)
    assert tc.read_model(known.to_dict()) == known
    fit = tc.fit(known, tc.read_evidence(), seed=1)
    assert fit.reportable
    assert "Most probable" in repr(fit)
    for changes, said in (
        ({"structure": "set"}, "Did you mean 'sets'?"),
        ({"structure": None}, "structure: missing"),
        ({"exchangeable": 2}, "2.0 is no probability"),
        ({"nu": 3}, "pooling 'mem' has no nu"),
    ):
        pooling = {key: value for key, value in {**model["pooling"], **changes}.items() if value is not None}
        with pytest.raises(tc.InputError, match=said):
            tc.read_model({**model, "pooling": pooling})
    typical = {"name": "typical", "functional": "probability", "target": "typical", "level": 0.95}
    with pytest.raises(tc.InputError, match="pooling 'mem' has no typical cohort"):
        tc.read_model({**model, "estimand": [typical]})


def test_a_cohort_is_predicted_from_those_that_may_share_its_value() -> None:
    """By counting: over all sets that it may be in, a Beta of the others in it."""
    fit = mem(EVENTS[:3], TOTALS[:3])
    others = [[], [1], [2], [1, 2]]
    # Its data left out: the ways in which three cohorts fall into sets, all equally probable, by what the rest says.
    rest = {(): [[1], [2]], (1,): [[1], [2]], (2,): [[1], [2]], (1, 2): [[1, 2]]}
    logs = [np.logaddexp(sum(map(log_evidence, [[1], [2]])), log_evidence([1, 2]))]
    logs += [sum(log_evidence(one) for one in rest[tuple(own)]) for own in others[1:]]
    share = np.exp(np.array(logs) - special.logsumexp(logs))
    x = np.linspace(0.02, 0.9, 12)
    below = sum(
        weight * stats.beta.cdf(x, 0.5 + sum(EVENTS[j] for j in own), 0.5 + sum(TOTALS[j] - EVENTS[j] for j in own))
        for weight, own in zip(share, others, strict=True)
    )
    unseen = fit.posterior.without_its_data(0)
    assert unseen is not None
    assert unseen.cdf(special.logit(x)) == pytest.approx(below, abs=1e-6)
    score = float(fit.summary()["elpd_loco"]["cohorts"][0])
    alone = [math.exp(log_evidence([0, *own]) - (log_evidence(own) if own else 0.0)) for own in others]
    assert score == pytest.approx(math.log(share @ np.array(alone)), abs=1e-8)


def test_the_command_line_weighs_structures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("label,events,total\nA,8,19\nB,0,10\nC,1,26\n")
    asked = ["pool", str(file), "--pooling", "mem", "--exchangeable", "0.5", "--mu", "Beta(0.5, 0.5)", "--json"]
    assert main([*asked, "--structure", "pairs"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["exchangeability"]["most_probable"] == [["A"], ["B", "C"]]
    assert answer["new_cohort"] is None
    assert main(asked) == 1
    assert "structure: missing, and pooling 'mem' needs it" in capsys.readouterr().err
