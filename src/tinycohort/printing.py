"""How counts print as percentages, where numbers stand in a text, and how words of the evidence are spoken."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Final

__all__ = ["numbers_in", "prints_as", "spellings", "spoken"]

_NUMBER_WORDS: Final = {
    "no": 0.0, "none": 0.0, "zero": 0.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0,
    "six": 6.0, "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0, "eleven": 11.0, "twelve": 12.0,
}  # fmt: skip
#: Words of the evidence that people write otherwise than with spaces.
_SPOKEN: Final = {
    "adverse_event_grade3": "adverse event of grade 3 or worse",
    "adverse_event_grade5": "adverse event of grade 5",
    "anti_ctla4": "anti-CTLA-4",
    "anti_pd1": "anti-PD-1",
    "anti_pdl1": "anti-PD-L1",
    "dose_limiting_toxicity": "dose-limiting toxicity",
    "immune_related_event": "immune-related event",
    "immune_related_event_grade3": "immune-related event of grade 3 or worse",
    "nsclc": "NSCLC",
    "progression_free_survival": "progression-free survival",
    "sbrt": "SBRT",
    "sclc": "SCLC",
    "treatment_related_death": "treatment-related death",
    "treatment_related_event": "treatment-related event",
    "treatment_related_event_grade3": "treatment-related event of grade 3 or worse",
    "unirradiated_response": "response of unirradiated lesions",
}


def spoken(word: str) -> str:
    """A word of a closed vocabulary as people write it.

    Examples
    --------
    >>> spoken("objective_response"), spoken("nsclc")
    ('objective response', 'NSCLC')
    """
    return _SPOKEN.get(word, word.replace("_", " "))


def numbers_in(text: str) -> tuple[tuple[str, float], ...]:
    """Numbers in a text, each as written and as a value; small numbers may be words.

    Examples
    --------
    >>> numbers_in("None of the 12 (0%)")
    (('None', 0.0), ('12', 12.0), ('0', 0.0))
    """
    found: list[tuple[str, float]] = []
    for token in re.findall(r"[0-9]+(?:\.[0-9]+)?|[A-Za-z]+", text.replace("\N{MIDDLE DOT}", ".")):
        if token[0].isdigit():
            found.append((token, float(token)))
        elif token.lower() in _NUMBER_WORDS:
            found.append((token, _NUMBER_WORDS[token.lower()]))
    return tuple(found)


def prints_as(events: int, total: int, printed: str) -> bool:
    """Whether events of total prints as a percentage, ties rounded either way.

    Parameters
    ----------
    events, total : int
        The count.
    printed : str
        The percentage as printed, without the sign: its digits say how it was rounded.

    Examples
    --------
    >>> prints_as(9, 26, "35"), prints_as(9, 26, "34"), prints_as(1, 8, "12"), prints_as(1, 8, "13")
    (True, False, True, True)
    """
    digits = len(printed.partition(".")[2])
    return abs(Fraction(100 * events, total) - Fraction(printed)) <= Fraction(1, 2 * 10**digits)


def spellings(value: float, text: str) -> list[str]:
    """The percentages in a text that are this proportion, each as written, without the sign.

    Parameters
    ----------
    value : float
        A proportion, between 0 and 1.
    text : str
        Such as what was printed.

    Examples
    --------
    >>> spellings(0.35, "35% (35.0% of those treated), n = 26")
    ['35', '35.0']
    """
    found = [written for written, number in numbers_in(text) if math.isclose(number / 100, value)]
    return [written for written in dict.fromkeys(found) if written[0].isdigit()]
