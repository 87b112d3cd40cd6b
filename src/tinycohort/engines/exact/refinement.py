"""Integrate, integrate otherwise, and refine until the answers no longer move."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from ...compiled import CompiledModel
from .cohorts import Accuracy

__all__ = ["LEVELS", "TOLERANCE_ESTIMATES", "TOLERANCE_EVIDENCE", "evidence_stands", "finer", "refine"]

# Each differs from the one before in every rule: nodes, steps, and where one rule hands over to the other.
LEVELS = (
    Accuracy(mu=21, tau=15, hermite=7, step=0.6, switch=0.6, mixture=5e-6),
    Accuracy(mu=25, tau=18, hermite=9, step=0.6, switch=0.6, mixture=1e-6),
    Accuracy(mu=40, tau=26, hermite=15, step=0.5, switch=0.8, mixture=1e-7),
    Accuracy(mu=64, tau=44, hermite=23, step=0.42, switch=1.0, mixture=1e-8),
    Accuracy(mu=100, tau=72, hermite=41, step=0.3, switch=1.3, mixture=1e-9),
)
# Where every average is a sum over many normals, steps are smaller, and what is finer still would take minutes.
_BETWEEN_OF_MIXTURES = Accuracy(mu=50, tau=34, hermite=19, step=0.46, switch=0.9, mixture=3e-8)
_FINEST_OF_MIXTURES = Accuracy(mu=80, tau=72, hermite=25, step=0.4, switch=1.1, mixture=1e-9)
TOLERANCE_EVIDENCE = 1e-5
TOLERANCE_ESTIMATES = 1e-4
# Refined until estimates, and the evidence, move by no more than this share of what may be reported.
_MARGIN = 0.5
_MARGIN_EVIDENCE = 0.1


def finer(model: CompiledModel) -> tuple[Accuracy, ...]:
    """The levels that follow the first look."""
    if math.isinf(model.pooling.moments):
        return LEVELS[1:]
    return (*LEVELS[1:3], _BETWEEN_OF_MIXTURES, LEVELS[3], _FINEST_OF_MIXTURES)


def evidence_stands(moved: float) -> bool:
    """Whether a log marginal likelihood that moved by so much need not be refined."""
    return moved <= _MARGIN_EVIDENCE * TOLERANCE_EVIDENCE


class Refined(Protocol):
    """What can be refined: a solution of some kind."""

    model: CompiledModel
    log_evidence: float

    def estimate_error(self, coarse: Any) -> float:
        """How far the estimates moved from those of `coarse`, in the units that they are reported in."""


def refine[S: Refined](first: S, solve: Callable[[Accuracy], S]) -> tuple[S, dict[str, Any], tuple[str, ...]]:
    """The first solution that stands still, how far it moved from the one before, and why it may not be reported.

    Parameters
    ----------
    first : Refined
        With the coarsest of the `LEVELS`.
    solve : callable
        The same with another accuracy.
    """
    fine = first
    for accuracy in finer(first.model):
        coarse, fine = fine, solve(accuracy)
        evidence_error, estimate_error = abs(fine.log_evidence - coarse.log_evidence), fine.estimate_error(coarse)
        if evidence_stands(evidence_error) and estimate_error <= _MARGIN * TOLERANCE_ESTIMATES:
            break
    diagnostics = {"log_marginal_likelihood_error": evidence_error, "estimate_error": estimate_error}
    return fine, diagnostics, _reasons(evidence_error, estimate_error)


def _reasons(evidence_error: float, estimate_error: float) -> tuple[str, ...]:
    reasons = []
    if not evidence_error <= TOLERANCE_EVIDENCE:
        reasons.append(
            f"the log marginal likelihood moved by {evidence_error:.1e} at the finest integration"
            f" (at most {TOLERANCE_EVIDENCE:.0e} may be reported)"
        )
    if not estimate_error <= TOLERANCE_ESTIMATES:
        reasons.append(
            f"an estimate moved by {estimate_error:.1e} at the finest integration"
            f" (at most {TOLERANCE_ESTIMATES:.0e} may be reported)"
        )
    return tuple(reasons)
