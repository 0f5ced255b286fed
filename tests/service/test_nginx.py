"""The examples for nginx, in nginx: their syntax, and what they let through."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.end_to_end.command import ROOT
from tests.needs import NGINX
from tests.service.running import SEED, Service, running, until

from misstep import assess_json

pytestmark = [pytest.mark.once, pytest.mark.needs("nginx")]

DEPLOY = ROOT / "deploy"
NAME = "misstep.example.org"
KEY = {"authorization": "Bearer 3f9c0b6e"}
JSON = {"content-type": "application/json"}
SITE = {"origin": "https://app.example.org"}


def make_certificate(folder: Path) -> None:
    """A certificate of the name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def write(folder: Path, service: str, access: bool) -> int:
    """The examples for this machine: other ports and folders, nothing else. Returns the port of TLS."""
    make_certificate(folder)
    port = free_port()
    (folder / "misstep.keys").write_text('"Bearer 3f9c0b6e" intranet;\n')
    places = {
        "/etc/ssl/misstep/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "/etc/nginx/": f"{folder}/",
        "127.0.0.1:8000": service,
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
    }
    files = {
        "nginx.conf": "site.conf",
        "nginx-access-server.conf": "misstep-access-server.conf",
        "nginx-access.conf": "access.conf",
    }
    for source, target in files.items():
        text = (DEPLOY / source).read_text("utf-8")
        if access:
            text = text.replace("# include", "include")
        for there, here in places.items():
            text = text.replace(there, here)
        (folder / target).write_text(text, "utf-8")
    included = "".join(f"include {folder}/{name};" for name in (["access.conf"] if access else []) + ["site.conf"])
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = f"daemon off; pid {folder}/pid; error_log stderr; events {{}} http {{ {temporary} {included} }}"
    (folder / "main.conf").write_text(main)
    return port


@contextlib.contextmanager
def nginx_before(folder: Path, service: Service, access: bool) -> Iterator[httpx.Client]:
    """A client of nginx with the examples in front of the service."""
    port = write(folder, service.url.removeprefix("http://"), access)
    command = [
        shutil.which("nginx") or NGINX,
        "-c",
        str(folder / "main.conf"),
        "-p",
        str(folder),
        "-e",
        str(folder / "start.log"),
    ]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    trusted = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until(lambda: (folder / "pid").exists() and (folder / "pid").read_text(), "nginx")
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusted, headers={"host": NAME}, timeout=60) as client:
            # the name in the certificate, though there is no such host here
            client.event_hooks["request"].append(lambda request: request.extensions.update(sni_hostname=NAME))
            yield client
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def behind() -> Iterator[Service]:
    with running("--allowed-host", NAME) as service:
        service.wait_for("Application startup complete.")
        yield service


def test_the_service_is_reached_and_its_figures_are_not_public(tmp_path: Path, behind: Service) -> None:
    with nginx_before(tmp_path, behind, access=False) as client:
        assert client.post("/assess", content=SEED, headers=JSON).content == assess_json(SEED)
        rows = client.post("/assess/batch", content=b"[]\n" * 3, headers={"content-type": "application/x-ndjson"})
        assert [row[:9] for row in rows.content.splitlines()] == [b'{"line":1', b'{"line":2', b'{"line":3']
        assert client.get("/docs").status_code == 200
        assert client.post("/assess", content=b" " * 2_000_000, headers=JSON).status_code == 413
        assert "access-control-allow-origin" not in client.get("/version", headers=SITE).headers
    log = (tmp_path / "misstep.log").read_text()
    assert log.count('"status":200') == 4
    assert "/assess" not in log


def test_only_who_has_a_key_is_answered_also_from_pages_of_some_sites(tmp_path: Path, behind: Service) -> None:
    with nginx_before(tmp_path, behind, access=True) as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": ""}):
            refused = client.post("/assess", content=SEED, headers=JSON | headers)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        answer = client.post("/assess", content=SEED, headers=JSON | KEY | SITE)
        assert answer.content == assess_json(SEED)
        assert answer.headers["access-control-allow-origin"] == SITE["origin"]
        assert "misstep-rulebase" in answer.headers["access-control-expose-headers"]
        assert "www-authenticate" not in answer.headers
        asked = SITE | {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        preflight = client.options("/assess", headers=asked)
        assert preflight.status_code == 204
        assert "authorization" in preflight.headers["access-control-allow-headers"]
        other = {"origin": "https://evil.example"}
        assert client.options("/assess", headers=asked | other).status_code == 401
        assert "access-control-allow-origin" not in client.get("/version", headers=KEY | other).headers
