"""The lab's last months as working days, and what was sent by mail on each of them."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from cases import shipping
from portal import lab_calendar
from portal.models import Email
from portal.work import WorkState
from scheduling.models import Block

# The latest mails are really sent, so that there is something to read in the mail folder.
SENT_FOR_REAL = 5


class Diary:
    """Counts the lab's working days back from `now`: 1 is the last one that is over."""

    def __init__(self, now, rng, days):
        self.now, self.rng = now, rng
        self._dates = list(_working_days_before(lab_calendar.today(now), days))
        self._last_mail = Email.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def date(self, back):
        return self._dates[back - 1]

    def moment(self, back, zone, first=9, last=15):
        """Some time between two full hours of a working day, in the IANA zone `zone`."""
        minute = self.rng.randrange(60 * first, 60 * last)
        at = time(minute // 60, minute % 60, self.rng.randrange(60))
        return datetime.combine(self.date(back), at, ZoneInfo(zone))

    def block_on(self, back):
        """A free block of a past working day."""
        return self._free_block(self.date(back), self.date(back))

    def block_ahead(self):
        """A free block of the next two weeks."""
        today = lab_calendar.today(self.now)
        return self._free_block(today + timedelta(days=2), today + timedelta(days=14))

    def _free_block(self, first, last):
        zone = ZoneInfo(settings.LAB_TIME_ZONE)
        begin = datetime.combine(first, time(), zone)
        end = datetime.combine(last + timedelta(days=1), time(), zone)
        rows = Block.objects.filter(starts_at__gte=begin, ends_at__lt=end, sessions=None)
        return self.rng.choice(rows.select_related("planner__user").order_by("starts_at", "pk"))

    def mailed(self, moment):
        """Date the mails written since the last call, and count them as sent."""
        Email.objects.filter(pk__gt=self._last_mail).update(
            created_at=moment,
            sent_at=moment,
            work_asked_at=moment,
            work_state=WorkState.DONE,
            work_attempts=1,
        )
        newest = Email.objects.order_by("-pk").values_list("pk", flat=True).first()
        self._last_mail = newest or self._last_mail

    def send_the_latest(self):
        """Let a worker send the latest few mails once it runs."""
        latest = Email.objects.order_by("-created_at").values("pk")[:SENT_FOR_REAL]
        Email.objects.filter(pk__in=[row["pk"] for row in latest]).update(
            sent_at=None,
            work_asked_at=timezone.now(),
            work_state=WorkState.WAITING,
            work_attempts=0,
        )


def _working_days_before(today, days):
    day = today
    while days:
        day -= timedelta(days=1)
        if shipping.is_business_day(day, lab_calendar.RestDays()):
            days -= 1
            yield day
