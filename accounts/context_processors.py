from accounts.sign_in import activity


def signed_in(request):
    """After how many seconds a page of somebody who is signed in warns, as `seconds_left`."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"seconds_left": activity.seconds_on_a_page(request)}
