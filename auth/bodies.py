"""What clients send and get, as JSON; unknown members are refused."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from auth.passwords import prepared


def _within_limit(password: SecretStr) -> SecretStr:
    prepared(password.get_secret_value())
    return password


Password = Annotated[SecretStr, AfterValidator(_within_limit)]
"""Any text of at most 1,024 bytes; never shown by `repr`, never cut off."""

NewPassword = Annotated[Password, Field(min_length=8)]
Token = Annotated[SecretStr, Field(min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{6,40}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=254)]
NewName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,64}$")]
EMAIL = r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}$"
Email = Annotated[str, StringConstraints(pattern=EMAIL)]
KeyName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,100}$")]
Role = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Registration(_Body):
    """Who somebody wants to be."""

    username: NewName
    password: NewPassword
    email: Email


class Registered(_Body):
    """Who somebody has become."""

    id: UUID
    username: str


class Credentials(_Body):
    """Who somebody says they are; `code` where the account has a second factor."""

    username: Name
    password: Password
    code: Code | None = None


class NewSecret(_Body):
    """A new password, and the one until now."""

    current_password: Password
    new_password: NewPassword


class ProfileChange(_Body):
    """What to change of a profile; another e-mail address needs the password."""

    username: NewName | None = None
    email: Email | None = None
    current_password: Password | None = None


class CurrentPassword(_Body):
    """The password, to be sure of who asks."""

    current_password: Password


class FactorRemoval(CurrentPassword):
    """The password, and a code of the second factor that is to go."""

    code: Code | None = None


class FactorCode(_Body):
    """A code of the secret that was enrolled."""

    code: Code


class Enrolment(BaseModel):
    """A secret for an app that makes one-time codes; `uri` is what its QR code says."""

    secret: str
    uri: str


class RecoveryCodes(BaseModel):
    """Codes for a lost device, each good once, shown this once."""

    recovery_codes: list[str]


class Address(_Body):
    """An e-mail address."""

    email: Email


class OneTimeToken(_Body):
    """The token of a letter."""

    token: Token


class Reset(OneTimeToken):
    """The token of a letter, and the new password."""

    password: NewPassword


class Profile(BaseModel):
    """A user as they see themselves."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    email: str
    email_verified: bool
    default_role: str
    allowed_roles: list[str]
    claims: dict[str, str]
    created_at: datetime


class RefreshToken(_Body):
    """A refresh token, to be used up or ended."""

    refresh_token: Token


class AccessToken(_Body):
    """A token for the engine's `Authorization: Bearer`; `expires_in` is in seconds."""

    access_token: str
    token_type: str = Field(default="Bearer")
    expires_in: int


class Tokens(AccessToken):
    """An access token, and a refresh token for the next one."""

    refresh_token: str


class NewKey(_Body):
    """An API key to make: `scopes` are roles of the user, all of them where left out."""

    name: KeyName
    scopes: Annotated[list[Role], Field(min_length=1, max_length=20)] | None = None
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] = 365


class Key(BaseModel):
    """An API key as its owner sees it again."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class CreatedKey(Key):
    """A new API key; `api_key` is its text, shown this once."""

    api_key: str


class KeyText(_Body):
    """The text of an API key, to be exchanged for an access token."""

    api_key: Token
