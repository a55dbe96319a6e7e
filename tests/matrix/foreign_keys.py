"""Keys of others posted in one's own forms: each field that names a row, and each hidden key.

`FIELDS` says which row of the table tries which field; `test_foreign_keys.py` sees that no field
is forgotten.
"""

import uuid
from functools import partial

from cases import drafts
from cases.models import Attachment, Draft
from tests.matrix.asking import COUNTED, LOG
from tests.matrix.rows import BY_PROGRAMS, Row, announcement, new_case, signed_in, update

STAFF_TUS, STRANGER_TUS = "POST 403", "POST 401"
ELSEWHERE = ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"]


def theirs_is_untouched(asked):
    """The unsent form of the others is as it was, and no file of theirs has got into a case."""
    side = asked.theirs
    form = Draft.objects.filter(pk=side.draft.pk, user=side.member, data=side.draft.data)
    file = Attachment.objects.filter(pk=side.upload.pk, case=None, form_key=side.draft.pk)
    return form.exists() and file.exists()


def their_update_is_untouched(asked):
    key = drafts.update_key(asked.theirs.ready)
    kept = Draft.objects.get(pk=key)
    return asked.theirs.patient in str(kept.data) and kept.case_id == asked.theirs.ready.pk


def of_their_form(asked):
    return new_case(asked, form_key=asked.theirs.draft.pk)


def case_in_metadata(asked):
    number = asked.side.ready.number if asked.side else "99-99999"
    return announcement(case=number)


def item_in_metadata(asked):
    pk = asked.side.item.pk if asked.side else 777777
    return announcement(case=asked.mine.ready.number, answers=pk)


def sent_form_in_metadata(asked, of="ready"):
    case = asked.side and getattr(asked.side, of)
    return announcement(form=case.form_key if case else uuid.UUID(int=7))


def key_in_metadata(asked):
    key = asked.side.upload.upload_key if asked.side else uuid.UUID(int=7)
    sent = announcement(key=key)
    sent["headers"]["Upload-Length"] = str((asked.side or asked.mine).upload.size)
    return sent


def leads_away(asked, to, **data):
    return {"data": {"next": to, **data}, "query": f"?next={to}"}


def tus(name, members, **more):
    """POST only: the other ways of asking are in the table of the address itself."""
    every = "OPTIONS {0}, GET {1}, HEAD 405, "
    return Row(
        name,
        every.format(204, 400) + members,
        every.format(403, 403) + STAFF_TUS,
        stranger=every.format(401, 401) + STRANGER_TUS,
        without_step="GET 403, HEAD 403, OPTIONS 403, POST 403, PUT 403, PATCH 403, DELETE 403",
        foreign=every.format(204, 400) + more.pop("to_foreign", "POST 404"),
        nobodys=every.format(204, 400) + more.pop("to_nobodys", "POST 404"),
        **more,
    )


TABLE = [
    Row("cases:new with a dentist of others", "GET 200, POST 422+", "GET 403, POST 403",
        send=lambda asked: new_case(asked, dentist=asked.theirs.dentist.pk)),
    Row("cases:new with a form of others", "GET 200, POST 302+", "GET 403, POST 403",
        send=of_their_form, after=theirs_is_untouched),
    Row("cases:keep_draft of another update", "POST 409", "POST 409", stranger="POST 401",
        without_step=BY_PROGRAMS, of="other_update", after=their_update_is_untouched,
        roles=dict.fromkeys(
            ["planner", "office", "emergency", "emergency_over", "groupless"], "POST 404"
        ),
        send=lambda asked: {"data": {"case": asked.mine.ready.number, "description": "Mine"}}),
    Row("cases:update with a form of others", "GET 302, POST 200+", "GET 302, POST 302",
        of="ready", after=their_update_is_untouched,
        send=lambda asked: update(asked, form_key=drafts.update_key(asked.theirs.ready))),
    Row("cases:send_update that was not seen", "GET 302, POST 409", "GET 302, POST 302", of="ready",
        send=lambda asked: {"data": {"seen": "x", "signed_name": "Ann"}}),
    Row("cases:new with a form that others have sent", "GET 200, POST 302+", "GET 403, POST 403",
        send=lambda asked: new_case(asked, form_key=asked.theirs.ready.form_key)),
    Row("cases:needs for a form of others", "POST 200", "POST 403", stranger="POST 401",
        without_step=BY_PROGRAMS,
        send=lambda asked: {"data": {"form_key": asked.theirs.draft.pk}}),
    Row("cases:needs for a case of others", "POST 404", "POST 404", stranger="POST 401",
        without_step=BY_PROGRAMS, roles={"lab": "POST 403", "superuser": "POST 403"},
        send=lambda asked: {"data": {"case": asked.theirs.ready.number}}),
    Row("cases:describe_file by a file of others", "POST 400", "POST 403", of="upload",
        stranger="POST 401", without_step=BY_PROGRAMS,
        send=lambda asked: {"data": {"replaces": asked.theirs.upload.pk}}),
    tus("cases:uploads for a form that was sent", "POST 201+", of="sent_form",
        to_nobodys="POST 201+", send=sent_form_in_metadata),
    tus("cases:uploads for a case that is made", "POST 403", of="form_of_made",
        looks_first=True, whatever="staff", to_nobodys="POST 201+",
        send=partial(sent_form_in_metadata, of="made")),
    tus("cases:uploads for a case", "POST 201+", of="ready_in_metadata", send=case_in_metadata),
    tus("cases:uploads for what is missing", "POST 201+", of="item", send=item_in_metadata),
    tus("cases:uploads announced again", "POST 201", of="announced",
        roles={"owner": "OPTIONS 204, GET 400, HEAD 405, POST 409"},
        to_foreign="POST 409", to_nobodys="POST 201+", send=key_in_metadata),
    Row("scheduling:schedule of a block that others have", "GET 200, POST 409",
        "GET 302, POST 302", of="ready",
        send=lambda asked: {"data": {"block": asked.theirs.session.block_id}}),
    Row("accounts:access of a case of others", "GET 200", "GET 403", owners=True,
        send=lambda asked: {"query": f"?case={asked.theirs.booked.number}"}),
    Row("accounts:access of a member of others", "GET 200", "GET 403", owners=True,
        send=lambda asked: {"query": f"?who={asked.theirs.member.pk}"}),
    signed_in("cases:export_csv of a case of others", "GET 200",
              send=lambda asked: {"query": f"?q={asked.theirs.ready.number}"}),
    *[
        Row(f"cases:archive and then {to}", "GET 302, POST 302+", "GET 403, POST 403", of="ready",
            looks_first=True, send=partial(leads_away, to=to))
        for to in ELSEWHERE
    ],
    *[
        Row(f"account_login and then {to}", *["GET 302, POST 302"] * 2,
            stranger="GET 200, POST 200", half="GET 302, POST 302", besides=LOG | COUNTED,
            send=partial(leads_away, to=to))
        for to in ELSEWHERE
    ],
    *[
        Row(f"account_logout and then {to}", *["GET 200, POST 302"] * 2,
            stranger="GET 302, POST 302", without_step=None, send=partial(leads_away, to=to))
        for to in ELSEWHERE
    ],
]  # fmt: skip
