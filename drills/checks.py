"""What a proof says: a line a check, and at the end `N passed, N failed`."""


class Checks:
    """Counts what passed and what failed, and says it at once."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, sentence, *details):
        """A line for a check, and one for each detail of what is wrong."""
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        words = f"{'ok    ' if good else 'FAILED'} {sentence}"
        print(words, *details, sep="\n       ", flush=True)

    def end(self) -> int:
        """Say how many passed and failed; the exit status."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
