from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portal"

    def ready(self):
        from portal import checks  # noqa: F401
        from portal.celery import app

        # The web process hands work over by the names of tasks.
        app.autodiscover_tasks(force=True)
        app.autodiscover_tasks(related_name="periodic", force=True)
