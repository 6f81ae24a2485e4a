"""Carry bytes between TCP and the tests' Postgres, which listens on a Unix socket, and break the line where told."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import select
import socket
import ssl
import struct
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SSL_REQUEST = struct.pack(">II", 8, 80877103)
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # as psycopg sends it: a simple query


class Relay:
    """Listens on a free port of 127.0.0.1. `cut_at` is a piece of a request at which every line is broken.

    With `deliver` the piece still reaches the server and only its answer is lost; without, it does not arrive. With
    `hold` the line is not broken, but silent from then on. With `tls` it answers as a server that speaks TLS.
    """

    def __init__(self, host: str, port: int) -> None:
        self.to, self.to_port = host, port
        self.cut_at, self.deliver, self.hold = b"", True, False
        self.skip, self.once = 0, False
        self.tls: ssl.SSLContext | None = None
        self.connections = 0
        self.swallowing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_once(self, piece: bytes, *, skip: int = 0) -> None:
        """Break one line at the piece, after `skip` others of it went through; the line after that works again."""
        self.cut_at, self.skip, self.once = piece, skip, True

    def close(self) -> None:
        """Stop listening."""
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        if self.tls:
            with contextlib.suppress(OSError):  # such as a client that does not like the certificate
                self._by_turns(self._in_tls(near), self._far())
            return
        far = self._far()
        threading.Thread(target=self._up, args=(near, far), daemon=True).start()
        self._down(near, far)

    def _by_turns(self, near: socket.socket, far: socket.socket) -> None:
        """Carry both ways in one thread, since two may not use one TLS connection at once."""
        with near, far:
            while True:
                waiting = getattr(near, "pending", int)()
                ready = [near] if waiting else select.select([near, far], [], [])[0]
                for side in ready:
                    if not (data := side.recv(65536)):
                        return
                    (far if side is near else near).sendall(data)

    def _in_tls(self, near: socket.socket) -> socket.socket:
        """Take the request for TLS, which comes before anything else, and go on in it."""
        assert self.tls is not None
        asked = near.recv(8)
        near.sendall(b"S" if asked == SSL_REQUEST else b"N")
        return self.tls.wrap_socket(near, server_side=True)

    def _far(self) -> socket.socket:
        if self.to.startswith("/"):
            far = socket.socket(socket.AF_UNIX)
            far.connect(f"{self.to}/.s.PGSQL.{self.to_port}")
            return far
        return socket.create_connection((self.to, self.to_port))

    def _up(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError), far:
            while data := near.recv(65536):
                if self.cut_at and self.cut_at in data and not self._let_through():
                    self.swallowing.set()
                    if not self.deliver:
                        break
                far.sendall(data)
            far.shutdown(socket.SHUT_RDWR)

    def _let_through(self) -> bool:
        self.skip -= 1
        return self.skip >= 0

    def _down(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            while data := far.recv(65536):
                if self.swallowing.is_set() and self.hold:
                    continue
                if self.swallowing.is_set():
                    if self.once:
                        self.cut_at, self.once = b"", False
                        self.swallowing.clear()
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
                near.sendall(data)
            near.shutdown(socket.SHUT_RDWR)


def certificate(folder: Path, address: str) -> Path:
    """Write a certificate for one address and its key behind it into one file, and return that file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A server of the tests")])
    until = now + datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, until)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = builder.add_extension(alternative, False).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return path
