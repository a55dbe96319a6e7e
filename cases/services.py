"""What happens to cases. Every change of a case's progress goes through this module."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.formats import date_format

from accounts.limits import take_turn
from cases import emails, limits, shipping
from cases.models import (
    Attachment,
    Case,
    CaseEvent,
    CaseNumber,
    Draft,
    Material,
    Message,
    MissingItem,
    RemovedFile,
)
from cases.progress import WITHOUT_SHIP_DATE, Progress, Who, may_move
from cases.rx import revisions
from cases.rx.changes import changes
from cases.rx.revisions import new_revision
from portal import lab_calendar
from portal.limits import LimitReached
from portal.refusal import NotAllowed


class ChangedMeanwhile(NotAllowed):
    """Somebody else moved the case between reading and writing."""

    def __init__(self, case):
        super().__init__(
            f"Case {case.number} was changed by somebody else a moment ago, so nothing was "
            "written. Please look at it again and repeat what you wanted to do."
        )


class AlreadySent(NotAllowed):
    """This form was submitted before."""


def expected_ship_date(now, planning_date=None):
    """The ship date of a case that is submitted at `now`: a date at the lab.

    LAB_TURNAROUND_DAYS business days from the submit; a planning session later than that leaves
    LAB_MANUFACTURING_DAYS after it.
    """
    holidays = lab_calendar.RestDays()
    date = shipping.ship_date(lab_calendar.today(now), settings.LAB_TURNAROUND_DAYS, holidays)
    return _after_planning(date, planning_date)


def _after_planning(date, planning_date):
    if planning_date is None:
        return date
    earliest = shipping.after_planning(
        planning_date, settings.LAB_MANUFACTURING_DAYS, lab_calendar.RestDays()
    )
    return max(date, earliest) if date else earliest


def ship_date_with_planning(case, planning_date, now):
    """The ship date of a case whose planning session is on `planning_date`, a date at the lab.

    A case that rested without a ship date begins anew at `now`.
    """
    if case.ship_date is None:
        return expected_ship_date(now, planning_date)
    return _after_planning(case.ship_date, planning_date)


def submit_case(form_key, values, signed_name, *, by, now, asked=()):
    """Make a case of a form: the case, its files, RX revision 1 and the mail, or nothing.

    `values` are the cleaned fields of the case, `asked` the contradictions that the sender was
    asked about and sent it with. Returns the case and whether it is new: a form
    that is submitted twice gives the same case again. Raises LimitReached.
    """
    try:
        with transaction.atomic():
            limits.check_case(by, now)
            return _create(form_key, values, signed_name, by=by, now=now, asked=asked), True
    except (IntegrityError, LimitReached):
        earlier = Case.objects.visible_to(by).filter(form_key=form_key).first()
        if earlier is None:
            raise
        return earlier, False


def _create(form_key, values, signed_name, *, by, now, asked):
    case = Case.objects.create(
        number=_next_number(now),
        form_key=form_key,
        practice=by.practice,
        created_by=by,
        created_at=now,
        modified_at=now,
        ship_date=expected_ship_date(now),
        **{"materials": Material.objects.default_name(), **values},
    )
    _attach_files(case, form_key, revision=1)
    Draft.objects.filter(form_key=form_key).delete()
    _add_event(case, CaseEvent.Kind.CREATED, by, now, to_progress=case.progress)
    keep_asked(case, asked, by, now)
    new_revision(case, signed_name, by=by, now=now)
    emails.case_submitted(case, revision=1)
    return case


def _next_number(now):
    return f"{lab_calendar.today(now):%y}-{CaseNumber.objects.create()}"


def _attach_files(case, form_key, revision):
    """Give the case the files of its form; returns how many, without those that were refused.

    They belong to this revision of the RX script from now on.
    """
    RemovedFile.objects.filter(form_key=form_key).delete()
    sent = {"case": case, "revision": revision}
    count = Attachment.objects.unsent(form_key).filter(practice=case.practice).update(**sent)
    # Nobody must believe that these were sent, and the lab should know.
    refused = Attachment.objects.refused().filter(form_key=form_key, case=None)
    for file in refused.filter(practice=case.practice):
        case.events.create(kind=CaseEvent.Kind.REFUSED, note=f"{file}. {file.refusal}")
        Attachment.objects.filter(pk=file.pk).update(case=case)
    return count


def update_case(case, draft, values, signed_name, *, by, now, asked=()):
    """Submit an update: new values and files, a new RX revision and a new ship date.

    A red case becomes Processing. `Last modified` is set here and on creation only. Raises
    AlreadySent when the draft was submitted before, NotAllowed when the case is being made,
    LimitReached, and ChangedMeanwhile when the lab moved it between reading and writing.
    """
    if case.is_read_only:
        raise NotAllowed(
            f"Case {case.number} is {case.progress.label} and can no longer be changed here. "
            f"What you typed is kept. Please write to {settings.LAB_EMAIL}."
        )
    with transaction.atomic():
        take_turn(by)
        if not Draft.objects.filter(pk=draft.pk).delete()[0]:
            raise AlreadySent(f"This update of case {case.number} was sent already.")
        limits.check_update(by, now)
        files = _attach_files(case, draft.form_key, revisions.newest_number(case) + 1)
        note = _what_changed(case, values, files)
        ship_date = expected_ship_date(now, case.planning_date)
        changes = {**values, "ship_date": ship_date, "modified_at": now}
        _add_event(case, CaseEvent.Kind.UPDATED, by, now, note=note)
        keep_asked(case, asked, by, now)
        if may_move(Who.DENTIST, case.progress, Progress.PROCESSING):
            move(case, Progress.PROCESSING, Who.DENTIST, by=by, now=now, **changes)
        else:
            _change(case, **changes)
        prescription = new_revision(case, signed_name, by=by, now=now)
        emails.case_updated(case, prescription.revision)
        if case.progress == Progress.SCHEDULED:
            emails.case_changed(case, prescription.revision)


def keep_asked(case, asked, by, now):
    """Write into the timeline which contradictions somebody was asked about and went on with."""
    kinds = {True: CaseEvent.Kind.DATES_ASKED, False: CaseEvent.Kind.ASKED}
    for is_about_dates, kind in kinds.items():
        lines = [one.text for one in asked if one.is_about_dates == is_about_dates]
        if lines:
            _add_event(case, kind, by, now, note="\n".join(lines))


def _what_changed(case, values, files):
    labels = [
        str(case._meta.get_field(name).verbose_name)
        for name, value in values.items()
        if getattr(case, name) != value
    ]
    if files:
        labels.append("1 file added" if files == 1 else f"{files} files added")
    return (", ".join(labels) or "sent again without changes").capitalize() + "."


def changes_since_look(case):
    """What the dentist changed since somebody of the lab looked, as Changes, or None.

    None for a case that nobody has looked at yet: all of it is new.
    """
    seen = case.prescriptions.filter(revision=case.looked_revision).first()
    if seen is None:
        return None
    was = revisions.with_ship_date(seen, case.looked_ship_date)
    return changes(was, revisions.with_ship_date(revisions.newest(case), case.ship_date))


def mark_looked(case, revision, *, by, now):
    """Somebody of the lab has looked at the case as its RX `revision` says it.

    Raises ChangedMeanwhile when there is a newer one, which nobody has seen.
    """
    with transaction.atomic():
        lock(case)
        if revision != revisions.newest_number(case):
            raise ChangedMeanwhile(case)
        _looked(case, revision, by, now)


def _looked(case, revision, by, now):
    seen = {"looked_revision": revision, "looked_ship_date": case.ship_date}
    _change(case, looked_at=now, looked_by=by, **seen)


def correct(case, values, reason, revision, *, by, now):
    """The lab corrects what the dentist sent: a line in the timeline, a new RX, and a mail.

    `values` are cleaned fields of the case, `revision` the RX that the page showed. Raises
    NotAllowed when nothing would change, and ChangedMeanwhile when there is a newer revision.
    """
    with transaction.atomic():
        lock(case)
        before = revisions.newest(case)
        if revision != before.revision:
            raise ChangedMeanwhile(case)
        changed = {name: value for name, value in values.items() if getattr(case, name) != value}
        if not changed:
            raise NotAllowed(f"This is what case {case.number} says already. Nothing was changed.")
        was_new = case.is_new_to_lab
        _change(case, **_with_what_follows(case, changed))
        corrected = revisions.corrected_revision(case, reason, by=by, now=now)
        was = revisions.with_ship_date(before, case.ship_date)
        said = [*changes(was, corrected.snapshot).lines, f"Reason: {reason}"]
        _add_event(case, CaseEvent.Kind.CORRECTED, by, now, note="\n".join(said))
        if not was_new:
            _looked(case, corrected.revision, by, now)
        emails.case_corrected(case, corrected.revision)


def _with_what_follows(case, changed):
    if "patient_name" in changed:
        changed["patient_key"] = Case._meta.get_field("patient_key").fold(changed["patient_name"])
    if "teeth" in changed:
        kept, implants = set(changed["teeth"]), changed.get("implants", case.implants)
        changed["implants"] = {code: implants[code] for code in implants if code in kept}
    return changed


def lock(case):
    """Let nobody else move the case until the transaction ends.

    Taken before any lock of what belongs to the case, so that no two wait for each other.
    """
    Case.objects.select_for_update(no_key=True).filter(pk=case.pk).values("pk").first()


def _add_event(case, kind, by, now, **said):
    return case.events.create(kind=kind, actor=by, created_at=now, **said)


def _change(case, **changes):
    """The one door to a case's row: only while its progress is still what was read."""
    written = Case.objects.filter(pk=case.pk, progress=case.progress).update(**changes)
    if written != 1:
        raise ChangedMeanwhile(case)
    for name, value in changes.items():
        setattr(case, name, value)


