"""What the lab says when it moves a case. Errors are sentences that say what to do."""

from django import forms
from django.utils import timezone

from cases import carriers, readiness, teeth
from cases.models import DESCRIPTION_LIMIT, IMPLANT_LIMIT, Case
from cases.progress import Progress
from portal import lab_calendar
from portal.writing.text import plain_text
from portal.writing.times import check_years


class NoteField(forms.CharField):
    """What the practice reads beside what the lab did; nobody has to write it."""

    def __init__(self, help_text):
        widget = forms.Textarea(attrs={"rows": 3})
        super().__init__(required=False, max_length=1000, widget=widget, help_text=help_text)

    def clean(self, value):
        return plain_text(super().clean(value), lines=True)


class ProgressForm(forms.Form):
    """Any move: a note for the timeline, and the progress that the page was opened with."""

    was = forms.TypedChoiceField(choices=Progress, coerce=int, widget=forms.HiddenInput)
    note = NoteField("The practice reads it in the timeline of the case.")


class ReasonsForm(forms.Form):
    """What is missing, and a note on it."""

    reasons = forms.MultipleChoiceField(
        label="What is missing",
        choices=[(code, reason.label) for code, reason in readiness.REASONS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Please choose at least one reason."},
    )

    def clean(self):
        cleaned = super().clean()
        if "other" in cleaned.get("reasons", []) and not cleaned.get("note"):
            self.add_error("note", "Please write what is missing: “Other” alone does not say it.")
        return cleaned


class MissingForm(ProgressForm, ReasonsForm):
    field_order = ["was", "reasons", "note"]


class MoreMissingForm(ReasonsForm):
    """What is missing beside what is known to be."""

    note = NoteField("The practice reads it beside what is missing.")

    def __init__(self, *args, known, **kwargs):
        super().__init__(*args, **kwargs)
        reasons = self.fields["reasons"]
        reasons.choices = [choice for choice in reasons.choices if choice[0] not in known]


class TrackingForm(forms.Form):
    carrier = forms.ChoiceField(
        choices=[("", "Choose…"), *carriers.CHOICES],
        error_messages={"required": "Please choose the carrier."},
    )
    tracking_number = forms.CharField(
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 44}),
        help_text="As printed on the label; spaces and hyphens are left out.",
    )

    def clean_tracking_number(self):
        number = carriers.clean_number(self.cleaned_data["tracking_number"])
        longest = Case._meta.get_field("tracking_number").max_length
        if len(number) > longest:
            raise forms.ValidationError(
                f"No carrier has numbers of more than {longest} characters. Please correct it."
            )
        return number

    # The number that the person was asked about; sending the same one again is the answer.
    doubted = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self):
        cleaned = super().clean()
        carrier, number = cleaned.get("carrier"), cleaned.get("tracking_number")
        doubted = cleaned.pop("doubted", "")
        if carrier and carrier != "other" and number == "":
            self.add_error("tracking_number", "Please type the tracking number of the parcel.")
        elif carrier and number and f"{carrier} {number}" != doubted:
            self._ask_about(carrier, number)
        return cleaned

    def _ask_about(self, carrier, number):
        if warning := carriers.warning(carrier, number):
            self.data = self.data.copy()
            self.data["doubted"] = f"{carrier} {number}"
            self.add_error(
                "tracking_number", f"{warning} Is it right? Then press the button again."
            )


class ShippedForm(ProgressForm, TrackingForm):
    field_order = ["was", "carrier", "tracking_number", "note"]


class ShipDateForm(forms.Form):
    ship_date = forms.DateField(
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="Empty: the case has no ship date.",
        error_messages={"invalid": "Please type the date like 2026-12-31."},
    )

    def clean_ship_date(self):
        date = self.cleaned_data["ship_date"]
        if date and date < lab_calendar.today(timezone.now()):
            raise forms.ValidationError("This day is in the past. Please choose one to come.")
        return date

    def clean(self):
        cleaned = super().clean()
        check_years(ship_date=cleaned.get("ship_date"))
        return cleaned


