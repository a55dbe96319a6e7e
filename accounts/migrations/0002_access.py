import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Access",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                (
                    "case_number",
                    models.CharField(db_index=True, max_length=12, verbose_name="case ID"),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("file", "File"),
                            ("rx", "RX script"),
                            ("calendar", "Calendar file"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "item",
                    models.CharField(
                        blank=True,
                        help_text="Row of the file or session, or revision.",
                        max_length=40,
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("given", "Given"),
                            ("not_ready", "Not ready yet"),
                            ("not_theirs", "Refused: not theirs"),
                            ("away", "Storage away"),
                        ],
                        max_length=10,
                    ),
                ),
                ("address", models.GenericIPAddressField(null=True, verbose_name="from")),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.practice",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "access",
                "verbose_name_plural": "access log",
                "ordering": ["-at", "-pk"],
            },
        )
    ]
