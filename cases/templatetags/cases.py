from collections import defaultdict

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from cases import access, drafts, readiness, teeth
from cases.access import Visit, What
from cases.models import Attachment, Case
from cases.models.files import ARCHES
from cases.progress import READ_ONLY, Colour, of_colour
from cases.rx import tooth_chart
from cases.views import parts
from portal.templatetags.portal import icon

register = template.Library()

STATE_ICONS = {
    Attachment.State.STORED: "check-circle-fill",
    Attachment.State.FAILED: "exclamation-octagon-fill",
}
NEED_ICONS = {
    readiness.THERE: ("check-circle-fill", "There"),
    readiness.MISSING: ("x-circle-fill", "Missing"),
    readiness.LOOK: ("exclamation-triangle-fill", "Please look"),
    readiness.PENDING: ("hourglass-split", "Being read"),
}
SERIES = 8  # files of one kind and state from which on they share a row


@register.inclusion_tag("cases/_progress_badge.html")
def progress_badge(progress):
    """The progress in words, with its icon and colour."""
    return {"progress": progress}


@register.simple_tag
def state_icon(file):
    """The icon of a file's state; an hourglass while something is still to be done."""
    return icon(STATE_ICONS.get(file.state, "hourglass-split"))


@register.simple_tag
def need_icon(need):
    """The icon of a line of readiness.needs, with its word for who does not see it."""
    name, word = NEED_ICONS[need.state]
    return format_html('{}<span class="visually-hidden">{}: </span>', icon(name), word)


@register.filter
def teeth_for(codes, practice):
    """Canonical tooth codes as the practice numbers them: "14, 15"."""
    return teeth.labels(codes, practice.tooth_numbering)


@register.filter
def tooth_for(code, practice):
    """One canonical tooth code as the practice numbers it."""
    return teeth.label(code, practice.tooth_numbering)


@register.filter
def numbering_name(practice):
    return teeth.NUMBERINGS[practice.tooth_numbering]


@register.filter
def on_their_way(files):
    """Whether one of the files has arrived and waits to be stored, or to be read."""
    now = timezone.now()
    waits = Attachment.State.RECEIVED
    return any(file.state == waits or _is_being_read(file, now) for file in files)


def _is_being_read(file, now):
    reading = _reading(file)
    return bool(reading) and reading.is_expected(now)


@register.filter
def answering(files, item):
    """Those of the files that answer a missing item, given by its key, or "" for none."""
    return [file for file in files if (file.answers_id or "") == item]


@register.filter
def kind_words(file):
    """What a file is, with its arch where somebody said or found one: "Surface scan, upper"."""
    words = file.get_kind_display() if file.kind else "Not known yet"
    arch = arch_of(file)
    return f"{words}, {arch}" if arch else words


@register.filter
def arch_of(file):
    """The arch that its sender said, or else the one that a reader found; "" for neither."""
    return file.arch or (_reading(file).findings.get("arch", "") if _reading(file) else "")


@register.simple_tag
def arches():
    """What a scan may be said to show: pairs of value and label."""
    return ARCHES.items()


@register.filter
def found_in(file):
    """Sentences about what a reader found in a file; [] before it was read."""
    reading = _reading(file)
    return reading.sentences[:3] if reading else []


def _reading(file):
    return getattr(file, "reading", None)


@register.filter
def file_rows(files):
    """Rows for a list of files: a CBCT of hundreds of slices takes one row, others one each.

    Each row is a dict of `files` by name, their `size` together in bytes, and the `first`.
    """
    alike = defaultdict(list)
    for file in sorted(files, key=lambda file: file.name):
        sent = file.revision, file.is_replaced, file.arch
        alike[file.kind, file.state, file.work_waits_for, file.verdict, sent].append(file)
    groups = []
    for group in alike.values():
        groups += [group] if len(group) >= SERIES else [[file] for file in group]
    return [
        {"first": group[0], "files": group, "size": sum(file.size for file in group)}
        for group in groups
    ]


@register.inclusion_tag("cases/_tooth_svg.html")
def tooth_svg(codes, numbering, clickable=False):
    """The tooth diagram with these canonical codes marked."""
    return {
        "shapes": tooth_chart.chart(codes, numbering),
        "code": numbering,
        "view_box": tooth_chart.VIEW_BOX,
        "numbering": teeth.NUMBERINGS[numbering],
        "middle": {"x": tooth_chart.WIDTH / 2, "y": tooth_chart.HEIGHT / 2},
        "clickable": clickable,
    }


@register.simple_tag
def tooth_groups(numbering, chosen):
    """Permanent and primary teeth by arch for plain checkboxes, as the dentist sees them."""
    titles = {
        "upper_permanent": "Upper permanent teeth",
        "lower_permanent": "Lower permanent teeth",
        "upper_primary": "Upper primary teeth",
        "lower_primary": "Lower primary teeth",
    }
    groups = [(title, teeth.CHART_ROWS[row]) for row, title in titles.items()]
    # Rare, so offered only where a case has one: an update must not drop it.
    extra = [code for code in chosen if code in teeth.SUPERNUMERARY]
    if extra:
        groups.append(("Supernumerary teeth", extra))
    return [
        {
            "title": title,
            "teeth": [
                {
                    "code": code,
                    "label": teeth.label(code, numbering),
                    "name": teeth.name(code),
                    "chosen": code in chosen,
                }
                for code in codes
            ],
        }
        for title, codes in groups
    ]


@register.simple_tag(takes_context=True)
def attention(context, user):
    """How many of the user's cases need the dentist: the number and up to 5 of the cases.

    They are shown by name, which the access log keeps.
    """
    cases = Case.objects.visible_to(user).needing_attention()
    count = cases.count()
    if count:
        access.note(context["request"], Visit(What.CASES, item="needing attention"))
    return {"count": count, "cases": cases.select_related("practice")[:5]}


@register.simple_tag(takes_context=True)
def unsent_forms(context):
    """What the user began and did not send, shown by name, which the access log keeps."""
    request = context["request"]
    forms = parts.unsent_forms(request)
    if forms:
        access.note(request, Visit(What.FORM, item="not sent yet"))
    return forms


@register.filter
def form_name(form):
    """What one of parts.unsent_forms is called."""
    if form["number"]:
        return f"Update of case {form['number']}, {form['name']}"
    return f"New case for {form['name']}" if form["name"] else "New case without a patient name"


@register.filter
def form_place(form):
    """Where one goes on with it."""
    if form["number"]:
        return f"{reverse('cases:record', args=[form['number']])}#update"
    return drafts.place_of_new(form["form_key"])


@register.filter
def is_read_only(progress):
    """Whether a case of this progress takes no more updates."""
    return progress in READ_ONLY


@register.simple_tag
def progress_table():
    """Every colour with its meaning and the progress values that have it, for the manual."""
    return [{"colour": colour, "progresses": of_colour(colour)} for colour in Colour]


@register.simple_tag
def lab_mailto(subject):
    """A mail link to the lab; the subject names a case number at most."""
    return f"mailto:{settings.LAB_EMAIL}?{urlencode({'subject': subject}).replace('+', '%20')}"
