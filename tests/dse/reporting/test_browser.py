"""The page in a real browser: Chromium, driven by its own driver; no network is asked for anything."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest

from dse.columns import COLUMNS, Column, declare
from dse.objectives import Objective
from dse.reporting import choice, compare
from dse.reporting.page import page

pytestmark = pytest.mark.skipif(
    shutil.which("chromedriver") is None, reason="Chromium is not there (Debian: apt-get install chromium-driver)"
)
HOSTILE = "<script>window.hacked = 1</script>{{data}}"
ARGUMENTS = ("--headless=new", "--no-sandbox", "--window-size=1400,1500", "--disable-dev-shm-usage")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Writes the report of a table and opens it; there must be no error then, nor after the test."""

    def open_report(table: pandas.DataFrame, by: list[Objective], title: str = "Which?", most: int = 999) -> Any:
        compared = compare(table, by, by[:2])
        path = tmp_path / "report.html"
        path.write_text(page(compared, compared.drawn(most, most, 1), title), "utf-8")
        chromium.get(path.as_uri())
        return chromium

    yield open_report
    assert chromium.get_log("browser") == []


def text(driver: Any, what: str) -> str:
    return str(driver.find_element("css selector", what).text)


def inked(driver: Any, box: str) -> int:
    """How many of a canvas's pixels are drawn on."""
    found = driver.execute_script(
        "const c = document.querySelector(arguments[0] + ' canvas');"
        "const copy = new OffscreenCanvas(c.width, c.height).getContext('2d', { willReadFrequently: true });"
        "copy.drawImage(c, 0, 0);"
        "const pixels = copy.getImageData(0, 0, c.width, c.height).data;"
        "return pixels.filter((value, place) => place % 4 === 3 && value).length",
        box,
    )
    return int(found)


def click_mark(driver: Any, row: int) -> None:
    """As a person does: the pointer goes to the mark, and presses."""
    from selenium.webdriver.common.action_chains import ActionChains

    svg = driver.find_element("css selector", "#scatter .plot svg")
    x, y = driver.execute_script("return scatter.at(arguments[0])", row)
    size = svg.size
    move = ActionChains(driver, duration=0)
    move.move_to_element_with_offset(svg, round(x - size["width"] / 2), round(y - size["height"] / 2)).perform()
    ActionChains(driver, duration=0).click().perform()


def drag(driver: Any, element: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place to another, as parts of the element's width and height from its middle."""
    from selenium.webdriver.common.action_chains import ActionChains

    width, height = element.size["width"], element.size["height"]
    (x, y), (to_x, to_y) = ((round(a * width), round(b * height)) for a, b in (start, end))
    chain = ActionChains(driver, duration=0).move_to_element_with_offset(element, x, y).click_and_hold()
    chain.move_by_offset((to_x - x) // 2, (to_y - y) // 2)
    chain.move_by_offset(to_x - x - (to_x - x) // 2, to_y - y - (to_y - y) // 2).release().perform()


def choose(driver: Any, menu: str, title: str) -> None:
    from selenium.webdriver.support.ui import Select

    Select(driver.find_element("id", menu)).select_by_visible_text(title)


def test_it_loads_and_draws(opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]) -> None:
    driver = opened(table, asked)
    assert driver.title == text(driver, "h1") == "Which?"
    assert inked(driver, "#scatter") > 1000 and inked(driver, "#parallel") > 1000
    assert text(driver, "#x-title").startswith("LUT") and text(driver, "#y-title").startswith("loss, points")
    here = table[table["device"] == "ecp5-25k"]
    frontier = int(here["frontier"].sum())
    band = int((here["band"] & ~here["frontier"]).sum())
    expected = f"{len(here)} designs on ecp5-25k: {frontier} on the frontier, {band} within the intervals of it, "
    assert (
        text(driver, "#summary")
        == f"{expected}{len(here) - frontier - band} dominated. The frontier is that of loss and LUT."
    )
    assert len(driver.find_elements("css selector", "#frontier tbody tr")) == frontier
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_the_page_says_which_design_to_take_and_shows_it(
    opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]
) -> None:
    driver = opened(table, asked)
    taken = choice(compare(table, asked, asked[:2]), 0)
    assert taken is not None
    assert text(driver, "#take") == taken.spec
    driver.find_element("css selector", "#take").click()
    assert text(driver, "#sheet h2") == taken.spec
    assert text(driver, "#further") == taken.reason.further


def test_a_click_shows_the_designs_sheet(
    opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]
) -> None:
    table["why"] = "measured because the intervals of <two> meet"
    driver = opened(table, asked)
    rows = driver.execute_script("return scatter.line")
    click_mark(driver, rows[2])
    spec = driver.execute_script("return data.spec[arguments[0]]", rows[2])
    nearest, after = (driver.execute_script("return data.spec[arguments[0]]", rows[number]) for number in (1, 3))
    assert text(driver, "#sheet h2") == spec
    assert text(driver, "#why").startswith("No other design on ecp5-25k has ") and nearest in text(driver, "#why")
    assert text(driver, "#further").startswith(f"{after}: ")
    assert "of Lattice ECP5-25" in text(driver, "#binds") or "would fit" in text(driver, "#binds")
    assert text(driver, "#search-why") == table["why"].iloc[0]
    assert text(driver, "#command") == f"macsmith generate {spec} --device ecp5-25k -o rtl"
    driver.find_element("css selector", "#sheet pre + button").click()
    assert driver.execute_script("return getSelection().toString()").strip() == text(driver, "#command")
    assert text(driver, "#frontier tr.chosen td") == spec
    assert len(driver.find_elements("css selector", "#scatter .chosen")) == 1


