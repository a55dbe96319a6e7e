"""Files as dentists send them, made on the spot."""

import hashlib
import os
import struct
from pathlib import Path

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

MEGABYTE = 1024**2


def surface_scan(path: Path) -> Path:
    """Write a binary STL of one tetrahedron."""
    corners = [(0.0, 0.0, 0.0), (9.0, 0.0, 0.0), (0.0, 9.0, 0.0), (0.0, 0.0, 9.0)]
    faces = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    body = b"".join(
        struct.pack("<12fH", 0, 0, 0, *(x for corner in face for x in corners[corner]), 0)
        for face in faces
    )
    path.write_bytes(b"made for a test".ljust(80, b"\0") + struct.pack("<I", len(faces)) + body)
    return path


def ct_slice(path: Path) -> Path:
    """Write a DICOM file with one CT slice of 32 × 32 pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    slice_ = pydicom.Dataset()
    slice_.file_meta = meta
    slice_.SOPClassUID = CTImageStorage
    slice_.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    slice_.Modality = "CT"
    slice_.Rows = slice_.Columns = 32
    slice_.BitsAllocated = slice_.BitsStored = 16
    slice_.HighBit = 15
    slice_.PixelRepresentation = 1
    slice_.SamplesPerPixel = 1
    slice_.PhotometricInterpretation = "MONOCHROME2"
    slice_.PixelData = os.urandom(2 * 32 * 32)
    slice_.save_as(path, enforce_file_format=True)
    return path


def noise(path: Path, megabytes: int) -> Path:
    """Write `megabytes` that no two places of a file have in common."""
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(MEGABYTE))
    return path


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
