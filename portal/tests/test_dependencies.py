"""Dependencies that answer, that are gone, and that take the call and then say nothing."""

import threading

import pytest

from portal.health import dependencies
from portal.health.dependencies import Unavailable
from portal.tests import hanging

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def put(settings, port):
    settings.CELERY_BROKER_URL = f"redis://:secret@127.0.0.1:{port}/0"
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", port


def words_of(ask):
    with pytest.raises(Unavailable) as away:
        ask()
    return str(away.value)


def test_dependencies_that_are_gone_are_named(settings):
    put(settings, hanging.nobody())
    words = words_of(dependencies.broker)
    assert words == "The broker does not answer (ConnectionError)."
    words = words_of(dependencies.mail)
    assert words == "The mail server does not let us in (Connection refused)."


def test_dependencies_that_hang_are_given_up(settings, monkeypatch):
    monkeypatch.setattr(dependencies, "MAIL_SECONDS", 1)
    with hanging.silent() as port:
        put(settings, port)
        words = words_of(dependencies.broker)
        assert words == "The broker does not answer (TimeoutError)."
        words = words_of(dependencies.mail)
        assert words == "The mail server does not let us in (SMTPServerDisconnected)."


def test_a_real_broker_takes_something_and_gives_it_back(settings, broker):
    settings.CELERY_BROKER_URL = broker.url
    dependencies.broker()
    assert dependencies.ask_broker(lambda client: client.keys("*")) == []


def test_a_broker_that_takes_nothing_more_is_no_broker(settings, broker):
    settings.CELERY_BROKER_URL = broker.url
    dependencies.ask_broker(lambda client: client.config_set("maxmemory", "1"))
    assert words_of(dependencies.broker) == "The broker does not answer (OutOfMemoryError)."
    dependencies.ask_broker(lambda client: client.config_set("maxmemory", "0"))


def test_the_mail_server_is_greeted_and_gets_no_mail(settings, smtp_server, sent):
    if smtp_server is None:
        pytest.skip("Only the stack has a mail server.")
    dependencies.mail()
    assert sent() == []
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "lab", "secret"
    assert "SMTPNotSupportedError" in words_of(dependencies.mail)


def test_a_folder_for_mails_is_made_when_it_can_be(settings, tmp_path):
    settings.EMAIL_BACKEND = "portal.mail.folder.EmailBackend"
    dependencies.mail()
    assert (tmp_path / "mail").is_dir()
    (tmp_path / "file").touch()
    settings.EMAIL_FILE_PATH = str(tmp_path / "file" / "mail")
    assert words_of(dependencies.mail) == "The folder for mails cannot be made (Not a directory)."


def test_a_dependency_that_hangs_is_not_waited_for(db):
    enough = threading.Event()
    words = words_of(lambda: dependencies.within(0.2, enough.wait, "oracle"))
    enough.set()
    assert words == "The oracle did not answer within 0.2 seconds."
    assert dependencies.within(60, lambda: 42, "oracle") == 42
    with pytest.raises(Unavailable, match="It is closed"):
        dependencies.within(60, closed, "oracle")


def closed():
    raise Unavailable("It is closed.")


@pytest.mark.django_db
def test_readiness_names_who_does_not_answer(client, settings, valkey):
    with hanging.silent() as port:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "broker": False, "storage": True}
    settings.CELERY_BROKER_URL = valkey.url
    assert client.get("/readyz").json() == {"database": True, "broker": True, "storage": True}
