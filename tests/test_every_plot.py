"""What holds for every figure: legible, refused where it must be, and the same bytes every time."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import tinycohort as tc
from support.pictures import collisions, rendered, texts_of, words_in
from tinycohort.comparison.bayes_factors import rescaled
from tinycohort.engines.run import run

LONG = "A cohort with a label that goes on, Sun Yat-sen University Cancer Center"
Draw = Callable[..., Figure]


def curve(fit: tc.Fit, **options: Any) -> Figure:
    """A specification curve of a fit beside itself with another prior."""
    return tc.plots.specification_curve(beside(fit), **options)


def beside(fit: tc.Fit) -> dict[str, tc.Fit]:
    compiled = fit.compiled
    data = {"events": "events", "total": "totals"}
    if "events" not in compiled.data:
        return {"main": fit, "A fit that is the same, under a longer name": fit}
    columns = {data[name]: column.astype(int).tolist() for name, column in compiled.data.items()}
    return {"main": fit, "wide": tc.pool(**columns, labels=compiled.labels, tau="HalfNormal(1)")}


def unpublished(fit: tc.Fit, **options: Any) -> Figure:
    return tc.plots.unpublished_sensitivity({0.5: fit, 1.0: fit}, **options)


def compared(fit: tc.Fit, **options: Any) -> Figure:
    """A fit beside itself with other priors, under names that may need two lines."""
    return tc.plots.comparison(tc.compare(rivals(fit)), **options)


def rivals(fit: tc.Fit) -> dict[str, tc.Fit]:
    wide = dict.fromkeys(("tau", "mu"), 2.0)
    priors = {name: rescaled(prior, wide.get(name, 1.0)) or prior for name, prior in fit.compiled.priors.items()}
    other = run(dataclasses.replace(fit.compiled, priors=priors), "auto", 1)
    return {"main": fit, "wider priors": other, "A fit that is the same, under a longer name": fit}


FIGURES: dict[str, Draw] = {
    "comparison": compared,
    "forest": tc.plots.forest,
    "heterogeneity": tc.plots.heterogeneity,
    "influence": tc.plots.influence,
    "posterior_predictive": tc.plots.posterior_predictive,
    "prior_posterior": tc.plots.prior_posterior,
    "prior_predictive": tc.plots.prior_predictive,
    "specification_curve": curve,
    "unpublished_sensitivity": unpublished,
}
every_figure = pytest.mark.parametrize("name", FIGURES)
OF_COUNTS = ("unpublished_sensitivity",)
# Looked at in test_survival_plots.py.
OF_SURVIVAL = {"cohort_curves", "courses", "hazard", "survival"}
# Looked at in test_planning_plots.py.
OF_PLANNING = {"map_prior", "operating_characteristics"}
# Looked at in test_calibration_plots.py.
OF_CALIBRATIONS = {"coverage", "rank_ecdf"}


@pytest.fixture(scope="module")
def fits() -> dict[str, tc.Fit]:
    rng = np.random.default_rng(7)
    totals = rng.integers(2, 60, 20)
    events = rng.binomial(totals, 0.3)
    labels = [f"{LONG} {k}" if k % 3 == 0 else f"Cohort {k}" for k in range(20)]
    priors = {"mu": "Normal(0, 1)", "tau": "HalfNormal(0.5)"}
    wide = {"estimates": [0.5, 0.8, 0.3], "lower": [0.3, 0.6, 0.0001], "upper": [0.9, 1.05, 900.0], "ratio": True}
    return {
        "three": tc.pool(events=[1, 7, 9], totals=[8, 27, 44]),
        "twenty": tc.pool(events=events, totals=totals, labels=labels),
        "one endless word": tc.pool(events=[1, 2], totals=[3, 4], labels=["x" * 200, "b"]),
        "nobody responded": tc.pool(events=[0, 0], totals=[3, 2]),
        "all responded": tc.pool(events=[3, 8], totals=[3, 8]),
        "very rare": tc.pool(events=[0, 1], totals=[1000, 900]),
        "wide ratios": tc.pool(**wide, **priors),
        "differences": tc.pool(estimates=[-0.12, 0.03], lower=[-0.25, -0.1], upper=[0.01, 0.15], **priors),
        "bundled": tc.fit("unirradiated_response:tumours_alike", tc.read_evidence()),
    }


def drawn(name: str, fit: tc.Fit, **options: Any) -> Figure:
    if name in OF_COUNTS and "events" not in fit.compiled.data:
        pytest.skip("counts only")
    return FIGURES[name](fit, **options)


def test_every_public_figure_is_looked_at_here_and_has_its_table() -> None:
    public = {name for name in tc.plots.__all__ if name != "save" and not name.endswith("_table")}
    assert public == set(FIGURES) | OF_SURVIVAL | OF_PLANNING | OF_CALIBRATIONS
    assert {f"{name}_table" for name in public} <= set(tc.plots.__all__)


@every_figure
@pytest.mark.parametrize(
    "case",
    [
        "three", "twenty", "one endless word", "nobody responded", "all responded", "very rare", "wide ratios",
        "differences", "bundled",
    ],
)  # fmt: skip
def test_no_text_overlaps_and_letters_have_the_size_that_journals_print(
    fits: dict[str, tc.Fit], name: str, case: str
) -> None:
    figure = drawn(name, fits[case])
    assert collisions(figure) == []
    sizes = {text.get_fontsize() for text in texts_of(figure)}
    assert min(sizes) >= 7
    assert max(sizes) <= 9


@every_figure
def test_a_figure_fills_the_box_of_the_axes_it_is_given_and_no_more(fits: dict[str, tc.Fit], name: str) -> None:
    figure = Figure(figsize=(15, 5), dpi=90)
    left, right = figure.subplots(1, 2)
    box, other = left.get_position().bounds, right.get_position().bounds
    assert FIGURES[name](fits["three"], ax=left) is figure
    assert right.get_position().bounds == other
    renderer = rendered(figure)
    for text in left.texts:
        extent = text.get_window_extent(renderer).transformed(figure.transFigure.inverted())
        assert extent.x0 >= box[0] - 2e-3
        assert extent.x1 <= box[0] + box[2] + 2e-3
        assert extent.y0 >= box[1] - 2e-3
        assert extent.y1 <= box[1] + box[3] + 2e-3
    assert collisions(figure) == []


@every_figure
@pytest.mark.parametrize("case", ["three", "twenty"])
def test_axes_that_are_too_small_are_refused_with_a_size_that_will_do(
    fits: dict[str, tc.Fit], name: str, case: str
) -> None:
    figure = Figure(figsize=(1.5, 0.8))
    with pytest.raises(tc.InputError, match="too small for") as refusal:
        FIGURES[name](fits[case], ax=figure.add_axes((0, 0, 1, 1)))
    width, height = map(float, re.findall(r"at least ([\d.]+) by ([\d.]+) inches", str(refusal.value))[0])
    figure = Figure(figsize=(width, height))
    FIGURES[name](fits[case], ax=figure.add_axes((0, 0, 1, 1)))
    assert collisions(figure) == []


@every_figure
def test_the_same_fit_gives_the_same_bytes_and_nothing_global_changes(tmp_path: Path, name: str) -> None:
    before = dict(mpl.rcParams)
    files = []
    for k in range(2):
        fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44])
        with mpl.rc_context({"font.size": 20, "axes.grid": bool(k), "svg.hashsalt": str(k), "lines.linewidth": 4}):
            path = tmp_path / f"{name}{k}.svg"
            FIGURES[name](fit).savefig(path)
            files.append(path.read_bytes())
    assert files[0] == files[1]
    assert dict(mpl.rcParams) == before


@every_figure
def test_text_stays_text(tmp_path: Path, fits: dict[str, tc.Fit], name: str) -> None:
    figure = FIGURES[name](fits["three"])
    figure.savefig(tmp_path / "figure.svg")
    drawn_words = {line for text in texts_of(figure) for line in text.get_text().split("\n")}
    assert drawn_words <= set(words_in(tmp_path / "figure.svg"))
    figure.savefig(tmp_path / "figure.pdf")
    assert b"/FontType 3" not in (tmp_path / "figure.pdf").read_bytes()


@pytest.mark.parametrize("name", ["forest", "influence", "posterior_predictive", "prior_predictive"])
@pytest.mark.parametrize("label", ["$n_1$ of a_b", "<b>bold</b> & more", "Φ ≥ 2, 90 µg", "100% \\alpha {x}", "Ⓐ"])
def test_labels_are_shown_literally(tmp_path: Path, name: str, label: str) -> None:
    FIGURES[name](tc.pool(events=[1, 2], totals=[3, 4], labels=[label, "other"])).savefig(tmp_path / "figure.svg")
    assert label in words_in(tmp_path / "figure.svg")


@pytest.mark.parametrize("name", ["$n_1$", "Ⓐ", "a\nb <i>"])
def test_names_of_variants_are_shown_literally(tmp_path: Path, name: str) -> None:
    fit = tc.pool(events=[1, 2], totals=[3, 4])
    tc.plots.specification_curve({"main": fit, name: fit}).savefig(tmp_path / "figure.svg")
    assert " ".join(name.split()) in words_in(tmp_path / "figure.svg")


@every_figure
def test_a_fit_that_may_not_be_reported_is_not_drawn(name: str) -> None:
    fit = tc.pool(events=[1, 7], totals=[8, 27])
    fit.posterior.reasons = ("R-hat is 1.200 (at most 1.01)",)
    if name == "prior_predictive":
        # Nothing in it comes from the posterior.
        assert isinstance(FIGURES[name](fit), Figure)
        return
    with pytest.raises(tc.InputError, match=r"may not be reported: R-hat is 1\.200"):
        FIGURES[name](fit)


@every_figure
def test_marks_differ_without_colour(fits: dict[str, tc.Fit], name: str) -> None:
    """Whatever has another colour has another marker, line style or width as well."""
    axes = FIGURES[name](fits["three"]).axes[0]
    looks: dict[tuple[object, ...], set[str]] = {}
    for line in axes.lines:
        look = (line.get_marker(), str(line.get_linestyle()), line.get_linewidth(), line.get_markersize())
        looks.setdefault(look, set()).add(mpl.colors.to_hex(line.get_color()))
    assert {look: colours for look, colours in looks.items() if len(colours) > 1} == {}


@every_figure
def test_a_table_is_a_table_with_a_row_for_each_thing_drawn(fits: dict[str, tc.Fit], name: str) -> None:
    table_of = getattr(tc.plots, f"{name}_table")
    of: Any = fits["three"]
    if name == "comparison":
        of = tc.compare(rivals(fits["three"]))
    elif name == "specification_curve":
        of = beside(fits["three"])
    elif name == "unpublished_sensitivity":
        of = {1.0: fits["three"]}
    table = table_of(of)
    assert isinstance(table, pd.DataFrame)
    assert len(table) > 0
    # What the figure takes and what the table takes have the same names, but for the axes and words on them.
    takes = [set(inspect.signature(one).parameters) for one in (getattr(tc.plots, name), table_of)]
    assert takes[0] - takes[1] <= {"ax", "favours", "level", "observed"}
    assert takes[1] <= takes[0]
