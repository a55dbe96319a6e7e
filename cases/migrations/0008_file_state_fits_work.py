from django.db import migrations, models
from django.db.models import Q


def fit(apps, schema_editor):
    """What became of a file says what became of its work."""
    files = apps.get_model("cases", "Attachment").objects
    arriving = files.filter(state__in=["uploading", "received"])
    arriving.exclude(work_state="waiting").update(work_state="waiting")
    files.filter(state="stored").exclude(work_state="done").update(work_state="done")
    files.filter(state="failed", work_state="waiting").update(work_state="failed")


class Migration(migrations.Migration):
    dependencies = [("cases", "0007_lately_indexes")]

    operations = [
        migrations.RunPython(fit, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=Q(state__in=["uploading", "received"], work_state="waiting")
                | Q(state="stored", work_state="done")
                | Q(state="failed", work_state__in=["done", "failed"]),
                name="file_is_where_its_work_is",
            ),
        ),
        migrations.RemoveField(model_name="attachment", name="findings"),
    ]
