"""What the portal needs beside itself: database, broker, storage, mail server, virus scanner.

Each function returns while its dependency answers, and else raises Unavailable with a sentence.
None of them is told anything about a case, and the mail server is given no mail.
"""

import os
import secrets
import threading
from contextlib import closing
from pathlib import Path
from smtplib import SMTPException

import redis
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.db import DatabaseError, connection

from portal.files import virus_scanner

BROKER_SECONDS = 2
MAIL_SECONDS = 8


class Unavailable(Exception):
    """A dependency does not answer, or refuses; the sentence says which and how."""


def database():
    """The database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as problem:
        raise Unavailable(f"The database does not answer ({_kind(problem)}).") from problem


def broker():
    """The broker takes something and gives it back."""
    key = f"guidepost-check-{secrets.token_hex(8)}"

    def there_and_back(client):
        with client.pipeline() as steps:
            return steps.rpush(key, "1").expire(key, 60).lpop(key).execute()[-1]

    if ask_broker(there_and_back) != b"1":
        raise Unavailable("The broker lost what it was given.")


def ask_broker(question):
    """What the function `question` returns for a redis client of the broker. Raises Unavailable."""
    # Celery's words for a socket and for its database number, in those of the client.
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://")
    url = url.replace("virtual_host=", "db=")
    client = redis.Redis.from_url(
        url,
        socket_timeout=BROKER_SECONDS,
        socket_connect_timeout=BROKER_SECONDS,
        # Whoever asks wants to know now; the portal itself asks the broker again later.
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
    )
    try:
        with closing(client):
            return question(client)
    except redis.RedisError as problem:
        raise Unavailable(f"The broker does not answer ({_kind(problem)}).") from problem


def storage():
    """The storage answers."""
    try:
        default_storage.check()
    except OSError as problem:
        # Its own words: portal.files.storage writes them, and they quote nobody.
        raise Unavailable(str(problem)) from problem


def mail():
    """The mail server lets us in, or the folder for mails can be written to."""
    server = get_connection(timeout=MAIL_SECONDS)
    if not isinstance(server, SmtpBackend):
        return _mail_folder()
    try:
        server.open()
        server.connection.ehlo_or_helo_if_needed()
    except (SMTPException, OSError) as problem:
        raise Unavailable(f"The mail server does not let us in ({_kind(problem)}).") from problem
    finally:
        server.close()


def scanner():
    """The virus scanner answers, and says which one it is; without one there is nothing to ask."""
    if not virus_scanner.is_set_up():
        return "none is set up: files are shown as not scanned"
    try:
        return virus_scanner.version()
    except virus_scanner.ScannerUnavailable as problem:
        raise Unavailable(str(problem)) from problem


def _mail_folder():
    folder = Path(settings.EMAIL_FILE_PATH)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Unavailable(f"The folder for mails cannot be made ({_kind(problem)}).") from problem
    if not os.access(folder, os.W_OK):
        raise Unavailable("The folder for mails cannot be written to.")


def _kind(problem):
    # Its type, not its words: those may quote a password of the settings.
    return getattr(problem, "strerror", None) or type(problem).__name__


def within(seconds, ask, name):
    """What `ask()` returns; its Unavailable, or one of our own when it takes more than `seconds`.

    A dependency that hangs keeps a thread until the thread's own time-outs end it; whoever asked
    goes on meanwhile.
    """
    outcome = {}

    def run():
        try:
            outcome["answer"] = ask()
        except Unavailable as problem:
            outcome["away"] = problem
        finally:
            connection.close()

    thread = threading.Thread(target=run, name=f"ask {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise Unavailable(f"The {name} did not answer within {seconds} seconds.")
    if "answer" not in outcome:
        raise outcome.get("away") or Unavailable(f"Asking the {name} broke off.")
    return outcome["answer"]
