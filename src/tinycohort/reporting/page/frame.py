"""What every page of the report shares: one file, its own style and script, and no way to the network."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from .markup import Markup, tag

__all__ = ["document"]


def document(title: str, *body: Markup) -> str:
    """A whole HTML document.

    Its own rules let it load nothing, and run no script but the one it comes with, even if a label should get through
    the escaping.

    Parameters
    ----------
    title : str
        For the window and for bookmarks.
    *body : Markup
        Header, main part and footer.
    """
    style, script = _resource("style.css"), _resource("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=f"{rules}; base-uri 'none'; form-action 'none'"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style)),
    )
    page = tag("html", head, tag("body", *body, tag("script", Markup(script))), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


@cache
def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
