"""Fields of models that are made of text."""

from django.db import models

from portal.writing.text import folded


class FoldedField(models.CharField):
    """The text of another field for searching and sorting; written with the row.

    `QuerySet.update()` of the other field must set it too.
    """

    def __init__(self, of="", **kwargs):
        self.of = of
        super().__init__(**{"max_length": 500, "editable": False, "default": "", **kwargs})

    def deconstruct(self):
        # To the database, and so to migrations, it is text.
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    def fold(self, text):
        return folded(text)[: self.max_length]

    def pre_save(self, instance, add):
        value = self.fold(getattr(instance, self.of))
        setattr(instance, self.attname, value)
        return value


def fold_anew(model, of, key, batch=2000):
    """Write a FoldedField of all rows, for a migration: each batch by itself, in order of keys."""
    rows = model._base_manager.order_by("pk").only(of, key)
    found = rows[:batch]
    while found:
        for row in found:
            setattr(row, key, folded(getattr(row, of))[: model._meta.get_field(key).max_length])
        rows.bulk_update(found, [key])
        found = rows.filter(pk__gt=found[len(found) - 1].pk)[:batch]
