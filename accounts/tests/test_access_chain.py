"""The access log shows whether a row of it was changed, removed or put in."""

from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts import access_log
from accounts.models import Access, AccessChain, AccessLink
from accounts.periodic import link_access_log

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


TABLES = ["accounts_access", "accounts_accesslink"]


@pytest.fixture
def freely(db):
    """Whoever owns the tables can do what the portal does not."""
    for table in TABLES:
        run(f"GRANT UPDATE, DELETE ON {table} TO CURRENT_USER")
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")


@pytest.fixture
def rows(practice):
    """The links of five rows of a practice; there are two of none."""
    write(), write()
    written = [write(practice) for _ in range(5)]
    access_log.link()
    return [row.link for row in written]


def test_each_row_follows_the_one_before_it(rows):
    assert [row.position for row in rows] == [1, 2, 3, 4, 5]
    assert [row.previous for row in rows[1:]] == [row.digest for row in rows[:-1]]
    assert AccessChain.objects.count() == 2


def test_a_row_is_written_by_one_insert(practice, django_assert_num_queries):
    with django_assert_num_queries(1):
        write(practice)


def test_a_row_that_is_committed_late_comes_after_those_before_it(rows, practice):
    late = Access.objects.filter(pk=rows[1].pk).values().get()
    Access.objects.create(**late | {"id": rows[4].pk + 1_000_000})
    access_log.link_newest()
    Access.objects.create(**late | {"id": rows[4].pk + 1_000})
    access_log.link_newest()
    newest = AccessLink.objects.filter(chain=practice.pk).order_by("-position")[:2]
    assert [link.pk - rows[4].pk for link in newest] == [1_000, 1_000_000]
    assert "is whole" in verify()


def test_to_link_again_adds_nothing_and_asks_little(rows, django_assert_num_queries):
    with django_assert_num_queries(6):  # the last one, begin, lock twice, rows, end
        link_access_log()
    assert AccessLink.objects.count() == 7


def test_what_ended_in_the_midst_is_linked_by_the_next(rows, practice):
    write(practice), write()

    def refuse(execute, sql, *args):
        if "accounts_accesschain" in sql and "DO UPDATE" in sql:
            raise DatabaseError("The server is gone.")
        return execute(sql, *args)

    with connection.execute_wrapper(refuse), pytest.raises(DatabaseError):
        link_access_log()
    assert AccessLink.objects.count() == 7
    link_access_log()
    assert AccessLink.objects.count() == 9
    assert "is whole" in verify()


def test_more_rows_than_are_linked_at_once_are_linked(practice, monkeypatch):
    monkeypatch.setattr(access_log, "BATCH", 2)
    for _ in range(5):
        write(practice)
    link_access_log()
    assert AccessLink.objects.count() == 5


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
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_row_is_found(rows, practice, freely, change):
    Access.objects.filter(pk=rows[2].pk).update(**change)
    assert f"Access log of practice {practice.pk}: row 3 is not what was written." in verify()


def test_a_changed_digest_is_found(rows, freely):
    AccessLink.objects.filter(pk=rows[2].pk).update(digest="f" * 64)
    said = verify()
    assert "row 3 is not what was written" in said
    assert "row 4 does not follow the row before it" in said


def test_a_row_that_was_changed_with_its_digest_is_found(rows, freely):
    link = rows[2]
    link.row.case_number = "26-10002"
    link.row.save()
    AccessLink.objects.filter(pk=link.pk).update(digest=link.computed_digest())
    assert "row 4 does not follow the row before it" in verify()


@pytest.mark.parametrize("models", [[Access], [AccessLink], [AccessLink, Access]])
def test_a_removed_row_is_found(rows, freely, models):
    for model in models:
        model.objects.filter(pk=rows[2].pk)._raw_delete("default")
    assert "row 3 is missing" in verify()


def test_rows_cut_off_at_the_end_are_found(rows, freely):
    for model in (AccessLink, Access):
        model.objects.filter(pk__in=[rows[3].pk, rows[4].pk])._raw_delete("default")
    assert "rows 4 to 5 are missing, at its end" in verify()


