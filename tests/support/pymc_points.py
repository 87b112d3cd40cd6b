"""Points of a model in the terms of its PyMC twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

__all__ = ["to_pymc"]

Point = dict[str, Any]


def at_point(parameter: Any, point: Point) -> Any:
    """What a parameter of a PyMC distribution is where the unknowns that it rests on have known values."""
    from pytensor.graph.traversal import ancestors

    # What `eval` compiles it keeps with the parameter.
    return parameter.eval({one: np.asarray(point[one.name]) for one in ancestors([parameter]) if one.name in point})


def to_pymc(model: Any) -> Callable[[Point], tuple[Point, float]]:
    """What puts a point in terms of PyMC's value variables, with the log density that its other coordinates add.

    A Beta prior of a level is written in the probability, a LogStudentT prior in the logarithm, a Student t's z in the
    share of a beta, and a normal z where the data put it.
    """
    import pytensor

    forward = {}
    for variable in model.free_RVs:
        transform = model.rvs_to_transforms[variable]
        if transform is not None:
            given = variable.type()
            moved = transform.forward(given, *variable.owner.inputs)
            forward[variable.name] = pytensor.function([given], moved, mode="FAST_COMPILE")
    parameters = {variable.name: variable.owner.op.dist_params(variable.owner) for variable in model.free_RVs}
    degrees = parameters["z_share"][0].eval() * 2 if "z_share" in parameters else None

    def converted(point: Point) -> tuple[Point, float]:
        values, log_jacobian = {}, 0.0
        for variable in model.free_RVs:
            name = variable.name
            if name in point:
                value = np.asarray(point[name])
            elif name == "z_share":  # a Student t by way of a beta
                value = 0.5 + 0.5 * point["z"] / np.sqrt(degrees + point["z"] ** 2)
                log_jacobian += float(np.sum(np.log(0.5 * degrees) - 1.5 * np.log(degrees + point["z"] ** 2)))
            elif name == "z_anchored":
                moved, g = (at_point(parameter, point) for parameter in parameters[name])
                value = g * point["z"] + moved
                log_jacobian += float(np.sum(np.log(g)))
            elif name.endswith("_probability"):
                value = special.expit(point[name.removesuffix("_probability")])
                log_jacobian += float(np.sum(np.log(value) + np.log1p(-value)))
            else:
                assert name.startswith("log_")
                value = np.log(point[name.removeprefix("log_")])
                log_jacobian -= float(np.sum(value))
            value = forward[name](value) if name in forward else value
            values[model.rvs_to_values[variable].name] = np.asarray(value)
        return values, log_jacobian

    return converted
