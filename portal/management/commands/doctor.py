"""Look at everything the portal needs, and say what is wrong and what to do about it."""

import os
import secrets
import socket
import sys
import tempfile
from datetime import UTC, datetime

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core import checks
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.module_loading import import_string

from portal.files import virus_scanner
from portal.files.virus_scanner import Verdict
from portal.health import dependencies, status, virus_probes
from portal.management.commands.prepare import is_behind
from portal.models import Host
from portal.writing.pdf import FONT_PACKAGES, missing_fonts

SECONDS = 10  # for each check
CLOCKS_APART = 5  # seconds
# Said in better words by a check of its own, or a mere consequence of it.
TOLD_ELSEWHERE = {"portal.E001", "security.W004", "security.W008", "security.W012", "security.W016"}


class Wrong(dependencies.Unavailable):
    """What is wrong, in a sentence that also says what to do."""


def site_address():
    if not settings.SITE_URL.startswith("https://"):
        raise Wrong(
            f"SITE_URL is {settings.SITE_URL}, so what people send travels in the open. "
            "Set it to the https:// address of the portal."
        )
    return settings.SITE_URL


def deployment():
    found = [
        problem
        for problem in checks.run_checks(include_deployment_checks=True)
        if problem.level >= checks.WARNING and problem.id not in TOLD_ELSEWHERE
    ]
    if found:
        raise Wrong(
            " ".join(f"{' '.join(problem.msg.split())} ({problem.id})" for problem in found)
        )


def database():
    dependencies.database()
    version = ".".join(str(part) for part in connection.get_database_version())
    return f"{connection.display_name} {version}{_line_to_the_database()}"


def _line_to_the_database():
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        (is_encrypted,) = cursor.fetchone()
    return ", by TLS" if is_encrypted else ", in the open"


def clock():
    if connection.vendor != "postgresql":
        return "the database is in this process"
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        theirs = datetime.fromtimestamp(float(cursor.fetchone()[0]), UTC)
    return compare_clocks(theirs, timezone.now())


def compare_clocks(theirs, ours):
    """Say how far the clock of the database is from ours; Wrong when that is too far."""
    apart = abs((theirs - ours).total_seconds())
    if apart > CLOCKS_APART:
        raise Wrong(
            f"The clocks of the database and of this machine are {apart:.0f} seconds apart. "
            "Let both follow a time server (chrony or systemd-timesyncd)."
        )
    return f"{apart:.1f} s apart"


def migrations():
    if is_behind():
        raise Wrong("The database is older than the code. Run: manage.py migrate")


def cache_table():
    table = settings.CACHES["default"]["LOCATION"]
    if table not in connection.introspection.table_names():
        raise Wrong("The table that counts sign-ins is missing. Run: manage.py createcachetable")


def stored_and_read_back():
    key, body = f"checks/{secrets.token_hex(16)}", secrets.token_bytes(1024)
    try:
        default_storage.write(key, body)
        read = b"".join(default_storage.blocks(key))
        is_open = default_storage.is_open_to_strangers(key)
        default_storage.delete(key)
    except OSError as problem:
        raise dependencies.Unavailable(str(problem)) from problem
    if read != body:
        raise Wrong("The storage gave back something else than it was given. Stop using it.")
    if is_open:
        raise Wrong("The bucket lets strangers in. Make it private, then start the portal.")
    return "written, read back, deleted"


def files_host():
    if settings.S3_BUCKET:
        return "the S3 server"
    if not settings.FILES_URL:
        return "the same name as the pages; FILES_URL gives them one of their own"
    name = settings.FILES_HOST.partition(":")[0]
    try:
        socket.getaddrinfo(name, None)
    except OSError as problem:
        raise Wrong(
            f"{name}, which files come from, is not known to the DNS. Add it there and to the "
            "certificate, or correct FILES_URL."
        ) from problem
    return settings.FILES_URL


def scanner():
    """Whether the virus scanner tells what it did not look into, which its defaults call clean."""
    told = dependencies.scanner()
    if virus_scanner.is_set_up():
        for probe, setting in (
            (virus_probes.encrypted(), "Encrypted"),
            (virus_probes.nested(), "ExceedsMax"),
        ):
            if _scanned(probe) == Verdict.CLEAN:
                raise Wrong(
                    "The virus scanner calls files clean into which it did not look. Write "
                    f"“Alert{setting} yes” into clamd.conf and restart clamd."
                )
    return told


def _scanned(body):
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        try:
            return virus_scanner.scan(file.name)[0]
        except virus_scanner.ScannerUnavailable as problem:
            raise dependencies.Unavailable(str(problem)) from problem


def fonts():
    if missing := missing_fonts():
        raise Wrong(f"Missing for PDFs: {', '.join(missing)}. Run: apt-get install {FONT_PACKAGES}")


