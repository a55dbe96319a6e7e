"""Who of the lab's staff may do what in Django admin: a line for each model, and a few pages.

Whom a line does not name gets 403, members of practices are led to the sign-in of admin. What
comes back to the others follows from the kind of page, see `answers`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.auth.models import Group

from accounts.models import User
from tests.matrix.rules import ADMIN_SIGN_IN
from tests.matrix.world import STAFF

LAB, PLANNER, OFFICE, EMERGENCY, ROOT = "lab", "planner", "office", "emergency", "superuser"


@dataclass(frozen=True)
class Model:
    """Who sees the rows of a model, adds, changes and deletes them."""

    label: str
    view: list
    add: list = ()
    change: list = ()
    delete: list = ()
    # Who may let something happen to rows that nobody writes into.
    act: list = ()
    # Whether the rows belong to cases or planners, and then who sees all of them.
    scoped: bool = False
    all: tuple = (LAB, ROOT)
    # Whether each look at a row is noted, by a page that answers 404 for one that is not there.
    logged: bool = False
    # Which of a practice's rows, when there are several.
    which: str = ""
    # Who sees the model, but not these rows of it.
    hidden_from: tuple = ()
    # Whether other rows keep one from being deleted.
    kept: bool = False
    # What is typed to add a row.
    new: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """A page of our own below a model's, or one of the site; `route` as the resolver has it."""

    route: str
    who: list
    answers: str
    of: str = ""
    others: str = "403"
    # For an object that is not there, or not for them.
    missing: str = "404"
    own_only: tuple = (PLANNER,)
    # To others than staff, when it is not as on all pages.
    stranger: str = ""
    member: str = ""
    fill: dict = field(default_factory=dict)
    query: str = ""
    # Tells apart several ways of asking for one page.
    about: str = ""
    # To roles to whom it is not answered as to `who`.
    roles: dict = field(default_factory=dict)
    # Whether the page's own form is sent along.
    form: bool = False
    # What must be true when it was answered, before it is undone.
    after: Callable = lambda asked: True
    data: dict = field(default_factory=dict)


INLINE = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}


def inlines(*prefixes):
    return {f"{prefix}-{name}": value for prefix in prefixes for name, value in INLINE.items()}


NOT_ROOT = [role for role in STAFF if role != ROOT]
AT_THE_LAB, IN_THE_OFFICE, PLANNING = [LAB, ROOT], [OFFICE, ROOT], [LAB, PLANNER, ROOT]
WITH_PRACTICES = [LAB, OFFICE, ROOT]
# Whose grant has run out, has the pages all the same, without a row in them.
READERS = [LAB, PLANNER, EMERGENCY, "emergency_over", ROOT]
BLOCK = {
    "starts_at_0": "2031-01-01", "starts_at_1": "10:00", "ends_at_0": "2031-01-01",
    "ends_at_1": "11:00",
}  # fmt: skip

MODELS = [
    Model("auth.group", [ROOT], [ROOT], [ROOT], [ROOT], new={"name": "Night"}),
    Model("portal.news", *[IN_THE_OFFICE] * 4, new={
        "title": "T", "body": "B", "level": "info", "starts_at_0": "2026-01-01",
        "starts_at_1": "10:00",
    }),
    Model("portal.email", AT_THE_LAB, act=[ROOT]),
    Model("portal.host", AT_THE_LAB, delete=[ROOT]),
    Model("accounts.practice", WITH_PRACTICES, IN_THE_OFFICE, IN_THE_OFFICE, [ROOT], kept=True,
          new={
        "name": "New Dental", "email": "x@x.example", "time_zone": "America/New_York",
        "tooth_numbering": "fdi", **inlines("dentists", "members"),
    }),
    Model("accounts.dentist", WITH_PRACTICES, IN_THE_OFFICE, IN_THE_OFFICE, [ROOT], kept=True,
          new={
        "name": "Dr. New", "license_number": "1", "license_state": "ME",
        "practice": lambda asked: asked.mine.practice.pk,
    }),
    Model("accounts.user", IN_THE_OFFICE, [ROOT], IN_THE_OFFICE, [ROOT], kept=True, new={
        "email": "new@x.example", "name": "New",
    }),
    # Of the lab: only superusers make and change staff.
    Model("accounts.user", IN_THE_OFFICE, [ROOT], IN_THE_OFFICE, [ROOT],
          which=" of the lab", hidden_from=NOT_ROOT, new={"email": "n@x.example", "name": "N"}),
    Model("accounts.invitation", *[IN_THE_OFFICE] * 2, new={
        "email": "new@x.example", "name": "New", "practice": lambda asked: asked.mine.practice.pk,
    }),
    Model("accounts.access", IN_THE_OFFICE, act=[ROOT], scoped=True, all=IN_THE_OFFICE),
    Model("accounts.passwordreset", AT_THE_LAB, act=[ROOT]),
    Model("cases.case", READERS, act=AT_THE_LAB, scoped=True, logged=True),
    Model("cases.attachment", READERS, act=AT_THE_LAB, scoped=True, logged=True),
    Model("cases.prescription", READERS, act=AT_THE_LAB, scoped=True, logged=True),
    Model("cases.material", *[WITH_PRACTICES] * 3, new={
        "name": "Resin", "order": "1", "is_active": "on",
    }),
    Model("scheduling.planner", [*PLANNING, OFFICE], IN_THE_OFFICE, [*PLANNING, OFFICE], [ROOT],
          scoped=True, all=(LAB, OFFICE, ROOT), kept=True, new={
        "user": lambda asked: asked.mine.clerk.pk, "time_zone": "America/New_York",
        "block_minutes": "60",
        **inlines("hours", "days_off"),
    }),
    Model("scheduling.block", *[PLANNING] * 4, scoped=True,
          new={**BLOCK, "planner": lambda asked: asked.mine.planner.pk}),
    Model("scheduling.planningsession", PLANNING, act=PLANNING, scoped=True, logged=True),
]  # fmt: skip

