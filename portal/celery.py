import logging
import os
import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar

from celery import Celery, bootsteps
from celery.contrib.django.task import DjangoTask
from django.db import transaction
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

log = logging.getLogger(__name__)

# Seconds in which a broker that did not answer is left alone, so that a request which hands over
# several rows waits for it once.
BROKER_REST = 5
SECONDS_TO_END = 10

_left_to_the_sweep = ContextVar("left_to_the_sweep", default=False)


@contextmanager
def left_to_the_sweep():
    """Hand over nothing that is asked for inside: the sweep takes up its rows later.

    For a great deal of work at once, and for commands that run before the broker is up.
    """
    token = _left_to_the_sweep.set(True)
    try:
        yield
    finally:
        _left_to_the_sweep.reset(token)


class HandOver(DjangoTask):
    """A task whose message is only a hint: the row it names is the record of the work."""

    broker_rests_until = 0.0  # by the clock of this process, time.monotonic()

    def hand_over_on_commit(self, pk, queue):
        """Send the hint once the row is committed.

        A broker that is away is logged and forgotten, because the sweep hands the row over again.
        """
        if not _left_to_the_sweep.get():
            transaction.on_commit(lambda: self._hand_over(pk, queue))

    def _hand_over(self, pk, queue):
        if time.monotonic() < HandOver.broker_rests_until:
            return
        try:
            self.apply_async([pk], queue=queue)
        except OperationalError as problem:
            HandOver.broker_rests_until = time.monotonic() + BROKER_REST
            log.warning("The broker is away, the sweep will hand over what waits: %s", problem)


app = Celery("portal", task_cls=HandOver)
app.config_from_object("django.conf:settings", namespace="CELERY")


class EndOfABrokenWorker(bootsteps.StartStopStep):
    """Ends a worker that met an error it cannot recover from and then does not come to an end.

    Such as after its whole machine stood still for longer than the time limits of its tasks:
    Celery then waits for pool processes that are gone, and nothing would start it again.
    """

    def close(self, worker):
        # An ordinary stop has no exit code and takes the time that its tasks need.
        if worker.exitcode:
            timer = threading.Timer(SECONDS_TO_END, os._exit, [worker.exitcode])
            timer.daemon = True
            timer.start()


app.steps["worker"].add(EndOfABrokenWorker)


def waiting_in(queue):
    """How many messages wait in a queue. Raises OperationalError when the broker is away."""
    with app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, timeout=2)
        return connection.default_channel.client.llen(queue)
