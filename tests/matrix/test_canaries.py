"""Each text and file of a practice has its words: where they turn up, and where they never may."""

import io
import json
import logging
import os
import re
import uuid
from base64 import b64decode
from html import unescape

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import Access
from cases.models import Attachment, Case, Prescription
from cases.tasks import render_prescription
from portal.celery import app
from portal.logs import formatter
from portal.models import Email
from portal.tests.test_admin import inline_parts
from tests.matrix.asking import Asker
from tests.matrix.cells import Matrix, told
from tests.matrix.rows import announcement
from tests.matrix.world import MEMBERS, STAFF, make_world

# Django's own templates have many unknown variables.
pytestmark = [pytest.mark.ignore_template_errors, pytest.mark.usefixtures("on_disk")]
MOST_PAGES = 120 if "PROOF" in os.environ else 40
LINK = re.compile(r'(?:href|action|src)="([^"]*)"')
# What changes something, or leads out of the portal's pages.
NOT_FOLLOWED = re.compile(r"/static/|logout|^(?!/)")


@pytest.fixture
def lines():
    """What is logged meanwhile, as the machines of a lab read it."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(formatter("json"))
    loggers = [logging.getLogger(name) for name in ("", "django", "gunicorn.error", "celery")]
    for logger in loggers:
        logger.addHandler(handler)
    yield lambda: handler.stream.getvalue().lower().splitlines()
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.mark.proof(part=True)
@pytest.mark.parametrize("role", [*MEMBERS, *STAFF])
def test_no_page_that_links_lead_to_says_what_is_not_theirs_or_needs_a_lax_policy(db, role):
    world = make_world()
    matrix = Matrix(world, Asker(world.people))
    seen, ahead, wrong = set(), ["/", "/account/", "/cases/", "/admin/"], []
    while ahead and len(seen) < MOST_PAGES:
        url = ahead.pop(0)
        if url in seen:
            continue
        seen.add(url)
        answer = matrix.asker.ask(role, "GET", url)
        wrong += [f"{url} {what}" for what in told(answer, matrix.secret_words(role), url)]
        if answer.status >= 500:
            wrong.append(f"{url} failed")
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            page = answer.body.decode()
            wrong += [f"{url} has {part}" for part in inline_parts(page)]
            links = [unescape(link) for link in LINK.findall(page)]
            wrong += [f"{url} links to {link}" for link in links if names_a_patient(link)]
            ahead += [link.partition("#")[0] for link in links if not NOT_FOLLOWED.search(link)]
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 8


def names_a_patient(text):
    return re.search(r"patient\w+zq", text.lower())


def upload(client, side, form_key):
    """A file of the practice, with its words in the name and in the bytes."""
    body = side.body(b"solid PATIENTWORD\n")
    asked = announcement(form=form_key, name=f"{side.patient}.stl")["headers"]
    asked["Upload-Length"] = str(len(body))
    created = client.post("/files/", b"", content_type="text/plain", headers=asked)
    return client.patch(
        created["Location"],
        body,
        content_type="application/offset+octet-stream",
        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
    )


def typed(side, **more):
    return {
        "patient_name": f"Jane {side.patient}",
        "dentist": side.dentist.pk,
        "teeth": "30",
        "implant_30": f"Implant {side.patient}",
        "description": f"Guide for {side.patient}",
        "shipping_address": f"2 {side.patient} Road",
        "signed_name": f"Sign {side.office}",
        **more,
    }


def whole_way(world, side):
    """What a practice and the lab do with a case, all through pages; gives what was answered."""
    dentist, lab, answers = Client(), Client(), []
    dentist.force_login(side.member)
    lab.force_login(world.people["superuser"])
    form_key = uuid.uuid4()
    answers.append(upload(dentist, side, form_key))
    answers.append(dentist.post("/cases/new/", typed(side, form_key=form_key)))
    case = Case.objects.get(form_key=form_key)
    record, page = case.get_absolute_url(), reverse("admin:cases_case_change", args=[case.pk])
    folder = page.removesuffix("change/")
    steps = [
        (dentist, f"{record}message/", {"body": f"Ask {side.patient}"}),
        (lab, f"{folder}message/", {"body": f"Answer {side.patient}"}),
        (lab, f"{folder}progress/missing/", {
            "was": case.progress, "reasons": "no_cbct", "note": f"We miss {side.patient}",
        }),
        (lab, f"{folder}missing/", {"reasons": "other", "note": f"And {side.patient}"}),
        (dentist, f"{record}update/", typed(side, description=f"Update {side.patient}")),
        (lab, f"{folder}progress/ready/", {"was": 10}),
        (dentist, f"{record}schedule/", {"block": side.block.pk}),
        (dentist, f"{record}archive/", {"next": "/cases/"}),
    ]  # fmt: skip
    answers += [client.post(url, data) for client, url, data in steps]
    looks = ["", "created/", "rx/", "files/", "rx/state/", "planning.ics", "schedule/"]
    answers += [dentist.get(f"{record}{look}") for look in looks]
    answers += [dentist.get(f"/cases/?q={case.number}"), dentist.get(f"{record}nowhere/")]
    case.refresh_from_db()
    for answer in answers:
        answer.close()
    assert case.progress == 60, [answer.status_code for answer in answers]
    return case, answers


@pytest.mark.django_db(transaction=True)
def test_words_of_a_patient_stay_out_of_logs_addresses_mails_and_keys(lines, sent):
    world = make_world()
    ways = [(side, *whole_way(world, side)) for side in world.sides]
    assert [line for line in lines() if names_a_patient(line)] == []
    assert len(lines()) > 20
    for side, case, answers in ways:
        for answer in answers:
            said = [answer.headers.get("Location", ""), *addresses(answer)]
            assert [address for address in said if names_a_patient(address)] == []
        check_mails_of(side, world)
        assert case.attachments.get().state == Attachment.State.STORED
    assert [key for key, *_ in default_storage.objects() if "zq" in key.lower()] == []
    assert all(not names_a_patient(mail.as_string()) for mail in sent())
    assert Access.objects.filter(case_number=ways[0][1].number).count() > 10
    assert not names_a_patient(str(list(Access.objects.values())))
    assert len(sent()) >= 10


def addresses(answer):
    if answer.headers["Content-Type"].startswith("text/html"):
        return LINK.findall(answer.content.decode())
    # An RX script and a calendar file have names that people's folders show.
    return [answer.headers.get("Content-Disposition", "")]


def check_mails_of(side, world):
    other = next(each for each in world.sides if each is not side)
    mails = Email.objects.filter(to=side.practice.email)
    assert mails.count() >= 4
    for mail in mails:
        text = f"{mail.key} {mail.subject} {mail.text} {mail.html} {mail.calendar}".lower()
        assert not names_a_patient(text)
        assert other.office not in text


@pytest.mark.django_db(transaction=True)
def test_messages_to_workers_carry_keys_and_nothing_else(broker, work_at_once):
    work_at_once.conf.task_always_eager = False
    world = make_world()
    dentist = Client()
    dentist.force_login(world.own.member)
    form_key = uuid.uuid4()
    upload(dentist, world.own, form_key)
    dentist.post("/cases/new/", typed(world.own, form_key=form_key))
    with app.connection_for_read() as connection:
        client = connection.default_channel.client
        queues = [key for key in client.scan_iter() if client.type(key) == b"list"]
        messages = [message for key in queues for message in client.lrange(key, 0, -1)]
    assert len(messages) >= 3
    for message in map(json.loads, messages):
        body = b64decode(message.pop("body")).decode()
        assert "zq" not in f"{message} {body}".lower()


def test_an_rx_script_says_what_its_own_practice_wrote(db, rf):
    world = make_world()
    for side in world.sides:
        client = Client()
        client.force_login(side.member)
        client.post("/cases/new/", typed(side, form_key=uuid.uuid4()))
        script = Prescription.objects.exclude(pk=side.prescription.pk).get(
            case__practice=side.practice
        )
        render_prescription(script.pk)
        script.refresh_from_db()
        pdf = b"".join(default_storage.blocks(script.file.name))
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).lower()
        other = next(each for each in world.sides if each is not side)
        assert side.patient in text
        assert side.office in text
        assert other.patient not in text
        assert other.office not in text
