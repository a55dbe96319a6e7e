"""Asked inside the portal that is scanned: `python -m audit.inside QUESTION` prints JSON."""

import json
import re
import sys
import uuid

# What a parameter of an address may be where the demo has nothing that fits.
STANDS_FOR = {
    "app_label": "cases",
    "content_type_id": "1",
    "form_key": str(uuid.UUID(int=5)),
    "key": "set-password",
    "revision": "1",
    "to": "received",
    "uidb36": "1",
    "url": "nowhere/",
}
# Of these converters' values only text can carry anything.
TEXT = {"str", "slug", "path"}
PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
# A group of a regular expression, with at most one more in it.
GROUP = re.compile(r"\(\?P<(?P<name>\w+)>(?:[^()]|\([^()]*\))*\)")


def sessions(email):
    """The cookies of somebody who has just signed in, whatever the steps of that are."""
    from django.conf import settings
    from django.contrib.auth import get_user_model, login
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = SessionStore()
    request.META = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "audit"}
    user = get_user_model().objects.get(email=email)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session.save()
    return {settings.SESSION_COOKIE_NAME: request.session.session_key}


def addresses(email):
    """Each address of the portal, filled in with what this person has; `*` follows free text."""
    from django.contrib.auth import get_user_model
    from django.urls import get_resolver

    user = get_user_model().objects.get(email=email)
    values = {**STANDS_FOR, **_of(user)}
    return sorted({_filled(route, values) for route in _routes(get_resolver())})


def _of(user):
    from cases.models import Case

    cases = Case.objects.visible_to(user).exclude(attachments=None)
    case = cases.order_by("pk").first() or Case.objects.visible_to(user).first()
    if case is None:
        return {}
    file = case.attachments.first()
    return {"number": case.number, "pk": str(file.pk) if file else str(uuid.UUID(int=6))}


def _routes(resolver, before=""):
    from django.urls.resolvers import URLResolver

    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, route)
        else:
            yield route


def _filled(route, values):
    model = re.match(r"admin/(\w+)/(\w+)/", route)
    row = _first_row(*model.groups()) if model else ""

    def fill(found):
        value = row if found["name"] in {"object_id", "id", "pk"} and model else None
        value = value or values.get(found["name"], "1")
        is_text = (found.groupdict().get("kind") or "str") in TEXT
        return value + ("*" if is_text else "")

    return "/" + re.sub(r"[\^$\\]|\\Z", "", PARAMETER.sub(fill, GROUP.sub(fill, route)))


def _first_row(app, model):
    from django.apps import apps

    try:
        row = apps.get_model(app, model)._default_manager.order_by("pk").first()
    except LookupError:
        return ""
    return str(row.pk) if row else ""


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"sessions": sessions, "addresses": addresses}[sys.argv[1]](*sys.argv[2:])))
