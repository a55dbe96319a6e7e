"""The forms of the portal, found by walking through its pages."""

import copy
from contextlib import contextmanager
from dataclasses import replace

from django.db import transaction

from cases.progress import Progress
from tests.forms import read
from tests.urls import PATTERNS

# The only field of these says who asks.
LEAVE_ALONE = {"account_logout", "admin:logout"}


def _variants(form):
    """A form once for each action that a list of the admin offers, else as it is."""
    action = next((one for one in form.fields if one.name == "action"), None)
    if action is None or not any(action.options):
        return [form]
    others = [one for one in form.fields if one is not action]
    return [
        replace(form, fields=[*others, replace(action, values=[option])], button=None)
        for option in action.options
        if option
    ]


def forms_of(world, pattern, role):
    """The forms that a person of this role finds at a pattern, and behind its forms."""
    client, found = world.client(role), {}
    for page in _pages(world, pattern):
        answer = client.get(page)
        if pattern.name == "account_reset_password_from_key" and answer.status_code == 302:
            page = answer["Location"]
            answer = client.get(page)
        for form in read(answer, page):
            for variant in _variants(form):
                found.setdefault(variant.key, variant)
    return client, list(found.values())


def forms_behind(client, form, known):
    """The forms of the page that answers a form, without those that are known."""
    if form.method == "get":
        return []
    answer = form.send(client, form.plain())
    behind = [one for next_form in read(answer, form.action) for one in _variants(next_form)]
    return [
        replace(one, before=(*form.before, form))
        for one in {one.key: one for one in behind}.values()
        if one.key not in known and one.key[0] not in LEAVE_ALONE
    ]


def every_form(world, patterns=PATTERNS):
    """Client and form of each form of the portal; what sending it changes is undone."""
    known = set()
    for pattern in patterns:
        for role in world.roles(pattern):
            client, forms = forms_of(world, pattern, role)
            for form in forms:
                if form.key in known or form.key[0] in LEAVE_ALONE:
                    continue
                known.add(form.key)
                yield client, form
                with undone(client):
                    behind = forms_behind(client, form, known)
                for one in behind:
                    known.add(one.key)
                    yield client, one


@contextmanager
def undone(client=None):
    """What the block writes is forgotten: every form finds the same rows, and the same sign-in."""
    cookies = client and copy.deepcopy(client.cookies)
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        if client:
            client.cookies = cookies


def _pages(world, pattern):
    """Where to look: a page of a case may be there in some of its states only."""
    if "to" not in pattern.parameters:
        return [world.address(pattern)]
    steps, cases = (
        [progress.name.lower() for progress in Progress],
        [world.own.ready, world.own.made],
    )
    return [world.address(pattern, to=to, pk=case.pk) for to in steps for case in cases]
