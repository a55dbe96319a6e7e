import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_access_log")]

    operations = [
        migrations.CreateModel(
            name="PasswordReset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "work_state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done"), ("failed", "Failed")],
                        default="waiting",
                        editable=False,
                        max_length=10,
                        verbose_name="work",
                    ),
                ),
                (
                    "work_asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "work_attempts",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="attempts"),
                ),
                (
                    "work_failures",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="failures"),
                ),
                ("work_leased_until", models.DateTimeField(editable=False, null=True)),
                (
                    "work_failure",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="last failure"
                    ),
                ),
                (
                    "work_waits_for",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("storage", "the file storage"),
                            ("mail", "the mail server"),
                            ("scanner", "the virus scanner"),
                        ],
                        editable=False,
                        max_length=10,
                        verbose_name="waits for",
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(fields=["work_state", "work_asked_at"], name="reset_work")
                ],
            },
        )
    ]
