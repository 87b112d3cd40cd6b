"""Write a model as TOML: Python reads that format, and does not write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["write_toml", "write_value"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')


def write_toml(content: Mapping[str, Any]) -> str:
    """The text of a model file.

    Parameters
    ----------
    content : mapping
        A model as plain dictionaries, lists, strings, numbers and booleans. Tables at the top become ``[section]``,
        those of priors ``[priors.name]``, lists of tables ``[[section]]``; whatever lies deeper is written inline.

    Returns
    -------
    str
        TOML 1.0, which `tomllib` reads back to the same content.

    Examples
    --------
    >>> print(write_toml({"format": 1, "pooling": {"kind": "common"}}), end="")
    format = 1
    <BLANKLINE>
    [pooling]
    kind = "common"
    """
    scalars = {key: value for key, value in content.items() if not _is_section(value)}
    blocks = [_lines(scalars)]
    for key, value in content.items():
        if not _is_section(value):
            continue
        if isinstance(value, list):
            blocks += [[f"[[{_key(key)}]]", *_lines(item)] for item in value]
        elif key == "priors":
            blocks += [[f"[{_key(key)}.{_key(name)}]", *_lines(item)] for name, item in value.items()]
        else:
            blocks.append([f"[{_key(key)}]", *_lines(value)])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _is_section(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(item, Mapping) for item in value))


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {write_value(value)}" for key, value in table.items()]


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], f"\\u{ord(match[0]):04x}")


def write_value(value: Any) -> str:
    """One value as TOML writes it in a line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int():
            return str(value)
        case float():
            return repr(value)  # the shortest digits that read back to the same number
        case list():
            return f"[{', '.join(map(write_value, value))}]"
        case Mapping():
            inside = ", ".join(_lines(value))
            return f"{{ {inside} }}" if inside else "{}"
    raise TypeError(f"TOML has no way to write {value!r}")
