from accounts import activity


def signed_in(request):
    """How many seconds somebody who is signed in stays so, as `seconds_left`."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"seconds_left": activity.seconds_left(request)}
