"""Beside its pages the portal gives out static files, and nothing else that lies on its disk."""

import pytest


@pytest.mark.parametrize(
    "path",
    [
        "/static/", "/static/js/", "/static/js", "/static/../manage.py", "/static/%2e%2e/manage.py",
        "/static//etc/passwd", "/static/js/../../portal/settings.py",
        "/.git/config", "/.env", "/manage.py", "/portal/settings.py", "/requirements.txt",
        "/var/secret_key", "/secret_key", "/docs/security.md", "/tests/", "/media/", "/storage/",
    ],
)  # fmt: skip
def test_no_folder_is_listed_and_no_source_is_given_out(client, db, settings, path):
    settings.WHITENOISE_USE_FINDERS = True
    assert client.get(path).status_code == 404


def test_static_files_are_given_out(client, settings):
    settings.WHITENOISE_USE_FINDERS = True
    assert client.head("/static/js/theme.js").status_code == 200
