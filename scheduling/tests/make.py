"""Rows for the tests of planning: each has what it needs and nothing more."""

from datetime import UTC, datetime, time, timedelta
from itertools import count

from accounts.models import Dentist, Practice, User
from accounts.sign_in import second_step
from cases.models import Case
from cases.progress import Progress
from scheduling.models import Block, Planner, WorkingHours

# A Monday, with six free weeks before the year's end.
NOW = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)
# Tuesday, December 1, 2026, 2:30 PM EST
STARTS = datetime(2026, 12, 1, 19, 30, tzinfo=UTC)
PATIENT = "Zsófia Patiently"
_numbers = count(10_001)


def practice(name="Harbor Dental", **fields):
    made = Practice.objects.create(name=name, email=f"office@{name[:3].lower()}.example", **fields)
    Dentist.objects.create(
        practice=made, name="Dr. May", license_number=name, license_state="Maine"
    )
    return made


def member(of, **fields):
    return User.objects.create_user(f"member{next(_numbers)}@example.com", practice=of, **fields)


def staff(**fields):
    fields = {"is_staff": True, "is_superuser": True, "name": "Lou Lab", **fields}
    user = User.objects.create_user(f"lab{next(_numbers)}@example.com", **fields)
    second_step.enrol(user)
    return user


def planner(name="Ann Lee", email="ann@lab.example", hours=(), **fields):
    user = User.objects.create_user(email, name=name, is_staff=True)
    second_step.enrol(user)
    fields = {"meeting_link": "https://meet.example/ann", **fields}
    made = Planner.objects.create(user=user, **fields)
    for weekday, start, end in hours:
        WorkingHours.objects.create(planner=made, weekday=weekday, start=time(start), end=time(end))
    return made


def block(of, starts_at=STARTS, minutes=60, **fields):
    ends_at = starts_at + timedelta(minutes=minutes)
    return Block.objects.create(planner=of, starts_at=starts_at, ends_at=ends_at, **fields)


def case(of, progress=Progress.READY, **fields):
    user = of.members.first() or member(of)
    fields = {"ship_date": datetime(2026, 11, 16).date(), "modified_at": NOW, **fields}
    return Case.objects.create(
        number=f"26-{next(_numbers)}",
        practice=of,
        dentist=of.dentists.first(),
        patient_name=PATIENT,
        created_by=user,
        progress=progress,
        **fields,
    )
