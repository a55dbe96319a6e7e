from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Practice, User
from scheduling.demo import treatments

pytestmark = pytest.mark.django_db


def run(**options):
    out = StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


def test_a_portal_with_practices_of_its_own_is_left_alone():
    Practice.objects.create(name="Harbor Dental", email="front@harbor.example")
    assert "practices of its own" in run()
    assert not User.objects.exists()
    with pytest.raises(CommandError, match="No password was set"):
        run(password="a-fine-long-password")


def test_a_portal_in_production_is_left_alone(settings):
    settings.HTTPS, settings.DEBUG = True, False
    assert "is a real portal" in run()
    assert not Practice.objects.exists()


def test_a_treatment_is_mirrored_with_the_teeth_in_its_text():
    treatment = treatments.Treatment(("3", "A"), "Sites [3] and [A].")
    mirrored = treatment.mirrored()
    assert mirrored.teeth == ("14", "J")
    assert mirrored.description("universal") == "Sites #14 and #J."
    assert mirrored.description("fdi") == "Sites 26 and 65."
