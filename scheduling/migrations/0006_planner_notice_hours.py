import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0005_block_is_day_off")]

    operations = [
        migrations.AddField(
            model_name="planner",
            name="notice_hours",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="So many hours before a block, dentists can no longer book it. Empty: as "
                "the lab has it for all planners. The lab itself may move a session there.",
                null=True,
                validators=[django.core.validators.MaxValueValidator(1008)],
                verbose_name="hours of notice",
            ),
        )
    ]
