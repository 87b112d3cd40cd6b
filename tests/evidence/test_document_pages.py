"""The page of each document names rows that exist and prints numbers that stand in the rows of that document."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import tinycohort as tc
from tinycohort.compiled.assemble import select
from tinycohort.evidence import Selection, read_evidence
from tinycohort.vocabulary import TABLE

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs/documents"
MODELS = tc.bundled_models()

#: Each page is named after its source; beside it the source under which the document reports other studies.
SOURCES = {
    "lin_2022": ("lin_2022", "lin_2022_citing"),
    "chen_2024": ("chen_2024", "chen_2024_citing"),
    "li_he_2025": ("li_he_2025", "li_he_2025_citing"),
    "li_he_2025_earlier": ("li_he_2025_earlier", "li_he_2025"),
    "review_2024_citing": ("review_2024_citing",),
}

#: Words in code on the pages that are no rows: commands, words of a model file, and words of the text.
WORDS = {"allow_selected", "keep_larger", "level", "prefer"}

Row = dict[str, str]


def table(name: str) -> list[Row]:
    with (ROOT / f"data/{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


DATA = {name: table(name) for name in TABLE}
KEYS = {
    "sources": "source_id",
    "cohorts": "cohort_id",
    "patients": "patient_id",
    "outcomes": "outcome_id",
    "discrepancies": "discrepancy_id",
}
IDS = {row[key] for name, key in KEYS.items() for row in DATA[name]}


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def in_code(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def outside_code(text: str) -> str:
    """The text without code and without the addresses of links."""
    return re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`\n]+`", "", text))


def rows_of(name: str) -> list[Row]:
    """The rows that the document prints, and those that stand against them."""
    sources = set(SOURCES[name])
    outcomes = [row for row in DATA["outcomes"] if row["source_id"] in sources]
    cohorts = [row for row in DATA["cohorts"] if row["source_id"] in sources]
    cohorts += [
        row
        for row in DATA["cohorts"]
        if any(f"{source}," in row["locator"] for source in sources) and row not in cohorts
    ]
    own = {row["cohort_id"] for row in cohorts}
    people = [row for row in DATA["patients"] if row["cohort_id"] in own]
    ids = own | {row["outcome_id"] for row in outcomes} | {row["patient_id"] for row in people}
    return [
        *outcomes,
        *cohorts,
        *people,
        *(row for row in DATA["sources"] if row["source_id"] in sources),
        *(row for row in DATA["courses"] if row["patient_id"] in ids),
        *(row for row in DATA["characteristics"] if row["cohort_id"] in own),
        *(row for row in DATA["overlaps"] if {row["cohort_a"], row["cohort_b"]} & own or row["source_id"] in sources),
        *(row for row in DATA["discrepancies"] if is_about(row, ids, sources)),
    ]


def is_about(row: Row, ids: set[str], sources: Iterable[str]) -> bool:
    return row["row_id"].split("/")[0] in ids or any(f"{source}," in row["other_locator"] for source in sources)


def cells(rows: list[Row]) -> str:
    return "\n".join(value for row in rows for key, value in row.items() if value and not key.endswith("_id"))


def fractions_of(rows: list[Row]) -> set[tuple[str, str]]:
    """Every count with its total, from the columns and from the words."""
    counted = {(row.get("events") or row.get("count") or "", row.get("total", "")) for row in rows}
    return counted | set(re.findall(r"(?<![\d.])(\d+) ?(?:/|of) ?(\d+)(?![\d.]*\d)", cells(rows)))


def percentages_of(rows: list[Row]) -> set[float]:
    """Every share as a percentage: values and limits of the outcomes, and percentages in words."""
    shares = {
        round(100 * float(row[column]), 6)
        for row in rows
        for column in ("value", "lower", "upper")
        if row.get(column) and "outcome_id" in row
    }
    lists = re.findall(
        r"((?:\d+(?:\.\d+)?(?: ?%)?(?:, | and | against | vs\.? | ?[-–~] ?| to ))*\d+(?:\.\d+)?) ?%", cells(rows)
    )
    return shares | {float(number) for one in lists for number in re.findall(r"\d+(?:\.\d+)?", one)}


def numbers_in(text: str) -> set[float]:
    return {float(number) for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])", text.replace(",", ", "))}


@pytest.fixture(scope="module")
def selections() -> dict[str, Selection]:
    evidence = read_evidence()
    return {model: select(tc.read_model(model), evidence) for model in MODELS}


@pytest.fixture(params=sorted(SOURCES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_document_has_a_page_of_its_own_and_every_page_a_document() -> None:
    documents = {row["source_id"] for row in DATA["sources"] if row["origin"] == "document"} | {"review_2024_citing"}
    assert {path.stem for path in PAGES.glob("*.md")} == documents == set(SOURCES)


def test_the_index_leads_to_every_page_and_the_contents_to_the_index() -> None:
    index = (ROOT / "docs/documents.md").read_text(encoding="utf-8")
    assert [one for one in SOURCES if f"\ndocuments/{one}\n" not in index] == []
    assert "\ndocuments\n" in (ROOT / "docs/index.md").read_text(encoding="utf-8")


def test_a_page_says_what_it_holds_what_is_doubtful_and_what_is_used(name: str) -> None:
    headings = re.findall(r"^## (.*)$", page(name), flags=re.MULTILINE)
    assert headings == ["What it holds", "What is doubtful", "What is used", "Overlaps"]


def test_a_page_names_only_what_exists(name: str) -> None:
    variants = {variant for model in MODELS for variant in tc.read_model(model).variants}
    known = IDS | variants | set(MODELS) | WORDS | {f"tinycohort show {one}" for one in IDS}
    unknown = [word for word in in_code(page(name)) if not any(fnmatchcase(one, word) for one in known)]
    assert unknown == []


def test_every_fraction_on_a_page_stands_in_a_row_of_the_document(name: str) -> None:
    printed = set(re.findall(r"(?<![\d.])(\d+)(?: of the | of |/)(\d+)(?![\d.]*\d)", outside_code(page(name))))
    assert printed - fractions_of(rows_of(name)) == set()


def test_every_percentage_on_a_page_stands_in_a_row_of_the_document(name: str) -> None:
    lists = re.findall(r"((?:\d+(?:\.\d+)?%?(?:, | and | to | against ))*\d+(?:\.\d+)?)%", outside_code(page(name)))
    printed = {float(number) for one in lists for number in re.findall(r"\d+(?:\.\d+)?", one)}
    assert printed - percentages_of(rows_of(name)) == set()


def test_a_number_right_before_the_name_of_a_row_is_that_of_the_row(name: str) -> None:
    outcomes = {row["outcome_id"]: row for row in DATA["outcomes"]}
    text = re.sub(r"\s+", " ", page(name))
    wrong = []
    for events, total, one in re.findall(r"(\d+) of (?:the )?(\d+)[^\d`();:,]*\(`(\w+)`[,)]", text):
        row = outcomes.get(one, {"events": events, "total": total})
        wrong += [one] if (row["events"], row["total"]) != (events, total) else []
    for share, one in re.findall(r"(\d+(?:\.\d+)?)%[^\d`();:,]*\(`(\w+)`\)", text):
        row = outcomes.get(one)
        if row and float(share) not in [round(100 * float(row[c]), 6) for c in ("value", "lower", "upper") if row[c]]:
            wrong.append(one)
    assert wrong == []


def test_every_number_on_a_page_stands_in_a_row_of_the_document(name: str) -> None:
    rows = rows_of(name)
    stands = numbers_in(cells(rows)) | percentages_of(rows)
    text = re.sub(r"[Dd]ocument 00\d", "", outside_code(page(name)))
    assert numbers_in(text) - stands == set()


def test_a_page_says_which_of_its_rows_each_model_uses(name: str, selections: dict[str, Selection]) -> None:
    said = page(name).partition("## What is used")[2].partition("Not pooled")[0]
    points = re.findall(r"^- ((?:.|\n  )*)", said, flags=re.MULTILINE)
    for model, selection in selections.items():
        used = {one.outcome.outcome_id for one in selection.used if one.outcome.source_id in SOURCES[name]}
        about = [point for point in points if f"`{model}`" in point]
        assert about
        assert {word for point in about for word in in_code(point)} & IDS == used
        assert ("nothing of it" in about[0]) == (not used)


def test_a_page_names_most_contradictions_of_its_document(name: str) -> None:
    """Twins (as for the other row) may be left to the data; the first of each kind is on the page."""
    ids = {
        row[KEYS[kind]]
        for kind in ("cohorts", "outcomes", "patients")
        for row in DATA[kind]
        if row[KEYS[kind]].startswith(name)
    }
    first = [
        row["discrepancy_id"]
        for row in DATA["discrepancies"]
        if row["row_id"].split("/")[0] in ids and not row["reason"].startswith("As for")
    ]
    named = set(in_code(page(name)))
    assert len([one for one in first if one in named]) >= 0.6 * len(first)


def test_no_page_names_a_place_of_this_machine(name: str) -> None:
    assert re.findall(r"(?:/work|/tmp|/home|\.\./shared|[A-Z]:\\)\S*", page(name)) == []


def test_pages_are_short(name: str) -> None:
    lines = page(name).splitlines()
    assert 60 <= len(lines) <= 120