class LookedForm(forms.Form):
    """The revision of the RX script that somebody has looked at."""

    revision = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class CorrectionForm(forms.ModelForm):
    """What the lab corrects of what the dentist sent, with the reason for it."""

    revision = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    teeth = forms.CharField(max_length=500, widget=forms.TextInput(attrs={"size": 44}))
    implants = forms.CharField(
        label="Implant systems",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A line for each tooth, like “14: Straumann BLX 4.5 × 10”.",
    )
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The practice reads it in the timeline, and it stands on the new RX script.",
        error_messages={"required": "Please write why this is corrected."},
    )

    class Meta:
        model = Case
        fields = ["patient_name", "dentist", "description", "surgery_date", "shipping_address"]
        widgets = {
            "description": forms.Textarea(attrs={"rows": 7}),
            "surgery_date": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "shipping_address": forms.Textarea(attrs={"rows": 3}),
        }
        error_messages = {"surgery_date": {"invalid": "Please type the date like 2026-12-31."}}

    field_order = [
        "revision", "patient_name", "dentist", "teeth", "implants", "description",
        "surgery_date", "shipping_address", "reason",
    ]  # fmt: skip

    def __init__(self, *args, revision, **kwargs):
        super().__init__(*args, **kwargs)
        case, self.numbering = self.instance, self.instance.practice.tooth_numbering
        self.initial |= {"revision": revision, "teeth": teeth.labels(case.teeth, self.numbering)}
        self.initial["implants"] = "\n".join(
            f"{teeth.label(code, self.numbering)}: {system}"
            for code, system in case.implants.items()
        )
        self.fields["teeth"].help_text = f"{teeth.NUMBERINGS[self.numbering]} numbering."
        self.fields["description"].required = True
        self.fields["dentist"].queryset = case.practice.dentists.all()

    def clean_teeth(self):
        try:
            return teeth.parse(self.cleaned_data["teeth"], self.numbering)
        except teeth.UnknownTooth as problem:
            raise forms.ValidationError(str(problem)) from problem

    def clean_implants(self):
        """Systems by tooth, as the case has them."""
        lines = plain_text(self.cleaned_data["implants"], lines=True).splitlines()
        return dict(self._implant(line) for line in lines if line.strip())

    def _implant(self, line):
        label, _, system = map(str.strip, line.partition(":"))
        try:
            codes = teeth.parse(label, self.numbering)
        except teeth.UnknownTooth as problem:
            raise forms.ValidationError(str(problem)) from problem
        if len(codes) != 1 or not system:
            raise forms.ValidationError(f"Please write “{line[:60]}” as tooth, colon and system.")
        if len(system) > IMPLANT_LIMIT:
            raise forms.ValidationError(
                f"The implant system of {label} is longer than {IMPLANT_LIMIT} characters. Please "
                "shorten it."
            )
        return codes[0], system

    def clean_patient_name(self):
        return self._plain("patient_name")

    def clean_description(self):
        text = self._plain("description", lines=True)
        if len(text) > DESCRIPTION_LIMIT:
            raise forms.ValidationError(
                f"The description has {len(text):,} characters. Please shorten it to "
                f"{DESCRIPTION_LIMIT:,}."
            )
        return text

    def clean_reason(self):
        return self._plain("reason", lines=True)

    def clean_shipping_address(self):
        return plain_text(self.cleaned_data["shipping_address"], lines=True)

    def _plain(self, name, lines=False):
        text = plain_text(self.cleaned_data[name], lines=lines)
        if not text:
            raise forms.ValidationError(self.fields[name].error_messages["required"])
        return text

    def clean(self):
        cleaned = super().clean()
        check_years(surgery_date=cleaned.get("surgery_date"))
        left = set(cleaned.get("implants", ())) - set(cleaned.get("teeth", ()))
        if left and "teeth" in cleaned:
            labels = teeth.labels(teeth.sort_teeth(left), self.numbering)
            self.add_error(
                "implants",
                f"There is an implant system for {labels}, which is not among the teeth. Please "
                "write it for the tooth that is meant, or take its line out.",
            )
        return cleaned

    def _post_clean(self):
        """The row is the service's to change."""


PROGRESS_FORMS = {Progress.MISSING: MissingForm, Progress.SHIPPED: ShippedForm}


def progress_form(to):
    """The form class for a move to this progress."""
    return PROGRESS_FORMS.get(to, ProgressForm)