def move(case, to, who, *, by, now, note="", seen=None, **changes):
    """Move a case to another progress, with its line in the timeline and its notice.

    `who` says in whose role (a Who), `by` which user. `seen` is the progress that the page
    showed on which this was decided; `changes` are further fields of the case written with it.
    Raises NotAllowed for a move that the table of moves lacks, and ChangedMeanwhile when another
    move came first. Returns the event.
    """
    before = case.progress
    if seen not in (None, before):
        raise ChangedMeanwhile(case)
    check_move(case, to, who)
    _refuse_while_booked(case)
    changes.setdefault("ship_date", ship_date_after_move(case, to, now))
    changes["promised_date"] = case.ship_date if to == Progress.SHIPPED else None
    with transaction.atomic():
        _change(case, progress=to, **changes)
        changed = {"from_progress": before, "to_progress": to, "note": note}
        event = _add_event(case, CaseEvent.Kind.PROGRESS, by, now, **changed)
        # On hold or cancelled, what is missing is still missing.
        if to not in WITHOUT_SHIP_DATE:
            _tick_off_the_rest(case, who, by=by, now=now)
        if who == Who.LAB:
            _notice(case, event)
    return event


def check_move(case, to, who):
    """Raises NotAllowed, with a sentence, for a move that the table of moves lacks."""
    before = case.progress
    if before == to:
        raise NotAllowed(f"Case {case.number} is {before.label} already.")
    if not may_move(who, before, to):
        raise NotAllowed(f"Case {case.number} is {before.label} and cannot become {to.label}.")


