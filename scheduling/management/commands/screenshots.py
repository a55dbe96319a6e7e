from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from PIL import Image

from accounts.models import User
from accounts.sign_in import second_step
from cases.models import Case
from cases.progress import Progress
from scheduling.demo import people
from scheduling.models import PlanningSession

PICTURES = settings.BASE_DIR / "static" / "img" / "manual"
SIZE = {"width": 1280, "height": 800}
CHROMIUM = Path("/usr/bin/chromium-headless-shell")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Command(BaseCommand):
    help = "Take the pictures of the manual from the demo, which `make run` must be running."

    def add_arguments(self, parser):
        parser.add_argument("--address", default=settings.SITE_URL)
        parser.add_argument("--email", default="dentist@demo.example")
        parser.add_argument("--password", default=people.PASSWORD)

    def handle(self, address, email, password, **options):
        from playwright.sync_api import Error, sync_playwright

        pages = self.pages(email)
        PICTURES.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            chromium = str(CHROMIUM) if CHROMIUM.exists() else None
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            try:
                page.goto(f"{address}/accounts/login/")
            except Error as problem:
                raise CommandError(
                    f"Nothing answers at {address}. Start the demo with `make run` first."
                ) from problem
            page.locator("[name=login]").fill(email)
            page.locator("[name=password]").fill(password)
            page.get_by_role("button", name="Sign in", exact=True).click()
            if found := second_step.current_code(User.objects.get(email=email)):
                page.locator("[name=code]").fill(found[0])
                page.get_by_role("button", name="Sign in", exact=True).click()
            page.wait_for_url("**/cases/")
            for name, path in pages.items():
                page.goto(f"{address}{path}")
                self.keep(name, page.screenshot())
            browser.close()

    def pages(self, email):
        """The address of each picture's page, with cases of the demo's own practice."""
        cases = Case.objects.filter(practice__members__email=email, archived_at=None)

        def record(progress, page=""):
            case = cases.filter(progress=progress).first()
            if case is None:
                raise CommandError("The demo data lacks a case for each picture. Run it afresh.")
            return f"/cases/{case.number}/{page}"

        booked = PlanningSession.objects.booked().filter(case__in=cases).first()
        return {
            "first-page": "/",
            "new-case": "/cases/new/",
            "confirmation": record(Progress.PROCESSING, "created/"),
            "cases": "/cases/",
            "record": record(Progress.MISSING),
            "schedule": record(Progress.READY, "schedule/"),
            "scheduled": f"/cases/{booked.case.number}/schedule/",
            "account": "/account/",
        }

    def keep(self, name, png):
        path = PICTURES / f"{name}.webp"
        Image.open(BytesIO(png)).save(path, quality=82, method=6)
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)}, {path.stat().st_size:,} bytes")
