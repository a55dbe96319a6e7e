"""Uploads over lines that break, in a browser, into a portal that really runs."""

import re
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from cases.files.uploads import AT_ONCE_A_PERSON
from portal.http import slots
from tests.browser import samples, steps
from tests.browser.looks import look_at
from tests.browser.steps import CUT_LINE
from tests.waiting import until

BIG = 300  # megabytes
SMALLER = 24
SLOW = 3  # megabytes a second, so that a test can step in before a smaller file is through
# What nginx says while no web process answers.
NOBODY_THERE = "502"

pytestmark = pytest.mark.usefixtures("worker", "held_for_a_moment")


def form_with_a_line(visit, megabytes_a_second=SLOW):
    page = visit("dentist")
    line = steps.Line(page)
    page.goto("/cases/new/")
    line.limit(megabytes_a_second)
    return page, line


def begun(visit, path, share=0.2):
    """The form of a case with a file that is `share` (0 to 1) of its way."""
    page, line = form_with_a_line(visit)
    steps.choose_files(page, path)
    steps.wait_for_share(page, path.name, share)
    return page, line, steps.file_line(page, path.name)


def assert_stored_whole(portal, path):
    stored, noted = until(lambda: portal.stored_file(path.name), 30)
    assert stored.stat().st_size == path.stat().st_size
    assert samples.sha256(stored) == noted == samples.sha256(path)


def test_300_megabytes_go_on_after_a_crash_and_after_a_cut(portal, visit, complaints, tmp_path):
    complaints.expect(f"{CUT_LINE}|{NOBODY_THERE}")
    # Chromium itself sends the request once more, which comes at the wrong offset.
    complaints.expect("status of 409")
    scan = samples.noise(tmp_path / "cbct-big.bin", BIG)
    page, line = form_with_a_line(visit, 80)
    steps.choose_files(page, scan)
    steps.wait_for_share(page, scan.name, 0.15)
    portal.kill_web_workers()
    steps.wait_for_share(page, scan.name, 0.5)
    line.cut()
    expect(steps.file_line(page, scan.name)).to_contain_text("Waiting for the connection")
    line.limit(500)
    steps.expect_stored(page, scan.name, 90)
    assert line.created == 1
    assert line.offsets[0] == 0
    assert line.offsets[1] > 0.1 * scan.stat().st_size, "after the crash it began again"
    assert line.offsets[-1] > 0.4 * scan.stat().st_size, "after the cut it began again"
    assert_stored_whole(portal, scan)


def test_a_paused_upload_sends_nothing_and_resumes_where_it_was(portal, visit, tmp_path):
    scan = samples.noise(tmp_path / "paused.bin", SMALLER)
    page, line, own_line = begun(visit, scan)
    own_line.get_by_role("button", name="Pause").click()
    expect(own_line).to_contain_text("Paused")
    expect(own_line.get_by_role("button", name="Pause")).to_be_hidden()
    assert len(line.offsets) == 1
    line.limit(100)
    own_line.get_by_role("button", name="Resume").click()
    steps.expect_stored(page, scan.name)
    assert line.created == 1
    assert min(line.offsets[1:]) > 0.1 * scan.stat().st_size
    assert_stored_whole(portal, scan)


def test_a_closed_tab_goes_on_when_the_same_file_is_chosen_again(
    portal, visit, complaints, tmp_path
):
    complaints.expect(CUT_LINE)
    scan = samples.noise(tmp_path / "closed-tab.bin", SMALLER)
    page, line = form_with_a_line(visit)
    page.get_by_label("Patient name").fill("Tabea Closed")
    steps.choose_files(page, scan)
    steps.kept(page)
    steps.wait_for_share(page, scan.name, 0.2)
    remembered = page.evaluate("JSON.stringify(localStorage)")
    assert "/files/" in remembered
    assert "closed-tab" not in remembered
    # Closing takes the limit away, and the rest would come at once before the tab is gone.
    line.cut()
    expect(steps.file_line(page, scan.name)).to_contain_text("Waiting for the connection")
    again = page.context.new_page()
    page.close()
    line = steps.Line(again)
    again.goto("/cases/new/")
    again.get_by_role("link", name="New case for Tabea Closed").click()
    expect(again.get_by_label("Patient name")).to_have_value("Tabea Closed")
    unfinished = steps.file_line(again, scan.name)
    expect(unfinished).to_contain_text("Choose the same file again to go on")
    steps.choose_files(again, scan)
    steps.expect_stored(again, scan.name)
    assert line.created == 0
    assert line.offsets[0] > 0.1 * scan.stat().st_size
    assert_stored_whole(portal, scan)


