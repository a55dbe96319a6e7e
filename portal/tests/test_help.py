import re

import pytest
from django.conf import settings

from portal.templatetags.portal import screenshot

NAMES = [path.stem for path in (settings.BASE_DIR / "static/img/manual").glob("*.webp")]


@pytest.fixture
def manual(client, db):
    return client.get("/help/").content.decode()


def test_every_picture_is_shown_in_the_manual_with_words_for_those_who_do_not_see_it(manual):
    shown = re.findall(r'<img src="/static/img/manual/([\w-]+)\.webp" alt="([^"]+)"', manual)
    assert sorted(name for name, words in shown) == sorted(NAMES)
    assert len(shown) == 8


@pytest.mark.parametrize(
    "section",
    [
        "browser", "first-page", "new-case", "confirmation", "list", "progress", "record",
        "planning", "account",
    ],
)  # fmt: skip
def test_every_section_is_in_the_contents(manual, section):
    assert f'<a href="#{section}">' in manual
    assert f'<section id="{section}">' in manual


def test_a_picture_that_was_taken_after_the_start_does_not_break_the_manual(settings, tmp_path):
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}
    assert screenshot("cases") == ""
    assert screenshot("nowhere") == ""
