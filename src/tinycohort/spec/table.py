"""One table of a model file while it is read: a word that nobody asks for is an error, so is one that is missing."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Mapping
from numbers import Integral, Real
from typing import Any, NamedTuple

from ..issues import Issue
from .words import WORD, is_unicode, suggest

__all__ = ["Problem", "Problems", "Table", "is_finite"]


class Problem(NamedTuple):
    """What is wrong, at a place inside the file."""

    place: str
    what: str
    mend: str


class Problems(list[Problem]):
    """All that is wrong with a model."""

    def report(self, place: str, what: str, mend: str) -> None:
        """Write one problem down and go on."""
        self.append(Problem(place, what, mend))

    def issues(self, source: str) -> list[Issue]:
        """As issues that also name the file."""
        return [Issue(f"{source}, {place}" if place else source, what, mend) for place, what, mend in self]


class Table:
    """A table under scrutiny. Every question returns None where the answer is missing or wrong, and notes why.

    Parameters
    ----------
    values : mapping
        The table as read.
    place : str
        How to call its place, up to a key: ``"[evidence] "``.
    problems : Problems
        Where to note what is wrong.
    """

    def __init__(self, values: Mapping[str, Any], place: str, problems: Problems) -> None:
        self.values = values
        self.place = place
        self.problems = problems
        self._asked: dict[str, None] = {}
        self._missing: list[tuple[str, str]] = []

    def report(self, key: str, what: str, mend: str) -> None:
        """Note that the value of `key` is wrong."""
        self.problems.report(f"{self.place}{key}".strip(), what, mend)

    def ask(self, key: str, need: str, optional: bool = False) -> Any:
        """The raw value of `key`; `need` says how to write one."""
        self._asked[key] = None
        if key not in self.values and not optional:
            self._missing.append((key, need))
        return self.values.get(key)

    def finish(self) -> None:
        """Note the words that nobody asked for, and those that were asked for in vain."""
        missing = dict(self._missing)
        for key in self.values:
            if key in self._asked:
                continue
            # A misspelt word is one problem, not two: the word that it was meant to be is not missing as well.
            near = difflib.get_close_matches(str(key), missing, n=1, cutoff=0.6)
            if near:
                missing.pop(near[0])
                self.report(str(key), f"unknown word {key!r}", f"Did you mean {near[0]!r}?")
            else:
                self.report(str(key), f"unknown word {key!r}", suggest(key, self._asked))
        for key, need in missing.items():
            self.report(key, "missing", need)

    def _checked(self, key: str, need: str, accept: Callable[[Any], bool], optional: bool) -> Any:
        value = self.ask(key, need, optional)
        if key not in self.values:
            return None
        if not accept(value):
            self.report(key, f"{_brief(value)} will not do", need)
            return None
        return value

    def text(self, key: str, need: str, optional: bool = False) -> str | None:
        """Free text that is not blank."""
        value = self._checked(key, need, lambda v: isinstance(v, str) and bool(v.strip()) and is_unicode(v), optional)
        return None if value is None else str(value)

    def word(self, key: str, need: str, optional: bool = False) -> str | None:
        """Any word in lower case."""
        return self._checked(key, need, lambda v: isinstance(v, str) and bool(WORD.fullmatch(v)), optional)

    def choice(self, key: str, known: Collection[str], optional: bool = False) -> str | None:
        """One of the words `known`."""
        value = self.ask(key, f"Choose one of {', '.join(known)}.", optional)
        if key not in self.values:
            return None
        if not isinstance(value, str) or value not in known:
            self.report(key, f"unknown word {_brief(value)}", suggest(value, known))
            return None
        return value

    def number(self, key: str, need: str, optional: bool = False) -> float | None:
        """A finite number."""
        value = self._checked(key, need, is_finite, optional)
        return None if value is None else float(value)

    def whole(self, key: str, need: str, lower: int, upper: int) -> int | None:
        """A whole number from `lower` to `upper`."""

        def accept(value: Any) -> bool:
            return not isinstance(value, bool) and isinstance(value, Integral) and lower <= int(value) <= upper

        value = self._checked(key, need, accept, False)
        return None if value is None else int(value)

    def flag(self, key: str) -> bool | None:
        """True or false, or absent."""
        return self._checked(key, "Write true or false.", lambda v: isinstance(v, bool), True)

    def words(
        self, key: str, known: Collection[str] | None, need: str, optional: bool = False
    ) -> tuple[str, ...] | None:
        """Different words, at least one: any text, or words out of `known`."""
        value = self.ask(key, need, optional)
        if key not in self.values:
            return None
        if not isinstance(value, list) or not value:
            self.report(key, f"{_brief(value)} will not do", need)
            return None
        good = True
        for place, item in enumerate(value):
            if not isinstance(item, str) or not item.strip() or not is_unicode(item):
                self.report(key, f"{_brief(item)} will not do", need)
            elif known is not None and item not in known:
                self.report(key, f"unknown word {item!r}", suggest(item, known))
            elif item in value[:place]:
                self.report(key, f"{item!r} stands there twice", "Write it once.")
            else:
                continue
            good = False
        return tuple(value) if good else None

    def table(self, key: str, need: str, place: str) -> Table | None:
        """A table inside this one, whose place is called `place`."""
        value = self._checked(key, need, lambda v: isinstance(v, Mapping), False)
        return None if value is None else Table(value, place, self.problems)

    def tables(self, key: str, need: str, optional: bool = False) -> list[Table]:
        """An array of tables; each is called by its name, or by its number where it has none."""
        value = self._checked(key, need, _is_tables, optional)
        if value is None:
            return []
        called = [item.get("name") if isinstance(item.get("name"), str) else None for item in value]
        places = [f"[[{key}]] {name or number}, " for number, name in enumerate(called, start=1)]
        return [Table(item, place, self.problems) for item, place in zip(value, places, strict=True)]


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def is_finite(value: Any) -> bool:
    """Whether a value is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number with more than 308 digits
        return False


def _brief(value: Any) -> str:
    """The value as somebody typed it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a whole number with more than 4300 digits
        return "this number"
    return text if len(text) <= 60 else f"{text[:57]}..."