def disk():
    folder = settings.STAGING_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"1")
    except OSError as problem:
        raise Wrong(
            f"The folder for arriving files, {folder}, cannot be written to ({problem.strerror}). "
            "Give it to the user of the portal, or name another in STAGING_DIR."
        ) from problem
    about = os.statvfs(folder)
    free = about.f_bavail * about.f_frsize
    if free < settings.MAX_UPLOAD_BYTES:
        raise Wrong(
            f"Only {filesizeformat(free)} are free for arriving files, less than one of "
            f"MAX_UPLOAD_BYTES. Make room in {folder}."
        )
    return f"{filesizeformat(free)} free"


def static_files():
    collected = import_string(settings.STORAGES["staticfiles"]["BACKEND"])
    if not issubclass(collected, ManifestFilesMixin):
        return "served as they are"
    known = collected().hashed_files
    wanted = [path for finder in get_finders() for path, _ in finder.list([])]
    if missing := [path for path in wanted if path not in known]:
        raise Wrong(f"{len(missing)} static files are not collected. Run: manage.py collectstatic")
    return f"{len(known)} files"


def second_steps():
    """Whether all steps can be read, and everybody of the lab who can sign in has one."""
    readable = get_adapter().is_readable
    if gone := sum(not readable(step) for step in Authenticator.objects.all()):
        raise Wrong(
            f"{gone} apps and recovery codes were locked with a key that is neither SECRET_KEY nor "
            "in SECRET_KEY_FALLBACKS, so their codes are refused. Add that key. If it is lost: "
            "manage.py forget_second_step --unreadable"
        )
    staff = get_user_model().objects.filter(is_staff=True, is_active=True)
    staff = staff.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    without = staff.exclude(authenticator__type__in=["totp", "webauthn"]).count()
    if without:
        people = "1 person" if without == 1 else f"{without} people"
        raise Wrong(
            f"{people} of the lab signed in never or without a second step, and can open nothing "
            "before one is set up. Remind them, or deactivate who does not need the portal."
        )
    return f"all {staff.count()} of the lab"


def workers():
    hosts, now = list(Host.objects.all()), timezone.now()
    if not hosts:
        raise Wrong("No worker was ever heard from. Start worker and beat.")
    if silent := [host.name for host in hosts if host.heard_at <= now - Host.SILENT_AFTER]:
        raise Wrong(
            f"Not heard from for a while: {', '.join(silent)}. Start worker and beat there; a host "
            "that is gone for good is deleted in admin."
        )
    return ", ".join(host.name for host in hosts)


def limits():
    """Tells which limits were hit lately; that somebody was refused is nothing wrong."""
    lately = [hit for hit in status.hits() if timezone.now() - hit.last_at < status.LATELY]
    told = [f"{hit.name}={hit.most} was hit, {hit.hits} times in all" for hit in lately]
    return "; ".join(told) or "none was hit for a day"


BROKER = "Start Valkey or Redis, or correct CELERY_BROKER_URL."
DATABASE = "Start it, or correct DATABASE_URL."
STORAGE = "Correct the S3_… settings or the rights of the key, or look after the server."
# Name, what to look at, and what to do when a dependency is away.
CHECKS = [
    ("site address", site_address, ""),
    ("settings", deployment, ""),
    ("database", database, DATABASE),
    ("clock", clock, DATABASE),
    ("migrations", migrations, DATABASE),
    ("cache table", cache_table, DATABASE),
    ("workers", workers, DATABASE),
    ("second step", second_steps, DATABASE),
    ("limits", limits, DATABASE),
    ("broker", dependencies.broker, BROKER),
    ("storage", stored_and_read_back, STORAGE),
    ("files host", files_host, ""),
    ("mail server", dependencies.mail, "Correct EMAIL_URL, or look after the server."),
    ("virus scanner", scanner, "Start clamd, or correct CLAMD_SOCKET."),
    ("fonts", fonts, ""),
    ("disk", disk, ""),
    ("static files", static_files, ""),
]
IN_THE_DATABASE = {"clock", "migrations", "cache table", "workers", "second step", "limits"}


class Command(BaseCommand):
    help = "Check all that the portal needs: one line each, and exit status 1 if one is wrong."
    # It looks at them itself, and goes on.
    requires_system_checks = ()

    def handle(self, **options):
        wrong = set()
        for name, check, advice in CHECKS:
            if name in IN_THE_DATABASE and "database" in wrong:
                problem = "Not known while the database does not answer."
            else:
                problem, told = look_at(name, check, advice)
            if problem:
                wrong.add(name)
            self.stdout.write(f"{'WRONG' if problem else 'OK   '}  {name:<13} {problem or told}")
        if wrong:
            sys.exit(1)


def look_at(name, check, advice):
    """What is wrong, if anything, and what is worth telling; both strings."""
    try:
        return "", dependencies.within(SECONDS, _careful(check), name) or ""
    except Wrong as problem:
        return str(problem), ""
    except dependencies.Unavailable as problem:
        return f"{problem} {advice}", ""


def _careful(check):
    def ask():
        try:
            return check()
        except DatabaseError as problem:
            raise dependencies.Unavailable(
                f"The database refused a question ({type(problem).__name__})."
            ) from problem

    return ask
