"""What is true of cases: rows, and what the database refuses."""

from cases.models.case import (
    DESCRIPTION_LIMIT,
    IMPLANT_LIMIT,
    SIGNATURE_LIMIT,
    Case,
    CaseEvent,
    CaseNumber,
    CaseQuerySet,
    EmergencyGrant,
    sees_all_cases,
)
from cases.models.conversation import Draft, Message, MissingItem
from cases.models.files import Attachment, Prescription, RemovedFile, object_key
from cases.models.materials import MATERIAL_LIMIT, Material
from cases.models.readings import FileReading
from cases.progress import Progress

__all__ = [
    "DESCRIPTION_LIMIT",
    "IMPLANT_LIMIT",
    "MATERIAL_LIMIT",
    "SIGNATURE_LIMIT",
    "Attachment",
    "Case",
    "CaseEvent",
    "CaseNumber",
    "CaseQuerySet",
    "Draft",
    "EmergencyGrant",
    "FileReading",
    "Material",
    "Message",
    "MissingItem",
    "Prescription",
    "Progress",
    "RemovedFile",
    "object_key",
    "sees_all_cases",
]
