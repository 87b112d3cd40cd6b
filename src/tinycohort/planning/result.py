"""`Plan`: the operating characteristics of a trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .decisions import DecisionRule
from .mixture import Mixture
from .trials import Trial

if TYPE_CHECKING:
    import pandas

__all__ = ["Plan"]


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """What `plan` returns.

    Attributes
    ----------
    patients, control_patients : int, int or None
        People in each arm.
    rule : DecisionRule
        When it succeeds.
    prior, control_prior : Mixture, Mixture or None
        What each arm begins with; of a log odds ratio, what is known of the controls, who borrow nothing.
    level : float
        Of the credible interval.
    rows : list of dict
        One a truth: `truth`, `control` (None without a control arm), `success` (the probability of it), and what is
        expected: `effective_sample_size` of the posterior, in people and by moments, and the weight of what was
        borrowed, `informative_weight`, where the prior has a vague component; of two arms those of the controls as well
        (`control_...`); of one arm `width` and `coverage` of the credible interval.
    type_one_error : dict
        `largest`: the largest probability of success where the rule's `null` is the truth, or worse; `at`: the rate
        (of the controls) where it is so large; `null`.
    assurance : float or None
        The probability of success given today's evidence: over the informative part of the prior, or over the design
        priors. None for a log odds ratio when nothing is said of the controls.
    expected_today : dict
        What is expected over the same belief of the quantities in `rows` but for success and coverage.
    trial : Trial
        Every table.

    Examples
    --------
    >>> import tinycohort as tc
    >>> prior = tc.Mixture("beta", [1.0], [4.0], [16.0]).robust(0.2)
    >>> found = tc.plan(prior, 20, tc.DecisionRule(0.2, 0.9))
    >>> print(f"{found.success(0.2):.3f} {found.success(0.4):.3f}")
    0.032 0.584
    """

    patients: int
    control_patients: int | None
    rule: DecisionRule
    prior: Mixture
    control_prior: Mixture | None
    level: float
    rows: list[dict[str, Any]]
    type_one_error: dict[str, float]
    assurance: float | None
    expected_today: dict[str, float]
    trial: Trial

    def success(self, truth: float, control: float = 0.0) -> float:
        """The probability of success at true rates; of a trial of one arm, without `control`."""
        return float(self.trial.expected(self.trial.success, truth, control))

    @property
    def boundary(self) -> list[int | None]:
        """The fewest events that succeed (the most, where fewer are better); a list, over the controls' events."""
        return self.trial.boundary

    @property
    def table(self) -> pandas.DataFrame:
        """`rows` as a table."""
        import pandas

        return pandas.DataFrame(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        return {
            "patients": self.patients,
            "control_patients": self.control_patients,
            "rule": {
                "thresholds": list(self.rule.thresholds),
                "probabilities": list(self.rule.probabilities),
                "above": self.rule.above,
                "scale": self.rule.scale,
                "null": self.rule.null,
            },
            "prior": self.prior.to_dict(),
            "control_prior": None if self.control_prior is None else self.control_prior.to_dict(),
            "level": self.level,
            "boundary": self.boundary,
            "type_one_error": self.type_one_error,
            "assurance": self.assurance,
            "expected_today": self.expected_today,
            "rows": self.rows,
        }

    def __repr__(self) -> str:
        arms = f"{self.patients} people" + (f" and {self.control_patients} controls" if self.control_patients else "")
        lines = [
            f"A trial of {arms}, which succeeds if {self.rule}".replace("quantity", self._quantity),
            f"  prior: {Mixture.__repr__(self.prior)}",
        ]
        if self.control_prior is not None:
            lines.append(f"  prior of the controls: {Mixture.__repr__(self.control_prior)}")
        if self.control_patients is None:
            need = self.boundary[0]
            word = "fewest" if self.rule.above else "most"
            lines.append(f"  {word} responders that succeed: {'none do' if need is None else need}")
        error = self.type_one_error
        lines.append(f"  type I error: at most {error['largest']:.3f}, at a rate of {error['at']:.3g}")
        if self.assurance is not None:
            lines.append(f"  probability of success given today's evidence: {self.assurance:.3f}")
        return "\n".join([*lines, *self._row_lines()])

    @property
    def _quantity(self) -> str:
        if self.control_patients is None:
            return "rate"
        return "log odds ratio" if self._scale == "log_odds_ratio" else "difference"

    @property
    def _scale(self) -> str:
        return "log_odds_ratio" if self.prior.family == "normal" else self.rule.scale

    def _row_lines(self) -> list[str]:
        names = [name for name, value in self.rows[0].items() if value is not None]
        heads = [name.replace("_", " ").replace("effective sample size", "ESS") for name in names]
        cells = [[_cell(name, row[name]) for name in names] for row in self.rows]
        widths = [max(len(head), *(len(row[k]) for row in cells)) for k, head in enumerate(heads)]
        return [
            "  " + "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
            for row in [heads, *cells]
        ]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    return (
        f"{value:.1f}" if name.endswith("size") else f"{value:.2f}" if name in ("truth", "control") else f"{value:.3f}"
    )
