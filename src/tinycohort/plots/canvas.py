"""What all figures share: one style that leaves matplotlib's own alone, text that is measured, files that repeat."""

from __future__ import annotations

import io
import unicodedata
from contextlib import AbstractContextManager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.textpath import text_to_path
from matplotlib.transforms import ScaledTranslation, Transform

from ..issues import InputError, Issue

__all__ = [
    "BLACK", "GREY", "PALE", "SHADE", "SIZE", "SMALL", "ReproducibleFigure", "draw_in", "figure_of", "inches_from",
    "literal", "new_axes", "require_level", "save", "size_of", "style", "text_width", "too_small", "wrapped",
]  # fmt: skip

# Points: what journals print. DejaVu Sans comes with matplotlib, so that the same figure is the same everywhere; a
# viewer that lacks it shows the text of an SVG in the next of these.
SIZE, SMALL = 8.0, 7.0
_FONTS = ["DejaVu Sans", "Verdana", "Arial", "Helvetica"]
BLACK, GREY, PALE, SHADE = "#16324f", "#767676", "#d0d0d0", "#ececec"
_STYLE = {
    "font.family": ["sans-serif"],
    "font.sans-serif": _FONTS,
    "font.size": SIZE,
    "axes.labelsize": SIZE,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "figure.dpi": 100.0,
    "savefig.dpi": 300.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "tinycohort",
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
}
# What matplotlib would write of the moment, by format.
_TIMELESS = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def style(*texts: str | None) -> AbstractContextManager[None]:
    """The style of all figures, for the time of a `with`; a user's own settings neither leak in nor are changed.

    `texts` are what will be written: characters that DejaVu Sans lacks (Chinese ones, say) are taken from another font
    that is installed, if one has them. Otherwise matplotlib warns.
    """
    written = frozenset(ord(character) for text in texts for character in literal(text or ""))
    strange = written - _characters(findfont(FontProperties(family=_FONTS[:1])))
    return matplotlib.style.context(["default", _STYLE | {"font.family": ["sans-serif", *_fonts_with(strange)]}])


@cache
def _characters(path: Any) -> frozenset[int]:
    return frozenset(get_font(path).get_charmap())


@cache
def _fonts_with(characters: frozenset[int]) -> tuple[str, ...]:
    """A font that has these characters: none when there are none to find, or no such font."""
    if not characters:
        return ()
    upright = {font.name: font for font in fontManager.ttflist if (font.style, font.weight) == ("normal", 400)}
    for name in sorted(upright):
        # The font of last resort has boxes for everything.
        if not name.startswith("Last Resort") and characters <= _characters(upright[name].fname):
            return (name,)
    return ()


class ReproducibleFigure(Figure):
    """A figure outside pyplot that is saved in the style it was drawn in, with no date and no random names."""

    def savefig(self, fname: Any, *, transparent: bool | None = None, **settings: Any) -> None:
        """Save, as `matplotlib.figure.Figure.savefig` does; the same figure gives the same bytes."""
        _write_file(self, fname, transparent=transparent, **settings)

    def _repr_png_(self) -> bytes:
        """For notebooks."""
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=200)
        return picture.getvalue()


def _write_file(figure: Figure, file: Any, **settings: Any) -> None:
    suffix = Path(file).suffix.removeprefix(".") if isinstance(file, str | Path) else ""
    kind = str(settings.get("format") or suffix).lower()
    metadata = _TIMELESS.get(kind, {}) | (settings.pop("metadata", None) or {})
    with style():
        Figure.savefig(figure, file, metadata=metadata or None, **settings)


def save(figure: Figure, path: str | Path, **settings: Any) -> Path:
    """Save any figure, one of your own too, so that the same figure gives the same bytes; text stays text.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What the functions here return, or a figure with axes that they drew into.
    path : str or path
        The suffix says the format: .svg, .pdf or .png.
    **settings
        As `matplotlib.figure.Figure.savefig` takes them, such as ``dpi``.

    Returns
    -------
    pathlib.Path
        Where it is.

    Examples
    --------
    >>> import tempfile, tinycohort as tc
    >>> fit = tc.pool(events=[1, 7, 9], totals=[8, 27, 44])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tc.plots.save(tc.plots.forest(fit), f"{folder}/forest.svg").name
    'forest.svg'
    """
    target = Path(path)
    _write_file(figure, target, **settings)
    return target


def new_axes(width: float, height: float) -> Axes:
    """Axes that fill a new figure of this size in inches; inside `style`."""
    return ReproducibleFigure(figsize=(width, height)).add_axes((0.0, 0.0, 1.0, 1.0))


def size_of(ax: Axes) -> tuple[float, float]:
    """Width and height of the axes' box in inches."""
    box, whole, dpi = ax.get_position(), ax.figure.bbox, ax.figure.dpi
    return float(box.width * whole.width / dpi), float(box.height * whole.height / dpi)


def draw_in(ax: Axes, left: float, right: float, below: float, above: float) -> None:
    """Move the axes inside their own box, leaving so many inches at its sides."""
    box, (width, height) = ax.get_position(), size_of(ax)
    across, up = box.width / width, box.height / height
    place = (box.x0 + left * across, box.y0 + below * up, box.width - (left + right) * across)
    ax.set_position((*place, box.height - (below + above) * up))
    for side in ("left", "top", "right"):
        ax.spines[side].set_visible(False)
    ax.set_yticks([])


def figure_of(ax: Axes) -> Figure:
    """The figure that the axes are in, whole."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def inches_from(ax: Axes, corner: tuple[float, float] = (0.0, 0.0)) -> Transform:
    """Coordinates in inches from a corner of the axes, wherever these are."""
    return figure_of(ax).dpi_scale_trans + ScaledTranslation(*corner, ax.transAxes)  # type: ignore[arg-type]


def require_level(level: float) -> None:
    """Refuse what is no probability of an interval.

    Raises
    ------
    InputError
        With the level quoted.
    """
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0.0 < level < 1.0:
        raise InputError(Issue("level", f"{level!r} is not between 0 and 1", "Give a probability, such as 0.95."))


def too_small(box: tuple[float, float], least: tuple[float, float], what: str) -> InputError:
    """The refusal of axes of this width and height, in inches, when what they hold needs at least another."""
    width, height = (inches + 0.05 for inches in least)
    said = f"{box[0]:.1f} by {box[1]:.1f} inches, too small for {what}"
    return InputError(Issue("ax", said, f"Give axes of at least {width:.2f} by {height:.2f} inches, or leave ax out."))


def literal(text: str) -> str:
    """A text on one line, as a figure can show it: no line breaks, and a mark for what cannot be printed."""
    kept = "".join(character for character in text if unicodedata.category(character) != "Cf")
    line = " ".join(kept.split())
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] == "C" else c for c in line)


# A page measures the same labels in the figure of every variant.
@lru_cache(maxsize=10_000)
def text_width(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Width of a line in inches; inside `style`."""
    font = FontProperties(size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, False)
    return float(width) / 72.0


def wrapped(text: str, width: float, size: float = SIZE) -> list[str]:
    """A text in lines no wider than `width` inches, broken at spaces where it can be."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size) <= width:
            lines[-1] = longer
            continue
        lines.append("")
        for character in word:
            if lines[-1] and text_width(lines[-1] + character, size) > width:
                lines.append("")
            lines[-1] += character
    return [line for line in lines if line] or [""]
