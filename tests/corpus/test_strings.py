"""500 texts in every field of every form, found by walking through the pages.

Each form takes all texts, numbers and dates by itself, as the view makes it. The whole way through
a view, with its page, takes a hundred times as long: of these ways CI goes some, so that all texts
are sent, and CORPUS=all (`make proof`) goes all.
"""

import os
from contextlib import contextmanager

import pytest
from django import forms

from portal.http.bad_requests import is_bad
from tests.corpus import pages, strings
from tests.corpus.answers import check, check_sentences
from tests.corpus.limits import within
from tests.corpus.recording import own_forms, recorded, with_values
from tests.corpus.world import PATTERNS, share

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once,
    pytest.mark.usefixtures("any_number_of_guesses"),
    pytest.mark.ignore_template_errors,  # Django's own templates ask for what is not there
]
SHARES = 8
TEXTS = [*strings.strings(), *strings.numbers(), *strings.dates()]
ROUNDS = len(TEXTS) if os.environ.get("CORPUS") == "all" else 10
SECONDS = 10
CHOICES = (forms.ChoiceField, forms.ModelChoiceField, forms.BooleanField)
# Django's own, in the admin.
WITHOUT_OWN_FORMS = ("_changelist", "_history", "_delete")
SECRET = {"password"}
# For password managers, and a signature under what has changed meanwhile.
NOT_SHOWN_AGAIN = {"username", "signed_name"}


def calls_of(client, form):
    """How the views make the forms behind a form of a page."""
    with pages.undone(client), recorded() as calls:
        answer = form.send(client, form.plain())
    for call in calls:
        call.request = answer.wsgi_request
    return {call.key: call for call in calls}.values()


def check_texts(call):
    fields = call.names()
    typed = [name for name, field in fields.items() if not isinstance(field, CHOICES)]
    others = [name for name in fields if name not in typed]
    for text in TEXTS:
        # First what a person can type, then what only a program sends.
        for names in (typed, others) if others else (typed,):
            form = call.form(with_values(call.sent, {name: [text] for name in names}))
            with within(SECONDS, (call.cls, text)), refusing(call.request):
                call.is_valid(form)
                check_sentences(form.errors)


@contextmanager
def refusing(request):
    """What a form of the admin cannot take, the middleware may refuse."""
    try:
        yield
    except Exception as problem:
        if not is_bad(request, problem):
            raise


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
    again = [one for one in pages.read(answer, form.action) if one.key == form.key]
    if form.method != "post" or not again:
        return
    for one in again[0].fields:
        if is_typed(one) and one.name in data:
            typed = data[one.name][0].replace("\r\n", "\n").replace("\r", "\n")
            shown = one.values[0].replace("\r\n", "\n").replace("\r", "\n")
            assert shown == typed, f"{one.name} of {form.action}"


@pytest.mark.parametrize("part", range(SHARES))
def test_every_field_of_every_form_takes_any_text(world, part):
    known = set()
    for number, (client, form) in enumerate(pages.every_form(world, share(part, SHARES))):
        for call in calls_of(client, form):
            if call.key not in known:
                known.add(call.key)
                check_texts(call)
        for data in rounds(form, number):
            with pages.undone(client), within(SECONDS, (form.action, data)):
                answer = form.send(client, data)
            check(answer, (form.action, data))
            check_shown_again(answer, form, data)


def test_every_form_of_the_project_is_on_a_page_that_is_walked_through(world):
    patterns = [one for one in PATTERNS if not one.name.endswith(WITHOUT_OWN_FORMS)]
    forms = pages.every_form(world, patterns)
    made = {call.cls for client, form in forms for call in calls_of(client, form)}
    covered = {base for cls in made for base in cls.__mro__}
    assert own_forms() - covered == set()
