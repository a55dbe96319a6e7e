"""Write the corpora into a folder: `python -m tests.corpus [FOLDER]`, by default var/corpus."""

import json
import sys
from pathlib import Path

from tests.corpus import files, headers, names, queries, strings

TEXTS = {
    "names": names.names,
    "metadata": names.metadata,
    "strings": strings.strings,
    "numbers": strings.numbers,
    "dates": strings.dates,
    "queries": queries.queries,
    "headers": headers.headers,
}


def write(folder: Path) -> None:
    """Each hostile file by its name, and each list of texts as JSON."""
    kept = folder / "files"
    kept.mkdir(parents=True, exist_ok=True)
    for hostile in files.files():
        (kept / f"{hostile.label}.bin").write_bytes(hostile.body)
    for name, make in TEXTS.items():
        # Lone surrogates are written as escapes, which every reader of JSON takes.
        (folder / f"{name}.json").write_text(json.dumps(list(make()), indent=1) + "\n")


if __name__ == "__main__":
    folder = Path(sys.argv[1] if sys.argv[1:] else "var/corpus")
    write(folder)
    sys.stdout.write(f"The corpora are in {folder}.\n")
