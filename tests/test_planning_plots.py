"""The figures of planning: legible, refused where they must be, the same bytes every time."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

import tinycohort as tc
from support.pictures import collisions, rendered, texts_of, words_in

RULE = tc.DecisionRule(0.2, 0.9)
UNIFORM = tc.Mixture("beta", [1.0], [1.0], [1.0])
SCEPTICAL = tc.Mixture("beta", [1.0], [4.0], [16.0]).robust(0.2)
Draw = Callable[..., Figure]


@pytest.fixture(scope="module")
def figures() -> dict[str, Draw]:
    """What is drawn, with its own arguments in place."""
    prior = tc.map_prior(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    ratios = tc.pool(
        estimates=[0.5, 0.8], lower=[0.3, 0.6], upper=[0.9, 1.05], ratio=True, mu="Normal(0, 1)", tau="HalfNormal(0.5)"
    )
    log_ratio = tc.map_prior(ratios)
    one = tc.plan(SCEPTICAL, 20, RULE, truths=[0.4])
    two = tc.plan(UNIFORM, 12, tc.DecisionRule(0.0, 0.9), control_prior=SCEPTICAL, control_patients=6, truths=[0.5])
    several = {"A sceptical prior with a very long name " * 3: one, "uniform": tc.plan(UNIFORM, 20, RULE)}
    return {
        "map_prior": lambda **options: tc.plots.map_prior(prior, **options),
        "map_prior beside": lambda **options: tc.plots.map_prior(prior, beside=prior.robust(0.2), **options),
        "map_prior of a log ratio": lambda **options: tc.plots.map_prior(log_ratio, **options),
        "one arm": lambda **options: tc.plots.operating_characteristics(one, **options),
        "two arms": lambda **options: tc.plots.operating_characteristics(two, **options),
        "several": lambda **options: tc.plots.operating_characteristics(several, **options),
    }


NAMES = ["map_prior", "map_prior beside", "map_prior of a log ratio", "one arm", "two arms", "several"]
every_figure = pytest.mark.parametrize("name", NAMES)


@every_figure
def test_no_text_overlaps_and_letters_have_the_size_that_journals_print(figures: dict[str, Draw], name: str) -> None:
    figure = figures[name]()
    assert collisions(figure) == []
    sizes = {text.get_fontsize() for text in texts_of(figure)}
    assert min(sizes) >= 7
    assert max(sizes) <= 9


@every_figure
def test_a_figure_fills_the_box_of_the_axes_it_is_given_and_no_more(figures: dict[str, Draw], name: str) -> None:
    # Finely, for letters on a coarse raster are wider than in print, and these lines are long.
    figure = Figure(figsize=(15, 5), dpi=300)
    left, right = figure.subplots(1, 2)
    box, other = left.get_position().bounds, right.get_position().bounds
    assert figures[name](ax=left) is figure
    assert right.get_position().bounds == other
    renderer = rendered(figure)
    for text in left.texts:
        extent = text.get_window_extent(renderer).transformed(figure.transFigure.inverted())
        assert extent.x0 >= box[0] - 2e-3
        assert extent.x1 <= box[0] + box[2] + 2e-3
        assert extent.y0 >= box[1] - 2e-3
        assert extent.y1 <= box[1] + box[3] + 2e-3


@every_figure
def test_axes_that_are_too_small_are_refused_with_a_size_that_will_do(figures: dict[str, Draw], name: str) -> None:
    figure = Figure(figsize=(1.5, 0.8))
    with pytest.raises(tc.InputError, match="too small for") as refusal:
        figures[name](ax=figure.add_axes((0, 0, 1, 1)))
    width, height = map(float, re.findall(r"at least ([\d.]+) by ([\d.]+) inches", str(refusal.value))[0])
    figure = Figure(figsize=(width, height))
    figures[name](ax=figure.add_axes((0, 0, 1, 1)))
    assert collisions(figure) == []


@pytest.mark.parametrize("name", ["map_prior beside", "several"])
def test_the_same_prior_or_plan_gives_the_same_bytes(figures: dict[str, Draw], name: str, tmp_path: Path) -> None:
    files = []
    for k in range(2):
        with mpl.rc_context({"font.size": 20, "axes.grid": bool(k), "svg.hashsalt": str(k), "lines.linewidth": 4}):
            figures[name]().savefig(tmp_path / f"{k}.svg")
        files.append((tmp_path / f"{k}.svg").read_bytes())
    assert files[0] == files[1]
    drawn = {line for text in texts_of(figures[name]()) for line in text.get_text().split("\n")}
    assert drawn <= set(words_in(tmp_path / "0.svg"))


@every_figure
def test_lines_differ_without_colour(figures: dict[str, Draw], name: str) -> None:
    looks: dict[tuple[object, ...], set[str]] = {}
    for line in figures[name]().axes[0].lines:
        look = (line.get_marker(), str(line.get_linestyle()), str(line._dash_pattern), line.get_linewidth())
        looks.setdefault(look, set()).add(mpl.colors.to_hex(line.get_color()))
    assert {look: colours for look, colours in looks.items() if len(colours) > 1} == {}


def test_tables_hold_what_is_drawn() -> None:
    prior = tc.map_prior(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    table = tc.plots.map_prior_table(prior, beside=prior.robust(0.2))
    width = table["upper"] - table["lower"]
    for name in ("exact", "mixture", "beside"):
        assert float(table[name] @ width) == pytest.approx(1.0, abs=1e-6)
    plan = tc.plan(SCEPTICAL, 20, RULE, truths=[0.4])
    table = tc.plots.operating_characteristics_table({"mine": plan})
    assert table["curve"].unique().tolist() == ["mine"]
    at = table.set_index("truth")["success"]
    assert at.loc[0.4] == pytest.approx(plan.success(0.4))


def test_what_cannot_be_drawn_is_refused() -> None:
    prior = tc.map_prior(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    with pytest.raises(tc.InputError, match="Mixture is no MAP prior"):
        tc.plots.map_prior(prior.robust(0.2))
    with pytest.raises(tc.InputError, match="not of the prior's family"):
        tc.plots.map_prior(prior, beside=tc.Mixture("normal", [1], [0], [1]))
    with pytest.raises(tc.InputError, match="list is no plan"):
        tc.plots.operating_characteristics([1, 2])
    many = {str(k): tc.plan(SCEPTICAL, 5, RULE, truths=[0.4]) for k in range(7)}
    with pytest.raises(tc.InputError, match="7 curves"):
        tc.plots.operating_characteristics(many)
