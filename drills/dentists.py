"""Dentists who send cases over HTTP whatever happens to the portal, and remember what they sent."""

import base64
import hashlib
import re
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import requests

BYTES = {"Content-Type": "application/offset+octet-stream"}
CSRF = "c" * 32
PATIENCE = 300  # seconds
PAUSE = 0.5
BLOCK = 64 * 1024
_ASKED = re.compile(r'name="asked" value="([^"]+)"')
# In minutes these do what a practice does in months.
OUT_OF_THE_WAY = " ".join(
    f"{what}_an_hour_a_{whose}=1000000"
    for what in ("cases", "messages", "updates", "uploads")
    for whose in ("person", "practice")
)


class GaveUp(Exception):
    """The portal did not do what was asked for, however often it was asked."""


@dataclass
class Sent:
    """What the portal said it has."""

    form_key: str
    number: str = ""
    files: dict[str, str] = field(default_factory=dict)  # name and SHA-256
    block: int = 0


@dataclass
class Trickle:
    """A body at `rate` bytes a second, on a line that breaks after `breath` of them."""

    body: bytes
    rate: int
    breath: int

    def __len__(self):
        return len(self.body)

    def __iter__(self):
        began = time.monotonic()
        for start in range(0, len(self.body), BLOCK):
            if self.breath and start >= self.breath:
                time.sleep(0.2)
                raise ConnectionResetError
            yield self.body[start : start + BLOCK]
            time.sleep(max(0, began + (start + BLOCK) / self.rate - time.monotonic()))


class Dentist:
    """One signed-in browser at `url`, which holds a line for dead after `silence` seconds.

    With a `rate` files go up slowly, see Trickle. `location` and `offsets` tell how the latest
    upload went, `announced` how many there were, `is_taken_over` whether another host began one
    again, and `answers` counts what the portal said.
    """

    def __init__(self, url, session_key, dentist_pk, rate=0, breath=0, silence=40):
        self.url, self.dentist_pk = url, dentist_pk
        self.rate, self.breath, self.silence = rate, breath, silence
        self.line = requests.Session()
        self.line.cookies.update({"sessionid": session_key, "csrftoken": CSRF})
        self.line.headers.update({"Tus-Resumable": "1.0.0", "X-CSRFToken": CSRF})
        self.location, self.offsets, self.announced, self.is_taken_over = "", [], 0, False
        self.answers = Counter()

    def send_case(self, rng, files):
        """Send a case with files, a dict of name and bytes; returns what was Sent."""
        sent = Sent(str(uuid.uuid4()))
        for name, body in files.items():
            self.upload(sent.form_key, name, body)
            sent.files[name] = hashlib.sha256(body).hexdigest()
        form = {
            "form_key": sent.form_key,
            "dentist": self.dentist_pk,
            "patient_name": f"Patient {rng.randrange(10**9)}",
            "teeth": ["14"],
            "description": "One guide, please.",
            "signed_name": "Dana Drill",
        }
        answer = self._until("POST", "/cases/new/", {302, 422}, data=form)
        if answer.status_code == 422:
            # Asked about, as of a scan that holds something else; sent anyway.
            form["asked"] = _ASKED.search(answer.text)[1]
            answer = self._until("POST", "/cases/new/", {302}, data=form)
        sent.number = answer.headers["Location"].split("/")[2]
        return sent

    def upload(self, form_key, name, body):
        """Send one file by tus and go on where it broke off; returns its address."""
        self.location, offset = self.announce(form_key, name, len(body)), 0
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.offsets.append(offset)
            rest = body[offset:]
            data = Trickle(rest, self.rate, self.breath) if self.rate else rest
            headers = {**BYTES, "Upload-Offset": str(offset)}
            answer = self._ask("PATCH", self.location, data=data, headers=headers)
            if answer is not None and answer.status_code == 204:
                return self.location
            if answer is not None and answer.status_code in (404, 410):
                self.location, offset = self.announce(form_key, name, len(body)), 0
                continue
            time.sleep(PAUSE)
            answer = self._until("HEAD", self.location, {200, 404, 410})
            self.is_taken_over |= "Upload-Taken-Over" in answer.headers
            offset = int(answer.headers.get("Upload-Offset", 0))
            if offset == len(body):
                return self.location
        raise GaveUp(f"An upload of {len(body)} bytes never arrived.")

    def announce(self, form_key, name, size):
        self.announced += 1
        pairs = {"filename": name, "form": form_key, "key": uuid.uuid4().hex}
        encoded = [f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs.items()]
        headers = {"Upload-Length": str(size), "Upload-Metadata": ",".join(encoded)}
        return self._until("POST", "/files/", {201}, headers=headers).headers["Location"]

    def remove(self, location):
        self._until("DELETE", location, {204, 404})

    def book(self, sent, block):
        """Press Go for a free block that nobody else wants."""
        path = f"/cases/{sent.number}/schedule/"
        # A second press, after an answer that was lost, is told that the case is booked.
        self._until("POST", path, {302, 409}, data={"block": block})
        sent.block = block

    def write(self, sent, text):
        """Post a message once; whether it arrived is not known when the answer is lost."""
        self._ask("POST", f"/cases/{sent.number}/message/", data={"body": text})

    def _until(self, method, path, good, **request):
        deadline = time.monotonic() + PATIENCE
        answer = None
        while time.monotonic() < deadline:
            answer = self._ask(method, path, **request)
            if answer is not None and answer.status_code in good:
                return answer
            time.sleep(PAUSE)
        last = "nothing" if answer is None else f"{answer.status_code} {answer.text[:300]}"
        raise GaveUp(f"{method} {path.partition('?')[0]} was answered with {last}.")

    def _ask(self, method, path, **request):
        """One try; None when no answer came."""
        try:
            answer = self.line.request(
                method, self.url + path, timeout=self.silence, allow_redirects=False, **request
            )
        except requests.RequestException:
            return None
        self.answers[answer.status_code] += 1
        return answer
