"""docs/ as a site: built without a warning, whole, and opened from disk in a browser that asks no network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

import hw
import macsmith
from costmodel.devices import devices
from dse.objectives import OBJECTIVES
from dse.space import known
from macsmith.cli import COMMANDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ARGUMENTS = ("--headless=new", "--no-sandbox", "--window-size=1400,1300", "--disable-dev-shm-usage")


def build(folder: Path, config: Path) -> subprocess.CompletedProcess[str]:
    # With --quiet warnings are no errors.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder, ROOT / "mkdocs.yml")
    assert done.returncode == 0, done.stderr
    return folder


class Page(HTMLParser):
    """What a page links to, what it loads, its anchors, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attributes}
        self.ids.add(has.get("id", ""))
        if tag == "a" and "href" in has:
            self.links.append(has["href"])
        elif tag == "link" and has.get("rel") not in ("next", "prev", "canonical"):
            self.loads.append(has["href"])
        elif "src" in has:
            self.loads.append(has["src"])

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    found = {path: Page(path.read_text()) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(found) > 70
    return found


def test_every_page_of_the_folder_is_there_and_in_the_navigation(site: Path, pages: dict[Path, Page]) -> None:
    written = [path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")]
    assert [path for path in written if site / path not in pages] == []
    linked = {unquote(urlsplit(link).path) for link in pages[site / "index.html"].links}
    assert [path for path in written if path.as_posix() not in linked] == []


def test_links_lead_somewhere_and_nothing_is_loaded_from_a_network(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert link in page.links, f"{path} loads {link}"
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert there.is_file() and there.is_relative_to(site), f"{path} links to {link}"
            if parts.fragment and there in pages and not parts.fragment.startswith("__"):
                assert parts.fragment in pages[there].ids, f"{path} links to {link}"


def test_links_lead_somewhere_on_a_forge_too() -> None:
    for path in [*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]:
        text = re.sub(r"<!--.*?-->", "", path.read_text(), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            assert "://" in link or (path.parent / link).exists(), f"{path} links to {link}"


def test_stamps_stay_in_the_files_and_are_not_seen(site: Path, pages: dict[Path, Page]) -> None:
    stamped = [path for path in DOCS.rglob("*.md") if path.read_text().rstrip().rpartition("\n")[2].startswith("<!--")]
    assert len(stamped) > 8
    for path in stamped:
        assert "made from" not in pages[site / path.relative_to(DOCS).with_suffix(".html")].text.rpartition("\n")[2]
    assert "<!-- made from" not in (site / "search" / "search_index.json").read_text()


def test_the_reference_has_all_that_there_is(site: Path, pages: dict[Path, Page]) -> None:
    reference = {path.stem: page for path, page in pages.items() if path.parent == site / "reference"}
    commands = [command.__name__.rpartition(".")[2] for command in COMMANDS]
    assert [name for name in commands if f"usage: macsmith {name}" not in reference["commands"].text] == []
    assert [name for name in macsmith.__all__ if f"macsmith.{name}" not in reference["python"].text] == []
    assert [unit for unit in hw.UNITS if unit not in reference["units"].ids] == []
    assert [name for name in (*hw.TARGETS, *devices()) if name not in reference["devices"].text] == []
    assert [name for name in (*known(), *OBJECTIVES) if name not in reference["spaces"].text] == []


def test_every_name_that_a_page_imports_is_in_the_reference(site: Path, pages: dict[Path, Page]) -> None:
    reference = pages[site / "reference" / "python.html"].text
    pattern = re.compile(r"(?m)^(?:    )?from ((?:sim|costmodel|dse|rtl_gen|macsmith)[\w.]*) import (.*)$")
    under_macsmith = {home.replace(":", ".") for home in macsmith._HOMES.values()}
    for path in DOCS.rglob("*.md"):
        for module, names in pattern.findall(path.read_text()):
            for name in names.split(", "):
                assert f"{module}.{name}" in reference or f"{module}.{name}" in under_macsmith, path


def test_a_link_to_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A page\n\n[a file](../hw/nothing.py)\n")
    (tmp_path / "mkdocs.yml").write_text(
        f"site_name: x\nhooks: [{ROOT}/docs/website/sources.py]\nvalidation: {{links: {{not_found: warn}}}}\n"
    )
    done = build(tmp_path / "site", tmp_path / "mkdocs.yml")
    assert done.returncode == 1
    assert "contains a link '../hw/nothing.py'" in done.stderr + done.stdout


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if shutil.which("chromedriver") is None:
        pytest.skip("Chromium is not there (Debian: apt-get install chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def asked_for(driver: Any) -> set[str]:
    """The schemes of all that the browser has asked for since this was last asked."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [entry["params"]["request"]["url"] for entry in messages if entry["method"] == "Network.requestWillBeSent"]
    return {urlsplit(url).scheme for url in sent}


@pytest.mark.parametrize("page", ["index.html", "units/array.html", "cost-model.html"])
def test_it_opens_from_disk_and_is_searched(page: str, site: Path, chromium: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    chromium.get((site / page).as_uri())
    box = chromium.find_element("css selector", ".md-search__input")
    box.click()
    box.send_keys("requantiser")

    def results(driver: Any) -> list[str]:
        found = driver.find_elements("css selector", ".md-search-result__link")
        return [urlsplit(str(link.get_attribute("href"))).path for link in found]

    found = WebDriverWait(chromium, 60).until(results)
    assert str(site / "units" / "requant.html") in found
    assert chromium.get_log("browser") == []
    assert asked_for(chromium) <= {"file", "data"}
