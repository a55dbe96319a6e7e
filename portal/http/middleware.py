from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import Http404

# What neither Django nor django-csp sends: constants, for which no library is needed. Only our own
# pages may use our answers, they use nothing of others, and no page asks for a device.
HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "autoplay",
            "camera",
            "display-capture",
            "encrypted-media",
            "geolocation",
            "gyroscope",
            "hid",
            "idle-detection",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "serial",
            "usb",
            "xr-spatial-tracking",
        )
    ),
}


def more_headers(get_response):
    """Put HEADERS on every answer; stands outside of all that may answer by itself."""

    def answer(request):
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return answer


# Where somebody says that they leave. When a session runs out, the page stays as it is, and an
# upload goes on after the next sign-in.
SIGN_OUTS = {"account_logout", "accounts:sign_out_everywhere", "admin:logout", "usersessions_list"}


@receiver(user_logged_out)
def remember_sign_out(request, **_):
    request.has_signed_out = True


def nothing_left(get_response):
    """Let the browser forget what it kept of the portal when somebody signs out.

    Not its cookies: the session ends here anyway, and another one says that this device is known.
    """

    def answer(request):
        response = get_response(request)
        asked_for = getattr(request.resolver_match, "view_name", "")
        if getattr(request, "has_signed_out", False) and asked_for in SIGN_OUTS:
            # Not "cookies": that of the session is taken back by Django, and the one that makes
            # this a known device keeps its people from being locked out by strangers.
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return answer


def not_stored(get_response):
    """Let no browser and no proxy keep an answer, whoever it is for.

    A page that is shown again is asked for again: after a sign-out nothing can be looked at with
    the Back button, and no form is sent from a page that is long out of date. Static files are
    answered further out and are kept for good.
    """

    def answer(request):
        response = get_response(request)
        if "no-store" not in response.get("Cache-Control", ""):
            response["Cache-Control"] = "no-store"
        return response

    return answer


def without_nul(get_response):
    """Take NUL out of what is asked: none that the portal gives out has one, PostgreSQL refuses it.

    A cookie may have one too, written as \\000 between quotes.
    """

    def answer(request):
        if "\0" in request.path_info:
            raise Http404
        query = request.META.get("QUERY_STRING", "")
        # Again and again: without the one in its middle, "%0%000" is another one.
        while "%00" in query:
            query = query.replace("%00", "")
        request.META["QUERY_STRING"] = query.replace("\0", "")
        request.COOKIES = {name: value.replace("\0", "") for name, value in request.COOKIES.items()}
        return get_response(request)

    return answer
