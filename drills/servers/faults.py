"""A proxy of our own that stands before a server and lets it fail in ways it never would itself.

    with FaultProxy(storage, seed=7) as proxy:
        environment = {**services.environment, **proxy.environment}
        proxy.mode = "hang"

| mode | what the portal meets |
|---|---|
| pass | the server |
| refuse | nobody listens; open connections end |
| hang | connections are taken, and nothing comes back |
| cut | the connection is reset after `cut_after` bytes in either direction |
| unavailable | a `share` of the requests is answered 503 SlowDown (S3 only) |
| flip | in a `share` of the requests one byte of the body is another one (S3 only) |

A mode is in force when the assignment returns, also for connections that are open. What was done
is counted in `counts`.
"""

import asyncio
import random
import re
import socket
import struct
import threading
from collections import Counter
from contextlib import suppress

from drills.servers.services import LOCALHOST, S3, Server, free_port

BLOCK = 64 * 1024
END_OF_HEAD = b"\r\n\r\n"
LONGEST_HEAD = 64 * 1024
MODES = ("pass", "refuse", "hang", "cut", "unavailable", "flip")
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST
SLOW_DOWN = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
UNAVAILABLE = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(SLOW_DOWN), SLOW_DOWN)
)


class FaultProxy:
    """Listens at `host`:`port` in a thread of its own; `seed` decides whom a share falls on."""

    def __init__(self, server: Server, seed: int = 0, host: str = LOCALHOST):
        self.server = server
        self.host = host
        self.port = free_port()
        self.share = 0.3
        self.cut_after = 100_000
        self.counts = Counter()
        self._random = random.Random(seed)
        self._speaks_http = isinstance(server, S3)
        self._mode = "pass"
        self._changed = asyncio.Event()
        self._listening = None
        self._open = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """The portal's variables that lead through here to the server."""
        return self.server.environment_at(self.host, self.port)

    @property
    def mode(self) -> str:
        return self._mode

    @mode.setter
    def mode(self, mode: str):
        http_only = ("unavailable", "flip")
        if mode not in MODES or (mode in http_only and not self._speaks_http):
            raise ValueError(f"There is no mode {mode!r} for {self.server.name}.")
        self._wait_for(self._change(mode))

    def start(self) -> None:
        self._thread.start()
        self._wait_for(self._change("pass"))

    def stop(self) -> None:
        self._wait_for(self._change("refuse"))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *problem):
        self.stop()

    def _wait_for(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _change(self, mode):
        self._mode = mode
        # Whoever waits in a hanging connection looks again.
        self._changed.set()
        self._changed = asyncio.Event()
        if mode == "refuse" and self._listening:
            self._listening.close()
            self._listening = None
            connections = list(self._open)
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections, return_exceptions=True)
        elif mode != "refuse" and not self._listening:
            self._listening = await asyncio.start_server(
                self._serve, self.host, self.port, limit=LONGEST_HEAD
            )

    async def _serve(self, reader, writer):
        this = asyncio.current_task()
        self._open.add(this)
        line = Line(reader, writer)
        try:
            await self._while_hanging()
            if self._speaks_http:
                await self._one_request(line)
            else:
                await line.reach(self.server)
                there = self._pump(line, line.reader, line.far_writer)
                await self._both(there, self._pass_back(line))
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            line.reset()
        finally:
            self._open.discard(this)
            line.close()

    async def _one_request(self, line):
        """Pass one request and its answer, or fail it; the next one comes by a connection anew."""
        head = await line.reader.readuntil(END_OF_HEAD)
        await self._while_hanging()
        if self._mode == "unavailable" and self._falls_on_this():
            self.counts["unavailable"] += 1
            await self._refuse_politely(line)
            return
        method, path = head.split(b" ", 2)[:2]
        # What is damaged is what a bucket holds, not how it is listed.
        flips = self._mode == "flip" and path.count(b"/") > 1 and self._falls_on_this()
        await line.reach(self.server)
        line.far_writer.write(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        line.passed += len(head)
        flip_at = self._place(head) if flips and method == b"PUT" else None
        there = self._pump(line, line.reader, line.far_writer, flip_at)
        await self._both(there, self._pass_back(line, flips=flips and method == b"GET"))

    async def _refuse_politely(self, line):
        line.writer.write(UNAVAILABLE)
        line.writer.write_eof()
        # Closing on a body that is still coming would reset the line and lose the answer.
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                while await line.reader.read(BLOCK):
                    pass

    async def _pass_back(self, line, flips=False):
        flip_at = None
        if flips:
            head = await line.far_reader.readuntil(END_OF_HEAD)
            line.writer.write(head)
            line.passed += len(head)
            flip_at = self._place(head)
        await self._pump(line, line.far_reader, line.writer, flip_at)

    async def _pump(self, line, reader, writer, flip_at=None):
        """Pass bytes until they end; the one at `flip_at` is changed. Raises OSError when cut."""
        while block := await reader.read(BLOCK):
            await self._while_hanging()
            if flip_at is not None and 0 <= flip_at < len(block):
                block = bytearray(block)
                block[flip_at] ^= 1 << self._random.randrange(8)
                self.counts["flip"] += 1
            if flip_at is not None:
                flip_at -= len(block)
            room = self.cut_after - line.passed if self._mode == "cut" else len(block)
            line.passed += len(block)
            writer.write(block[: max(room, 0)])
            await writer.drain()
            if room < len(block):
                self.counts["cut"] += 1
                raise ConnectionResetError
        writer.write_eof()

    async def _both(self, there, back):
        """Run until both are done or one of them raises."""
        tasks = [asyncio.ensure_future(flow) for flow in (there, back)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _while_hanging(self):
        if self._mode == "hang":
            self.counts["hang"] += 1
        while self._mode == "hang":
            await self._changed.wait()

    def _falls_on_this(self):
        return self._random.random() < self.share

    def _place(self, head):
        """Where in the body that follows `head` a byte is to be flipped, None without a body."""
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        return self._random.randrange(int(length[1])) if length and int(length[1]) else None


class Line:
    """The two ends of one connection, and how many bytes have passed in either direction."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.far_reader = self.far_writer = None
        self.passed = 0

    async def reach(self, server):
        self.far_reader, self.far_writer = await asyncio.open_connection(
            server.host, server.port, limit=LONGEST_HEAD
        )

    def reset(self):
        for writer in filter(None, (self.writer, self.far_writer)):
            with suppress(OSError):  # it is closed already
                line = writer.get_extra_info("socket")
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    def close(self):
        for writer in filter(None, (self.writer, self.far_writer)):
            writer.close()
