"""Who may do what now. Whose case it is at all, `Case.objects.visible_to` says."""


def can_send_cases(user):
    """Cases come from members of a practice; the lab's own staff send none."""
    return bool(user.practice_id) and user.practice.is_active


def can_update(user, case):
    """A member of the practice, until the guide is being made (manual, "White")."""
    return _is_member(user, case) and not case.is_read_only


def can_archive(user, case):
    return _is_member(user, case)


def can_schedule(user, case):
    return _is_member(user, case) and case.can_be_scheduled


def can_write_message(user, case):
    return user.is_staff or _is_member(user, case)


def _is_member(user, case):
    return user.practice_id == case.practice_id
