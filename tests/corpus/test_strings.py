"""Every text in every field of every form, found by walking through the pages.

As a browser sends them, the whole way through the view and its page. What the forms take by
themselves is drawn in tests/fuzz.
"""

import pytest

from tests import forms
from tests.corpus import pages, strings
from tests.corpus.answers import check
from tests.corpus.limits import modest

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.proof,
    pytest.mark.usefixtures("any_number_of_attempts"),
    pytest.mark.ignore_template_errors,  # Django's own templates ask for what is not there
]
TEXTS = [*strings.strings(), *strings.numbers(), *strings.dates()]
ROUNDS = 20
SECRET = {"password"}
# For password managers, and a signature under what has changed meanwhile.
NOT_SHOWN_AGAIN = {"username", "signed_name"}


def rounds(form, number):
    """Data in which each field has another text, and after all rounds has had each of them."""
    for turn in range(ROUNDS):
        data = form.plain()
        for place, one in enumerate(form.fields):
            # Every other round the fields that nobody types into are forged too.
            if one.name != "csrfmiddlewaretoken" and (one.is_text or turn % 2):
                at = (turn * (len(TEXTS) // ROUNDS) + place * 7 + number * 31) % len(TEXTS)
                data[one.name] = [TEXTS[at]]
        yield data


def is_typed(field):
    """Whether a person types into a field: not into the pattern of rows that a page may add."""
    is_pattern = "__prefix__" in field.name or field.name in NOT_SHOWN_AGAIN
    return field.is_text and field.kind not in SECRET and not is_pattern


def check_shown_again(answer, form, data):
    """What was typed stands in the form again, when the page shows it again."""
    again = [one for one in forms.read(answer, form.action) if one.key == form.key]
    if form.method != "post" or not again:
        return
    for one in again[0].fields:
        if is_typed(one) and one.name in data:
            typed = data[one.name][0].replace("\r\n", "\n").replace("\r", "\n")
            shown = one.values[0].replace("\r\n", "\n").replace("\r", "\n")
            assert shown == typed, f"{one.name} of {form.action}"


def test_every_field_of_every_form_takes_any_text(world):
    for number, (client, form) in enumerate(pages.every_form(world)):
        for data in rounds(form, number):
            with pages.undone(client), modest((form.action, data)):
                answer = form.send(client, data)
            check(answer, (form.action, data))
            check_shown_again(answer, form, data)
