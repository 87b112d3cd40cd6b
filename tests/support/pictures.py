"""What a drawn figure says, and where: its texts, and those that overlap."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts_of(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def rendered(figure: Figure) -> RendererAgg:
    """The figure drawn, so that every text has its place."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


def collisions(figure: Figure) -> list[str]:
    """Texts that overlap each other, or leave the figure."""
    renderer = rendered(figure)
    boxes = [(text.get_text(), *text.get_window_extent(renderer).extents) for text in texts_of(figure)]
    found = [
        f"{a[0]!r} on {b[0]!r}"
        for a, b in itertools.combinations(boxes, 2)
        if min(a[3], b[3]) - max(a[1], b[1]) > 0.5 and min(a[4], b[4]) - max(a[2], b[2]) > 0.5
    ]
    width, height = figure.bbox.size
    outside = [text for text, x0, y0, x1, y1 in boxes if min(x0, y0) < 0 or x1 > width or y1 > height]
    return found + [f"{text!r} outside" for text in outside]


def words_in(path: Path) -> list[str]:
    """Every text of an SVG file, as text."""
    return [element.text or "" for element in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]
