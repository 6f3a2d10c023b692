"""Who is asking: a role and its session variables, as authentication left them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Session:
    """A role and its session variables (`x-hasura-*`, lower case, text values).

    `backend_only` is true where the request carried the admin secret, a role and
    `x-hasura-use-backend-only-permissions: true`. `expires_at` is the token's end as Unix seconds.
    """

    role: str
    variables: Mapping[str, str] = field(default_factory=dict)
    backend_only: bool = False
    expires_at: float | None = None
    by_secret: bool = False

    @property
    def is_admin(self) -> bool:
        """Whether every permission is bypassed."""
        return self.role == ADMIN
