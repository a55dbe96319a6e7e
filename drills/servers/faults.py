"""A proxy before an S3 server that fails in ways the server never would itself.

`fault` is what becomes of a share of the requests: "unavailable" answers 503 SlowDown, "cut" ends
the line in the middle, "flip" changes one bit of an object on its way there or back.
"""

import random
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from drills.servers.services import LOCALHOST, free_port

SHARE = 0.3
SLOW_DOWN = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
HOP_BY_HOP = {"connection", "content-length", "expect", "transfer-encoding"}


class FaultyS3(ThreadingHTTPServer):
    """Listens in threads of its own within the block; `seed` decides whom a share falls on.

    `fell` has the faults that fell on anybody.
    """

    fault = ""

    def __init__(self, storage, seed=0):
        self.storage, self.random, self.fell = storage, random.Random(seed), set()
        super().__init__((LOCALHOST, free_port()), Request)
        self.environment = storage.environment_at(*self.server_address)

    def __enter__(self):
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *problem):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, address):
        """The client left, or the server is away: then the line ends here too."""


class Request(BaseHTTPRequestHandler):
    """One request, taken whole, passed on and answered, or failed."""

    protocol_version = "HTTP/1.1"

    def pass_on(self):
        self.close_connection = True
        fault = self.server.fault if self.server.random.random() < SHARE else ""
        if fault != "flip":
            self.server.fell.add(fault)
        length = int(self.headers.get("Content-Length") or 0)
        cut_here = fault == "cut" and self.server.random.random() < 0.5
        body = bytearray(self.rfile.read(length // 2 if cut_here else length))
        if cut_here:
            return
        if fault == "flip" and self.command == "PUT":
            self.flip(body)
        status, headers, answer = 503, [("Content-Type", "application/xml")], SLOW_DOWN
        if fault != "unavailable":
            status, headers, answer = self.ask(body)
        # What is damaged is what a bucket holds, not how it is listed.
        if fault == "flip" and self.command == "GET" and self.path.count("/") > 1:
            self.flip(answer)
        if fault == "cut" and not answer:
            return
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", len(answer))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer[: len(answer) // 2] if fault == "cut" else answer)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on  # noqa: N815

    def ask(self, body):
        """Status, headers and body of what the server says."""
        line = HTTPConnection(self.server.storage.host, self.server.storage.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if _passes(name)}
        try:
            line.request(self.command, self.path, body, headers)
            answer = line.getresponse()
            # That of a HEAD is the object's, not that of the answer.
            kept = [
                (name, value)
                for name, value in answer.getheaders()
                if _passes(name) or (self.command, name) == ("HEAD", "Content-Length")
            ]
            return answer.status, kept, bytearray(answer.read())
        finally:
            line.close()

    def flip(self, body):
        if body:
            self.server.fell.add("flip")
            body[self.server.random.randrange(len(body))] ^= 1 << self.server.random.randrange(8)

    def log_message(self, *words):
        """Nobody reads it."""


def _passes(name):
    return name.lower() not in HOP_BY_HOP
