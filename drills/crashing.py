"""The portal's Celery app, with named places at which a worker can be made to die or to stop.

    DRILL_DIR=/tmp/d celery -A drills.crashing worker

A place is "before" or "after" what a task does to a dependency, such as "send_email after SMTP".
A file of that name in DRILL_DIR/die lets the next process that comes by die there, as a power cut
does; one in DRILL_DIR/stop lets it stop and note the id of its worker in DRILL_DIR/stopped. With
DRILL_WITHOUT_CLAIMS set, work is not claimed before it is done, to show what claims are for.
"""

import os
import signal
from functools import wraps
from pathlib import Path

from celery import current_task
from celery.signals import worker_process_init

from portal.celery import app

__all__ = ["PLACES", "app"]

FOLDER = Path(os.environ["DRILL_DIR"])
# What each task does, in this order; each is a commit or a call of a dependency.
DEEDS = {
    "send_email": ["claim", "SMTP", "finish"],
    "render_prescription": ["claim", "remember", "write", "read back", "finish"],
    "store_attachment": [
        "claim",
        "remember",
        "store",
        "read back",
        "finish",
        "removal from staging",
    ],
    "remove_attachment": ["delete", "removal from staging"],
    "sweep": ["take up"],
}
PLACES = [
    f"{task} {when} {deed}"
    for task, deeds in DEEDS.items()
    for deed in deeds
    for when in ("before", "after")
]


def come_by(when, deed):
    """Die or stop here when somebody asked for it."""
    task = current_task.name.rpartition(".")[2] if current_task else "nobody"
    place = f"{task} {when} {deed}"
    if _taken("die", place):
        os.kill(os.getpid(), signal.SIGKILL)
    if _taken("stop", place):
        (FOLDER / "stopped" / place).write_text(str(os.getppid()))
        os.kill(os.getpid(), signal.SIGSTOP)


def _taken(what, place):
    try:
        os.unlink(FOLDER / what / place)
    except FileNotFoundError:
        return False
    return True


def mark(owner, name, deed):
    """Let callers of `owner.name` come by before and after it."""
    original = getattr(owner, name)

    @wraps(original)
    def marked(*args, **kwargs):
        come_by("before", deed)
        result = original(*args, **kwargs)
        come_by("after", deed)
        return result

    setattr(owner, name, marked)


@worker_process_init.connect
def mark_all(**kwargs):
    """In each process of the worker's pool, as it starts."""
    from django.core.files.storage import default_storage
    from django.core.mail.backends.smtp import EmailBackend

    from portal import periodic
    from portal.files import staging
    from portal.work import Work, WorkQuerySet

    if os.environ.get("DRILL_WITHOUT_CLAIMS"):
        WorkQuerySet.claim = lambda rows, pk: rows.filter(pk=pk).first()
    mark(WorkQuerySet, "claim", "claim")
    mark(Work, "remember", "remember")
    mark(Work, "finish", "finish")
    mark(EmailBackend, "send_messages", "SMTP")
    mark(default_storage, "store", "store")
    mark(default_storage, "write", "write")
    mark(default_storage, "stored_digest", "read back")
    mark(default_storage, "delete", "delete")
    mark(staging, "remove", "removal from staging")
    mark(periodic, "take_up", "take up")
