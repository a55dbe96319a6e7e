"""What the lab has to say on the first page of the demo."""

from datetime import timedelta

from portal.models import News

Level = News.Level

# Days before now that it begins, and after now that it ends (None: it stays).
ROWS = [
    {
        "title": "Your cases, from scan to guide",
        "level": Level.INFO,
        "pinned": True,
        "days": (30, None),
        "body": "Send a case with its CBCT and scans, and follow it here until it ships.\n\n"
        "- **Red** cases wait for you: open them to see what is missing.\n"
        "- **Yellow** cases may be ready for a [planning session](/help/#planning).\n"
        "- Everything you send is kept on the record, with every version of the RX.\n\n"
        "What each progress means is written in the [manual](/help/).",
    },
    {
        "title": "Carriers are slow in the north-east this week",
        "level": Level.WARNING,
        "pinned": False,
        "days": (2, 5),
        "body": "Storms delay **UPS and FedEx** by a day or two. If a surgery is near, write to "
        "us on the case and we send the guide *overnight*.",
    },
    {
        "title": "Neodent Helix GM and MegaGen AnyRidge sleeves are in stock",
        "level": Level.INFO,
        "pinned": False,
        "days": (12, None),
        "body": "Fully guided kits of both makers can now be chosen. Write **maker, system, "
        "diameter and length** for each site, such as `Neodent Helix GM 3.75 × 11.5 mm`.",
    },
    {
        "title": "Maintenance on Saturday night",
        "level": Level.WARNING,
        "pinned": False,
        "days": (26, -19),
        "body": "Uploads pause for about an hour and go on by themselves.",
    },
]


def publish(now):
    """Write the news, dated around `now`; one of them is over."""
    for row in ROWS:
        fields = dict(row)
        begun, ends = fields.pop("days")
        News.objects.create(
            **fields,
            starts_at=now - timedelta(days=begun),
            ends_at=None if ends is None else now + timedelta(days=ends),
        )
