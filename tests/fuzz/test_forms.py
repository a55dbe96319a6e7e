"""Every form that a view makes, with data drawn from its own fields.

Counted: each form class takes a thousand examples (FUZZ=ci), or 10,000 (FUZZ=long).
"""

import pytest
from hypothesis import given

from tests.corpus import pages
from tests.corpus.answers import check_sentences
from tests.corpus.limits import within
from tests.corpus.recording import recorded, with_values
from tests.corpus.test_strings import refusing
from tests.corpus.world import share
from tests.fuzz.profiles import examples
from tests.fuzz.strategies import data_for

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once,
    pytest.mark.usefixtures("any_number_of_guesses"),
    pytest.mark.ignore_template_errors,
]
SECONDS = 10
SHARES = 8
# Their forms are the library's: one for the search and one for the choice of an action.
ALIKE = ("_history", "_delete")


def calls(world, patterns):
    """How each form of these patterns is made, once for each class and set of fields."""
    found = {}
    for client, form in pages.every_form(world, patterns):
        with pages.undone(client), recorded() as made:
            answer = form.send(client, form.plain())
        for call in made:
            call.request = answer.wsgi_request
            found.setdefault(call.key, call)
    return list(found.values())


def check_form(call):
    fields = call.names()

    @examples()
    @given(data_for(fields))
    def holds(values):
        sent = with_values(call.sent, values)
        with within(SECONDS, (call.cls, values)), refusing(call.request):
            form = call.form(sent)
            is_valid = call.is_valid(form)
            check_sentences(form.errors)
            again = call.form(sent)
            # What is right is right again, and means the same.
            assert call.is_valid(again) == is_valid
            if is_valid:
                assert str(again.cleaned_data) == str(form.cleaned_data)

    holds()


@pytest.mark.parametrize("number", range(SHARES))
def test_no_form_fails_whatever_it_is_sent(world, number):
    patterns = [one for one in share(number, SHARES) if not one.name.endswith(ALIKE)]
    for call in calls(world, patterns):
        check_form(call)
