from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User


class Backend(AuthenticationBackend):
    """Asks at each request whether the account, and that of its practice, is still open."""

    def get_user(self, user_id):
        user = User.objects.select_related("practice").filter(pk=user_id).first()
        return user if user and user.may_sign_in else None
