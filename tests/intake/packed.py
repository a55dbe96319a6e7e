"""Archives of files in memory: zip as it should be and as it comes, tar, 7z."""

import io
import struct
import tarfile
import tempfile
import zipfile
from pathlib import Path

import libarchive


def zipped(files, method=zipfile.ZIP_DEFLATED):
    """`files`: contents by name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return stream.getvalue()


def with_raw_names(packed, charset, names):
    """The same zip with its names, all of one length, in a charset that it does not declare."""
    for plain, name in names.items():
        raw = name.encode(charset)
        assert len(raw) == len(plain)
        packed = packed.replace(plain.encode(), raw)
    return packed


def locked(packed):
    """The same zip, whose every entry says that it is encrypted."""
    packed = bytearray(packed)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = packed.find(magic)
        while place >= 0:
            (flags,) = struct.unpack_from("<H", packed, place + at)
            struct.pack_into("<H", packed, place + at, flags | 1)
            place = packed.find(magic, place + 4)
    return bytes(packed)


def tarred(files, mode="gz"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w:{mode}") as archive:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return stream.getvalue()


def seven_zipped(files):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.7z"
        with libarchive.file_writer(str(path), "7zip") as archive:
            for name, body in files.items():
                archive.add_file_from_memory(name, len(body), body)
        return path.read_bytes()
