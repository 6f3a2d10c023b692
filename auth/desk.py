"""The operations: register, sign in, refresh, sign out, exchange an API key. No HTTP here."""

from dataclasses import dataclass
from uuid import UUID

from auth.api_keys import ApiKeys
from auth.attempts import Attempt, Attempts, Subject
from auth.audit import Audit
from auth.bodies import AccessToken, Tokens
from auth.caller import Caller
from auth.families import Families
from auth.passwords import Hashing
from auth.second_factor import SecondFactors
from auth.settings import Limits
from auth.tokens import Mint
from auth.users import User, Users
from service.failures import Refusal


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that an operation needs."""

    users: Users
    families: Families
    api_keys: ApiKeys
    attempts: Attempts
    audit: Audit
    second_factors: SecondFactors
    hashing: Hashing
    mint: Mint
    limits: Limits

    async def register(self, username: str, email: str, password: str, caller: Caller) -> UUID:
        """The id of a new user. Every registration counts against `caller`. Raises `Refusal`: 409
        where the name is taken, 429, 503."""
        attempt = await self.attempts.begin([caller.subject])
        try:
            hashed = await self.hashing.hash(password)
        except Refusal:
            await self.attempts.withdraw(attempt)
            raise
        await self.attempts.failed(attempt)
        user_id = await self.users.add(username, email, hashed)
        await self.audit.record("registered", user_id, caller)
        return user_id

    async def login(self, username: str, password: str, code: str | None, caller: Caller) -> Tokens:
        """Tokens for whoever has this name and password, and a code where the account has a second
        factor. An unknown name takes as long and answers the same as a wrong password. Raises
        `Refusal`: 401, 403 where suspended, 429, 503."""
        user = await self.proved(username, password, code, caller)
        if user.suspended:
            raise Refusal(403, "account-suspended", "this account is suspended")
        await self.audit.record("signed-in", user.id, caller)
        return await self.admit(user)

    async def admit(self, user: User) -> Tokens:
        """Tokens of a new session of `user`."""
        return self._tokens(user, await self.families.start(user.id))

    async def checked(self, username: str, password: str, caller: Caller) -> User:
        """Whoever has this name and password, tries counted. Raises `Refusal`: 401, 429, 503."""
        account = self._account(username)
        attempt = await self.attempts.begin([account, caller.subject])
        user = await self._matched(username, password, attempt, caller)
        await self.attempts.succeeded(attempt, account)
        return user

    async def proved(self, username: str, password: str, code: str | None, caller: Caller) -> User:
        """The same with the second factor, where the user has one: a wrong code is a failed try,
        and a right password forgives none. Raises `Refusal`: 401, 429, 503."""
        account = self._account(username)
        attempt = await self.attempts.begin([account, caller.subject])
        user = await self._matched(username, password, attempt, caller)
        match await self.second_factors.try_code(user.id, code):
            case "needed":
                await self.attempts.withdraw(attempt)
                raise Refusal(401, "second-factor-needed", "a code of the second factor is needed")
            case "wrong":
                await self.attempts.failed(attempt)
                await self.audit.record_failure(username, caller)
                raise Refusal(401, "invalid-credentials", "the code is wrong or used up")
            case "passed":
                await self.attempts.succeeded(attempt, account)
        return user

    def _account(self, username: str) -> Subject:
        return Subject.of("account", username.lower(), self.limits.per_account)

    async def _matched(
        self, username: str, password: str, attempt: Attempt, caller: Caller
    ) -> User:
        user = await self._found(username, password, attempt)
        if user is None:
            await self.audit.record_failure(username, caller)
            raise Refusal(401, "invalid-credentials", "the username or the password is wrong")
        return user

    async def refresh(self, token: str) -> Tokens:
        """New tokens for a refresh token, which is used up. Raises `Refusal` 401."""
        user, following = await self.families.rotate(token)
        return self._tokens(user, following)

    async def logout(self, token: str) -> None:
        """End the family of a refresh token; no error where there is none."""
        await self.families.end(token)

    async def exchange(self, api_key: str, caller: Caller) -> AccessToken:
        """An access token for an API key, narrowed to its scopes. Raises `Refusal` 401, 403."""
        user, scopes = await self.api_keys.use(api_key)
        token = self.mint.access_token(user, scopes)
        await self.audit.record("api-key-exchanged", user.id, caller)
        return AccessToken(access_token=token, expires_in=self.mint.seconds)

    async def _found(self, username: str, password: str, attempt: Attempt) -> User | None:
        try:
            found = await self.users.find(username)
            verdict = await self.hashing.verify(found[1] if found else None, password)
        except Refusal:
            await self.attempts.withdraw(attempt)
            raise
        if found is None or not verdict.fits:
            await self.attempts.failed(attempt)
            return None
        if verdict.new_hash is not None:
            await self.users.rehash(found[0].id, found[1], verdict.new_hash)
        return found[0]

    def _tokens(self, user: User, refresh_token: str) -> Tokens:
        return Tokens(
            access_token=self.mint.access_token(user),
            refresh_token=refresh_token,
            expires_in=self.mint.seconds,
        )
