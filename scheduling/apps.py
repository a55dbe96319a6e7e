from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = "Planning"

    def ready(self):
        from scheduling import receivers  # noqa: F401
