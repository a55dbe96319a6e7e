from datetime import UTC, datetime

from django import forms
from django.utils import timezone

from accounts.groups import PLANNER
from accounts.models import User
from portal.writing.times import YEARS, clock
from scheduling.models import Block, Planner


class NewPlannerForm(forms.ModelForm):
    """Who becomes a planner: somebody whom a superuser has let plan."""

    class Meta:
        model = Planner
        fields = ["user"]
        help_texts = {
            "user": "Staff of the group Planner who are no planner yet. A superuser puts people "
            "into the group, under Users."
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = User.objects.filter(
            is_staff=True, is_active=True, groups__name=PLANNER, planner=None
        )


class PlannerField(forms.ModelChoiceField):
    """Planners with the zone of their clock."""

    def label_from_instance(self, planner):
        return f"{planner} ({planner.time_zone})"


class ClockField(forms.SplitDateTimeField):
    """A date and a time on some clock, without the zone of it."""

    def __init__(self, label):
        widget = forms.SplitDateTimeWidget(
            date_attrs={"type": "date", "aria-label": f"{label}, date"},
            time_attrs={"type": "time", "aria-label": f"{label}, time"},
            date_format="%Y-%m-%d",
            time_format="%H:%M",
        )
        super().__init__(label=label, widget=widget)

    def compress(self, data_list):
        return datetime.combine(*data_list) if all(data_list) else None


class BlockForm(forms.ModelForm):
    """A block as it stands on its planner's clock, whatever the clock of the lab."""

    starts_at, ends_at = ClockField("Starts at"), ClockField("Ends at")

    class Meta:
        model = Block
        fields = ["planner", "starts_at", "ends_at", "is_open"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("starts_at", "ends_at") if self.instance.pk else ():
            moment = timezone.localtime(getattr(self.instance, name), self.instance.planner.zone)
            self.initial[name] = moment.replace(tzinfo=None)
        for name in ("starts_at", "ends_at"):
            self.fields[name].help_text = self._clock()

    def _clock(self):
        if self.instance.pk:
            return f"On the clock of {self.instance.planner}: {self.instance.planner.time_zone}."
        return "On the clock of the planner, whose time zone stands beside the name."

    def clean(self):
        cleaned = super().clean()
        if planner := cleaned.get("planner"):
            for name in {"starts_at", "ends_at"} & set(cleaned):
                self._put_in_zone(name, planner)
        return cleaned

    def _put_in_zone(self, name, planner):
        typed = self.cleaned_data[name]
        moment = self.cleaned_data[name] = typed.replace(tzinfo=planner.zone)
        # What is beyond all years, the model refuses.
        if typed.year in YEARS and _on_clock(moment, planner.zone) != typed:
            self.add_error(
                name,
                f"That time does not exist in {planner.time_zone}: clocks are put forward then. "
                "Please choose another one.",
            )


def _on_clock(moment, zone):
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None)


class BookingForm(forms.Form):
    """The block a dentist chose; whether it is still free, the service says."""

    block = forms.ModelChoiceField(Block.objects.none())

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["block"].queryset = Block.objects.visible_to(user)

    @property
    def is_empty(self):
        """Whether Go was pressed without a choice."""
        return self.has_error("block", "required")


class FreeBlockField(forms.ModelChoiceField):
    def __init__(self, zone, **kwargs):
        self.zone = zone
        super().__init__(**kwargs)

    def label_from_instance(self, block):
        return f"{block} = {clock(block.starts_at, self.zone)} for the practice"


class MoveSessionForm(forms.Form):
    """The block the lab moves a session to."""

    def __init__(self, *args, session, user, now=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["block"] = FreeBlockField(
            session.case.practice.time_zone,
            queryset=Block.objects.visible_to(user).free(now or timezone.now()),
            label="New time",
            empty_label="Choose a free block",
            error_messages={
                "required": "Please choose a block.",
                "invalid_choice": "That block is no longer free. Nothing was moved. "
                "Please choose another one.",
            },
        )
