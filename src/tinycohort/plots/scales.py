"""The natural scale as a figure shows it: what the axis is called, where its ticks are, how its numbers are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import MaxNLocator

from ..compiled import CompiledModel
from ..posterior import Fit
from ..printing import spoken
from .canvas import SIZE, SMALL

__all__ = [
    "Scale", "compiled_of", "data_words", "endpoint_of", "is_flexible", "natural_scale",
    "quantity_words", "round_ratios", "round_values", "write_axis", "write_ticks",
]  # fmt: skip

_MINUS = "\N{MINUS SIGN}"
_GAP_BETWEEN_TICKS = 0.45
# An axis may go beyond what it must show by as much again, that of ratios by this at least; intervals that go further
# end in arrows.
_LEAST_REACH = math.log(4.0)
# How far beyond its ends an axis of ratios goes for a tick, as a share of its length.
_BEYOND = 0.06
# What a float can still be drawn as.
_SMALLEST, _LARGEST = 1e-12, 1e12


def quantity_words(of: Fit | CompiledModel) -> str:
    """What the cohorts' quantity is, in words: "Probability of objective response", "Hazard ratio"."""
    family, endpoint = compiled_of(of).family, endpoint_of(of)
    quantity = family.quantity
    if quantity == "probability":
        return f"Probability of {endpoint}" if endpoint else "Response probability"
    if quantity == "median":
        # Of a flexible hazard theta is the median only where that is constant.
        constant = " at a constant hazard" if is_flexible(of) else ""
        return f"Median {endpoint or 'survival'}{constant}"
    used = getattr(getattr(of, "evidence", None), "used", ())
    measures = {one.outcome.measure for one in used}
    if "control_total" in compiled_of(of).data:
        measures = {"odds_ratio"}
    measure = measures.pop() if len(measures) == 1 else quantity
    words = measure.replace("_", " ").capitalize()
    return f"{words}, {endpoint}" if endpoint else words


def is_flexible(of: Fit | CompiledModel) -> bool:
    """Whether it is of survival with a flexible hazard, whose theta is the median only where that is constant."""
    return bool(getattr(compiled_of(of).family, "flexible", False))


def data_words(of: Fit | CompiledModel) -> str:
    """What a cohort reports, in words: a share with counts, otherwise the quantity itself."""
    compiled, endpoint = compiled_of(of), endpoint_of(of)
    if compiled.family.quantity == "probability":
        return f"Share with {endpoint}" if endpoint else "Share that responds"
    if "control_total" in compiled.data:
        return f"Share of the first arm with {endpoint or 'an event'}, given the events in both"
    return quantity_words(of)


def compiled_of(of: Fit | CompiledModel) -> CompiledModel:
    """The compiled model of a fit, or that itself."""
    return of.compiled if isinstance(of, Fit) else of


def endpoint_of(of: Fit | CompiledModel) -> str:
    """The endpoint as people write it; empty where there is none."""
    return spoken(getattr(getattr(getattr(of, "model", None), "evidence", None), "endpoint", ""))


