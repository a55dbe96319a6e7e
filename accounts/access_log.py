"""The access log: rows are added here and nowhere else, and can be checked.

A row is written with one insert, so that no page waits for another. A moment later it is linked:
its link holds the digest of the row before it, so that none can be changed, removed or put in
between without a trace; one chain for each practice, and one for what belongs to no practice.
The newest link of each chain stands in a small table of its own, so that a chain cannot be cut off
at its end either. Who may write to all three tables can still forge them: what
`manage.py verify_access_log` prints, kept elsewhere, shows that too.
"""

import ipaddress
from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import connection, transaction
from django.db.models import Max

from accounts import chaining
from accounts.models import Access, AccessChain, AccessLink

NO_PRACTICE = 0
BATCH = 2000
# How long a transaction may be open that has written a row, and clocks be apart, at most.
LATE = timedelta(hours=1)


def write(*, what, action, result, **about):
    """Add a row and return it; `about` are its further fields."""
    return Access.objects.create(what=what, action=action, result=result, **about)


def link():
    """Chain the rows that are not chained yet, in the order of their keys.

    One that is committed late, with a lower key than others, comes after those. It may run twice
    at the same time, and end at any moment.
    """
    while _link_some(Access.objects.all()) == BATCH:
        pass


def link_newest():
    """As `link`, without looking through the whole log: from shortly before the last linked row."""
    last = AccessLink.objects.select_related("row").order_by("-pk").first()
    rows = Access.objects.filter(at__gte=last.row.at - LATE) if last else Access.objects.all()
    while _link_some(rows) == BATCH:
        pass


@transaction.atomic
def _link_some(rows):
    # Who else links waits here until the end, and then sees what is linked.
    AccessChain.objects.bulk_create([AccessChain(chain=NO_PRACTICE)], ignore_conflicts=True)
    AccessChain.objects.select_for_update().get(pk=NO_PRACTICE)
    found = list(rows.filter(link=None).order_by("pk")[:BATCH])
    chains = [row.practice_id or NO_PRACTICE for row in found]
    heads = {chain: _head(chain) for chain in set(chains)}
    links = [_after(heads[chain], row) for chain, row in zip(chains, found, strict=True)]
    AccessLink.objects.bulk_create(links)
    AccessChain.objects.bulk_create(
        heads.values(),
        update_conflicts=True,
        unique_fields=["chain"],
        update_fields=["position", "digest"],
    )
    return len(found)


def _head(chain):
    head = AccessChain.objects.filter(pk=chain).first() or AccessChain(chain=chain)
    # Links beyond the head somebody has put in, or they have taken the head away: the next one
    # comes after them and does not follow them, so that it shows for good.
    links = AccessLink.objects.filter(chain=chain, position__gt=head.position)
    head.position = links.aggregate(newest=Max("position"))["newest"] or head.position
    return head


def _after(head, row):
    head.position += 1
    link = AccessLink(row=row, chain=head.chain, position=head.position, previous=head.digest)
    link.digest = head.digest = link.computed_digest()
    return link


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

    May run while rows are being added: those that are linked are checked.
    """
    known = set(AccessChain.objects.values_list("chain", flat=True))
    chains = known | set(AccessLink.objects.order_by().values_list("chain", flat=True).distinct())
    for chain in sorted(chains):
        yield from _problems_of(chain)


def _problems_of(chain):
    links = AccessLink.objects.filter(chain=chain).order_by("position")
    # In this order: a link and the head that names it are written together.
    newest = links.aggregate(newest=Max("position"))["newest"] or 0
    head = AccessChain.objects.filter(pk=chain).first() or AccessChain(chain=chain)
    if newest > head.position:
        yield f"{_named(head)}: after row {head.position}, the last one, come rows to {newest}."
    last = AccessLink(position=0, digest=chaining.BEGINNING)
    there = links.filter(position__lte=head.position).select_related("row")
    for link in there.iterator(chunk_size=BATCH):
        yield from (f"{_named(head)}: {problem}" for problem in _problems_between(last, link))
        last = link
    if last.position < head.position:
        yield f"{_named(head)}: {_rows(last.position + 1, head.position)} missing, at its end."
    elif last.digest != head.digest:
        yield (
            f"{_named(head)}: row {last.position}, the last one, is not the one that was "
            "written last."
        )


def _problems_between(last, link):
    row, number = link.row, link.position
    if number != last.position + 1:
        yield f"{_rows(last.position + 1, number - 1)} missing."
    elif link.previous != last.digest:
        yield f"row {number} does not follow the row before it."
    if link.digest != link.computed_digest() or link.chain != (row.practice_id or NO_PRACTICE):
        yield f"row {number} is not what was written."
    elif last.position and row.at < last.row.at - LATE:
        yield f"row {number} claims a time long before that of the row before it."


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
            for model in (Access, AccessLink):
                cursor.execute(
                    f"REVOKE UPDATE, DELETE, TRUNCATE ON {model._meta.db_table} FROM CURRENT_USER"
                )
