"""One target under atheris: `python -m tests.fuzz.one TARGET [LIBFUZZER-OPTION…]`."""

import os
import sys

import atheris

# What grows the inputs is which lines of these they reach.
with atheris.instrument_imports(include=["cases", "portal.writing.text"]):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
