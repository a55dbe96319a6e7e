"""Folders and series, and what is said of them before a byte is sent."""

import re
import zipfile
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from tests.browser import samples, steps
from tests.browser.looks import look_at
from tests.browser.steps import CUT_LINE
from tests.intake import dicom_files as dicom
from tests.intake import scan_files as scan

pytestmark = pytest.mark.usefixtures("worker", "held_for_a_moment")
GONE = "ERR_UPLOAD_FILE_CHANGED|ERR_FILE_NOT_FOUND|ERR_ACCESS_DENIED|ERR_FAILED"


def cbct(folder, count, side=16, **values):
    """A folder as a CBCT's own export is: slices below, and a file manager's litter."""
    below = folder / "DICOM" / "SE1"
    below.mkdir(parents=True)
    for number, one in enumerate(dicom.slices(count, rows=side, columns=side, **values)):
        (below / f"IM{number:04}").write_bytes(dicom.written(one))
    (folder / ".DS_Store").write_bytes(b"litter")
    return folder


def jaw(path):
    path.write_bytes(scan.binary_stl(scan.triangles()))
    return path


def drop(page, *paths, at=".upload-box"):
    """Drop files and folders of this computer on the upload box, as a hand does."""
    page.locator(at).scroll_into_view_if_needed()
    box = page.locator(at).bounding_box()
    devtools = page.context.new_cdp_session(page)
    place = {"x": box["x"] + 20, "y": box["y"] + 20}
    data = {"items": [], "files": list(map(str, paths)), "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})


class Held:
    """Uploads that are announced and wait until the test lets them go."""

    def __init__(self, page):
        self.page, self.routes = page, []
        page.route("**/files/", self._hold)

    def _hold(self, route):
        if route.request.method == "POST":
            self.routes.append(route)
        else:
            route.continue_()

    def let_go(self):
        self.page.unroute("**/files/")
        for route in self.routes:
            # One whose file was removed meanwhile is gone.
            with suppress(Error):
                route.continue_()


def need(page, words):
    return (
        page.get_by_role("list", name="What we need").get_by_role("listitem").filter(has_text=words)
    )


def height(page):
    return page.evaluate("document.documentElement.scrollHeight")


def remove(page, name):
    steps.file_line(page, name).get_by_role("button", name="Remove").click()
    expect(steps.file_line(page, name)).to_have_count(0)


def test_another_patients_cbct_and_the_wrong_arch_are_said_before_a_byte_is_sent(
    portal, visit, tmp_path
):
    theirs = cbct(tmp_path / "CD of another", 120, PatientName="Other^Person")
    ours = cbct(tmp_path / "CD", 120, PatientName="Upton^Ursula")
    page = visit("dentist")
    page.goto("/cases/new/")
    steps.fill_case(page, "Ursula Upton", teeth=["3"])
    held = Held(page)
    drop(page, theirs, jaw(tmp_path / "lower.stl"))
    of_another = "“CD of another.zip” is of Person Other, and the case of Ursula Upton."
    wrong_arch = "The guide is for the upper arch, and the scan that came is of the lower"
    expect(need(page, of_another)).to_contain_text("Checked in your browser.")
    expect(need(page, wrong_arch)).to_contain_text("Checked in your browser.")
    expect(page.get_by_text("Left out: 1 file that is no scan (.DS_Store).")).to_be_visible()
    look_at(page, "needs-wrong")
    for name in "CD of another.zip", "lower.stl":
        remove(page, name)
    drop(page, ours, jaw(tmp_path / "upper.stl"))
    expect(need(page, "“upper.stl”")).to_be_visible()
    expect(need(page, "120 slices, 0.3 mm")).to_be_visible()
    for words in of_another, wrong_arch:
        expect(need(page, words)).to_have_count(0)
    held.let_go()
    for name in "CD.zip", "upper.stl":
        steps.expect_stored(page, name)
    # The server says the same, and no longer the browser.
    expect(need(page, "120 slices, 0.3 mm")).not_to_contain_text("Checked in your browser.")
    expect(need(page, "“upper.stl”")).not_to_contain_text("Checked in your browser.")
    expect(steps.file_line(page, "CD.zip")).to_contain_text("CBCT series · 120 files")
    look_at(page, "needs-right")
    number = steps.submit_case(page)
    expect(page.get_by_role("list", name="What we need")).to_contain_text("120 slices, 0.3 mm")
    page.goto(f"/cases/{number}/")
    expect(page.locator("#files-of-case")).to_contain_text("120 files in one")
    stored, _ = portal.stored_file("CD.zip")
    with zipfile.ZipFile(stored) as packed:
        assert packed.testzip() is None
        assert sorted(packed.namelist())[0] == "CD/DICOM/SE1/IM0000"


def test_600_slices_are_one_line_and_go_on_after_a_cut(portal, visit, complaints, tmp_path):
    complaints.expect(CUT_LINE)
    folder = cbct(tmp_path / "Six hundred", 600, side=140)
    page = visit("dentist")
    line = steps.Line(page)
    page.goto("/cases/new/")
    before = height(page)
    line.limit(3)
    page.locator(".uploads input[webkitdirectory]").set_input_files(folder)
    name = "Six hundred.zip"
    steps.wait_for_share(page, name, 0.2)
    expect(page.locator(".upload-item")).to_have_count(1)
    own = steps.file_line(page, name)
    expect(own).to_contain_text("CBCT series · 600 files")
    bar = page.get_by_role("region", name="Uploads")
    expect(bar).to_contain_text(re.compile(r"Sending: 1 file · \d+ of \d+ MB · \d+ %"))
    expect(bar).to_be_in_viewport()
    assert height(page) < before + 300
    look_at(page, "series-on-its-way")
    line.cut()
    expect(own).to_contain_text("Waiting for the connection, nothing is lost")
    line.limit(100)
    steps.expect_stored(page, name)
    expect(bar).to_have_count(0)
    assert line.created == 1
    stored, noted = portal.stored_file(name)
    assert samples.sha256(stored) == noted
    with zipfile.ZipFile(stored) as packed:
        assert packed.testzip() is None
        assert len(packed.namelist()) == 600


def test_all_that_is_on_its_way_is_cancelled_in_one_go(visit, tmp_path):
    arrived, late = jaw(tmp_path / "arrived.stl"), samples.noise(tmp_path / "late.bin", 24)
    page = visit("dentist")
    line = steps.Line(page)
    page.goto("/cases/new/")
    steps.choose_files(page, arrived)
    steps.expect_stored(page, arrived.name)
    line.limit(1)
    steps.choose_files(page, late)
    steps.wait_for_share(page, late.name, 0.05)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("region", name="Uploads").get_by_role("button", name="Cancel").click()
    expect(steps.file_line(page, late.name)).to_have_count(0)
    expect(page.locator("[data-upload-news]")).to_contain_text("What had arrived is kept.")
    expect(steps.file_line(page, arrived.name)).to_be_visible()


def pull_away(path):
    path.unlink()


def write_on(path):
    path.write_bytes(path.read_bytes() + b"more")


@pytest.mark.parametrize("happens", [pull_away, write_on])
def test_a_file_that_is_pulled_away_is_told_by_name_and_gives_the_form_back(
    visit, complaints, tmp_path, happens
):
    complaints.expect(GONE)
    path = samples.noise(tmp_path / "pulled.bin", 24)
    page = visit("dentist")
    line = steps.Line(page)
    page.goto("/cases/new/")
    steps.fill_case(page, "Paula Pulled" if happens is pull_away else "Wilma Written")
    line.limit(2)
    steps.choose_files(page, path)
    steps.wait_for_share(page, path.name, 0.1)
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_role("button", name=re.compile(r"^Sending… \d+ %$"))).to_be_visible()
    happens(path)
    line.cut()
    line.limit(100)
    own = steps.file_line(page, path.name)
    expect(own).to_contain_text("“pulled.bin” was changed, moved or can no longer be read")
    expect(page.locator("[data-uploads-note]")).to_contain_text("“pulled.bin” could not be sent")
    expect(page.get_by_role("button", name="Submit", exact=True)).to_be_enabled()
    # Chosen again, it goes; and the line that failed is gone.
    samples.noise(path, 1)
    steps.choose_files(page, path)
    steps.expect_stored(page, path.name)
    expect(steps.file_line(page, path.name)).to_have_count(1)
    steps.submit_case(page)


