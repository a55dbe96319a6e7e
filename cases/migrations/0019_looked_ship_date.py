from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0018_dates_confirmed")]

    operations = [
        migrations.AddField("case", "looked_ship_date", models.DateField(editable=False, null=True))
    ]
