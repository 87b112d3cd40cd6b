"""What all figures share: one style that leaves matplotlib's own alone, text that is measured, files that repeat."""

from __future__ import annotations

import io
import unicodedata
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from ..issues import InputError, Issue
from ..posterior import Fit

__all__ = [
    "BLACK", "GREY", "PALE", "SIZE", "SMALL", "ReproducibleFigure", "literal", "new_axes", "require_reportable", "save",
    "style", "text_width", "wrapped",
]  # fmt: skip

# Points: what journals print. DejaVu Sans comes with matplotlib, so that the same figure is the same everywhere; a
# viewer that lacks it shows the text of an SVG in the next of these.
SIZE, SMALL = 8.0, 7.0
_FONTS = ["DejaVu Sans", "Verdana", "Arial", "Helvetica"]
BLACK, GREY, PALE = "#16324f", "#767676", "#d0d0d0"
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


def style() -> AbstractContextManager[None]:
    """The style of all figures, for the time of a `with`; a user's own settings neither leak in nor are changed."""
    return matplotlib.style.context(["default", _STYLE])


class ReproducibleFigure(Figure):
    """A figure outside pyplot that is saved in the style it was drawn in, with no date and no random names."""

    def savefig(self, fname: Any, *, transparent: bool | None = None, **settings: Any) -> None:
        """Save, as `matplotlib.figure.Figure.savefig` does; the same figure gives the same bytes."""
        suffix = Path(fname).suffix.removeprefix(".") if isinstance(fname, str | Path) else ""
        kind = str(settings.get("format") or suffix).lower()
        metadata = {**_TIMELESS.get(kind, {}), **(settings.pop("metadata", None) or {})}
        with style():
            super().savefig(fname, transparent=transparent, metadata=metadata or None, **settings)

    def _repr_png_(self) -> bytes:
        """For notebooks."""
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=200)
        return picture.getvalue()


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
    ReproducibleFigure.savefig(figure, target, **settings)  # type: ignore[arg-type]
    return target


def new_axes(width: float, height: float) -> Axes:
    """Axes that fill a new figure of this size in inches; inside `style`."""
    return ReproducibleFigure(figsize=(width, height)).add_axes((0.0, 0.0, 1.0, 1.0))


def require_reportable(fit: Fit) -> None:
    """Refuse to draw what may not be reported.

    Raises
    ------
    InputError
        Every reason why not.
    """
    if not fit.reportable:
        raise InputError([Issue("fit", f"may not be reported: {reason}", "Mend that first.") for reason in fit.reasons])


def literal(text: str) -> str:
    """A text on one line, as a figure can show it: no line breaks, and a mark for what cannot be printed."""
    kept = (character for character in " ".join(text.split()) if unicodedata.category(character) != "Cf")
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] == "C" else c for c in kept)


def text_width(text: str, size: float = SIZE) -> float:
    """Width of a line in inches."""
    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(_FONTS[:1], size=size), False)
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
