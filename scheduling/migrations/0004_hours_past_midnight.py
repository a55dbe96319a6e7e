from datetime import time

from django.db import migrations, models
from django.db.models import F, Q


def end_before_midnight(apps, schema_editor):
    """Back: hours that go into the next day end with their own."""
    hours = apps.get_model("scheduling", "WorkingHours").objects
    hours.filter(end__lte=F("start")).update(end=time(23, 59, 59))


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0003_planners_by_name_key")]

    operations = [
        migrations.RemoveConstraint(model_name="workinghours", name="hours_end_after_they_start"),
        migrations.RunPython(migrations.RunPython.noop, end_before_midnight),
        migrations.AlterField(
            model_name="workinghours",
            name="end",
            field=models.TimeField(
                help_text="00:00 is midnight; a time before “from” is on the next day.",
                verbose_name="to",
            ),
        ),
        migrations.AddConstraint(
            model_name="workinghours",
            constraint=models.CheckConstraint(
                condition=~Q(end=F("start")),
                name="hours_last_some_time",
                violation_error_message="“To” must be another time than “from”.",
            ),
        ),
    ]