def _refuse_while_booked(case):
    if case.progress != Progress.SCHEDULED:
        return
    if case.planning_sessions.filter(state="booked").exists():
        raise NotAllowed(f"Case {case.number} has a planning session, which must end first.")


def ship_date_after_move(case, to, now):
    """The ship date a case has once it is moved to `to` at `now`, or None while it rests.

    On Shipped it is that day; when that is taken back, the one that was promised before, or the
    next day of work when that is over.
    """
    if to in WITHOUT_SHIP_DATE:
        return None
    today = lab_calendar.today(now)
    if to == Progress.SHIPPED:
        return today
    promised = case.promised_date if case.has_shipped else case.ship_date
    if case.has_shipped and promised:
        promised = max(promised, shipping.ship_date(today, 0, lab_calendar.RestDays()))
    return promised or expected_ship_date(now, case.planning_date)


def _notice(case, event):
    if tell := _notice_of(event.from_progress, event.to_progress):
        tell(case, event)


def _notice_of(before, to):
    """The mail to the practice about such a move by the lab, or None."""
    # A session that the lab cancelled has its own mail, with the way to another date.
    if to == Progress.READY and before == Progress.SCHEDULED:
        return None
    if before in _RESTED and to != Progress.MISSING:
        return _NOTICES.get(to, emails.case_reopened)
    return _NOTICES.get(to)


