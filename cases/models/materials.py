"""What guides are made of: a list of the lab's, of which the dentist signs one."""

from django.db import models
from django.db.models import Q

MATERIAL_LIMIT = 200


class MaterialQuerySet(models.QuerySet):
    def offered(self, also=""):
        """The names that a dentist may choose, the default first.

        `also` is one that a case has and keeps, though the lab may offer it no more.
        """
        names = list(self.filter(is_active=True).values_list("name", flat=True))
        return names if also in ("", *names) else [*names, also]

    def default_name(self):
        """The name of the default; "" when there is none."""
        return next(iter(self.filter(is_default=True).values_list("name", flat=True)), "")


class Material(models.Model):
    """Cases and RX scripts have its name, so that it can change without them."""

    name = models.CharField(
        max_length=MATERIAL_LIMIT, unique=True, help_text="As it is printed on the RX script."
    )
    is_default = models.BooleanField("default", default=False)
    is_active = models.BooleanField(
        "offered", default=True, help_text="Cases that have it keep it when it is offered no more."
    )
    order = models.PositiveSmallIntegerField(default=1, help_text="Lower numbers come first.")

    objects = MaterialQuerySet.as_manager()

    class Meta:
        ordering = ["-is_default", "order", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_material"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(is_active=True), name="default_is_offered"
            ),
        ]

    def __str__(self):
        return self.name
