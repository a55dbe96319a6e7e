"""The portal as a lab runs it on several machines, here on one and without containers.

    bin/stack               PostgreSQL, Valkey, S3 and SMTP, behind nginx two web processes and one
                            for uploads, two workers and beat in this terminal, below var/stack,
                            until Ctrl-C
    bin/stack COMMAND…      the four servers only, in a folder that is thrown away; COMMAND finds
                            them in its environment, and its exit code is ours

Reads PORT (default 8000) and DATA_DIR (default var/stack).
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from drills.servers.nginx import Nginx
from drills.servers.portal import commands
from drills.servers.services import LOCALHOST, ServiceError, Services, free_port
from drills.servers.units import as_file
from portal import terminal

AGAIN = "make stack"
WEBS, UPLOADS = ["web1", "web2"], "uploads"
WORKERS = 2


def run_portal() -> int:
    """Start everything below DATA_DIR and run until Ctrl-C; return the exit code."""
    port = terminal.wanted_port(AGAIN)
    folder = Path(os.environ.get("DATA_DIR") or terminal.BASE_DIR / "var" / "stack").absolute()
    with terminal.claim(folder), Services(folder) as services:
        ports = {name: free_port() for name in [*WEBS, UPLOADS]}
        addresses = {name: f"{LOCALHOST}:{port}" for name, port in ports.items()}
        uploads = [addresses.pop(UPLOADS)]
        nginx = Nginx(folder / "nginx", [*addresses.values()], uploads=uploads)
        nginx.port = port
        settings = {
            **services.environment,
            "DATA_DIR": str(folder),
            "STATIC_ROOT": os.environ.get("STATIC_ROOT") or str(folder / "static"),
            "SITE_URL": os.environ.get("SITE_URL") or f"http://localhost:{port}",
            "PROXIES": "1",
        }
        # So that a shell can work on the running stack as it does:
        # set -a; . var/stack/environment; .venv/bin/python manage.py shell
        (folder / "environment").write_text(as_file(settings))
        environment = {**terminal.environment_with_programs(), **settings}
        prepare = [sys.executable, "manage.py", "prepare"]
        if code := subprocess.run(prepare, cwd=terminal.BASE_DIR, env=environment).returncode:
            return code
        running = commands(folder, ports, WORKERS)
        del running["broker"]
        with nginx:
            return terminal.run(running, environment, AGAIN)


def run_command(words: list[str]) -> int:
    """Run a command beside the servers and return its exit code."""
    with (
        tempfile.TemporaryDirectory(prefix="stack-") as folder,
        Services(Path(folder), fast=True) as services,
    ):
        child = subprocess.Popen(words, env={**os.environ, **services.environment})
        # Ctrl-C reaches the command by itself; the servers end after it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *signalled: child.terminate())
        code = child.wait()
    return code if code >= 0 else 128 - code


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *signalled: sys.exit(143))
    try:
        return run_command(sys.argv[1:]) if sys.argv[1:] else run_portal()
    except ServiceError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
