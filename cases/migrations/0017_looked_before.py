from django.db import migrations
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

PROCESSING = 40
BATCH = 2000


def look(apps, schema_editor):
    """What the lab has moved on it has looked at; what it has not, is new to it."""
    Case, Prescription = (apps.get_model("cases", name) for name in ("Case", "Prescription"))
    scripts = Prescription.objects.filter(case=OuterRef("pk")).order_by("-revision")
    newest = Coalesce(Subquery(scripts.values("revision")[:1]), 0)
    rows, last = Case.objects.exclude(progress=PROCESSING).order_by("pk"), 0
    while keys := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        Case.objects.filter(pk__in=keys).update(looked_at=F("modified_at"), looked_revision=newest)
        last = keys[-1]


class Migration(migrations.Migration):
    # A batch at a time, so that no page waits for the lock of a million rows.
    atomic = False

    dependencies = [("cases", "0016_looked_at")]

    operations = [migrations.RunPython(look, migrations.RunPython.noop)]
