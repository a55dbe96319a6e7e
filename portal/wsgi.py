import os

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

from portal.http.methods import UPLOADS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


def in_utf_8(answer):
    """Have every request read as UTF-8, as every page of ours is sent.

    The charset in a Content-Type may name a codec that is none for text, such as hex. Django reads
    the query with it before any middleware is asked, and fails; so it does when the charset of a
    parameter is unknown.
    """

    def answer_in_utf_8(environ, start_response):
        sent = environ.get("CONTENT_TYPE", "")
        try:
            kind, told = parse_header_parameters(sent)
        except (ValueError, TypeError):  # the latter for a parameter that is there in two ways
            environ["CONTENT_TYPE"] = sent.partition(";")[0]
        else:
            if "charset" in told:
                boundary = f"; boundary={told['boundary']}" if "boundary" in told else ""
                environ["CONTENT_TYPE"] = kind + boundary
        return answer(environ, start_response)

    return answer_in_utf_8


class Whole:
    """The body of a request, of which a part is none.

    Should the line break off, a server gives what came, and Django would take it for the form: a
    case would be sent by half. `read` and `readline` raise OSError instead, as other servers do,
    which Django turns into UnreadablePostError.
    """

    def __init__(self, body, length):
        self._body, self._left = body, length

    def read(self, size):
        return self._counted(self._body.read(size), min(size, self._left))

    def readline(self, size):
        return self._counted(self._body.readline(size), min(1, self._left))

    def _counted(self, came, wanted):
        self._left -= len(came)
        if len(came) < wanted:
            raise ConnectionResetError("The body ended before its end.")
        return came


def in_one_piece(answer):
    """Have no body read by half, but for files: of those each byte that came is kept."""

    def answer_to_the_whole(environ, start_response):
        length = environ.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and not environ["PATH_INFO"].startswith(UPLOADS):
            environ["wsgi.input"] = Whole(environ["wsgi.input"], int(length))
        return answer(environ, start_response)

    return answer_to_the_whole


application = in_utf_8(in_one_piece(get_wsgi_application()))
