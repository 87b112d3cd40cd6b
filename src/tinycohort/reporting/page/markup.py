"""HTML put together so that text is always escaped: only what is markup already is left as it is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = [
    "Markup",
    "Row",
    "escape",
    "formula",
    "heading",
    "identifier",
    "join",
    "link",
    "minus",
    "symbols",
    "table",
    "tag",
]

_VOID = {"meta", "br", "link", "col"}
# Control characters, halves of characters, and marks that turn the direction of what follows: none has business here.
_UNWELCOME = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\u202a-\\u202e\\u2066-\\u2069]")
_SYMBOL = re.compile(r"\b([A-Za-z]+)_([a-z]+)\b|\b(theta|mu|tau|nu)\b")
_HYPHENATED = re.compile(r"\w+-\d\w*")
_GREEK = {"theta": "θ", "mu": "μ", "tau": "τ", "nu": "ν"}


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


def tag(name: str, /, *children: str, **attributes: str | bool | None) -> Markup:
    """An element. Names of attributes may end in an underscore, where Python has the word; None leaves one out.

    Examples
    --------
    >>> print(tag("p", "a < b ", tag("b", "c"), class_="note"))
    <p class="note">a &lt; b <b>c</b></p>
    """
    written = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{escape(value)}"'


def heading(text: str) -> Markup:
    """A title, in which no name such as PD-1 is broken at its hyphen."""
    return Markup(_HYPHENATED.sub(lambda found: str(tag("span", found[0], class_="whole")), str(escape(text))))


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


def formula(text: str) -> Markup:
    """A formula typed in letters, with its symbols: theta_j becomes an italic letter with an index.

    Examples
    --------
    >>> print(formula("theta_j ~ Normal(mu, 1)"))
    <span class="formula"><i>θ</i><sub>j</sub> ∼ Normal(<i>μ</i>, 1)</span>
    """
    return tag("span", symbols(minus(text).replace("~", "\N{TILDE OPERATOR}")), class_="formula")


def symbols(text: str) -> Markup:
    """A text with the symbols in it set as such.

    Examples
    --------
    >>> print(symbols("around mu, for all r_j"))
    around <i>μ</i>, for all <i>r</i><sub>j</sub>
    """
    parts: list[str] = []
    end = 0
    for found in _SYMBOL.finditer(text):
        letter = found[1] or found[3]
        parts += [text[end : found.start()], tag("i", _GREEK.get(letter, letter))]
        parts += [tag("sub", found[2])] if found[2] else []
        end = found.end()
    return join([*parts, text[end:]])


@dataclass(frozen=True)
class Row:
    """A row of a table, with attributes of its own."""

    cells: Sequence[str]
    attributes: Mapping[str, str] = field(default_factory=dict)


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str] | Row],
    text_columns: int = 1,
    *,
    stacked: bool = False,
) -> Markup:
    """A table in a box of its own.

    Parameters
    ----------
    caption : str
        What it shows.
    header : sequence of str
        Headings.
    rows : iterable of sequence of str, or of Row
        Cells; the first of each is the heading of its row.
    text_columns : int
        How many columns from the left are text; the others are numbers, to the right.
    stacked : bool
        On a narrow screen each row becomes a block of lines, each with its heading; otherwise the box scrolls sideways.
    """
    kinds = ["text" if k < text_columns else "number" for k in range(len(header))]
    head = tag("tr", *(tag("th", text, scope="col", class_=kind) for text, kind in zip(header, kinds, strict=True)))
    body = [_row(one if isinstance(one, Row) else Row(one), header, kinds, stacked) for one in rows]
    inside = tag("table", tag("caption", tag("span", caption)), tag("thead", head), tag("tbody", *body))
    if stacked:
        return tag("div", inside, class_="stack")
    return tag("div", inside, class_="scroll", tabindex="0", role="region", aria_label=re.sub("<[^>]*>", "", caption))


def _row(row: Row, header: Sequence[str], kinds: Sequence[str], stacked: bool) -> Markup:
    first, *others = row.cells
    cells = (
        tag("td", text, class_=kind, data_heading=heading if stacked and text else None)
        for text, kind, heading in zip(others, kinds[1:], header[1:], strict=True)
    )
    return tag("tr", tag("th", first, scope="row", class_="text"), *cells, **row.attributes)
