import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.models import F


def typed_last(apps, schema_editor):
    # Until now nothing but typing renewed a form.
    apps.get_model("cases", "Draft").objects.update(typed_at=F("updated_at"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_fold_names"), ("cases", "0013_materials")]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="reminded_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="draft",
            name="typed_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.RunPython(typed_last, migrations.RunPython.noop, elidable=True),
        migrations.CreateModel(
            name="RemovedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("form_key", models.UUIDField(db_index=True)),
                ("name", models.CharField(max_length=255)),
                ("removed_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "answers",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="cases.missingitem",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.practice",
                    ),
                ),
            ],
            options={"ordering": ["name", "pk"]},
        ),
    ]
