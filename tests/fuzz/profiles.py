"""How many examples are drawn: a few, the same each time, or in `make proof` many others."""

import os

from hypothesis import HealthCheck, Phase, settings

PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
# The rows of a test stay between its examples, each of which undoes what it wrote.
_COMMON = {
    "deadline": None,
    "database": None,
    "phases": PHASES,
    "suppress_health_check": list(HealthCheck),
}
WHOLE = "PROOF" in os.environ


def examples(few=100, many=10_000):
    return settings(max_examples=many if WHOLE else few, derandomize=not WHOLE, **_COMMON)
