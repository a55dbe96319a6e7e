"""Who may do what on the portal's pages. What the lab may in admin, its groups say."""


def can_manage_members(user):
    """Owners invite, deactivate and name owners."""
    return user.owns_a_practice
