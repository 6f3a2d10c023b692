"""Access tokens: JWTs with Hasura's claims, signed by the newest active key."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import jwt

from auth.keys import KeyRing
from auth.users import User
from service.failures import Refusal

HASURA = "https://hasura.io/jwt/claims"
_ALGORITHM = "RS256"
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti"]


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token it was; `by_api_key` where an API key was exchanged for it."""

    user_id: UUID
    by_api_key: bool


@dataclass(frozen=True, slots=True)
class Mint:
    """Makes and reads access tokens of one issuer, good for `seconds`."""

    keys: KeyRing
    issuer: str
    audience: str
    seconds: int

    def access_token(self, user: User, scopes: Sequence[str] | None = None) -> str:
        """A signed token for `user`. `scopes`, of an API key, narrow the roles down; raises
        `Refusal` 403 where none of them is left to the user."""
        roles = [role for role in user.allowed_roles if scopes is None or role in scopes]
        if not roles:
            raise Refusal(403, "no-role", "none of the key's scopes is granted any more")
        key = self.keys.signing()
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(user.id),
            "iat": now,
            "exp": now + self.seconds,
            "jti": str(uuid4()),
            "amr": ["pwd" if scopes is None else "api_key"],
            HASURA: {
                **user.claims,
                "x-hasura-allowed-roles": roles,
                "x-hasura-default-role": user.default_role
                if user.default_role in roles
                else roles[0],
                "x-hasura-user-id": str(user.id),
            },
        }
        return jwt.encode(claims, key.private, algorithm=_ALGORITHM, headers={"kid": key.kid})

    def read(self, token: str) -> Bearer:
        """Who bears `token`. Raises `Refusal` 401 where it is not ours or not good any more."""
        try:
            key = self.keys.by_id(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise jwt.InvalidKeyError
            claims = jwt.decode(
                token,
                key.private.public_key(),
                algorithms=[_ALGORITHM],
                issuer=self.issuer,
                audience=self.audience,
                options={"require": _REQUIRED},
            )
            return Bearer(UUID(claims["sub"]), claims.get("amr") == ["api_key"])
        except (jwt.PyJWTError, ValueError) as error:
            raise Refusal(
                401,
                "invalid-token",
                "the access token is not valid",
                {"www-authenticate": "Bearer"},
            ) from error
