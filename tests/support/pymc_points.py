"""Points of a model in the terms of its PyMC twin."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

__all__ = ["pymc_point"]


def at_point(parameter: Any, point: dict[str, Any]) -> Any:
    """What a parameter of a PyMC distribution is where the unknowns that it rests on have known values."""
    from pytensor.graph.traversal import ancestors

    # What `eval` compiles it keeps with the parameter.
    return parameter.eval({one: np.asarray(point[one.name]) for one in ancestors([parameter]) if one.name in point})


def pymc_point(model: Any, point: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """The same point in terms of PyMC's value variables, and the log density that its other coordinates add.

    A Beta prior of a level is written in the probability, a LogStudentT prior in the logarithm, a Student t's z in the
    share of a beta, and a normal z where the data put it.
    """
    values, log_jacobian = {}, 0.0
    for variable in model.free_RVs:
        name = variable.name
        if name in point:
            value = np.asarray(point[name])
        elif name == "z_share":  # a Student t by way of a beta
            nu = variable.owner.op.dist_params(variable.owner)[0].eval() * 2
            value = 0.5 + 0.5 * point["z"] / np.sqrt(nu + point["z"] ** 2)
            log_jacobian += float(np.sum(np.log(0.5 * nu) - 1.5 * np.log(nu + point["z"] ** 2)))
        elif name == "z_anchored":
            moved, g = (at_point(parameter, point) for parameter in variable.owner.op.dist_params(variable.owner))
            value = g * point["z"] + moved
            log_jacobian += float(np.sum(np.log(g)))
        elif name.endswith("_probability"):
            value = special.expit(point[name.removesuffix("_probability")])
            log_jacobian += float(np.sum(np.log(value) + np.log1p(-value)))
        else:
            assert name.startswith("log_")
            value = np.log(point[name.removeprefix("log_")])
            log_jacobian -= float(np.sum(value))
        transform = model.rvs_to_transforms[variable]
        if transform is not None:
            value = transform.forward(value, *variable.owner.inputs).eval()
        values[model.rvs_to_values[variable].name] = np.asarray(value)
    return values, log_jacobian
