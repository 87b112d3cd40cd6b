"""What is generated from the record types: the data dictionary in docs/evidence.md and data/datapackage.json.

Run as ``python tests/evidence/regenerate.py`` after a change of columns, vocabularies or data.
"""

from __future__ import annotations

from pathlib import Path

from tinycohort.tables import data_dictionary, seal

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "evidence.md"
START = "<!-- generated from the record types: python tests/evidence/regenerate.py -->"
END = "<!-- end of the generated part -->"


def page_with(text: str, part: str) -> str:
    """The page with its generated part replaced."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{part}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), data_dictionary()), encoding="utf-8")
    seal(ROOT / "data")
