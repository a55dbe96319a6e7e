import os
from contextlib import contextmanager
from contextvars import ContextVar

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.db import transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

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
    """A task whose message is only a hint: the row it names is the record of the work.

    A broker that is away is logged and forgotten, because the sweep hands the row over again.
    """

    def delay_on_commit(self, *args, **kwargs):
        # A function, because Django names what failed by its __qualname__, which partial lacks.
        def hand_over():
            self.delay(*args, **kwargs)

        if not _left_to_the_sweep.get():
            transaction.on_commit(hand_over, robust=True)


app = Celery("portal", task_cls=HandOver)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="periodic")
