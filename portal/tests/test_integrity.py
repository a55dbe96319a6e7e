"""Every script and style sheet of a page carries the digest of the file that is served."""

import base64
import hashlib
from html.parser import HTMLParser

import pytest
from django.core.management import call_command

from portal import integrity

# Made for each person's language, so that no file has its digest.
NO_FILE = "/admin/jsi18n/"


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if (tag == "script" and "src" in names) or names.get("rel") == "stylesheet":
            self.found.append(names)


def links(page):
    parser = Links()
    parser.feed(page)
    return parser.found


@pytest.fixture
def collected(settings, tmp_path):
    """The static files as collectstatic leaves them, without the time that compressing takes."""
    settings.STATIC_ROOT = tmp_path / "static"
    manifest = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}
    call_command("collectstatic", interactive=False, verbosity=0)
    integrity.digest.cache_clear()
    return settings.STATIC_ROOT


def right_digest(folder, address):
    body = (folder / address.removeprefix("/static/")).read_bytes()
    return "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()


def test_pages_of_ours_and_of_the_libraries_name_the_digest_of_each_file(
    collected, client, lab_user, case
):
    client.force_login(lab_user)
    count = 0
    for url in (
        "/",
        "/accounts/password/change/",
        f"/cases/{case.number}/",
        "/nowhere/",
        "/admin/",
        "/admin/cases/case/",
        f"/admin/cases/case/{case.pk}/change/",
        "/admin/portal/news/add/",
    ):
        answer = client.get(url)
        assert int(answer.get("Content-Length", len(answer.content))) == len(answer.content)
        for link in links(answer.text):
            address = link.get("src") or link["href"]
            if address != NO_FILE:
                assert link["integrity"] == right_digest(collected, address), address
                assert link["crossorigin"] == "anonymous"
                count += 1
    assert count > 60


def test_a_page_goes_out_while_files_are_collected_anew(collected, client, db):
    for path in collected.glob("js/ui.*.js"):
        path.unlink()
    scripts = [link for link in links(client.get("/").text) if "/js/ui." in link.get("src", "")]
    assert [("integrity" in link) for link in scripts] == [False]


def test_files_that_change_under_their_name_get_no_digest(client, db):
    assert "integrity" not in client.get("/").text
