"""Pages taken apart, and reports of models and evidence that nobody published."""

from __future__ import annotations

import copy
import csv
import dataclasses
from collections.abc import Callable
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import tinycohort as tc
from evidence import made_up
from tinycohort.reporting.folder import list_files
from tinycohort.reporting.reproduction import reproduce
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

    @property
    def text(self) -> str:
        """Its words, whatever the markup between them."""
        return squeezed("".join(self.words))

    def count(self, name: str) -> int:
        """How many elements are called so."""
        return sum(found == name for found, _ in self.elements)


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
        return Page(self.source(name))

    @property
    def pages(self) -> list[str]:
        return [name for name in list_files(self.folder) if name.endswith(".html")]

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def reproduced_in(folder: Path, **choices: Any) -> Run:
    """What `reproduce` writes into a folder of this one."""
    said: list[str] = []
    verdict = reproduce(folder / "results", progress=said.append, **choices)
    return Run(folder / "results", verdict, said)


def reported_in(folder: Path, models: Any = None, evidence: Any = None) -> Run:
    """What `report` writes into a folder of this one."""
    said: list[str] = []
    verdict = tc.report(models, evidence, folder / "report", progress=said.append)
    return Run(folder / "report", verdict, said)


@lru_cache
def fit_of(model: str, variant: str = "") -> tc.Fit:
    """A bundled model, or a variant of it, fitted to the bundled evidence; many tests ask for the same."""
    return tc.fit(f"{model}:{variant}" if variant else model, tc.read_evidence())


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
