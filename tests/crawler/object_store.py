"""A real S3 server on loopback (moto's), which can be made to refuse what is written to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
BUCKET = "news"


class ObjectServer:
    """One bucket, ``news``. ``refuses`` says of (method, path) whether it is answered with 403."""

    def __init__(self) -> None:
        self.refuses: Callable[[str, str], bool] = lambda method, path: False
        self.asked: list[tuple[str, str]] = []
        """Method and path of every request, in order."""
        self._backend = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def uri(self, prefix: str, bucket: str = BUCKET) -> str:
        """Return a DATASETS_URI on this server."""
        return f"s3://{bucket}/{prefix}?endpoint_override=127.0.0.1:{self._server.port}&scheme=http&region=us-east-1"

    def close(self) -> None:
        """Stop: from now on nobody answers."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.asked.append((method, path))
        if self.refuses(method, path):
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"]
        answer: Iterable[bytes] = self._backend(environ, start_response)
        return answer
