"""The evidence: checked tables, and the outcomes that may speak about an endpoint. Nothing here knows a model."""

from __future__ import annotations

from .checked_tables import Evidence
from .reading import check, read_evidence
from .request import Way
from .selection import LeftOut, Selection, Used

__all__ = ["Evidence", "LeftOut", "Selection", "Used", "Way", "check", "read_evidence"]
