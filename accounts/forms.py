from functools import cache
from importlib.resources import files

from allauth.account.forms import SetPasswordForm
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout, Row, Submit
from django import forms
from django.conf import settings
from django.db.models import Q

from accounts.models import Practice, User
from portal.writing.text import plain_text

# Tells whose text it is when the session has ended before Save.
TOKEN = HTML('<input type="hidden" name="form_token" value="{{ form_token }}">')


@cache
def _zones():
    """Pairs of country code and zone name, without the old names that zones once had."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text()
    lines = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return [(columns[0], columns[2]) for columns in lines]


def time_zone_choices(current):
    """Two groups of zones, those of the lab's country first; the one in use is always there."""
    near = [zone for country, zone in _zones() if country == settings.LAB_COUNTRY]
    everywhere = sorted({zone for _, zone in _zones()} | {current})
    return [
        ("Nearby", [(zone, zone.replace("_", " ")) for zone in near]),
        ("All", [(zone, zone.replace("_", " ")) for zone in everywhere if zone not in near]),
    ]


class PracticeForm(forms.ModelForm):
    class Meta:
        model = Practice
        fields = ["email", "phone", "shipping_address", "time_zone", "tooth_numbering"]
        help_texts = {
            "time_zone": "Planning sessions are shown in this zone.",
            "tooth_numbering": "How teeth are numbered on every page and RX script.",
        }
        widgets = {"shipping_address": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args, may_change_address, **kwargs):
        super().__init__(*args, **kwargs)
        if not may_change_address:
            self.fields["email"].disabled = True
            self.fields["email"].required = False
            self.fields["email"].help_text = _who_changes_it(self.instance)
        zones = time_zone_choices(self.instance.time_zone)
        self.fields["time_zone"] = forms.ChoiceField(
            choices=zones, help_text=self.Meta.help_texts["time_zone"]
        )
        self.helper = FormHelper()
        self.helper.layout = Layout(
            Row("email", "phone"),
            "shipping_address",
            Row("time_zone", "tooth_numbering"),
            TOKEN,
            Submit("save_practice", "Save practice"),
        )

    @property
    def changeable(self):
        """Names of the fields that this person may change."""
        return [name for name, field in self.fields.items() if not field.disabled]

    def clean_phone(self):
        return plain_text(self.cleaned_data["phone"])

    def clean_shipping_address(self):
        return plain_text(self.cleaned_data["shipping_address"], lines=True)


def _who_changes_it(practice):
    owners = [str(owner) for owner in practice.owners]
    if not owners:
        return (
            "Your practice has no owner yet, who could change this address. To change it, please "
            f"write to {settings.LAB_EMAIL}."
        )
    *others, last = owners
    names = f"{', '.join(others)} or {last}" if others else last
    return f"Owners can change this address. Please ask {names}."


class NameForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name"]
        labels = {"name": "Your name"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout("name", TOKEN, Submit("save_name", "Save name"))

    def clean_name(self):
        name = plain_text(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError("Please type your name.")
        return name


class InviteForm(forms.Form):
    ROLES = [("member", "Member"), ("owner", "Owner: also invites and deactivates members")]

    email = forms.EmailField(
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="The invitation goes there. It is also what they sign in with.",
    )
    name = forms.CharField(
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Optional; they can type it themselves.",
    )
    role = forms.ChoiceField(choices=ROLES)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            Row("email", "name"), "role", Submit("invite", "Send the invitation")
        )

    def clean_name(self):
        return plain_text(self.cleaned_data["name"])


class FirstPasswordForm(SetPasswordForm):
    """A password, typed twice, of somebody who never had one."""

    # Shown, and for password managers.
    email = forms.EmailField(
        disabled=True,
        label="You will sign in as",
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    field_order = ["email", "password1", "password2"]


class AcceptForm(FirstPasswordForm):
    """What somebody types who was invited: their name as well."""

    name = forms.CharField(
        max_length=120, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    field_order = ["email", "name", "password1", "password2"]

    def clean_name(self):
        name = plain_text(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError("Please type your name.")
        return name


class WhoForm(forms.Form):
    """What to show of the access log of a practice; what makes no sense shows nothing."""

    LAB, OTHERS = "lab", "others"

    case = forms.CharField(label="Case ID", required=False, max_length=12)
    who = forms.ChoiceField(label="Person", required=False)

    def __init__(self, *args, practice, **kwargs):
        super().__init__(*args, **kwargs)
        self.practice = practice
        members = [(str(user.pk), str(user)) for user in practice.members.all()]
        lab, others = (self.LAB, "Everybody of the lab"), (self.OTHERS, "Anybody else")
        self.fields["who"].choices = [("", "Everybody"), *members, lab, others]
        self.fields["case"].widget.attrs = {"class": "form-control", "autocomplete": "off"}
        self.fields["who"].widget.attrs = {"class": "form-select"}

    def chosen(self, rows):
        """Those of the rows that were asked for."""
        if not self.is_bound:
            return rows
        if not self.is_valid():
            return rows.none()
        number, who = plain_text(self.cleaned_data["case"]), self.cleaned_data["who"]
        if number:
            rows = rows.filter(case_number=number)
        if who == self.LAB:
            return rows.filter(user__is_staff=True)
        if who == self.OTHERS:
            mine = Q(user__practice=self.practice) | Q(user__is_staff=True)
            return rows.filter(Q(user=None) | ~mine)
        return rows.filter(user=who) if who else rows