@dataclass(frozen=True)
class Scale:
    """One axis: `lower` and `upper` are its ends and `ticks` its ticks, in the units shown (per cent, or as they are).

    Attributes
    ----------
    label : str
        What the axis is called, unit included.
    unit : float
        The units shown per natural unit: 100 for a probability.
    logarithmic : bool
        Whether equal ratios are equally far apart.
    nothing : float or None
        The value at which two arms are alike.
    """

    label: str
    unit: float
    logarithmic: bool
    nothing: float | None
    lower: float
    upper: float
    ticks: tuple[float, ...]
    decimals: int

    def apply(self, axes: Axes, label: str = "") -> None:
        """Set the horizontal axis up, with every tick and its text fixed; `label` is its own in lines."""
        if self.logarithmic:
            axes.set_xscale("log")
            axes.minorticks_off()
        axes.set_xlim(self.lower, self.upper)
        write_axis(axes, self.ticks, label or self.label)

    def apply_upright(self, axes: Axes) -> None:
        """Set the vertical axis up likewise; what it is called is written elsewhere, where it can be read upright."""
        if self.logarithmic:
            axes.set_yscale("log")
            axes.minorticks_off()
        axes.set_ylim(self.lower, self.upper)
        write_ticks(axes.yaxis, self.ticks)

    @property
    def after(self) -> str:
        """The unit, after what is written in it; months have a logarithmic axis and no value of no difference."""
        if self.unit == 100.0:
            return ", %"
        return ", months" if self.logarithmic and self.nothing is None else ""

    def fraction(self, value: float) -> float:
        """How far along the axis a natural value lies, from 0 at its lower end to 1 at its upper."""
        ends = self.lower, self.upper, self.inside(value)
        low, high, at = map(math.log, ends) if self.logarithmic else ends
        return (at - low) / (high - low)

    def inside(self, value: float) -> float:
        """The nearest point of the axis to a natural value, in the units shown."""
        return min(max(value * self.unit, self.lower), self.upper)

    def leaves(self, value: float) -> bool:
        """Whether a natural value lies beyond the axis."""
        slack = 1e-9 * (self.upper - self.lower)
        return not self.lower - slack <= value * self.unit <= self.upper + slack

    def text(self, value: float) -> str:
        """A natural value as it is printed."""
        shown = value * self.unit
        if math.isinf(shown):
            return "not reached"
        if self.logarithmic:
            return _ratio(shown, self.decimals)
        least = 10.0**-self.decimals
        if self.unit == 100.0 and 0.0 < shown < 0.5 * least:
            return f"<{least:.{self.decimals}f}"
        if self.unit == 100.0 and 100.0 - 0.5 * least < shown < 100.0:
            return f">{100.0 - least:.{self.decimals}f}"
        printed = f"{shown:.{self.decimals}f}"
        return (printed.lstrip("-") if float(printed) == 0.0 else printed).replace("-", _MINUS)

    def interval(self, lower: float, upper: float) -> str:
        """An interval as it is printed."""
        return f"({self.text(lower)} to {self.text(upper)})"


def natural_scale(
    of: Fit | CompiledModel,
    needed: Sequence[float],
    wanted: Sequence[float],
    width: float,
    words: str = "",
    close: bool = False,
) -> Scale:
    """The axis for a fit, or for a compiled model.

    Parameters
    ----------
    of : Fit or CompiledModel
        What is shown.
    needed : sequence of float
        Natural values that must be on the axis.
    wanted : sequence of float
        Ends of intervals that should be, unless they are out of all proportion.
    width : float
        Of the axis, in inches: how many ticks there is room for.
    words : str
        What is shown, in words; the cohorts' quantity when not given.
    close : bool
        Whether a probability's axis starts where its values do: what differs little is then seen.
    """
    words, ticks = words or quantity_words(of), max(2, int(width / _GAP_BETWEEN_TICKS))
    quantity = compiled_of(of).family.quantity
    if quantity == "probability":
        return _percent(f"{words} (%)", [100.0 * x for x in (*needed, *wanted)], ticks, close)
    if quantity == "ratio":
        return _ratios(f"{words} (logarithmic axis)", [*needed, 1.0], wanted, ticks, 1.0)
    if quantity == "median":
        return _ratios(f"{words} (months, logarithmic axis)", needed, wanted, ticks, None)
    return _differences(words, needed, wanted, ticks)


def share_scale(words: str, values: Sequence[float], width: float) -> Scale:
    """The axis of shares of cohorts, whatever is pooled, with all these values on it."""
    return _percent(f"{words} (%)", [100.0 * x for x in values], max(2, int(width / _GAP_BETWEEN_TICKS)), close=False)


def _percent(label: str, values: Sequence[float], ticks: int, close: bool) -> Scale:
    least, most = min(values), min(max(values), 100.0)
    places = _round_values(least if close or least >= 50.0 else 0.0, most, ticks)
    lower, upper = max(places[0], 0.0), min(places[-1], 100.0)
    inside = tuple(float(x) for x in places if lower <= x <= upper)
    decimals = max(1, 2 - math.floor(math.log10(max(upper, 1e-9))))
    return Scale(label, 100.0, False, None, lower, upper, inside, decimals)


