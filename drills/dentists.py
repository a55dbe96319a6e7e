"""Dentists who send cases over HTTP whatever happens to the portal, and remember what they sent."""

import base64
import hashlib
import time
import uuid
from dataclasses import dataclass, field

import requests

BYTES = {"Content-Type": "application/offset+octet-stream"}
CSRF = "c" * 32
PATIENCE = 300  # seconds
PAUSE = 0.5


class GaveUp(Exception):
    """The portal did not do what was asked for, however often it was asked."""


@dataclass
class Sent:
    """What the portal said it has."""

    form_key: str
    number: str = ""
    patient: str = ""
    files: dict[str, str] = field(default_factory=dict)  # name and SHA-256
    block: int = 0


class Dentist:
    """One signed-in browser; asks the servers at `urls` in turn until one answers."""

    def __init__(self, urls, session_key, dentist_pk):
        self.urls = list(urls)
        self.dentist_pk = dentist_pk
        self.line = requests.Session()
        self.line.cookies.update({"sessionid": session_key, "csrftoken": CSRF})
        self.line.headers.update({"Tus-Resumable": "1.0.0", "X-CSRFToken": CSRF})
        self.refusals = 0

    def send_case(self, rng, files):
        """Send a case with files, a dict of name and bytes; returns what was Sent."""
        sent = Sent(str(uuid.uuid4()), patient=f"Patient {rng.randrange(10**9)}")
        for name, body in files.items():
            self.upload(sent.form_key, name, body)
            sent.files[name] = hashlib.sha256(body).hexdigest()
        form = {
            "form_key": sent.form_key,
            "dentist": self.dentist_pk,
            "patient_name": sent.patient,
            "teeth": ["14"],
            "description": "One guide, please.",
            "signed_name": "Dana Drill",
        }
        answer = self._until("POST", "/cases/new/", lambda a: a.status_code == 302, data=form)
        sent.number = answer.headers["Location"].split("/")[2]
        return sent

    def upload(self, form_key, name, body):
        """Send one file by tus and go on where it broke off; returns its address."""
        location, offset = self.announce(form_key, name, len(body)), 0
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            headers = {**BYTES, "Upload-Offset": str(offset)}
            answer = self._ask("PATCH", location, data=body[offset:], headers=headers)
            if answer is not None and answer.status_code == 204:
                return location
            if answer is not None and answer.status_code in (404, 410):
                location, offset = self.announce(form_key, name, len(body)), 0
                continue
            time.sleep(PAUSE)
            offset = self._offset(location)
            if offset == len(body):
                return location
        raise GaveUp(f"An upload of {len(body)} bytes never arrived.")

    def announce(self, form_key, name, size):
        pairs = {"filename": name, "form": form_key, "key": uuid.uuid4().hex}
        encoded = [f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs.items()]
        headers = {"Upload-Length": str(size), "Upload-Metadata": ",".join(encoded)}
        answer = self._until("POST", "/files/", lambda a: a.status_code == 201, headers=headers)
        return answer.headers["Location"]

    def _offset(self, location):
        answer = self._until("HEAD", location, lambda a: a.status_code in (200, 404, 410))
        return int(answer.headers.get("Upload-Offset", 0))

    def remove(self, location):
        self._until("DELETE", location, lambda a: a.status_code in (204, 404))

    def book(self, sent, block):
        """Press Go for a free block that nobody else wants."""
        path = f"/cases/{sent.number}/schedule/"
        # A second press, after an answer that was lost, is told that the case is booked.
        self._until("POST", path, lambda a: a.status_code in (302, 409), data={"block": block})
        sent.block = block

    def write(self, sent, text):
        """Post a message once; whether it arrived is not known when the answer is lost."""
        self._ask("POST", f"/cases/{sent.number}/message/", data={"body": text})

    def _until(self, method, path, is_good, **request):
        deadline = time.monotonic() + PATIENCE
        answer = None
        while time.monotonic() < deadline:
            answer = self._ask(method, path, **request)
            if answer is not None and is_good(answer):
                return answer
            time.sleep(PAUSE)
        last = "nothing" if answer is None else f"{answer.status_code} {answer.text[:300]}"
        raise GaveUp(f"{method} {path.partition('?')[0]} was answered with {last}.")

    def _ask(self, method, path, **request):
        """One try; None when no answer came."""
        try:
            answer = self.line.request(
                method, self.urls[0] + path, timeout=40, allow_redirects=False, **request
            )
        except requests.RequestException:
            answer = None
        if answer is None or answer.status_code >= 500:
            self.refusals += 1
            self.urls.append(self.urls.pop(0))
        return answer
