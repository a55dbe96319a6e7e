import pytest
from django.core.exceptions import ImproperlyConfigured

from portal import environment as read


@pytest.mark.parametrize(
    ("reader", "value", "says"),
    [
        (lambda: read.flag("DEBUG"), "maybe", "DEBUG is 'maybe', but it must be 1 or 0"),
        (lambda: read.whole_number("MAX_UPLOAD_BYTES", 1, at_least=1), "4GB", "MAX_UPLOAD_BYTES"),
        (lambda: read.whole_number("MAX_UPLOAD_BYTES", 1, at_least=1), "0", "of 1 or more"),
        (lambda: read.time_zone("LAB_TIME_ZONE", "UTC"), "Mars/Base", "such as America/New_York"),
        (lambda: read.time_zone("LAB_TIME_ZONE", "UTC"), "../etc/passwd", "LAB_TIME_ZONE"),
        (lambda: read.country("LAB_COUNTRY", "US"), "USA1", "two-letter country code"),
        (lambda: read.subdivision("LAB_SUBDIVISION", "US"), "XX", "state or region of US"),
        (lambda: read.site_url("SITE_URL", ""), "portal.example.com", "https://"),
        (lambda: read.database("DATABASE_URL", ""), "mysql://u:secret@h/db", "postgres://"),
        (lambda: read.database("DATABASE_URL", ""), "nonsense", "DATABASE_URL"),
        (lambda: read.broker("CELERY_BROKER_URL", ""), "amqp://u:secret@h", "redis://"),
        (lambda: read.choice("LOG_FORMAT", "text", ["json", "text"]), "xml", "be json or text"),
        (lambda: read.clamd("CLAMD_SOCKET"), "clamd.example.com", "tcp://host:port"),
        (lambda: read.clamd("CLAMD_SOCKET"), "tcp://u:secret@clamd:3310", "tcp://host:port"),
        (lambda: read.email_address("LAB_EMAIL", ""), "not an address", "cases@lab.example.com"),
        (lambda: read.email_address("LAB_EMAIL", ""), "lab@exämple.com", "xn--"),
        (lambda: read.email_address("LAB_EMAIL", ""), "", "LAB_EMAIL"),
        (lambda: read.email_address("LAB_EMAIL", ""), "a@x.example, b@x.example", "LAB_EMAIL"),
        (lambda: read.line("LAB_NAME", ""), "Lab\nBcc: x@y.example", "one line"),
        (lambda: read.line("LAB_NAME", ""), " ", "LAB_NAME"),
        (lambda: read.days("LAB_CLOSED_DAYS"), "12-24 Nov-27", "days such as 2026-11-27"),
        (lambda: read.days("LAB_CLOSED_DAYS"), "2026-02-30", "LAB_CLOSED_DAYS"),
        (lambda: read.email("EMAIL_URL", ""), "pigeon://u:secret@roof", "smtp://"),
    ],
)
def test_a_wrong_value_stops_the_start_with_a_sentence_that_names_it(
    monkeypatch, reader, value, says
):
    for name in (
        "DEBUG", "MAX_UPLOAD_BYTES", "LAB_TIME_ZONE", "LAB_COUNTRY", "LAB_SUBDIVISION",
        "SITE_URL", "DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL",
        "LOG_FORMAT", "CLAMD_SOCKET", "LAB_EMAIL", "LAB_NAME", "LAB_CLOSED_DAYS",
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        reader()
    assert says in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_the_embedded_default_makes_its_own_secret_once(tmp_path, monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    kept = tmp_path / "var" / "secret_key"
    first = read.secret_key("SECRET_KEY", kept)
    assert len(first) > 50
    assert read.secret_key("SECRET_KEY", kept) == first
    assert kept.stat().st_mode & 0o777 == 0o600
    assert list(kept.parent.iterdir()) == [kept]
