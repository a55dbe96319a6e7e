import time

from allauth.account.adapter import DefaultAccountAdapter
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import emails
from accounts.sign_in import browsers, known_devices, rate_limits
from accounts.sign_in.allauth_internals import (
    account_settings,
    get_authentication_records,
    take_back_when_right,
)


class AccountAdapter(DefaultAccountAdapter):
    """The lab makes the accounts, attempts are counted, and every mail leaves by the outbox."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "That email address and password do not belong together.",
        "too_many_login_attempts": "There were too many tries, so none is looked at for now, not "
        "even a right one. Please try again in 15 minutes.",
        "incorrect_password": "That is not your password.",
    }
    error_messages["rate_limited"] = error_messages["too_many_login_attempts"]

    def is_open_for_signup(self, request):
        return False

    def send_mail(self, template_prefix, email, context):
        raise NotImplementedError(f"There is no mail {template_prefix}.")

    def send_notification_mail(self, template_prefix, user, context=None, email=None):
        change = template_prefix.rpartition("/")[2]
        emails.sign_in_changed(user, change, *self._seen(self.request))

    def _seen(self, request):
        """Address and browser that a request came from."""
        return self.get_client_ip(request), browsers.words(self.get_http_user_agent(request))

    def is_reauthentication_required(self, *, app, **kwargs):
        """Who signed in a moment ago is not asked again at once."""
        records = get_authentication_records(self.request, self.request.user)
        since = time.time() - account_settings.REAUTHENTICATION_TIMEOUT
        if any(record["at"] > since for record in records):
            return False
        return super().is_reauthentication_required(app=app, **kwargs)

    def get_login_stages(self):
        ours = {"allauth.mfa.stages.AuthenticateStage": "accounts.sign_in.second_step.Stage"}
        return [ours.get(path, path) for path in super().get_login_stages()]

    def pre_authenticate(self, request, **credentials):
        take_back_when_right(self, rate_limits.count(request, credentials["email"]))

    def is_safe_url(self, url):
        """Whether `next` may lead there: to a path of ours, never to another name or scheme."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def pre_login(self, request, user, **kwargs):
        """Let nobody of a practice in that is not active any more."""
        answer = super().pre_login(request, user, **kwargs)
        if answer is None and user.practice and not user.practice.is_active:
            return self.respond_user_inactive(request, user)
        return answer

    def login(self, request, user):
        request.is_first_sign_in = user.last_login is None
        super().login(request, user)

    def post_login(self, request, user, **kwargs):
        """Remember the device of somebody who came all the way in, and tell them of a new one."""
        answer = super().post_login(request, user, **kwargs)
        if not request.is_first_sign_in and not known_devices.number(request, user.email):
            emails.new_device(user, *self._seen(request))
        known_devices.remember(request, answer, user.email)
        return answer
