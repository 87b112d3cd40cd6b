"""Reading a page of `show` as a person would: which cells of which row are said, by the conventions that it states."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from tinycohort.checks.layout import Row, Shown
from tinycohort.evidence import Evidence
from tinycohort.records import Characteristic, Course, Outcome, Record
from tinycohort.records.cells import write_cell

Place = tuple[str, str, Row]  # heading of the part, heading in it, row
Told = tuple[Place, Place | None]  # where a number stands, and the number before it if there is one


def places(shown: Shown) -> Iterator[Place]:
    """Every row of a page with the headings above it."""
    part = inner = ""
    for section in shown.sections:
        if section.level < 2:
            part, inner = section.heading, ""
        else:
            inner = section.heading
        yield from ((part, inner, row) for row in section.rows)


def flat(text: str) -> str:
    return " ".join(text.split())


def says(text: str, word: str) -> bool:
    """Whether a word or number stands in a text by itself, not inside a longer one."""
    return re.search(rf"(?<![\w.]){re.escape(flat(word))}(?![\w]|\.\d)", flat(text)) is not None


def unframed(said: str, heading: str, place: str) -> bool:
    """Whether a place is said, as a whole or by what its heading has before and after three dots and the rest."""
    if place in said:
        return True
    before, dots, after = heading.rpartition("...")
    if not dots or not place.endswith(after):
        return False
    starts = (before[k:] for k in range(len(before)) if place.startswith(before[k:]))
    return any(place[len(start) : len(place) - len(after)] in said for start in starts)


def rows_of_numbers(shown: Shown, evidence: Evidence) -> dict[str, list[Told]]:
    """The rows that tell each number, each with the row before it in the same part."""
    found: dict[str, list[Told]] = {}
    before: Place | None = None
    for place in places(shown):
        name = re.search(r"\[(\w+)\]$", place[2].text)
        if name and name[1] in evidence.outcomes and not place[0].startswith("contradictions"):
            found.setdefault(name[1], []).append((place, before))
            before = place
        else:
            before = None
    return found


def missing_of_number(row: Outcome, told: Told, above: Outcome | None, page: PageFacts) -> list[str]:
    """Columns of a number that its row and headings do not say."""
    (part, inner, line), _ = told
    heading, front = f"{part}\n{inner}", " ".join(line.lead)
    missing = [name for name in ("cohort_id", "comparator_id", "patient_id") if not _named(heading, getattr(row, name))]
    for name in (
        "endpoint",
        "category",
        "criteria",
        "denominator",
        "median_rule",
        *(() if row.patient_id else ["measure"]),
    ):
        word = getattr(row, name)
        if word not in (None, "unstated") and not says(f"{heading}\n{front}", word):
            missing.append(name)
    # Whether one person died or was censored is said in words.
    of_one = row.patient_id or row.measure == "ordered_time"
    numbers = ("time_months", "total", "value", "lower", "upper", "at_risk", *(() if of_one else ["events"]))
    missing += [name for name in numbers if (cell := write_cell(getattr(row, name))) and not says(front, cell)]
    if row.level is not None and f"{100 * row.level:g}%" not in front:
        missing.append("level")
    if row.measure in ("patient_time", "ordered_time") and ("(censored)" in front) != (row.events == 0):
        missing.append("events")
    for name, label in (("printed", "printed"), ("derivation", "Derived:"), ("note", "Note:")):
        text = getattr(row, name) or ""
        repeated = above is not None and getattr(above, name) == text and f"{label} as above" in line.text
        if flat(text) not in flat(line.text) and not repeated:
            missing.append(name)
    if not _place_said(row, above, line.text, inner, page):
        missing.append("locator")
    if not _reader_said(row.checked_by or "", page.reader, line.text):
        missing.append("checked_by")
    return missing


def _place_said(row: Outcome, above: Outcome | None, text: str, heading: str, page: PageFacts) -> bool:
    if above is not None and (above.locator, above.source_id) == (row.locator, row.source_id):
        return True
    place = row.locator if row.source_id == page.main_source else f"{row.locator}, in {row.source_id}"
    return unframed(text, heading, place)


def _named(heading: str, name: str | None) -> bool:
    return name is None or says(heading, name)


def _reader_said(reader: str, usual: str, text: str) -> bool:
    if reader == usual:
        return "Read once" not in text and "Second reading" not in text
    return f"Second reading: {reader.removeprefix(f'{usual}; ')}" in text if reader else "Read once" in text


@dataclasses.dataclass(frozen=True)
class PageFacts:
    """What the head of a page states: whose places are not named, and who read the numbers again."""

    main_source: str
    reader: str


def head_of(shown: Shown) -> PageFacts:
    said = shown.sections[0].rows[1].text
    source = re.search(r"places are in (\w+);", said)
    reader = re.search(r"read again by: (.*?)\. In a place", said)
    return PageFacts(source[1] if source else "", reader[1] if reader else "")


def missing_of_row(row: Record, text: str) -> list[str]:
    """Columns of a source, cohort or patient that a text does not say, as "column cell"; an empty one is named."""
    missing = []
    for field in dataclasses.fields(row):
        cell = flat(write_cell(getattr(row, field.name)))
        label = {"locator": "place:", "note": "note:"}.get(field.name, field.name)
        if cell:
            said = f"{label} {cell}" in text
        else:
            said = field.name == "note" or re.search(rf"\b{field.name}\b", text) is not None
        missing += [] if said else [field.name]
    return missing


def own_text(shown: Shown, wanted: str) -> str:
    """All that stands in the parts with a heading, on one line."""
    parts = [
        flat(" ".join([section.heading, *(f"{row.text} {' '.join(row.below)}" for row in section.rows)]))
        for section in shown.sections
        if re.match(wanted, section.heading)
    ]
    return " ".join(parts)


def cell_said(row: Characteristic, part: str, line: Row, above: Characteristic | None) -> bool:
    """Whether a line of a baseline table says its cell."""
    variable, level, counted = line.lead
    count = " of ".join(write_cell(number) for number in (row.count, row.total) if number is not None)
    place = ", ".join("*" if word == row.category else word for word in row.locator.split(", "))
    here = unframed(line.text, part, place) or (
        above is not None
        and place == ", ".join("*" if word == above.category else word for word in above.locator.split(", "))
    )
    same_variable = above is not None and above.variable == row.variable
    told = (variable == "") if same_variable else (variable == row.variable)
    return told and level == row.category and counted == count and f"“{row.printed}”" in line.text and here


def _starred(row: Characteristic) -> str:
    """Its place with an asterisk for the level."""
    return ", ".join("*" if word == row.category else word for word in row.locator.split(", "))


def step_said(row: Course, line: Row, above: Course | None) -> bool:
    """Whether a line of a course says its step."""
    start, end = (write_cell(time) for time in (row.start_months, row.end_months))
    when = f"{start or '?'}-{end}" if end else start or "?"
    here = f"[{row.locator}]" in line.text or (above is not None and above.locator == row.locator)
    return line.lead == (when, row.event) and row.detail in line.text and here
