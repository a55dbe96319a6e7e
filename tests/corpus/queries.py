"""300 query strings as they stand in an address, for lists, sign-in and the lab's admin."""

import random
from urllib.parse import quote, urlencode

from tests.corpus import strings

COUNT = 300
SEED = 7

ELSEWHERE = [
    "https://evil.example/", "//evil.example", "///evil.example", "////evil.example/",
    "http:evil.example", "https:/evil.example", "https:///evil.example", "\\\\evil.example",
    "/\\evil.example", "\\/evil.example", "/\t/evil.example", "\t//evil.example",
    "/%09/evil.example",
    "//evil.example\\@testserver", "https://testserver@evil.example/", "//testserver.evil.example",
    "https://evil.example#testserver", "https://evil.example?testserver", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "ftp://a/",
    "/cases/\r\nSet-Cookie: a=b", "%2f%2fevil.example", "/%2fevil.example", "/%5cevil.example",
    "\0//evil.example", "//evil\u3002example", "//\uff45vil.example", "///\\;@evil.example",
    "/.evil.example", ".evil.example", "evil.example", "?next=//evil.example",
    "#//evil.example", "//[::1]/", "http://[evil", "//evil.example:80:80/", "http://evil.example:99999/",
    "/cases/../../..//evil.example", "x" * 3000, "http://\u2488\u2488.example",
    "mailto:a@b.example",
    "blob:https://evil.example/1", "//%65vil.example", "\x01https://evil.example", "cases:list",
]  # fmt: skip
_SORTS = [
    "-", "--", "case,-case", "pk", "practice__name", "-created_by__password", "?", "case desc",
    "case;--", "case__exact", "1", "-1", "\0", "progress\n", "PATIENT", "__class__", "%s", "case'",
]  # fmt: skip
_OWN = ["page", "sort", "archived", "q", "draft", "answers", "form"]
# What the changelists of Django's admin read, and what looks like one of their filters.
_ADMIN = [
    "created_at__year=9999", "created_at__year=10000", "created_at__year=0", "created_at__year=-1",
    "created_at__year=x", "created_at__year=99999999999999999999", "created_at__gte=9999-12-31",
    "created_at__gte=9999-12-31+23:59:59%2B00:00", "created_at__lt=0001-01-01+00:00:00-14:00",
    "created_at__gte=x", "created_at__month=13", "created_at__day=99", "created_at__isnull=maybe",
    "at__year=9999", "at__year=2026&at__month=13", "at__year=2026&at__month=2&at__day=31",
    "at__year=0&at__month=1", "at__year=x", "at__gte=9999-12-31", "at__year=2026&at__year=9999",
    "starts_at__gte=9999-12-31+23:59:59-23:59", "starts_at__lt=", "starts_at__year=9999",
    "block__starts_at__gte=0001-01-01", "block__starts_at__year=9999", "progress__exact=x",
    "progress__exact=99999999999999999999", "progress__exact=-1", "progress__in=1,2,x",
    "progress__in=", "practice__id__exact=x", "practice__id__exact=9223372036854775808",
    "practice__id__in=1,99999999999999999999", "practice__pk__exact=1", "planner__id__exact=%00",
    "is_active__exact=2", "is_active__exact=x", "is_staff__exact=", "is_open__exact=1%00",
    "state__exact=booked%00", "kind__exact=%00", "work_state__exact=x", "work_waits_for__exact=x",
    "tooth_numbering__exact=x", "level__exact=x", "pinned__exact=yes", "free=maybe", "answer=x",
    "archived=x", "user__password__startswith=a", "created_by__password__startswith=pbkdf2",
    "practice__members__password__regex=^a", "pk__in=x", "id__in=99999999999999999999",
    "id__regex=(", "number__regex=(", "number__regex=(a%2B)%2B$", "number__search=x",
    "patient_name__unaccent=x", "teeth__contains=x", "teeth__0=1", "implants__x__y=1",
    "snapshot__a=1", "o=1", "o=-1", "o=99", "o=1.2.3", "o=x", "o=-", "o=.", "o=1.1.1.1.1.1",
    "o=99999999999999999999", "o=--1", "o=%00", "p=0", "p=-1", "p=99999", "p=x", "p=1e9", "p=",
    "p=99999999999999999999", "all=", "all=1", "all=x", "e=1", "e=x", "e=", "_popup=1", "_popup=x",
    "_to_field=id", "_to_field=password", "_to_field=x", "_changelist_filters=x",
    "_changelist_filters=e%3D1", "_changelist_filters=%25", "_changelist_filters=o%3D99%26p%3Dx",
    "_changelist_filters=created_at__year%3D9999", "_changelist_filters=q%3D%2500", "_facets=True",
    "_facets=x", "q=%00", "q=%250%00", "q=%0%000", "q=%2500", "q=%u0000", "q=%C0%80", "q=\"a",
    "q='a", "q=%22a%22+b", "q=\\", "q=%5C%00", "__init__=1", "a__b__c__d=1", "__=1", "=", "&&&",
    "id=1&id=2", "case__number=1&case__number__in=x", "last_login__year=9999", "user=x",
    "initial=x", "practice=99999999999999999999", "practice=x", "is_staff=x", "created_at=x",
]  # fmt: skip
_BROKEN = [
    "%", "%%", "%zz", "%ff%fe", "%ED%A0%80", "%F4%90%80%80", "%c0%ae", "q", "q=", "=q", "=", "&",
    ";", "?", "??", "q=1;q=2", "q[]=1", "q[a]=1", "q.a=1", "a" * 3000, "&" * 900, "%0%000", "%00",
    "%2500", "q=%0d%0aSet-Cookie:a=b", "q=+++", "q=%E2%80%AE", "q=" + "%F0%9F%A6%B7" * 300,
    "page=1&page=2&page=x", "sort=case&sort=-case", "q=a&amp;page=2", "_method=DELETE",
    "next=/cases/&next=//evil.example", "format=json", "debug=1", "admin=1", "user=1", "id=1",
]  # fmt: skip


def to_elsewhere() -> list[str]:
    """Queries that ask to be led to another site, under each name that a page reads."""
    return [f"next={quote(place, safe='%')}" for place in ELSEWHERE]


def for_admin() -> list[str]:
    """Those that the lists of the admin look at."""
    return [*_ADMIN, *_BROKEN]


def queries(seed: int = SEED) -> list[str]:
    """The 300 query strings."""
    found = [*_ADMIN, *_BROKEN, *to_elsewhere(), *(urlencode({"sort": sort}) for sort in _SORTS)]
    found += [f"page={quote(number)}" for number in strings.numbers()[::3] if len(number) < 500]
    found = list(dict.fromkeys(found))
    dice = random.Random(seed)
    texts = [text for text in strings.strings() if len(text) < 2000]
    while len(found) < COUNT:
        name, text = dice.choice(_OWN), dice.choice(texts)
        found.append(urlencode({name: text, dice.choice(_OWN): dice.choice(texts)}))
    return found[:COUNT]
