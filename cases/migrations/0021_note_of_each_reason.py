from django.db import migrations
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

MISSING = 10


def give_notes(apps, schema_editor):
    """The note of a move goes to the reasons that were given with it and are still open."""
    MissingItem, CaseEvent = (
        apps.get_model("cases", name) for name in ("MissingItem", "CaseEvent")
    )
    moves = CaseEvent.objects.filter(case=OuterRef("case"), to_progress=MISSING).order_by("-pk")
    note = Coalesce(Subquery(moves.values("note")[:1]), Value(""))
    MissingItem.objects.filter(answered_at=None, note="").update(note=note)


class Migration(migrations.Migration):
    dependencies = [("cases", "0020_ship_date_looked_before")]

    operations = [migrations.RunPython(give_notes, migrations.RunPython.noop)]
