from django.db import migrations

from portal.writing.fields import fold_anew


def fold(apps, schema_editor):
    fold_anew(apps.get_model("accounts", "Practice"), of="name", key="name_key")
    fold_anew(apps.get_model("accounts", "Dentist"), of="name", key="name_key")
    fold_anew(apps.get_model("accounts", "User"), of="name", key="name_key")


class Migration(migrations.Migration):
    # A batch at a time, so that no page waits for the lock of a million rows.
    atomic = False

    dependencies = [("accounts", "0011_name_keys")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
