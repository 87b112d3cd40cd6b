"""Words for either side of no difference."""

from __future__ import annotations

from ..issues import InputError, Issue
from ..posterior import Fit

__all__ = ["check_favours"]


def check_favours(fit: Fit, favours: tuple[str, str] | None) -> None:
    """Refuse words for the sides of no difference where there is no such thing, or where they are not two.

    Raises
    ------
    InputError
    """
    if favours is None:
        return
    if fit.compiled.family.quantity == "probability":
        what = "a probability has no value at which two arms are alike"
        raise InputError(Issue("favours", what, "Leave it out, or fit a contrast."))
    if isinstance(favours, str) or len(favours) != 2 or not all(isinstance(one, str) for one in favours):
        mend = 'Give what either side favours, the lower one first: ("the drug", "the control").'
        raise InputError(Issue("favours", f"{favours!r} is not two texts", mend))
