"""The report in a real browser without a window: it is opened from its folder, and driven as a reader would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tinycohort as tc
from evidence import made_up
from support import browser as browsers
from support.browser import a_browser
from support.pages import EVIL, Run, counts, fit_of, not_pooled, reported_in, small

EVIDENCE = tc.read_evidence()
# One of each kind that is quickly made: pairs of arms, a cohort that stands alone, single arms; and one of groups.
MODELS = ["abscopal_contrast", "response_after_sbrt", "response_pd1"]
ALL = [*MODELS, "unirradiated_response:by_drug"]
PAGES = ["index", *MODELS, "unirradiated_response-by_drug"]
WIDTHS = {"screen": 1100, "tablet": 768, "phone": 390}

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with a_browser() as found:
        yield found


@pytest.fixture(scope="module")
def bundled(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The report of some bundled models; not made where there is no browser to look at it."""
    return reported_in(tmp_path_factory.mktemp("bundled"), ALL)


class Reader:
    """One window on a folder of pages, and whatever went wrong in it."""

    def __init__(self, browser: Any, folder: Path, width: int = WIDTHS["screen"], **settings: Any) -> None:
        self.folder, self.wrong = folder, list[str]()
        self.window = browser.new_page(viewport={"width": width, "height": 800}, **settings)
        self.window.on("console", lambda message: self._note(message.type, message.text))
        self.window.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.window.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.window.on("request", lambda request: self._note_request(request.url))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.wrong.append(f"{kind}: {text}")

    def _note_request(self, address: str) -> None:
        if not address.startswith((self.folder.as_uri(), "data:,")):
            self.wrong.append(f"asked for {address}")

    def open(self, name: str, part: str = "") -> None:
        # A part of the page that is open already would not be a new visit.
        self.window.goto("about:blank")
        self.window.goto(f"{(self.folder / name).as_uri()}{part}")

    def choose(self, variant: str) -> None:
        self.window.select_option("#choice", variant)

    def ask(self, question: str) -> Any:
        return self.window.evaluate(question)

    def text(self, selector: str) -> str:
        """The words that can be seen there."""
        return " ".join(self.window.locator(selector).inner_text().split())

    def until(self, question: str) -> None:
        """Wait for the page to get there; its own rules keep Playwright from asking in it by itself."""
        for _ in range(100):
            if self.ask(question):
                return
            self.window.wait_for_timeout(50)
        pytest.fail(f"not in five seconds: {question}")

    @property
    def shown(self) -> list[str]:
        """Variants whose panels can be seen."""
        return [
            panel.get_attribute("data-choice")
            for panel in self.window.locator("[data-choice]").all()
            if panel.is_visible()
        ]

    def visible_figure(self) -> str:
        (figure,) = (one for one in self.window.locator("[data-figure=forest]").all() if one.is_visible())
        return str(figure.locator("svg").inner_html())


@pytest.fixture
def reader(browser: Any, bundled: Run, request: pytest.FixtureRequest) -> Iterator[Reader]:
    """A reader of the bundled report, with a window as wide as the test asks."""
    yield from reading(browser, bundled, getattr(request, "param", WIDTHS["screen"]))


def reading(browser: Any, run: Run, width: int = WIDTHS["screen"], **settings: Any) -> Iterator[Reader]:
    reader = Reader(browser, run.folder, width, **settings)
    yield reader
    reader.window.close()
    assert reader.wrong == []


# -- every page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_its_folder_without_complaint(reader: Reader, name: str) -> None:
    reader.open(f"{name}.html")
    assert reader.window.locator("h1").is_visible()
    assert reader.window.locator(".answer").first.is_visible()
    assert reader.ask("document.readyState") == "complete"


