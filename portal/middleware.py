from django.http import Http404


def without_nul(get_response):
    """Take NUL out of addresses: none that the portal gives out has one, PostgreSQL refuses it."""

    def answer(request):
        if "\0" in request.path_info:
            raise Http404
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "")
        return get_response(request)

    return answer
