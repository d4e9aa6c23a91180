"""Whether the API can be reached from here, asked with the cluster's own authority."""

import datetime as dt
import http.server
import ipaddress
import json
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from components.k3s.reach import obstacle, question


def certificate(subject, *, signer=None):
    """(certificate, key) for loopback, or an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(signer[0].subject if signer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    )
    if signer:
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
    return builder.sign(signer[1] if signer else key, hashes.SHA256()), key


def pem(thing):
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM).decode()
    return thing.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


AUTHORITY = certificate("authority")
STRANGER = certificate("stranger")


@pytest.fixture
def api(tmp_path):
    leaf, key = certificate("api", signer=AUTHORITY)
    (tmp_path / "pem").write_text(pem(leaf) + pem(key))

    class Handler(http.server.BaseHTTPRequestHandler):
        served = pem(AUTHORITY[0])

        def do_GET(self):
            self.send_response(200 if self.path == "/cacerts" else 401)
            self.end_headers()
            self.wfile.write(self.served.encode())

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}", Handler
    server.shutdown()
    server.server_close()


def test_the_clusters_own_api_is_no_obstacle(api):
    assert obstacle(api[0], pem(AUTHORITY[0])) is None


def test_a_certificate_of_another_authority_is_refused(api):
    assert "CERTIFICATE_VERIFY_FAILED" in obstacle(api[0], pem(STRANGER[0]))


def test_another_cluster_behind_the_endpoint_is_told_apart(api):
    api[1].served = pem(STRANGER[0])

    assert obstacle(api[0], pem(AUTHORITY[0])) == "another cluster answers there"


def test_a_name_that_the_certificate_lacks_is_told(api):
    reason = obstacle(api[0].replace("127.0.0.1", "localhost"), pem(AUTHORITY[0]))

    assert "localhost" in reason


def test_nobody_there_is_told():
    assert "refused" in obstacle("https://127.0.0.1:9", pem(AUTHORITY[0]))


def test_the_question_is_what_the_program_reads():
    asked = json.loads(question("https://h:6443", "PEM", 300))

    assert asked == {"url": "https://h:6443", "authority": "PEM", "seconds": 300}
