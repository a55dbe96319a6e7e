"""Names and hostile files through the real uploads: each is kept as it came, opened by nobody,
called by a name that every system takes, and given back as nothing that a browser runs."""

import base64
import os
import zipfile
from io import BytesIO

import pytest
from django.urls import reverse

from cases import filetypes
from cases.files import tus
from cases.models import Attachment
from tests.corpus import files, names
from tests.corpus.answers import check
from tests.corpus.limits import modest
from tests.corpus.pages import undone

TUS = {"Tus-Resumable": "1.0.0"}
# In `make proof` all of them.
EACH = 1 if "PROOF" in os.environ else 3


def announced(name, size):
    # Some names are no Unicode; a program sends them all the same.
    value = base64.b64encode(name.encode("utf-8", "surrogatepass")).decode()
    return {**TUS, "Upload-Length": str(size), "Upload-Metadata": f"filename {value}"}


@pytest.mark.django_db
@pytest.mark.proof(part=True)
def test_any_name_can_be_announced(world):
    client = world.client("member")
    for name in names.names()[::EACH]:
        with undone(client), modest(name):
            answer = client.post("/files/", headers=announced(name, 5))
            check(answer, name)
            assert answer.status_code in (201, 400), name
            if answer.status_code == 201:
                kept = Attachment.objects.get(size=5).name
                assert kept == filetypes.clean_name(name)
            else:
                assert answer.text.endswith(".")


@pytest.mark.django_db
def test_any_metadata_is_understood_or_refused_with_a_sentence(world):
    client = world.client("member")
    for value in names.METADATA:
        told = {**TUS, "Upload-Length": "5"}
        with undone(client), modest(value):
            answer = client.post(
                "/files/", headers=told, HTTP_UPLOAD_METADATA=value.encode().decode("latin-1")
            )
        check(answer, value)
        assert answer.status_code == 201 or answer.text.endswith("."), value


@pytest.fixture
def upload(world):
    """A function that uploads a hostile file and gives its row."""
    client = world.client("member")

    def send(hostile):
        answer = client.post("/files/", headers=announced(hostile.name, hostile.size))
        if answer.status_code != 201:
            return answer, None
        told = {**TUS, "Upload-Offset": "0"}
        sent = client.generic(
            "PATCH", answer["Location"], hostile.body, tus.BODY_TYPE, headers=told
        )
        return sent, Attachment.objects.get(pk=answer["Location"].split("/")[2])

    return send


@pytest.mark.django_db
@pytest.mark.proof(part=True)
def test_any_file_is_kept_as_it_came_and_never_shown(
    world, upload, stored, django_capture_on_commit_callbacks
):
    client, case = world.client("member"), world.own.booked
    for hostile in files.files()[::EACH]:
        with modest(hostile.name), django_capture_on_commit_callbacks(execute=True):
            answer, row = upload(hostile)
        check(answer, hostile.name)
        if row is None:
            assert answer.text.endswith("."), hostile.name
            continue
        row.refresh_from_db()
        if hostile.claims is not None:
            assert row.state == Attachment.State.UPLOADING
            row.delete()
            continue
        assert row.state == Attachment.State.STORED, hostile.name
        assert row.kind in filetypes.LABELS
        assert stored(row.key).read_bytes() == hostile.body
        Attachment.objects.filter(pk=row.pk).update(case=case)
        given = client.get(reverse("cases:download", args=[case.number, row.pk]))
        check_harmless(given)


def check_harmless(answer):
    """What is downloaded is saved, and not looked into: a browser runs none of it."""
    if answer.status_code == 302:  # to the storage, whose answer its tests look at
        assert "response-content-disposition=attachment" in answer["Location"].lower()
        return
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] not in {"text/html", "image/svg+xml", "application/xhtml+xml"}
    b"".join(answer.streaming_content)


def test_much_memory_is_noticed():
    """The control of the limit that holds for each test here."""
    with pytest.raises(AssertionError, match="MB"), modest("much", 50):
        len(b"x" * 100 * files.MEGA)


def test_a_bomb_is_one_indeed():
    """The control: who opened these would notice."""
    with zipfile.ZipFile(BytesIO(files.BOMB)) as archive:
        assert archive.infolist()[0].file_size > 100 * len(files.BOMB)
