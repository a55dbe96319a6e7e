from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import migrations, models


def mark(apps, schema_editor):
    """What is withdrawn on a day off now was so by it, as far as anybody can tell."""
    Block = apps.get_model("scheduling", "Block")
    for off in apps.get_model("scheduling", "DayOff").objects.select_related("planner"):
        zone = ZoneInfo(off.planner.time_zone)
        begin = datetime.combine(max(off.first, date(2000, 1, 1)), time(), zone)
        end = datetime.combine(min(off.last, date(2100, 1, 1)) + timedelta(days=1), time(), zone)
        Block.objects.filter(
            planner=off.planner, is_open=False, starts_at__gte=begin, starts_at__lt=end
        ).update(is_day_off=True)


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_hours_past_midnight")]

    operations = [
        migrations.AddField(
            model_name="block",
            name="is_day_off",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
