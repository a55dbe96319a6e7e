"""Cases with files for the tests of verify_files, backup and restore: real rows, real bytes."""

import hashlib
import os

from django.conf import settings
from django.utils import timezone

from cases.models import Attachment
from cases.tasks import store_attachment

BODY = os.urandom(5000)


def arrive(case, body=BODY, **fields):
    """A file of a case whose last byte came a moment ago, and that no worker has seen yet."""
    fields = {
        "case": case,
        "practice": case.practice,
        "uploaded_by": case.created_by,
        "name": "upper jaw of Jane Roe.stl",
        "size": len(body),
        "state": Attachment.State.RECEIVED,
        "host": settings.STAGING_HOST,
        "received_at": timezone.now(),
    } | fields
    file = Attachment.objects.create(**fields)
    settings.STAGING_DIR.mkdir(parents=True, exist_ok=True)
    file.staging_path.write_bytes(body)
    return file


def store(case, body=BODY):
    """A file of a case that a worker has stored."""
    file = arrive(case, body)
    store_attachment(file.pk)
    file.refresh_from_db()
    assert file.state == Attachment.State.STORED
    assert file.sha256 == hashlib.sha256(body).hexdigest()
    return file
