from django import template

from accounts.sign_in import second_step

register = template.Library()


@register.filter
def is_readable(wrapped):
    """Whether an app or recovery codes, as the library wraps them, still work."""
    return second_step.is_readable(wrapped.instance)
