"""A package index on loopback, as a company runs one: plain, or with a certificate of its own."""

import base64
import hashlib
import io
import socket
import ssl
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def wheel(name: str, version: str) -> bytes:
    """Return a wheel with one empty module."""
    content = io.BytesIO()
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {f"{name}.py": "", f"{about}/METADATA": metadata, f"{about}/WHEEL": tags}
    record = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in {**files, f"{about}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
    return content.getvalue()


def locked(name: str, version: str) -> str:
    """Return the line of a lock for a wheel."""
    digest = hashlib.sha256(wheel(name, version)).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


@dataclass
class Index:
    """Where it is, and who asked for what."""

    url: str
    proxy: str
    authority: Path
    asked: list[str] = field(default_factory=list)


@contextmanager
def package_index(folder: Path, *, tls: bool = False, login: str = "") -> Iterator[Index]:
    """Serve any version of any package; a plain one is a proxy for other hosts' packages, too."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)
            wanted = f"Basic {base64.b64encode(login.encode()).decode()}"
            if login and self.headers.get("Authorization") != wanted:
                self._answer(b"", "text/html", 401)
                return
            name = self.path.rstrip("/").rpartition("/")[2]
            if name.endswith(".whl"):
                package, version, *_ = name.split("-")
                self._answer(wheel(package, version), "application/octet-stream")
            else:
                files = (f"{name}-{version}-py3-none-any.whl" for version in ("1.0", "2.0"))
                links = "".join(f'<a href="/files/{file}">{file}</a>' for file in files)
                page = f"<!DOCTYPE html><html><body>{links}</body></html>"
                self._answer(page.encode(), "text/html")

        do_HEAD = do_GET  # noqa: N815 - the name is given

        def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"{_host(tls=tls)}:{server.server_port}"
        scheme = "http"
        if tls:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(_certificates(folder))
            server.socket = context.wrap_socket(server.socket, server_side=True)
        index = Index(f"{scheme}://{address}/simple", f"http://{address}", folder / "authority.pem")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()


def _host(*, tls: bool) -> str:
    """Return this machine's name, or its address where nothing knows that name."""
    try:
        socket.getaddrinfo("localhost", None)
    except OSError:
        # A Debian as debootstrap leaves it has no /etc/hosts; pip takes certificates of names only.
        if tls:
            pytest.skip("localhost has no address here, and a certificate is one of a name")
        return "127.0.0.1"
    return "localhost"


def _certificates(folder: Path) -> Path:
    """Write an authority of one's own, and a certificate for localhost that it has signed."""
    now = datetime.now(UTC)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def certificate(name: x509.Name, public: ec.EllipticCurvePublicKey, *, is_ca: bool) -> bytes:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
                critical=False,
            )
            .sign(authority_key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )

    (folder / "authority.pem").write_bytes(
        certificate(issuer, authority_key.public_key(), is_ca=True)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    served = folder / "server.pem"
    served.write_bytes(private + certificate(subject, key.public_key(), is_ca=False))
    return served
