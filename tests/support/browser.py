"""A real browser without a window, driven by Playwright; looked for on the machine, never downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

#: Where else to look: the path of a Chromium, a Chrome or an Edge.
NAMED = "TINYCOHORT_BROWSER"
_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


def give_up(reason: str) -> NoReturn:
    """Skip on a desk, where there may be no browser; fail where changes are judged, which must have one."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (not skipped, because CI is set)", pytrace=False)
    pytest.skip(reason)


def browser_path() -> str | None:
    """A browser that Playwright can drive, if one is installed."""
    if os.environ.get(NAMED):
        return os.environ[NAMED]
    found = next(filter(None, map(shutil.which, _COMMANDS)), None)
    return found or next((place for place in _PLACES if Path(place).is_file()), None)


@contextmanager
def a_browser() -> Iterator[Any]:
    """A browser for as long as it is needed."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        give_up("no Playwright: install the dependency group `test` to try the pages in a browser")
    path = browser_path()
    if path is None:
        give_up(f"no browser: install Chromium, Chrome or Edge, or say in {NAMED} where one is")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path)
        except Error as error:
            give_up(f"the browser {path} does not start: {error.message.splitlines()[0]}")
        yield browser
        browser.close()
