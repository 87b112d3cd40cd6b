"""A figure as part of a page: smaller, with names of its own, and told in words to those who cannot see it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ..figures import Drawing
from .markup import Markup, escape, tag

__all__ = ["inline_svg", "picture", "placed"]

_FONT = re.compile(r"font-family: ([^;\"]+)(?:; |(?=\"))")


def placed(drawn: Iterable[Drawing], place: str) -> list[Markup]:
    """The figures of the model as it stands for one part of its page."""
    return [picture(one) for one in drawn if one.kind.place == place]


def picture(drawing: Drawing, variant: str = "", small: bool | None = None) -> Markup:
    """A figure with its caption, in a box that scrolls where the screen is too narrow."""
    kind = drawing.kind
    inside = inline_svg(drawing.svg(), f"{kind.name}-{variant or 'base'}", kind.about)
    box = "scroll small" if (kind.small if small is None else small) else "scroll wide"
    framed = tag("div", inside, class_=box, tabindex="0", role="region", aria_label=kind.about)
    caption = [tag("figcaption", drawing.caption)] if drawing.caption else []
    return tag("figure", framed, *caption, data_figure=kind.name)


def inline_svg(text: str, prefix: str, description: str) -> Markup:
    """An SVG file as an element of a page.

    Parameters
    ----------
    text : str
        The file, as matplotlib writes it.
    prefix : str
        What the identifiers in it begin with, so that they are unique on the page.
    description : str
        For those who cannot see it.
    """
    text = text[text.index("<svg") :]
    # A style would hold for the whole page, which has it already.
    text = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style[^>]*>[^<]*</style>\s*</defs>", "", text, flags=re.DOTALL)
    font, text = _without_font(text)
    head, _, rest = text.partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    # Only tags are touched: what stands between them is text, such as labels.
    rest = re.sub(r"<[^>]*>", lambda found: _smaller(found[0]), rest)
    rest = re.sub(r">\s+<", "><", rest)
    names = dict.fromkeys(re.findall(r'(?:href="|url\()#([^")]+)', rest))
    renamed = {name: f"{prefix}-{k}" for k, name in enumerate(names)}
    rest = re.sub(r' id="([^"]+)"', lambda found: f' id="{renamed[found[1]]}"' if found[1] in renamed else "", rest)
    rest = re.sub(r'(href="#|url\(#)([^")]+)', lambda found: found[1] + renamed[found[2]], rest)
    opening = f'<svg role="img" aria-label="{escape(description)}" {box[0] if box else ""}{font}>'
    return Markup(opening + rest.strip())


def _without_font(text: str) -> tuple[str, str]:
    """The font that nearly all of it is in, named once."""
    usual = Counter(_FONT.findall(text)).most_common(1)
    if not usual:
        return "", text
    return f' font-family="{usual[0][0]}"', _FONT.sub(lambda found: "" if found[1] == usual[0][0] else found[0], text)


def _smaller(tag: str) -> str:
    """Coordinates to a hundredth of a point, which nobody sees, and no turning by nothing."""
    tag = re.sub(r' transform="rotate\(-?0 [^"]*"', "", tag)
    tag = re.sub(r"-?\d+\.\d{3,}(?![\d%])", lambda found: f"{float(found[0]):.2f}", tag)
    return re.sub(r"\s+", " ", tag).replace('style=""', "")
