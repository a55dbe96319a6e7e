from django.http import HttpResponseNotAllowed

METHODS = ["GET", "HEAD", "POST"]
# Programs that upload know more (tus). Every other page would take an unknown method for a GET.
UPLOADS = "/files/"


def known_methods(get_response):
    """Refuse a method that no page knows, before anybody looks at who asks and for what."""

    def answer(request):
        if request.method in METHODS or request.path_info.startswith(UPLOADS):
            return get_response(request)
        return HttpResponseNotAllowed(METHODS)

    return answer
