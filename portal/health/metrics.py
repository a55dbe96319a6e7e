"""How the work stands, for Prometheus.

The figures come from the database and the broker at the moment of asking, not from counters in
the memory of a process: so any number of processes and hosts tells the same.
"""

from prometheus_client import CollectorRegistry, Gauge, generate_latest


def exposition(status):
    """The facts of a portal.health.status.Status as the text that Prometheus reads, in bytes."""
    registry = CollectorRegistry()

    def gauge(name, told, labels=()):
        return Gauge(f"guidepost_{name}", told, labels, registry=registry)

    rows = gauge("work_rows", "Rows whose work is not done.", ["kind", "state"])
    waits = gauge("work_waiting_rows", "Rows that wait for a server.", ["kind", "waits_for"])
    oldest = gauge("work_oldest_seconds", "Age of the oldest such row.", ["kind", "state"])
    for kind in status.kinds:
        rows.labels(kind.name, "unfinished").set(kind.unfinished)
        rows.labels(kind.name, "arriving").set(kind.arriving)
        rows.labels(kind.name, "failed").set(kind.failed)
        oldest.labels(kind.name, "unfinished").set(_age(status, kind.oldest))
        oldest.labels(kind.name, "failed").set(_age(status, kind.failed_since))
        for name, number in kind.waits_for.items():
            waits.labels(kind.name, name).set(number)
    hits = gauge("limit_hits", "How often people came up to a limit.", ["limit"])
    for hit in status.limits:
        hits.labels(hit.name).set(hit.hits)
    gauge("broker_up", "1 while the broker answers.").set(not status.broker_away)
    queues = gauge("queue_messages", "Messages that wait in a queue.", ["queue"])
    for name, number in status.queues.items():
        queues.labels(name).set(number)
    heard = gauge("host_heard_seconds", "Since a host's worker was heard from.", ["host"])
    for host in status.hosts:
        heard.labels(host.name).set(_age(status, host.at))
    free = gauge("staging_free_bytes", "Free for arriving files.", ["host"])
    free.labels(status.host).set(status.staging_free)
    return generate_latest(registry)


def _age(status, since):
    return max((status.now - since).total_seconds(), 0) if since else 0
