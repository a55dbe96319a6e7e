"""What is drawn for a field or a request: mostly what fits, often an edge, sometimes hostility."""

from datetime import date, timedelta

from django import forms
from hypothesis import strategies as st

from tests.corpus import headers, queries, strings

TEXTS = st.sampled_from(strings.strings())
NUMBERS = st.sampled_from(strings.numbers())
DATES = st.sampled_from(strings.dates())
HOSTILE = st.one_of(TEXTS, NUMBERS, DATES, st.text(max_size=200))
_NEAR = st.integers(-400, 400).map(lambda days: (date.today() + timedelta(days)).isoformat())


def _fitting(field):
    if isinstance(field, forms.ModelChoiceField):
        return st.sampled_from(["", *(str(row.pk) for row in field.queryset[:20])])
    if isinstance(field, forms.ChoiceField):
        return st.sampled_from(["", *(str(value) for value in _values(field.choices))])
    if isinstance(field, forms.BooleanField):
        return st.sampled_from(["on", "", "True", "false"])
    if isinstance(field, forms.DateField | forms.DateTimeField | forms.SplitDateTimeField):
        return _NEAR | DATES
    if isinstance(field, forms.IntegerField | forms.DecimalField | forms.FloatField):
        return st.integers(-10, 300).map(str) | NUMBERS
    if isinstance(field, forms.EmailField):
        return st.emails() | TEXTS
    longest = getattr(field, "max_length", None) or 300
    # A letter short of what is allowed, just that, and one too many.
    edges = st.sampled_from([longest - 1, longest, longest + 1]).map(lambda n: "ä" * n)
    return st.text(max_size=60) | edges


def _values(choices):
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from (inner for inner, _ in label)
        else:
            yield value


def values_of(field):
    """Lists of values that a browser or a program could send for a field."""
    one = st.one_of(_fitting(field), _fitting(field), HOSTILE)
    many = isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField)
    return st.lists(one, max_size=4) if many else st.lists(one, min_size=1, max_size=1)


def data_for(fields):
    """Values for some of the fields of a form, by their names in the data."""
    drawn = {name: values_of(field) for name, field in fields.items()}
    return st.fixed_dictionaries({}, optional=drawn) | st.fixed_dictionaries(drawn)


METHODS = st.sampled_from(
    ["GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "X"]
)
# A part of an address: quoted before it is asked for.
PARTS = st.one_of(TEXTS, NUMBERS, st.uuids().map(str), st.text(min_size=1, max_size=30))
QUERIES = st.sampled_from([""] * 100 + queries.queries())
HEADERS = st.sampled_from([None] * 120 + headers.headers())
NAMES = st.sampled_from(
    ["next", "action", "_selected_action", "select_across", "form_key", "form_token", "confirm",
     "case", "teeth", "body", "block", "email", "name", "login", "password", "attachment",
     "prescription", "save_name", "save_practice", "post", "index", "_save", "patient_name"]
)  # fmt: skip
BODIES = st.dictionaries(NAMES, HOSTILE, max_size=5)
