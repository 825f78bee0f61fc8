"""Serves metrics as Prometheus text over HTTP at /metrics."""

from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from threading import Thread

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from patchstream.errors import PatchstreamError
from patchstream.trainer.service.metrics_place import MetricsPlace

_MOST_SILENCE_S = 5.0
"""A scraper asks one short question at a time; what asks slowly is none."""


@contextmanager
def serving_metrics(registry: CollectorRegistry, place: MetricsPlace) -> Generator[str]:
    """Serves to the end of the block; gives host:port. Raises UNAVAILABLE where it cannot listen."""

    class Answer(BaseHTTPRequestHandler):
        """One question."""

        timeout = _MOST_SILENCE_S

        def do_GET(self) -> None:
            """The metrics, or 404."""
            if self.path.split("?")[0] != "/metrics":
                self._end(404, b"", "text/plain")
            else:
                self._end(200, generate_latest(registry), CONTENT_TYPE_LATEST)

        def log_message(self, format: str, *args: object) -> None:
            """The service has a log of its own."""

        def _end(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    class Server(ThreadingHTTPServer):
        """On either kind of address."""

        address_family = AF_INET6 if ":" in place.host else AF_INET
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A connection that breaks is the scraper's loss."""

    host = f"[{place.host}]" if ":" in place.host else place.host
    try:
        server = Server((place.host, place.port), Answer)
    except OSError as error:
        facts = {"code": "UNAVAILABLE", "address": f"{host}:{place.port}", "reason": error.strerror or str(error)}
        raise PatchstreamError(facts, "Is the port taken? Port 0 takes a free one.") from error
    thread = Thread(target=server.serve_forever, name="patchstream metrics", daemon=True)
    thread.start()
    try:
        yield f"{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
