"""Who may do what now. Whose case it is at all, `Case.objects.visible_to` says."""

from cases.models import Case, sees_all_cases


def can_send_cases(user):
    """Cases come from members of a practice; the lab's own staff send none."""
    return bool(user.practice_id) and user.practice.is_active


def has_a_prescriber(practice):
    """Whether a new case of a practice can name its dentist; without one it cannot be sent."""
    return practice.prescribers.exists()


def can_open_in_emergency(user):
    """The group Emergency: any case for a while, once a reason is typed."""
    return user.is_staff and user.has_perm("cases.add_emergencygrant")


def can_update(user, case):
    """A member of the practice, until the guide is being made (manual, "White")."""
    return _is_member(user, case) and not case.is_read_only


def can_archive(user, case):
    return _is_member(user, case)


def can_schedule(user, case):
    return _is_member(user, case) and case.can_be_scheduled


def can_write_message(user, case):
    """A member of the practice, who works on cases at the lab, and the planner of this one.

    Who sees it in an emergency only reads.
    """
    return _is_member(user, case) or sees_all_cases(user) or _plans(user, case)


def _plans(user, case):
    return user.is_staff and Case.objects.planned_by(user).filter(pk=case.pk).exists()


def _is_member(user, case):
    return user.practice_id is not None and user.practice_id == case.practice_id
