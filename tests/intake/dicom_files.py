"""DICOM as CBCT machines and their programs write it, small: a slice has 16 × 16 points."""

import base64
import io
import zlib

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

CT, ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"
DX, INTRAORAL = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.3"
PDF_INSIDE, STL_INSIDE = "1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.104.3"
REPORT, PLAN = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.481.5"
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG_BASELINE, RLE = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.5"
SIDE = 16
AXIAL = [1, 0, 0, 0, 1, 0]


def dataset(sop=CT, modality="CT", **values):
    """An object without pixels; values are named as in DICOM, and None takes one out."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = sop, generate_uid()
    made.Modality, made.Manufacturer, made.ManufacturerModelName = modality, "Planmeca", "ProMax 3D"
    made.StudyDate, made.PatientName, made.PatientBirthDate = "20261103", "Roe^Jane", "19700101"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    for name, value in values.items():
        if value is None:
            delattr(made, name)
        else:
            setattr(made, name, value)
    return made


def image(sop=CT, modality="CT", rows=SIDE, columns=SIDE, frames=1, **values):
    made = dataset(sop, modality, **values)
    made.Rows, made.Columns, made.SamplesPerPixel = rows, columns, 1
    made.PhotometricInterpretation, made.PixelRepresentation = "MONOCHROME2", 0
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit = 15
    if frames > 1:
        made.NumberOfFrames = frames
    made.PixelData = bytes(2 * rows * columns * frames)
    return made


def slices(count, voxel=0.3, start=-20.0, skip=(), twice=(), orientation=AXIAL, **values):
    """Axial slices from below, `skip` and `twice` by number."""
    made = []
    for number in range(count):
        if number in skip:
            continue
        for _ in range(1 + (number in twice)):
            place = {
                "ImagePositionPatient": [-24, -24, round(start + number * voxel, 4)],
                "ImageOrientationPatient": orientation,
                "PixelSpacing": [voxel, voxel],
                "SliceThickness": voxel,
                "InstanceNumber": number + 1,
            }
            made.append(image(**place | values))
    return made


def enhanced(count, voxel=0.4, is_falling=False, **values):
    """All slices in one object, whose places stand in its functional groups."""
    made = image(ENHANCED_CT, frames=count, **values)
    measures, plane, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [voxel, voxel], voxel
    plane.ImageOrientationPatient = AXIAL
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    made.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for number in range(count):
        place, frame = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, (-number if is_falling else number) * voxel]
        frame.PlanePositionSequence = [place]
        frames.append(frame)
    made.PerFrameFunctionalGroupsSequence = frames
    return made


def written(made, syntax=ExplicitVRLittleEndian, has_preamble=True, has_meta=True):
    """The bytes of a file; without a preamble and without a meta group as old programs write it."""
    stream = io.BytesIO()
    if not has_meta:
        implicit = syntax == ImplicitVRLittleEndian
        dcmwrite(stream, made, implicit_vr=implicit, little_endian=True, enforce_file_format=False)
        return stream.getvalue()
    if UID(syntax).is_encapsulated and "PixelData" in made:
        made.PixelData = encapsulate([b"\xff\xd8" + bytes(30)] * int(made.get("NumberOfFrames", 1)))
        made["PixelData"].VR = "OB"
        made["PixelData"].is_undefined_length = True
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = UID(syntax)
    dcmwrite(stream, made, enforce_file_format=True)
    return stream.getvalue() if has_preamble else stream.getvalue()[132:]


def invivo(patient, birth, study, maker, sizes, voxel):
    """A CBCT as Anatomage Invivo keeps it, without its volume."""

    def packed(text):
        raw = text.encode()
        return base64.b64encode(len(raw).to_bytes(4, "little") + raw).decode()

    def secret(element, text):
        plain = text.encode("ascii", "replace").decode()
        return (
            f'<{element} Format="binary" BinaryValue="{packed(text)}" Value="{plain}"></{element}>'
        )

    return (
        "<INVFile version='2.0' byteOrder='LittleEndian'>\n<CaseInfo><IdentifyInfo>"
        f'<ImageDate ElementID="35" Value="{study}"></ImageDate>'
        f'<Modality ElementID="96" Value="CT"></Modality><Manufacture Value="{maker}">'
        f"</Manufacture></IdentifyInfo><Patient>{secret('PatientName', patient)}"
        f"{secret('PatientBirthDay', birth)}</Patient></CaseInfo>\n<Volume Source='Appended' "
        f"ScalarType='Int16' Dimensions='{' '.join(map(str, sizes))}' NumComp='1' "
        f"Spacing='{voxel} {voxel} {voxel}' Origin='0 0 0' />\n<AppendedData encoding='raw'>   _"
    ).encode() + bytes(range(256))


def deflated_bomb(size):
    """A deflated object that unpacks to so many more bytes than it has."""
    whole = written(dataset(), DEFLATED)
    # The length of the meta group, its first value, counts from behind itself.
    begins = 144 + int.from_bytes(whole[140:144], "little")
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    body = zlib.decompress(whole[begins:], -15)
    return whole[:begins] + packer.compress(body) + packer.compress(bytes(size)) + packer.flush()
