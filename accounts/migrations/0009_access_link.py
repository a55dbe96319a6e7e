import django.db.models.deletion
from django.db import migrations, models

FREELY = """
GRANT UPDATE ON accounts_access TO CURRENT_USER;
ALTER TABLE accounts_access DISABLE TRIGGER USER;
"""
NO_LONGER = """
ALTER TABLE accounts_access ENABLE TRIGGER USER;
REVOKE UPDATE ON accounts_access FROM CURRENT_USER;
"""
REFUSAL = """
CREATE TRIGGER accounts_accesslink_append_only BEFORE UPDATE OR DELETE ON accounts_accesslink
    FOR EACH ROW EXECUTE FUNCTION accounts_access_is_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON accounts_accesslink FROM CURRENT_USER;
"""
NO_REFUSAL = """
DROP TRIGGER accounts_accesslink_append_only ON accounts_accesslink;
GRANT UPDATE, DELETE, TRUNCATE ON accounts_accesslink TO CURRENT_USER;
"""
OUT = """
INSERT INTO accounts_accesslink (row_id, chain, position, previous, digest)
    SELECT id, chain, position, previous, digest FROM accounts_access;
"""
BACK = """
UPDATE accounts_access SET (chain, position, previous, digest) = (
    SELECT link.chain, link.position, link.previous, link.digest
    FROM accounts_accesslink AS link WHERE link.row_id = accounts_access.id
);
"""


def run_on_postgresql(schema_editor, sql):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(sql)


def take_out(apps, schema_editor):
    schema_editor.execute(OUT)


def put_back(apps, schema_editor):
    if apps.get_model("accounts", "Access").objects.filter(link=None).exists():
        raise RuntimeError("Some rows are not linked yet. Please run verify_access_log first.")
    run_on_postgresql(schema_editor, FREELY)
    schema_editor.execute(BACK)
    run_on_postgresql(schema_editor, NO_LONGER)


def refuse_changes(apps, schema_editor):
    """As for the rows themselves, see 0005."""
    run_on_postgresql(schema_editor, REFUSAL)


def allow_changes(apps, schema_editor):
    run_on_postgresql(schema_editor, NO_REFUSAL)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_forget_addresses")]

    operations = [
        migrations.CreateModel(
            name="AccessLink",
            fields=[
                (
                    "row",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="link",
                        serialize=False,
                        to="accounts.access",
                    ),
                ),
                ("chain", models.PositiveBigIntegerField()),
                ("position", models.PositiveBigIntegerField(verbose_name="number")),
                (
                    "previous",
                    models.CharField(max_length=64, verbose_name="digest of the row before"),
                ),
                ("digest", models.CharField(max_length=64)),
            ],
        ),
        migrations.RemoveConstraint("access", "access_follows_one_other"),
        # Back again, a column comes first and then what stands in it.
        migrations.AlterField("access", "chain", models.PositiveBigIntegerField(null=True)),
        migrations.AlterField("access", "position", models.PositiveBigIntegerField(null=True)),
        migrations.AlterField("access", "previous", models.CharField(max_length=64, null=True)),
        migrations.AlterField("access", "digest", models.CharField(max_length=64, null=True)),
        migrations.RunPython(take_out, put_back),
        migrations.RemoveField("access", "chain"),
        migrations.RemoveField("access", "position"),
        migrations.RemoveField("access", "previous"),
        migrations.RemoveField("access", "digest"),
        migrations.AddConstraint(
            "accesslink",
            models.UniqueConstraint(fields=("chain", "position"), name="access_follows_one_other"),
        ),
        migrations.AddIndex(
            "access", models.Index(fields=["practice", "id"], name="access_of_practice")
        ),
        migrations.RunPython(refuse_changes, allow_changes),
    ]
