"""The widgets as a learner meets them: JupyterLab in a real browser, run all cells, drag a slider, press play.

The screenshots are kept in runs/screenshots, to be looked at.
"""
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Locator, Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
SCREENSHOTS = PROJECT / "runs" / "screenshots"
TOKEN = "ssgan"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
SETTINGS = {  # no question about news, and every cell in the page, also those that are out of sight
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}
# What a page says of its kernel comes too early; the session itself knows.
IDLE = """() => { const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
                  return kernel?.status === "idle" && kernel?.connectionStatus === "connected" }"""
CELLS = """() => window.jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === "code").map(cell => (
              {source: cell.model.sharedModel.source, count: cell.model.executionCount, outputs: cell.model.outputs.toJSON()}))"""
SLOW = 300_000  # milliseconds for a whole lesson, on a machine that has other work
SOON = 30_000

DEAD = '''
import ipywidgets
slider, label = ipywidgets.IntSlider(description="dead"), ipywidgets.HTML("It stays as it is.")
ipywidgets.VBox([slider, label, ipywidgets.HTML('<img alt="nothing" src="data:,">')])
'''


def browser_path() -> str:
    "Where Chromium is. Without one these tests are skipped; in CI, which installs it, they fail."
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found: return found
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("needs Chromium; on Debian: apt-get install chromium fonts-dejavu-core")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = browser_path()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory) -> Iterator[tuple[str, Path]]:
    "A running JupyterLab with settings of its own: its address and the folder it serves."
    folder = tmp_path_factory.mktemp("lab")
    for name, value in SETTINGS.items():
        file = folder / "settings" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    shutil.copytree(PROJECT / "nbs", folder / "nbs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    own = {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime"}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={address.rsplit(':')[-1]}", "--ServerApp.port_retries=0",
         f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder / 'nbs'}", "--LabApp.expose_app_in_browser=True"],
        env=os.environ | {name: str(folder / place) for name, place in own.items()}, stdout=subprocess.DEVNULL, stderr=(folder / "log").open("w"))
    try:
        for _ in range(240):
            if server.poll() is not None: break
            try: ask(address, "GET", "/api/status")
            except OSError: time.sleep(0.5)
            else: break
        else: raise TimeoutError("JupyterLab doesn't answer: " + (folder / "log").read_text())
        assert server.poll() is None, (folder / "log").read_text()
        yield address, folder / "nbs"
        ask(address, "POST", "/api/shutdown")
        server.wait(30)
    finally: server.kill()


def ask(address: str, method: str, path: str) -> bytes:
    request = urllib.request.Request(address + path, method=method, headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request, timeout=10) as answer: return answer.read()


