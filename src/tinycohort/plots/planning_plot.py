"""Priors for a trial, and how the trial would go: two pictures to show to those who must agree to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Transform

from ..issues import InputError, Issue
from ..planning import MapPrior, Mixture, Plan
from .canvas import BLACK, GREY, PALE, figure_of, style
from .curve_frame import Frame, frame_of, open_frame, write_frame
from .marks import NO_ARROWS, Arrows, Drawn, Ends
from .scales import round_values, write_axis, write_ticks

if TYPE_CHECKING:
    import pandas

__all__ = ["map_prior", "map_prior_table", "operating_characteristics", "operating_characteristics_table"]

_CELLS, _RATES = 240, 201
_TAIL = 0.002
_ROOM = 1.08
_LEAST_GAP = 0.5
_UNITS = {"probability": (100.0, "Probability of response (%)")}
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (7, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (9, 3)))


@dataclass(frozen=True)
class _Stroke:
    """A line, or an area, as a sample in the key."""

    dashes: Any
    color: str = BLACK
    width: float = 1.4

    @property
    def look(self) -> dict[str, Any]:
        """What matplotlib calls it."""
        return {"color": self.color, "linewidth": self.width, "linestyle": self.dashes}

    def draw(self, ax: Axes, ends: Ends, y: float, transform: Transform, arrows: Arrows = NO_ARROWS) -> None:
        """Draw it at height `y`, as `Drawn` asks."""
        del arrows
        ax.plot([ends[0], ends[2]], [y, y], clip_on=False, transform=transform, solid_capstyle="butt", **self.look)


_EXACT, _MIXTURE, _BESIDE = _Stroke("-", PALE, 5.0), _Stroke("-"), _Stroke((0, (4, 2)), GREY, 1.2)


def map_prior(prior: MapPrior, *, beside: Mixture | None = None, ax: Axes | None = None) -> Figure:
    """Draw a MAP prior: the exact one as an area, the mixture that stands for it as a line.

    Parameters
    ----------
    prior : MapPrior
        As `tinycohort.map_prior` returns it.
    beside : Mixture, optional
        Another of the same scale, such as the robustified one, as a dashed line.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills; a new figure, 7 inches wide, when not given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same prior.

    Raises
    ------
    InputError
        Something that is no MAP prior, another of another family, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> prior = tc.map_prior(tc.pool(events=[1, 7, 9], totals=[8, 27, 44]))
    >>> figure = tc.plots.map_prior(prior, beside=prior.robust(0.2))
    >>> print(figure.axes[0].texts[0].get_text())
    MAP prior of a new cohort (pool)
    """
    edges, densities = _densities(prior, beside)
    unit, label = _UNITS.get(prior.scale, (1.0, f"{prior.scale[0].upper()}{prior.scale[1:]}"))
    key = ["Exact", f"Mixture: {Mixture.__repr__(prior)}", *([] if beside is None else [f"Beside it: {beside!r}"])]
    with style(prior.of):
        ax, frame = open_frame(ax, partial(frame_of, f"MAP prior of {prior.of}", label, key))
        at = unit * 0.5 * (edges[1:] + edges[:-1])
        ax.fill_between(at, densities["exact"], color=PALE, linewidth=0.0, zorder=1.0)
        for name, stroke in (("mixture", _MIXTURE), ("beside", _BESIDE)):
            if name in densities:
                ax.plot(at, densities[name], zorder=2.0, **stroke.look)
        # A density may be infinite at an end.
        top = max(float(np.quantile(density, 0.985)) for density in densities.values())
        _set_up(ax, frame, (unit * edges[0], unit * edges[-1]), (0.0, _ROOM * top), ())
        ax.spines["left"].set_visible(False)
        samples: list[Drawn] = [_EXACT, _MIXTURE, _BESIDE]
        write_frame(ax, frame, samples[: len(key)])
    return figure_of(ax)


def map_prior_table(prior: MapPrior, *, beside: Mixture | None = None) -> pandas.DataFrame:
    """What `map_prior` draws, as numbers.

    Parameters
    ----------
    prior, beside : as `map_prior` takes them

    Returns
    -------
    pandas.DataFrame
        Columns lower, upper (a small interval), exact, mixture and, if there is another, beside: mean densities in it.

    Raises
    ------
    InputError
        As `map_prior`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> table = tc.plots.map_prior_table(tc.map_prior(tc.pool(events=[1, 7, 9], totals=[8, 27, 44])))
    >>> list(table.columns)
    ['lower', 'upper', 'exact', 'mixture']
    """
    import pandas

    edges, densities = _densities(prior, beside)
    return pandas.DataFrame({"lower": edges[:-1], "upper": edges[1:], **densities})


def _densities(prior: MapPrior, beside: Mixture | None) -> tuple[Any, dict[str, Any]]:
    """Edges of cells, and mean densities in them."""
    issues = []
    if not isinstance(prior, MapPrior) or prior.exact is None:
        issues.append(Issue("prior", f"{type(prior).__name__} is no MAP prior", "Give map_prior(fit)."))
    elif beside is not None and (not isinstance(beside, Mixture) or beside.family != prior.family):
        issues.append(Issue("beside", "not of the prior's family", "Give a mixture such as prior.robust(0.2)."))
    if issues:
        raise InputError(issues)
    assert prior.exact is not None
    low, high = (float(x) for x in prior.exact.quantile(np.array([_TAIL, 1.0 - _TAIL])))
    if prior.family == "beta":
        low, high = 0.0, 1.0
    elif prior.family == "gamma":
        low = 0.0
    edges = np.linspace(low, high, _CELLS + 1)
    of = {"exact": prior.exact.cdf, "mixture": prior.cdf, **({} if beside is None else {"beside": beside.cdf})}
    return edges, {name: np.maximum(np.diff(cdf(edges)), 0.0) / np.diff(edges) for name, cdf in of.items()}


def operating_characteristics(plans: Plan | Mapping[str, Plan], *, ax: Axes | None = None) -> Figure:
    """Draw the probability of success over true rates: of one plan, or of several beside each other.

    A trial with controls has a curve for each true rate of these that it was planned for. The dotted line marks the
    rate that a trial of one arm is to refute.

    Parameters
    ----------
    plans : Plan, or mapping of str to Plan
        What `tinycohort.plan` returns; several under names of their own. At most six curves.
    ax : matplotlib.axes.Axes, optional
        Empty axes, whose whole box the picture then fills; a new figure, 7 inches wide, when not given.

    Returns
    -------
    matplotlib.figure.Figure
        Outside pyplot; its `savefig` writes the same bytes for the same plans.

    Raises
    ------
    InputError
        Something that is no plan, more than six curves, or axes that are too small.

    Examples
    --------
    >>> import tinycohort as tc
    >>> prior = tc.Mixture("beta", [1.0], [4.0], [16.0]).robust(0.2)
    >>> figure = tc.plots.operating_characteristics(tc.plan(prior, 20, tc.DecisionRule(0.2, 0.9)))
    >>> print(figure.axes[0].texts[0].get_text())
    Probability of success (%)
    """
    curves, refuted = _curves(plans)
    rates = np.linspace(0.0, 1.0, _RATES)
    names = [name for name, _, _ in curves]
    foot = "True probability of response (%)" if curves[0][1] is None else "True probability of response, treated (%)"
    with style(*names):
        ax, frame = open_frame(ax, partial(frame_of, "Probability of success (%)", foot, names))
        strokes: list[Drawn] = []
        for (_, _, chances), dashes in zip(curves, _DASHES, strict=False):
            stroke = _Stroke(dashes)
            strokes.append(stroke)
            ax.plot(100.0 * rates, 100.0 * chances, clip_on=False, **stroke.look)
        for null in refuted:
            ax.axvline(100.0 * null, color=GREY, linewidth=0.6, linestyle=":", zorder=0.5)
        _set_up(ax, frame, (0.0, 100.0), (0.0, 100.0), (0.0, 25.0, 50.0, 75.0, 100.0))
        write_frame(ax, frame, strokes)
    return figure_of(ax)


def operating_characteristics_table(plans: Plan | Mapping[str, Plan]) -> pandas.DataFrame:
    """What `operating_characteristics` draws, as numbers.

    Parameters
    ----------
    plans : as `operating_characteristics` takes them

    Returns
    -------
    pandas.DataFrame
        Columns curve, control (missing without a control arm), truth, success.

    Raises
    ------
    InputError
        As `operating_characteristics`.

    Examples
    --------
    >>> import tinycohort as tc
    >>> found = tc.plan(tc.Mixture("beta", [1.0], [4.0], [16.0]), 20, tc.DecisionRule(0.2, 0.9))
    >>> table = tc.plots.operating_characteristics_table(found)
    >>> list(table.columns)
    ['curve', 'control', 'truth', 'success']
    """
    import pandas

    rates = np.linspace(0.0, 1.0, _RATES)
    parts = [
        pandas.DataFrame({"curve": name, "control": math.nan if control is None else control, "truth": rates,
                          "success": chances})
        for name, control, chances in _curves(plans)[0]
    ]  # fmt: skip
    return pandas.concat(parts, ignore_index=True)


def _curves(plans: Plan | Mapping[str, Plan]) -> tuple[list[tuple[str, float | None, Any]], list[float]]:
    """Name, true rate of the controls and probabilities of success of each curve; the rates that are to be refuted."""
    given = {"": plans} if isinstance(plans, Plan) else dict(plans) if isinstance(plans, Mapping) else {"": None}
    if not given or not all(isinstance(one, Plan) for one in given.values()):
        raise InputError(Issue("plans", f"{type(plans).__name__} is no plan", "Give plan(...), or a mapping of them."))
    rates, found, refuted = np.linspace(0.0, 1.0, _RATES), [], []
    for name, one in given.items():
        assert isinstance(one, Plan)
        arms = (
            f"{one.patients} people" if one.control_patients is None else f"{one.patients} and {one.control_patients}"
        )
        if one.control_patients is None:
            refuted.append(one.rule.null)
        for control in dict.fromkeys(row["control"] for row in one.rows):
            against = "" if control is None else f", controls {100.0 * control:.0f}%"
            chances = one.trial.expected(one.trial.success, rates, 0.0 if control is None else control)
            found.append((f"{name or arms}{against}", control, chances))
    if len(found) > len(_DASHES):
        mend = "Plan for fewer true rates of the controls, or draw fewer plans."
        raise InputError(Issue("plans", f"{len(found)} curves, which nobody can tell apart", mend))
    return found, list(dict.fromkeys(refuted))


def _set_up(
    ax: Axes, frame: Frame, across: tuple[float, float], up: tuple[float, float], heights: Sequence[float]
) -> None:
    """Both axes, with round ticks as far apart as their numbers need."""
    ax.set_xlim(*across)
    ax.set_ylim(*up)
    ax.spines["left"].set_visible(True)
    count = max(2, int(frame.axes_width / _LEAST_GAP))
    write_axis(ax, round_values(*across, min(count, 10)), "\n".join(frame.foot))
    write_ticks(ax.yaxis, heights)