def test_a_form_without_a_patient_is_found_again(visit, tmp_path):
    scan = samples.surface_scan(tmp_path / "no-name-yet.stl")
    page = visit("dentist")
    page.goto("/cases/new/")
    steps.choose_files(page, scan)
    page.get_by_label("Description").fill("A guide for nobody yet.")
    steps.kept(page)
    steps.expect_stored(page, scan.name)
    again = page.context.new_page()
    page.close()
    for place in "/cases/new/", "/cases/", "/":
        again.goto(place)
        waiting = again.get_by_role("region", name="Not sent yet").get_by_role("listitem").first
        expect(waiting).to_contain_text("without a patient name, 1 file, ")
        look_at(again, f"not-sent{place.replace('/', '-')}")
    waiting.get_by_role("link").click()
    expect(again.get_by_label("Description")).to_have_value("A guide for nobody yet.")
    expect(steps.file_line(again, scan.name)).to_contain_text("Stored")


TO_ANOTHER_HOST = """
from django.utils import timezone
from cases.models import Attachment
from portal.models import Host
file = Attachment.objects.get(name="{name}", state="uploading")
file.staging_path.unlink()
Attachment.objects.filter(pk=file.pk).update(host="web9")
Host.objects.create(name="web9", heard_at=timezone.now())
"""


def test_an_upload_waits_for_its_host_and_says_that_it_begins_again(
    portal, visit, complaints, tmp_path
):
    complaints.expect("status of 503|status 503")
    scan = samples.noise(tmp_path / "other-host.bin", SMALLER)
    page, line, own_line = begun(visit, scan)
    own_line.get_by_role("button", name="Pause").click()
    portal.manage("shell", "-v0", "-c", TO_ANOTHER_HOST.format(name=scan.name))
    own_line.get_by_role("button", name="Resume").click()
    expect(own_line).to_contain_text("Waiting for the connection, nothing is lost")
    forget = "from portal.models import Host; Host.objects.filter(name='web9').delete()"
    portal.manage("shell", "-v0", "-c", forget)
    said = "The server that had the first part is away, so it is sent again from the start."
    expect(own_line).to_contain_text(said)
    expect(page.locator("[data-upload-news]").first).to_contain_text(said)
    line.limit(100)
    steps.expect_stored(page, scan.name)
    assert line.created == 1
    assert set(line.offsets) == {0}
    assert_stored_whole(portal, scan)


def test_several_files_at_once_show_speed_and_all_arrive(portal, visit, tmp_path):
    scans = [samples.noise(tmp_path / f"several-{number}.bin", 8) for number in range(5)]
    page, line = form_with_a_line(visit, 4)
    steps.choose_files(page, *scans)
    expect(page.locator(".upload-item.is-sending")).to_have_count(3)
    expect(page.locator(".upload-item.is-queued")).to_have_count(2)
    # How fast it is, is the machine's.
    expect(steps.file_line(page, scans[0].name)).to_contain_text(re.compile(r"B/s, \d+ \w+ left"))
    line.limit(100)
    for scan in scans:
        steps.expect_stored(page, scan.name)
        assert_stored_whole(portal, scan)


def test_an_upload_that_is_one_too_many_waits_and_goes_on_by_itself(
    portal, visit, complaints, settings, tmp_path
):
    complaints.expect("status of 429")
    settings.DATA_DIR = portal.data_dir
    (person,) = portal.rows("SELECT id FROM accounts_user WHERE email = 'dentist@demo.example'")[0]
    scan = samples.noise(tmp_path / "seventh.bin", 2)
    page, line = form_with_a_line(visit, 100)
    with ExitStack() as others:
        for _ in range(AT_ONCE_A_PERSON):
            others.enter_context(slots.taken(f"uploads of person {person}", AT_ONCE_A_PERSON))
        steps.choose_files(page, scan)
        expect(steps.file_line(page, scan.name)).to_contain_text("nothing is lost")
        assert not portal.stored_file(scan.name)
    steps.expect_stored(page, scan.name)
    assert line.created == 1
    assert_stored_whole(portal, scan)


def test_files_can_be_dropped_and_removed(portal, visit):
    page = visit("dentist")
    page.goto("/cases/new/")
    dropped = page.evaluate_handle(
        """() => {
            const hand = new DataTransfer();
            hand.items.add(new File(["solid arch"], "dropped-upper.stl"));
            hand.items.add(new File(["solid bite"], "dropped-lower.stl"));
            return hand;
        }"""
    )
    page.locator(".upload-box").dispatch_event("drop", {"dataTransfer": dropped})
    steps.expect_stored(page, "dropped-upper.stl")
    steps.expect_stored(page, "dropped-lower.stl")
    page.get_by_role("button", name="Remove dropped-upper.stl").click()
    expect(steps.file_line(page, "dropped-upper.stl")).to_have_count(0)
    until(lambda: portal.stored_file("dropped-upper.stl") is None)
    expect(steps.file_line(page, "dropped-lower.stl")).to_be_visible()


def test_submit_waits_for_files_that_are_on_their_way(portal, visit, tmp_path):
    scan = samples.noise(tmp_path / "late.bin", SMALLER)
    page, line = form_with_a_line(visit)
    steps.fill_case(page, "Lara Late")
    steps.choose_files(page, scan)
    steps.wait_for_share(page, scan.name, 0.1)
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_text("The form goes off by itself when they are in.")).to_be_visible()
    line.limit(100)
    page.wait_for_url("**/created/")
    expect(page.locator("#files-of-case")).to_contain_text(scan.name)
    assert_stored_whole(portal, scan)


