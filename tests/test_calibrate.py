"""`calibrate`: what is right is called right, what is wrong is called wrong, and coverage is what is owed."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

import tinycohort as tc
from tinycohort.calibration.models import Grid, band
from tinycohort.calibration.models.ranks import counts_at, probability_inside, uniformity
from tinycohort.calibration.models.truths import PriorChunk, _place, do_prior_chunk, engine_for, quantities_of

TINY = [3, 5, 8, 13, 20]
TOLD = 6.0


def within(coverage: float, level: float, size: int) -> bool:
    """Six standard errors: next to nothing right is that far off."""
    return abs(coverage - level) <= TOLD * math.sqrt(level * (1.0 - level) / size)


# -- with truths from the priors ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result() -> tc.CalibrationResult:
    return tc.calibrate(tc.pool(events=[0] * 5, totals=TINY), replicates=2000, seed=3, workers=1)


def test_with_truths_from_the_prior_every_interval_holds_as_often_as_it_says(result: tc.CalibrationResult) -> None:
    assert result.calibrated
    assert set(result.table["quantity"]) == {"mu", "typical", "tau", "new_cohort", "cohort"}
    for row in result.rows:
        assert within(row["coverage"], 0.95, 2000), row
        assert row["p_value"] > 1e-4


def test_competitors_see_the_same_data_and_hold_less(result: tc.CalibrationResult) -> None:
    table = result.competitors_table.set_index(["method", "quantity"])["coverage"]
    assert len(table) == 8
    # Counts added up know nothing of heterogeneity: a new cohort is not where they say.
    assert table["clopper_pearson", "new_cohort"] < 0.9
    assert (table < 0.96).all()


def test_another_level_gives_that_level() -> None:
    found = tc.calibrate("response_pd1", totals=[4, 6], replicates=1000, seed=2, level=0.5, workers=1)
    assert all(within(row["coverage"], 0.5, 1000) for row in found.rows)


@pytest.mark.parametrize(
    "model",
    [
        tc.pool(events=[1, 7], totals=[8, 27], pooling="common"),
        tc.pool(events=[1, 7], totals=[8, 27], pooling="none"),
        tc.pool(percentages=["12.5", "26"], totals=[8, 27]),
        tc.pool(events=[1, 7], totals=[8, 27], published_without_events=0.3),
        tc.pool(estimates=[0.4, 0.7], lower=[0.1, 0.3], upper=[1.6, 1.6], ratio=True, mu="Normal(0, 1)",
                tau="HalfNormal(0.5)"),
        tc.pool(events=[1, 7], totals=[8, 27], control_events=[2, 4], control_totals=[9, 20], mu="Normal(0, 1)",
                tau="HalfNormal(0.5)"),
        tc.pool(events=[1, 7, 2], totals=[8, 27, 5], groups=["a", "a", "b"], pooling="nested"),
        tc.pool(events=[1, 7], totals=[8, 27], pooling="student", nu=4),
    ],
    ids=["common", "none", "rounded", "unpublished", "ratios", "two arms", "nested", "student"],
)  # fmt: skip
def test_other_kinds_and_poolings_are_calibrated_by_the_engine_itself(model: tc.Fit) -> None:
    compiled = model.compiled
    assert engine_for(compiled, "auto") == "exact"
    found = tc.calibrate(model, replicates=3 if compiled.pooling.grouped else 6, seed=5, workers=1)
    assert found.calibrated
    assert found.unreported == 0
    assert len(found.rows) == len(found.curves)


def test_one_fit_at_a_time_puts_truths_where_one_grid_does() -> None:
    compiled = tc.pool(events=[0, 0], totals=[4, 9]).compiled
    one, many = (do_prior_chunk(PriorChunk(compiled, engine, 0.9, 1, 0, 20)) for engine in ("exact", "batch"))
    assert one["below"].keys() == many["below"].keys()
    for key in one["below"]:
        assert one["below"][key] == pytest.approx(many["below"][key], abs=1e-4)
        assert one["held"][key] == many["held"][key]
        assert one["width"][key] == pytest.approx(many["width"][key], abs=5e-3)
    assert one["competitors"] == many["competitors"]


def test_a_truths_rank_among_draws_is_its_place_in_the_posterior() -> None:
    from tinycohort.engines.nuts import DrawsPosterior

    fit = tc.pool(events=[1, 4], totals=[4, 9], seed=1)
    arrays = fit.posterior.draws(4, 1000, 1)
    drawn = DrawsPosterior(fit.compiled, arrays, {"diverging": np.zeros((4, 1000))})
    rng = np.random.default_rng(1)
    for one in quantities_of(fit.compiled, arrays):
        target = "mu" if one.target == "typical" else one.target
        for probability in (0.1, 0.5, 0.9):
            truth = float(fit.posterior.marginal(target, one.index).quantile(np.array([probability]))[0])
            # Four standard errors of a rank among a hundred.
            assert _place(drawn, one, truth, rng) == pytest.approx(probability, abs=0.2)
            assert _place(fit.posterior, one, truth, rng) == pytest.approx(probability, abs=1e-4)


@pytest.mark.slow
def test_nuts_puts_truths_where_the_exact_engine_does() -> None:
    compiled = tc.pool(events=[0, 0], totals=[4, 9]).compiled
    sampler = {"chains": 4, "draws": 1000, "tune": 300}
    drawn = do_prior_chunk(PriorChunk(compiled, "nuts", 0.9, 1, 0, 5, sampler))
    exact = do_prior_chunk(PriorChunk(compiled, "batch", 0.9, 1, 0, 5))
    for key in exact["below"]:
        # A rank among a hundred: standard error at most 0.05, and the draws' own.
        assert drawn["below"][key] == pytest.approx(exact["below"][key], abs=0.25)
        assert drawn["width"][key] == pytest.approx(exact["width"][key], rel=0.15)
    flat = [np.concatenate([np.array(values) for values in each["below"].values()]) for each in (drawn, exact)]
    assert np.corrcoef(*flat)[0, 1] > 0.98


def test_a_fault_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinycohort.calibration.models import truths

    place = truths.place_many

    def too_narrow(events: Any, totals: Any, mu: Any, tau: Any, *rest: Any) -> Any:
        return place(events, totals, mu, tc.HalfNormal(0.05), *rest)

    monkeypatch.setattr(truths, "place_many", too_narrow)
    found = tc.calibrate("response_pd1", totals=[30, 30, 30], replicates=1000, seed=1, workers=1)
    assert not found.calibrated
    assert "Not calibrated" in found.verdict
    assert "new cohort (P = " in found.verdict
    assert "intervals are too narrow" in found.verdict


def test_the_same_seed_gives_the_same_whatever_the_chunks_are_done_by(result: tc.CalibrationResult) -> None:
    again = tc.calibrate(tc.pool(events=[0] * 5, totals=TINY), replicates=2000, seed=3, workers=2)
    assert again.places == result.places
    assert again.to_dict() == result.to_dict()


# -- ranks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [10, 200])
def test_the_band_holds_uniform_places_everywhere_as_often_as_it_says(size: int) -> None:
    at, lower, upper = band(size, 0.9)
    rng = np.random.default_rng(size)
    shares = np.array([counts_at(rng.uniform(size=size)) / size for _ in range(4000)])
    inside = ((shares >= lower - 1e-9) & (shares <= upper + 1e-9)).all(axis=1).mean()
    # Counts are whole, so that it holds a little more; 3.5 standard errors of 4000.
    assert 0.9 - 3.5 * 0.005 < inside < 0.94
    assert (lower <= at).all()


def test_the_chance_to_stay_inside_is_that_of_a_sum_over_all_ways() -> None:
    # Three places in four cells, none beyond two below the middle: by hand from the multinomial distribution.
    from itertools import product

    lowest, highest = np.array([0, 0, 1, 3]), np.array([1, 2, 3, 3])
    chance = 0.0
    for cells in product(range(4), repeat=3):
        below = np.cumsum(np.bincount(cells, minlength=4))
        chance += ((below >= lowest) & (below <= highest)).all() / 4**3
    assert probability_inside(3, lowest, highest) == pytest.approx(chance, abs=1e-12)


def test_p_values_of_uniform_places_are_no_smaller_than_they_say() -> None:
    rng = np.random.default_rng(4)
    p_values = np.array([uniformity(rng.uniform(size=150)).p_value for _ in range(400)])
    for level in (0.02, 0.1, 0.5):
        assert (p_values <= level).mean() <= level + 3.5 * math.sqrt(level * (1.0 - level) / 400)
    assert (p_values <= 0.5).mean() > 0.4


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (2, 2, "intervals are too wide"),
        (0.6, 0.6, "intervals are too narrow"),
        (2, 1, "estimates are too low"),
        (1, 2, "estimates are too high"),
    ],
)
def test_how_places_are_not_uniform_is_said(a: float, b: float, words: str) -> None:
    found = uniformity(np.random.default_rng(1).beta(a, b, 2000))
    assert found.p_value < 1e-6
    assert found.words == words


# -- at fixed truths ----------------------------------------------------------------------------------------------


def test_coverage_at_a_fixed_truth_is_a_sum_over_all_counts() -> None:
    """Two cohorts that are alike: what is counted by simulation is summed over every pair of counts."""
    people, rate, size = 6, 0.3, 4000
    grid = {"cohorts": [2], "people": [people], "rates": [rate], "taus": [0.0]}
    found = tc.calibrate(tc.pool(events=[0, 0], totals=[1, 1]), truths=grid, replicates=size, seed=8, workers=1)
    held = dict.fromkeys(("tinycohort", "clopper_pearson"), 0.0)
    chance = special.binom(people, np.arange(people + 1)) * rate ** np.arange(people + 1)
    chance *= (1.0 - rate) ** (people - np.arange(people + 1))
    for a in range(people + 1):
        for b in range(a, people + 1):
            weight = chance[a] * chance[b] * (1 if a == b else 2)
            ours = tc.pool(events=[a, b], totals=[people, people]).summary()["typical"]
            held["tinycohort"] += weight * (ours["lower"] <= rate <= ours["upper"])
            low = special.betaincinv(a + b, 2 * people - a - b + 1, 0.025) if a + b else 0.0
            high = special.betaincinv(a + b + 1, 2 * people - a - b, 0.975) if a + b < 2 * people else 1.0
            held["clopper_pearson"] += weight * (low <= rate <= high)
    typical = found.table[found.table["quantity"] == "typical"].set_index("method")["coverage"]
    for method, exact in held.items():
        assert typical[method] == pytest.approx(exact, abs=4.0 * math.sqrt(exact * (1.0 - exact) / size) + 1e-6)


def test_a_truths_results_do_not_depend_on_what_else_the_grid_holds() -> None:
    model = tc.pool(events=[0, 0], totals=[1, 1])
    small = {"cohorts": [2], "people": [5], "rates": [0.1], "taus": [0.5]}
    large = {"cohorts": [2], "people": [5], "rates": [0.3, 0.1], "taus": [0.0, 0.5]}
    one, more = (tc.calibrate(model, truths=truths, replicates=50, seed=8, workers=1) for truths in (small, large))
    picked = [row for row in more.rows if (row["rate"], row["tau"]) == (0.1, 0.5)]
    assert picked == one.rows
    assert one.calibrated is None
    assert "No level is owed" in one.verdict
    assert len(Grid()) == 400


# -- what is stored, and refused ----------------------------------------------------------------------------------


def test_a_result_is_stored_and_read_back(result: tc.CalibrationResult, tmp_path: Path) -> None:
    stored = json.loads(result.save(tmp_path / "result.json").read_text(encoding="utf-8"))
    back = tc.CalibrationResult.from_dict(stored)
    assert back.to_dict() == result.to_dict()
    assert repr(back) == repr(result)
    assert {"date", "version", "code", "commit", "digests"} <= set(stored["stamp"])
    with result.save(tmp_path / "result.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["coverage"]) for row in rows] == [row["coverage"] for row in result.rows]
    with pytest.raises(tc.InputError, match="names no format"):
        result.save(tmp_path / "result.txt")
    with pytest.raises(tc.InputError, match="not a stored calibration"):
        tc.CalibrationResult.from_dict({"kind": "prior"})


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(tc.InputError) as refusal:
        tc.calibrate(
            "response_pd9",
            replicates=0,
            level=1.0,
            workers=0,
            engine="best",
            seed=-1,
            truths={"rates": [0.0], "x": [1]},
        )
    said = [issue.where for issue in refusal.value.issues]
    assert said == ["engine", "replicates", "workers", "level", "model", "truths, rates", "truths, x"]


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("os_pd1", {}, "no distribution to draw it from"),
        ("response_first_line", {"truths": "grid"}, "fixed truths are for counts"),
        ("response_first_line", {"totals": [3]}, "sizes can be stated for counts"),
        ("response_pd1", {"totals": [3, 0, 2.5]}, "2.5 is no size of a cohort"),
        ("response_pd1", {"totals": []}, "no cohort"),
        ("response_pd1", {"truths": "some"}, "unknown choice 'some'"),
        ("response_pd1", {"truths": {"cohorts": [1]}}, "1 is not a whole number from 2 to 50"),
        ("response_pd1", {"chains": 2}, "takes no sampler settings"),
        ("response_pd1", {"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, "beside a scheduler"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_with_a_reason(model: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(tc.InputError, match=message):
        tc.calibrate(model, **given)


def test_quantities_are_those_that_the_pooling_has() -> None:
    grouped = tc.pool(events=[1, 2, 3], totals=[5, 6, 7], groups=["a", "a", "b"], pooling="nested").compiled
    drawn = grouped.pooling.draw_prior(grouped.level_priors, grouped.groups, (1,), np.random.default_rng(1))
    keys = [one.key for one in quantities_of(grouped, drawn)]
    assert keys[:5] == ["mu", "typical", "tau", "tau_group", "new_cohort"]
    assert keys[-2:] == ["group a", "group b"]


# -- the stored run -----------------------------------------------------------------------------------------------


def test_the_stored_calibration_holds_what_is_owed_and_comes_out_again(repository: Path) -> None:
    """Ten thousand truths from the prior: 95% within Monte Carlo error; the first chunk is made again."""
    stored = json.loads((repository / "docs/calibration_ranks.json").read_text(encoding="utf-8"))
    for name, one in stored.items():
        back = tc.CalibrationResult.from_dict(one)
        assert back.calibrated, name
        for row in back.rows:
            assert abs(row["coverage"] - 0.95) <= 4.0 * row["standard_error"], (name, row)
    tiny = stored["five tiny cohorts"]
    assert tiny["settings"]["replicates"] == 10_000
    model = tc.pool(events=[0] * 5, totals=TINY).compiled
    again = tc.calibrate(model, replicates=500, seed=tiny["settings"]["seed"], workers=1)
    assert dataclasses.asdict(again)["settings"]["priors"] == tiny["settings"]["priors"]
    for key, counts in again.curves.items():
        # Of 500 among 10,000: the same stream of random numbers, so that shares differ by chance alone.
        shares = np.array(counts) / 500 - np.array(tiny["curves"][key]) / 10_000
        assert np.abs(shares).max() < 0.1


def test_the_stored_coverage_at_fixed_truths_comes_out_again(repository: Path) -> None:
    with (repository / "docs/calibration_counts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(Grid())
    row = next(
        row for row in rows if (row["cohorts"], row["people"], row["rate"], row["tau"]) == ("3", "5", "0.1", "0.5")
    )
    truth = {"cohorts": [3], "people": [5], "rates": [0.1], "taus": [0.5]}
    model, size = tc.pool(events=[0] * 5, totals=TINY), int(row["replicates"])
    again = tc.calibrate(model, truths=truth, replicates=size, seed=int(row["seed"]), workers=1)
    for found in again.rows:
        method, quantity = found["method"], found["quantity"]
        assert found["coverage"] == pytest.approx(float(row[f"coverage_{quantity}_{method}"]), abs=0.002)
        assert found["width"] == pytest.approx(float(row[f"width_{quantity}_{method}"]), abs=1e-3)