CASE = "cases/case/<int:pk>/"


def item_of(side):
    return side.booked.missing_items.get().pk


CHANGES_CASES = [LAB, ROOT]
PAGES = [
    Page("", STAFF, "GET 200, POST 200", stranger=ADMIN_SIGN_IN),
    Page("login/", STAFF, "GET 302, HEAD 200, POST 200", member="403"),
    Page("logout/", STAFF, "POST 200", stranger=ADMIN_SIGN_IN, member="302"),
    Page("password_change/", STAFF, "GET 302, POST 302", stranger=ADMIN_SIGN_IN),
    Page("password_change/done/", STAFF, "GET 200", stranger=ADMIN_SIGN_IN),
    Page("accounts/user/<id>/password/", [ROOT], "GET 200, POST 200", of="accounts.user"),
    Page("status/", [LAB, ROOT], "GET 200, POST 200"),
    Page("jsi18n/", STAFF, "GET 200", stranger=ADMIN_SIGN_IN),
    Page("autocomplete/", STAFF, "GET 403", stranger=ADMIN_SIGN_IN),
    Page("autocomplete/", [LAB, OFFICE, ROOT], "GET 200",
         stranger=ADMIN_SIGN_IN,
         query="?app_label=accounts&model_name=dentist&field_name=practice"),
    Page("^(?P<app_label>portal|accounts|auth|cases|scheduling)/$", READERS,
         "GET 200, POST 200", others="404", stranger=ADMIN_SIGN_IN,
         fill={"app_label": "cases"}, roles={OFFICE: "GET 200, POST 200"}),
    Page("(?P<url>.*)$", [], "", others="404", stranger=ADMIN_SIGN_IN,
         fill={"url": "nowhere/"}),
    Page(f"{CASE}progress/<slug:to>/", CHANGES_CASES, "GET 200, POST 302+", of="cases.case",
         fill={"to": "on_hold"}, data={"was": "60"}),
    Page(f"{CASE}ship-date/", CHANGES_CASES, "GET 200, POST 302+", of="cases.case",
         data={"ship_date": "2035-01-01"}),
    Page(f"{CASE}tracking/", CHANGES_CASES, "GET 200, POST 302", of="cases.case",
         data={"carrier": "other"}),
    Page(f"{CASE}correct/", CHANGES_CASES, "GET 200, POST 302+", of="cases.case",
         data={"revision": "1", "patient_name": "Ann", "description": "New", "reason": "A slip",
               "teeth": "3", "dentist": lambda asked: (asked.side or asked.mine).dentist.pk}),
    Page(f"{CASE}looked/", CHANGES_CASES, "POST 302+", of="cases.case", data={"revision": "1"}),
    # Nothing is added to a case that is not Missing CBCT/Models.
    Page(f"{CASE}missing/", CHANGES_CASES, "GET 200, POST 302", of="cases.case",
         data={"reasons": "no_bite"}),
    Page(f"{CASE}missing/settle/", CHANGES_CASES, "POST 302+", of="cases.case",
         data={"tick_off": lambda asked: item_of(asked.side or asked.mine)}),
    # A planner on cases of their own sessions; who sees one in an emergency only reads.
    Page(f"{CASE}message/", PLANNING, "GET 200, POST 302+", of="cases.case",
         own_only=(PLANNER, EMERGENCY), data={"body": "Hello"}, roles={
             EMERGENCY: "GET 403, POST 403", "emergency_over": "GET 404, POST 404",
         }),
    Page(f"{CASE}try-again/", CHANGES_CASES, "POST 302+", of="cases.case",
         data={"attachment": lambda asked: (asked.side or asked.mine).failed.pk}),
    Page("scheduling/planningsession/<int:pk>/move/", [LAB, PLANNER, ROOT], "GET 200, POST 302+",
         of="scheduling.planningsession",
         data={"block": lambda asked: (asked.side or asked.mine).block.pk}),
]  # fmt: skip

SEES_ALL = dict.fromkeys([LAB, ROOT], "GET 200, POST 302+")


