from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme

from portal import outbox


class AccountAdapter(DefaultAccountAdapter):
    """The lab makes the accounts, and every mail leaves through the outbox."""

    def is_open_for_signup(self, request):
        return False

    def send_mail(self, template_prefix, email, context):
        kind = template_prefix.rpartition("/")[2]
        user = context.get("user")
        outbox.write(
            kind,
            email,
            about=outbox.once(),
            is_secret=True,
            context={
                "name": user.name if user else "",
                "password_reset_url": _at_our_address(context.get("password_reset_url", "")),
            },
        )

    def is_safe_url(self, url):
        """Whether `next` may lead there: to a path of ours, never to another name or scheme."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def pre_login(self, request, user, **kwargs):
        """Let nobody of a practice in that is not active any more."""
        answer = super().pre_login(request, user, **kwargs)
        if answer is None and user.practice and not user.practice.is_active:
            return self.respond_user_inactive(request, user)
        return answer


def _at_our_address(url):
    """The same page at SITE_URL: the library takes the name that the request came by."""
    parts = urlsplit(url)
    return f"{settings.SITE_URL}{parts.path}" if url else ""
