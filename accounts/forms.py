from zoneinfo import available_timezones

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Row, Submit
from django import forms

from accounts.models import Practice, User
from portal.text import plain_text

_ZONES = sorted(name for name in available_timezones() if "/" in name and name[:4] != "Etc/")


def time_zone_choices(current):
    """Zone names as people know them; the one in use is always among them."""
    return [(name, name.replace("_", " ")) for name in sorted({*_ZONES, current})]


class PracticeForm(forms.ModelForm):
    class Meta:
        model = Practice
        fields = ["email", "phone", "shipping_address", "time_zone", "tooth_numbering"]
        help_texts = {
            "time_zone": "Planning sessions are shown in this zone.",
            "tooth_numbering": "How teeth are numbered on every page and RX script.",
        }
        widgets = {"shipping_address": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        zones = time_zone_choices(self.instance.time_zone)
        self.fields["time_zone"] = forms.ChoiceField(
            choices=zones, help_text=self.Meta.help_texts["time_zone"]
        )
        self.helper = FormHelper()
        self.helper.layout = Layout(
            Row("email", "phone"),
            "shipping_address",
            Row("time_zone", "tooth_numbering"),
            Submit("save_practice", "Save practice"),
        )

    def clean_phone(self):
        return plain_text(self.cleaned_data["phone"])

    def clean_shipping_address(self):
        return plain_text(self.cleaned_data["shipping_address"], lines=True)


class NameForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout("name", Submit("save_name", "Save name"))

    def clean_name(self):
        name = plain_text(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError("Please type your name.")
        return name
