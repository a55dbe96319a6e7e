"""The lab's side of cases: it reads what was sent and acts through the services."""

from cases.admin import case, work

__all__ = ["case", "work"]
