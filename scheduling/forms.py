from datetime import UTC, datetime

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from accounts.groups import PLANNER
from accounts.models import User
from portal.writing.times import YEARS, clock, short_time
from scheduling import opening
from scheduling.models import Block, Planner, PlanningSession


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
        cleaned, planner = super().clean(), self.cleaned_data.get("planner")
        # Without a planner the form is refused, whichever zone it is.
        zone = planner.zone if planner else UTC
        for name in ("starts_at", "ends_at"):
            if name in cleaned:
                self._put_in_zone(name, zone)
        return cleaned

    def _put_in_zone(self, name, zone):
        typed = self.cleaned_data[name]
        moment = self.cleaned_data[name] = self._moment(name, typed, zone)
        # What is beyond all years, the model refuses.
        if typed.year in YEARS and _on_clock(moment, zone) != typed:
            self.add_error(
                name,
                f"That time does not exist in {zone}: clocks are put forward then. "
                "Please choose another one.",
            )

    def _moment(self, name, typed, zone):
        """The moment of a clock that was typed; where clocks are put back, there are two."""
        if not {name, "planner"} & set(self.changed_data):
            return getattr(self.instance, name)
        first, second = (typed.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        starts = self.cleaned_data.get("starts_at") if name == "ends_at" else None
        is_too_early = starts and first.timestamp() <= starts.timestamp()
        return second if is_too_early else first


def _on_clock(moment, zone):
    # A clock that is typed has no parts of a second.
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None, microsecond=0)


class DaysOffFormSet(forms.BaseInlineFormSet):
    """Days off, asked about before they are saved when sessions are booked on them."""

    user = None  # who reads the question
    asked = ""  # the sessions it names, which the page sends back when Save is pressed again

    def clean(self):
        super().clean()
        if any(self.errors):
            return
        sessions = self._sessions_on_new_days()
        self.asked = ",".join(f"{session.pk}.{session.sequence}" for session in sessions)
        if sessions and self.data.get("sessions_stay") != self.asked:
            raise forms.ValidationError([_stay(len(sessions)), *map(self._named, sessions)])

    def _sessions_on_new_days(self):
        kept = [form for form in self.forms if form.has_changed() and not self._is_gone(form)]
        new = [(form.cleaned_data["first"], form.cleaned_data["last"]) for form in kept]
        if not (new and self.instance.pk):
            return []
        booked = PlanningSession.objects.booked().with_people()
        coming = booked.filter(block__planner=self.instance, block__starts_at__gt=timezone.now())
        before = opening.days_off_of(self.instance)
        return [
            session
            for session in coming.order_by("block__starts_at")
            if opening.falls_on(session.block, self.instance, new)
            and not opening.falls_on(session.block, self.instance, before)
        ]

    def _is_gone(self, form):
        return self._should_delete_form(form)

    def _named(self, session):
        when = short_time(session.block.starts_at, self.instance.time_zone)
        if not PlanningSession.objects.visible_to(self.user).filter(pk=session.pk).exists():
            return when
        address = reverse("admin:scheduling_planningsession_move", args=[session.pk])
        return format_html(
            '{}: <a href="{}">case {}, {}</a>', when, address, session.case, session.case.practice
        )


def _stay(number):
    sessions = "A session is" if number == 1 else f"{number} sessions are"
    return (
        f"{sessions} booked on these days, and would stay so: nothing was saved yet. Press Save "
        "again to take the days off all the same, then move or cancel what cannot take place:"
    )


class BlockAnywayForm(forms.Form):
    """A form with a `block`; `anyway` is the one that was asked about before."""

    anyway = forms.CharField(required=False, widget=forms.HiddenInput)

    @property
    def is_anyway(self):
        """Whether somebody was asked about this very block, and pressed the button again."""
        return self.cleaned_data["anyway"] == str(self.cleaned_data["block"].pk)


class BookingForm(BlockAnywayForm):
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
    def __init__(self, case, ship_date_with, **kwargs):
        self.case, self.ship_date_with = case, ship_date_with
        super().__init__(**kwargs)

    def label_from_instance(self, block):
        zone, ships = self.case.practice.time_zone, self.ship_date_with(block)
        label = f"{block} = {clock(block.starts_at, zone)} for the practice"
        return label if ships == self.case.ship_date else f"{label}; ships {date_format(ships)}"


class MoveSessionForm(BlockAnywayForm):
    """The block the lab moves a session to."""

    def __init__(self, *args, session, user, now, ship_date_with, **kwargs):
        """`ship_date_with` gives the ship date of the case with its session in a block."""
        super().__init__(*args, **kwargs)
        self.fields["block"] = FreeBlockField(
            session.case,
            ship_date_with,
            queryset=Block.objects.visible_to(user).free(now),
            label="New time",
            empty_label="Choose a free block",
            error_messages={
                "required": "Please choose a block.",
                "invalid_choice": "That block is no longer free. Nothing was moved. "
                "Please choose another one.",
            },
        )

    def ask(self, question):
        """Show the form again with a question, to which pressing the button again says yes."""
        self.data = self.data.copy()
        self.data["anyway"] = str(self.cleaned_data["block"].pk)
        self.add_error("block", f"{question} Press the button again to move it there all the same.")
