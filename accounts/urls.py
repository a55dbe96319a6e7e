from django.urls import include, path
from django.views.generic import RedirectView

from accounts import members, views

accounts_urls = (
    [
        path("account/", views.account, name="account"),
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
            "account/invitations/<str:token>/",
            members.accept_invitation,
            name="accept_invitation",
        ),
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
]
