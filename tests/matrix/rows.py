"""Who may do what, and what comes back: a row for each address of the portal outside of admin.

A row says what is answered for an object that the person sees, by method: "POST 302+" is the
status 302 and something written. All else follows from rules, see `cells.py`: HEAD is answered
as GET; a method that is not in the row gets 405; somebody who is not signed in is led to the
sign-in page; an object that one does not see is refused as if there were none.
"""

import hashlib
import uuid
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from allauth.usersessions.models import UserSession
from django.core import signing

from accounts import unsent
from cases import drafts
from cases.rx.revisions import newest_number
from tests.matrix.asking import COUNTED, LOG, SESSION
from tests.matrix.world import ARRIVING, PASSWORD


@dataclass(frozen=True)
class Row:
    # Of the address; words behind it tell apart the ways of asking there.
    name: str
    members: str
    staff: str
    # To somebody who is not signed in, when it is not the way to the sign-in page.
    stranger: str = ""
    # To who has typed the password and no second step yet, when it is not as to a stranger.
    half: str = ""
    # To who must set up a second step first, when they are not led there; None: as to all others.
    without_step: str | None = ""
    # To the same about what is their own, as far as a signed token proves it.
    stranger_own: str = ""
    # What may be written for a stranger beside that, and is bounded by a limit or a key.
    besides: frozenset = frozenset()
    # For an object of others and for none, when it is not 404 for both.
    foreign: str = ""
    nobodys: str = ""
    # Which of a practice's rows stands in the address, see `world.Side`; "" for none.
    of: str = ""
    # The members whose own it is, when it is not the whole practice's.
    only: tuple = ()
    # To some roles, when it is not as to all of their kind.
    roles: dict = field(default_factory=dict)
    # Whether it is asked what somebody may only after it was found that they see the object.
    looks_first: bool = False
    # Whether "staff" or "members" are answered so for whatever object.
    whatever: str = ""
    # Whether it is for the owners of a practice, and refused to all others with 403.
    owners: bool = False
    # Whether the address is the key: who has it may, and may read what is told there.
    secret: bool = False
    send: Callable = lambda asked: {}
    # What must be true when it was answered, before it is undone.
    after: Callable = lambda asked: True
    settings: dict = field(default_factory=dict)


def everybody(name, answers, **more):
    return Row(name, answers, answers, stranger=answers, **more)


def signed_in(name, answers, **more):
    return Row(name, answers, answers, **more)


def for_owners(name, answers, **more):
    return Row(name, answers, "GET 403, POST 403", owners=True, **more)


def _forged(user, place):
    return signing.dumps([user.pk, place], key="somebody else's", salt="accounts.unsent")


def new_case(asked, **more):
    return {
        "data": {
            "patient_name": "Ann",
            "dentist": asked.mine.dentist.pk,
            "teeth": "14",
            "description": "Guide",
            "signed_name": "Ann",
            "form_key": str(uuid.uuid4()),
            **more,
        }
    }


def accept(asked):
    password = {"password1": PASSWORD, "password2": PASSWORD}
    return {"data": {"name": "New", **password}}


def keeps_address(asked):
    """Only owners let confirmations go elsewhere."""
    asked.mine.practice.refresh_from_db()
    return asked.role == "owner" or asked.mine.practice.email != "new@x.example"


def keeps_sessions_of_others(asked):
    sessions = [side.user_session for side in asked.world.sides]
    others = [each.pk for each in sessions if asked.user is None or each.user_id != asked.user.pk]
    return UserSession.objects.filter(pk__in=others).count() == len(others)


def of_a_draft(asked):
    key = asked.side.draft.pk if asked.side else uuid.UUID(int=7)
    return {"query": f"?draft={key}", "data": {"form_key": key, "patient_name": "Ann"}}


def new_with_token(asked, token=unsent.token, who="member"):
    """A form for a new case that says whose it is; nobody was given one with a key of others."""
    key = asked.side.draft.pk if asked.side else uuid.UUID(int=9)
    user = asked.mine.member if who == "member" else asked.world.people[who]
    proof = "" if asked.side is asked.theirs else token(user, drafts.place_of_new(key))
    return {"data": {"teeth": "14", "description": "Kept", "form_key": key, "form_token": proof}}


def on_case(asked, of, form, **typed):
    """A form on the record of a case that says whose it is; nobody was given one of others."""
    is_own = asked.side is asked.mine
    place = is_own and f"{getattr(asked.mine, of).get_absolute_url()}#{form}"
    proof = unsent.token(asked.mine.member, place) if is_own else ""
    return {"data": {**typed, "form_token": proof}}


def update(asked, **more):
    return {"data": {"teeth": "14", "description": "Another guide", **more}}