def put_in(rows, position, **about):
    """A row and its link, as somebody would forge them who may write to the tables."""
    before = rows[position - 2]
    row = Access(**Access.objects.filter(pk=before.pk).values().get() | {"id": None})
    row.save()
    link = AccessLink(
        row=row, chain=before.chain, position=position, previous=before.digest, **about
    )
    link.digest = link.computed_digest()
    link.save(force_insert=True)


def test_a_row_put_in_at_the_end_is_found_and_stays_so(rows, practice):
    put_in(rows, 6)
    assert "after row 5, the last one, come rows to 6" in verify()
    write(practice)
    assert "row 7 does not follow the row before it" in verify()


def test_a_row_put_in_between_is_found(rows, freely):
    AccessLink.objects.filter(pk=rows[4].pk).update(position=6)
    AccessLink.objects.filter(pk=rows[3].pk).update(position=5)
    put_in(rows, 4)
    AccessChain.objects.filter(chain=rows[0].chain).update(position=6)
    said = verify()
    assert "row 5 does not follow the row before it" in said
    assert "row 5 is not what was written" in said


def test_a_row_of_another_day_that_is_put_in_is_found(rows, practice):
    write(practice, at=timezone.now() - timedelta(days=1))
    said = "row 6 claims a time long before that of the row before it"
    assert said in verify()


def test_a_chain_without_its_head_is_found(rows):
    AccessChain.objects.filter(chain=0).delete()
    assert "Access log of the lab: after row 0, the last one, come rows to 2" in verify()
    write()
    assert "Access log of the lab: row 3 does not follow the row before it" in verify()


def test_a_broken_log_is_said_by_the_exit_status(rows, freely):
    Access.objects.filter(pk=rows[0].pk).update(item="x")
    with pytest.raises(CommandError, match=r"at 1 place\. Please keep this database as it is"):
        call_command("verify_access_log", stderr=StringIO())


def test_a_row_whose_change_is_taken_back_goes_with_it(rows, practice):
    with transaction.atomic():
        write(practice)
        transaction.set_rollback(True)
    write(practice)
    assert "is whole" in verify()
    assert AccessLink.objects.filter(chain=practice.pk).count() == 6


@pytest.mark.django_db(transaction=True)
def test_rows_written_and_linked_at_the_same_moment_form_one_chain(make_practice, at_once):
    here, there = make_practice(), make_practice("Hilltop Dental")

    def add(practice):
        for _ in range(10):
            with transaction.atomic():
                write(practice)
            link_access_log()

    at_once(*(partial(add, [None, here, there][number % 3]) for number in range(8)))
    assert Access.objects.count() == 80
    assert sorted(AccessChain.objects.values_list("position", flat=True)) == [20, 30, 30]
    assert "is whole" in verify()


@on_postgresql
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("sql", ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_portal_has_no_right_to_change_a_row(rows, sql, table):
    access_log.protect()  # tests are allowed to empty tables
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        run(change_of(table, sql))


@on_postgresql
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("sql", ["UPDATE {} SET {}", "DELETE FROM {}"])
def test_even_with_the_right_to_no_row_is_changed(rows, sql, table):
    run(f"GRANT UPDATE, DELETE ON {table} TO CURRENT_USER")
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        run(change_of(table, sql))


def change_of(table, sql):
    return sql.format(table, "item = 'x'" if table == "accounts_access" else "chain = 7")


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
    rows = Access.objects.filter(practice=practice).order_by("link__position")
    assert [(row.action, row.item) for row in rows] == [("downloaded", "1"), ("downloaded", "2")]
    write(dentist_user.practice)
    assert f"practice {practice}: 3 rows" in verify()
    try:
        before = migrate("0008_forget_addresses").get_model("accounts", "Access").objects
        assert list(before.order_by("pk").values_list("position", flat=True)) == [1, 2, 3]
    finally:
        call_command("migrate", verbosity=0)
    assert f"practice {practice}: 3 rows" in verify()
