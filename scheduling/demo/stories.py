"""How each case of the demo went: the services take its steps, on the days when they fell."""

import uuid
from datetime import timedelta

from django.conf import settings

from cases import carriers, drafts, services
from cases.files import receiving
from cases.models import Draft
from cases.progress import Progress, Who
from cases.rx.revisions import newest_number
from scheduling import services as planning
from scheduling.demo import words
from scheduling.demo.enclosures import LACKING, Enclosures
from scheduling.demo.treatments import implants

THREAD_CHANCE = 0.45
# How the numbers of each carrier begin, and how long they are.
TRACKING = {
    "ups": ("1Z5R893903", 18),
    "fedex": ("9865", 12),
    "usps": ("94001112062064", 22),
    "dhl": ("33", 10),
}


class Story:
    """One case, from its submit to where it stands now."""

    def __init__(self, diary, plan, practice, lab_user, patient_name, treatment, system):
        self.diary, self.rng, self.plan = diary, diary.rng, plan
        self.practice, self.zone, self.lab_user = practice, practice.time_zone, lab_user
        self.patient_name, self.treatment, self.system = patient_name, treatment, system
        self.user = self._member()
        self.reason, self.lab_note, self.answer = self.rng.choice(words.MISSING)
        self.back = plan.begins
        self.session = None

    def tell(self):
        """Take every step; returns the case."""
        unfinished = self.submit()
        for number, (name, days) in enumerate(self.plan.steps):
            self.back -= days
            following = self.plan.steps[number + 1 :][:1]
            moment = getattr(self, name)(*following)
            self.diary.mailed(moment)
            self._talk(name, moment)
        if unfinished and "failed" in self.plan.path:
            receiving.fail_unfinished(unfinished)
        return self.case

    def submit(self):
        """Send the case with its files; returns the file that broke off, if there is one."""
        moment = self.diary.moment(self.back, self.zone)
        form_key, study = self._uuid(), f"{self.rng.randrange(10**8):08}"
        upper = self.treatment.arch == "upper"
        self.files = Enclosures(self.rng, self.user, self.patient_name, study, upper)
        goes_missing = any(name == "missing" for name, _ in self.plan.steps)
        self.files.first(form_key, moment, LACKING.get(self.reason, "") if goes_missing else "")
        unfinished = None
        if "upload" in self.plan.path:
            unfinished = self.files.unfinished(form_key, moment - timedelta(minutes=2))
        dentist = self._dentist()
        self.case, _ = services.submit_case(
            form_key, self._values(dentist, moment), self.user.name, by=self.user, now=moment
        )
        self.diary.mailed(moment)
        return unfinished

    def _values(self, dentist, moment):
        treatment, rng = self.treatment, self.rng
        in_weeks = timedelta(days=rng.randint(18, 40))
        return {
            "dentist": dentist,
            "patient_name": self.patient_name,
            "teeth": list(treatment.teeth),
            "description": treatment.description(self.practice.tooth_numbering),
            "support": treatment.support,
            "guidance": treatment.guidance,
            "sleeve": treatment.sleeve,
            "anchor_pins": treatment.anchor_pins,
            "bone_reduction": treatment.bone_reduction,
            # Implant systems may follow at planning.
            "implants": implants(treatment, self.system) if rng.random() < 0.85 else {},
            "surgery_date": moment.date() + in_weeks if rng.random() < 0.5 else None,
            "shipping_address": self.practice.shipping_address,
        }

    def received(self, *following):
        return self._lab_moves(Progress.RECEIVED)

    received_again = received

    def ready(self, *following):
        return self._lab_moves(Progress.READY)

    def finished(self, *following):
        return self._lab_moves(Progress.FINISHED)

    def hold(self, *following):
        return self._lab_moves(Progress.ON_HOLD, self.rng.choice(words.HOLD_NOTES))

    def cancel(self, *following):
        return self._lab_moves(Progress.CANCELLED, self.rng.choice(words.CANCEL_NOTES))

    def _lab_moves(self, to, note=""):
        moment = self._at_lab()
        # An update of a case that is not red leaves its progress as it was.
        self._lab_looks(moment)
        if self.case.progress != to:
            services.move(self.case, to, Who.LAB, by=self.lab_user, now=moment, note=note)
        return moment

    def _lab_looks(self, moment):
        revision = newest_number(self.case)
        services.mark_looked(self.case, revision, by=self.lab_user, now=moment)

    def missing(self, *following):
        moment = self._at_lab()
        self._lab_looks(moment)
        services.mark_missing(self.case, [self.reason], self.lab_note, by=self.lab_user, now=moment)
        return moment

    def update(self, *following):
        """The practice sends what was asked for, or changes its mind."""
        moment, user = self.diary.moment(self.back, self.zone), self._member()
        form_key = drafts.update_key(self.case)
        draft = Draft.objects.create(
            form_key=form_key, user=user, case=self.case, updated_at=moment
        )
        item = self.case.missing_items.filter(answered_at=None).first()
        note = self.answer if item else words.CHANGED_MIND
        part = LACKING.get(self.reason, "cbct") if item else "photo"
        self.files.add(part, form_key, moment, item)
        values = {"description": f"{self.case.description}\n\n{note}"}
        services.update_case(self.case, draft, values, user.name, by=user, now=moment)
        return moment

    def book(self, *following):
        """The practice books a block on the day of the step that follows, or one to come."""
        moment = self.diary.moment(self.back, self.zone)
        if following:
            block = self.diary.block_on(self.back - following[0][1])
        else:
            block = self.diary.block_ahead()
        # The dice may give a dentist two at a time.
        given = {"by": self._member(), "now": moment, "anyway": True}
        self.session = planning.book(block, self.case, **given)
        return moment

    def missed(self, *following):
        return self._session_ends(planning.mark_missed)

    def held(self, *following):
        return self._session_ends(planning.mark_held)

    def _session_ends(self, mark):
        moment = self.session.block.ends_at + timedelta(minutes=self.rng.randint(2, 25))
        mark(self.session, by=self.lab_user, now=moment)
        self.case.refresh_from_db()
        return moment

    def ship(self, *following):
        moment, carrier = self._at_lab(), self.rng.choice(list(TRACKING))
        number = tracking_number(self.rng, carrier)
        services.ship(self.case, carrier, number, by=self.lab_user, now=moment)
        return moment

    def archive(self, *following):
        moment = self.diary.moment(self.back, self.zone)
        services.archive(self.case, by=self._member(), now=moment)
        return moment

    def _talk(self, step, moment):
        if step == "ship" and self.back > 3:
            step, moment = "thanks", self.diary.moment(self.back - 3, self.zone)
        if step not in words.THREADS or self.rng.random() > THREAD_CHANCE:
            return
        for line in self.rng.choice(words.THREADS[step]):
            moment += timedelta(minutes=self.rng.randint(10, 50), seconds=self.rng.randrange(60))
            author = self._member() if line[0] == ">" else self.lab_user
            services.post_message(self.case, line[2:], by=author, now=moment)
            self.diary.mailed(moment)

    def _at_lab(self):
        return self.diary.moment(self.back, settings.LAB_TIME_ZONE)

    def _member(self):
        return self.rng.choice(self.practice.members.select_related("practice").order_by("pk"))

    def _dentist(self):
        """A dentist who sends a case prescribes it; others send it for any of them."""
        dentists = list(self.practice.dentists.order_by("pk"))
        own = [dentist for dentist in dentists if dentist.name == self.user.name]
        return self.rng.choice(own or dentists)

    def _uuid(self):
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)


def tracking_number(rng, carrier):
    """A number in the form of `carrier`, a key of TRACKING, with the right check digit."""
    stem, length = TRACKING[carrier]
    stem += "".join(rng.choice("0123456789") for _ in range(length - len(stem) - 1))
    fitting = (f"{stem}{digit}" for digit in range(10))
    return next(number for number in fitting if not carriers.warning(carrier, number))
