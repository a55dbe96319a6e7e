"""Headers that lie, cookies that were not ours, and texts on their way into a mail's head."""

import os
from email import message_from_bytes, policy

import pytest
from django.core.mail import EmailMessage
from django.test import Client, RequestFactory

from portal.models import Email
from portal.wsgi import application, in_utf_8
from tests.corpus import headers
from tests.corpus.answers import check
from tests.corpus.limits import modest
from tests.corpus.pages import undone

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]
# The head of a request as WSGI has it: these two have no HTTP_ in front.
_BARE = {"Content-Type": "CONTENT_TYPE", "Content-Length": "CONTENT_LENGTH"}
EACH = 1 if "PROOF" in os.environ else 6
BODIES = [b"", b"q=1", b"\xff\xfe%00&&==", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data"]


def in_wsgi(name, value):
    key = _BARE.get(name, "HTTP_" + name.upper().replace("-", "_"))
    # A server gives the bytes of a header as Latin-1.
    told = {key: value.encode().decode("latin-1")}
    in_utf_8(lambda environ, start_response: None)(told, None)  # as every request comes in
    return told


def doors(world):
    case = world.own.ready.number
    return [
        ("GET", "/cases/"), ("POST", "/account/"), ("POST", f"/cases/{case}/message/"),
        ("POST", "/cases/new/"), ("POST", "/files/"), ("PATCH", f"/files/{world.own.upload.pk}/"),
        ("GET", "/admin/"), ("POST", "/accounts/password/reset/"), ("GET", "/metrics"),
    ]  # fmt: skip


@pytest.mark.proof(part=True)
@pytest.mark.parametrize("role", ["member", "stranger"])
def test_any_header_gets_an_answer(world, role):
    client = world.client(role)
    for number, (method, address) in enumerate(doors(world)):
        for name, value in headers.HEADERS[number % EACH :: EACH]:
            told = {"CONTENT_TYPE": "application/x-www-form-urlencoded", **in_wsgi(name, value)}
            asked, body = (method, address, name, value), BODIES[number % len(BODIES)]
            with modest(asked), undone(client):
                answer = client.generic(method, address, body, **told)
            check(answer, asked)
            assert headers.EVIL.encode() not in answer.content, asked
            assert headers.EVIL not in answer.headers.get("Location", ""), asked


def test_a_cookie_that_is_not_ours_is_nobodys(db):
    for cookie in headers.COOKIES:
        for address in ("/", "/cases/", "/admin/", "/accounts/login/", "/files/"):
            answer = Client().get(address, HTTP_COOKIE=cookie.encode().decode("latin-1"))
            check(answer, (address, cookie))
            assert answer.status_code in (200, 302, 401), (address, cookie)


@pytest.mark.parametrize("charset", ["hex", "rot13", "utf-7", "utf-16", "idna", "undefined", "x"])
@pytest.mark.parametrize(
    "told",
    ["{}; charset={}", "{};CHARSET = {}", "{}; charset*=utf-8''{}", '{}; a=";"; charset="{}"'],
)
def test_no_charset_but_ours_is_read(db, told, charset):
    """As a server asks, since Django reads the query before any middleware is asked."""
    statuses = []
    for kind in ("text/plain", "multipart/form-data; boundary=x"):
        asked = RequestFactory().generic("GET", "/accounts/login/", QUERY_STRING="next=%2F%C3%A9")
        environ = {**asked.environ, "CONTENT_TYPE": told.format(kind, charset)}
        page = b"".join(application(environ, lambda status, head: statuses.append(status)))
        assert b'value="/\xc3\xa9"' in page
    assert statuses == ["200 OK"] * 2


def test_a_parameter_in_an_unknown_charset_is_left_out(db):
    statuses = []
    asked = RequestFactory().get("/accounts/login/").environ
    environ = {**asked, "CONTENT_TYPE": "text/plain; a*=nowhere''b"}
    assert application(environ, lambda status, head: statuses.append(status))
    assert statuses == ["200 OK"]


def test_a_broken_session_is_one_that_ended(world):
    client = world.client("member")
    session = client.session
    session.update({"active_at": "x", "_auth_user_hash": "x"})
    session.save()
    assert client.get("/cases/").status_code == 302


def test_nothing_that_is_typed_gets_into_the_head_of_a_mail(world, any_number_of_attempts):
    client, number = world.client("member"), world.own.ready.number
    for text in headers.INTO_A_MAIL:
        data = {"email": f"front@harbor.example{text}", "save_practice": "1", "phone": f"1{text}"}
        data |= {"time_zone": "America/New_York", "tooth_numbering": "fdi"}
        data |= {"shipping_address": text}
        check(client.post("/account/", data), text)
        check(client.post(f"/cases/{number}/message/", {"body": f"Hello{text}"}), text)
        email = {"email": f"ada@harbor.example{text}"}
        check(client.post("/accounts/password/reset/", email), text)
    for email in Email.objects.all():
        written = EmailMessage(email.subject, email.text, to=[email.to]).message().as_bytes()
        read = message_from_bytes(written, policy=policy.default)
        assert set(read) <= {"To", "From", "Subject", "Date", "Message-ID", "MIME-Version"} | {
            "Content-Type", "Content-Transfer-Encoding",
        }  # fmt: skip
        assert len(read["To"].addresses) == 1
        assert read["To"].addresses[0].addr_spec.endswith((".example", ".example;"))
        assert "evil.example" not in read["To"]
