"""Which cases the demo has: the way each went, and how long ago its last step was."""

from dataclasses import dataclass

# A step and the working days it took since the one before it.
_MADE = "received:1 ready:1 book:1 held:2"
PATHS = {
    "missing": "received:1 missing:1",
    "missing at once": "missing:1",
    "no show": "received:1 ready:1 book:1 missed:3",
    "ready": "received:1 ready:1",
    "new": "",
    "new, uploading": "",
    "sent again": "received:1 missing:1 update:2",
    "received": "received:1",
    "revised": "received:1 update:1 received_again:1",
    "scheduled": "received:1 ready:1 book:1",
    "manufacturing": _MADE,
    "finished": f"{_MADE} finished:4",
    "shipped": f"{_MADE} finished:4 ship:1",
    "shipped, was missing": f"received:1 missing:1 update:2 {_MADE} finished:4 ship:1",
    "shipped, was missed": "received:1 ready:1 book:1 missed:2 book:1 held:2 finished:6 ship:1",
    "on hold": "received:1 ready:1 hold:3",
    "on hold, upload failed": "received:1 ready:1 hold:3",
    "cancelled": "received:1 cancel:2",
}
ARCHIVED = " archive:3"

# Of each practice: the working days since the last step, a case each.
PLANS = [
    {
        "new": [1, 2],
        "new, uploading": [1],
        "sent again": [1],
        "missing": [1, 3],
        "missing at once": [6],
        "no show": [1, 4],
        "ready": [1, 2, 5],
        "received": [1, 2],
        "revised": [1],
        "scheduled": [1, 2, 2],
        "manufacturing": [1, 2, 3],
        "finished": [1, 1],
        "shipped": [1, 4, 19, 41],
        "shipped, was missing": [8, 30],
        "shipped, was missed": [13],
        "on hold": [16],
        "on hold, upload failed": [5],
        "cancelled": [6, 35],
        "shipped archived": [36, 52, 70],
        "cancelled archived": [44],
    },
    {
        "new": [2],
        "missing": [2],
        "no show": [2],
        "ready": [1],
        "received": [1],
        "scheduled": [1],
        "manufacturing": [2],
        "finished": [1],
        "shipped": [6, 24],
        "shipped, was missing": [47],
        "on hold": [11],
    },
    {
        "new": [1],
        "missing": [4],
        "ready": [3],
        "received": [2],
        "scheduled": [2],
        "manufacturing": [1],
        "finished": [1],
        "shipped": [3, 28, 60],
        "cancelled": [20],
    },
]


@dataclass(frozen=True)
class Plan:
    """A case to be: `practice` is an index, `steps` are pairs of a name and days since before.

    `begins` and `rest` count working days before now: of the submit and of the last step.
    """

    practice: int
    path: str
    steps: list[tuple[str, int]]
    rest: int

    @property
    def begins(self):
        return self.rest + sum(days for _, days in self.steps)


def all_plans():
    """Every case of the demo, the earliest submitted first."""
    plans = [
        Plan(practice, path, _steps(path), rest)
        for practice, rests_of in enumerate(PLANS)
        for path, rests in rests_of.items()
        for rest in rests
    ]
    return sorted(plans, key=lambda plan: -plan.begins)


def _steps(path):
    plain = path.removesuffix(" archived")
    text = PATHS[plain] + (ARCHIVED if plain != path else "")
    pairs = (step.split(":") for step in text.split())
    return [(name, int(days)) for name, days in pairs]


MOST_DAYS = max(plan.begins for plan in all_plans())