@pytest.fixture
def page(browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(SOON)
    yield page
    page.close()


def run_all(page: Page, lab: tuple[str, Path], name: str) -> None:
    "Open a notebook and run all of its cells; each must have run, and none may have failed."
    page.goto(f"{lab[0]}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_function(IDLE, timeout=2 * SOON)
    page.evaluate("""() => { const {commands, shell} = window.jupyterapp;
                             if (shell.leftCollapsed === false) commands.execute("application:toggle-left-area");
                             window.ran = false; commands.execute("notebook:run-all-cells").then(() => { window.ran = true }) }""")
    page.wait_for_function("() => window.ran", timeout=SLOW)
    page.wait_for_function(IDLE, timeout=SLOW)
    cells = page.evaluate(CELLS)
    assert [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"] == []
    assert [cell["source"] for cell in cells if cell["source"] and not cell["count"]] == [] and cells
    assert page.get_by_text("Error displaying widget").count() == 0


class Widget:
    "A widget on the page, found by the description of one of its controls: a sentence and a picture, which are to change when it is moved."

    def __init__(self, page: Page, control: str):
        self.page, self.box = page, page.locator(".jp-OutputArea-output .widget-vbox", has=page.get_by_text(control, exact=True)).first
        self.sentence = self.box.locator("> .widget-html").first
        self.box.scroll_into_view_if_needed()

    def shown(self) -> tuple[str, str]:
        "The sentence, and a hash of the picture."
        return self.sentence.inner_text(), hashlib.sha256(self.box.locator("img").get_attribute("src").encode()).hexdigest()

    def wait_until_moving(self, before: tuple[str, str], timeout: int = SOON) -> None:
        "Wait until sentence and picture both differ from `before`."
        end = time.monotonic() + timeout / 1000
        while any(map(str.__eq__, before, self.shown())):
            assert time.monotonic() < end, f"still the same after {timeout / 1000:g} s: {self.shown()[0]}"
            self.page.wait_for_timeout(100)

    def wait_until_at_rest(self, timeout: int = 2 * SOON) -> tuple[str, str]:
        "Wait until nothing has changed for a second in which the kernel had nothing to do: a message may be on its way."
        end, same, shown = time.monotonic() + timeout / 1000, 0, self.shown()
        while same < 10:
            assert time.monotonic() < end, f"still moving after {timeout / 1000:g} s: {shown[0]}"
            self.page.wait_for_timeout(100)
            before, shown = shown, self.shown()
            same = same + 1 if shown == before and self.page.evaluate(IDLE) else 0
        return shown

    def wait_for_change(self, before: tuple[str, str]) -> tuple[str, str]:
        "What it shows at the end, when it has moved away from `before`."
        self.wait_until_moving(before)
        return self.wait_until_at_rest()

    def slider(self, control: str) -> Locator:
        return self.box.locator(".widget-slider", has=self.page.get_by_text(control, exact=True))

    def drag(self, control: str, to: float) -> str:
        "Drag the handle of a slider to a place on its track, from 0 (left) to 1 (right), with the mouse; the value it then shows."
        slider = self.slider(control)
        slider.scroll_into_view_if_needed()
        handle, track = slider.locator(".noUi-handle").bounding_box(), slider.locator(".noUi-base").bounding_box()
        y = handle["y"] + handle["height"] / 2
        self.page.mouse.move(handle["x"] + handle["width"] / 2, y)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + to * track["width"], y, steps=8)
        self.page.mouse.up()
        return slider.locator(".widget-readout").inner_text()

    def keep(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.box.screenshot(path=SCREENSHOTS / f"{name}.png")


def run_cells(page: Page, lab: tuple[str, Path], *sources: str) -> None:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}  # without it JupyterLab asks
    nbformat.write(new_notebook(cells=list(map(new_code_cell, sources)), metadata=kernel), lab[1] / "small.ipynb")
    run_all(page, lab, "small.ipynb")


def test_a_widget_that_does_not_answer_is_noticed(page, lab):
    run_cells(page, lab, DEAD)
    widget = Widget(page, "dead")
    before = widget.shown()
    assert widget.drag("dead", to=0.5) == "50"
    with pytest.raises(AssertionError, match="still the same"): widget.wait_until_moving(before, timeout=1000)


def test_a_cell_that_fails_is_noticed(page, lab):
    with pytest.raises(AssertionError, match="ZeroDivisionError"): run_cells(page, lab, "1 / 0", "2")


def test_lesson_07_slider_of_the_labeled_fraction(page, lab):
    run_all(page, lab, "07_labels.ipynb")
    widget = Widget(page, "labeled")
    before = widget.shown()
    widget.keep("07-half-a-percent")
    assert widget.drag("labeled", to=1.0) == "100 %"
    after = widget.wait_for_change(before)
    assert before[0].startswith("0.5 % of 1,000 labels: 5 labels.") and after[0].startswith("100 % of 1,000 labels: 1,000 labels.")
    widget.keep("07-all-labels")

    results = Widget(page, "labels")
    before = results.shown()
    results.drag("labels", to=0.5)
    assert results.wait_for_change(before)[0] != before[0]
    results.keep("07-results")


def steps(shown: tuple[str, str]) -> int: return int(shown[0].split()[1])


def test_playground_plays_and_pauses(page, lab):
    run_all(page, lab, "07_widgets.ipynb")
    widget = Widget(page, "one D step")
    before = widget.shown()
    assert before[0].startswith("Step 0 ")
    widget.keep("playground-before")
    widget.box.locator("button:has(.fa-play)").click()
    widget.wait_until_moving(before)
    widget.box.locator("button:has(.fa-pause)").click()
    played = widget.wait_until_at_rest()
    assert steps(played) > 0 and steps(played) % 5 == 0
    widget.keep("playground-played")
    widget.box.get_by_role("button", name="one D step").click()
    assert steps(widget.wait_for_change(played)) == steps(played) + 1


def test_loss_explorer_follows_its_slider(page, lab):
    run_cells(page, lab, "from ssgan_edu.widgets import loss_explorer\nloss_explorer()")
    widget = Widget(page, "ℓ₁")
    before = widget.shown()
    assert "Naive float32 is finite" in before[0]
    assert widget.drag("ℓ₁", to=1.0) == "100.00"
    assert "Naive float32 fails" in widget.wait_for_change(before)[0]
    assert widget.sentence.evaluate("line => line.scrollWidth <= line.clientWidth"), "the sentence is cut off at the right"
    widget.keep("loss-explorer")


BLIND = '''
from ssgan_edu.data import load_dataset
from ssgan_edu.music import COMPOSERS, ListeningTest
tunes = load_dataset("tunes")
ListeningTest({name: COMPOSERS[name](tunes, 3, 0, 0) for name in ("real tunes", "chain of 5")}, each=2)
'''
SECONDS = "audio => new Promise(done => audio.readyState ? done(audio.duration) : audio.onloadedmetadata = () => done(audio.duration))"


def test_blind_test_plays_takes_guesses_and_reveals_at_the_end(page, lab):
    run_cells(page, lab, BLIND)
    box = page.locator(".jp-OutputArea-output .widget-vbox").first
    for n in range(4):
        box.get_by_text(f"Tune {n + 1} of 4").wait_for()
        assert box.locator("audio").evaluate(SECONDS) > 5, "four bars"
        assert box.locator("tr").count() == 0, "nothing is revealed before the end"
        box.get_by_role("button", name="real tunes").press("Space")
    box.get_by_text("2 of 4 right").wait_for()
    assert box.locator("tr").count() == 5 and box.get_by_role("button", name="real tunes").is_disabled()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    box.screenshot(path=SCREENSHOTS / "blind-test.png")
