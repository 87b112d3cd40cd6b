"""Small models as dictionaries, and ways to change them and to hear what is wrong with them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tinycohort.issues import InputError
from tinycohort.spec import read_model

Content = dict[str, Any]


def proportion() -> Content:
    """A small model of a proportion, with a variant of each sort."""
    return {
        "format": 1,
        "name": "tiny",
        "title": "A small model",
        "question": "What share responds?",
        "evidence": {
            "endpoint": "objective_response",
            "where": {"drug_class": ["anti_pd1"], "chemotherapy": [False]},
            "origins": ["document", "primary"],
            "overlaps": {
                "same_people": "keep_larger",
                "a_within_b": "keep_larger",
                "some_shared": "refuse",
                "suspected": "keep_both",
            },
            "level": "cohort",
        },
        "quantity": {"family": "proportion"},
        "likelihood": [{"kind": "binomial"}],
        "pooling": {"kind": "partial"},
        "priors": {
            "mu": {"dist": "Logistic", "mu": 0.0, "scale": 1.0, "why": "Uniform on the probability scale."},
            "tau": {"dist": "HalfNormal", "sigma": 0.5, "why": "Weakly informative."},
        },
        "estimand": [
            {"name": "new", "functional": "probability", "target": "new_cohort", "level": 0.95},
            {"name": "heterogeneity", "functional": "heterogeneity", "level": 0.9},
            {"name": "above", "functional": "probability_above", "target": "typical", "threshold": 0.2, "level": 0.95},
            {"name": "of_20", "functional": "predicted_events", "target": "new_cohort", "patients": 20, "level": 0.9},
        ],
        "variant": [
            {"name": "wide_tau", "why": "How alike are cohorts?", "set": {"priors.tau.sigma": 1.0}},
            {
                "name": "common",
                "why": "What if tau were 0?",
                "set": {"pooling.kind": "common"},
                "unset": ["priors.tau"],
            },
        ],
    }


def contrast() -> Content:
    """A small model of a ratio."""
    content = proportion()
    content["quantity"] = {"family": "contrast", "measure": "ratio"}
    content["likelihood"] = [{"kind": "normal"}]
    content["priors"]["mu"] = {"dist": "Normal", "mu": 0.0, "sigma": 1.0, "why": "Ratios from a seventh to seven."}
    content["estimand"] = [{"name": "typical", "functional": "ratio", "target": "typical", "level": 0.95}]
    return content


def survival() -> Content:
    """A small model of survival, in which the shape of curves is known."""
    content = proportion() | {"name": "lives", "question": "How long do patients live?"}
    content["evidence"] |= {"endpoint": "overall_survival", "where": {"disease": ["melanoma"]}}
    content["quantity"] = {"family": "weibull", "shape": 0.2}
    content["likelihood"] = [{"kind": "landmarks"}]
    content["priors"]["mu"] = {"dist": "Normal", "mu": 2.9, "sigma": 1.0, "why": "Around 18 months."}
    new = {"target": "new_cohort", "level": 0.95}
    content["estimand"] = [
        {"name": "typical", "functional": "median", "target": "typical", "level": 0.95},
        {"name": "new", "functional": "median", **new},
        {"name": "alive_12", "functional": "survival", "time_months": 12, **new},
        {"name": "alive_48", "functional": "survival", "time_months": 48, **new},
        {"name": "deaths", "functional": "predicted_events", "patients": 20, "time_months": 12, **new},
    ]
    del content["variant"]
    return content


def change(content: Content, path: str, value: Any = None) -> Content:
    """The content with one place set, or left out if the value is None; numbers count within arrays of tables."""
    content = copy.deepcopy(content)
    holder: Any = content
    *parents, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in parents:
        holder = holder[key]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return content


def complaints(content: Any) -> list[str]:
    """What `read_model` says is wrong, an issue each."""
    with pytest.raises(InputError) as caught:
        read_model(content)
    assert all(issue.where and issue.what and issue.mend for issue in caught.value.issues)
    return [str(issue) for issue in caught.value.issues]


def complaint(content: Any) -> str:
    """The one thing that is wrong."""
    said = complaints(content)
    assert len(said) == 1, said
    return said[0]


def everywhere(content: Any, path: str = "") -> Iterator[str]:
    """Every place of a content that a table holds."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, item in items:
        yield f"{path}{key}"
        yield from everywhere(item, f"{path}{key}/")
