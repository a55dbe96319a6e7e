"""The lab's side of cases: it reads what was sent and acts through the services."""

from cases.admin import case, materials, work

__all__ = ["case", "materials", "work"]
