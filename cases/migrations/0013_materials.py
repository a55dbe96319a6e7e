from django.db import migrations, models
from django.db.models import Q

# What every RX script has said so far.
UNTIL_NOW = "Biocompatible surgical guide resin, class I (ISO 10993)"


def make_default(apps, schema_editor):
    materials = apps.get_model("cases", "Material").objects.using(schema_editor.connection.alias)
    materials.create(name=UNTIL_NOW, is_default=True)


class Migration(migrations.Migration):
    dependencies = [("cases", "0012_missing_one_by_one")]

    operations = [
        migrations.CreateModel(
            name="Material",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="As it is printed on the RX script.", max_length=200, unique=True
                    ),
                ),
                ("is_default", models.BooleanField(default=False, verbose_name="default")),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Cases that have it keep it when it is offered no more.",
                        verbose_name="offered",
                    ),
                ),
                (
                    "order",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="Lower numbers come first."
                    ),
                ),
            ],
            options={"ordering": ["-is_default", "order", "name"]},
        ),
        migrations.AddConstraint(
            model_name="material",
            constraint=models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_material"
            ),
        ),
        migrations.AddConstraint(
            model_name="material",
            constraint=models.CheckConstraint(
                condition=Q(is_default=False) | Q(is_active=True), name="default_is_offered"
            ),
        ),
        migrations.RunPython(make_default, migrations.RunPython.noop),
        # The cases that there are were signed with it.
        migrations.AddField(
            model_name="case",
            name="materials",
            field=models.CharField(blank=True, default=UNTIL_NOW, max_length=200),
            preserve_default=False,
        ),
    ]
