"""The access log shows whether a row of it was changed, removed or put in."""

from datetime import UTC, datetime
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts import access_log
from accounts.models import Access, AccessChain

pytestmark = pytest.mark.embedded

on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite knows no rights."
)


def write(practice=None, **about):
    row = {"what": "case", "action": "opened", "result": "given", "case_number": "26-10001"}
    return access_log.write(**row | about, practice_id=practice and practice.pk)


def verify():
    said = StringIO()
    try:
        call_command("verify_access_log", stdout=said, stderr=said)
    except CommandError as problem:
        said.write(str(problem))
    return said.getvalue()


def run(*statements):
    """Run SQL on PostgreSQL; SQLite has neither rights nor a trigger."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)


GRANT = "GRANT UPDATE, DELETE ON accounts_access TO CURRENT_USER"


@pytest.fixture
def freely(db):
    """Whoever owns the table can do what the portal does not."""
    run(GRANT, "ALTER TABLE accounts_access DISABLE TRIGGER USER")
    return Access.objects


@pytest.fixture
def rows(practice):
    """Five rows of a practice, and two of none."""
    write(), write()
    return [write(practice) for _ in range(5)]


def test_each_row_follows_the_one_before_it(rows):
    assert [row.position for row in rows] == [1, 2, 3, 4, 5]
    assert [row.previous for row in rows[1:]] == [row.digest for row in rows[:-1]]
    assert AccessChain.objects.count() == 2


def test_a_whole_log_is_said_to_be_whole(rows, practice):
    said = verify()
    assert f"practice {practice.pk}: 5 rows, the last one {rows[-1].digest}" in said
    assert "the lab: 2 rows" in said
    assert "The access log is whole" in said


def test_an_empty_log_is_whole(db):
    assert "The access log is whole" in verify()


@pytest.mark.parametrize(
    "change",
    [
        {"user": 7},
        {"practice": None},
        {"case_number": "26-10002"},
        {"what": "rx"},
        {"action": "downloaded"},
        {"item": "2"},
        {"result": "not_theirs"},
        {"address": "192.0.2.9"},
        {"note": "No reason"},
        {"at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"digest": "f" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_row_is_found(rows, practice, freely, change):
    freely.filter(pk=rows[2].pk).update(**change)
    assert f"Access log of practice {practice.pk}: row 3 is not what was written." in verify()


def test_a_row_that_was_changed_with_its_digest_is_found(rows, freely):
    row = rows[2]
    row.case_number = "26-10002"
    freely.filter(pk=row.pk).update(case_number=row.case_number, digest=row.computed_digest())
    assert "row 4 does not follow the row before it" in verify()


def test_a_removed_row_is_found(rows, freely):
    freely.filter(pk=rows[2].pk)._raw_delete("default")
    assert "row 3 is missing" in verify()


def test_rows_cut_off_at_the_end_are_found(rows, freely):
    freely.filter(pk__in=[rows[3].pk, rows[4].pk])._raw_delete("default")
    assert "rows 4 to 5 are missing, at its end" in verify()


def test_a_row_put_in_at_the_end_is_found(rows, practice):
    row = Access(**Access.objects.filter(pk=rows[4].pk).values().get() | {"id": None})
    row.position, row.previous = 6, rows[4].digest
    row.digest = row.computed_digest()
    row.save()
    assert "after row 5, the last one, come rows to 6" in verify()


def test_a_row_put_in_between_is_found(rows, freely):
    freely.filter(pk=rows[4].pk).update(position=6)
    freely.filter(pk=rows[3].pk).update(position=5)
    row = Access(**Access.objects.filter(pk=rows[2].pk).values().get() | {"id": None})
    row.position, row.previous = 4, rows[2].digest
    row.digest = row.computed_digest()
    row.save()
    AccessChain.objects.filter(chain=row.chain).update(position=6)
    said = verify()
    assert "row 5 does not follow the row before it" in said
    assert "row 5 is not what was written" in said


def test_a_chain_without_its_head_is_found(rows):
    AccessChain.objects.filter(chain=0).delete()
    assert "Access log of the lab: after row 0, the last one, come rows to 2" in verify()


def test_a_broken_log_is_said_by_the_exit_status(rows, freely):
    freely.filter(pk=rows[0].pk).update(item="x")
    with pytest.raises(CommandError, match=r"at 1 place\. Please keep this database as it is"):
        call_command("verify_access_log", stderr=StringIO())


def test_a_row_whose_change_is_taken_back_goes_with_it(rows, practice):
    with transaction.atomic():
        write(practice)
        transaction.set_rollback(True)
    assert write(practice).position == 6
    assert "is whole" in verify()


@pytest.mark.django_db(transaction=True)
def test_rows_written_at_the_same_moment_form_one_chain(make_practice, at_once):
    here, there = make_practice(), make_practice("Hilltop Dental")

    def add(practice):
        for _ in range(10):
            with transaction.atomic():
                write(practice)

    at_once(*(partial(add, [None, here, there][number % 3]) for number in range(8)))
    assert Access.objects.count() == 80
    assert sorted(AccessChain.objects.values_list("position", flat=True)) == [20, 30, 30]
    assert "is whole" in verify()


CHANGES = ["UPDATE accounts_access SET item = 'x'", "DELETE FROM accounts_access"]


@on_postgresql
@pytest.mark.parametrize("sql", [*CHANGES, "TRUNCATE accounts_access"])
def test_the_portal_has_no_right_to_change_a_row(rows, sql):
    access_log.protect()  # tests are allowed to empty tables
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        run(sql)


@on_postgresql
@pytest.mark.parametrize("sql", CHANGES)
def test_even_with_the_right_to_no_row_is_changed(rows, sql):
    run(GRANT)
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        run(sql)


@pytest.mark.django_db(transaction=True)
def test_rows_of_before_are_chained_and_the_migration_can_be_taken_back(
    dentist_user, log_can_be_emptied
):
    def migrate(name):
        executor = MigrationExecutor(connection)
        executor.migrate([("accounts", name)])
        return executor.loader.project_state([("accounts", name)]).apps

    practice = dentist_user.practice_id
    before = migrate("0004_invitation").get_model("accounts", "Access")
    try:
        for item in "12":
            before.objects.create(
                user_id=dentist_user.pk,
                practice_id=practice,
                case_number="26-10001",
                what="file",
                item=item,
                result="given",
                address="2001:db8::1",
            )
    finally:
        call_command("migrate", verbosity=0)  # also what came after it, for the tests that follow
    rows = Access.objects.filter(practice=practice).order_by("position")
    assert [(row.action, row.item) for row in rows] == [("downloaded", "1"), ("downloaded", "2")]
    assert "is whole" in verify()
    assert write(dentist_user.practice).position == 3
