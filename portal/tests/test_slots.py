"""Slots, which are counted over threads and processes and come back whoever ends."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from portal.http import slots

HOLD = """
import django; django.setup()
from django.conf import settings; from pathlib import Path; settings.DATA_DIR = Path({folder!r})
from portal.http import slots
with slots.taken("a", 2):
    print("taken", flush=True); input()
"""


@pytest.fixture(autouse=True)
def own_file(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def is_free(name, most):
    try:
        with slots.taken(name, most):
            return True
    except slots.NoneFree:
        return False


def test_no_more_are_taken_than_there_are_and_each_comes_back():
    with slots.taken("a", 2):
        with slots.taken("a", 2):
            assert not is_free("a", 2)
            assert is_free("b", 1)
        assert is_free("a", 2)


def test_threads_count_as_processes_do():
    with ExitStack() as held, ThreadPoolExecutor(4) as threads:
        held.enter_context(slots.taken("a", 1))
        assert list(threads.map(lambda _: is_free("a", 1), range(4))) == [False] * 4


def test_a_slot_comes_back_when_its_process_is_killed(tmp_path):
    words = [sys.executable, "-c", HOLD.format(folder=str(tmp_path))]
    holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with closing(holder.stdin), closing(holder.stdout), slots.taken("a", 2):
        assert holder.stdout.readline() == b"taken\n"
        assert not is_free("a", 2)
        holder.kill()
        holder.wait()
        assert is_free("a", 2)
