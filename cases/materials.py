"""The lab's list of materials, which always has one default."""

from django.db import transaction

from cases.models import Material


def save(material):
    """Write a material; as the default it takes the place of the one before."""
    with transaction.atomic():
        if material.is_default:
            others = Material.objects.exclude(pk=material.pk)
            others.filter(is_default=True).update(is_default=False)
        material.save()