_NOTICES = {
    Progress.READY: emails.case_ready_to_plan,
    Progress.NO_SHOW: emails.case_no_show,
    Progress.SHIPPED: emails.case_shipped,
    Progress.ON_HOLD: emails.case_on_hold,
    Progress.CANCELLED: emails.case_cancelled,
}
# What a practice believes to be over, or on its way.
_RESTED = {Progress.ON_HOLD, Progress.CANCELLED, Progress.SHIPPED}


def tells_practice(before, to):
    """Whether the practice gets a mail of the case itself when the lab makes such a move."""
    return to == Progress.MISSING or _notice_of(before, to) is not None


def mark_missing(case, reasons, note, *, by, now, seen=None):
    """The lab says what it lacks: `reasons` are keys of `readiness.REASONS`, `note` free text."""
    with transaction.atomic():
        event = move(case, Progress.MISSING, Who.LAB, by=by, now=now, note=note, seen=seen)
        _add_missing(case, reasons, note, by=by, now=now)
        emails.case_missing(case, event, _still_missing(case))


def add_missing(case, reasons, note, *, by, now):
    """The lab lacks more than it said, and tells the practice all that is missing now.

    Raises NotAllowed when the case is not Missing CBCT/Models.
    """
    with transaction.atomic():
        lock(case)
        case.refresh_from_db(fields=["progress"])
        if case.progress != Progress.MISSING:
            raise NotAllowed(
                f"Case {case.number} is {case.progress.label}, so nothing can be added to what is "
                f"missing. Move it to {Progress.MISSING.label} instead; nothing was changed."
            )
        event = _add_missing(case, reasons, note, by=by, now=now, said=note)
        emails.case_missing(case, event, _still_missing(case))


def _add_missing(case, reasons, note, *, by, now, said=""):
    """The note goes with each of its reasons: it is of use as long as one of them is open.

    What is missing already is not asked for twice; it takes the new note. Each "other" is another.
    """
    again = _still_missing(case).filter(reason__in={*reasons} - {"other"})
    known = list(again)
    if note:
        again.update(note=note)
    new = [reason for reason in reasons if reason not in {item.reason for item in known}]
    items = [MissingItem(case=case, reason=reason, note=note, created_at=now) for reason in new]
    MissingItem.objects.bulk_create(items)
    return _say_of_missing(case, {"Added": items, "Still missing": known}, by, now, said)


def _say_of_missing(case, items, by, now, more=""):
    """`items` are lists of what is missing, by what became of them."""
    said = [f"{what}: {', '.join(map(str, each))}." for what, each in items.items() if each]
    note = " ".join([*said, more]).rstrip()
    return _add_event(case, CaseEvent.Kind.MISSING, by, now, note=note)


def _still_missing(case):
    return case.missing_items.filter(answered_at=None)


def _tick_off_the_rest(case, who, *, by, now):
    items = list(_still_missing(case))
    if items:
        _still_missing(case).update(answered_at=now)
        what = "Ticked off with the move" if who == Who.LAB else "Answered by the update"
        _say_of_missing(case, {what: items}, by, now)


def tick_off(item, *, by, now):
    """The lab has what was missing. The case stays where it is; raises NotAllowed as below."""
    _settle(item, "Ticked off", by=by, now=now)


def take_back(item, *, by, now):
    """It is not missing after all. Raises NotAllowed when somebody settled it before."""
    _settle(item, "Taken back", by=by, now=now)


def _settle(item, what, *, by, now):
    case = item.case
    with transaction.atomic():
        lock(case)
        open_rows = MissingItem.objects.filter(pk=item.pk, answered_at=None)
        if not open_rows.update(answered_at=now):
            raise NotAllowed(
                f"“{item}” of case {case.number} was settled by somebody else a moment ago. "
                "Nothing was changed."
            )
        _say_of_missing(case, {what: [item]}, by, now)


