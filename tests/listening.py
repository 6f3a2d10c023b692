"""A service on loopback that notes what it is sent and answers what it is told."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Heard:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes


@dataclass
class Service:
    """What was heard, and what is answered next; `answer` makes a body of a request."""

    heard: list[Heard] = field(default_factory=list)
    status: int = 200
    answer: Callable[[Heard], bytes] = lambda _: b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    address: str = ""


@contextmanager
def listening() -> Iterator[Service]:
    """A service for the block, in a thread of its own."""
    made = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.command, self.path, headers, content)
            service.heard.append(heard)
            time.sleep(service.delay)
            body = service.answer(heard)
            self.send_response(service.status)
            for name, value in service.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def do_PUT(self) -> None:
            self._respond()

        def log_message(self, *_: object) -> None:
            return

    return Handler
