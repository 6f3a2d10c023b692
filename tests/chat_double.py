"""A server that speaks as OpenAI's chat API does, and stalls and breaks where it is asked to."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass
class Chat:
    """Where it answers, and what it was asked. What the findings say decides how it answers:
    `stall`, `break`, `garbage`, `status`, `endless`, `silent`; anything else is drafted."""

    url: str
    asked: list[Json] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def served_chat(key: str) -> Iterator[Chat]:
    """Serve it on a free port until the end of the block."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    chat = Chat(f"http://127.0.0.1:{server.server_port}")
    server.chat, server.key = chat, key  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield chat
    finally:
        chat.released.set()
        server.shutdown()
        server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        chat: Chat = self.server.chat  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        chat.asked.append(body)
        wanted = body["messages"][-1]["content"]
        key: str = self.server.key  # type: ignore[attr-defined]
        is_known = self.headers["authorization"] == f"Bearer {key}"
        if self.path != "/v1/chat/completions" or not is_known or wanted == "status":
            self.send_response(401)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            self._answer(wanted, chat)
        except OSError:
            return

    def _answer(self, wanted: str, chat: Chat) -> None:
        match wanted:
            case "garbage":
                self._event("{ not json")
            case "silent":
                self._event("[DONE]")
            case "stall":
                self._words("Begun")
                chat.released.wait(30)
            case "endless":
                while not chat.released.is_set():
                    self._words("more " * 1000)
            case "break":
                self._words("Begun")
            case _:
                for word in ("Report: ", wanted, "."):
                    self._words(word)
                self._event("[DONE]")

    def _words(self, text: str) -> None:
        self._event(json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}))

    def _event(self, data: str) -> None:
        self.wfile.write(f"data: {data}\n\n".encode())
        self.wfile.flush()
