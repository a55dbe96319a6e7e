"""Who may do what on the portal's pages. What the lab may in admin, its groups say."""


def can_manage_members(user):
    """Owners invite, deactivate and name owners."""
    return user.owns_a_practice


def can_read_access_log(user):
    """Owners read who opened the cases of their practice; staff read it in admin."""
    return user.owns_a_practice


def can_change_confirmation_address(user):
    """Whoever reads mails there learns of every case, so it is for owners to say who does."""
    return user.owns_a_practice
