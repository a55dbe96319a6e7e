from django import template

from accounts.sign_in import browsers

register = template.Library()


@register.filter
def browser(user_agent):
    return browsers.words(user_agent)
