"""Pages taken apart, and reports of models and evidence that nobody published."""

from __future__ import annotations

import copy
import csv
import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache, cached_property, lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import tinycohort as tc
from evidence import made_up
from tinycohort.reporting import reproduction, results, writing
from tinycohort.reporting.figures import draw_all
from tinycohort.reporting.folder import list_files
from tinycohort.reporting.reproduction import reproduce
from tinycohort.reporting.results import ModelResult, fit_model
from tinycohort.reporting.writing import Verdict
from tinycohort.spec import ModelSpec
from tinycohort.tables import write_folder

Content = dict[str, Any]

#: What a label may hold: markup, and what ends comments, scripts and attributes.
EVIL = '<script>alert("1")</script> & <b> --> ]]> \' {{1}}'
_VOID = {"meta", "br", "link", "col", "wbr"}
_UNSEEN = {"style", "script", "svg"}


class Page(HTMLParser):
    """A page taken apart, which must be put together properly."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.source = text
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert len({key for key, _ in attributes}) == len(attributes), f"an attribute twice in <{name}>"
        found = dict(attributes)
        self.elements.append((name, found))
        self.ids += [str(found["id"])] if "id" in found else []
        self.links += [str(found[key]) for key in ("href", "src", "xlink:href") if key in found]
        if name not in _VOID:
            self.open.append(name)

    def handle_startendtag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert "svg" in self.open, f"<{name}/> outside of SVG"
        self.handle_starttag(name, attributes)
        if name not in _VOID:
            self.open.pop()

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        if not _UNSEEN & set(self.open):
            self.words.append(data)

    @cached_property
    def text(self) -> str:
        """Its words, whatever the markup between them."""
        return squeezed("".join(self.words))

    def count(self, name: str) -> int:
        """How many elements are called so."""
        return sum(found == name for found, _ in self.elements)


#: A page taken apart is not changed, and many tests ask for the same.
_taken_apart = lru_cache(maxsize=16)(Page)


def squeezed(text: str) -> str:
    """A text with single spaces."""
    return " ".join(text.split())


@dataclasses.dataclass
class Run:
    """A folder that was written, and what was said of it."""

    folder: Path
    verdict: Verdict
    said: list[str]

    def source(self, name: str = "index") -> str:
        return (self.folder / f"{name}.html").read_text(encoding="utf-8")

    def page(self, name: str = "index") -> Page:
        return _taken_apart(self.source(name))

    @property
    def pages(self) -> list[str]:
        return [name for name in list_files(self.folder) if name.endswith(".html")]

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def reproduced_in(folder: Path, fresh: bool = False, **choices: Any) -> Run:
    """What `reproduce` writes into a folder of this one.

    Unless it is to be made afresh, a bundled model that an earlier run has fitted and drawn is not fitted and drawn
    again.
    """
    said: list[str] = []
    with nullcontext() if fresh else _remembering():
        verdict = reproduce(folder / "results", progress=said.append, **choices)
    return Run(folder / "results", verdict, said)


def reported_in(folder: Path, models: Any = None, evidence: Any = None, fresh: bool = False) -> Run:
    """What `report` writes into a folder of this one; the same of what was made already."""
    said: list[str] = []
    with nullcontext() if fresh else _remembering():
        verdict = tc.report(models, evidence, folder / "report", progress=said.append)
    return Run(folder / "report", verdict, said)


_FIT = results.fit
_MADE: dict[str, ModelResult] = {}
_DRAWN: dict[tuple[str, bool], Any] = {}


@contextmanager
def _remembering() -> Iterator[None]:
    """Meanwhile the bundled models are fitted and drawn once; what a test fits in another way is not kept."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (reproduction, results):
            patch.setattr(module, "fit_model", _fit_model)
        for module in (reproduction, writing):
            patch.setattr(module, "draw_all", _draw_all)
        yield


def _fit_model(model: ModelSpec, evidence: tc.Evidence, seed: int, engine: str) -> ModelResult:
    bundled = model.name.partition(":")[0] in tc.bundled_models() and model == tc.read_model(model.name)
    if results.fit is not _FIT or not bundled or seed != 1 or evidence.digest != tc.read_evidence().digest:
        return fit_model(model, evidence, seed, engine)
    made = _MADE.get(model.name)
    if made is None or (engine == "both" and made.sampled is None):
        made = _MADE[model.name] = fit_model(model, evidence, seed, engine)
    return made if engine == "both" else dataclasses.replace(made, sampled=None)


def _draw_all(result: ModelResult, print_too: bool = False) -> Any:
    made = _MADE.get(result.model.name)
    if made is None or made.fit is not result.fit:
        return draw_all(result, print_too)
    key = (result.model.name, print_too)
    if key not in _DRAWN:
        # What was drawn for print has all that a page needs.
        _DRAWN[key] = _DRAWN.get((result.model.name, True)) or draw_all(result, print_too)
    return _DRAWN[key]


@cache
def fit_of(model: str, variant: str = "") -> tc.Fit:
    """A bundled model, or a variant of it, fitted to the bundled evidence; many tests ask for the same.

    What a run fitted is taken if it is this very model with this very evidence.
    """
    named = f"{model}:{variant}" if variant else model
    made = {} if model not in _MADE else {name: fit for name, _, fit in _MADE[model].fits}
    evidence = tc.read_evidence()
    if variant in made and made[variant].model == tc.read_model(named):
        return made[variant]
    return tc.fit(named, evidence)


def small(name: str = "small") -> Content:
    """A model of counts that takes any cohort that was made up, and has no variant."""
    content = copy.deepcopy(tc.read_model("response_pd1").to_dict())
    content["name"] = name
    content["evidence"]["where"] = {"disease": ["melanoma"]}
    del content["variant"]
    return content


def not_pooled(content: Content) -> Content:
    """The same, each cohort on its own."""
    content["pooling"]["kind"] = "none"
    del content["priors"]["tau"]
    content["estimand"] = [one for one in content["estimand"] if one.get("target") == "cohort"]
    return content


def counts(**events: tuple[int, int]) -> tc.Evidence:
    """Evidence of cohorts by their names, each with its events and total."""
    cohorts = [made_up.cohort(name, total) for name, (_, total) in events.items()]
    return made_up.evidence(cohorts, [made_up.count(name, *numbers) for name, numbers in events.items()])


def fitted(content: Content, evidence: tc.Evidence) -> Any:
    """What `report` finds out about a model."""
    from tinycohort.reporting.results import fit_everything

    return fit_everything(evidence, [tc.read_model(content)], 1, "exact", lambda _: None).models[0]


def own(folder: Path, content: Content, cohorts: list[Any], outcomes: list[Any], **others: Any) -> dict[str, Any]:
    """A model and evidence on disk; the choices with which `reproduce` takes them."""
    tables = made_up.tables(cohorts, outcomes)
    write_folder(tc.read_evidence(tables | others).tables, folder / "evidence")
    path = folder / f"{content['name']}.toml"
    path.write_text(tc.read_model(content).to_toml(), encoding="utf-8")
    return {"evidence": folder / "evidence", "models": [str(path)], "engine": "exact"}


def blocking(fit: Callable[..., tc.Fit], which: Callable[[ModelSpec], bool]) -> Callable[..., tc.Fit]:
    """`fit`, with a reason not to report some models."""

    def blocked(model: ModelSpec, *arguments: Any, **others: Any) -> tc.Fit:
        found = fit(model, *arguments, **others)
        if which(model):
            found.posterior.reasons = ("an estimate moved by 0.1",)
        return found

    return blocked
