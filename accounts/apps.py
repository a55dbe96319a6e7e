from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self):
        from accounts import groups, receivers  # noqa: F401

        post_migrate.connect(groups.set_rights, dispatch_uid="rights of the lab's groups")