def test_what_is_dominated_says_by_what_and_a_click_goes_there(
    opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]
) -> None:
    driver = opened(table, asked)
    driver.execute_script("choose(scatter.rows().find((row) => data.status[row] === 2))")
    other = text(driver, "#why button")
    assert "as good in both, and better in one" in text(driver, "#why")
    driver.find_element("css selector", "#why button").click()
    assert text(driver, "#sheet h2") == other


def test_hovering_shows_the_spec_and_its_numbers(
    opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]
) -> None:
    driver = opened(table, asked)
    row = driver.execute_script("return scatter.line.find((row) => !data.objectives[1].measured[row])")
    click_mark(driver, row)
    shown = text(driver, "#hover")
    assert driver.execute_script("return data.spec[arguments[0]]", row) in shown
    assert "LUT: ≈ " in shown and "loss: " in shown and " points" in shown


def test_brushing_filters(opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]) -> None:
    driver = opened(table, asked)
    before, ink = driver.execute_script("return state.kept().length"), inked(driver, "#scatter")
    listed = len(driver.find_elements("css selector", "#frontier tbody tr"))
    grip = driver.find_element("css selector", "#parallel .grip[data-axis='1']")
    drag(driver, grip, (0, -0.49), (0, -0.1))
    low, high = driver.execute_script("return state.ranges.get(1)")
    kept = driver.execute_script("return state.kept()")
    luts = driver.execute_script("return arguments[0].map((row) => data.objectives[1].values[row])", kept)
    assert 0 < len(kept) < before and all(low <= value <= high for value in luts)
    assert 0 < len(driver.find_elements("css selector", "#frontier tbody tr")) < listed
    assert inked(driver, "#scatter") < ink
    assert f"{before - len(kept)} are filtered out." in text(driver, "#note")
    driver.find_element("css selector", "#parallel .grip[data-axis='1']").click()
    assert driver.execute_script("return state.kept().length") == before


def test_names_filter_and_filters_are_cleared(
    opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]
) -> None:
    driver = opened(table, asked)
    driver.find_element("id", "search").send_keys("LMUL")
    specs = driver.execute_script("return state.kept().map((row) => data.spec[row])")
    assert specs and all("/lmul/" in spec for spec in specs)
    driver.find_element("id", "clear").click()
    assert text(driver, "#note").find("filtered") == -1


def test_objectives_change(opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]) -> None:
    driver = opened(table, asked)
    choose(driver, "x", "MHz")
    assert text(driver, "#x-title").startswith("MHz") and inked(driver, "#scatter") > 1000
    driver.find_element("id", "fit").click()
    click_mark(driver, driver.execute_script("return scatter.line[0]"))
    assert "has more than its" in text(driver, "#why") and "MHz" in text(driver, "#why")
    # One objective can't be on both axes: they change places.
    choose(driver, "y", "MHz")
    assert text(driver, "#x-title").startswith("loss") and text(driver, "#y-title").startswith("MHz")


def test_devices_change_and_what_is_not_known_is_left_out_and_counted(
    opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]
) -> None:
    driver = opened(table, asked)
    choose(driver, "device", "ice40-hx8k")
    assert "designs on ice40-hx8k" in text(driver, "#summary") and inked(driver, "#scatter") > 1000
    choose(driver, "x", "MHz")
    number = int((table["device"] == "ice40-hx8k").sum())
    assert text(driver, "#note").startswith(f"{number} of all designs have no MHz and are left out here.")


def test_one_zooms_and_comes_back(opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]) -> None:
    driver = opened(table, asked)
    before = driver.execute_script("return scatter.visible.length")
    drag(driver, driver.find_element("css selector", "#scatter .plot svg"), (-0.3, -0.2), (0.0, 0.3))
    assert 0 < driver.execute_script("return scatter.visible.length") < before
    driver.find_element("id", "fit").click()
    assert driver.execute_script("return scatter.visible.length") == before
    driver.find_element("id", "fit").click()
    assert driver.execute_script("return scatter.outside") == 0


def test_what_a_user_names_is_text(opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]) -> None:
    declare(Column("own", HOSTILE, HOSTILE, "stated", HOSTILE, 1))
    table["own"] = 1.0
    table[HOSTILE] = [HOSTILE + "'\"&amp;\u2028"] * len(table)
    own = Objective("own", "less", "own")
    try:
        driver = opened(table, [*asked[:2], own], HOSTILE)
    finally:
        del COLUMNS["own"]
    assert driver.execute_script("return window.hacked") is None
    assert driver.title == text(driver, "h1") == HOSTILE
    choose(driver, "x", f"{HOSTILE}")
    assert text(driver, "#x-title").startswith(HOSTILE)
    click_mark(driver, driver.execute_script("return scatter.line[0]"))
    assert HOSTILE in text(driver, "#sheet")
    assert json.loads(driver.execute_script("return document.getElementById('data').textContent"))


def test_of_many_designs_a_sample_is_drawn_and_the_page_says_so(
    opened: Callable[..., Any], table: pandas.DataFrame, asked: list[Objective]
) -> None:
    driver = opened(table, asked, most=10)
    said = text(driver, "#summary")
    assert "What is not on a frontier is drawn by chance." in said and " drawn)" in said
    assert driver.execute_script("return data.spec.length") < len(table)
