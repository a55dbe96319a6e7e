"""gunicorn's thread worker, in which a request costs a thread only once it is there.

gunicorn lets a thread wait: for the rest of a head without any limit, and for a body as long as a
byte comes now and then. So 40 connections that drip hold all threads of a portal. Here the loop of
the worker waits, for the head of each request and for the body of a form. Uploads must reach the
disk as they come, so a thread reads these, and gives up a line that is slower than MIN_BODY_RATE.
What a view leaves unread, nobody reads.

Who takes an answer slowly holds a thread, at most PATIENCE for each piece: only nginx keeps these
away. It keeps slow heads and forms away too (`deploy/nginx.conf`); this is for uploads behind it,
and for a portal without it. Not waitress, which waits in the same way: it waits for whole uploads
too, and a line that breaks off would lose all that came. TLS is spoken by nginx, never here.
"""

import errno
import re
import selectors
import socket
import time
from contextlib import suppress
from functools import partial
from tempfile import SpooledTemporaryFile

from django.conf import settings
from gunicorn import http
from gunicorn.http.body import LengthReader
from gunicorn.workers.gthread import TConn, ThreadWorker

UPLOADS = re.compile(rb"[A-Z]+ (https?://[^/ ]+)?/files/")
LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\S+?)[ \t]*\r$")
CODED = re.compile(rb"(?im)^transfer-encoding:")
ASKS_FIRST = re.compile(rb"(?im)^expect:[ \t]*100-continue[ \t]*\r$")
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"

# Seconds in which a head is there, over which MIN_BODY_RATE is looked at, and in which a piece of
# an answer is taken.
PATIENCE = 20
LONGEST_HEAD = 64 * 1024
# As in deploy/nginx.conf, where it is 6m. The portal itself refuses forms beyond 5 MiB.
LARGEST_FORM = 6 * 1024**2
IN_MEMORY = 64 * 1024
CHUNK = 64 * 1024
# How long, and for how many bytes, a line stays open for an answer to be read.
LINGER_SECONDS = 2
LINGER_BYTES = 64 * 1024

REFUSALS = {
    408: ("Request Timeout", "This came too slowly, so it was not taken. Please try again."),
    413: ("Content Too Large", "This is larger than the portal takes. Nothing was changed."),
    431: ("Request Header Fields Too Large", "The head of this request is too long."),
    503: ("Service Unavailable", "There is no room for this form just now. Please try again."),
}


class Refused(Exception):
    """A request that no thread ever sees; `args[0]` is the HTTP status."""


def form_length(head):
    """How many bytes of body to wait for after a head: 0 for an upload, and without a body.

    What gunicorn refuses, such as two lengths, is 0 too. Raises Refused for a form too large.
    """
    lengths = LENGTH.findall(head)
    if UPLOADS.match(head) or CODED.search(head) or len(lengths) != 1 or not lengths[0].isdigit():
        return 0
    if len(lengths[0]) > 18 or int(lengths[0]) > LARGEST_FORM:
        raise Refused(413)
    return int(lengths[0])


class Arrival:
    """A request on its way in, from the moment `now` (seconds of a steady clock)."""

    def __init__(self, now):
        self.asks_first = False
        self._came_since = now, 0
        self._kept = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        self._head = bytearray()
        self._missing = None  # bytes; unknown until the head is there

    @property
    def is_there(self):
        return self._missing is not None and self._missing <= 0

    @property
    def has_begun(self):
        return bool(self._head)

    def take(self, data):
        """Add what came. Raises Refused."""
        since, came = self._came_since
        self._came_since = since, came + len(data)
        self._kept.write(data)
        if self._missing is None:
            self._look_for_its_end(data)
        else:
            self._missing -= len(data)

    def _look_for_its_end(self, data):
        searched = max(0, len(self._head) - 3)
        self._head += data
        end = self._head.find(b"\r\n\r\n", searched)
        if end < 0:
            if len(self._head) > LONGEST_HEAD:
                raise Refused(431)
            return
        head = bytes(self._head[: end + 4])
        self._missing = form_length(head) - (len(self._head) - len(head))
        self.asks_first = self._missing > 0 and bool(ASKS_FIRST.search(head))

    def is_too_slow(self, now):
        """Whether the head is not there in time, or the body came too slowly lately."""
        since, came = self._came_since
        if now - since < PATIENCE:
            return False
        self._came_since = now, 0
        return self._missing is None or came < settings.MIN_BODY_RATE * PATIENCE

    def read(self):
        """All that came."""
        self._kept.seek(0)
        return self._kept.read()

    def close(self):
        self._kept.close()


class Line:
    """A socket as threads read it: it ends, as if the other side had closed, when it is too slow.

    Only the time in which a thread waits counts, so that a busy disk makes no line slow.
    """

    def __init__(self, sock):
        self.is_given_up = False
        self._sock = sock
        self._waited = self._came = 0

    def recv(self, size):
        while not self.is_given_up:
            began = time.monotonic()
            data = self._recv_in_time(size)
            self._note(time.monotonic() - began, len(data or b""))
            if data is not None:
                return data
        return b""

    def _recv_in_time(self, size):
        self._sock.settimeout(max(PATIENCE - self._waited, 0.01))
        try:
            return self._sock.recv(size)
        except TimeoutError:
            return None
        finally:
            self._sock.settimeout(PATIENCE)

    def _note(self, seconds, size):
        self._waited += seconds
        self._came += size
        if self._waited >= PATIENCE:
            self.is_given_up = self._came < settings.MIN_BODY_RATE * PATIENCE
            self._waited = self._came = 0


