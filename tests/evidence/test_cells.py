"""A cell is read exactly or refused with what is wrong and how to mend it."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinycohort.records.cells import CellError, Column, as_text, read_cell, suggestion, write_cell


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "8", 8),
        ("number", "0.125", 0.125),
        ("number", "1e-3", 0.001),
        ("boolean", "false", False),
        ("date", "2016-09", "2016-09"),
        ("identifier", "lin_2022", "lin_2022"),
        ("text", "12.5% (1/8)", "12.5% (1/8)"),
    ],
)
def test_a_cell_is_read_as_its_kind(kind: str, text: str, value: object) -> None:
    assert read_cell(text, Column(kind, ""), required=True) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "8.0"),
        ("integer", "eight"),
        ("integer", "1,000"),
        ("integer", "\N{ARABIC-INDIC DIGIT EIGHT}"),
        ("number", "63%"),
        ("number", "NaN"),
        ("number", "inf"),
        ("number", "1e999"),
        ("number", "0,5"),
        ("number", "NR"),
        ("boolean", "yes"),
        ("boolean", "True"),
        ("date", "2016-13"),
        ("date", "09/2016"),
        ("identifier", "Lin 2022"),
        ("text", "two\nlines"),
        ("text", " padded"),
        ("text", "x" * 5000),
    ],
)
def test_a_cell_of_another_kind_is_refused_and_quoted(kind: str, text: str) -> None:
    with pytest.raises(CellError) as caught:
        read_cell(text, Column(kind, ""), required=True)
    assert text.strip()[:10] in caught.value.what.replace("\\n", "\n")
    assert caught.value.mend


def test_an_empty_cell_is_missing_or_refused() -> None:
    column = Column("integer", "")
    assert read_cell("", column, required=False) is None
    with pytest.raises(CellError, match="empty"):
        read_cell("", column, required=True)


def test_a_number_outside_its_limits_is_refused() -> None:
    column = Column("number", "", minimum=0, maximum=1)
    with pytest.raises(CellError, match="between 0 and 1"):
        read_cell("63", column, required=True)
    with pytest.raises(CellError, match="below 0"):
        read_cell("-0.1", column, required=True)


def test_an_unknown_word_is_answered_with_the_likely_one() -> None:
    column = Column("word", "", words=("melanoma", "non_small_cell_lung_cancer"))
    with pytest.raises(CellError, match="Did you mean 'melanoma'"):
        read_cell("Melanoma", column, required=True)


def test_several_words_are_each_in_the_vocabulary_and_said_once() -> None:
    column = Column("words", "", words=("gemcitabine", "cisplatin"))
    assert read_cell("gemcitabine + cisplatin", column, required=True) == "gemcitabine + cisplatin"
    for wrong in ("gemcitabine+cisplatin", "gemcitabine + gold", "cisplatin + cisplatin"):
        with pytest.raises(CellError):
            read_cell(wrong, column, required=True)


def test_no_suggestion_is_invented() -> None:
    assert "Did you mean" not in suggestion("qqqq", ["melanoma", "nsclc"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (np.int64(8), "8"),
        (np.float64(8.0), "8"),
        (np.bool_(True), "true"),
        (0.1, "0.1"),
        ("x", "x"),
        (datetime.date(2016, 9, 30), "2016-09-30"),
    ],
)
def test_values_of_python_numpy_and_pandas_become_cells(value: Any, text: str) -> None:
    assert as_text(value) == text


@given(st.one_of(st.integers(-(10**14), 10**14), st.floats(allow_nan=False, allow_infinity=False)))
def test_a_number_survives_writing_and_reading(number: float) -> None:
    kind = "integer" if isinstance(number, int) else "number"
    assert read_cell(write_cell(number), Column(kind, ""), required=True) == number
