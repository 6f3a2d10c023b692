"""The tables of the reference application: one module, and one Postgres schema, a domain.

Models are what Alembic compares the database with; triggers and functions stand in migrations only.
"""

from db.models.agenda import AGENDA, Event
from db.models.base import Base
from db.models.clinic import CLINIC, Appointment, Specialism, Therapist, TherapistSpecialism
from db.models.gallery import GALLERY, Image, Share
from db.models.identity import (
    IDENTITY,
    ApiKey,
    Attempt,
    AuditEntry,
    LinkedIdentity,
    OneTimeToken,
    Password,
    ProviderSignIn,
    RecoveryCode,
    RefreshToken,
    SecondFactor,
    User,
)
from db.models.reports import REPORTS, Draft
from db.models.shelter import (
    SHELTER,
    Animal,
    DeletedObject,
    Photo,
    Store,
    Upload,
)

__all__ = [
    "AGENDA",
    "CLINIC",
    "GALLERY",
    "IDENTITY",
    "REPORTS",
    "SHELTER",
    "Animal",
    "ApiKey",
    "Appointment",
    "Attempt",
    "AuditEntry",
    "Base",
    "DeletedObject",
    "Draft",
    "Event",
    "Image",
    "LinkedIdentity",
    "OneTimeToken",
    "Password",
    "Photo",
    "ProviderSignIn",
    "RecoveryCode",
    "RefreshToken",
    "SecondFactor",
    "Share",
    "Specialism",
    "Store",
    "Therapist",
    "TherapistSpecialism",
    "Upload",
    "User",
]
