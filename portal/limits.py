"""How much one person, practice, case or form can store or send: far above an honest busy day.

What is counted are the rows themselves, so that any number of processes and hosts counts the same.
`LIMITS` in the settings says how many; the apps say of which rows, in a `limits` module each.
"""

import logging
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from portal.models import LimitHit
from portal.refusal import NotAllowed

HOUR = timedelta(hours=1)
_hits = ContextVar("hits", default=())  # names of the limits that the request of now has hit
log = logging.getLogger(__name__)


class LimitReached(NotAllowed):
    """There is as much of it as there may be."""


@dataclass(frozen=True)
class Limit:
    name: str  # its name in LIMITS, and in the figures
    sentence: str  # what happened, what was kept and what to do; `{most:,}` says how many
    within: timedelta | None = None  # counted are rows that are younger; None: all

    @property
    def most(self):
        return settings.LIMITS[self.name]

    def check(self, rows, now=None, at="created_at"):
        """Raise LimitReached when one row more would be too many; `at` is when a row was made.

        Call it in the transaction that adds the row, when nobody else may add one meanwhile.
        """
        if self.within:
            # Who took their turn first may have looked at the clock a moment later.
            first, last = now - self.within, now + self.within
            rows = rows.filter(**{f"{at}__gt": first, f"{at}__lt": last})
        self.check_amount(rows.order_by()[: self.most].count() + 1)

    def check_amount(self, amount):
        """Raise LimitReached when there would be `amount`, and that is too much."""
        if amount > self.most:
            self.hit()
            raise LimitReached(self.sentence.format(most=self.most))

    def hit(self):
        """Let `status` tell that somebody came up to the limit."""
        if self.name not in _hits.get():
            _hits.set((*_hits.get(), self.name))


def note_hits(get_response):
    """Write down which limits a request hit: after it, since what it did was rolled back."""

    def answer(request):
        before = _hits.set(())
        try:
            return get_response(request)
        finally:
            for name in _hits.get():
                _count_hit(name)
            _hits.reset(before)

    return answer


def _count_hit(name):
    try:
        LimitHit.add(name, timezone.now())
    except DatabaseError:
        log.exception("That the limit %s was hit is not written down.", name)
