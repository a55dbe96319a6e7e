"""The list of materials, kept by the lab."""

from django import forms
from django.contrib import admin

from cases import materials
from cases.models import Material
from portal.admin_site import ShownOnlyAdmin
from portal.writing.text import plain_text


class MaterialForm(forms.ModelForm):
    def clean_name(self):
        return plain_text(self.cleaned_data["name"])

    def clean(self):
        cleaned = super().clean()
        if self.initial.get("is_default") and not cleaned.get("is_default"):
            self.add_error(
                "is_default", "There must be a default. Make another material the default instead."
            )
        if cleaned.get("is_default") and not cleaned.get("is_active"):
            self.add_error(
                "is_active", "The default is what dentists are offered first. Please offer it."
            )
        return cleaned

    def _get_validation_exclusions(self):
        # That there is one default, which is offered, is refused above or put right by saving.
        return super()._get_validation_exclusions() | {"is_default"}


@admin.register(Material)
class MaterialAdmin(ShownOnlyAdmin):
    form = MaterialForm
    fields = ["name", "is_default", "is_active", "order"]
    list_display = ["name", "is_default", "is_active", "order"]

    def save_model(self, request, obj, form, change):
        materials.save(obj)

    def has_delete_permission(self, request, obj=None):
        # It is offered no more instead.
        return False
