import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts import chaining

TABLE = "accounts_access"

REFUSAL = f"""
CREATE FUNCTION {TABLE}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of the access log are never changed or deleted.'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION {TABLE}_is_append_only();
REVOKE UPDATE, DELETE, TRUNCATE ON {TABLE} FROM CURRENT_USER;
"""
NO_REFUSAL = f"""
DROP TRIGGER {TABLE}_append_only ON {TABLE};
DROP FUNCTION {TABLE}_is_append_only();
GRANT UPDATE, DELETE, TRUNCATE ON {TABLE} TO CURRENT_USER;
"""


def chain_rows(apps, schema_editor):
    Access = apps.get_model("accounts", "Access")
    AccessChain = apps.get_model("accounts", "AccessChain")
    heads = {}
    for row in Access.objects.order_by("pk").iterator():
        row.chain = row.practice_id or 0
        head = heads.setdefault(row.chain, AccessChain(chain=row.chain))
        row.position, row.previous = head.position + 1, head.digest
        row.action = "downloaded"
        row.digest = chaining.digest(
            chain=row.chain,
            position=row.position,
            previous=row.previous,
            at=row.at,
            user=row.user_id,
            practice=row.practice_id,
            case_number=row.case_number,
            what=row.what,
            action=row.action,
            item=row.item,
            result=row.result,
            address=row.address,
            note=row.note,
        )
        row.save(update_fields=["chain", "position", "previous", "action", "digest"])
        head.position, head.digest = row.position, row.digest
    AccessChain.objects.bulk_create(heads.values())


def without_what_was_not_logged(apps, schema_editor):
    """The table of before has no place for what is neither of a practice nor a download."""
    rows = apps.get_model("accounts", "Access").objects
    rows.exclude(action="downloaded").delete()
    rows.filter(models.Q(user=None) | models.Q(practice=None)).delete()


def refuse_changes(apps, schema_editor):
    """Whoever writes rows can no longer change them; a superuser of the server still can.

    A later migration that changes rows has to grant itself the right, and take it away again.
    """
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(REFUSAL)


def allow_changes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(NO_REFUSAL)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_invitation")]

    operations = [
        migrations.AlterField(
            model_name="access",
            name="case_number",
            field=models.CharField(
                blank=True, db_index=True, max_length=12, verbose_name="case ID"
            ),
        ),
        migrations.AlterField(
            model_name="access",
            name="item",
            field=models.CharField(
                blank=True,
                help_text="Row of the file or session, revision, or name of the page.",
                max_length=60,
            ),
        ),
        migrations.AlterField(
            model_name="access",
            name="practice",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.practice",
            ),
        ),
        migrations.AlterField(
            model_name="access",
            name="result",
            field=models.CharField(
                choices=[
                    ("given", "Given"),
                    ("done", "Done"),
                    ("not_ready", "Not ready yet"),
                    ("not_now", "Refused: not now, or not by them"),
                    ("not_theirs", "Refused: not theirs"),
                    ("not_there", "Refused: not there"),
                    ("failed", "Failed"),
                    ("away", "Storage away"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="access",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="access",
            name="what",
            field=models.CharField(
                choices=[
                    ("case", "Case"),
                    ("cases", "Cases"),
                    ("file", "File"),
                    ("rx", "RX script"),
                    ("message", "Message"),
                    ("planning", "Planning session"),
                    ("calendar", "Calendar file"),
                    ("form", "Unsent form"),
                    ("page", "Page"),
                    ("account", "Account"),
                    ("log", "Access log"),
                    ("portal", "Portal"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="AccessChain",
            fields=[
                ("chain", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("position", models.PositiveBigIntegerField(default=0)),
                (
                    "digest",
                    models.CharField(
                        default="0000000000000000000000000000000000000000000000000000000000000000",
                        max_length=64,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="access",
            name="action",
            field=models.CharField(
                choices=[
                    ("opened", "Opened"),
                    ("downloaded", "Downloaded"),
                    ("created", "Sent"),
                    ("updated", "Updated"),
                    ("kept", "Kept"),
                    ("added", "Uploaded"),
                    ("removed", "Removed"),
                    ("tried_again", "Tried again"),
                    ("archived", "Archived"),
                    ("unarchived", "Put back"),
                    ("written", "Written"),
                    ("progress", "Progress changed"),
                    ("ship_date", "Ship date set"),
                    ("tracking", "Tracking corrected"),
                    ("booked", "Booked"),
                    ("moved", "Moved"),
                    ("ended", "Ended"),
                    ("changed", "Changed"),
                    ("signed_in", "Signed in"),
                    ("signed_out", "Signed out"),
                    ("password", "Password changed"),
                    ("mfa_added", "Second step added"),
                    ("mfa_removed", "Second step removed"),
                    ("mfa_failed", "Second step tried"),
                    ("emergency", "Emergency access"),
                    ("emergency_end", "Emergency access ended"),
                    ("restored", "Restored from a backup"),
                ],
                default="",
                max_length=14,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="access",
            name="chain",
            field=models.PositiveBigIntegerField(default=0, editable=False),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="access",
            name="digest",
            field=models.CharField(default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="access",
            name="note",
            field=models.TextField(blank=True, help_text="The reason typed for emergency access."),
        ),
        migrations.AddField(
            model_name="access",
            name="position",
            field=models.PositiveBigIntegerField(default=0, editable=False, verbose_name="number"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="access",
            name="previous",
            field=models.CharField(
                default="", editable=False, max_length=64, verbose_name="digest of the row before"
            ),
            preserve_default=False,
        ),
        migrations.RunPython(chain_rows, without_what_was_not_logged),
        migrations.AddConstraint(
            model_name="access",
            constraint=models.UniqueConstraint(
                fields=("chain", "position"), name="access_follows_one_other"
            ),
        ),
        migrations.RunPython(refuse_changes, allow_changes),
    ]