class Connection(TConn):
    """A connection whose requests are read through a Line, and whose end no thread waits for."""

    def __init__(self, worker, sock, client, server):
        super().__init__(worker.cfg, sock, client, server)
        self.worker = worker
        self.line = Line(sock)
        self.parser = http.get_parser(worker.cfg, self.line, client)
        self.initialized = True

    def close(self, graceful=False):
        if graceful:
            self.worker.linger(self)
        else:
            super().close()


class Worker(ThreadWorker):
    """See above. All but `handle` and what it calls runs in the loop of the worker."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.arriving = {}  # the Arrival of each connection
        self.lingering = {}  # of each, until when and for how many bytes
        self._looked_at = 0

    def accept(self, listener):
        try:
            sock, client = listener.accept()
        except OSError as problem:
            if problem.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        self.wait_for(Connection(self, sock, client, listener.getsockname()))

    def on_client_socket_readable(self, conn, client):
        """The next request of a connection begins."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self.wait_for(conn)

    def wait_for(self, conn, ahead=b""):
        """Wait for a request; `ahead` is what came of it with the one before."""
        conn.sock.setblocking(False)
        self.arriving[conn] = Arrival(time.monotonic())
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_arriving, conn))
        if ahead:
            self.take(conn, ahead)
        else:
            self.on_arriving(conn, conn.sock)

    def on_arriving(self, conn, client):
        try:
            data = client.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.take(conn, data)
        else:
            self.drop(conn)

    def take(self, conn, data):
        try:
            self.go_on_with(conn, self.arriving[conn], data)
        except Refused as refusal:
            self.refuse(conn, refusal.args[0])
        except OSError:  # of the disk, where large forms wait
            self.refuse(conn, 503)

    def go_on_with(self, conn, arrival, data):
        arrival.take(data)
        if arrival.is_there:
            conn.parser.unreader.unread(arrival.read())
            self.forget(conn)
            self.enqueue_req(conn)
        elif arrival.asks_first:
            arrival.asks_first = False
            self.say(conn, GO_ON)

    def forget(self, conn):
        self.poller.unregister(conn.sock)
        self.arriving.pop(conn).close()

    def drop(self, conn):
        self.forget(conn)
        self.nr_conns -= 1
        conn.close()

    def refuse(self, conn, status):
        self.forget(conn)
        words, sentence = REFUSALS[status]
        self.say(
            conn,
            f"HTTP/1.1 {status} {words}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(sentence) + 1}\r\nCache-Control: no-store\r\n"
            f"Connection: close\r\n\r\n{sentence}\n".encode(),
        )
        self.nr_conns -= 1
        self.linger(conn)

    @staticmethod
    def say(conn, answer):
        with suppress(OSError):  # nobody listens, or takes not even this
            conn.sock.send(answer)

    def finish_request(self, conn, future):
        is_kept = not future.cancelled() and not future.exception() and future.result()
        # What came of the next request with the body of this one must not hold a thread either.
        if is_kept and (ahead := conn.parser.unreader.take_buffered()):
            self.wait_for(conn, ahead)
        else:
            super().finish_request(conn, future)

    def handle_request(self, request, conn):
        conn.sock.settimeout(PATIENCE)
        try:
            return super().handle_request(request, conn)
        except TimeoutError:  # they ask, and do not take the answer
            return False

    def linger(self, conn):
        """Close a line after its last answer was read, or soon: closed at once, it might be lost.

        RFC 9112, 9.6. gunicorn waits for it in the loop, during which nobody else is heard.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.close()
            return
        self.nr_conns += 1
        self.lingering[conn] = time.monotonic() + LINGER_SECONDS, LINGER_BYTES
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_lingering, conn))

    def on_lingering(self, conn, client):
        until, left = self.lingering[conn]
        try:
            came = len(client.recv(CHUNK))
        except BlockingIOError:
            return
        except OSError:
            came = 0
        self.lingering[conn] = until, left - came
        if not came or left <= came:
            self.part(conn)

    def part(self, conn):
        self.poller.unregister(conn.sock)
        del self.lingering[conn]
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self):
        """Part from those that are too slow; called with each turn of the loop."""
        now = time.monotonic()
        if self.alive and now - self._looked_at < 1:
            return
        self._looked_at = now
        for conn, arrival in list(self.arriving.items()):
            if not arrival.has_begun and (not self.alive or arrival.is_too_slow(now)):
                self.drop(conn)
            elif arrival.is_too_slow(now):
                self.refuse(conn, 408)
        for conn, (until, _) in list(self.lingering.items()):
            if until <= now:
                self.part(conn)

    def _keepalive_after(self, conn, keepalive):
        """Whether another request may come: not behind a body that was not read to its end."""
        reader, ahead = conn.parser.mesg.body.reader, conn.parser.unreader.buf
        if not keepalive or conn.line.is_given_up or not isinstance(reader, LengthReader):
            return False
        # Of a form all is here; of an upload nobody waits for the rest.
        return reader.length <= len(ahead.getbuffer()) and conn.parser.finish_body()
