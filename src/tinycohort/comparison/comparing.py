"""`compare`: models of the same cohorts, beside each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engines.run import fit
from ..evidence import Evidence
from ..issues import InputError, Issue
from ..posterior import Fit
from ..spec import read_model
from .bayes_factors import BayesFactor, bayes_factor, log_evidence
from .comparing_words import remarks_on, table_lines
from .findings import Findings
from .sameness import named_fits, order_of, require_same_data
from .scores import Scores, matrix, scores_of, spread
from .weights import pseudo_bma_plus_weights, pseudo_bma_weights, stacking_weights

if TYPE_CHECKING:
    import pandas

__all__ = ["Comparison", "compare"]

_WEIGHTS = ("stacking_weight", "pseudo_bma_weight", "pseudo_bma_plus_weight")
_LARGEST_SEED = 2**63


class Comparison(Findings):
    """What `compare` returns. Its `table` has a row for each model.

    Attributes
    ----------
    fits : dict of str to Fit
        The models, by name.
    against : str
        The one that the others are put beside.
    cohorts : tuple of str
        Their labels, as that one has them.
    log_predictive : dict of str to array (cohort,) or None
        log p(what a cohort reported | what all others did), every constant kept.
    bayes_factors : dict of str to BayesFactor
        Of each model against that one.
    seed : int
        Of the Bayesian bootstrap.
    """

    def __init__(self, fits: Mapping[str, Fit], against: str, seed: int) -> None:
        self.fits, self.against, self.seed = dict(fits), against, seed
        main = self.fits[against].compiled
        self.cohorts, self.reported = main.labels, main.reported
        self._scores = {name: scores_of(one) for name, one in self.fits.items()}
        orders = {name: order_of(main, one.compiled) for name, one in self.fits.items()}
        self._scored, self._matrix = matrix(self._scores, orders)
        self.log_predictive = dict.fromkeys(self.fits) | dict(zip(self._scored, self._matrix, strict=True))
        self.bayes_factors = {
            name: bayes_factor(name, one, against, self.fits[against])
            for name, one in self.fits.items()
            if name != against
        }
        whom = f"{len(self.cohorts)} cohorts" if len(self.cohorts) > 1 else "cohort"
        self.title = f"{len(self.fits)} models of the same {whom}, against {against}"
        self.remarks = tuple(remarks_on(self))

    @property
    def scores(self) -> dict[str, Scores]:
        """The scores of each model, or why it has none."""
        return self._scores

    @cached_property
    def weights(self) -> dict[str, dict[str, float]]:
        """Each kind of weight, over the models that have scores."""
        if not self._scored:
            return {name: {} for name in _WEIGHTS}
        found = (
            stacking_weights(self._matrix),
            pseudo_bma_weights(self._matrix),
            pseudo_bma_plus_weights(self._matrix, self.seed),
        )
        return {
            name: {model: float(weight) for model, weight in zip(self._scored, each, strict=True)}
            for name, each in zip(_WEIGHTS, found, strict=True)
        }

    def stacking_ranges(self) -> tuple[dict[str, float], dict[str, float]]:
        """The lowest and the highest stacking weight of each model that has scores, without each cohort in turn."""
        each = np.array([stacking_weights(np.delete(self._matrix, j, axis=1)) for j in range(len(self.cohorts))])
        low, high = (
            dict(zip(self._scored, ends.tolist(), strict=True)) for ends in (each.min(axis=0), each.max(axis=0))
        )
        return low, high

    def differences(self, name: str) -> Any:
        """By how much a model predicts each cohort better (cohort,); None where there is no score."""
        one, main = self.log_predictive[name], self.log_predictive[self.against]
        return None if one is None or main is None else one - main

    def rows(self) -> list[dict[str, Any]]:
        return [self._row(name) for name in self.fits]

    def _row(self, name: str) -> dict[str, Any]:
        each, apart = self.log_predictive[name], self.differences(name)
        main = name == self.against
        factor = BayesFactor(0.0) if main else self.bayes_factors[name]
        scales = [row["log"] for row in factor.sensitivity if row["log"] is not None]
        ends = [] if factor.log is None else [min([factor.log, *scales]), max([factor.log, *scales])]
        return {
            "model": name,
            "pooling": self.fits[name].compiled.pooling.name,
            "elpd": None if each is None else float(each.sum()),
            "elpd_se": None if each is None else spread(each),
            "elpd_difference": None if apart is None else float(apart.sum()),
            "elpd_difference_se": None if apart is None or main else spread(apart),
            "cohorts_better": None if apart is None or main else int((apart > 0).sum()),
            "log_marginal_likelihood": log_evidence(self.fits[name]),
            "log_bayes_factor": factor.log,
            "bayes_factor": _exp(factor.log),
            "bayes_factor_lowest": _exp(ends[0]) if ends and not main else None,
            "bayes_factor_highest": _exp(ends[1]) if ends and not main else None,
            "pseudo": bool(factor.quasi),
            **{kind: weights.get(name) for kind, weights in self.weights.items()},
            "reasons": "; ".join(filter(None, [self._scores[name].why_not, factor.why_not])) or None,
        }

    def cohort_rows(self) -> list[dict[str, Any]]:
        """The rows of `by_cohort` as dictionaries."""
        found = []
        for name in self.fits:
            each, apart = self.log_predictive[name], self.differences(name)
            for j, (label, reported) in enumerate(zip(self.cohorts, self.reported, strict=True)):
                found.append({
                    "model": name,
                    "cohort": label,
                    "reported": reported,
                    "log_predictive": None if each is None else float(each[j]),
                    "difference": None if apart is None else float(apart[j]),
                })  # fmt: skip
        return found

    @property
    def by_cohort(self) -> pandas.DataFrame:
        """A row for each model and cohort: log_predictive, and its difference from that of the model compared with."""
        import pandas

        return pandas.DataFrame(self.cohort_rows())

    @property
    def sensitivity(self) -> pandas.DataFrame:
        """Bayes factors with the priors that only one of two models has half and twice as wide."""
        import pandas

        return pandas.DataFrame(
            self._sensitivity_rows(),
            columns=["model", "against", "prior_of", "parameter", "prior", "factor", "log_bayes_factor"],
        )

    def _sensitivity_rows(self) -> list[dict[str, Any]]:
        return [
            {"model": name, "against": self.against, "prior_of": row["model"], "parameter": row["parameter"],
             "prior": row["prior"], "factor": row["factor"], "log_bayes_factor": row["log"]}
            for name, one in self.bayes_factors.items()
            for row in one.sensitivity
        ]  # fmt: skip

    def text(self) -> list[str]:
        return table_lines(self)

    def to_dict(self) -> dict[str, Any]:
        more = {"against": self.against, "seed": self.seed, "cohorts": self.cohort_rows()}
        return {**super().to_dict(), **more, "sensitivity": self._sensitivity_rows()}


def _exp(value: float | None) -> float | None:
    """A factor; None where it is none or too large to write."""
    return None if value is None or value > 700.0 else math.exp(value)


def compare(
    models: Mapping[str, Any] | Sequence[Any],
    evidence: Evidence | None = None,
    *,
    against: str | None = None,
    engine: str = "auto",
    seed: int = 1,
) -> Comparison:
    """Put models of the same cohorts beside each other: how each predicts them, and how likely it makes them.

    Parameters
    ----------
    models : sequence or mapping of str
        Fits, by name or in a list; with `evidence` also models, or what `read_model` makes one of.
    evidence : Evidence, optional
        What models that are not fitted yet are fitted to.
    against : str, optional
        The model that the others are put beside, by name; the first when not given.
    engine : {"auto", "exact", "nuts"}
        For models that are not fitted yet.
    seed : int
        Of the Bayesian bootstrap in pseudo-BMA+.

    Returns
    -------
    Comparison
        Its `table` has the columns model, pooling, elpd (the sum over cohorts of the exact leave-one-cohort-out log
        predictive density), elpd_se, elpd_difference, elpd_difference_se (None below ten cohorts), cohorts_better (how
        many it predicts better), log_marginal_likelihood, log_bayes_factor, bayes_factor, and the lowest and highest
        with every prior that only one of the two models has half and twice as wide; pseudo (whether the likelihood is
        one in the strict sense), stacking_weight, pseudo_bma_weight, pseudo_bma_plus_weight, reasons.
        `by_cohort` has the differences cohort by cohort, `remarks` what must be said.

    Raises
    ------
    InputError
        Fewer than two models; fits that may not be reported; models that do not see the same outcome rows, kinds of
        number, effective numbers of people and units. All at once.

    Notes
    -----
    Stacking and pseudo-BMA+: Yao, Vehtari, Simpson and Gelman 2018, doi:10.1214/17-BA1091.

    Examples
    --------
    >>> import tinycohort as tc
    >>> counts = {"events": [1, 7, 9], "totals": [8, 27, 44]}
    >>> found = tc.compare({"alike": tc.pool(**counts), "the same": tc.pool(**counts, pooling="common")})
    >>> print(found.table[["model", "elpd", "bayes_factor"]].round(2).to_string(index=False))
       model  elpd  bayes_factor
       alike -6.24          1.00
    the same -5.76          1.38
    """
    if isinstance(models, Mapping):
        fits = named_fits({name: _fitted(one, evidence, engine) for name, one in models.items()})
    elif isinstance(models, list | tuple):
        fits = named_fits([_fitted(one, evidence, engine) for one in models])
    else:
        fits = named_fits(models)
    issues = []
    if against is not None and against not in fits:
        issues.append(Issue("against", f"{against!r} is none of the models", f"Choose one of {', '.join(fits)}."))
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < _LARGEST_SEED:
        issues.append(Issue("seed", f"{seed!r} is not a whole number, zero or more", "Give one such as 1."))
    if issues:
        raise InputError(issues)
    require_same_data(fits)
    return Comparison(fits, against or next(iter(fits)), int(seed))


def _fitted(one: Any, evidence: Evidence | None, engine: str) -> Any:
    return one if isinstance(one, Fit) or evidence is None else fit(read_model(one), evidence, engine)
