"""Machines on one switch, made of network namespaces: each has its own address, and its cable can
be pulled. Needs root.

Nothing of it touches the network of the machine itself, and a namespace that is removed takes its
cable along.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
from pathlib import Path

from drills.servers.services import signal_all, until

PREFIX = "guidepost-"
SWITCH = f"{PREFIX}switch"
NETWORK = "10.77.0"
LOCK = Path("/run/guidepost-fleet.lock")
CLONE_NEWNET = 0x40000000  # linux/sched.h


class NetworkError(RuntimeError):
    """The network cannot be made; the message says why."""


def ip(*words: object) -> str:
    """What iproute2's `ip` prints. Raises NetworkError."""
    try:
        done = subprocess.run(["ip", *map(str, words)], capture_output=True, text=True)
    except FileNotFoundError:
        raise NetworkError("`ip` is missing: apt-get install iproute2.") from None
    if done.returncode:
        raise NetworkError(f"ip {' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


class Machine:
    """One machine on the switch; `inside` are the words that run a command on it."""

    def __init__(self, name: str, number: int):
        self.name = name
        self.namespace = PREFIX + name
        self.address = f"{NETWORK}.{number}"
        self.inside = ["nsenter", f"--net=/run/netns/{self.namespace}"]

    def plug_in(self) -> None:
        ip("netns", "add", self.namespace)
        ip("link", "add", "eth0", "netns", self.namespace, "type", "veth", "peer", "name",
           self.name, "netns", SWITCH)  # fmt: skip
        ip("-n", SWITCH, "link", "set", self.name, "master", "lan", "up")
        ip("-n", self.namespace, "address", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", self.namespace, "link", "set", device, "up")

    def enter(self) -> None:
        """Have this thread, and those that it starts from now on, on this machine."""
        with open(f"/run/netns/{self.namespace}") as namespace:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(namespace.fileno(), CLONE_NEWNET):
                raise NetworkError(f"setns: {os.strerror(ctypes.get_errno())}")

    def cut_off(self) -> None:
        """Pull its cable: packets vanish, nobody is told."""
        ip("-n", SWITCH, "link", "set", self.name, "down")

    def bring_back(self) -> None:
        ip("-n", SWITCH, "link", "set", self.name, "up")

    def processes(self) -> list[int]:
        pids = map(int, ip("netns", "pids", self.namespace).split())
        return [pid for pid in pids if pid != os.getpid()]

    def freeze(self) -> None:
        """Cut it off and let it stand still, as a virtual machine that is being moved."""
        self.cut_off()
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)
        self.bring_back()

    def signal(self, number):
        """To all that runs there; whether nothing does."""
        pids = self.processes()
        signal_all(pids, number)
        return not pids

    def requests_under_way(self, port: int) -> int:
        """How many connections to this port are open."""
        count = 0
        for pid in self.processes()[:1]:
            for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
                words = line.split()
                is_established = words[3] == "01"
                count += is_established and int(words[1].partition(":")[2], 16) == port
        return count


class Network:
    """A switch and its machines: {"web1": 11} is web1 at 10.77.0.11. One at a time."""

    def __init__(self, numbers: dict[str, int]):
        self.machines = {name: Machine(name, number) for name, number in numbers.items()}

    def __getitem__(self, name) -> Machine:
        return self.machines[name]

    def __enter__(self):
        if os.geteuid() != 0:
            raise NetworkError(
                "Network namespaces need root (CAP_NET_ADMIN). Nothing was started. "
                "Please run it as root: sudo make proof ONLY=fleet"
            )
        self._lock = LOCK.open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NetworkError("Another fleet is running. Please wait for its end.") from None
        self.remove()  # what a run left that was killed
        ip("netns", "add", SWITCH)
        ip("-n", SWITCH, "link", "add", "lan", "type", "bridge")
        ip("-n", SWITCH, "link", "set", "lan", "up")
        for machine in self.machines.values():
            machine.plug_in()
        return self

    def __exit__(self, *problem):
        self.remove()
        self._lock.close()

    def remove(self) -> None:
        """End what runs on the machines, and take them apart."""
        there = {line.split()[0] for line in ip("netns", "list").splitlines() if line.strip()}
        ours = [one for one in self.machines.values() if one.namespace in there]
        for machine in ours:
            until(lambda machine=machine: machine.signal(signal.SIGKILL), 10, 0.05)
        for namespace in [one.namespace for one in ours] + [SWITCH] * (SWITCH in there):
            ip("netns", "delete", namespace)
