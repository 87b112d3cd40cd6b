"""`mem`: which cohorts share one theta is unknown, and every possibility is weighed (multisource exchangeability)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..issues import InputError, Issue
from ..priors import Prior
from .anchors import Anchors
from .base import Pooling
from .exnex import _is_probability
from .structures import Pairs, Sets, log_odds_of_pairs, partitions

__all__ = ["MOST_COHORTS", "Mem"]

#: Beyond so many cohorts the possibilities are too many to be weighed one by one.
MOST_COHORTS = {"sets": 12, "pairs": 6}
_MOST_IN_PYMC = 8
_NEED = "Write the prior probability that two cohorts are exchangeable, such as exchangeable = 0.5."
_NEED_STRUCTURE = 'Write structure = "sets" (cohorts fall into sets) or "pairs" (any pairs, as the R package basket).'


@dataclass(frozen=True)
class Mem(Pooling):
    """Exchangeable cohorts share one theta, which has the prior of mu; which are exchangeable is unknown.

    With ``structure="sets"`` cohorts fall into sets: what is exchangeable with one member is so with all. All sets of a
    structure and their thetas are one model, with a marginal likelihood (the model averaging of Psioda et al. 2021,
    doi:10.1093/biostatistics/kxz014, with a prior on pairs). With ``structure="pairs"`` any pairs may be exchangeable,
    also A with B and B with C but not A with C, and each matrix weighs as the product over cohorts of the likelihood
    that all data have from each cohort's point of view: Hobbs and Landin 2018, doi:10.1002/sim.7893, and the R package
    basket. That counts the data as often as there are cohorts, is no likelihood of one model, and so has no marginal
    likelihood to compare.

    Parameters
    ----------
    exchangeable : float
        Prior probability that two cohorts are exchangeable. There is no default.
    structure : {"sets", "pairs"}
        What is possible: up to twelve cohorts in sets, up to six in pairs. There is no default.

    Raises
    ------
    InputError
        A probability that is none, or an unknown structure.

    Examples
    --------
    >>> Mem(0.5, "sets").formula
    'theta_j = theta_k with prior probability 0.5, in sets; each theta follows the prior of mu'
    """

    exchangeable: float = field(metadata={"need": _NEED, "default": 0.5})
    structure: str = field(metadata={"need": _NEED_STRUCTURE, "only": tuple(MOST_COHORTS), "default": "sets"})
    name = "mem"
    parameters = ("mu",)
    free = ("structure", "theta_own")
    sampled = False
    foretells = False

    def __post_init__(self) -> None:
        issues = []
        if not _is_probability(self.exchangeable):
            issues.append(Issue("exchangeable", f"{self.exchangeable!r} is no probability between 0 and 1", _NEED))
        if self.structure not in MOST_COHORTS:
            issues.append(Issue("structure", f"unknown word {self.structure!r}", _NEED_STRUCTURE))
        if issues:
            raise InputError(issues)
        object.__setattr__(self, "exchangeable", float(self.exchangeable))

    @property
    def loose(self) -> bool:
        return self.exchangeable < 1.0

    @property
    def formula(self) -> str:
        return (
            f"theta_j = theta_k with prior probability {self.exchangeable:g}, in {self.structure};"
            " each theta follows the prior of mu"
        )

    def issues(self, labels: tuple[str, ...]) -> list[Issue]:
        most = MOST_COHORTS[self.structure]
        if len(labels) <= most:
            return []
        what = f"{len(labels)} cohorts, and pooling 'mem' weighs every structure of at most {most} in {self.structure}"
        mend = 'Use fewer cohorts, structure = "sets" (up to 12), or pooling "exnex".'
        return [Issue("pooling", what, mend)]

    def weighed(self, log_evidence: Any) -> Sets | Pairs:
        """Every structure by its posterior weight, from the log evidence of every set of cohorts (2^cohort,)."""
        size = len(log_evidence).bit_length() - 1
        if self.structure == "sets":
            return Sets(log_odds_of_pairs(size, self.exchangeable) + log_evidence)
        # A cohort's view: those exchangeable with it share its theta, and each of the others stands alone.
        alone = log_evidence[1 << np.arange(size)]
        inside = (np.arange(1 << size)[:, None] >> np.arange(size)) & 1
        return Pairs(log_evidence + (1 - inside) @ alone, size, self.exchangeable)

    def _prior(self, size: int) -> Sets | Pairs:
        return self.weighed(np.zeros(1 << size))

    # -- density ----------------------------------------------------------------------------------------------------

    def _only_sets(self) -> None:
        if self.structure != "sets":
            what = "with pairs that are exchangeable or not, cohorts have no joint distribution"
            raise InputError(Issue("structure", what, 'Write structure = "sets", which has one.'))

    def theta(self, point: Mapping[str, Any], groups: Any) -> Any:
        self._only_sets()
        own = np.asarray(point["theta_own"], float)
        first = partitions(own.shape[-1])[np.asarray(point["structure"], int)]
        return np.take_along_axis(own, first, axis=-1)

    def log_prior(self, point: Mapping[str, Any], priors: Mapping[str, Prior]) -> Any:
        own = np.asarray(point["theta_own"], float)
        log_weights = self._log_weights(own.shape[-1])[np.asarray(point["structure"], int)]
        return log_weights + priors["mu"].log_density(own).sum(axis=-1)

    def _log_weights(self, size: int) -> Any:
        """Log prior probability of every way of falling into sets."""
        known = self._prior(size)
        assert isinstance(known, Sets)
        first = partitions(size)
        sets = ((first[:, :, None] == np.arange(size)) << np.arange(size)[:, None]).sum(axis=1)
        each = np.where(sets > 0, known.log_weight[sets], 0.0).sum(axis=1)
        return each - known.log_evidence

    def pymc(self, priors: Mapping[str, Prior], groups: Any = None, anchors: Anchors | None = None) -> Any:
        """As a readable model: a structure out of all of them, and a theta for each set. NUTS does not sample it."""
        import pymc
        import pytensor.tensor as pt

        self._only_sets()
        size = len(pymc.modelcontext(None).coords["cohort"])
        if size > _MOST_IN_PYMC:
            what = f"the PyMC model would list every structure of {size} cohorts"
            raise InputError(Issue("pooling", what, f"Ask for it with at most {_MOST_IN_PYMC}."))
        structure = pymc.Categorical("structure", p=np.exp(self._log_weights(size)))
        own = priors["mu"].pymc("theta_own", dims="cohort")
        first = pt.as_tensor_variable(partitions(size))
        return pymc.Deterministic("theta", own[first[structure]], dims="cohort")

    # -- draws ------------------------------------------------------------------------------------------------------

    def draw_prior(
        self, priors: Mapping[str, Prior], groups: Any, size: Any, rng: np.random.Generator
    ) -> dict[str, Any]:
        cohorts, shape = len(groups), tuple(np.atleast_1d(size))
        own = np.asarray(priors["mu"].draw(rng, (*shape, cohorts)))
        known = self._prior(cohorts)
        if isinstance(known, Pairs):  # each cohort's theta has the prior of mu, whatever the others are
            return {"theta": own}
        sets = known.draw(int(np.prod(shape)), rng).reshape(own.shape)
        first = np.log2(sets & -sets).astype(int)
        return {"theta": np.take_along_axis(own, first, axis=-1)}

    def draw_new(self, draws: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        return {}
