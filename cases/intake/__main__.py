"""Reads one file in a process of its own, within limits: `python -m cases.intake PATH NAME`.

Prints the reading as JSON. Whoever sends a file may have made it to break its reader: this process
may use MAX_MEMORY and MAX_SECONDS and has no network, and its death is answered by `limited.read`.
"""

import json
import os
import resource
import sys

from cases.intake.limited import MAX_MEMORY, MAX_SECONDS


def no_network(event, _):
    if event.startswith("socket."):
        raise PermissionError("A reader has no network.")


def main(path, name):
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)
    from cases.intake.reader import read  # its libraries count too

    sys.addaudithook(no_network)
    print(json.dumps(read(path, name).as_json()))


if __name__ == "__main__":
    main(*sys.argv[1:3])