def signed(asked):
    draft = asked.side and drafts.of_update(asked.side.ready, asked.side.member)
    seen = draft and f"{drafts.fingerprint(draft)}.{newest_number(asked.side.ready)}"
    return {"data": {"seen": seen or "", "signed_name": "Ann"}}


def tus(asked):
    body = asked.mine.body(ARRIVING)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(len(body))}
    headers["Upload-Checksum"] = f"sha256 {b64encode(hashlib.sha256(body).digest()).decode()}"
    return {"data": body, "type": "application/offset+octet-stream", "headers": headers}


def announcement(form="", case="", answers="", key="", name="arch.stl"):
    pairs = {"filename": name, "form": form, "case": case, "answers": answers, "key": key}
    coded = [f"{k} {b64encode(str(v).encode()).decode()}" for k, v in pairs.items() if v]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": ",".join(coded)}
    return {"data": b"", "type": "text/plain", "headers": headers}


def in_query(asked):
    key = asked.side.draft.pk if asked.side else uuid.UUID(int=7)
    return announcement(form=key) | {"query": f"?form={key}"}


def of_update(asked):
    case = asked.side and asked.side.ready
    return {"data": {"case": case.number if case else "99-99999", "description": "Typed"}}


BY_PROGRAMS = "GET 403, POST 403"
ANY_METHOD = "GET 403, HEAD 403, OPTIONS 403, POST 403, PUT 403, PATCH 403, DELETE 403"

# The pages of the library, as the portal uses it, and those that it does not use: they lead away.
SIGNING_IN = [
    # A guess is counted before it is looked at, and logged.
    Row("account_login", *["GET 302, POST 302"] * 2, stranger="GET 200, POST 200",
        half="GET 302, POST 302", besides=LOG | COUNTED),
    Row("account_logout", *["GET 200, POST 302"] * 2, stranger="GET 302, POST 302",
        without_step=None),
    # The library counts first, and then says that it is closed.
    Row("account_signup", *["GET 302, POST 302"] * 2, stranger="GET 200, POST 200",
        besides=COUNTED),
    everybody("account_inactive", "GET 200"),
    # Ten in 15 minutes from an address; the row goes once a worker has looked.
    Row("account_reset_password", *["GET 200, POST 200"] * 2, stranger="GET 200, POST 302+",
        besides=COUNTED),
    everybody("account_reset_password_done", "GET 200"),
    everybody("account_reset_password_from_key", "GET 200, POST 200", besides=COUNTED),
    everybody("account_reset_password_from_key_done", "GET 200"),
    everybody("account_confirm_email", "GET 200, POST 404"),
    everybody("account_email_verification_sent", "GET 200"),
    signed_in("account_confirm_login_code", "GET 302, POST 302"),
    signed_in("account_email", "GET 302, POST 302"),
    signed_in("account_change_password", "GET 302, POST 302"),
    signed_in("account_set_password", "GET 200, POST 200"),
    # Nobody here has a password; who has a second step is asked for that.
    Row("account_reauthenticate", "GET 403, POST 403", "GET 302, POST 302",
        without_step="GET 403, POST 403"),
    signed_in("accounts:sign_out_everywhere", "POST 302"),
    Row("accounts:stay", *["GET 200, POST 200"] * 2, stranger="GET 401, POST 401",
        without_step=None),
    signed_in("usersessions_list", "GET 200, POST 302"),
    Row("accounts:end_session", "GET 302, POST 302", "GET 404, POST 404", of="user_session",
        only=("member", "other"), after=keeps_sessions_of_others),
    everybody("accounts:find_change_password", "GET 302"),
    Row("mfa_authenticate", *["GET 302, POST 302"] * 2, half="GET 200, POST 200"),
    # A passkey signs a number that the portal remembers: 60 in 15 minutes from an address.
    Row("mfa_login_webauthn", *["GET 302, POST 302"] * 2, half="GET 302, POST 302",
        besides=COUNTED | SESSION),
    Row("mfa_login_webauthn of a program", *["GET 200, POST 200"] * 2, half="GET 302, POST 302",
        stranger="GET 200, POST 302", besides=COUNTED | SESSION,
        send=lambda asked: {"headers": {"Accept": "application/json"}}),
    signed_in("mfa_index", "GET 200", without_step=None),
    signed_in("mfa_list_webauthn", "GET 200"),
    # Each asks who has a second step to show it again before anything changes.
    Row("mfa_activate_totp", "GET 200, POST 200", "GET 302, POST 302",
        without_step="GET 200, POST 200"),
    Row("mfa_add_webauthn", "GET 200, POST 200", "GET 302, POST 302",
        without_step="GET 200, POST 200"),
    Row("mfa_deactivate_totp", "GET 404, POST 404", "GET 302, POST 302"),
    Row("mfa_generate_recovery_codes", "GET 200, POST 200", "GET 302, POST 302"),
    signed_in("mfa_view_recovery_codes", "GET 404"),
    signed_in("mfa_download_recovery_codes", "GET 404, POST 404"),
    Row("mfa_reauthenticate", "GET 403, POST 403", "GET 200, POST 200"),
    Row("mfa_reauthenticate_webauthn", "GET 403, POST 403", "GET 302, POST 302"),
    # It is somebody else's.
    Row("mfa_edit_webauthn", "GET 404, POST 404", "GET 302, POST 302", of="passkey",
        foreign="GET 302, POST 302", nobodys="GET 302, POST 302", whatever="staff"),
    signed_in("mfa_remove_webauthn", "GET 404, POST 404", of="passkey"),
]  # fmt: skip

