"""The settings as production reads them: with an https address, in a process of its own."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

WHAT = ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "PATH", "DOMAIN")
PRINT = """
import json, django
django.setup()
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in %r}))
"""


def settings_with(tmp_path, *names, **environment):
    own = {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "portal.settings", **environment}
    done = subprocess.run(
        [sys.executable, "-c", PRINT % (list(names),)],
        cwd=settings.BASE_DIR,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("site_url", "prefix", "secure"),
    [("https://portal.example.com", "__Host-", True), ("http://localhost:8000", "", False)],
)
def test_cookies_belong_to_this_host_alone(tmp_path, site_url, prefix, secure):
    names = [f"{cookie}_COOKIE_{what}" for cookie in ("SESSION", "CSRF") for what in WHAT]
    found = settings_with(tmp_path, *names, SITE_URL=site_url)
    assert found == {
        "SESSION_COOKIE_NAME": f"{prefix}sessionid",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_DOMAIN": None,
        "CSRF_COOKIE_NAME": f"{prefix}csrftoken",
        "CSRF_COOKIE_SECURE": secure,
        "CSRF_COOKIE_HTTPONLY": False,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_PATH": "/",
        "CSRF_COOKIE_DOMAIN": None,
    }


def test_keys_of_before_are_named_with_commas(tmp_path):
    found = settings_with(tmp_path, "SECRET_KEY_FALLBACKS", SECRET_KEY_FALLBACKS="one, two")
    assert found == {"SECRET_KEY_FALLBACKS": ["one", "two"]}
