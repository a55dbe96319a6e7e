from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="block",
            name="is_open",
            field=models.BooleanField(
                default=True, help_text="Dentists can book it.", verbose_name="offered"
            ),
        )
    ]
