"""What every answer must be, whatever was asked: no failure of ours, and no way to elsewhere."""

import re
from urllib.parse import urlsplit

HOST = "testserver"
# Nothing in the corpora comes back as something that a browser runs.
_ALIVE = re.compile(rb"<script>alert|<img src=x|<svg[ /]onload|<iframe srcdoc|<base href=//evil")
# A sentence, or a label with what was wrong about it.
_SENTENCE = re.compile(r"^[\W\d]*[A-Z“].*[.!?…)”]$", re.DOTALL)


def check(answer, asked):
    """Fail for a 5xx, a redirect to another site, or markup of ours that came back alive."""
    assert answer.status_code < 500, f"{answer.status_code}: {asked!r:.300}"
    to = answer.headers.get("Location", "")
    assert stays_here(to), f"{to!r} after {asked!r:.300}"
    if not answer.streaming:
        assert not _ALIVE.search(answer.content), f"alive: {asked!r:.300}"


def stays_here(address):
    """Whether a browser that is led to an address stays on this site."""
    # Browsers take a backslash for a slash, and leave tabs and line ends out.
    seen = re.sub(r"[\t\r\n]", "", address.replace("\\", "/")).strip("\0 ")
    parts = urlsplit(seen)
    return not seen.startswith("//") and parts.scheme in ("", "http") and parts.netloc in ("", HOST)


def check_sentences(errors):
    """Fail when an error of a form says nothing to a person."""
    for name, problems in errors.items():
        for problem in problems:
            assert _SENTENCE.match(problem), f"{name}: {problem!r:.300}"
