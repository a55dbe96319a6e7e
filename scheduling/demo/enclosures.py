"""The files of the demo's cases: staged as an upload leaves them, for the real task to store."""

from datetime import timedelta

from django.conf import settings

from cases import filetypes
from cases.files import receiving
from cases.models import Attachment
from scheduling.demo import files
from scheduling.demo.words import LETTER

State = Attachment.State
SLICES = 8
LOOSE_SLICES = 6

# The part that a case is sent without for a reason; for every other reason the CBCT is bad.
LACKING = {"no_cbct": "cbct", "no_opposing": "opposing", "no_bite": "bite"}


class Enclosures:
    """Makes the files of one case and its rows; `number` is any text of this case alone."""

    def __init__(self, rng, user, patient_name, number, upper):
        self.rng, self.user, self.upper = rng, user, upper
        self.patient_name, self.number = patient_name, number

    def first(self, form_key, moment, lacking=""):
        """The files sent with a new case, without the part that it is found to lack."""
        for part in ("cbct", "arch", "opposing", "bite"):
            if part != lacking:
                self.add(part, form_key, moment)
        for extra, chance in (("photo", 0.25), ("letter", 0.12)):
            if self.rng.random() < chance:
                self.add(extra, form_key, moment)

    def add(self, part, form_key, moment, answers=None):
        for name, data in self._made(part, moment):
            self._stage(name, data, form_key, moment, answers)

    def _made(self, part, moment):
        rng, upper = self.rng, self.upper
        if part == "cbct":
            return self._cbct(moment.date() - timedelta(days=rng.randint(1, 20)))
        if part == "photo":
            return [("occlusal.jpg", files.photo(rng))]
        if part == "letter":
            return [("referral.pdf", files.letter(LETTER, moment))]
        jaw = {True: "upper", False: "lower"}
        name = {"arch": jaw[upper], "opposing": jaw[not upper], "bite": "bite"}[part]
        scan = files.arch_scan(rng, upper ^ (part == "opposing"), 14 if part == "bite" else 40)
        return [(f"{name}.stl", scan)]

    def _cbct(self, day):
        if self.rng.random() < 0.15:
            loose = files.cbct(self.patient_name, self.number, day, self.upper, LOOSE_SLICES)
            return [(f"IM{number:04}.dcm", data) for number, data in enumerate(loose, 1)]
        study = files.cbct(self.patient_name, self.number, day, self.upper, SLICES)
        name = self.rng.choice(["CBCT.zip", "DICOM.zip", "cbct-export.zip"])
        return [(name, files.packed(study))]

    def _stage(self, name, data, form_key, moment, answers):
        arrived = moment - timedelta(seconds=self.rng.randint(40, 400))
        attachment = self._row(
            name,
            len(data),
            form_key,
            arrived - timedelta(seconds=20),
            answers=answers,
            state=State.RECEIVED,
            kind=filetypes.kind_of(name, data[: receiving.HEAD], len(data)),
            received_at=arrived,
        )
        _write(attachment.staging_path, data)

    def unfinished(self, form_key, moment, size=2_400_000, arrived=0.4):
        """An upload of `size` bytes that broke off after the part `arrived`."""
        attachment = self._row("CBCT-2.zip", size, form_key, moment)
        slices = files.cbct(self.patient_name, self.number, moment.date(), self.upper, SLICES)
        beginning = files.packed(slices)
        rest = int(size * arrived) - len(beginning)
        _write(attachment.staging_path, beginning + self.rng.randbytes(rest))
        return attachment

    def _row(self, name, size, form_key, moment, **fields):
        return Attachment.objects.create(
            name=filetypes.clean_name(name),
            size=size,
            form_key=form_key,
            practice=self.user.practice,
            uploaded_by=self.user,
            created_at=moment,
            work_asked_at=moment,
            **fields,
        )


def _write(path, data):
    settings.STAGING_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(data)
