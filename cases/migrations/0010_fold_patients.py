from django.db import migrations

from portal.writing.fields import fold_anew


def fold(apps, schema_editor):
    fold_anew(apps.get_model("cases", "Case"), of="patient_name", key="patient_key")


class Migration(migrations.Migration):
    # A batch at a time, so that no page waits for the lock of a million rows.
    atomic = False

    dependencies = [("cases", "0009_carriers_of_canada")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
