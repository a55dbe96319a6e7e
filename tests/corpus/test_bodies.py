"""Bodies that are no form, sent to what there is and what there is not, by anybody."""

import os

import pytest
from django.contrib.auth.decorators import login_not_required
from django.urls import path

from cases.models import Attachment, Message
from portal.urls import handler500, urlpatterns  # noqa: F401
from tests.corpus import bodies
from tests.corpus.answers import check
from tests.corpus.pages import undone
from tests.corpus.raw import as_browser, ask, faults

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]
ADDRESSES = [
    "/", "/nowhere/", "/no%00where/", "/static/x", "/static/js/theme.js", "/robots.txt",
    "/healthz", "/metrics", "/accounts/login/", "/accounts/nowhere/", "/cases/new/",
    "/cases/nowhere/message/", "/account/", "/files/", "/files/nowhere/", "/admin/",
    "/admin/nowhere/", "/admin/cases/case/", "/admin/accounts/user/add/",
]  # fmt: skip
# There no form is read at all: files arrive, or are given out.
FILES, STATIC = {"/files/", "/files/nowhere/"}, {"/static/js/theme.js"}
ELSEWHERE = FILES | STATIC
LARGE, WITH_LARGE = 100_000, {"/nowhere/", "/account/"}
# At each address another share of the bodies, and in `make proof` all of them.
EACH = 1 if "PROOF" in os.environ else 12


@login_not_required
def fails(request):
    raise TypeError("This is a fault of ours.")


urlpatterns = [path("fails/", fails), path("admin/fails/", fails), *urlpatterns]


def browsers(world):
    """Of nobody, with and without a cookie for the forms; of somebody who is signed in."""
    return [
        {},
        as_browser(world.client("stranger")),
        as_browser(world.client("member"), sends_token=True),
        as_browser(world.client("office")),
    ]


@pytest.mark.proof(part=True)
def test_a_body_that_is_no_form_gets_an_answer_that_is_no_fault(world):
    for place, address in enumerate(ADDRESSES):
        for told in browsers(world):
            for kind, body, announced in bodies.bodies()[place % EACH :: EACH]:
                if len(body) > LARGE and address not in WITH_LARGE:
                    continue
                with undone(), faults() as seen:
                    check(ask("POST", address, kind, body, announced, **told), (kind, body[:90]))
                assert not seen, (kind, body[:90])


def test_a_form_without_a_boundary_is_refused_with_a_sentence(world):
    boundaries = ("", "; boundary=", "; boundary=\u00e9", "; boundary*0*=a; boundary*=b")
    for address in set(ADDRESSES) - ELSEWHERE:
        for told, boundary in zip(browsers(world), boundaries, strict=True):
            answer = ask("POST", address, bodies.MULTIPART + boundary, bodies.WHOLE, **told)
            assert answer.status_code == 400
            assert "The request could not be read" in answer.text


def test_where_files_arrive_no_body_is_read_as_a_form(world):
    for address in FILES:
        for told in browsers(world):
            for kind, body, announced in bodies.bodies()[::EACH]:
                answer = ask("POST", address, kind, body, announced, **told)
                assert answer.status_code in (401, 403, 404, 412)


def test_of_a_form_that_broke_off_nothing_is_done(world):
    told = as_browser(world.client("member"), sends_token=True)
    before = Message.objects.count()
    address = f"/cases/{world.own.ready.number}/message/"
    for kind, body, announced in bodies.CUT:
        answer = ask("POST", address, kind, body, announced, **told)
        assert answer.status_code == 400, (kind, body[:90])
        assert "The request could not be read" in answer.text
        assert Message.objects.count() == before
    # The same in one piece is a message, unless it is no form.
    ask("POST", address, f"{bodies.MULTIPART}; boundary=b", bodies.WHOLE, **told)
    assert Message.objects.count() == before + 1


def test_of_a_file_that_broke_off_all_that_came_is_kept(world):
    member = world.people["member"]
    file = Attachment.objects.create(
        name="a.stl", size=9, practice=member.practice, uploaded_by=member,
        form_key=world.own.draft.pk, state="uploading",
    )  # fmt: skip
    told = as_browser(world.client("member"), sends_token=True)
    told |= {"HTTP_TUS_RESUMABLE": "1.0.0", "HTTP_UPLOAD_OFFSET": "0"}
    kind = "application/offset+octet-stream"
    answer = ask("PATCH", f"/files/{file.pk}/", kind, b"solid", 9, **told)
    assert (answer.status_code, answer["Upload-Offset"]) == (204, "5")
    assert file.received_bytes == 5


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address", ["/fails/", "/admin/fails/"])
def test_a_fault_of_ours_is_still_told_as_one(world, address):
    told = as_browser(world.client("lab"), sends_token=True)
    with faults() as seen:
        assert ask("POST", address, bodies.FORM, b"body=x", **told).status_code == 500
    assert [type(problem) for problem in seen] == [TypeError]
