from django import forms
from django.utils import timezone

from accounts.groups import PLANNER
from accounts.models import User
from portal.writing.times import clock
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
