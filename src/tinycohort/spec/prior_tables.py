"""``[priors.name]``: what is believed of each parameter before the data, and why."""

from __future__ import annotations

import dataclasses
import math

from ..families import Family
from ..issues import InputError
from ..pooling import is_level
from ..priors import PRIORS, Beta, Prior
from .sections import PoolingChoice, Quantity
from .table import Problems, Table
from .words import FrozenMapping, suggest

__all__ = ["read_priors"]


def read_priors(
    top: Table, problems: Problems, quantity: Quantity | None, pooling: PoolingChoice | None
) -> tuple[FrozenMapping, FrozenMapping]:
    """The prior of each parameter that the pooling has, and the shape of curves, and the reason of each."""
    family = None if quantity is None else quantity.build()
    of_shape = () if quantity is None else quantity.shape_parameters
    needed = None if pooling is None else (*pooling.build().parameters, *of_shape)
    holder = top.table("priors", "Every parameter needs a prior: add [priors.mu].", "[priors] ")
    priors: dict[str, Prior] = {}
    whys: dict[str, str] = {}
    if holder is None:
        return FrozenMapping(), FrozenMapping()
    for name in holder.values:
        if needed is not None and name not in needed:
            continue
        inside = holder.table(name, 'Write dist, its parameters and a "why".', f"[priors.{name}] ")
        if inside is None:
            continue
        prior, why = _read_prior(inside, problems)
        if prior is not None and _suits(inside, name, prior, family):
            priors[name], whys[name] = prior, why or ""
    if pooling is not None and needed is not None:
        _check_parameters(holder, needed, f"pooling {pooling.kind!r}", problems)
    return FrozenMapping(priors), FrozenMapping(whys)


def _check_parameters(holder: Table, needed: tuple[str, ...], owner: str, problems: Problems) -> None:
    for name in needed:
        if name not in holder.values:
            what = f"missing, and {'the shape of curves' if 'shape' in name else owner} has a parameter {name}"
            problems.report(f"[priors.{name}]", what, 'Add it, with dist, its parameters and a "why".')
    for name in holder.values:
        if name not in needed:
            what = f"{owner} has no parameter {name!r}"
            problems.report(f"[priors.{name}]", what, f"Leave it out. {suggest(name, needed)}")


def _read_prior(table: Table, problems: Problems) -> tuple[Prior | None, str | None]:
    why = table.text("why", "Say why this prior: every prior has a reason.")
    dist = table.choice("dist", PRIORS)
    if dist is None:  # which parameters belong to it cannot be said, only which belong to none
        for known in PRIORS.values():
            for parameter in dataclasses.fields(known):
                table.ask(parameter.name, "", optional=True)
        table.finish()
        return None, why
    before = len(problems)
    parameters = dataclasses.fields(PRIORS[dist])
    names = [field.name for field in parameters]
    need = f"Give a finite number: {dist} has {', '.join(names)}."
    values = {
        field.name: table.choice(field.name, field.metadata["words"])
        if "words" in field.metadata
        else table.number(field.name, need)
        for field in parameters
    }
    table.finish()
    if len(problems) > before:
        return None, why
    try:
        return PRIORS[dist](**{name: value for name, value in values.items() if value is not None}), why
    except InputError as error:
        for issue in error.issues:
            field = issue.where.rpartition(", ")[2]
            table.report(field if field in names else "", issue.what, issue.mend)
        return None, why


def _suits(table: Table, name: str, prior: Prior, family: Family | None) -> bool:
    """Whether a prior lives where its parameter does: a heterogeneity is positive, a level is any number."""
    lower, upper = prior.support
    dist = type(prior).__name__
    if name == "shape":
        if (lower, upper) == (-math.inf, math.inf):
            return True
        what = f"{dist} does not reach all values of a log shape"
        table.report("dist", what, "Choose one of the whole real line, such as Normal.")
        return False
    if prior.of_contrasts and (is_level(name) or (family is not None and family.name != "contrast")):
        what = f"{dist} says how much contrasts between treatments differ, and nothing of {name} here"
        table.report("dist", what, "Choose one with a reason of its own, such as HalfNormal.")
        return False
    if name == "exchangeable":
        if lower >= 0.0 and upper <= 1.0:
            return True
        table.report("dist", f"{dist} is no prior of a probability", "Choose Beta, such as Beta(1, 1).")
        return False
    if name.startswith(("bias_", "beta_")):
        if (lower, upper) == (-math.inf, math.inf):
            return True
        what = f"{dist} does not reach all values that a {'bias' if name[1] == 'i' else 'slope'} may take"
        table.report("dist", what, "Choose one of the whole real line, such as Normal.")
        return False
    if not is_level(name):
        if lower >= 0:
            return True
        what = f"{dist} allows a negative {name}, which is a standard deviation"
        table.report("dist", what, "Choose one of the positive half line, such as HalfNormal.")
        return False
    if isinstance(prior, Beta) and family is not None and family.name == "proportion":
        return True
    if (lower, upper) == (-math.inf, math.inf):
        return True
    scale = "its" if family is None else f"the {family.model_scale}"
    what = f"{dist} does not reach all values that {name} may take on {scale} scale"
    beta = ", or Beta, which speaks of the probability" if family is None or family.name == "proportion" else ""
    table.report("dist", what, f"Choose one of the whole real line, such as Normal{beta}.")
    return False
