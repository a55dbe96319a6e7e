"""The world and the matrix outside of pytest, for the control."""

import logging
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def matrix():
    """A Matrix in a database and folders of its own, all of which are thrown away."""
    import django

    django.setup()
    from django.db import connection, transaction
    from django.test.utils import override_settings, setup_test_environment

    from tests.matrix.asking import Asker
    from tests.matrix.cells import Matrix
    from tests.matrix.world import make_world

    logging.disable()
    setup_test_environment()
    with tempfile.TemporaryDirectory(prefix="matrix-") as folder:
        connection.settings_dict["TEST"]["NAME"] = f"{folder}/matrix.sqlite3"
        connection.creation.create_test_db(verbosity=0)
        # An answer that is closed because it may not be given would end this connection too.
        connection.close_if_unusable_or_obsolete = lambda: None
        with override_settings(**_settings(Path(folder))), transaction.atomic():
            world = make_world()
            yield Matrix(world, Asker(world.people))
            transaction.set_rollback(True)
        connection.close()


def _settings(folder):
    return {
        "STAGING_DIR": folder / "staging",
        "STORAGES": {
            "default": {
                "BACKEND": "portal.files.disk.Disk",
                "OPTIONS": {"location": folder / "storage"},
            },
            "staticfiles": {
                "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
            },
        },
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "WHITENOISE_AUTOREFRESH": True,
        "EMAIL_FILE_PATH": str(folder / "mail"),
    }