@pytest.mark.parametrize("reader", WIDTHS.values(), ids=WIDTHS, indirect=True)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(reader: Reader, name: str) -> None:
    reader.open(f"{name}.html")
    reader.ask("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    for variant in ("", *(tc.read_model(name).variants if name in MODELS else ())):
        if variant:
            reader.choose(variant)
        assert reader.ask("document.documentElement.scrollWidth <= window.innerWidth"), variant
        # Nothing is cut off either: what is wider stands in a box that scrolls by itself.
        beyond = reader.ask(
            """[...document.querySelectorAll("body *")]
              .filter((one) => !one.closest(".scroll, .unseen, thead, svg") && one.checkVisibility()
                && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
              .map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert beyond == [], variant


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(reader: Reader, name: str) -> None:
    reader.open(f"{name}.html")
    links = reader.ask("[...document.links].map((link) => link.getAttribute('href'))")
    assert links
    for address in links:
        if address.startswith("#"):
            assert reader.ask(f"document.getElementById({address[1:]!r}) !== null"), address
        elif not address.startswith(("http://", "https://")):
            assert (reader.folder / address).is_file(), address


def test_a_reader_goes_from_the_first_page_to_a_number_and_its_source_and_back(reader: Reader) -> None:
    reader.open("index.html")
    reader.window.get_by_role("link", name="Objective response to PD-1", exact=False).last.click()
    assert reader.window.url.endswith("/response_pd1.html")
    used = fit_of("response_pd1").evidence.used[2]
    reader.window.locator("[data-choice='']").get_by_role("link", name=used.cohort.label).click()
    assert used.outcome.printed in reader.text("tr:target")
    reader.window.locator("tr:target").get_by_role("link").first.click()
    assert reader.text("li:target") == used.source.citation
    reader.window.get_by_role("link", name="All models").click()
    assert reader.window.url.endswith("/index.html")


# -- choosing a variant ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_choosing_a_variant_changes_figure_tables_and_answer(reader: Reader, name: str) -> None:
    model = tc.read_model(name)
    reader.open(f"{name}.html")
    assert reader.shown == [""]
    seen, told = {reader.visible_figure()}, set()
    for variant in model.variants:
        reader.choose(variant)
        assert reader.shown == [variant]
        assert reader.window.url.endswith(f"#variant-{variant}")
        seen.add(reader.visible_figure())
        text = reader.text(f"#variant-{variant}")
        told.add(text)
        assert "As the model stands: " in text
        assert reader.text("#announcement") in text
    # That each tells what its fit says is for the tests of the pages.
    assert len(told) == len(model.variants)
    assert len(seen) == 1 + len(model.variants)
    reader.choose("")
    assert reader.shown == [""]
    assert reader.visible_figure() in seen


def test_choosing_a_variant_shows_which_numbers_speak(reader: Reader) -> None:
    def speaking() -> set[str]:
        return set(reader.ask("[...document.querySelectorAll('[data-users]:not(.silent)')].map((row) => row.id)"))

    reader.open("response_pd1.html")
    for variant in ("", "with_secondary", "prospective_only", ""):
        reader.choose(variant)
        fit = fit_of("response_pd1", variant)
        assert speaking() == {f"number-{row.outcome_id}" for row in fit.compiled.rows}


def test_a_variant_is_chosen_from_the_table_of_all_that_was_varied(reader: Reader) -> None:
    reader.open("response_pd1.html")
    for _ in range(2):  # once more when it is chosen already
        reader.window.locator("#varied").get_by_role("link", name="tau_100").click()
        reader.until("document.documentElement.dataset.shown === 'tau_100'")
        assert reader.shown == ["tau_100"]
        assert reader.window.locator("#choice").input_value() == "tau_100"
        # At the top, under the choice that stays in sight.
        top = reader.ask("document.getElementById('variant-tau_100').getBoundingClientRect().top")
        assert 0 <= top <= 150
        reader.ask("window.scrollTo(0, document.body.scrollHeight)")
    assert "chosen" in str(reader.window.locator("tr[data-varied=tau_100]").get_attribute("class"))


def test_a_variant_can_be_linked_to_and_one_that_there_is_not_shows_the_model(reader: Reader) -> None:
    reader.open("response_pd1.html", "#variant-common")
    assert reader.shown == ["common"]
    reader.open("response_pd1.html", "#variant-nothing")
    assert reader.shown == [""]
    reader.open("response_pd1.html", "#numbers")
    assert reader.shown == [""]


def test_a_variant_is_chosen_by_keyboard(reader: Reader) -> None:
    reader.open("response_pd1.html")
    reader.window.locator("#choice").focus()
    reader.window.keyboard.press("ArrowDown")
    assert reader.shown == [tc.read_model("response_pd1").variants[0]]


# -- other ways to read ------------------------------------------------------------------------------------------------


def test_without_scripts_the_model_is_shown_as_it_stands(browser: Any, bundled: Run) -> None:
    context = browser.new_context(java_script_enabled=False)
    window = context.new_page()
    window.goto((bundled.folder / "response_pd1.html").as_uri())
    assert window.locator("[data-choice='']").is_visible()
    assert not window.locator("#variant-tau_100").is_visible()
    assert not window.locator("#chooser").is_visible()
    assert window.locator("#varied").is_visible()
    context.close()


def test_on_paper_there_is_no_choice_and_what_was_folded_is_open(reader: Reader) -> None:
    reader.open("response_pd1.html", "#variant-tau_100")
    reader.window.emulate_media(media="print")
    reader.ask("window.dispatchEvent(new Event('beforeprint'))")
    assert not reader.window.locator("#chooser").is_visible()
    assert reader.shown == ["tau_100"]
    assert "Variant tau_100" in reader.text("#variant-tau_100")
    assert "Whatever can be varied is varied" in reader.text("#varied")
    assert reader.window.locator("#left-out details[open]").count() == 0
    reader.ask("window.dispatchEvent(new Event('afterprint'))")
    assert reader.window.locator("details[open]").count() == 0


def test_no_script_but_the_pages_own_can_run(browser: Any, bundled: Run) -> None:
    reader = Reader(browser, bundled.folder)
    reader.open("response_pd1.html")
    reader.ask(
        """() => {
          const added = document.createElement("script");
          added.textContent = "window.intruded = true";
          document.body.append(added);
          const picture = document.createElement("img");
          picture.src = "https://example.org/picture.png";
          document.body.append(picture);
        }"""
    )
    assert reader.ask("window.intruded === undefined")
    refused = [text for text in reader.wrong if "Content Security Policy" in text]
    assert len(refused) == 2
    # Chromium tells of a request before it refuses it.
    assert set(reader.wrong) - set(refused) <= {"asked for https://example.org/picture.png"}
    reader.window.close()


def test_a_hostile_label_is_shown_as_it_is_written(browser: Any, tmp_path: Path) -> None:
    content = small() | {"title": f"Title {EVIL}", "question": f"Question {EVIL}?"}
    content["variant"] = [{"name": "wide", "why": f"Why {EVIL}", "set": {"priors.tau.sigma": 1.0}}]
    cohorts = [made_up.cohort("a", label=f"A {EVIL}"), made_up.cohort("b", label='" onload="alert(2)')]
    numbers = [made_up.count("a", printed=f"3/20 {EVIL}"), made_up.count("b", locator=f"Table {EVIL}")]
    run = reported_in(tmp_path, tc.read_model(content), made_up.evidence(cohorts, numbers))
    for reader in reading(browser, run, WIDTHS["phone"]):
        for name in ("index", "small"):
            reader.open(f"{name}.html")
            assert reader.text("h2 a" if name == "index" else "h1") == f"Title {EVIL}"
            assert reader.ask("document.scripts.length") == 1
            assert reader.ask("document.documentElement.scrollWidth <= window.innerWidth")
        reader.choose("wide")
        assert f"Why {EVIL}" in reader.text("#variant-wide")
        assert f"A {EVIL}" in reader.text("#variant-wide")
        # In the figure a long label is broken into lines.
        drawn = reader.window.locator("#variant-wide svg").first.text_content()
        assert f"A {EVIL}".replace(" ", "") in drawn.replace(" ", "")


@pytest.mark.parametrize("pooled", [True, False], ids=["pooled", "apart"])
def test_a_small_model_of_ones_own_can_be_read_on_a_telephone(browser: Any, tmp_path: Path, pooled: bool) -> None:
    content = small() if pooled else not_pooled(small())
    run = reported_in(tmp_path, tc.read_model(content), counts(a=(6, 7), b=(0, 3)))
    for reader in reading(browser, run, WIDTHS["phone"]):
        reader.open("small.html")
        assert reader.window.locator(".answer").is_visible()
        assert reader.ask("document.documentElement.scrollWidth <= window.innerWidth")


# -- where there is no browser -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("variable", "outcome"), [("", "Skipped"), ("true", "Failed")])
def test_where_there_is_no_browser_the_tests_are_skipped_but_fail_where_changes_are_judged(
    monkeypatch: pytest.MonkeyPatch, variable: str, outcome: str
) -> None:
    monkeypatch.setenv("CI", variable)
    for reason in ("PATH", browsers.NAMED):
        monkeypatch.delenv(reason, raising=False)
    monkeypatch.setattr(browsers, "_COMMANDS", ())
    monkeypatch.setattr(browsers, "_PLACES", ())
    assert browsers.browser_path() is None
    with pytest.raises((pytest.skip.Exception, pytest.fail.Exception)) as caught:
        browsers.give_up("no browser")
    assert caught.type.__name__ == outcome
