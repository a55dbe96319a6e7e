"""The library's forms of signing in, with attempts counted our way."""

from allauth.account.forms import LoginForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.cache import cache

from accounts.limits import PASSKEYS
from accounts.models import PasswordReset
from accounts.sign_in import rate_limits
from accounts.sign_in.allauth_internals import context, normalize_user_code
from portal.limits import LimitReached

# Longer than a code is taken for, from half a minute before to half a minute after its own.
USED_SECONDS = 120


class SignInForm(LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # What programs that keep passwords look for, and browsers that offer passkeys.
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class ForgottenPasswordForm(forms.Form):
    """Asks for a link. Whether there is such an account is looked up later, by a worker."""

    email = forms.EmailField(widget=forms.EmailInput(attrs={"autocomplete": "username"}))

    def save(self, request):
        PasswordReset.ask(self.cleaned_data["email"])


class OneCode:
    """Counts attempts at codes, and takes each right code once."""

    def clean_code(self):
        attempt = rate_limits.count(context.request, self.user.email, what="code")
        code = super().clean_code()
        attempt.rollback()
        # The library forgets a code before its time is over.
        typed = normalize_user_code(code)
        if not cache.add(f"code-used:{self.user.pk}:{typed}", 1, timeout=USED_SECONDS):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(OneCode, AuthenticateForm):
    pass


class CodeAgainForm(OneCode, ReauthenticateForm):
    pass


class NewAppForm(OneCode, ActivateTOTPForm):
    pass


def _name():
    return forms.CharField(
        max_length=60, help_text="So that you tell it from others, such as “Office laptop”."
    )


class CredentialField(forms.JSONField):
    """What a browser says of a passkey; Python refuses some JSON with errors of its own."""

    def __init__(self):
        super().__init__(widget=forms.HiddenInput)

    def to_python(self, value):
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):  # such as a number of 5000 digits
            raise forms.ValidationError("The browser sent no passkey. Please try again.") from None


class NewPasskeyForm(AddWebAuthnForm):
    credential = CredentialField()
    name = _name()
    # Each key that can sign in by itself may.
    passwordless = None

    def clean(self):
        mine = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN)
        try:
            PASSKEYS.check(mine)
        except LimitReached as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return super().clean()


class PasskeyForm(AuthenticateWebAuthnForm):
    credential = CredentialField()


class PasskeyAgainForm(ReauthenticateWebAuthnForm):
    credential = CredentialField()


class PasskeyAloneForm(LoginWebAuthnForm):
    credential = CredentialField()


class PasskeyNameForm(EditWebAuthnForm):
    name = _name()
