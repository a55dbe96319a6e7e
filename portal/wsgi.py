import os

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


def in_utf_8(answer):
    """Have every request read as UTF-8, as every page of ours is sent.

    The charset in a Content-Type may name a codec that is none for text, such as hex. Django reads
    the query with it before any middleware is asked, and fails; so it does when the charset of a
    parameter is unknown.
    """

    def answer_in_utf_8(environ, start_response):
        try:
            kind, told = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        except ValueError:
            kind, told = "", {"charset": "unknown"}
        if "charset" in told:
            boundary = f"; boundary={told['boundary']}" if "boundary" in told else ""
            environ["CONTENT_TYPE"] = kind + boundary
        return answer(environ, start_response)

    return answer_in_utf_8


application = in_utf_8(get_wsgi_application())
