"""Random damage to a copy of the bundled evidence: how much of it `check` notices, from the content and by the seal."""

from __future__ import annotations

import csv
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tinycohort.evidence.plausibility import check_tables
from tinycohort.records import RECORD_TYPES, columns_of, parse_row
from tinycohort.resources import bundled
from tinycohort.tables import Tables, check_seal, read_folder

Row = dict[str, str]
Damage = Callable[[random.Random, str, Row], Row | None]


def _table(name: str) -> list[Row]:
    with (bundled("data") / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


RAW = {table: _table(table) for table in RECORD_TYPES}
#: Everything but prose: what a model, a table or a person who follows a number back would go by.
TYPED = {
    table: {name: column for name, (column, _) in columns_of(table).items() if column.kind != "text"} for table in RAW
}


def _cells(table: str, row: Row, *kinds: str) -> list[str]:
    return [name for name, column in TYPED[table].items() if row[name] and (not kinds or column.kind in kinds)]


def another_digit(rng: random.Random, table: str, row: Row) -> Row | None:
    names = _cells(table, row, "integer", "number")
    names += ["printed"] if any(character.isdigit() for character in row.get("printed", "")) else []
    if not names:
        return None
    name = rng.choice(names)
    text = list(row[name])
    places = [place for place, character in enumerate(text) if character.isdigit()]
    place = rng.choice(places)
    text[place] = rng.choice("0123456789")
    return row | {name: "".join(text)}


def exchanged_digits(rng: random.Random, table: str, row: Row) -> Row | None:
    names = _cells(table, row, "integer", "number")
    names = [name for name in names if sum(character.isdigit() for character in row[name]) > 1]
    if not names:
        return None
    name = rng.choice(names)
    text = list(row[name])
    one, other = rng.sample([place for place, character in enumerate(text) if character.isdigit()], 2)
    text[one], text[other] = text[other], text[one]
    return row | {name: "".join(text)}


def another_identifier(rng: random.Random, table: str, row: Row) -> Row | None:
    name = rng.choice(_cells(table, row, "identifier"))
    refers = TYPED[table][name].refers or table
    key = next(iter(columns_of(refers)))
    return row | {name: rng.choice(RAW[refers])[key]}


def misspelt_identifier(rng: random.Random, table: str, row: Row) -> Row | None:
    name = rng.choice(_cells(table, row, "identifier"))
    place = rng.randrange(len(row[name]))
    return row | {name: row[name][:place] + row[name][place + 1 :]}


def another_word(rng: random.Random, table: str, row: Row) -> Row | None:
    names = _cells(table, row, "word", "words", "boolean")
    if not names:
        return None
    name = rng.choice(names)
    return row | {name: rng.choice(TYPED[table][name].words or ("true", "false"))}


def emptied_cell(rng: random.Random, table: str, row: Row) -> Row | None:
    return row | {rng.choice(_cells(table, row)): ""}


def filled_cell(rng: random.Random, table: str, row: Row) -> Row | None:
    empty = [name for name in TYPED[table] if not row[name]]
    name = rng.choice(empty) if empty else ""
    others = [other[name] for other in RAW[table] if other[name]] if empty else []
    return row | {name: rng.choice(others)} if others else None


def shifted_columns(rng: random.Random, table: str, row: Row) -> Row | None:
    values, place = list(row.values()), rng.randrange(len(row) - 1)
    moved = rng.choice([[*values[:place], "", *values[place:-1]], values[:place] + values[place + 1 :] + [""]])
    return dict(zip(row, moved, strict=True))


def exchanged_cells(rng: random.Random, table: str, row: Row) -> Row | None:
    names = list(row)
    place = rng.randrange(len(names) - 1)
    one, other = names[place], names[place + 1]
    return row | {one: row[other], other: row[one]}


DAMAGES: tuple[Damage | str, ...] = (
    *(another_digit, exchanged_digits, another_identifier, misspelt_identifier, another_word),
    *(emptied_cell, filled_cell, shifted_columns, exchanged_cells, "dropped_row"),
)
KINDS = [damage if isinstance(damage, str) else damage.__name__ for damage in DAMAGES]


class Copy:
    """A sealed copy of the evidence in a folder, damaged one row at a time and mended again."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(shutil.copytree(bundled("data"), folder))
        self.tables, issues = read_folder(folder)
        assert [*issues, *check_tables(self.tables), *check_seal(folder)] == []

    def notices_content(self, table: str, index: int, row: Row | None) -> bool:
        """Whether the content gives the damage away; None drops the row."""
        records = list(self.tables.rows[table])
        if row is None:
            del records[index]
        else:
            record, issues = parse_row(table, row, "here")
            if record is None:
                return bool(issues)
            records[index] = record
        return bool(check_tables(Tables({**self.tables.rows, table: tuple(records)})))

    def notices_seal(self, table: str, index: int, row: Row | None) -> bool:
        path = self.folder / f"{table}.csv"
        before = path.read_bytes()
        rows = RAW[table][:index] + ([] if row is None else [row]) + RAW[table][index + 1 :]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(columns_of(table)), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        try:
            return bool(check_seal(self.folder))
        finally:
            path.write_bytes(before)


def damage_at_random(copy: Copy, times: int, seed: int) -> dict[str, Counter[str]]:
    """By kind of damage: how often it was tried, noticed from the content, by the seal, and by neither."""
    rng = random.Random(seed)
    sizes = {table: len(rows) for table, rows in RAW.items()}
    found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    while sum(count["tried"] for count in found.values()) < times:
        which, table = rng.randrange(len(DAMAGES)), rng.choices(list(sizes), list(sizes.values()))[0]
        damage, index = DAMAGES[which], rng.randrange(sizes[table])
        before = RAW[table][index]
        row = None if isinstance(damage, str) else damage(rng, table, dict(before))
        if row == before or (row is None and not isinstance(damage, str)):
            continue
        content = copy.notices_content(table, index, row)
        by_seal = copy.notices_seal(table, index, row)
        count = found[KINDS[which]]
        count.update(tried=1, content=int(content), seal=int(by_seal), neither=int(not (content or by_seal)))
    return found


def share(found: dict[str, Counter[str]], what: str) -> float:
    return sum(count[what] for count in found.values()) / sum(count["tried"] for count in found.values())


def test_an_undamaged_copy_written_anew_is_what_was_sealed(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "data")
    for table in RAW:
        assert not copy.notices_seal(table, 0, RAW[table][0])


def test_random_damage_is_noticed(tmp_path: Path) -> None:
    found = damage_at_random(Copy(tmp_path / "data"), 80, seed=1)
    assert share(found, "neither") == 0, found
    assert share(found, "content") > 0.6, found


@pytest.mark.slow
def test_of_ten_thousand_damages_none_escapes_and_most_are_seen_in_the_content_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = damage_at_random(Copy(tmp_path / "data"), 10_000, seed=20261122)
    with capsys.disabled():
        print()
        for kind, count in found.items():
            print(f"| {kind.replace('_', ' ')} | {count['tried']} | {100 * count['content'] / count['tried']:.0f}% |")
        print(f"| all | 10,000 | {100 * share(found, 'content'):.0f}% |")
    assert share(found, "neither") == 0
    assert share(found, "content") > 0.7
