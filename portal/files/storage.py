"""What a folder and a bucket have in common as the storage of files.

Whatever a storage refuses arrives as an OSError, and as its subclass StorageUnavailable when it
cannot be reached or is out of order, so that asking again later makes sense.
"""

import hashlib
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.http import HttpResponseRedirect
from django.utils.http import content_disposition_header

BINARY = "application/octet-stream"
BLOCK = 1024**2
LINK_SECONDS = 60
LINKS = "portal.storage: links to files"


class StorageUnavailable(OSError):
    """The storage cannot be reached, or answers that it cannot work now."""


def nothing(*_):
    """Called where nobody wants to know how far a transfer is."""


class Stored:
    """What Disk and Bucket add to Django's storages; each has in its own way:

    `blocks(key)`: the bytes of an object, in blocks of 1 MiB at most.
    `objects()`: key, bytes and time (aware) of every object, in no order.
    `store(path, key, progress)`: put a file there, replacing what an earlier try left.
    `store_copy(path, key, progress)`: the same, and the object is never one file with the other.
    `write(key, body)`: the same for bytes that are small enough for memory.
    `delete(key)`: remove an object; one that is not there is no error.
    `download(key, name)`: answer a request with an object as an attachment called `name`.
    `abort_old_uploads(now)`: abort uploads that broke off a day ago; returns how many.
    `is_open_to_strangers(key)`: whether the object can be read by whoever knows its address.

    All raise OSError. `progress` is called without arguments now and then.
    """

    def check(self):
        """Raise OSError unless the storage answers."""
        self.stored_size("check")

    def stored_size(self, key):
        """The bytes of a stored object, or None when there is none. Raises OSError."""
        try:
            return self.size(key)
        except FileNotFoundError:
            return None

    def stored_digest(self, key, progress=nothing):
        """The SHA-256 of a stored object, in lower-case hex. Raises OSError."""
        sha256 = hashlib.sha256()
        for block in self.blocks(key):
            sha256.update(block)
            progress()
        return sha256.hexdigest()


def by_link(address):
    """Send a browser to the bytes of a file, by a link that nobody keeps."""
    return HttpResponseRedirect(address, headers={"Cache-Control": "private, no-store"})


def link_to(key):
    """A link to FILES_URL, which is good for a minute."""
    return f"{settings.FILES_URL}/{signing.dumps(key, salt=LINKS)}"


def key_of_link(token):
    """The key that a link to FILES_URL names; of no more, as addresses get into logs.

    Raises signing.BadSignature, or its subclass SignatureExpired after a minute.
    """
    return signing.loads(token, salt=LINKS, max_age=LINK_SECONDS)


def attachment_header(name):
    """The Content-Disposition with which a browser saves a file under just this name."""
    if "%" in name:
        # Django writes it as it is, and Chrome reads an escape in it.
        return f"attachment; filename*=utf-8''{quote(name, safe='')}"
    return content_disposition_header(True, name)
