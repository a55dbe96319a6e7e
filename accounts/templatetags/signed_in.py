from django import template

from accounts import browsers

register = template.Library()


@register.filter
def browser(user_agent):
    return browsers.words(user_agent)
