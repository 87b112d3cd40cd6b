"""What the places of a baseline table have in common, so that it is said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

__all__ = ["OMITTED", "frame_of", "within"]

#: Between the two parts of a frame: stands for what each row says.
OMITTED = "..."
#: A frame is worth its line if it is that of so many rows, and of half of them.
_FEWEST = 4


def frame_of(places: Sequence[str]) -> tuple[str, str] | None:
    """The beginning and the end that most places have in common, in whole parts between commas; None if too few have.

    Examples
    --------
    >>> frame_of([f"Table 1, {row}, *, LRRT" for row in ("Age", "Gender", "Stage", "Sites")])
    ('Table 1, ', ', *, LRRT')
    """
    parts = [place.split(", ") for place in places]
    ends = Counter((each[0], each[-1]) for each in parts if len(each) > 2)
    if not ends:
        return None
    (first, last), rows = ends.most_common(1)[0]
    if rows < max(_FEWEST, len(places) / 2):
        return None
    alike = [each for each in parts if len(each) > 2 and (each[0], each[-1]) == (first, last)]
    most = min(len(each) for each in alike) - 1
    before = next((k for k in range(most) if len({each[k] for each in alike}) > 1), most)
    after = next((k for k in range(most - before) if len({each[-1 - k] for each in alike}) > 1), most - before)
    one = alike[0]
    return f"{', '.join(one[:before])}, ", f", {', '.join(one[len(one) - after :])}"


def within(place: str, frame: tuple[str, str] | None) -> str:
    """A place without its frame; the whole of it if it has another.

    Examples
    --------
    >>> within("Table 1, Age, *, LRRT", ("Table 1, ", ", *, LRRT"))
    'Age'
    """
    if frame is None or not (place.startswith(frame[0]) and place.endswith(frame[1])):
        return place
    return place[len(frame[0]) : len(place) - len(frame[1])]
