"""How far a long command is, said on a terminal and nowhere else."""

import time

EVERY_SECONDS = 0.2


class ProgressBar:
    """Counts files and bytes on one line of a terminal; silent into a file or a pipe."""

    def __init__(self, stream, doing):
        self._stream, self._doing = stream, doing
        self._shows = stream.isatty()
        self._said_at = 0.0
        self.files = self.bytes = 0

    def step(self, size=0):
        """One more file, of `size` bytes, is done."""
        self.files += 1
        self.bytes += size
        if self._shows and time.monotonic() - self._said_at > EVERY_SECONDS:
            self._say()

    def end(self):
        """Leave the line as it stands and go to the next one."""
        if self._shows and self.files:
            self._say()
            self._stream.write("\n")

    def _say(self):
        self._said_at = time.monotonic()
        line = f"{self._doing}: {self.files:,} files, {self.bytes / 1e6:,.0f} MB"
        self._stream.write(f"\r{line:<60}")
        self._stream.flush()
