"""HTML put together so that text is always escaped: only what is markup already is left as it is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

__all__ = ["Markup", "escape", "identifier", "inline_svg", "join", "link", "minus", "table", "tag"]

_VOID = {"meta", "br", "link", "col"}
# Control characters, halves of characters, and marks that turn the direction of what follows: none has business here.
_UNWELCOME = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\u202a-\\u202e\\u2066-\\u2069]")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape(text: str) -> Markup:
    """Any text as HTML; what HTML may not hold becomes a replacement mark."""
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(_UNWELCOME.sub("\N{REPLACEMENT CHARACTER}", text)))


def join(parts: Iterable[str], between: str = "") -> Markup:
    """Parts one after the other, escaped where they are text."""
    return Markup(str(escape(between)).join(map(str, map(escape, parts))))


def tag(name: str, /, *children: str, **attributes: str) -> Markup:
    """An element. Names of attributes may end in an underscore, where Python has the word.

    Examples
    --------
    >>> print(tag("p", "a < b ", tag("b", "c"), class_="note"))
    <p class="note">a &lt; b <b>c</b></p>
    """
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def identifier(text: str) -> Markup:
    """A name of the evidence or of a model, which may be broken after its underscores."""
    return tag("span", Markup(escape(text).replace("_", "_<wbr>")), class_="code")


def minus(text: str) -> str:
    """A number, or two with words between, with true minus signs."""
    return text.replace("-", "\N{MINUS SIGN}")


def link(text: str, address: str) -> Markup:
    """A link where the address is one of the web; the text alone otherwise."""
    if not re.match(r"https?://[^\s]+$", address):
        return escape(text)
    return tag("a", text, href=address)


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], text_columns: int = 1) -> Markup:
    """A table in a box that scrolls where it is too wide.

    Parameters
    ----------
    caption : str
        What it shows.
    header : sequence of str
        Headings.
    rows : iterable of sequence of str
        Cells; the first of each is the heading of its row.
    text_columns : int
        How many columns from the left are text; the others are numbers, to the right.
    """
    kinds = ["text" if k < text_columns else "number" for k in range(len(header))]
    head = tag("tr", *(tag("th", text, scope="col", class_=kind) for text, kind in zip(header, kinds, strict=True)))
    body = []
    for first, *others in rows:
        cells = (tag("td", text, class_=kind) for text, kind in zip(others, kinds[1:], strict=True))
        body.append(tag("tr", tag("th", first, scope="row", class_="text"), *cells))
    inside = tag("table", tag("caption", tag("span", caption)), tag("thead", head), tag("tbody", *body))
    return tag("div", inside, class_="scroll", tabindex="0", role="region", aria_label=caption)


def inline_svg(text: str, prefix: str, description: str) -> Markup:
    """An SVG file as part of a page: its identifiers made its own, its description told to those who cannot see it."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # A style would hold for the whole page, which has it already; the size is the page's to choose.
    text = re.sub(r"<defs>\s*<style[^>]*>[^<]*</style>\s*</defs>", "", text)
    head, end, rest = text.partition(">")
    text = re.sub(r'\s(width|height)="[^"]*"', "", head) + end + rest
    names = dict.fromkeys(re.findall(r'\bid="([^"]+)"', text))
    renamed = {name: f"{prefix}-{k}" for k, name in enumerate(names)}
    pattern = re.compile(r'(\bid="|\bhref="#|url\(#)([^")]+)')
    text = pattern.sub(lambda found: found[1] + renamed.get(found[2], found[2]), text)
    opening = f'<svg role="img" aria-label="{escape(description)}"'
    return Markup(text.replace("<svg", opening, 1).strip())
