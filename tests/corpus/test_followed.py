"""Hostile texts on their way through a case: onto its pages, into its RX script and its mails."""

import io

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from pypdf import PdfReader

from cases.models import Case
from portal.models import Email
from portal.work import WorkState
from tests import forms
from tests.corpus import strings
from tests.corpus.answers import check
from tests.corpus.limits import modest

TOGETHER = 70  # texts in one description
NAME = "Ropewalker"
END = "This is where the texts end."
TEXTS = strings.strings()
CHUNKS = [TEXTS[at : at + TOGETHER] for at in range(0, len(TEXTS), TOGETHER)]


def typed(form, texts):
    """The form of a new case with hostile texts in what people type; NUL no form takes."""
    data = form.plain()
    data["teeth"], data["support"] = ["14"], ["tooth"]
    texts = [text.replace("\0", "") for text in texts]
    short = iter(text for text in texts if text.strip() and len(text) <= 40)
    for name in ("patient_name", "shipping_address", "implant_14"):
        data[name] = [f"{next(short)} {NAME}"]
    data["description"] = ["\n".join([*(text[:200] for text in texts), END])]
    return data


def printed(case):
    """The text of the case's RX script, in one line."""
    prescription = case.prescriptions.get()
    assert prescription.work_state == WorkState.DONE
    reader = PdfReader(io.BytesIO(b"".join(default_storage.blocks(prescription.file.name))))
    links = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    assert {link["/A"]["/URI"] for link in links if "/A" in link} <= {case.record_url}
    # After a character beyond U+FFFF, pypdf reads all others of that font with a NUL each.
    texts = [page.extract_text().replace("\0", "") for page in reader.pages]
    return " ".join(" ".join(texts).split())


@pytest.mark.django_db
def test_hostile_texts_go_through_a_case_and_change_nothing_around_them(
    world, django_capture_on_commit_callbacks
):
    client, lab = world.client("member"), world.client("lab")
    new = reverse("cases:new")
    for chunk in CHUNKS:
        form = next(one for one in forms.read(client.get(new), new) if one.key[0] == "cases:new")
        with modest(chunk), django_capture_on_commit_callbacks(execute=True):
            sent = form.send(client, typed(form, chunk))
            if sent.status_code == 422:  # It asks about a number that may be a tooth.
                [form] = [one for one in forms.read(sent, new) if one.key[0] == "cases:new"]
                sent = form.send(client, form.untouched())
        assert sent.status_code == 302, chunk
        case = Case.objects.latest("created_at")
        assert END in printed(case)
        record = f"/cases/{case.number}/"
        for who, page, said in [
            (client, sent["Location"], END), (client, record, END), (client, "/cases/", NAME),
            (lab, f"/admin/cases/case/{case.pk}/change/", END),
        ]:  # fmt: skip
            answer = who.get(page)
            check(answer, (page, chunk))
            assert answer.status_code == 200, page
            assert said in answer.content.decode(), page
        mail = Email.objects.get(kind="case_submitted", key__contains=case.number)
        assert mail.work_state == WorkState.DONE
        assert NAME not in mail.subject + mail.text
