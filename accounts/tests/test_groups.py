import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal

from accounts.groups import RIGHTS

pytestmark = pytest.mark.django_db


def rights(group):
    pairs = Permission.objects.filter(group__name=group)
    return {f"{right.content_type.app_label}.{right.codename}" for right in pairs}


@pytest.mark.parametrize("name", RIGHTS)
def test_migrate_has_made_each_group_with_all_its_rights(name):
    listed = {f"{app}.{right}" for app, names in RIGHTS[name].items() for right in names}
    assert rights(name) == listed


def test_the_next_migrate_takes_back_what_was_added_to_a_group():
    Group.objects.get(name="Office").permissions.add(Permission.objects.get(codename="view_case"))
    call_command("migrate", verbosity=0)
    assert "cases.view_case" not in rights("Office")


def test_the_office_has_no_right_to_cases_and_of_planning_to_planners_only():
    apps = {right.partition(".")[0] for right in rights("Office")}
    assert apps == {"accounts", "cases", "portal", "scheduling"}
    of_cases = {right for right in rights("Office") if right.startswith("cases")}
    assert of_cases == {f"cases.{verb}_material" for verb in ("view", "change", "add")}
    planning = {right for right in rights("Office") if right.startswith("scheduling")}
    assert planning == {f"scheduling.{verb}_planner" for verb in ("view", "change", "add")}


def test_emptying_the_database_leaves_the_groups_with_their_rights():
    Group.objects.all().delete()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")  # as `flush` does
    assert "accounts.change_practice" in rights("Office")
