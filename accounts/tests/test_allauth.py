import re

import allauth

from accounts.sign_in.allauth_internals import CHECKED_VERSION

OURS = ("portal", "accounts", "cases", "scheduling")
INSIDE = re.compile(
    r"^from allauth\.\S*(internal|stages|authentication|utils)\b|^from allauth.* app_settings"
    r"|^from allauth\.core|^from allauth.* default_token_generator",
    re.MULTILINE,
)


def test_the_inside_of_allauth_was_looked_over_in_the_version_that_is_installed():
    assert allauth.__version__ == CHECKED_VERSION, (
        f"allauth is {allauth.__version__} now. Read its release notes for what "
        "accounts/sign_in/allauth_internals.py names, run accounts/tests, then write the version "
        "there."
    )


def test_the_inside_of_allauth_is_reached_by_one_module(settings):
    reaching = {
        str(path.relative_to(settings.BASE_DIR))
        for app in OURS
        for path in (settings.BASE_DIR / app).rglob("*.py")
        if INSIDE.search(path.read_text())
    }
    assert reaching == {"accounts/sign_in/allauth_internals.py"}
