"""Figures of calibrations: what they show, legible, and refused where there is nothing to show."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import tinycohort as tc
from support.pictures import collisions, texts_of, words_in

LONG = "A cohort with a label that goes on, Sun Yat-sen University Cancer Center"


@pytest.fixture(scope="module")
def results() -> dict[str, tc.CalibrationResult]:
    fit = tc.pool(events=[0] * 6, totals=[3, 4, 5, 6, 7, 8], labels=[LONG, *"bcdef"])
    grid = {"cohorts": [2, 3, 8], "people": [2, 5], "rates": [0.1, 0.5], "taus": [0.0, 0.1, 0.5, 1.5]}
    return {
        "rank_ecdf": tc.calibrate(fit, replicates=200, seed=1, workers=1),
        "coverage": tc.calibrate(fit, truths=grid, replicates=20, seed=1, workers=1),
    }


DRAW = {"rank_ecdf": tc.plots.rank_ecdf, "coverage": tc.plots.coverage}
every_figure = pytest.mark.parametrize("name", DRAW)


@every_figure
def test_no_text_overlaps_and_letters_can_be_read(results: dict[str, tc.CalibrationResult], name: str) -> None:
    figure = DRAW[name](results[name])
    assert collisions(figure) == []
    assert {text.get_fontsize() for text in texts_of(figure)} <= {7.0, 8.0}


@every_figure
def test_axes_of_ones_own_are_filled_or_refused(results: dict[str, tc.CalibrationResult], name: str) -> None:
    with pytest.raises(tc.InputError, match="too small for") as refusal:
        DRAW[name](results[name], ax=Figure(figsize=(1.5, 0.8)).add_axes((0, 0, 1, 1)))
    width, height = map(float, re.findall(r"at least ([\d.]+) by ([\d.]+) inches", str(refusal.value))[0])
    figure = Figure(figsize=(width, 2 * height))
    ax = figure.add_axes((0, 0.5, 1, 0.5))
    assert DRAW[name](results[name], ax=ax) is figure
    assert collisions(figure) == []
    assert all(panel.get_position().y0 >= 0.5 for panel in figure.axes)


@every_figure
def test_the_same_result_gives_the_same_bytes_and_text_stays_text(
    results: dict[str, tc.CalibrationResult], tmp_path: Path, name: str
) -> None:
    files = [tmp_path / f"{k}.svg" for k in range(2)]
    for path in files:
        figure = DRAW[name](results[name])
        figure.savefig(path)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert {text.get_text() for text in texts_of(figure)} <= set(words_in(files[0]))


def test_ranks_are_drawn_with_the_band_that_their_table_holds(results: dict[str, tc.CalibrationResult]) -> None:
    result = results["rank_ecdf"]
    table = tc.plots.rank_ecdf_table(result, 0.9)
    assert list(table["quantity"].unique()) == [key for key in result.curves if key != "typical"]
    mu = table[table["quantity"] == "mu"]
    places = np.array(result.places["mu"])
    assert mu["share"].tolist() == [(places <= at).mean() for at in mu["place"]]
    assert ((mu["lower"] <= mu["place"]) & (mu["place"] <= mu["upper"])).all()


def test_coverage_is_drawn_beside_every_other_method(results: dict[str, tc.CalibrationResult]) -> None:
    result = results["coverage"]
    table = tc.plots.coverage_table(result, "width")
    assert len(table) == 2 * 3 * 4 * 5
    row = table.iloc[0]
    same = result.table.query(
        "quantity == @row.quantity and cohorts == @row.cohorts and tau == @row.tau and method == @row.method"
    )["width"]
    assert (row["mean"], row["lowest"], row["highest"]) == pytest.approx((same.mean(), same.min(), same.max()))
    lines = tc.plots.coverage(result, measure="width").axes[1].get_lines()
    # Told apart in grey: no two share both line and mark.
    looks = {(line.get_linestyle(), line.get_marker()) for line in lines}
    assert len(looks) == len(lines) == 5


def test_what_has_nothing_to_show_is_refused(results: dict[str, tc.CalibrationResult]) -> None:
    with pytest.raises(tc.InputError, match="have no ranks"):
        tc.plots.rank_ecdf(results["coverage"])
    with pytest.raises(tc.InputError, match="drawn from the priors"):
        tc.plots.coverage(results["rank_ecdf"])
    with pytest.raises(tc.InputError, match="unknown choice 'height'"):
        tc.plots.coverage(results["coverage"], measure="height")  # type: ignore[arg-type]
    with pytest.raises(tc.InputError, match="not between 0 and 1"):
        tc.plots.rank_ecdf(results["rank_ecdf"], level=95)
