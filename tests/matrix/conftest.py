"""The world of the matrix, made once for all tests of a module: what they ask is undone."""

import pytest
from django.db import transaction
from django.test import override_settings

from tests.matrix.asking import Asker
from tests.matrix.cells import Matrix
from tests.matrix.world import make_world


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker, tmp_path_factory):
    """The world and who asks in it, with the settings that its files and passwords need."""
    folder = tmp_path_factory.mktemp("matrix")
    # The portal gives files out itself, also beside a bucket, which would do so there.
    disk = {"BACKEND": "portal.files.disk.Disk", "OPTIONS": {"location": folder / "storage"}}
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    own = {
        "STAGING_DIR": folder / "staging",
        "STORAGES": {"default": disk, "staticfiles": static},
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    }
    with django_db_blocker.unblock(), override_settings(**own), transaction.atomic():
        world = make_world()
        yield world, Asker(world.people), own
        transaction.set_rollback(True)


@pytest.fixture
def matrix(made, db, settings, quick):
    world, asker, own = made
    for name, value in own.items():
        setattr(settings, name, value)
    return Matrix(world, asker)
