"""The groups of lab staff, and what each may do in Django admin.

Whose rows somebody sees at all, the querysets say (`visible_to`); these rights say which pages and
actions there are. `migrate` sets the rights of these groups anew each time: for rights of your
own, make further groups.
"""

from django.apps import apps as installed

LAB, PLANNER, OFFICE, EMERGENCY = "Lab", "Planner", "Office", "Emergency"

RIGHTS = {
    # Cases, files, planning.
    LAB: {
        "cases": [
            "view_case", "change_case", "view_attachment", "change_attachment",
            "view_prescription", "change_prescription",
            "view_material", "change_material", "add_material",
        ],
        "scheduling": [
            "view_planner", "view_block", "change_block", "delete_block", "add_block",
            "view_planningsession", "change_planningsession",
            "view_workinghours", "change_workinghours", "add_workinghours", "delete_workinghours",
            "view_dayoff", "change_dayoff", "add_dayoff", "delete_dayoff",
        ],
        "accounts": ["view_practice", "view_dentist", "view_passwordreset"],
        "portal": ["view_email", "view_host"],
    },
    # Their own blocks and sessions, and the cases of these.
    PLANNER: {
        "cases": ["view_case", "view_attachment", "view_prescription"],
        "scheduling": [
            "view_planner", "view_block", "change_block", "delete_block", "add_block",
            "view_planningsession", "change_planningsession",
            "view_workinghours", "change_workinghours", "add_workinghours", "delete_workinghours",
            "view_dayoff", "change_dayoff", "add_dayoff", "delete_dayoff",
        ],
    },
    # Practices, their people, planners, news, materials. No cases.
    OFFICE: {
        "cases": ["view_material", "change_material", "add_material"],
        "accounts": [
            "view_practice", "change_practice", "add_practice",
            "view_dentist", "change_dentist", "add_dentist",
            "view_user", "change_user", "view_invitation", "add_invitation", "view_access",
        ],
        "scheduling": ["view_planner", "change_planner", "add_planner"],
        "portal": ["view_news", "change_news", "add_news", "delete_news"],
    },
    # Any case, once a reason is typed for it (45 CFR 164.312(a)(2)(ii)).
    EMERGENCY: {
        "cases": ["view_case", "view_attachment", "view_prescription", "add_emergencygrant"],
    },
}  # fmt: skip


def set_rights(app_config, using, apps=installed, **_):
    """Give the groups their rights in one app; connected to `post_migrate`."""
    try:
        Group = apps.get_model("auth", "Group")
        Permission = apps.get_model("auth", "Permission")
    except LookupError:
        return  # a migration back to before there were groups
    for name, rights in RIGHTS.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        of_app = Permission.objects.using(using).filter(content_type__app_label=app_config.label)
        wanted = of_app.filter(codename__in=rights.get(app_config.label, []))
        group.permissions.remove(*of_app.exclude(pk__in=wanted.values("pk")))
        group.permissions.add(*wanted)
