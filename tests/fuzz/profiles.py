"""How many examples are drawn: FUZZ=ci (the same each time) or FUZZ=long (`make proof`, others)."""

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
EXAMPLES = {"ci": 1000, "long": 10_000}
FUZZ = os.environ.get("FUZZ", "ci")


def examples(share=1):
    """Settings for this share of the examples of the profile."""
    return settings(
        max_examples=max(EXAMPLES[FUZZ] // share, 1), derandomize=FUZZ == "ci", **_COMMON
    )