def test_a_slice_that_goes_before_its_turn_is_told_by_name(visit, complaints, tmp_path):
    complaints.expect(GONE)
    folder = cbct(tmp_path / "Stick", 30)
    page = visit("dentist")
    page.goto("/cases/new/")
    others = [samples.noise(tmp_path / f"before-{n}.bin", 2) for n in range(3)]
    line = steps.Line(page)
    line.limit(0.1)
    steps.choose_files(page, *others)
    expect(page.locator(".upload-item.is-sending")).to_have_count(3)
    page.locator(".uploads input[webkitdirectory]").set_input_files(folder)
    own = steps.file_line(page, "Stick.zip")
    expect(own).to_contain_text("Waiting for its turn")
    (folder / "DICOM" / "SE1" / "IM0007").unlink()
    line.limit(100)
    expect(own).to_contain_text("“IM0007” was changed, moved or can no longer be read")
    expect(own.get_by_role("button")).to_have_text(["Remove"])


def test_what_is_dropped_beside_the_box_does_not_open_in_its_place(visit, tmp_path):
    page = visit("dentist")
    page.goto("/cases/new/")
    page.get_by_label("Patient name").fill("Berta Beside")
    drop(page, jaw(tmp_path / "beside.stl"), at=".site-footer")
    expect(page.get_by_label("Patient name")).to_have_value("Berta Beside")
    assert page.url.endswith("/cases/new/") or "draft=" in page.url


def test_a_newer_scan_replaces_an_older_one_from_the_line_that_lacks_it(visit, tmp_path):
    old, new = jaw(tmp_path / "first try.stl"), jaw(tmp_path / "second try.stl")
    page = visit("dentist")
    page.goto("/cases/new/")
    steps.fill_case(page, "Nora Newer", teeth=["3"])
    steps.choose_files(page, old)
    steps.expect_stored(page, old.name)
    number = steps.submit_case(page)
    page.goto(f"/cases/{number}/")
    with page.expect_file_chooser() as waiting:
        page.get_by_role("button", name="Upload: CBCT").click()
    waiting.value.set_files(new)
    steps.expect_stored(page, new.name)
    page.get_by_label("second try.stl shows").select_option("Upper")
    expect(page.locator("[data-upload-news]")).to_contain_text("second try.stl shows: Upper.")
    expect(need(page, "Upper scan")).to_contain_text("“second try.stl”")
    page.get_by_label("second try.stl replaces").select_option("first try.stl")
    expect(page.locator("[data-upload-news]")).to_contain_text("replaces: first try.stl.")
    look_at(page, "record-replaces")
    page.get_by_role("button", name="Look over and submit").last.click()
    page.get_by_label("Signature").fill("Dana Demo")
    page.get_by_role("button", name="Submit", exact=True).click()
    replaced = page.locator("#files-of-case tr.is-replaced")
    expect(replaced).to_contain_text("Replaced by second try.stl")
    expect(replaced).to_contain_text("RX revision 1")
    row = page.locator("#files-of-case tr").filter(has_text="RX revision 2")
    expect(row).to_contain_text("Surface scan, upper")
