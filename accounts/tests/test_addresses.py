"""Addresses that somebody else names: Host, X-Forwarded-Host and `next` lead nobody astray."""

import re

import pytest

from accounts.tests.conftest import PASSWORD
from portal.models import Email

EVIL = "evil.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1"},  # an allowed name, but not the one that people know
        {"host": "localhost:1234"},
        {"x-forwarded-host": EVIL},
        {"forwarded": f"host={EVIL}"},
        {"x-forwarded-server": EVIL, "x-host": EVIL, "x-forwarded-port": "81"},
    ],
)
def test_a_mail_links_to_the_portal_by_its_own_name(ask_for_link, person, settings, headers):
    settings.SITE_URL = "https://portal.example.com"
    ask_for_link(person.email, headers=headers)
    mail = Email.objects.get()
    links = re.findall(r"https?://[^/\s\"<]+", mail.text + mail.html)
    assert set(links) == {settings.SITE_URL}
    assert re.search(rf"{settings.SITE_URL}/accounts/password/reset/key/\S+/", mail.text)


@pytest.mark.parametrize(
    "target",
    [
        f"https://{EVIL}/",
        f"http://{EVIL}",
        f"//{EVIL}/",
        f"///{EVIL}/",
        f"////{EVIL}",
        f"/\\{EVIL}",
        f"\\\\{EVIL}",
        f"https:{EVIL}",
        f"https:/{EVIL}",
        f"https:///{EVIL}",
        f"\t//{EVIL}",
        f"/\t/{EVIL}",
        f"http://testserver@{EVIL}/",
        f"http://testserver.{EVIL}/",
        # Names that are answered, but another port may be another program.
        "http://localhost:9/",
        "http://testserver/cases/",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://testserver/",
    ],
)
def test_signing_in_leads_to_a_path_of_ours_only(client, person, target):
    typed = {"login": person.email, "password": PASSWORD, "next": target}
    assert client.post("/accounts/login/", typed)["Location"] == "/cases/"
    assert client.post("/accounts/logout/", {"next": target})["Location"] == "/"
