from django.dispatch import receiver

from cases.progress import Progress
from cases.signals import progress_changed
from scheduling import services


@receiver(progress_changed)
def end_the_session(sender, case, before, actor, now, **kwargs):
    """Whoever moves a case away from Planning Scheduled ends its session too."""
    if before == Progress.SCHEDULED:
        services.follow_case(case, actor, now)
