"""Dependencies that answer, that are gone, and that take the call and then say nothing."""

import socket
import threading

import pytest
from aiosmtpd.controller import Controller

from portal.health import dependencies
from portal.health.dependencies import Unavailable

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def nobody():
    """The port of a server that has just gone."""
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        return gone.getsockname()[1]


@pytest.fixture
def silent():
    """The port of a server that takes calls and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield server.getsockname()[1]


@pytest.fixture
def mail_server(settings, nobody):
    """An SMTP server of our own; gives the list of the mails that it took."""
    taken = []

    class Keep:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802
            taken.append(envelope)
            return "250 OK"

    server = Controller(Keep(), hostname="127.0.0.1", port=nobody)
    server.start()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", nobody
    yield taken
    server.stop()


def words_of(ask):
    with pytest.raises(Unavailable) as away:
        ask()
    return str(away.value)


def test_a_database_that_answers_is_no_news(db):
    dependencies.database()


def test_a_broker_that_is_gone_is_named(settings, nobody):
    settings.CELERY_BROKER_URL = f"redis://:secret@127.0.0.1:{nobody}/0"
    words = words_of(dependencies.broker)
    assert words == "The broker does not answer (ConnectionError)."


def test_a_broker_that_hangs_is_given_up(settings, silent):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{silent}/0"
    words = words_of(dependencies.broker)
    assert words == "The broker does not answer (TimeoutError)."


def test_a_real_broker_takes_something_and_gives_it_back(settings, broker):
    settings.CELERY_BROKER_URL = broker.url
    dependencies.broker()
    assert dependencies.ask_broker(lambda client: client.keys("*")) == []


def test_a_broker_that_takes_nothing_more_is_no_broker(settings, broker):
    settings.CELERY_BROKER_URL = broker.url
    dependencies.ask_broker(lambda client: client.config_set("maxmemory", "1"))
    assert words_of(dependencies.broker) == "The broker does not answer (OutOfMemoryError)."
    dependencies.ask_broker(lambda client: client.config_set("maxmemory", "0"))


def test_the_mail_server_is_greeted_and_gets_no_mail(mail_server):
    dependencies.mail()
    assert mail_server == []


def test_a_mail_server_that_is_gone_is_named(settings, nobody):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", nobody
    words = words_of(dependencies.mail)
    assert words == "The mail server does not let us in (Connection refused)."


def test_a_mail_server_without_our_login_is_wrong(settings, mail_server):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "lab", "secret"
    assert "SMTPNotSupportedError" in words_of(dependencies.mail)


def test_a_folder_for_mails_is_made_when_it_can_be(settings, tmp_path):
    settings.EMAIL_BACKEND = "portal.mail.folder.EmailBackend"
    dependencies.mail()
    assert (tmp_path / "mail").is_dir()
    (tmp_path / "file").touch()
    settings.EMAIL_FILE_PATH = str(tmp_path / "file" / "mail")
    assert words_of(dependencies.mail) == ("The folder for mails cannot be made (Not a directory).")


def test_a_dependency_that_hangs_is_not_waited_for():
    enough = threading.Event()
    words = words_of(lambda: dependencies.within(0.2, enough.wait, "oracle"))
    enough.set()
    assert words == "The oracle did not answer within 0.2 seconds."


def test_asking_in_time_gives_the_answer_or_the_refusal(db):
    assert dependencies.within(5, lambda: 42, "oracle") == 42
    with pytest.raises(Unavailable, match="It is closed"):
        dependencies.within(5, closed, "oracle")


def closed():
    raise Unavailable("It is closed.")


@pytest.mark.django_db
def test_readiness_names_who_does_not_answer(client, settings, silent):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{silent}/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "broker": False, "storage": True}


@pytest.mark.django_db
def test_the_portal_is_ready_when_all_answer(client, settings, valkey):
    settings.CELERY_BROKER_URL = valkey.url
    assert client.get("/readyz").json() == {"database": True, "broker": True, "storage": True}
