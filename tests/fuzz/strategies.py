"""What is drawn for a field or a request: mostly what fits, often an edge, sometimes hostility."""

from datetime import date, timedelta
from urllib.parse import quote

from django import forms
from hypothesis import strategies as st

from tests.corpus import bodies, headers, queries, strings

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
HEADERS = st.sampled_from([None] * 120 + headers.HEADERS)
NAMES = st.sampled_from(
    ["next", "action", "_selected_action", "select_across", "form_key", "form_token",
     "case", "teeth", "body", "block", "email", "name", "login", "password", "attachment",
     "prescription", "save_name", "save_practice", "post", "index", "_save", "patient_name"]
)  # fmt: skip
BODIES = st.dictionaries(NAMES, HOSTILE, max_size=5)
# What the lists of the admin are asked for: what they offer, do not offer, or do not have.
_ASKED = st.sampled_from(
    ["teeth", "implants", "snapshot", "id", "pk", "at", "created_at", "note", "state",
     "practice__id", "case__patient_name", "progress", "password", "_to_field", "_popup", "_facets",
     "_changelist_filters", "o", "p", "q", "e", "all"]
)  # fmt: skip
_HOW = st.sampled_from(
    ["", "__exact", "__contains", "__contained_by", "__range", "__in", "__isnull", "__gte",
     "__year", "__month", "__day", "__0", "__a__b", "__regex", "[]", "__" * 30]
)  # fmt: skip
_VALUES = st.sampled_from(["", "1", "x", "-1", "9999", "0", "1,2", "None", "{}", "%ED%A0%80"])
LOOKUPS = st.lists(st.tuples(_ASKED, _HOW, _VALUES | HOSTILE), max_size=3).map(
    lambda asked: "&".join(f"{name}{how}={_quoted(value)}" for name, how, value in asked)
)


def _quoted(text):
    return quote(text, safe="%", errors="replace")


# Bodies as bytes: (content type, bytes, bytes announced).
_KINDS = st.sampled_from(
    [bodies.FORM, *(bodies.MULTIPART + rest for rest in ("", "; boundary=", "; boundary=b"))]
)
_GROWN = st.lists(
    st.sampled_from([b"--b", b"--b--", b"\r\n", b"\r\n\r\n", b"body=x", b"&", b"%", b"=", b";",
                     b"Content-Disposition: form-data; name=body", b'; filename="a.stl"', b"; name",
                     b"Content-Transfer-Encoding: base64", b"*0*=", b"*=utf-8''"])
    | st.binary(max_size=20),
    max_size=30,
).map(b"".join)  # fmt: skip
BYTES = st.sampled_from([one for one in bodies.bodies() if len(one[1]) < 10_000]) | st.tuples(
    _KINDS, _GROWN, st.integers(-1, 9)
).map(lambda drawn: (drawn[0], drawn[1], max(len(drawn[1]) + drawn[2], 0)))
