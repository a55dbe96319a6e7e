"""Typed readers of environment variables that refuse a wrong value with a sentence."""

import re
import secrets
from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
import holidays
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from portal.writing.text import plain_text

env = environ.Env()


def refuse(name, value, wanted):
    raise ImproperlyConfigured(f"{name} is {value!r}, but it must be {wanted}. Please correct it.")


def text(name, default=""):
    return env.str(name, default=default)


def line(name, default):
    """A text for the heads of mails and pages, which are one line."""
    value = env.str(name, default=default).strip()
    if not value or plain_text(value) != value:
        refuse(name, value, "one line of text")
    return value


def email_address(name, default):
    value = env.str(name, default=default)
    wanted = "an address such as cases@lab.example.com, in plain letters (a domain as xn--…)"
    try:
        validate_email(value)
        value.encode("ascii")
    except (ValidationError, UnicodeEncodeError):
        refuse(name, value, wanted)
    return value


def flag(name, default=False):
    value = env.str(name, default=str(default)).strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"", "0", "false", "no", "off"}:
        return False
    return refuse(name, value, "1 or 0")


def choice(name, default, allowed):
    value = env.str(name, default=default)
    if value not in allowed:
        refuse(name, value, " or ".join(allowed))
    return value


def whole_number(name, default, at_least):
    value = env.str(name, default=str(default))
    if not value.isascii() or not value.isdigit() or int(value) < at_least:
        refuse(name, value, f"a whole number of {at_least} or more")
    return int(value)


def number(name, default):
    value = env.str(name, default=str(default))
    # A plain decimal: float() takes "nan" and "1e9" as well.
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value, re.ASCII) or float(value) == 0:
        refuse(name, value, "a number above 0, such as 0.3")
    return float(value)


def days(name):
    """Days as they were written: `2026-12-24`, or `12-24` for that of each year."""
    found = env.str(name, default="").replace(",", " ").split()
    for day in found:
        with_year = day if day.count("-") == 2 else f"2000-{day}"
        try:
            is_day = f"{date.fromisoformat(with_year):%Y-%m-%d}" == with_year
        except ValueError:
            is_day = False
        if not is_day:
            refuse(name, day, "days such as 2026-11-27, or 12-24 for each year")
    return frozenset(found)


def limits(name, defaults):
    """Numbers by name: the defaults, with those put in their place that are given as a=1,b=2."""
    changed = {}
    for part in env.str(name, default="").replace(",", " ").split():
        key, _, number = part.partition("=")
        if key not in defaults or not number.isascii() or not number.isdigit():
            wanted = "such as messages_a_person=90, with names of the table in docs/run.md"
            refuse(name, part, wanted)
        changed[key] = int(number)
    return {**defaults, **changed}


def host_name(name, default):
    value = env.str(name, default=default)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,59}", value):
        refuse(name, value, "letters, digits, dots and hyphens, 60 at most")
    return value


def time_zone(name, default):
    value = env.str(name, default=default)
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        refuse(name, value, "a time zone such as America/New_York")
    return value


def country(name, default):
    value = env.str(name, default=default).upper()
    if value not in holidays.list_supported_countries():
        refuse(name, value, "a two-letter country code such as US or DE")
    return value


def subdivision(name, of_country):
    value = env.str(name, default="").upper()
    if value and value not in holidays.list_supported_countries().get(of_country, []):
        refuse(name, value, f"a state or region of {of_country}, or be left out")
    return value


def site_url(name, default):
    value = env.str(name, default=default).rstrip("/")
    if not value.startswith(("http://", "https://")) or not value.split("//", 1)[1]:
        refuse(name, value, "an address such as https://portal.example.com")
    return value


def files_url(name, of_site):
    """The address that files come from, or "": a host of its own, by https if the portal is."""
    value = env.str(name, default="").rstrip("/")
    if value:
        wanted = f"an address such as https://files.example.com, of another host than {of_site}"
        parts, site = urlsplit(value), urlsplit(of_site)
        is_alone = parts.netloc and value == f"{parts.scheme}://{parts.netloc}"
        if not is_alone or parts.scheme != site.scheme or parts.hostname == site.hostname:
            refuse(name, value, wanted)
    return value


def database(name, default):
    value = env.str(name, default=default)
    if not value.startswith(("sqlite:///", "postgres://", "postgresql://")):
        refuse(name, value.split("://")[0] + "://…", "a postgres:// or sqlite:/// address")
    return env.db_url_config(value)


def broker(name, default):
    value = env.str(name, default=default)
    if not value.startswith(("redis://", "rediss://", "redis+socket://")):
        refuse(name, value.split("://")[0] + "://…", "a redis:// or redis+socket:// address")
    return value


def clamd(name):
    value = env.str(name, default="")
    if value and not re.fullmatch(r"/.+|tcp://([^:/@]+|\[[0-9a-f:]+\]):\d{1,5}", value):
        shown = "tcp://…" if "://" in value else value
        refuse(
            name, shown, "a socket such as /run/clamav/clamd.ctl, tcp://host:port, or be left out"
        )
    return value


def email(name, default):
    value = env.str(name, default=default)
    try:
        return env.email_url_config(value)
    except (KeyError, ValueError, ImproperlyConfigured):
        return refuse(name, value.split("://")[0] + "://…", "an smtp:// or smtp+tls:// address")


def secret_key(name, kept_in: Path):
    """The secret of this installation; the embedded default makes one and keeps it in a file."""
    value = env.str(name, default="")
    if value:
        return value
    if not kept_in.exists():
        kept_in.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept_in.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        # A link, not a rename: of several processes that start at once, the first one wins.
        with suppress(FileExistsError):
            kept_in.hardlink_to(fresh)
        fresh.unlink()
    return kept_in.read_text().strip()
