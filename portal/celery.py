import os

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.db import transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


class HandOver(DjangoTask):
    """A task whose message is only a hint: the row it names is the record of the work.

    A broker that is away is logged and forgotten, because the sweep hands the row over again.
    """

    def delay_on_commit(self, *args, **kwargs):
        # A function, because Django names what failed by its __qualname__, which partial lacks.
        def hand_over():
            self.delay(*args, **kwargs)

        transaction.on_commit(hand_over, robust=True)


app = Celery("portal", task_cls=HandOver)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="periodic")
