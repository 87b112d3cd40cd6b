"""What is generated from the record types: the data dictionary in docs/evidence.md and data/datapackage.json.

Run as ``python tests/evidence/regenerate.py`` after a change of columns, vocabularies or data.
"""

from __future__ import annotations

from pathlib import Path

from tinycohort.measures import MEASURES
from tinycohort.records import RECORD_TYPES, columns_of
from tinycohort.tables import seal

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "evidence.md"
START = "<!-- generated from the record types: python tests/evidence/regenerate.py -->"
END = "<!-- end of the generated part -->"


def _kind(table: str, name: str) -> str:
    column, _ = columns_of(table)[name]
    if column.refers:
        return f"identifier in {column.refers}.csv"
    limits = [f"{limit:g}" if limit is not None else "" for limit in (column.minimum, column.maximum)]
    return (
        f"{column.kind}, {limits[0]} to {limits[1]}".replace(" to ,", ",").removesuffix(" to ")
        + (" or more" if limits[0] and not limits[1] else "")
        if any(limits)
        else column.kind
    )


def dictionary() -> str:
    """Every column of every table, every vocabulary, every measure, as Markdown."""
    lines: list[str] = []
    for table, record_type in RECORD_TYPES.items():
        lines += ["", f"### {table}.csv", "", (record_type.__doc__ or "").splitlines()[0], ""]
        lines += ["| column | holds | needed | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{name}` | {_kind(table, name)} | {'yes' if required else ''} | {column.about} |"
            for name, (column, required) in columns_of(table).items()
        ]
    lines += ["", "### Vocabularies", ""]
    for table in RECORD_TYPES:
        for name, (column, _) in columns_of(table).items():
            if column.words:
                lines.append(f"- **{table}.{name}**: {', '.join(f'`{word}`' for word in column.words)}")
    lines += ["", "### Measures", "", "| measure | what was printed | must have | may have |", "|---|---|---|---|"]
    for name, measure in MEASURES.items():
        must, may = (", ".join(f"`{column}`" for column in part) for part in (measure.needs, measure.may))
        lines.append(f"| `{name}` | {measure.about} | {must} | {may} |")
    return "\n".join(lines).strip() + "\n"


def page_with(text: str, part: str) -> str:
    """The page with its generated part replaced."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{part}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), dictionary()), encoding="utf-8")
    seal(ROOT / "data")
