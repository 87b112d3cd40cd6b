"""A model as it was read: every choice of an analysis, and none that is hidden."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..families import Family
from ..issues import InputError, Issue
from ..likelihoods import Likelihood, SurvivalKind
from ..priors import Prior
from .display import (
    as_html,
    as_text,
    describe_estimand,
    describe_likelihood,
    describe_pooling,
    describe_selection,
    describe_variant,
)
from .sections import Estimand, LikelihoodChoice, PoolingChoice, Quantity, Selection, Variant
from .toml import write_toml
from .words import FORMAT, NOTHING, FrozenMapping, suggest

__all__ = ["ModelSpec"]


@dataclass(frozen=True, repr=False)
class ModelSpec:
    """A model file that was read and found right. Made by `read_model`; it never changes.

    Attributes
    ----------
    name : str
        Its name; that of a variant is ``"model:variant"``.
    title, question : str
        What it is, and what it asks.
    evidence : Selection
        Who may speak.
    quantity : Quantity
        What is unknown about one cohort; `family` gives the family itself.
    likelihood : tuple of LikelihoodChoice
        How a printed number informs it.
    pooling : PoolingChoice
        How cohorts are alike.
    priors : mapping of str to Prior
        The prior of each parameter, as it was written: a Beta of the level speaks of the probability.
    whys : mapping of str to str
        The reason of each prior.
    estimands : tuple of Estimand
        What is reported.
    variant_rules : tuple of Variant
        The variants as they were written, with their reasons; empty in a variant.
    why : str
        What a variant asks; empty in a base model.
    base : ModelSpec or None
        The model that a variant was made from by `variant`; None otherwise.
    """

    name: str
    title: str
    question: str
    evidence: Selection
    quantity: Quantity
    likelihood: tuple[LikelihoodChoice, ...]
    pooling: PoolingChoice
    priors: FrozenMapping
    whys: FrozenMapping
    estimands: tuple[Estimand, ...]
    variant_rules: tuple[Variant, ...] = ()
    why: str = ""
    base: ModelSpec | None = field(default=None, compare=False)
    _resolved: FrozenMapping = field(default=NOTHING, compare=False)

    @property
    def base_name(self) -> str:
        """The name without that of the variant."""
        return self.name.partition(":")[0]

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants, in the order of the file."""
        return tuple(rule.name for rule in self.variant_rules)

    def variant(self, name: str) -> ModelSpec:
        """The model with one of its variants applied.

        Parameters
        ----------
        name : str
            One of `variants`.

        Returns
        -------
        ModelSpec
            Called ``"model:variant"``, with `base` set to this model.

        Raises
        ------
        InputError
            No such variant, with a suggestion.

        Examples
        --------
        >>> from tinycohort.spec import read_model
        >>> read_model("response_pd1").variant("tau_100").priors["tau"]
        HalfNormal(sigma=1.0)
        """
        if name in self._resolved:
            return dataclasses.replace(self._resolved[name], base=self)
        if self.variants:
            mend = suggest(name, self.variants)
        else:
            mend = f"Ask {self.base_name!r} for it." if ":" in self.name else "Add a [[variant]] to its file."
        raise InputError(Issue(f"model {self.name!r}", f"it has no variant {name!r}", mend))

    def family(self) -> Family:
        """What is unknown about one cohort, as the object that knows its scales."""
        return self.quantity.build()

    def kinds(self) -> list[Likelihood | SurvivalKind]:
        """How printed numbers inform the quantity, in the order in which they are tried, as the objects that do it."""
        return [choice.build() for choice in self.likelihood]

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all that can move a reported number: same digest, same answers.

        Names of models, titles, questions and reasons do not count, nor the variants of a base model, nor the order of
        admitted values. A prior counts as it is written: two spellings of one distribution differ.
        """
        selection = self.evidence.to_dict()
        for name in selection.keys() & {"where", "against"}:
            selection[name] = {column: sorted(values, key=repr) for column, values in selection[name].items()}
        selection |= {key: sorted(selection[key]) for key in ("origins", "exclude") if key in selection}
        content = {
            "format": FORMAT,
            "evidence": selection,
            "quantity": self.quantity.to_dict(),
            # In the order of the file: a number is read by the first kind that can.
            "likelihood": [choice.to_dict() if choice.options else choice.kind for choice in self.likelihood],
            "pooling": _without_reasons(self.pooling.to_dict()),
            "priors": {name: _numbers(prior) for name, prior in self.priors.items()},
            "estimands": [estimand.to_dict() | {"why": ""} for estimand in self.estimands],
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The content of its file, as plain dictionaries and lists; `read_model` reads it back to an equal model."""
        content: dict[str, Any] = {"format": FORMAT, "name": self.name, "title": self.title, "question": self.question}
        if self.why:
            content["why"] = self.why
        content |= {
            "evidence": self.evidence.to_dict(),
            "quantity": self.quantity.to_dict(),
            "likelihood": [choice.to_dict() for choice in self.likelihood],
            "pooling": self.pooling.to_dict(),
            "priors": {name: prior.to_dict() | {"why": self.whys[name]} for name, prior in self.priors.items()},
            "estimand": [estimand.to_dict() for estimand in self.estimands],
        }
        if self.variant_rules:
            content["variant"] = [rule.to_dict() for rule in self.variant_rules]
        return content

    def to_toml(self) -> str:
        """The text of a model file with this content."""
        return write_toml(self.to_dict())

    def _rows(self) -> list[tuple[str, str]]:
        family = self.family()
        scale = "itself" if family.model_scale == "identity" else f"on the {family.model_scale} scale"
        varies = self.quantity.shape
        shape = "" if varies is None else f"; shape {varies if isinstance(varies, str) else f'known, {varies:g}'}"
        rows = [("question", self.question), *([("why", self.why)] if self.why else [])]
        rows += describe_selection(self.evidence)
        rows += [
            ("quantity", f"{self.quantity.family}: theta is the {family.quantity} {scale}{shape}"),
            ("likelihood", "; ".join(describe_likelihood(choice) for choice in self.likelihood)),
            ("pooling", describe_pooling(self.pooling)),
        ]
        rows += [(f"prior of {name}", f"{prior}. {self.whys[name]}") for name, prior in self.priors.items()]
        rows += [("estimand", describe_estimand(estimand)) for estimand in self.estimands]
        rows += [("variant", describe_variant(rule)) for rule in self.variant_rules]
        return [*rows, ("digest", self.digest)]

    def __str__(self) -> str:
        return as_text(f"{self.name}: {self.title}", self._rows())

    def __repr__(self) -> str:
        return f"<ModelSpec {self.name} {self.digest[:12]}>"

    def _repr_html_(self) -> str:
        return as_html(f"{self.name}: {self.title}", self._rows())


def _without_reasons(value: Any) -> Any:
    """The same without any ``why``, all the way down."""
    if isinstance(value, dict):
        return {key: _without_reasons(item) for key, item in value.items() if key != "why"}
    return [_without_reasons(item) for item in value] if isinstance(value, list) else value


def _numbers(prior: Prior) -> dict[str, Any]:
    """A prior with zeros of one sign: -0.0 and 0.0 are the same belief."""
    return {key: value + 0.0 if isinstance(value, float) else value for key, value in prior.to_dict().items()}
