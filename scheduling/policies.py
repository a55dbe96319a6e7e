"""Who may do what with planning. Whose block or session it is, `visible_to` says."""


def can_change_sessions(user):
    """Move, cancel and end sessions: for a planner those on their own blocks, by `visible_to`."""
    return user.is_staff and user.has_perm("scheduling.change_planningsession")


def can_set_hours(user):
    """Say when they work, and which days they are off: planners for themselves, by `visible_to`."""
    return user.is_staff and user.has_perm("scheduling.change_workinghours")
