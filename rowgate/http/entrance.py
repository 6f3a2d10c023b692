"""What every route shares: settings, gate, origins, refusals, the log and its line a request."""

from dataclasses import dataclass

from rowgate.base.json import Json
from rowgate.base.observation import REQUEST_ID, Level, Log
from rowgate.http.exchange import Refusals, Scope
from rowgate.http.origins import Origins
from rowgate.http.session import Gate
from rowgate.settings import Settings


@dataclass(frozen=True, slots=True)
class Entrance:
    """The parts between the wire and the work."""

    settings: Settings
    gate: Gate
    origins: Origins
    refusals: Refusals
    log: Log

    @classmethod
    def build(cls, settings: Settings, log: Log) -> "Entrance":
        """As the settings say; raises `SettingsError` where they cannot be kept."""
        gate, origins = Gate(settings, log), Origins.read(settings)
        return cls(settings, gate, origins, Refusals(settings, log), log)

    def tell(self, scope: Scope, status: int, size: int, seconds: float) -> None:
        """Log a request: its status, the bytes of its answer, its duration. No query string, no
        header and no session variable, since each may hold a secret."""
        client = scope.get("client")
        info: Json = {
            "status": status,
            "http_version": scope.get("http_version"),
            "url": scope["path"],
            "ip": client[0] if client else None,
            "method": scope["method"],
        }
        detail: Json = {
            "request_id": REQUEST_ID.get(),
            "operation": {"query_execution_time": seconds, "response_size": size},
            "http_info": info,
        }
        self.log.write("http-log", detail, Level.ERROR if status >= 500 else Level.INFO)