def _differences(label: str, needed: Sequence[float], wanted: Sequence[float], ticks: int) -> Scale:
    low, high = _held([*needed, 0.0], wanted, 0.0)
    places = _round_values(low, high, ticks)
    decimals = max(0, round(math.log10(200.0 / (high - low)))) if high > low else 2
    return Scale(label, 1.0, False, 0.0, places[0], places[-1], tuple(map(float, places)), decimals)


def _ratios(label: str, needed: Sequence[float], wanted: Sequence[float], ticks: int, nothing: float | None) -> Scale:
    """The logarithmic axis of ratios, or of months, which have no value at which nothing differs."""

    def logs(values: Sequence[float]) -> list[float]:
        # Months end where a limit was not reached; ratios go on to it, as far as there is room.
        known = (value for value in values if nothing is not None or math.isfinite(value))
        return [math.log(min(max(value, _SMALLEST), _LARGEST)) for value in known]

    low, high = (math.exp(end) for end in _held(logs(needed), logs(wanted), _LEAST_REACH))
    places = round_ratios(low, high, ticks)
    return Scale(
        label, 1.0, True, nothing, min(low, places[0]), max(high, places[-1]), places, 1 if nothing is None else 2
    )


def _held(needed: Sequence[float], wanted: Sequence[float], least_reach: float) -> tuple[float, float]:
    """Ends that hold what is needed, and what is wanted as far as it does not make the axis thrice as long."""
    low, high = min(needed), max(needed)
    reach = max(high - low, least_reach)
    finite = [*needed, *(value for value in wanted if math.isfinite(value))]
    return max(min(finite), low - reach), min(max(finite), high + reach)


def _round_values(low: float, high: float, ticks: int) -> Any:
    locator = MaxNLocator(nbins=ticks, steps=[1, 2, 2.5, 5, 10], min_n_ticks=2)
    return locator.tick_values(low, high)


def round_ratios(low: float, high: float, ticks: int) -> tuple[float, ...]:
    """Plain numbers from about `low` to `high`: 1, 2, 5 of every power of ten, or powers of ten further apart."""
    # A tick a little beyond an end is worth the room: the axis is drawn as far as it.
    slack = (high / low) ** _BEYOND
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    finer = (((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), 1), ((1.0, 2.0, 5.0), 1), ((1.0, 3.0), 1))
    for factors, step in (*finer, *(((1.0,), step) for step in range(1, 25))):
        powers = [power for power in range(first, last + 1) if power % step == 0]
        places = tuple(
            x
            for x in (factor * 10.0**power for power in powers for factor in factors)
            if low / slack < x < high * slack
        )
        if 0 < len(places) <= ticks:
            return places
    return (1.0,)


def round_values(low: float, high: float, ticks: int = 6) -> tuple[float, ...]:
    """Round values between the ends of an axis, for its ticks."""
    slack = 1e-9 * (high - low)
    return tuple(float(x) for x in _round_values(low, high, ticks) if low - slack <= x <= high + slack)


def write_axis(axes: Axes, ticks: Sequence[float], label: str) -> None:
    """Fix ticks, their text and the label, in the figures' own letters, whatever the axes were made with."""
    write_ticks(axes.xaxis, ticks)
    axes.set_xlabel(label, parse_math=False, fontsize=SIZE, fontfamily=matplotlib.rcParams["font.family"])


def write_ticks(axis: Axis, ticks: Sequence[float]) -> None:
    """Fix the ticks of one axis, and their text."""
    settings: dict[str, Any] = {"fontsize": SMALL, "fontfamily": matplotlib.rcParams["font.family"]}
    axis.set_ticks(ticks, [_tick(tick) for tick in ticks], parse_math=False, **settings)


def _tick(value: float) -> str:
    return f"{value:.10g}".replace("-", _MINUS)


def _ratio(value: float, decimals: int) -> str:
    """A ratio with two decimals, months with one, or either with two digits where those would say nothing."""
    if 0.95 * 10.0 ** (1 - decimals) <= value < 99.95:
        return f"{value:.{decimals}f}"
    if 99.95 <= value < 1e5:
        return f"{value:.0f}"
    return f"{value:.2g}".replace("-", _MINUS)
