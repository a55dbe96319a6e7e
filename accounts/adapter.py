from allauth.account.adapter import DefaultAccountAdapter

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
            context={
                "name": user.name if user else "",
                "password_reset_url": context.get("password_reset_url", ""),
            },
        )

    def pre_login(self, request, user, **kwargs):
        """Let nobody of a practice in that is not active any more."""
        answer = super().pre_login(request, user, **kwargs)
        if answer is None and user.practice and not user.practice.is_active:
            return self.respond_user_inactive(request, user)
        return answer
