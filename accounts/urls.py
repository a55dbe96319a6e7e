from django.urls import include, path
from django.views.generic import RedirectView

from accounts import views

accounts_urls = ([path("account/", views.account, name="account")], "accounts")

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
