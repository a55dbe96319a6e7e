"""A dentist on a slow line, whose uploads take long enough to be in the middle when things fail."""

import time
from collections import Counter
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from drills.dentists import BYTES, CSRF, PATIENCE, Dentist, GaveUp

BLOCK = 64 * 1024
# A browser waits 45 s for a line that is dead, and pauses from 1 to 15 s before each try.
SILENCE = 8
PAUSE = 1


class SlowDentist(Dentist):
    """Sends files at `rate` bytes a second, and breaks its line after each `breath` bytes.

    `location` and `offsets` tell how the latest upload went, `is_taken_over` whether another
    host began it again, `answers` what the portal said to all of them.
    """

    def __init__(self, url, session_key, dentist_pk, rate, breath=0):
        super().__init__([url], session_key, dentist_pk)
        self.rate, self.breath = rate, breath
        self.session_key = session_key
        self.location, self.offsets, self.is_taken_over = "", [], False
        self.answers = Counter()
        self.created = 0

    def upload(self, form_key, name, body):
        self.location, offset = self.announce(form_key, name, len(body)), 0
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.offsets.append(offset)
            if self._send(body, offset) == 204 and not self.breath:
                return self.location
            offset = self._ask_how_far(deadline)
            if offset == len(body):
                return self.location
        raise GaveUp(f"An upload of {len(body)} bytes never arrived.")

    def announce(self, form_key, name, size):
        self.created += 1
        return super().announce(form_key, name, size)

    def _ask_how_far(self, deadline):
        while time.monotonic() < deadline:
            answer = self._ask("HEAD", self.location)
            if answer is not None:
                self.answers[answer.status_code] += 1
                if answer.status_code == 200:
                    self.is_taken_over |= "Upload-Taken-Over" in answer.headers
                    return int(answer.headers["Upload-Offset"])
            time.sleep(PAUSE)
        raise GaveUp("Nobody said how far an upload is.")

    def _send(self, body, offset):
        """Send the rest of the file; the status of the answer, or 0 when the line was lost."""
        line = HTTPConnection(urlsplit(self.urls[0]).netloc, timeout=SILENCE)
        try:
            line.putrequest("PATCH", self.location)
            for name, value in self._headers(offset, len(body) - offset).items():
                line.putheader(name, value)
            line.endheaders()
            with suppress(BrokenPipeError, ConnectionResetError):  # an answer may be there
                if not self._trickle(line, body, offset):
                    return 0
            status = line.getresponse().status
        except (OSError, HTTPException):
            status = 0
        finally:
            line.close()
        self.answers[status] += 1
        return status

    def _headers(self, offset, length):
        return BYTES | {
            "Upload-Offset": str(offset),
            "Content-Length": str(length),
            "Tus-Resumable": "1.0.0",
            "X-CSRFToken": CSRF,
            "Cookie": f"sessionid={self.session_key}; csrftoken={CSRF}",
        }

    def _trickle(self, line, body, offset):
        """False when the line was broken on purpose."""
        begun, start = time.monotonic(), offset
        while offset < len(body):
            line.send(body[offset : offset + BLOCK])
            offset = min(offset + BLOCK, len(body))
            if self.breath and start + self.breath <= offset < len(body):
                time.sleep(0.2)
                return False
            time.sleep(max(0, begun + (offset - start) / self.rate - time.monotonic()))
        return True
