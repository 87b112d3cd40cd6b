"""How the package says that an input is wrong: where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["InputError", "Issue", "doubt"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong with an input, or worth a second look.

    Parameters
    ----------
    where : str
        File, row (as a spreadsheet counts it) and column, or the name of an argument.
    what : str
        What is wrong, quoting the offending value.
    mend : str
        What to do about it.
    severity : {"error", "warning"}
        An error stops the analysis; a warning is said and does not.

    Examples
    --------
    >>> print(Issue("counts.csv, row 3, events", "9 events among 8 people", "Correct one of the two."))
    counts.csv, row 3, events: 9 events among 8 people. Correct one of the two.
    """

    where: str
    what: str
    mend: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.where}: {self.what.rstrip('.')}. {self.mend}"


def doubt(where: str, what: str, mend: str) -> Issue:
    """Say that something is worth a second look: a warning.

    Examples
    --------
    >>> doubt("cohorts.csv, row 3, line", "'first' in a subgroup of pretreated people", "Look again.").severity
    'warning'
    """
    return Issue(where, what, mend, "warning")


class InputError(ValueError):
    """An input that cannot be used, with every problem found in it.

    Parameters
    ----------
    issues : Issue or iterable of Issue
        All problems, so that they can be mended in one go.

    Attributes
    ----------
    issues : tuple of Issue
        The same, for programs.
    """

    def __init__(self, issues: Issue | Iterable[Issue]) -> None:
        self.issues: tuple[Issue, ...] = (issues,) if isinstance(issues, Issue) else tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Issue, ...]]]:
        return InputError, (self.issues,)
