from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class LabAdminConfig(admin_apps.AdminConfig):
    # This is the app of Django admin, not of this folder.
    default = False
    default_site = "portal.admin_site.LabSite"


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

    def ready(self):
        from django.db import connection

        from portal.celery import app
        from portal.health import checks  # noqa: F401

        if connection.vendor == "postgresql":
            from portal import database

            database.limit_silence()

        # The web process hands work over by the names of tasks.
        app.autodiscover_tasks(force=True)
        app.autodiscover_tasks(related_name="periodic", force=True)
