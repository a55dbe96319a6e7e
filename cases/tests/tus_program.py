"""A program that speaks tus to a live server, as a browser does."""

import base64
import hashlib
import uuid

import requests
from django.test import Client

BYTES = {"Content-Type": "application/offset+octet-stream"}
CSRF = "c" * 32


class Program(requests.Session):
    """One person's sign-in; `location` is where an upload was told to go on."""

    def __init__(self, live_server, user):
        super().__init__()
        self.base = live_server.url
        client = Client()
        client.force_login(user)
        self.cookies["sessionid"] = client.cookies["sessionid"].value
        self.cookies["csrftoken"] = CSRF
        self.headers.update({"Tus-Resumable": "1.0.0", "X-CSRFToken": CSRF})

    def request(self, method, url, **options):
        return super().request(method, self.base + url, timeout=20, **options)

    def create(self, size, name="arch.stl", form=None, body=None, headers=None, **metadata):
        pairs = {"filename": name, "form": str(form or uuid.uuid4())} | metadata
        announced = {"Upload-Length": str(size), "Upload-Metadata": encoded(pairs)}
        return self.post("/files/", data=body, headers=announced | (headers or {}))

    def append(self, location, offset, body, **headers):
        return self.patch(
            location, data=body, headers={**BYTES, "Upload-Offset": str(offset), **headers}
        )


def encoded(pairs):
    return ",".join(f"{key} {base64.b64encode(v.encode()).decode()}" for key, v in pairs.items())


def checksum(body, algorithm="sha1"):
    digest = hashlib.new(algorithm, body).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def offset_of(program, location):
    return int(program.head(location).headers["Upload-Offset"])
