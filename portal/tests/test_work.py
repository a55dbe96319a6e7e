import email
from datetime import timedelta
from email import policy

import pytest
from django.core.management import call_command
from django.utils import timezone

from portal import outbox, periodic
from portal.models import Email
from portal.tasks import send_email
from portal.work import FRESH, MAX_ATTEMPTS, WorkState

RESET = {"name": "Ada", "password_reset_url": "https://portal.example/reset"}


@pytest.fixture
def mail(db):
    return Email.objects.create(
        key="k", kind="message_posted", to="a@b.example", subject="Case 26-1", text="Hello"
    )


def age(mail, by):
    Email.objects.filter(pk=mail.pk).update(work_asked_at=timezone.now() - by)


def eml(tmp_path):
    return list((tmp_path / "mail").glob("*.eml"))


def test_a_mail_is_sent_once_however_often_its_task_runs(mail, tmp_path):
    send_email(mail.pk)
    send_email(mail.pk)
    assert len(eml(tmp_path)) == 1
    mail.refresh_from_db()
    assert (mail.work_state, mail.work_attempts) == (WorkState.DONE, 1)
    assert mail.sent_at


def test_claimed_work_is_nobody_elses_until_its_lease_runs_out(mail):
    assert Email.objects.claim(mail.pk).work_attempts == 1
    assert Email.objects.claim(mail.pk) is None
    Email.objects.update(work_leased_until=timezone.now() - timedelta(seconds=1))
    assert Email.objects.claim(mail.pk).work_attempts == 2


def test_an_attempt_that_lost_its_lease_writes_nothing(mail):
    slow = Email.objects.claim(mail.pk)
    Email.objects.update(work_leased_until=timezone.now() - timedelta(seconds=1))
    quick = Email.objects.claim(mail.pk)
    assert not slow.finish(subject="slow")
    assert quick.finish(subject="quick")
    mail.refresh_from_db()
    assert mail.subject == "quick"


def test_a_mail_server_that_is_away_is_asked_again_later_and_given_up_in_the_end(mail, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    for attempt in range(1, MAX_ATTEMPTS + 1):
        send_email(mail.pk)
        mail.refresh_from_db()
        assert mail.work_attempts == attempt
        Email.objects.update(work_leased_until=None)
    assert mail.work_state == WorkState.FAILED
    assert "the mail server did not take it" in mail.work_failure

    mail.reask()
    assert Email.objects.due(timezone.now()).get() == mail


def test_work_outlasts_a_server_that_is_away_for_an_hour(mail):
    began = latest = timezone.now()
    for _ in range(MAX_ATTEMPTS - 1):
        Email.objects.claim(mail.pk).try_later("Away.")
        mail.refresh_from_db()
        latest += mail.work_leased_until - timezone.now()
        Email.objects.update(work_leased_until=None)
    assert latest - began > timedelta(hours=2)


def test_work_that_kills_its_worker_again_and_again_is_given_up(mail):
    for _ in range(MAX_ATTEMPTS):
        assert Email.objects.claim(mail.pk)
        Email.objects.update(work_leased_until=None)
    assert Email.objects.claim(mail.pk) is None
    mail.refresh_from_db()
    assert mail.work_state == WorkState.FAILED
    assert "broke off" in mail.work_failure


def test_the_sweep_takes_up_what_was_left_behind_and_nothing_fresh(mail, tmp_path):
    periodic.sweep()
    assert eml(tmp_path) == []
    age(mail, FRESH)
    periodic.sweep()
    assert len(eml(tmp_path)) == 1


def test_the_sweep_command_needs_no_broker(mail, tmp_path, capsys):
    age(mail, FRESH)
    call_command("sweep")
    assert "Pieces of work taken up: 1" in capsys.readouterr().out
    assert len(eml(tmp_path)) == 1


def test_work_on_a_row_that_is_gone_ends_quietly(db):
    send_email(12345)


def test_a_broker_that_is_away_fails_no_request(
    practice, settings, django_capture_on_commit_callbacks, work_at_once, caplog
):
    work_at_once.conf.task_always_eager = False
    with django_capture_on_commit_callbacks(execute=True):
        outbox.write("password_reset_key", "a@b.example", "1", RESET)
    assert Email.objects.get().work_state == WorkState.WAITING


def test_the_same_mail_is_written_once(db):
    for _ in range(2):
        outbox.write("password_reset_key", "a@b.example", "1", RESET)
    assert Email.objects.count() == 1


def test_text_mails_are_not_escaped_and_html_mails_are(db):
    mail = outbox.write("password_reset_key", "a@b.example", "1", {**RESET, "name": "O'Neil <x>"})
    assert "O'Neil <x>" in mail.text
    assert "<x>" not in mail.html


def test_a_mail_file_opens_in_a_mail_program(mail, tmp_path):
    Email.objects.update(html="<p>Hello</p>", calendar="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    send_email(mail.pk)
    message = email.message_from_bytes(eml(tmp_path)[0].read_bytes(), policy=policy.default)
    assert message["To"] == "a@b.example"
    assert message["Message-ID"].startswith(f"<message_posted.{mail.pk}@")
    assert message.get_body("plain").get_content().strip() == "Hello"
    assert [part.get_filename() for part in message.iter_attachments()] == ["planning.ics"]
