from django.db import migrations
from django.db.models import F

BATCH = 2000


def look(apps, schema_editor):
    """What was looked at before counts as seen with the ship date that it has."""
    Case = apps.get_model("cases", "Case")
    rows, last = Case.objects.filter(looked_at__isnull=False).order_by("pk"), 0
    while keys := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        Case.objects.filter(pk__in=keys).update(looked_ship_date=F("ship_date"))
        last = keys[-1]


class Migration(migrations.Migration):
    # A batch at a time, so that no page waits for the lock of a million rows.
    atomic = False

    dependencies = [("cases", "0019_looked_ship_date")]

    operations = [migrations.RunPython(look, migrations.RunPython.noop)]
