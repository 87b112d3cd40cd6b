"""Numbers in what was printed (scratch)."""

from ..printing import numbers_in, prints_as

__all__ = ["numbers_in", "prints_as"]
