"""Logs: each line of web, worker and beat says when, where and for whom, and names nobody.

A line knows the request or the task it was written in. Of people it carries the number of a user
and of a case. The address of a request stays out, as it may hold what somebody typed or pasted;
the name of its route says enough. So do the words of an exception: a database quotes the row
that it refused. Its type and its place in the code are kept.

This is structlog with a middleware of our own, not django-structlog: that one writes the whole
address with its query, the user agent and the words of each exception into the lines.
"""

import logging
import re
import traceback
import uuid
from contextvars import ContextVar
from time import monotonic

import structlog
from celery import signals
from django.core.signals import got_request_exception
from django.dispatch import receiver

log = logging.getLogger(__name__)

OURS = ("portal", "accounts", "cases", "scheduling")
# Asked every few seconds by other machines; only their failures are news.
PROBES = {"portal:healthz", "portal:readyz", "portal:metrics"}
# What stands in an address instead of a case number may be anything.
CASE_NUMBER = re.compile(r"\d{2}-\d{5,9}")

_request = ContextVar("request", default=None)
_task = ContextVar("task", default=None)


def formatter(form, quote=False):
    """The formatter of every line: `form` is json or text; with `quote`, exceptions keep words."""
    last = structlog.processors.JSONRenderer()
    if form == "text":
        last = structlog.dev.ConsoleRenderer(
            colors=False,
            pad_event_to=0,
            pad_level=False,
            timestamp_key="time",
            exception_formatter=structlog.dev.plain_traceback,
        )
    return Lines(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow={"status", "outcome", "ms"}),
            where_it_was_written,
            fixed_words,
            Place(quote),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


class Lines(structlog.stdlib.ProcessorFormatter):
    def format(self, record):
        # "… failed: %s" gets the type of an exception, never its words.
        if isinstance(record.args, tuple):
            record = logging.makeLogRecord(record.__dict__)
            record.args = tuple(
                type(value).__name__ if isinstance(value, BaseException) else value
                for value in record.args
            )
        return super().format(record)


def where_it_was_written(logger, method, line):
    """Add the request or the task in which the line is written."""
    if task := _task.get():
        return {**line, **task}
    if request := _request.get():
        return {**line, **_facts(request)}
    return line


def _facts(request):
    facts = {"request": request.id, "method": request.method}
    match = request.resolver_match
    if match:
        facts["route"] = match.view_name
        number = str(match.kwargs.get("number", ""))
        if CASE_NUMBER.fullmatch(number):
            facts["case"] = number
    # The user that somebody asked for already: a log line is no reason for a query.
    user = getattr(request, "_cached_user", None)
    if user is not None and user.pk:
        facts["user"] = user.pk
    return facts


def fixed_words(logger, method, line):
    """Keep to their fixed words the lines of others that quote what they were given."""
    record = line["_record"]
    if record.name.startswith("django.security."):
        line["event"] = f"Refused: {record.name.rpartition('.')[2]}"
        # Anybody can send what is refused: it is no failure of ours, and has no place to look at.
        line["level"] = "warning"
        line.pop("exc_info", None)
    elif record.name == "py.warnings":
        # "file:line: Category: words"; those of a file format quote the file.
        line["event"] = ": ".join(line["event"].split(": ", 2)[:2])
    elif record.name == "celery.app.trace":
        line["event"] = "Task failed"
    elif record.exc_info and not record.name.startswith(OURS):
        line["event"] = str(record.msg)
    return line


class Place:
    """Turn an exception into its type and its place in the code, with its words if `quote`."""

    def __init__(self, quote):
        self.quote = quote

    def __call__(self, logger, method, line):
        raised = line.pop("exc_info", None)
        line.pop("stack_info", None)
        if raised and raised[1] is not None:
            line["exception"] = "".join(self._told(raised[1], set())).rstrip()
        return line

    def _told(self, problem, seen):
        seen.add(id(problem))
        before = problem.__cause__ or (
            None if problem.__suppress_context__ else problem.__context__
        )
        if before is not None and id(before) not in seen:
            yield from self._told(before, seen)
            yield "which led to\n"
        yield from traceback.format_tb(problem.__traceback__)
        words = f": {problem}" if self.quote else ""
        yield f"{type(problem).__module__}.{type(problem).__qualname__}{words}\n"


class RequestLog:
    """Middleware: one line for each request, and its id for all lines in between and the answer."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        # Our own, never one that came with the request: that might say anything.
        request.id = uuid.uuid4().hex[:12]
        token, began = _request.set(request), monotonic()
        try:
            response = self.get_response(request)
            if _is_news(request, response):
                ms = round(1000 * (monotonic() - began))
                level = logging.ERROR if response.status_code >= 500 else logging.INFO
                log.log(level, "Answered", extra={"status": response.status_code, "ms": ms})
        finally:
            _request.reset(token)
        response["X-Request-ID"] = request.id
        return response


def _is_news(request, response):
    if response.status_code >= 400:
        return True
    # Static files have no route: they are answered before one is looked for.
    return request.resolver_match is not None and request.resolver_match.view_name not in PROBES


@receiver(got_request_exception)
def request_failed(**kwargs):
    log.exception("Request failed")


@signals.setup_logging.connect
def keep_logging_as_set(**kwargs):
    """Celery leaves logging alone when somebody listens here."""


@signals.celeryd_init.connect
def log_warnings(**kwargs):
    """What a worker warns of, such as running as root, becomes a line as well."""
    logging.captureWarnings(True)


@signals.before_task_publish.connect
def say_who_asked(headers=None, **kwargs):
    """A message carries the id of the request that asked for the work."""
    if headers is not None and (asked_by := _asked_by()):
        headers["asked_by"] = asked_by


def _asked_by():
    if task := _task.get():
        return task.get("request")
    request = _request.get()
    return request.id if request else None


@signals.task_prerun.connect
def enter_task(task=None, args=None, **kwargs):
    facts = {"task": task.name}
    if args:
        # The key of a row; tasks take nothing else.
        facts["row"] = str(args[0])
    if asked_by := getattr(task.request, "asked_by", None) or _asked_by():
        facts["request"] = asked_by
    task.request.log_entered = (_task.set(facts), monotonic())


@signals.task_postrun.connect
def leave_task(task=None, state=None, **kwargs):
    token, began = task.request.log_entered
    ms = round(1000 * (monotonic() - began))
    log.info("Task ended", extra={"outcome": state, "ms": ms})
    _task.reset(token)
