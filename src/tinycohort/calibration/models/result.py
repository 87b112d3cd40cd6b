"""What a calibration found: tables, a verdict in words, and what it rests on."""

from __future__ import annotations

import csv
import html
import io
import json
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...issues import InputError, Issue
from .verdicts import GridVerdict, PriorVerdict, verdict_of

if TYPE_CHECKING:
    import pandas

__all__ = ["CalibrationResult"]

_FORMAT = 1


@dataclass(frozen=True, eq=False)
class CalibrationResult:
    """What `calibrate` returns.

    Attributes
    ----------
    kind : {"prior", "grid"}
        Whether truths were drawn from the model's own priors, or were those of a grid.
    rows : list of dict
        One per quantity (``prior``: quantity, cohort, replicates, coverage, standard_error, width, p_value, furthest),
        or per truth, method and quantity (``grid``: cohorts, people, rate, tau, method, quantity, replicates, coverage,
        width). Widths are means: of mu and tau on the model scale, of all others on the natural one.
    competitors : list of dict
        What a user would otherwise do on the same data, where truths are drawn from the priors and the data are counts:
        method, quantity, replicates, coverage, width.
    curves : dict of str to list of int
        By quantity, how many of the truths' places are at or below the end of each of so many equal cells of (0, 1).
    unreported : int
        Refits that could not have been reported; they count like the others.
    settings : dict
        Everything that fixes the results: model, sizes, priors, engine, replicates, level, seed.
    stamp : dict
        Date, version, commit, and digests of code, model and evidence.
    places : dict of str to list of float
        By quantity, the posterior probability of less than the truth, replicate by replicate; not stored in files.

    Examples
    --------
    >>> import tinycohort as tc
    >>> result = tc.calibrate(tc.pool(events=[1, 7], totals=[8, 27]), replicates=200, seed=2)
    >>> result.calibrated
    True
    """

    kind: str
    rows: list[dict[str, Any]]
    settings: dict[str, Any]
    stamp: dict[str, Any]
    competitors: list[dict[str, Any]] = field(default_factory=list)
    curves: dict[str, list[int]] = field(default_factory=dict)
    unreported: int = 0
    places: dict[str, list[float]] = field(default_factory=dict, repr=False)

    @property
    def table(self) -> pandas.DataFrame:
        """The rows."""
        import pandas

        return pandas.DataFrame(self.rows)

    @property
    def competitors_table(self) -> pandas.DataFrame:
        """The rows of the competitors; of a grid they are in the table."""
        import pandas

        return pandas.DataFrame(self.competitors, columns=["method", "quantity", "replicates", "coverage", "width"])

    @property
    def calibrated(self) -> bool | None:
        """Whether nothing speaks against model and code; None of fixed truths, where nothing is owed."""
        return self._verdict.calibrated

    @property
    def verdict(self) -> str:
        """What came out, in words."""
        return self._verdict.words

    @property
    def _verdict(self) -> PriorVerdict | GridVerdict:
        return verdict_of(self.kind, self.rows, self.settings, self.unreported)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dictionaries; `from_dict` gives the result back, without places."""
        return {
            "format": _FORMAT,
            "kind": self.kind,
            "calibrated": self.calibrated,
            "verdict": self.verdict,
            "settings": self.settings,
            "stamp": self.stamp,
            "unreported": self.unreported,
            "table": self.rows,
            "competitors": self.competitors,
            "curves": self.curves,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> CalibrationResult:
        """The inverse of `to_dict`.

        Raises
        ------
        InputError
            It is something else, or of another format.
        """
        if stored.get("format") != _FORMAT or stored.get("kind") not in ("prior", "grid"):
            mend = "Give what CalibrationResult.to_dict or `tinycohort calibrate --json` wrote."
            raise InputError(Issue("calibration", "is not a stored calibration of this version", mend))
        return cls(
            stored["kind"],
            list(stored["table"]),
            dict(stored["settings"]),
            dict(stored["stamp"]),
            list(stored["competitors"]),
            dict(stored["curves"]),
            int(stored["unreported"]),
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the result: all of it to a file that ends in .json, its table to one that ends in .csv.

        Raises
        ------
        InputError
            Another suffix, or a place that cannot be written to; nothing is left half-written.
        """
        target = Path(path)
        if target.suffix == ".json":
            text = json.dumps(_finite(self.to_dict()), indent=1, allow_nan=False) + "\n"
        elif target.suffix == ".csv":
            text = _csv(self.rows)
        else:
            mend = "Let it end in .json, for all of the result, or in .csv, for its table."
            raise InputError(Issue(str(target), f"the suffix {target.suffix!r} names no format", mend))
        try:
            handle, name = tempfile.mkstemp(dir=target.parent, suffix=target.suffix)
        except OSError as error:
            mend = "Choose a folder that exists and that you may write to."
            raise InputError(Issue(str(target), f"cannot be written ({error.strerror})", mend)) from None
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(target)
        except OSError as error:
            raise InputError(Issue(str(target), f"cannot be written ({error})", "Choose another place.")) from None
        finally:
            Path(name).unlink(missing_ok=True)
        return target

    def lines(self) -> list[str]:
        """As the command line prints it."""
        return [*self._verdict.head, *self._verdict.lines(self.rows, self.competitors), self.verdict, self._made()]

    def _made(self) -> str:
        commit = f", commit {self.stamp['commit']}" if self.stamp.get("commit") else ""
        return (
            f"Made {self.stamp['date']} by tinycohort {self.stamp['version']}{commit}, code {self.stamp['code']}, "
            f"seed {self.settings['seed']}."
        )

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
