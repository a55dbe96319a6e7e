"""The forms that views make: how each was called, so that it can be made again with other data."""

import copy
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from allauth.core.context import request_context
from django.forms.forms import BaseForm, DeclarativeFieldsMetaclass
from django.http import QueryDict

OURS = ("portal", "accounts", "cases", "scheduling")


def own_forms(above=BaseForm):
    """Every form class of the project. Admin forms that Django derives from models come on top."""
    below = {one for cls in above.__subclasses__() for one in (cls, *own_forms(cls))}
    return {one for one in below if one.__module__.partition(".")[0] in OURS}


@dataclass
class Call:
    """How a view made a bound form: `sent` is what it gave as data, among `args` or `kwargs`."""

    cls: type
    args: tuple
    kwargs: dict
    sent: dict
    request: object = None

    @property
    def key(self):
        return self.cls.__module__, self.cls.__qualname__, tuple(self.cls.base_fields)

    def form(self, data):
        """The same form, with other data, and without a trace on the row that the view had."""
        args = [data if one is self.sent else one for one in self.args]
        kwargs = {name: data if one is self.sent else one for name, one in self.kwargs.items()}
        if kwargs.get("instance") is not None:
            kwargs["instance"] = copy.copy(kwargs["instance"])
        with self.in_request():
            return self.cls(*args, **kwargs)

    def is_valid(self, form):
        with self.in_request():
            return form.is_valid()

    def in_request(self):
        """What the library's middleware does around each request."""
        return request_context(self.request)

    def names(self):
        """Name in the data and field, for each field of the form."""
        form = self.form(self.sent)
        return {form.add_prefix(name): field for name, field in form.fields.items()}


def with_values(sent, values):
    """A copy of the posted data in which some names have other lists of values."""
    data = QueryDict(mutable=True)
    lists = sent.lists() if hasattr(sent, "lists") else [(k, [v]) for k, v in sent.items()]
    for name, found in lists:
        data.setlist(name, list(found))
    for name, found in values.items():
        data.setlist(name, found)
    return data


@contextmanager
def recorded():
    """A list of the Calls that are made in the block."""
    calls = []

    def call(cls, *args, **kwargs):
        # Of some forms the first argument is a user.
        given = (one for one in (*args, kwargs.get("data")) if isinstance(one, dict))
        if (sent := next(given, None)) is not None:
            calls.append(Call(cls, args, kwargs, sent))
        return type.__call__(cls, *args, **kwargs)

    with mock.patch.object(DeclarativeFieldsMetaclass, "__call__", call, create=True):
        yield calls
