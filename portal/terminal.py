"""Run several programs in one terminal until Ctrl-C, as `bin/start` and `bin/stack` do."""

import fcntl
import os
import signal
import socket
import sys
from pathlib import Path

from honcho.manager import Manager
from honcho.printer import Printer

BASE_DIR = Path(__file__).resolve().parent.parent
ASKED_TO_STOP = {130, 143}  # what honcho returns after SIGINT and SIGTERM


class Terminal(Printer):
    """Print the lines of all processes and remember which of them ended first."""

    ended_first = ""

    def write(self, message):
        if message.name == "system" and " stopped (rc=" in message.data and not self.ended_first:
            self.ended_first = message.data.split()[0]
        super().write(message)


def wanted_port(again: str) -> int:
    """Return PORT when nobody listens on it; end with a sentence otherwise.

    `again` is what people type to start anew.
    """
    wanted = os.environ.get("PORT") or "8000"
    if not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted) < 65536):
        sys.exit(f"PORT is {wanted!r}, but it must be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(wanted)))
        except OSError as error:
            sys.exit(
                f"Port {wanted} cannot be used ({error.strerror}). Nothing was started. "
                f"Choose another one, for example: {again} PORT=8123"
            )
    return int(wanted)


def claim(data_dir: Path):
    """Lock `data_dir` for this run, since two brokers would fight over one socket."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = (data_dir / "run.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(
            f"The portal already runs on the data in {data_dir}. Stop it first, or set DATA_DIR "
            "to another folder."
        )
    return lock


def silence() -> None:
    """Write to nowhere from now on: the terminal is gone, and stopping must not fail for that."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def environment_with_programs() -> dict[str, str]:
    """This environment, with the programs of this Python first, and output that comes at once."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}


def run(commands: dict[str, str], environment: dict[str, str], again: str) -> int:
    """Run `commands` (name → shell command) until one ends or a signal comes; return the code."""
    terminal = Terminal(sys.stdout)
    manager = Manager(terminal)
    for name, command in commands.items():
        manager.add_process(name, command, env=environment, cwd=BASE_DIR)
    this_process = os.getpid()

    def hung_up(signum, frame):
        if os.getpid() == this_process:
            silence()
            os.kill(this_process, signal.SIGTERM)

    signal.signal(signal.SIGHUP, hung_up)
    try:
        manager.loop()
    except OSError:  # nobody reads the output any more
        silence()
        manager.kill()
        return 1
    if manager.returncode in ASKED_TO_STOP:
        print("Everything has stopped.")
        return 0
    print(
        f"The process {terminal.ended_first!r} ended by itself, so the others were stopped. "
        f"Its last lines above say why. The data is kept; start again with: {again}",
        file=sys.stderr,
    )
    return manager.returncode or 1
