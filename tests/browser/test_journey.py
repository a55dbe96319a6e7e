"""A case from sign-in to Shipped and into the archive: dentist and lab, side by side."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import icalendar
import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser import mailbox, samples, steps
from tests.waiting import PATIENCE

pytestmark = pytest.mark.embedded

PATIENT = "Zsófia Wanderström"
DESCRIPTION = "Full arch on six implants; please keep clear of the sinus."
IMPLANT = "Straumann BLX 4.0 × 10 mm"
TRACKING = "1Z999AA10123456784"


@dataclass
class Journey:
    """The two people at their windows, and the case that goes to and fro between them."""

    portal: object
    dentist: Page
    lab: Page
    folder: Path
    number: str = ""
    practice_email: str = ""
    mails: dict = field(default_factory=dict)

    def open_list(self, **state):
        self.dentist.goto("/cases/?" + "&".join(f"{key}={value}" for key, value in state.items()))

    def open_record(self):
        self.dentist.goto(f"/cases/{self.number}/")

    def open_admin(self):
        self.lab.goto(f"/admin/cases/case/?q={self.number}")
        self.lab.locator("#result_list").get_by_role("link", name=self.number).click()

    def lab_moves_to(self, progress, **fields):
        """Choose a next step in the lab admin, and see that the case has taken it."""
        self.lab_presses(progress, **fields)
        expect(self.lab.locator(".messagelist .success")).to_be_visible()

    def lab_presses(self, progress, **fields):
        """Choose a next step in the lab admin, fill its form and press its button."""
        self.open_admin()
        self.lab.get_by_role("link", name=progress, exact=True).click()
        for name, value in fields.items():
            control = self.lab.locator(f"[name={name}]")
            if control.evaluate("control => control.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)
        self.lab.get_by_role("button", name=f"Move to {progress}").click()

    def mail(self, to, subject, number=1):
        return mailbox.wait_for_mail(self.portal, to, f"{subject}", number)

    def status(self):
        return self.dentist.locator(".status-panel")


@pytest.fixture
def journey(portal, worker, visit, tmp_path):
    return Journey(portal, visit(), visit(), tmp_path)


def test_a_case_travels_from_sign_in_to_shipped(journey):
    both_sign_in(journey)
    scan, ct = the_dentist_sends_a_case(journey)
    the_dentist_gets_mail_and_script(journey)
    the_lab_downloads_the_files(journey, scan, ct)
    the_lab_misses_something(journey)
    the_dentist_answers(journey)
    both_write_messages(journey)
    the_dentist_books_a_session(journey)
    a_missed_session_is_booked_again(journey)
    the_lab_makes_and_ships_the_guide(journey)
    the_dentist_archives_and_restores(journey)
    no_mail_names_the_patient(journey)


def both_sign_in(journey):
    for page, email in ((journey.dentist, "dentist"), (journey.lab, "lab")):
        page.goto("/")
        page.get_by_role("main").get_by_role("link", name="Sign in").click()
        steps.sign_in(page, f"{email}@demo.example", journey.portal if email == "lab" else None)
        expect(page.get_by_role("heading", name="Cases")).to_be_visible()


def the_dentist_sends_a_case(journey):
    page = journey.dentist
    scan = samples.surface_scan(journey.folder / "upper-arch.stl")
    ct = samples.ct_slice(journey.folder / "slice-001.dcm")
    page.get_by_role("main").get_by_role("link", name="New case", exact=True).click()
    steps.choose_files(page, scan, ct)
    steps.fill_case(page, PATIENT, teeth=("3", "14"), description=DESCRIPTION)
    page.locator("#id_implant_14").fill(IMPLANT)
    page.get_by_label("Guidance").select_option("full")
    steps.expect_stored(page, scan.name)
    journey.number = steps.submit_case(page)
    main = page.get_by_role("main")
    for text in (PATIENT, DESCRIPTION, scan.name, ct.name, "Fully guided"):
        expect(main).to_contain_text(text)
    expect(page.locator("#files-of-case .is-stored")).to_have_count(2, timeout=20_000 * PATIENCE)
    return scan, ct


def the_dentist_gets_mail_and_script(journey):
    lead = journey.dentist.locator(".lead-in").inner_text()
    journey.practice_email = lead.split()[-1].rstrip(".")
    mail = journey.mail(journey.practice_email, f"Case {journey.number} has arrived")
    assert f"/cases/{journey.number}/" in mailbox.text(mail)
    journey.dentist.get_by_role("link", name="Open the case").click()
    script = script_text(journey, 1)
    for text in (PATIENT, DESCRIPTION, IMPLANT, "3", "14", "Fully guided", "Dana Demo"):
        assert text in script, text


def script_text(journey, revision):
    page = journey.dentist
    link = page.get_by_role("link", name=f"RX script, revision {revision}", exact=True)
    expect(link).to_be_visible(timeout=40_000 * PATIENCE)
    with steps.saved(page, journey.folder) as paths:
        link.click()
    assert paths[0].name == f"RX-{journey.number}-r{revision}.pdf"
    pages = PdfReader(paths[0]).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def the_lab_downloads_the_files(journey, *sent):
    journey.open_admin()
    for path in sent:
        with steps.saved(journey.lab, journey.folder) as paths:
            journey.lab.get_by_role("link", name=path.name).first.click()
        assert samples.sha256(paths[0]) == samples.sha256(path)
    journey.lab_moves_to("Received")
    journey.open_record()
    expect(journey.status()).to_contain_text("Received")


def the_lab_misses_something(journey):
    lab = journey.lab
    journey.open_admin()
    lab.get_by_role("link", name="Missing CBCT/Models", exact=True).click()
    reasons = lab.locator("[name=reasons]")
    # What the files lack is ticked already, and the lab decides.
    assert reasons.count() >= 2
    for number in range(reasons.count()):
        reasons.nth(number).set_checked(number < 2)
    lab.locator("[name=note]").fill("The scan ends before the second molar.")
    lab.get_by_role("button", name="Move to Missing CBCT/Models").click()
    expect(lab.locator(".messagelist .success")).to_be_visible()
    journey.mail(journey.practice_email, f"Case {journey.number} needs records")


def the_dentist_answers(journey):
    page = journey.dentist
    journey.open_list(q=journey.number)
    row = steps.row(page, journey.number)
    expect(row).to_have_class("progress-red")
    expect(row).to_contain_text("Missing CBCT/Models")
    expect(row).to_contain_text("No date")
    row.get_by_role("link", name=PATIENT).click()
    needs = page.locator(".missing-list > li")
    expect(needs).to_have_count(2)
    answer = samples.surface_scan(journey.folder / "lower-arch.stl")
    needs.nth(0).locator(steps.FILES_INPUT).set_input_files(answer)
    expect(needs.nth(0).locator(".upload-item.is-stored")).to_contain_text(answer.name)
    page.get_by_role("button", name="Look over and submit").last.click()
    dates = page.locator(".dates-change dd")
    expect(dates.nth(0)).to_have_text("No date")
    new_date = datetime.strptime(dates.nth(1).inner_text(), "%a, %b %d, %Y").date()
    assert new_date > datetime.now().date()
    expect(page.get_by_role("main")).to_contain_text(answer.name)
    page.get_by_label("Signature").fill("Dana Demo")
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(journey.status()).to_contain_text("Processing")
    expect(journey.status()).to_contain_text(f"{new_date:%b} {new_date.day}, {new_date.year}")
    expect(page.locator("#files-of-case")).to_contain_text(answer.name)
    assert answer.name in script_text(journey, 2)
    assert answer.name not in script_text(journey, 1)


def both_write_messages(journey):
    page, lab = journey.dentist, journey.lab
    page.get_by_role("textbox", name="Message").fill("Is the scan good enough now?")
    page.get_by_role("button", name="Send message").click()
    expect(page.locator(".thread")).to_contain_text("Is the scan good enough now?")
    subject = f"New message on case {journey.number}"
    to_lab = journey.mail("cases@guidepost.example", subject)
    assert "good enough" not in mailbox.text(to_lab)
    journey.open_admin()
    expect(lab.locator("body")).to_contain_text("Is the scan good enough now?")
    lab.locator("[name=body]").fill("It is, thank you.")
    lab.get_by_role("button", name="Send message").click()
    journey.mail(journey.practice_email, subject)
    page.reload()
    expect(page.locator(".thread")).to_contain_text("It is, thank you.")


def the_dentist_books_a_session(journey):
    journey.lab_moves_to("Ready to Plan")
    journey.mail(journey.practice_email, f"Case {journey.number} is ready to plan")
    book(journey, 0)
    page = journey.dentist
    expect(page.get_by_role("main")).to_contain_text("TeamViewer")
    starts_at = datetime.fromisoformat(page.locator("main time").first.get_attribute("datetime"))
    link = page.get_by_role("link", name="Add to Google Calendar").get_attribute("href")
    assert link.startswith("https://calendar.google.com/calendar/render?action=TEMPLATE")
    with steps.saved(page, journey.folder) as paths:
        page.get_by_role("link", name="Calendar file").click()
    events = icalendar.Calendar.from_ical(paths[0].read_bytes()).walk("VEVENT")
    assert [event.decoded("DTSTART") for event in events] == [starts_at]
    assert PATIENT.split()[1] not in paths[0].read_text()
    journey.mail(journey.practice_email, f"Case {journey.number}: planning session on")
    journey.open_record()
    expect(journey.status()).to_contain_text("Planning Scheduled")
    expect(page.locator("#planning")).to_contain_text("A booked session cannot be changed here")


def book(journey, choice):
    """Press Schedule in the list, pick the free time of this number and press Go."""
    page = journey.dentist
    journey.open_list(q=journey.number)
    steps.row(page, journey.number).get_by_role("link", name="Schedule").click()
    page.locator(".slot").nth(choice).click()
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_role("heading", name="The planning session is booked")).to_be_visible()


LET_THE_DAY_COME = """
from datetime import timedelta
from django.utils import timezone
from scheduling.models import PlanningSession
block = PlanningSession.objects.booked().get(case__number="{number}").block
block.ends_at, block.starts_at = timezone.now(), timezone.now() - timedelta(hours=1)
block.save()
"""


def let_the_day_come(journey):
    """Nobody waits for a date that may be days ahead; only the clock is helped along."""
    journey.portal.manage("shell", "-v0", "-c", LET_THE_DAY_COME.format(number=journey.number))


def a_missed_session_is_booked_again(journey):
    journey.open_admin()
    journey.lab.get_by_role("link", name="Planning No Show", exact=True).click()
    expect(journey.lab.locator(".messagelist .error")).to_contain_text("has not begun yet")
    let_the_day_come(journey)
    journey.lab_moves_to("Planning No Show")
    journey.mail(journey.practice_email, f"Case {journey.number}: planning session missed")
    journey.open_list(q=journey.number)
    expect(steps.row(journey.dentist, journey.number)).to_have_class("progress-red")
    book(journey, 3)
    journey.mail(journey.practice_email, f"Case {journey.number}: planning session on", 2)


def the_lab_makes_and_ships_the_guide(journey):
    page = journey.dentist
    let_the_day_come(journey)
    journey.lab_moves_to("Manufacturing")
    journey.open_record()
    expect(page.get_by_role("main")).to_contain_text("can no longer be changed here")
    contact = page.locator(".notice").get_by_role("link", name="Write to us")
    assert contact.get_attribute("href").startswith("mailto:cases@guidepost.example?subject=")
    expect(page.get_by_role("button", name="Look over and submit")).to_have_count(0)
    journey.lab_moves_to("Finished")
    journey.lab_moves_to("Shipped", carrier="ups", tracking_number=TRACKING)
    mail = journey.mail(journey.practice_email, f"Case {journey.number} is on its way")
    assert TRACKING in mailbox.text(mail)
    journey.open_record()
    expect(journey.status()).to_contain_text("Shipped")
    link = page.get_by_role("link", name=f"Track {TRACKING}")
    assert link.get_attribute("href").startswith("https://www.ups.com/")
    assert TRACKING in link.get_attribute("href")


def the_dentist_archives_and_restores(journey):
    page, number = journey.dentist, journey.number
    journey.open_list(q=number)
    page.get_by_role("button", name=f"Archive case {number}").click()
    expect(page.get_by_text(f"Case {number} is archived.")).to_be_visible()
    expect(steps.row(page, number)).to_have_count(0)
    page.get_by_role("link", name="Show only archived").first.click()
    expect(steps.row(page, number)).to_have_count(1)
    page.get_by_role("button", name=f"Restore case {number}").click()
    expect(page.get_by_text(f"Case {number} is back in the list.")).to_be_visible()
    journey.open_list(q=number)
    expect(steps.row(page, number)).to_have_count(1)


def no_mail_names_the_patient(journey):
    about = [mail for mail in journey.portal.mails() if journey.number in mail["Subject"]]
    assert len(about) >= 9
    for mail in about:
        text = mailbox.text(mail)
        assert "Wanderström" not in text, mail["Subject"]
        assert "Zsófia" not in text, mail["Subject"]
