import logging

import pytest
from django.template import engines


@pytest.fixture
def quick(monkeypatch):
    """Neither log lines nor a search for unknown variables in tens of thousands of requests."""
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def on_disk(settings, tmp_path):
    """The portal gives files out itself, also beside a bucket, which would do so there."""
    disk = {"BACKEND": "portal.files.disk.Disk", "OPTIONS": {"location": tmp_path / "storage"}}
    settings.STORAGES = {**settings.STORAGES, "default": disk}
