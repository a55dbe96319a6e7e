from celery import shared_task
from django.apps import apps
from django.utils import timezone

from portal.celery import app
from portal.work import Work


@shared_task
def sweep():
    """Hand over again all work that waits, whatever became of its first message."""
    for model, pk in left_behind(timezone.now()):
        app.tasks[model.task].delay(pk)


def left_behind(now, most=500):
    """Pairs of model and primary key of the rows whose work was asked for and is not done."""
    for model in apps.get_models():
        if issubclass(model, Work):
            rows = model._default_manager.left_behind(now).order_by("work_asked_at")
            for pk in rows.values_list("pk", flat=True)[:most]:
                yield model, pk
