"""Every answer in words says how its letters are written."""

import pytest

from tests.matrix.rules import NOWHERE

# Form, page and record of programs, errors, and files; with what each is.
ANSWERS = {
    "/": "text/html",
    "/nowhere/": "text/html",
    "/healthz": "text/plain",
    "/metrics": "text/plain",
    "/files/": "text/plain",
    "/account/stay/": "text/plain",
    f"/cases/drafts/{NOWHERE['form_key']}/": "text/plain",
    "/admin/jsi18n/": "text/html",
    "/static/js/theme.js": "text/javascript",
    "/static/css/portal.css": "text/css",
}


@pytest.mark.parametrize(("path", "kind"), ANSWERS.items())
def test_a_stranger_is_told(client, db, settings, path, kind):
    settings.METRICS_TOKEN = "figures"
    settings.WHITENOISE_USE_FINDERS = True
    answer = client.post(path) if "drafts" in path else client.get(path, follow=True)
    answer.close()
    assert answer["Content-Type"].replace('"', "").lower() == f"{kind}; charset=utf-8"