def is_still_a_member(asked):
    row = User.objects.get(pk=asked.mine.member.pk)
    return not (row.is_staff or row.is_superuser or row.groups.exists())


# Keys of others, and fields that a form does not have.
PAGES += [
    Page("scheduling/block/add/", [PLANNER], "GET 200, POST 200", roles=SEES_ALL,
         about="for another planner", data={
             **BLOCK, "planner": lambda asked: asked.theirs.planner.pk,
         }),
    Page("scheduling/planner/add/", IN_THE_OFFICE, "GET 200, POST 200",
         about="for somebody who may not plan", data={
             "user": lambda asked: asked.world.people["lab"].pk, "time_zone": "America/New_York",
             "block_minutes": "60", **inlines("hours", "days_off"),
         }),
    Page("scheduling/planningsession/<int:pk>/move/", [PLANNER], "GET 200, POST 400",
         roles=SEES_ALL, about="to a block of another planner", of="scheduling.planningsession",
         data={"block": lambda asked: asked.theirs.block.pk}),
    Page(f"{CASE}correct/", CHANGES_CASES, "GET 200, POST 400", of="cases.case",
         about="with a dentist of others",
         data={"revision": "1", "patient_name": "Ann", "description": "New", "reason": "A slip",
               "teeth": "3", "dentist": lambda asked: other_side(asked).dentist.pk}),
    Page(f"{CASE}try-again/", CHANGES_CASES, "POST 404", of="cases.case",
         about="a file of another case",
         data={"attachment": lambda asked: other_side(asked).failed.pk}),
    Page(f"{CASE}missing/settle/", CHANGES_CASES, "POST 404", of="cases.case",
         about="what is missing of another case",
         data={"take_back": lambda asked: item_of(other_side(asked))}),
    Page(f"{CASE}try-again/", CHANGES_CASES, "POST 404", of="cases.case",
         about="an RX script of another case",
         data={"prescription": lambda asked: other_side(asked).prescription.pk}),
    Page("accounts/user/<path:object_id>/change/", [OFFICE], "GET 200, POST 302+",
         about="with rights", of="accounts.user", form=True, missing="302",
         others="403", after=lambda asked: asked.role == ROOT or is_still_a_member(asked),
         roles={ROOT: "GET 200, POST 200"},
         data={
             "is_staff": "on", "is_superuser": "on",
             "groups": lambda asked: Group.objects.first().pk,
         }),
]  # fmt: skip

NOBODY = []
# Who may use which action, and what is answered then.
ACTIONS = {
    "auth.group": {"delete_selected": ([ROOT], "200")},
    "portal.news": {"delete_selected": ([OFFICE, ROOT], "200")},
    "portal.email": {"send_again": ([LAB, ROOT], "302+"), "delete_selected": (NOBODY, "")},
    "portal.host": {"delete_selected": ([ROOT], "200")},
    "accounts.practice": {"delete_selected": ([ROOT], "200")},
    "accounts.dentist": {"delete_selected": ([ROOT], "200")},
    "accounts.user": {"send_again": ([ROOT], "302"), "delete_selected": ([ROOT], "200")},
    "accounts.invitation": {
        "send_again": ([OFFICE, ROOT], "302+"), "withdraw": ([OFFICE, ROOT], "302+"),
        "delete_selected": (NOBODY, ""),
    },
    "accounts.passwordreset": {"try_again": (AT_THE_LAB, "302+"), "delete_selected": (NOBODY, "")},
    "accounts.access": {"delete_selected": (NOBODY, "")},
    "cases.case": {
        "move_to_received": ([LAB, ROOT], "200"), "move_to_ready": ([LAB, ROOT], "200"),
        "move_to_manufacturing": ([LAB, ROOT], "200"), "move_to_finished": ([LAB, ROOT], "200"),
        "move_to_on_hold": ([LAB, ROOT], "200"), "delete_selected": (NOBODY, ""),
    },
    "cases.attachment": {"try_again": ([LAB, ROOT], "302+"), "delete_selected": (NOBODY, "")},
    "cases.material": {"delete_selected": (NOBODY, "")},
    "cases.prescription": {"try_again": ([LAB, ROOT], "302"), "delete_selected": (NOBODY, "")},
    "scheduling.planner": {
        "open_blocks": ([LAB, PLANNER, OFFICE, ROOT], "302"), "delete_selected": ([ROOT], "200"),
    },
    "scheduling.block": {
        "withdraw": ([LAB, PLANNER, ROOT], "302+"), "offer": ([LAB, PLANNER, ROOT], "302"),
        "delete_selected": (PLANNING, "200"),
    },
    "scheduling.planningsession": {
        "mark_missed": ([LAB, PLANNER, ROOT], "200"), "mark_held": ([LAB, PLANNER, ROOT], "200"),
        "cancel": ([LAB, PLANNER, ROOT], "200"), "move": ([LAB, PLANNER, ROOT], "302"),
        "delete_selected": (NOBODY, ""),
    },
}  # fmt: skip


def other_side(asked):
    return asked.theirs if asked.side in (None, asked.mine) else asked.mine
