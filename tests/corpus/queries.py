"""Query strings as they stand in an address, for lists, sign-in and the lab's admin.

Fields that a list of the admin might be asked for, and how, are drawn in tests/fuzz.
"""

from urllib.parse import quote, urlencode

from tests.corpus import strings

ELSEWHERE = [
    "https://evil.example/", "//evil.example", "///evil.example", "http:evil.example",
    "https:///evil.example", "\\\\evil.example", "/\\evil.example", "/\t/evil.example",
    "/%09/evil.example", "//evil.example\\@testserver", "https://testserver@evil.example/",
    "//testserver.evil.example", "https://evil.example#testserver", "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)", "data:text/html,x", "/cases/\r\nSet-Cookie: a=b", "/%2fevil.example",
    "\0//evil.example", "//\uff45vil.example", "evil.example", "?next=//evil.example",
    "http://[evil", "//evil.example:80:80/", "/cases/../../..//evil.example", "x" * 3000,
    "\x01https://evil.example", "cases:list",
]  # fmt: skip
_SORTS = ["--", "case,-case", "-created_by__password", "case;--", "1", "\0", "progress\n", "%s"]
_PAGES = ["0", "-1", "x", "1e9", "٣", "", "9" * 30]
_OWN = ["sort", "archived", "q", "draft", "answers", "form"]
# What the lists of Django's admin read beside their fields.
FOR_ADMIN = [
    "o=-1", "o=99", "o=1.2.3", "o=x", "o=99999999999999999999", "o=%00", "p=-1", "p=99999", "p=x",
    "p=", "all=x", "e=1", "_popup=x", "_to_field=password", "_changelist_filters=e%3D1",
    "_changelist_filters=%25", "_changelist_filters=o%3D99%26p%3Dx", "_facets=x", "q=%00",
    "_changelist_filters=created_at__year%3D9999", "q=%0%000", "q=%2500", "q=%C0%80", "q=\"a",
    "q=%5C%00", "__init__=1", "__=1", "created_at__year=9999", "created_at__gte=x",
    "created_at__lt=0001-01-01+00:00:00-14:00", "at__year=2026&at__month=2&at__day=31",
    "progress__in=1,2,x", "practice__id__exact=9223372036854775808", "id__regex=(",
    "number__regex=(a%2B)%2B$", "practice__members__password__regex=^a", "is_active__exact=2",
    "%zz", "%ff%fe", "%ED%A0%80", "%c0%ae", "=", "&" * 900, ";", "??", "q[]=1", "a" * 3000,
    "q=%0d%0aSet-Cookie:a=b", "q=" + "%F0%9F%A6%B7" * 300, "_method=DELETE", "id=1&id=2",
]  # fmt: skip


def to_elsewhere() -> list[str]:
    """Queries that ask to be led to another site."""
    return [f"next={quote(place, safe='%')}" for place in ELSEWHERE]


def queries() -> list[str]:
    """All of them, with every text under one of the names that our own pages read."""
    texts = [text for text in strings.strings() if len(text) < 2000]
    typed = [(_OWN[at % len(_OWN)], text) for at, text in enumerate(texts)]
    typed += [("sort", sort) for sort in _SORTS] + [("page", page) for page in _PAGES]
    return [*FOR_ADMIN, *to_elsewhere(), *(urlencode([one]) for one in typed)]
