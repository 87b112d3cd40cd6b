"""The page about the evidence says what the code holds."""

from __future__ import annotations

from evidence.regenerate import PAGE, page_with
from tinycohort import vocabulary as v
from tinycohort.tables import data_dictionary


def test_the_data_dictionary_is_that_of_the_record_types() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page_with(text, data_dictionary()), "run: python tests/evidence/regenerate.py"


def test_every_reason_for_leaving_out_is_explained() -> None:
    prose = PAGE.read_text(encoding="utf-8").partition("## Data dictionary")[0]
    assert [reason for reason in v.LEFT_OUT if f"`{reason}" not in prose] == []
