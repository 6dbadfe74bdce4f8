"""One document's way through both apps in Chromium: upload, result, correction by key, training set."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.browser

DOUBTFUL = ("mixed.pdf", "letter.pdf")
REFERENCE = "mail & <b>scans</b> 2026-03-14"
SIZES = [(1280, 900), (390, 844)]


def no_failure(page: Page) -> None:
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def all_images_loaded(page: Page, selector: str) -> None:
    page.wait_for_function(
        "selector => { const all = [...document.querySelectorAll(selector)];"
        " return all.length && all.every(image => image.complete && image.naturalWidth) }",
        arg=selector,
    )


def settled(page: Page) -> None:
    """Wait until the page is drawn to its end and the browser is at rest: keys belong to what a person sees.

    The apps' buttons take over their keys some milliseconds after they are drawn; until then a key is the one of the
    button before. No person is that quick.
    """
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.evaluate("() => new Promise(rest => requestIdleCallback(() => requestIdleCallback(rest)))")


def shown_name(page: Page) -> str:
    return page.locator(".ph-panel h2").inner_text()


def press(page: Page, key: str) -> str:
    """Press a key on the review and return the name of the document that comes up instead."""
    before = shown_name(page)
    settled(page)
    page.keyboard.press(key)
    expect(page.locator(".ph-panel h2")).not_to_have_text(before)
    return shown_name(page)


def upload(page: Page, address: str, files: list[dict[str, Any]]) -> None:
    page.goto(address)
    page.get_by_role("textbox", name="Reference").fill(REFERENCE)
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_test_id("stFileChip")).to_have_count(len(files))
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Batch")


def test_a_document_goes_from_upload_to_the_training_set(
    platform: Any, files: list[dict[str, Any]], browser_context: BrowserContext, tmp_path: Path
) -> None:
    page = browser_context.new_page()
    upload(page, platform.addresses.user_app, files)
    sees_every_probability(page)
    keeps_its_state_in_the_address(browser_context, page)
    decides_by_keys(page)
    corrected = exports_the_decisions(page, tmp_path)
    imports_the_corrections(browser_context.new_page(), platform, corrected)


def sees_every_probability(page: Page) -> None:
    expect(page.get_by_text("done, some files failed")).to_be_visible()
    expect(page.get_by_role("heading", name=REFERENCE)).to_be_visible()
    legend = page.locator(".ph-progress-legend")
    expect(legend).to_contain_text("1 sorted")
    expect(legend).to_contain_text("2 to review")
    expect(legend).to_contain_text("1 failed")
    expect(page.get_by_text("The file is damaged and cannot be opened.")).to_be_visible()
    clear = page.locator(".ph-documents > li").filter(has_text="clear.pdf")
    clear.get_by_text("All probabilities").click()
    expect(clear.locator(".ph-bars li")).to_have_count(3)
    expect(clear.locator(".ph-bar-name").first).to_have_text("invoice")
    all_images_loaded(page, ".ph-thumb img")
    no_failure(page)


def keeps_its_state_in_the_address(context: BrowserContext, page: Page) -> None:
    page.reload()
    expect(page.locator(".ph-progress-legend")).to_contain_text("2 to review")
    second = context.new_page()
    second.goto(page.url)
    expect(second.locator(".ph-documents > li")).to_have_count(4)
    second.close()


def decides_by_keys(page: Page) -> None:
    page.get_by_role("button", name="Review 2 documents").click()
    expect(page.locator(".ph-panel")).to_contain_text("2 documents waiting")
    all_images_loaded(page, "[class*=st-key-page-view] img")
    first = shown_name(page)
    assert press(page, "Space") != first
    assert press(page, "Space") == first
    page.get_by_role("button", name="Larger").click()
    expect(page.locator(".st-key-page-view-width")).to_be_visible()
    assert press(page, "2") != first
    assert press(page, "Backspace") == first
    expect(page.locator(".ph-panel")).to_contain_text("local decided:")
    page.reload()
    expect(page.locator(".ph-panel h2")).to_have_text(first)
    assert press(page, "3") != first
    settled(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is waiting for review.")).to_be_visible()
    no_failure(page)
    page.get_by_role("link", name="To the batch").click()
    expect(page.locator(".ph-progress-legend")).to_contain_text("3 sorted")


def exports_the_decisions(page: Page, folder: Path) -> str:
    """Download the CSV file and return the name of the document that was corrected."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    download.value.save_as(folder / "job.csv")
    rows = (folder / "job.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 5
    (corrected,) = [row for row in rows if ",corrected," in row]
    (name,) = [name for name in DOUBTFUL if name in corrected]
    assert sum(",accepted," in row for row in rows) == 1
    return name


def imports_the_corrections(page: Page, platform: Any, corrected: str) -> None:
    page.goto(f"{platform.addresses.admin_app}/corrections")
    expect(page.get_by_role("heading", name="2 decisions waiting")).to_be_visible()
    waiting = page.get_by_text(corrected)
    expect(waiting).to_be_visible()
    all_pictures = page.get_by_role("checkbox")
    expect(all_pictures).to_have_count(2)
    waiting.click()
    page.get_by_role("button", name="Add 1 to the training set").click()
    expect(page.get_by_text("1 document added to the training set.")).to_be_visible()
    page.get_by_role("button", name="Add all to the training set").click()
    expect(page.get_by_text("1 document added to the training set.")).to_be_visible()
    expect(page.get_by_text("No decision is waiting")).to_be_visible()
    assert sum(each.examples for each in platform.client.classes()) == 11
    no_failure(page)


def test_a_model_that_the_operator_refused_says_why(platform: Any, browser_context: BrowserContext) -> None:
    page = browser_context.new_page()
    page.goto(f"{platform.addresses.admin_app}/runs")
    newest = page.locator(".ph-table").first.get_by_role("row").nth(1)
    expect(newest.locator(".ph-badge").filter(has_text="refused")).to_be_visible()
    expect(page.get_by_text("did not take version 2: f1-floor: macro_f1 is 0.807: at least 0.85")).to_be_visible()
    no_failure(page)


@pytest.mark.parametrize(
    ("app", "paths"),
    [("user_app", ["", "jobs", "job", "review"]), ("admin_app", ["", "corrections", "train", "runs", "audit"])],
)
def test_no_screen_is_wider_than_the_window(
    platform: Any, browser_context: BrowserContext, app: str, paths: list[str]
) -> None:
    page = browser_context.new_page()
    for path in paths:
        page.goto(f"{getattr(platform.addresses, app)}/{path}")
        expect(page.locator(".ph-badge").first).to_be_visible()
        no_failure(page)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            overflow = page.evaluate(
                "(main => main.scrollWidth - main.clientWidth)(document.querySelector('[data-testid=stMain]'))"
            )
            assert overflow == 0, f"{path} at {width}"


def test_the_apps_speak_the_language_of_the_browser(platform: Any, chromium: Browser) -> None:
    context = chromium.new_context(locale="fr-FR", color_scheme="dark")
    page = context.new_page()
    page.goto(platform.addresses.user_app)
    expect(page.get_by_role("heading", level=1)).to_have_text("Déposer")
    expect(page.get_by_text("Modèle 1")).to_be_visible()
    page.goto(f"{platform.addresses.admin_app}/audit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Historique")
    context.close()
