"""Who appears in the demo: practices, dentists, their members and the staff of the lab."""

from datetime import time, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.groups import LAB, OFFICE, PLANNER
from accounts.models import Dentist, Invitation, Practice, User
from accounts.sign_in import second_step
from scheduling.models import DayOff, Planner, WorkingHours

PASSWORD = "guide-the-drill"
# Tells by a look at a hash that it is the one of PASSWORD, without the third of a second that
# computing it takes.
SALT = "ofThePasswordInThisFile"

LAB_LOGIN = "lab@demo.example"
LOGINS = ["dentist@demo.example", "frontdesk@demo.example", "other@demo.example", LAB_LOGIN]

PRACTICES = [
    {
        "name": "Lakeside Implant Dentistry",
        "email": "office@lakeside.example",
        "phone": "(847) 555-0142",
        "shipping_address": "Lakeside Implant Dentistry\n410 Shoreline Drive, Suite 2\n"
        "Evanston, IL 60201",
        "time_zone": "America/Chicago",
        "tooth_numbering": "universal",
    },
    {
        "name": "Cedar & Coast Dental",
        "email": "reception@cedarcoast.example",
        "phone": "(604) 555-0177",
        "shipping_address": "Cedar & Coast Dental\n2250 Seawall Avenue\n"
        "Vancouver, BC V6K 1N9\nCanada",
        "time_zone": "America/Vancouver",
        "tooth_numbering": "fdi",
    },
    {
        "name": "Marlowe House Dental Practice",
        "email": "surgery@marlowehouse.example",
        "phone": "020 7946 0321",
        "shipping_address": "Marlowe House Dental Practice\n18 Orchard Row\nLondon N1 8QX\n"
        "United Kingdom",
        "time_zone": "Europe/London",
        "tooth_numbering": "palmer",
    },
]

# Of each practice: name, number and state of the license.
DENTISTS = [
    [
        ("Dr. Elena Marsh", "019.033871", "Illinois"),
        ("Dr. Samuel Okafor", "019.029145", "Illinois"),
        ("Dr. Priya Raman", "021.002986", "Illinois"),
    ],
    [
        ("Dr. Julien Tremblay", "BC-10482", "British Columbia"),
        ("Dr. Mei-Ling Zhou", "BC-11917", "British Columbia"),
    ],
    [
        ("Dr. Fiona Abernethy", "GDC 204881", "United Kingdom"),
        ("Dr. Rhys Pritchard", "GDC 198340", "United Kingdom"),
    ],
]

# Of each practice: email and name, the owner first. Whoever is not in LOGINS cannot sign in with
# a password.
MEMBERS = [
    [("dentist@demo.example", "Dr. Elena Marsh"), ("frontdesk@demo.example", "Nora Whitfield")],
    [("other@demo.example", "Dr. Julien Tremblay")],
    [("surgery@marlowehouse.example", "Hannah Ellwood")],
]

# Of the first practice: who has left it, and who was invited two days ago.
LEFT = ("miles@lakeside.example", "Miles Avery")
INVITED = ("june@lakeside.example", "June Castellano")

# Name, email, zone, and the weekly hours from Monday to Friday.
PLANNERS = [
    (
        "Maya Lindqvist",
        "maya@guidepost.example",
        "America/New_York",
        [[(9, 12), (13, 16)], [(9, 12), (13, 16)], [(9, 12)], [(9, 12), (13, 16)], [(9, 12)]],
    ),
    (
        "Tomás Herrera",
        "tomas@guidepost.example",
        "America/Denver",
        [[(10, 14)], [(8, 10), (13, 16)], [(8, 10), (13, 16)], [(10, 14)], [(8, 11)]],
    ),
]


def enrol_the_lab():
    """Give the lab's login an authenticator app; its secret is of this installation alone.

    One that was set up with another SECRET_KEY is replaced. Returns how many of its steps were.
    """
    lab = User.objects.filter(email=LAB_LOGIN).first()
    if lab is None:
        return 0
    replaced = second_step.forget_unreadable(lab)
    if second_step.is_missing(lab):
        second_step.enrol(lab)
    return replaced


def move_in(now):
    """Make practices, dentists, members, staff and planners, all there for a year.

    Returns the practices and the user of the lab.
    """
    joined = now - timedelta(days=370)
    encoded = make_password(PASSWORD, salt=SALT)
    practices = []
    for fields, dentists, members in zip(PRACTICES, DENTISTS, MEMBERS, strict=True):
        practice = Practice.objects.create(**fields)
        for name, number, state in dentists:
            Dentist.objects.create(
                practice=practice, name=name, license_number=number, license_state=state
            )
        for email, name in members:
            is_owner = (email, name) == members[0]
            _user(email, name, joined, encoded, practice=practice, is_owner=is_owner)
        practices.append(practice)
    _change_people(practices[0], joined, now)
    lab = _user(LAB_LOGIN, "Lou Carver", joined, encoded, is_staff=True)
    lab.groups.set(Group.objects.filter(name__in=[LAB, OFFICE]))
    for number, row in enumerate(PLANNERS):
        _planner(*row, joined, now, number)
    return practices, lab


def _change_people(practice, joined, now):
    """Show on the members' page of a practice what happens there."""
    gone = {"is_active": False, "last_login": now - timedelta(days=41)}
    _user(*LEFT, joined, None, practice=practice, **gone)
    email, name = INVITED
    sent = now - timedelta(days=2)
    practice.invitations.create(
        email=email,
        name=name,
        invited_by=practice.owners.get(),
        created_at=sent,
        expires_at=sent + Invitation.LASTS,
        # No link leads here; "Send again" makes one.
        token_digest=Invitation.digest(Invitation.new_token()),
    )


def _user(email, name, joined, encoded, **fields):
    user = User.objects.create_user(email, name=name, date_joined=joined, **fields)
    if email in LOGINS:
        user.password = encoded
        user.save(update_fields=["password"])
    return user


def _planner(name, email, zone, week, joined, now, number):
    user = _user(email, name, joined, None, is_staff=True)
    user.groups.add(Group.objects.get(name=PLANNER))
    link = f"https://meet.example/{email.partition('@')[0]}"
    planner = Planner.objects.create(user=user, time_zone=zone, meeting_link=link)
    for weekday, spans in enumerate(week):
        for start, end in spans:
            WorkingHours.objects.create(
                planner=planner, weekday=weekday, start=time(start), end=time(end)
            )
    today = timezone.localtime(now, planner.zone).date()
    vacation = today + timedelta(days=15 + 9 * number - today.weekday())
    for first, days, note in [(vacation, 4, "Vacation"), (today - timedelta(40), 1, "Training")]:
        DayOff.objects.create(
            planner=planner, first=first, last=first + timedelta(days=days), note=note
        )
    return planner
