"""A copy of the project in a temporary folder, with the planted files among its own."""

import shutil
import subprocess
from pathlib import Path

from audit.outcome import BASE_DIR, NotRun


def listed():
    """The paths, relative, of all files that are in git or would be with the next commit."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=BASE_DIR, capture_output=True, check=True)
    names = [name for name in done.stdout.decode().split("\0") if name]
    return sorted(name for name in names if (BASE_DIR / name).is_file())


def copy(folder, planted):
    """Copy the project to `folder` and write `planted`, {path: text}, into it."""
    for name in listed():
        target = Path(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(BASE_DIR / name, target)
    for name, text in planted.items():
        target = Path(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def files_below(folder):
    """The paths, relative, of what `copy` wrote into a folder."""
    for path in sorted(Path(folder).rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith("var/"):
            yield name


def patch(folder, changes):
    """Replace texts in files of a copy; `changes` is {path: (text, its replacement)}."""
    for name, (before, after) in changes.items():
        path = Path(folder, name)
        text = path.read_text()
        if before not in text:
            raise NotRun(f"{name} has no “{before}” any more: mend audit/planted.py.")
        path.write_text(text.replace(before, after, 1))
