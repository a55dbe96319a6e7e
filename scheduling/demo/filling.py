"""Fills an empty installation with the demo."""

import random
from datetime import timedelta

from django.db import transaction

from cases.models import Attachment
from cases.tasks import store_attachment
from portal.celery import left_to_the_sweep
from scheduling import opening
from scheduling.demo import news, patients, people
from scheduling.demo.diary import Diary
from scheduling.demo.plans import MOST_DAYS, all_plans
from scheduling.demo.stories import Story
from scheduling.demo.treatments import SYSTEMS, TREATMENTS

SEED = 1
PAST_WEEKS = 20


def fill(now, say):
    """Write the whole demo as if the months before `now` had happened.

    All rows come in one transaction, so that a start that is interrupted begins anew. `say` is
    given a line of text at each stage. RX scripts are left to the worker.
    """
    rng = random.Random(SEED)
    with transaction.atomic(), left_to_the_sweep():
        practices, lab_user = people.move_in(now)
        news.publish(now)
        begin = now - timedelta(weeks=PAST_WEEKS)
        blocks = opening.open_blocks(begin, PAST_WEEKS + opening.WEEKS)
        say(f"{len(practices)} practices, {len(people.PLANNERS)} planners, {blocks} blocks")
        diary = Diary(now, rng, MOST_DAYS)
        cases = [story.tell() for story in _stories(diary, practices, lab_user)]
        diary.send_the_latest()
        say(f"{len(cases)} cases with their timelines, messages and planning sessions")
    say(f"{_store(cases)} files stored")


def _stories(diary, practices, lab_user):
    names = [iter(_shuffled(diary.rng, names)) for names in patients.NAMES]
    treatments = iter(
        _shuffled(diary.rng, TREATMENTS)
        + _shuffled(diary.rng, [treatment.mirrored() for treatment in TREATMENTS])
        + _shuffled(diary.rng, TREATMENTS)
    )
    for plan in all_plans():
        yield Story(
            diary,
            plan,
            practices[plan.practice],
            lab_user,
            next(names[plan.practice]),
            next(treatments),
            diary.rng.choice(SYSTEMS),
        )


def _shuffled(rng, rows):
    return rng.sample(rows, len(rows))


def _store(cases):
    """Do at once what a worker does with each file that has arrived; returns how many."""
    arrived = Attachment.objects.filter(case__in=cases, state=Attachment.State.RECEIVED)
    keys = list(arrived.values_list("pk", flat=True))
    for pk in keys:
        store_attachment(pk)
    return len(keys)