ADMINS_ONLY = "GET 302, POST 302", "GET 403, POST 403"
MAY_OPEN = dict.fromkeys(["emergency", "emergency_over", "superuser"], "GET 200, POST 302+")

REASON = "The dentist is on the phone and cannot find the guide."

TABLE = [
    *SIGNING_IN,
    # Open to all
    everybody("portal:first_page", "GET 200"),
    everybody("portal:help", "GET 200"),
    everybody("portal:healthz", without_step=None, answers="GET 200"),
    everybody("portal:readyz", without_step=None, answers="GET 200/503"),  # the broker may be away
    everybody("portal:metrics", without_step=None, answers="GET 404"),  # there is no token
    everybody("portal:metrics with a token", without_step=None, answers="GET 401",
              settings={"METRICS_TOKEN": "secret"}),
    # The person who is signed in
    signed_in("accounts:account", "GET 200, POST 302+", send=lambda asked: {
        "data": {"save_name": "1", "name": "Ann"}
    }),
    Row("accounts:account practice", "GET 200, POST 302+", "GET 200, POST 200", send=lambda asked: {
        "data": {"save_practice": "1", "email": "new@x.example", "time_zone": "America/New_York",
                 "tooth_numbering": "fdi"}
    }, after=keeps_address),
    # The people of a practice
    for_owners("accounts:members", "GET 200, POST 302+", send=lambda asked: {
        "data": {"email": "new@x.example", "name": "New", "role": "owner"}
    }),
    for_owners("accounts:deactivate", "GET 200, POST 302+", of="member"),
    for_owners("accounts:reactivate", "GET 200, POST 302+", of="former"),
    for_owners("accounts:make_owner", "GET 200, POST 302+", of="member"),
    for_owners("accounts:take_ownership", "GET 200, POST 302+", of="second_owner"),
    for_owners("accounts:invite_again", "GET 302, POST 302+", of="invitation"),
    for_owners("accounts:withdraw_invitation", "GET 302, POST 302+", of="invitation"),
    everybody("accounts:accept_invitation", "GET 200, POST 302+", of="token", secret=True,
        besides=SESSION, send=accept),
    everybody("accounts:staff_invited", "GET 200, POST 302+", of="staff_token", secret=True,
        besides=SESSION | LOG, send=accept),
    for_owners("accounts:access", "GET 200"),
    *[
        Row(f"accounts:accept_invitation {why}", *["GET 404, POST 404"] * 2,
            stranger="GET 404, POST 404", of=f"{why}_token", send=accept)
        for why in ("over", "known", "closed")
    ],
    # Cases
    signed_in("cases:list", "GET 200"),
    signed_in("cases:export_csv", "GET 200"),
    signed_in("cases:list archived", "GET 200", send=lambda asked: {
        "query": f"?archived=1&q={asked.theirs.made.number}"
    }),
    Row("cases:new", "GET 200, POST 302+", "GET 403, POST 403", send=new_case),
    Row("cases:new of a draft", "GET 200, POST 422+", "GET 403, POST 403", of="draft",
        foreign="GET 200, POST 422+", nobodys="GET 200, POST 422+", send=of_a_draft),
    # What somebody typed whose session ended: kept when the form proves that it was theirs.
    Row("cases:new with a token", "GET 200, POST 422+", "GET 403, POST 403", of="draft",
        stranger_own="POST 302+", foreign="GET 200, POST 422+", nobodys="GET 200, POST 422+",
        send=new_with_token),
    Row("cases:new with a forged token", "GET 200, POST 422+", "GET 403, POST 403",
        send=partial(new_with_token, token=_forged)),
    Row("cases:new with a token of somebody who is gone", "GET 200, POST 422+",
        "GET 403, POST 403", send=partial(new_with_token, who="deactivated")),
    Row("cases:new with a token of somebody whose practice is gone", "GET 200, POST 422+",
        "GET 403, POST 403", send=partial(new_with_token, who="closed")),
    # A key that nobody has is a new form's: the browser chooses it, 122 bits by chance.
    Row("cases:keep_draft", "POST 204+", "POST 403", stranger="POST 401",
        without_step=BY_PROGRAMS, of="draft", nobodys="POST 204+", only=("member", "other"),
        send=lambda asked: {"data": {"patient_name": "Ann"}}),
    Row("cases:keep_draft of an update", "POST 204+", "POST 409", stranger="POST 401",
        without_step=BY_PROGRAMS, of="next_update", send=of_update),
    Row("cases:discard_draft", "POST 302+", "POST 404", of="draft", only=("member", "other")),
    signed_in("cases:record", "GET 200", of="booked"),
    signed_in("cases:created", "GET 200", of="booked"),
    Row("cases:update", "GET 302, POST 200+", "GET 302, POST 302", of="ready", send=update),
    Row("cases:send_update", "GET 302, POST 302+", "GET 302, POST 302", of="ready", send=signed),
    Row("cases:update with a token", "GET 302, POST 200+", "GET 302, POST 302", of="ready",
        stranger_own="POST 302+", send=partial(on_case, of="ready", form="update", teeth="14",
                                               description="Kept")),
    Row("cases:update too late", "GET 302, POST 302", "GET 302, POST 302", of="made", send=update),
    Row("cases:archive", "GET 302, POST 302+", "GET 403, POST 403", of="booked", looks_first=True),
    Row("cases:unarchive", "GET 302, POST 302+", "GET 403, POST 403", of="made", looks_first=True),
    # Of the lab, who works on cases or plans this one writes; the others only read.
    signed_in("cases:message", "GET 302, POST 302+", of="booked",
        roles={"emergency": "GET 302, POST 403"}, looks_first=True, send=lambda asked: {
            "data": {"body": "Hello"}
        }),
    Row("cases:message with a token", *["GET 302, POST 302+"] * 2, of="booked",
        stranger_own="POST 302+", looks_first=True, roles={"emergency": "GET 302, POST 403"},
        send=partial(on_case, of="booked", form="messages", body="Hello")),
    signed_in("cases:rx", "GET 200", of="booked"),
    signed_in("cases:rx_state", "GET 200", without_step=BY_PROGRAMS, of="booked"),
    signed_in("cases:changes", "GET 200", of="booked"),
    signed_in("cases:rx_revision", "GET 200", of="prescription"),
    signed_in("cases:file_states", "GET 200", without_step=BY_PROGRAMS, of="booked"),
    signed_in("cases:download", "GET 200", of="attachment"),
    # Emergency access, in admin
    Row("cases:emergency", *ADMINS_ONLY, roles=MAY_OPEN, send=lambda asked: {
        "data": {"number": asked.theirs.ready.number, "reason": REASON}
    }),
    Row("cases:end_emergency", "POST 302", "POST 403", of="grant", whatever="members",
        roles={**dict.fromkeys(MAY_OPEN, "POST 302+"), "superuser": "POST 404"}),
    # Uploads, called by programs
    Row("cases:uploads", "OPTIONS 204, GET 200, HEAD 405, POST 201+",
        "OPTIONS 403, GET 403, HEAD 405, POST 403",
        stranger="OPTIONS 401, GET 401, HEAD 405, POST 401", without_step=ANY_METHOD,
        of="draft_in_query",
        foreign="OPTIONS 204, GET 200, HEAD 405",
        nobodys="OPTIONS 204, GET 200, HEAD 405, POST 201+", send=in_query),
    Row("cases:upload", "HEAD 200, PATCH 204+, DELETE 204+, POST 405",
        "HEAD 403, PATCH 403, DELETE 403, POST 403",
        stranger="HEAD 401, PATCH 401, DELETE 401, POST 401",
        without_step=ANY_METHOD, of="upload", send=tus),
    Row("cases:describe_file", "POST 204+", "POST 403", stranger="POST 401",
        without_step=BY_PROGRAMS, of="upload",
        send=lambda asked: {"data": {"arch": "upper"}}),
    Row("cases:needs", "POST 200", "POST 403", stranger="POST 401", without_step=BY_PROGRAMS,
        send=lambda asked: {"data": {"patient_name": "Ann", "teeth": "14"}}),
    # Planning
    Row("scheduling:schedule", "GET 200, POST 302", "GET 200, POST 302", of="booked",
        send=lambda asked: {"data": {"block": asked.mine.block.pk}}),
    Row("scheduling:schedule anew", "GET 200, POST 302+", "GET 302, POST 302", of="ready",
        send=lambda asked: {"data": {"block": asked.mine.block.pk}}),
    signed_in("scheduling:calendar", "GET 200", of="booked"),
]  # fmt: skip
