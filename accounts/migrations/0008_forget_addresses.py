"""Sign-in addresses stand in the user's row; the library's copies of them are nobody's to keep.

It wrote one whenever a password link was made, unverified for ever, refused a second step to whom
it belonged, and still signed them in with an address that the lab had replaced since.
"""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("account", "EmailAddress").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_name_of_a_user"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        # The library writes such a row anew when it wants one.
        migrations.RunPython(forget, migrations.RunPython.noop)
    ]
