"""Scripts and style sheets that a browser takes only as they are here, byte for byte.

Every answer that is a page gets the digests, and no template has to think of them: half of our
pages are those of admin and allauth, which the tags of django-sri do not reach.
"""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage

STATIC = re.escape(settings.STATIC_URL)
LINK = re.compile(
    rf'<(?:script|link)\b[^>]*?\s(?:src|href)="(?P<address>{STATIC}[^"]+\.(?:js|css))"'
)


def with_integrity(get_response):
    def answer(request):
        response = get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        # Files are collected under names that say their content; elsewhere they change at will.
        if (
            is_page
            and not response.streaming
            and isinstance(staticfiles_storage, ManifestFilesMixin)
        ):
            response.content = LINK.sub(_with_digest, response.text)
            if "Content-Length" in response:
                response["Content-Length"] = len(response.content)
        return response

    return answer


def _with_digest(link):
    name = unquote(link["address"].removeprefix(settings.STATIC_URL))
    try:
        return f'{link[0]} integrity="{digest(name)}" crossorigin="anonymous"'
    except OSError:
        return link[0]  # It is being collected anew; better a page without its digests than none.


@cache
def digest(name):
    """What the integrity of a collected file is to be. Raises OSError when it is not there."""
    body = Path(staticfiles_storage.path(name)).read_bytes()
    return "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()