def test_what_is_missing_is_said_at_once_and_the_upload_goes_on(
    portal, visit, complaints, tmp_path
):
    complaints.expect("status of 422")
    scan = samples.noise(tmp_path / "very-late.bin", SMALLER)
    page, line = form_with_a_line(visit, 1)
    steps.fill_case(page, "Mia Missing", teeth=())
    page.get_by_label("Signature").fill("  ")
    page.get_by_label("Surgery date").fill("2020-02-02")
    steps.choose_files(page, scan)
    steps.wait_for_share(page, scan.name, 0.05)
    page.get_by_role("button", name="Submit", exact=True).click()
    summary = page.locator("#errors")
    expect(summary).to_be_focused()
    for words in "at least one tooth", "type your full name", "is in the past":
        expect(summary).to_contain_text(words)
    expect(page.get_by_label("Surgery date")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_signed_name_error")).to_contain_text("type your full name")
    expect(steps.file_line(page, scan.name)).to_contain_text("left")
    look_at(page, "new-case-checked")
    summary.get_by_role("link", name="Please choose at least one tooth.").click()
    page.locator("[data-tooth='14']").click()
    page.get_by_label("Surgery date").fill("")
    page.get_by_label("Signature").fill("Dana Demo")
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_text("The form goes off by itself when they are in.")).to_be_visible()
    expect(summary).to_have_count(0)
    line.limit(100)
    page.wait_for_url("**/created/")
    assert (line.created, line.offsets) == (1, [0])
    assert_stored_whole(portal, scan)


def test_a_contradiction_is_asked_about_while_files_are_on_their_way(
    portal, visit, complaints, tmp_path
):
    complaints.expect("status of 422")
    scan = samples.noise(tmp_path / "asked.bin", SMALLER)
    page, line = form_with_a_line(visit, 1)
    steps.fill_case(page, "Ada Asked", teeth=("14",), description="A guide for #19, please.")
    steps.choose_files(page, scan)
    steps.wait_for_share(page, scan.name, 0.05)
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.locator("#asked")).to_be_focused()
    expect(steps.file_line(page, scan.name)).to_contain_text("left")
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_text("The form goes off by itself when they are in.")).to_be_in_viewport()
    line.limit(100)
    page.wait_for_url("**/created/")
    assert (line.created, line.offsets) == (1, [0])
    assert_stored_whole(portal, scan)


def test_what_was_typed_and_uploaded_survives_an_ended_session(visit, tmp_path, complaints):
    # What keeps the text may ask once more, between the end of the session and Submit.
    complaints.expect("status of 401.*cases/drafts")
    scan = samples.surface_scan(tmp_path / "kept-scan.stl")
    page = visit("frontdesk")
    page.goto("/cases/new/")
    steps.fill_case(page, "Sessia Ended", teeth=("3", "19"), description="Kept, I hope.")
    page.locator("#id_implant_19").fill("Nobel Active 4.3 × 10")
    steps.choose_files(page, scan)
    steps.expect_stored(page, scan.name)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_text("What you typed and uploaded is kept")).to_be_visible()
    steps.sign_in(page, "frontdesk@demo.example")
    expect(page.get_by_label("Patient name")).to_have_value("Sessia Ended")
    expect(page.get_by_label("Description")).to_have_value("Kept, I hope.")
    expect(page.locator("#id_implant_19")).to_have_value("Nobel Active 4.3 × 10")
    expect(page.locator("[data-tooth='3']")).to_have_attribute("aria-checked", "true")
    expect(steps.file_line(page, scan.name)).to_contain_text("Stored")
    page.get_by_label("Signature").fill("Dana Demo")
    steps.submit_case(page)
    expect(page.locator("#files-of-case")).to_contain_text(scan.name)
    expect(page.locator("main")).to_contain_text("Sessia Ended")


def test_an_upload_whose_session_has_ended_goes_on_after_sign_in(
    portal, visit, tmp_path, complaints
):
    complaints.expect("status of 401")
    scan = samples.noise(tmp_path / "signed-out.bin", SMALLER)
    page, line, own_line = begun(visit, scan)
    own_line.get_by_role("button", name="Pause").click()
    page.context.clear_cookies(name="sessionid")
    line.limit(100)
    own_line.get_by_role("button", name="Resume").click()
    expect(own_line).to_contain_text("You were signed out. Nothing is lost.")
    with page.context.expect_page() as opened:
        own_line.get_by_role("link", name="Sign in again").click()
    steps.sign_in(opened.value, "dentist@demo.example")
    own_line.get_by_role("button", name="Retry").click()
    steps.expect_stored(page, scan.name)
    assert line.created == 1
    assert line.offsets[-1] > 0.1 * scan.stat().st_size
    assert_stored_whole(portal, scan)
