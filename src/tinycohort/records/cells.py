"""What one cell of a table may hold: reading it from text with an exact error, and writing it back."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Column", "as_text", "read_cell", "suggestion", "write_cell"]

#: Kinds of cell. `words` is several words of one vocabulary joined with " + ".
KINDS: Final = ("identifier", "text", "word", "words", "integer", "number", "boolean", "date")

JOINER: Final = " + "
IDENTIFIER_PATTERN: Final = r"[a-z][a-z0-9_]*"
DATE_PATTERN: Final = r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?"
NUMBER_PATTERN: Final = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
TRUE_VALUES: Final = ("true", "TRUE")
FALSE_VALUES: Final = ("false", "FALSE")
LONGEST_CELL: Final = 4000


class CellError(ValueError):
    """A cell that cannot be read: what is wrong with it, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        self.what, self.mend = what, mend
        super().__init__(f"{what}. {mend}")


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of a table holds.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    about : str
        What the column says, in one sentence, for the data dictionary.
    words : tuple of str
        The closed vocabulary, for kinds "word" and "words".
    refers : str
        Table whose identifier the cell names, or "" where it names none.
    minimum, maximum : float or None
        Limits of a number, both included.
    """

    kind: str
    about: str
    words: tuple[str, ...] = ()
    refers: str = ""
    minimum: float | None = None
    maximum: float | None = None


def suggestion(wrong: str, words: Iterable[str]) -> str:
    """Say which word was probably meant, or list them all.

    Parameters
    ----------
    wrong : str
        The word as given.
    words : iterable of str
        The words allowed.

    Examples
    --------
    >>> suggestion("melanome", ["melanoma", "nsclc"])
    "Did you mean 'melanoma'?"
    """
    known = list(words)
    near = difflib.get_close_matches(wrong.strip().lower().replace(" ", "_").replace("-", "_"), known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    if len(known) > 40:
        return "Use one of the known words: docs/evidence.md lists them, and columns.md of a project."
    return f"Use one of: {', '.join(known)}." if known else "There is nothing to choose from."


def _identifier(text: str, _: Column) -> str:
    if not re.fullmatch(IDENTIFIER_PATTERN, text):
        raise CellError(f"{text!r} is not an identifier", "Use lower-case letters, digits and _, a letter first.")
    return text


def _text(text: str, _: Column) -> str:
    if any(ord(character) < 32 for character in text):
        raise CellError(f"{text[:40]!r} contains a line break or control character", "Keep the cell on one line.")
    return text


def _word(text: str, column: Column) -> str:
    if text not in column.words:
        raise CellError(f"{text!r} is not a known word here", suggestion(text, column.words))
    return text


def _words(text: str, column: Column) -> str:
    parts = text.split(JOINER)
    for part in parts:
        pieces = re.split(r"\s*[+,;/&]\s*", part)
        if len(pieces) > 1:
            raise CellError(f"{part!r} is not a known word here", f"Join words with {JOINER!r}: {JOINER.join(pieces)}")
        _word(part, column)
    if len(set(parts)) < len(parts):
        raise CellError(f"{text!r} says a word twice", "Say it once.")
    return text


def _within(value: float, text: str, column: Column) -> None:
    if column.minimum is not None and value < column.minimum:
        raise CellError(f"{text} is below {column.minimum:g}", "Correct it, or leave the cell empty if unknown.")
    if column.maximum is not None and value > column.maximum:
        hint = " Proportions are written between 0 and 1." if column.maximum == 1 else ""
        if hint and value <= 100:
            hint = f"{hint[:-1]}: {value / 100:g}."
        raise CellError(f"{text} is above {column.maximum:g}", f"Correct it.{hint}")


def _integer(text: str, column: Column) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,15}", text):
        whole = re.fullmatch(r"([0-9]{1,15})[.,]0*", text)
        mend = f"Write {whole[1]}." if whole else "Write digits only, or leave the cell empty."
        raise CellError(f"{text!r} is not a whole number", mend)
    _within(int(text), text, column)
    return int(text)


def _number(text: str, column: Column) -> float:
    if not re.fullmatch(NUMBER_PATTERN, text):
        comma, share = text.replace(",", ".", 1), re.fullmatch(r"([0-9]+(?:[.,][0-9]*)?) ?%", text)
        mend = "Write digits with a decimal point, or leave the cell empty if it was not printed or not reached."
        if share:
            mend = f"Write the proportion: {round(float(share[1].replace(',', '.')) / 100, 12):g}."
        elif re.fullmatch(NUMBER_PATTERN, comma):
            mend = f"Write {comma}, with a decimal point."
        raise CellError(f"{text!r} is not a number", mend)
    value = float(text)
    if not math.isfinite(value):
        raise CellError(f"{text!r} is not finite", "Leave the cell empty if it was not reached.")
    _within(value, text, column)
    return value


def _boolean(text: str, _: Column) -> bool:
    # Spreadsheets write TRUE and FALSE whatever was typed; in other languages still other words, which are refused.
    if text not in (*TRUE_VALUES, *FALSE_VALUES):
        raise CellError(f"{text!r} is neither true nor false", "Write true or false, or leave the cell empty.")
    return text in TRUE_VALUES


def _date(text: str, _: Column) -> str:
    if not re.fullmatch(DATE_PATTERN, text):
        mend = "Write 2016, 2016-09 or 2016-09-30; a spreadsheet changes that, unless the column is formatted as text."
        raise CellError(f"{text!r} is not a date", mend)
    return text


_READERS: Final[dict[str, Callable[[str, Column], Any]]] = {
    "identifier": _identifier,
    "text": _text,
    "word": _word,
    "words": _words,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
}


def read_cell(text: str, column: Column, required: bool) -> Any:
    """Read one cell.

    Parameters
    ----------
    text : str
        The cell as it stands in the table.
    column : Column
        What it should hold.
    required : bool
        Whether an empty cell is an error; otherwise it is None, or "" in a column of text.

    Raises
    ------
    CellError
        If it holds something else.

    Examples
    --------
    >>> read_cell("8", Column("integer", "People."), required=True)
    8
    """
    if text != text.strip():
        raise CellError(f"{text[:40]!r} has blanks around it", "Remove them.")
    if not text:
        if required:
            raise CellError("the cell is empty", "Fill it: this column is needed in every row.")
        return "" if column.kind == "text" else None
    if len(text) > LONGEST_CELL:
        raise CellError(f"{text[:40]!r}... has {len(text)} characters", f"Keep cells under {LONGEST_CELL}.")
    return _READERS[column.kind](text, column)


def write_cell(value: Any) -> str:
    """Write a value of a record as the text of a cell, in one canonical way.

    Examples
    --------
    >>> write_cell(8.0), write_cell(0.125), write_cell(None), write_cell(True)
    ('8', '0.125', '', 'true')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def as_text(value: Any) -> str:
    """Text of a cell that came from Python: a DataFrame, a dict, NumPy.

    Missing values of every kind (None, NaN, NaT, pandas.NA) become the empty cell.

    Examples
    --------
    >>> as_text(float("nan")), as_text(8.0), as_text(" 8")
    ('', '8', ' 8')
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return ""
    if hasattr(value, "item") and not isinstance(value, str) and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return ""
    return write_cell(value)
