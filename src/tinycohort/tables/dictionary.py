"""The data dictionary: every column, vocabulary and measure as Markdown, made from the record types."""

from __future__ import annotations

from ..measures import MEASURES
from ..records import RECORD_TYPES, columns_of

__all__ = ["data_dictionary"]


def data_dictionary(level: int = 3) -> str:
    """Describe every column of every table, every vocabulary and every measure, as Markdown.

    Parameters
    ----------
    level : int
        Of its headings: 3 for ``###``.

    Returns
    -------
    str
        Ends with a line break.

    Examples
    --------
    >>> print(data_dictionary(2)[:14])
    ## sources.csv
    """
    mark = "#" * level
    lines: list[str] = []
    for table, record_type in RECORD_TYPES.items():
        lines += ["", f"{mark} {table}.csv", "", (record_type.__doc__ or "").splitlines()[0], ""]
        lines += ["| column | holds | needed | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{name}` | {_kind(table, name)} | {'yes' if required else ''} | {column.about} |"
            for name, (column, required) in columns_of(table).items()
        ]
    lines += ["", f"{mark} Vocabularies", ""]
    for table in RECORD_TYPES:
        for name, (column, _) in columns_of(table).items():
            if column.words:
                lines.append(f"- **{table}.{name}**: {', '.join(f'`{word}`' for word in column.words)}")
    lines += ["", f"{mark} Measures", "", "| measure | what was printed | must have | may have |", "|---|---|---|---|"]
    for name, measure in MEASURES.items():
        must, may = (", ".join(f"`{column}`" for column in part) for part in (measure.needs, measure.may))
        lines.append(f"| `{name}` | {measure.about} | {must} | {may} |")
    return "\n".join(lines).strip() + "\n"


def _kind(table: str, name: str) -> str:
    column, _ = columns_of(table)[name]
    if column.refers:
        return f"identifier in {column.refers}.csv"
    lowest, highest = (None if limit is None else f"{limit:g}" for limit in (column.minimum, column.maximum))
    if highest is not None:
        return f"{column.kind}, {lowest} to {highest}"
    return column.kind if lowest is None else f"{column.kind}, {lowest} or more"
