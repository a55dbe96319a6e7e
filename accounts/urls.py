from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views import account, members, sessions, staff

accounts_urls = (
    [
        path("account/", account.account, name="account"),
        path("account/members/", members.members, name="members"),
        path("account/members/<int:pk>/deactivate/", members.deactivate, name="deactivate"),
        path("account/members/<int:pk>/reactivate/", members.reactivate, name="reactivate"),
        path("account/members/<int:pk>/owner/", members.make_owner, name="make_owner"),
        path("account/members/<int:pk>/member/", members.take_ownership, name="take_ownership"),
        path("account/invitations/<int:pk>/again/", members.invite_again, name="invite_again"),
        path(
            "account/invitations/<int:pk>/withdraw/",
            members.withdraw_invitation,
            name="withdraw_invitation",
        ),
        path(
            "account/invitations/<str:token>/", members.accept_invitation, name="accept_invitation"
        ),
        path("account/staff/<str:token>/", staff.staff_invited, name="staff_invited"),
        path("account/stay/", sessions.stay, name="stay"),
        path("accounts/sessions/<int:pk>/end/", sessions.end_session, name="end_session"),
        path(
            ".well-known/change-password",
            sessions.find_change_password,
            name="find_change_password",
        ),
        path(
            "account/sign-out-everywhere/", sessions.sign_out_everywhere, name="sign_out_everywhere"
        ),
        path("account/access/", account.access, name="access"),
    ],
    "accounts",
)

urlpatterns = [
    path("", include(accounts_urls)),
    # Sign-in addresses are typed by the lab, so the library's page for them leads to ours.
    path(
        "accounts/email/",
        RedirectView.as_view(pattern_name="accounts:account"),
        name="account_email",
    ),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/two-step/webauthn/login/", sessions.passkey_sign_in, name="mfa_login_webauthn"),
    path(
        "accounts/two-step/webauthn/keys/<int:pk>/remove/",
        sessions.remove_passkey,
        name="mfa_remove_webauthn",
    ),
    path(
        "accounts/two-step/recovery-codes/generate/",
        sessions.MakeRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("accounts/two-step/", include("allauth.mfa.urls")),
    path("accounts/sessions/", sessions.signed_in, name="usersessions_list"),
]