def ship(case, carrier, tracking_number, *, by, now, note="", seen=None):
    """The lab hands the guide to a carrier; the ship date becomes the day on which it did."""
    parcel = {"carrier": carrier, "tracking_number": tracking_number}
    move(case, Progress.SHIPPED, Who.LAB, by=by, now=now, note=note, seen=seen, **parcel)


def correct_tracking(case, carrier, tracking_number, *, by, now):
    """The lab corrects carrier and number of a shipped case, and the practice is told.

    The timeline keeps the old ones. Raises NotAllowed when the case is not shipped or nothing
    would change, ChangedMeanwhile when it was moved.
    """
    if case.progress != Progress.SHIPPED:
        raise NotAllowed(
            f"Case {case.number} is {case.progress.label}, so it has no tracking to correct. "
            "Nothing was changed."
        )
    if (case.carrier, case.tracking_number) == (carrier, tracking_number):
        raise NotAllowed(
            f"This is the tracking of case {case.number} already. Nothing was changed."
        )
    before = f"{case.get_carrier_display()} {case.tracking_number}".strip() or "none"
    with transaction.atomic():
        _change(case, carrier=carrier, tracking_number=tracking_number)
        note = f"Corrected; it was {before}."
        event = _add_event(case, CaseEvent.Kind.TRACKING, by, now, note=note)
        emails.case_tracking_corrected(case, event)


def said_of_ship_date(case, ship_date):
    """What a line of the timeline says of a ship date that a planning session moves, or ""."""
    if ship_date == case.ship_date:
        return ""
    before = date_format(case.ship_date) if case.ship_date else "none"
    return f" Ship date: {before} → {date_format(ship_date)}."


def set_planning_date(case, date, note, *, by, now):
    """Keep the lab's date of the booked planning session, or None, with a line in the timeline.

    A session too late for the ship date pushes it out.
    """
    changes = {"planning_date": date}
    if date:
        changes["ship_date"] = ship_date_with_planning(case, date, now)
        note += said_of_ship_date(case, changes["ship_date"])
    with transaction.atomic():
        _change(case, **changes)
        _add_event(case, CaseEvent.Kind.PLANNING, by, now, note=note)


def set_ship_date(case, date, *, by, now):
    """The lab sets the ship date by hand; the timeline says so.

    Raises NotAllowed for a date on a case that rests, as none is promised while nothing moves,
    and for a shipped one, whose date is the day on which it left.
    """
    if case.has_shipped:
        raise NotAllowed(
            f"Case {case.number} is {case.progress.label}; its ship date is the day on which it "
            "left. To change it, take the step back first; nothing was changed."
        )
    if date and not case.takes_ship_date:
        raise NotAllowed(
            f"Case {case.number} is {case.progress.label} and has no ship date until it goes on. "
            "Move it first; nothing was changed."
        )
    note = f"Ships {date_format(date)}." if date else "No ship date."
    with transaction.atomic():
        _change(case, ship_date=date)
        _add_event(case, CaseEvent.Kind.SHIP_DATE, by, now, note=note)


def archive(case, *, by, now):
    """Hide a case from the main list; it is neither held nor cancelled by that.

    Raises LimitReached, as `unarchive` does.
    """
    _set_archived(case, CaseEvent.Kind.ARCHIVED, by=by, now=now, archived_at=now)


def unarchive(case, *, by, now):
    """Show an archived case in the main list again."""
    _set_archived(case, CaseEvent.Kind.RESTORED, by=by, now=now, archived_at=None)


def _set_archived(case, kind, archived_at, *, by, now):
    with transaction.atomic():
        limits.check_archiving(by, now)
        restoring = archived_at is None
        rows = Case.objects.filter(pk=case.pk, archived_at__isnull=not restoring)
        if rows.update(archived_at=archived_at):
            _add_event(case, kind, by, now)


def post_message(case, body, *, by, now):
    """Add to the conversation on a case and tell the other side by mail. Raises LimitReached."""
    with transaction.atomic():
        limits.check_message(by, now)
        message = Message.objects.create(case=case, author=by, body=body, created_at=now)
        emails.message_posted(message)
    return message
