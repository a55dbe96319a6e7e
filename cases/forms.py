"""What a dentist says about a case. Errors are sentences that say what to do."""

from django import forms
from django.http import Http404
from django.utils import timezone

from cases import teeth
from cases.models import (
    DESCRIPTION_LIMIT,
    IMPLANT_LIMIT,
    SIGNATURE_LIMIT,
    Attachment,
    Case,
    Draft,
    Material,
    Message,
)
from portal import lab_calendar
from portal.writing.text import plain_text, words_of
from portal.writing.times import YEARS

EMERGENCY_REASON = 20


class SignatureForm(forms.Form):
    """A typed name stands for the signature (Florida FAC 64B5-17.006 accepts it)."""

    signed_name = forms.CharField(
        label="Signature",
        max_length=SIGNATURE_LIMIT,
        help_text="I am, or act for, the prescribing dentist. Type your full name to sign.",
        error_messages={"required": "Please type your full name to sign the prescription."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def clean_signed_name(self):
        name = plain_text(self.cleaned_data["signed_name"])
        if not name:
            raise forms.ValidationError(self.fields["signed_name"].error_messages["required"])
        return name


class PrescriptionForm(forms.ModelForm):
    """The part of a case that is prescribed, and that an update may change."""

    teeth = forms.MultipleChoiceField(
        required=True,
        error_messages={
            "required": "Please choose at least one tooth.",
            "invalid_choice": "“%(value)s” is not a tooth. Please choose on the chart.",
        },
    )

    materials = forms.ChoiceField(
        required=False,
        error_messages={
            "invalid_choice": "“%(value)s” is no longer offered. Please look over the materials."
        },
    )

    class Meta:
        model = Case
        fields = [
            "teeth",
            "support",
            "guidance",
            "sleeve",
            "anchor_pins",
            "bone_reduction",
            "materials",
            "description",
            "surgery_date",
            "shipping_address",
        ]
        widgets = {
            "description": forms.Textarea(attrs={"rows": 7}),
            "surgery_date": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "shipping_address": forms.Textarea(attrs={"rows": 3}),
        }
        labels = {"surgery_date": "Surgery date (if known)"}
        error_messages = {"surgery_date": {"invalid": "Please type the date like 2026-12-31."}}

    def __init__(self, *args, numbering, case=None, **kwargs):
        """`case` is the one that is updated."""
        super().__init__(*args, **kwargs)
        self.case = case
        materials = case.materials if case else ""
        self.offered_materials = Material.objects.offered(also=materials)
        self.usual_material = materials or Material.objects.default_name()
        self.fields["materials"].initial = self.usual_material
        self.fields["materials"].choices = [(name, name) for name in self.offered_materials]
        self.numbering = numbering
        choices = [(code, teeth.label(code, numbering)) for code in teeth.ALL]
        self.fields["teeth"].choices = choices
        self.fields["description"].required = True
        self.fields["description"].help_text = "Printed on the RX script."
        self.fields["description"].error_messages["required"] = (
            "Please describe the work. It is printed on the RX script."
        )
        for name in ("support", "guidance", "sleeve"):
            field = self.fields[name]
            field.choices = [("", "Not decided"), *self.Meta.model._meta.get_field(name).choices]

    @property
    def shown_material(self):
        """What is chosen on the page; what is offered no more gives way to the usual one."""
        chosen = self["materials"].value()
        return chosen if chosen in self.offered_materials else self.usual_material

    def clean_materials(self):
        return self.cleaned_data["materials"] or self.usual_material

    @property
    def chosen_teeth(self):
        """Canonical codes now marked on the chart, sorted; what is no tooth is left out."""
        return teeth.sort_teeth(code for code in self["teeth"].value() or [] if _is_tooth(code))

    @property
    def implant_rows(self):
        """A row for each chosen tooth: code, label, name and the implant system typed for it."""
        typed = self.data if self.is_bound else self.initial.get("implants", {})
        prefix = "implant_" if self.is_bound else ""
        return [
            {
                "code": code,
                "label": teeth.label(code, self.numbering),
                "name": teeth.name(code),
                "value": typed.get(f"{prefix}{code}", ""),
            }
            for code in self.chosen_teeth
        ]

    def clean_teeth(self):
        return teeth.sort_teeth(self.cleaned_data["teeth"])

    def clean_description(self):
        text = plain_text(self.cleaned_data["description"], lines=True)
        if not text:
            raise forms.ValidationError(self.fields["description"].error_messages["required"])
        if len(text) > DESCRIPTION_LIMIT:
            raise forms.ValidationError(
                f"The description has {len(text):,} characters. Please shorten it to "
                f"{DESCRIPTION_LIMIT:,}, or upload the rest as a file."
            )
        return text

    def clean_shipping_address(self):
        return plain_text(self.cleaned_data["shipping_address"], lines=True)

    def clean_surgery_date(self):
        date = self.cleaned_data["surgery_date"]
        if self.case and date == self.case.surgery_date:
            return date
        if date and date < lab_calendar.today(timezone.now()):
            raise forms.ValidationError("The surgery date is in the past. Please correct it.")
        if date and date.year not in YEARS:
            raise forms.ValidationError("Please type the year of the surgery date again.")
        return date

    def clean(self):
        cleaned = super().clean()
        for name in ("surgery_date", "shipping_address"):
            # A form that was kept before it had them takes neither away.
            if self.case and name not in self.data:
                cleaned[name] = getattr(self.case, name)
        implants = {}
        for row in self.implant_rows:
            system = plain_text(row["value"])
            if len(system) > IMPLANT_LIMIT:
                self.add_error(
                    "teeth",
                    f"The implant system of {row['label']} is longer than {IMPLANT_LIMIT} "
                    "characters. Please shorten it.",
                )
            elif system:
                implants[row["code"]] = system
        cleaned["implants"] = implants
        return cleaned

    @property
    def values(self):
        """The cleaned fields of the case, for the service."""
        return dict(self.cleaned_data)


def _is_tooth(code):
    return isinstance(code, str) and teeth.is_tooth(code)


class CaseForm(PrescriptionForm):
    """A new case."""

    class Meta(PrescriptionForm.Meta):
        fields = ["patient_name", "dentist", *PrescriptionForm.Meta.fields]
        widgets = {
            **PrescriptionForm.Meta.widgets,
            "patient_name": forms.TextInput(attrs={"autocomplete": "off"}),
        }
        labels = {
            **PrescriptionForm.Meta.labels,
            "patient_name": "Patient name",
            "dentist": "Prescribing dentist",
        }
        error_messages = {
            **PrescriptionForm.Meta.error_messages,
            "patient_name": {"required": "Please type the patient's name."},
            "dentist": {
                "required": "Please choose the prescribing dentist.",
                "invalid_choice": "Please choose one of your practice's dentists.",
            },
        }

    def __init__(self, *args, practice, **kwargs):
        super().__init__(*args, numbering=practice.tooth_numbering, **kwargs)
        dentist = self.fields["dentist"]
        dentist.queryset = practice.prescribers
        dentist.empty_label = "Choose…"
        if dentist.queryset.count() == 1:
            dentist.empty_label = None

    def clean_patient_name(self):
        name = plain_text(self.cleaned_data["patient_name"])
        if not name:
            raise forms.ValidationError("Please type the patient's name.")
        return name


class CompareForm(forms.Form):
    """Two revisions of an RX script; without a choice of two, the newest and the one before."""

    older = forms.TypedChoiceField(coerce=int, required=False, label="From revision")
    newer = forms.TypedChoiceField(coerce=int, required=False, label="To revision")

    def __init__(self, *args, scripts, **kwargs):
        """Raises Http404 when the case has no revision."""
        super().__init__(*args, **kwargs)
        known = list(scripts.order_by("revision").values_list("revision", flat=True))
        if not known:
            raise Http404
        self.usual = (known[-2:][0], known[-1])
        for name, usual in zip(("older", "newer"), self.usual, strict=True):
            self.fields[name].choices = [(revision, revision) for revision in known]
            self.fields[name].initial = usual

    @property
    def revisions(self):
        """The numbers of both, the older one first."""
        chosen = self.cleaned_data.values() if self.is_valid() else ()
        return tuple(sorted(chosen)) if all(chosen) and chosen else self.usual


class DescribeForm(forms.ModelForm):
    """What a sender says of a file: its arch, and which file of the case it replaces."""

    class Meta:
        model = Attachment
        fields = ["arch", "replaces"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        draft = Draft.objects.filter(pk=self.instance.form_key).exclude(case=None).first()
        older = (
            Attachment.objects.filter(case=draft.case_id) if draft else Attachment.objects.none()
        )
        self.fields["replaces"].queryset = older
        # Of two controls on the page, one is sent.
        for name in [name for name in self.fields if name not in self.data]:
            del self.fields[name]


class MessageForm(forms.ModelForm):
    class Meta:
        model = Message
        fields = ["body"]
        labels = {"body": "Message"}
        widgets = {"body": forms.Textarea(attrs={"rows": 3})}
        error_messages = {"body": {"required": "Please type a message first."}}

    def clean_body(self):
        body = plain_text(self.cleaned_data["body"], lines=True)
        if not body:
            raise forms.ValidationError("Please type a message first.")
        return body


class EmergencyForm(forms.Form):
    """Why somebody of the lab has to open a case that is not theirs to see."""

    number = forms.CharField(
        label="Case ID",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Please type the case ID, such as 26-10427."},
    )
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        help_text="At least 20 characters. The owners of the practice read it.",
        error_messages={"required": "Please type why you have to open the case."},
    )

    def clean_number(self):
        return "-".join(words_of(plain_text(self.cleaned_data["number"])))

    def clean_reason(self):
        reason = plain_text(self.cleaned_data["reason"], lines=True)
        if len(reason) < EMERGENCY_REASON:
            raise forms.ValidationError(
                f"Please say it in at least {EMERGENCY_REASON} characters: the practice must "
                "understand why their case was opened."
            )
        return reason
