"""An SMTP server that keeps every mail it accepts as a file in FOLDER/new, as a Maildir does.

    python drills/servers/mail_server.py FOLDER HOST PORT

The file is safe on the disk before the 250. FOLDER/mode says what becomes of the next mail:
normal, refuse-4xx and refuse-5xx (not kept) or drop (kept, and the line cut before the 250).
Another process may write that file at any time.
"""

import asyncio
import os
import signal
import sys
import time
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP

MODES = {
    "normal": "250 Kept",
    "refuse-4xx": "451 Try again later",
    "refuse-5xx": "554 Not wanted here",
    "drop": "",
}
LARGEST = 64 * 1024**2


class Mailbox:
    """What aiosmtpd asks when a mail has come in whole."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.numbers = count()
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def mode(self) -> str:
        path = self.folder / "mode"
        return path.read_text() if path.exists() else "normal"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        mode = self.mode()
        if mode in ("normal", "drop"):
            self.keep(envelope.original_content)
        if mode == "drop":
            server.transport.abort()
        return MODES[mode]

    def keep(self, body: bytes) -> None:
        """Write the mail so that a power cut a moment later does not lose it."""
        name = f"{time.time_ns():020}.{os.getpid()}_{next(self.numbers)}"
        written = self.folder / "tmp" / name
        with written.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        written.rename(self.folder / "new" / name)
        folder = os.open(self.folder / "new", os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


async def serve(folder: Path, host: str, port: int) -> None:
    mailbox = Mailbox(folder)
    loop = asyncio.get_running_loop()

    def line():
        return SMTP(mailbox, data_size_limit=LARGEST, hostname="mail.example")

    server = await loop.create_server(line, host, port)
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    await stopping.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
