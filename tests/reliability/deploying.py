"""Uploading a model to a server process, with the standard library alone."""

from __future__ import annotations

from http.client import HTTPConnection

from tests.reliability.servers import Connection

BOUNDARY = "lichtung-test-boundary"


def deploy(port: int, content: bytes) -> None:
    """Upload one BPMN file as the owner of procedures."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="m.bpmn"\r\n\r\n'.encode()
    body = head + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    http = HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Authorization": Connection(port, "owner").headers["Authorization"],
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    http.request("POST", "/api/v1/procedures", body, headers)
    response = http.getresponse()
    text = response.read()
    http.close()
    assert response.status in (200, 201), text
