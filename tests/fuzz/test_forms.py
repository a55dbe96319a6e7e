"""Every form that a view makes, with data drawn from its own fields.

Counted: each form class of a page of ours takes 30 examples, in `make proof` each one 1,000,
those of the admin too.
"""

from contextlib import contextmanager

import pytest
from hypothesis import given

from portal.http.bad_requests import is_bad
from tests.corpus import pages
from tests.corpus.answers import check_sentences
from tests.corpus.limits import modest
from tests.corpus.pages import undone
from tests.corpus.recording import own_forms, recorded, with_values
from tests.fuzz.profiles import WHOLE, examples
from tests.fuzz.strategies import data_for
from tests.urls import PATTERNS

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.proof(part=True),
    pytest.mark.usefixtures("any_number_of_attempts"),
    pytest.mark.ignore_template_errors,
]
# Their forms are the library's: one for the search and one for the choice of an action.
ALIKE = ("_history", "_delete")
ASKED = [one for one in PATTERNS if WHOLE or not one.name.startswith("admin:")]


def calls(world, patterns):
    """How each form of these patterns is made, once for each class and set of fields."""
    found = {}
    for client, form in pages.every_form(world, patterns):
        with undone(client), recorded() as made:
            answer = form.send(client, form.plain())
        for call in made:
            call.request = answer.wsgi_request
            found.setdefault(call.key, call)
    return list(found.values())


def check_form(call):
    fields = call.names()

    @examples(30, many=1000)
    @given(data_for(fields))
    def holds(values):
        sent = with_values(call.sent, values)
        with undone(), modest((call.cls, values)), refusing(call.request):
            form = call.form(sent)
            is_valid = call.is_valid(form)
            check_sentences(form.errors)
            again = call.form(sent)
            # What is right is right again, and means the same.
            assert call.is_valid(again) == is_valid
            if is_valid:
                assert str(again.cleaned_data) == str(form.cleaned_data)

    holds()


@contextmanager
def refusing(request):
    """What a form of the admin cannot take, the middleware may refuse."""
    try:
        yield
    except Exception as problem:
        if not is_bad(request, problem):
            raise


def test_no_form_fails_whatever_it_is_sent(world):
    made = calls(world, [one for one in ASKED if not one.name.endswith(ALIKE)])
    if WHOLE:
        assert own_forms() <= {base for call in made for base in call.cls.__mro__}
    for call in made:
        check_form(call)
