"""What was seen and what was asked for, of more names than should be kept in memory."""

import sqlite3


class Listing:
    """Names with a size, in a temporary file; those that were never looked up can be listed."""

    def __init__(self, names_and_sizes):
        # An empty file name: SQLite keeps it on the disk once it grows, and deletes it itself.
        self._rows = sqlite3.connect("")
        self._rows.execute(
            "CREATE TABLE seen (name TEXT PRIMARY KEY, size INTEGER, asked INTEGER DEFAULT 0)"
            " WITHOUT ROWID"
        )
        self._rows.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, 0)", names_and_sizes)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self._rows.close()

    def __len__(self):
        return self._rows.execute("SELECT count(*) FROM seen").fetchone()[0]

    def look_up(self, name):
        """The size of a name, or None when it was not seen."""
        self._rows.execute("UPDATE seen SET asked = 1 WHERE name = ?", [name])
        row = self._rows.execute("SELECT size FROM seen WHERE name = ?", [name]).fetchone()
        return row and row[0]

    def never_asked(self):
        """The names that nobody looked up."""
        for (name,) in self._rows.execute("SELECT name FROM seen WHERE NOT asked ORDER BY name"):
            yield name
