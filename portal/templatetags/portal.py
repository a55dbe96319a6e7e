import re
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from portal.writing import markdown

register = template.Library()

ICONS = Path(settings.BASE_DIR) / "static" / "vendor" / "icons"
SHAPE = re.compile(r'<(?P<tag>\w+)(?P<attributes>(?: [\w-]+="[^"]*")+) ?/>')
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class UnknownIconError(LookupError):
    """No such icon was copied from the icon library."""


@register.simple_tag
@cache
def icon(name):
    """Return the icon as inline SVG in the colour and size of the text around it.

    It is hidden from screen readers: the words beside it, or the control's aria-label, say what
    it means. Raises UnknownIconError when static/vendor/icons has no such file.
    """
    try:
        drawing = (ICONS / f"{name}.svg").read_text()
    except FileNotFoundError:
        raise UnknownIconError(
            f'There is no icon "{name}" in static/vendor/icons. Add it to ICONS in '
            "portal/assets.mjs and run that script, or correct the name."
        ) from None
    shapes = ((match["tag"], _attributes(match["attributes"])) for match in SHAPE.finditer(drawing))
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"'
        ' focusable="false">{}</svg>',
        format_html_join("", "<{}{}/>", shapes),
    )


def _attributes(text):
    return format_html_join("", ' {}="{}"', ATTRIBUTE.findall(text))


@register.simple_tag(takes_context=True)
def current(context, *url_names):
    """Return ` aria-current="page"` when the page shown has one of these URL names, else ""."""
    match = getattr(context.get("request"), "resolver_match", None)
    if match is None or match.view_name not in url_names:
        return ""
    return format_html(' aria-current="{}"', "page")


@register.simple_tag
def screenshot(name):
    """The address of a picture of the manual, or "" before `make screenshots` has taken it."""
    path = f"img/manual/{name}.webp"
    if not finders.find(path):
        return ""
    try:
        return static(path)
    except ValueError:
        # Taken while the portal runs: it is served after the next start.
        return ""


@register.filter
def waiting_note(work):
    """What the work of a row waits for, as a sentence; "" without one or while it goes its way."""
    return work.waiting_note(timezone.now()) if work else ""


@register.filter(name="markdown")
def as_markdown(text):
    """Markdown as sanitised HTML."""
    return markdown.to_html(text)


@register.filter
def page_numbers(page):
    """Return the numbers to link for a Page of a Paginator; an ellipsis stands for a gap."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
