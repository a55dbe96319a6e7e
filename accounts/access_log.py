"""The access log: rows are added here and nowhere else, and can be checked.

Each row holds the digest of the one before it, so that none can be changed, removed or put in
between without a trace; one chain for each practice, and one for what belongs to no practice.
The newest row of each chain stands in a small table of its own, so that a chain cannot be cut off
at its end either. Who may write to both tables can still forge both: what
`manage.py verify_access_log` prints, kept elsewhere, shows that too.
"""

import ipaddress

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from accounts import chaining
from accounts.models import Access, AccessChain

NO_PRACTICE = 0


def write(*, what, action, result, user=None, practice_id=None, **about):
    """Add a row and return it; `about` are its further fields.

    Call it last in a transaction that changes something: nobody else adds to the same chain until
    that ends, and whoever has the chain waits for no other lock.
    """
    chain = practice_id or NO_PRACTICE
    with transaction.atomic():
        head = _locked(chain)
        row = Access(
            chain=chain,
            position=head.position + 1,
            previous=head.digest,
            at=timezone.now(),
            user=user,
            practice_id=practice_id,
            what=what,
            action=action,
            result=result,
            **about,
        )
        row.digest = row.computed_digest()
        row.save(force_insert=True)
        AccessChain.objects.filter(pk=chain).update(position=row.position, digest=row.digest)
    return row


def _locked(chain):
    heads = AccessChain.objects.select_for_update().filter(pk=chain)
    head = heads.first()
    if head is None:
        # Of two first rows at once, one waits here until the other is written.
        AccessChain.objects.bulk_create([AccessChain(chain=chain)], ignore_conflicts=True)
        head = heads.get()
    return head


def address_of(request):
    """The address of the client, as the trusted proxies name it, or None if there is none."""
    try:
        found = ipaddress.ip_address(get_adapter().get_client_ip(request).partition("%")[0])
    except (PermissionDenied, ImproperlyConfigured):
        # Empty behind a Unix socket; or fewer proxies than PROXIES says have named one.
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def heads():
    """The newest row of each chain, as an AccessChain."""
    return AccessChain.objects.order_by("chain")


def problems():
    """Sentences that say where the log is not what was written; none while all is well.

    May run while rows are being added.
    """
    known = set(AccessChain.objects.values_list("chain", flat=True))
    chains = known | set(Access.objects.order_by().values_list("chain", flat=True).distinct())
    for chain in sorted(chains):
        yield from _problems_of(chain)


def _problems_of(chain):
    rows = Access.objects.filter(chain=chain).order_by("position")
    # In this order: a row and the head that names it are written together.
    newest = rows.aggregate(newest=Max("position"))["newest"] or 0
    head = AccessChain.objects.filter(pk=chain).first() or AccessChain(chain=chain)
    if newest > head.position:
        yield f"{_named(head)}: after row {head.position}, the last one, come rows to {newest}."
    position, digest = 0, chaining.BEGINNING
    for row in rows.filter(position__lte=head.position).iterator(chunk_size=2000):
        if row.position != position + 1:
            yield f"{_named(head)}: {_rows(position + 1, row.position - 1)} missing."
        elif row.previous != digest:
            yield f"{_named(head)}: row {row.position} does not follow the row before it."
        if row.digest != row.computed_digest() or row.chain != (row.practice_id or NO_PRACTICE):
            yield f"{_named(head)}: row {row.position} is not what was written."
        position, digest = row.position, row.digest
    if position < head.position:
        yield f"{_named(head)}: {_rows(position + 1, head.position)} missing, at its end."
    elif digest != head.digest:
        yield f"{_named(head)}: row {position}, the last one, is not the one that was written last."


def _named(head):
    return f"Access log of {head}"


def _rows(first, last):
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


def protect():
    """Take from the portal itself the right to change the log, on PostgreSQL.

    The migration did so; after a restore it is done again, since a dump holds no rights.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                f"REVOKE UPDATE, DELETE, TRUNCATE ON {Access._meta.db_table} FROM CURRENT_USER"
            )
