from datetime import timedelta
from email.utils import formataddr

import pytest
from django.core.management import call_command
from django.utils import timezone

from portal import periodic
from portal.celery import HandOver, waiting_in
from portal.mail import outbox
from portal.models import Email
from portal.tasks import send_email
from portal.tests import hanging
from portal.work import FRESH, LEASE, LONGEST_WAIT, MAX_FAILURES, LeaseLost, WorkState

pytestmark = pytest.mark.embedded

RESET = {"name": "Ada", "password_reset_url": "https://portal.example/reset"}


@pytest.fixture
def mail(db):
    return Email.objects.create(
        key="k", kind="message_posted", to="a@b.example", subject="Case 26-1", text="Hello"
    )


def age(mail, by):
    Email.objects.filter(pk=mail.pk).update(work_asked_at=timezone.now() - by)


def test_a_mail_is_sent_once_however_often_its_task_runs(mail, sent):
    send_email(mail.pk)
    send_email(mail.pk)
    assert len(sent()) == 1
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


def in_smtp_session(settings, port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def test_a_mail_server_that_is_away_is_asked_for_as_long_as_it_takes(mail, settings):
    in_smtp_session(settings, 9)
    pauses = []
    for _ in range(2 * MAX_FAILURES):
        send_email(mail.pk)
        mail.refresh_from_db()
        pauses.append(mail.work_leased_until - timezone.now())
        Email.objects.update(work_leased_until=None)
    assert (mail.work_state, mail.work_failures) == (WorkState.WAITING, 0)
    assert mail.get_work_waits_for_display() == "the mail server"
    assert "the mail server is away" in mail.work_failure
    assert pauses[0] < timedelta(seconds=11)
    assert max(pauses) <= LONGEST_WAIT


def test_work_that_fails_eight_times_stops_with_its_reason_and_can_be_tried_again(mail):
    for failures in range(1, 9):
        claimed = Email.objects.claim(mail.pk)
        assert claimed.work_failures == failures
        claimed.try_later("The mail server refused it with 554.")
        Email.objects.update(work_leased_until=None)
    mail.refresh_from_db()
    assert mail.work_state == WorkState.FAILED
    assert mail.work_failure == "The mail server refused it with 554."
    assert Email.objects.claim(mail.pk) is None

    mail.reask()
    again = Email.objects.claim(mail.pk)
    # Its number is a new one: what an attempt of before still writes must not count.
    assert (again.work_attempts, again.work_failures) == (9, 1)


def test_work_that_kills_its_worker_again_and_again_is_given_up(mail):
    for _ in range(MAX_FAILURES):
        assert Email.objects.claim(mail.pk)
        Email.objects.update(work_leased_until=None)
    assert Email.objects.claim(mail.pk) is None
    mail.refresh_from_db()
    assert mail.work_state == WorkState.FAILED
    assert "broke off" in mail.work_failure


def test_a_long_task_that_gets_on_keeps_its_lease(mail):
    row = Email.objects.claim(mail.pk)
    Email.objects.update(work_leased_until=timezone.now() + timedelta(seconds=1))
    renewed_at = timezone.now()
    row.renew()
    mail.refresh_from_db()
    assert mail.work_leased_until >= renewed_at + LEASE


def test_a_worker_that_was_overtaken_learns_it_when_it_renews(mail):
    slow = Email.objects.claim(mail.pk)
    Email.objects.update(work_leased_until=timezone.now() - timedelta(seconds=1))
    Email.objects.claim(mail.pk)
    with pytest.raises(LeaseLost):
        slow.renew()


def test_the_sweep_takes_up_what_was_left_behind_and_nothing_fresh(mail, sent, broker):
    periodic.sweep()
    assert sent() == []
    age(mail, FRESH)
    periodic.sweep()
    assert len(sent()) == 1


def test_the_sweep_adds_nothing_to_a_queue_that_is_long_already(mail, work_at_once, broker):
    work_at_once.conf.task_always_eager = False
    for _ in range(periodic.LONGEST_QUEUE - 1):
        mail.hand_over()
    for waiting in (periodic.LONGEST_QUEUE, periodic.LONGEST_QUEUE):
        age(mail, FRESH)
        periodic.sweep()
        assert waiting_in("portal") == waiting


def test_two_sweeps_at_once_do_not_take_up_the_same_row(mail):
    age(mail, FRESH)
    assert periodic.take_up(Email.objects, timezone.now()) == [mail]
    assert periodic.take_up(Email.objects, timezone.now()) == []


def test_the_sweep_command_needs_no_broker(mail, sent, capsys):
    age(mail, FRESH)
    call_command("sweep")
    assert "Pieces of work taken up: 1" in capsys.readouterr().out
    assert len(sent()) == 1


def test_work_on_a_row_that_is_gone_ends_quietly(db):
    send_email(12345)


@pytest.mark.parametrize("how", hanging.AWAY)
@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_or_hangs_fails_no_request(
    how, dentist_client, case, work_at_once, broker, monkeypatch
):
    monkeypatch.setattr("portal.celery.BROKER_REST", 600)
    work_at_once.conf.task_always_eager = False
    with hanging.AWAY[how]() as port, broker.replaced_by(f"redis://127.0.0.1:{port}/0"):
        answer = dentist_client.post(f"/cases/{case.number}/message/", {"body": "Hello"})
        left_alone = HandOver.broker_rests_until
        dentist_client.post(f"/cases/{case.number}/message/", {"body": "Hello again"})
        assert 0 < left_alone == HandOver.broker_rests_until  # It was not asked again.
    assert answer.status_code == 302
    assert Email.objects.filter(work_state=WorkState.WAITING).count() == 2


def test_the_same_mail_is_written_once(db):
    for _ in range(2):
        outbox.add("password_reset_key", "a@b.example", "1", RESET)
    assert Email.objects.count() == 1


def test_text_mails_are_not_escaped_and_html_mails_are(db):
    mail = outbox.add("password_reset_key", "a@b.example", "1", {**RESET, "name": "O'Neil <x>"})
    assert "O'Neil <x>" in mail.text
    assert "<x>" not in mail.html


def test_a_mail_opens_in_a_mail_program(mail, sent):
    calendar = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nEND:VCALENDAR\r\n"
    Email.objects.update(html="<p>Hello</p>", calendar=calendar)
    send_email(mail.pk)
    (message,) = sent()
    assert message["To"] == "a@b.example"
    assert message["Message-ID"].startswith(f"<message_posted.{mail.pk}@")
    assert message.get_body("plain").get_content().strip() == "Hello"
    [part] = message.iter_attachments()
    assert part.get_filename() == "planning.ics"
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "CANCEL"
    assert part.get_param("charset") == "utf-8"
    assert part.get_content().split() == calendar.split()


def test_no_program_that_answers_by_itself_answers_a_mail(mail, sent):
    send_email(mail.pk)
    (message,) = sent()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"


@pytest.mark.parametrize("name", ['Smith "Best" Lab, Inc.', "Laboratório Ünö", "Lab"])
def test_any_name_of_the_lab_stands_before_its_address(mail, sent, settings, name):
    settings.DEFAULT_FROM_EMAIL = formataddr((name, "cases@lab.example"))
    send_email(mail.pk)
    (message,) = sent()
    [sender] = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, "cases@lab.example")


def test_a_mail_with_a_link_that_lets_somebody_in_is_forgotten_once_it_is_sent(db, sent):
    mail = outbox.add("password_reset_key", "a@b.example", "1", RESET, is_secret=True)
    send_email(mail.pk)
    mail.refresh_from_db()
    assert RESET["password_reset_url"] in sent()[0].get_body("plain").get_content()
    assert (mail.text, mail.html) == ("", "")
