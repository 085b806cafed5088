#!/usr/bin/python3
"""A coordinator that colludes with a gateway, for deploy/demo --attack asks-twice: it stands between one helper and the
real coordinator, lets the rounds run, and after each honest answer asks the helper for more, with the gateway's and the
coordinator's own signing keys. Whoever got two sums over sets that differ in one device would have that device's update.
Appends a JSON line per question to --report: {"round", "asked", "answer", "leaked"}; leaked: the helper gave what it must not."""
import argparse
import hashlib
import http.client
import http.server
import importlib
import json
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).resolve().parents[2]
MOST_ROUNDS = 2  # questions about the first rounds are enough


def load_messages():
    """The two schemas as Python modules, made by protoc in a folder that goes with the process."""
    folder = tempfile.mkdtemp(prefix="tributary-proto-")
    includes = [ROOT / "device-protocol/proto", ROOT / "cloud/api/proto"]
    subprocess.run(["protoc", f"--python_out={folder}", *(f"-I{path}" for path in includes), "tributary.proto", "uplink.proto"],
                   check=True)
    sys.path.insert(0, folder)
    return importlib.import_module("tributary_pb2"), importlib.import_module("uplink_pb2")


tributary_pb2, uplink_pb2 = load_messages()


def lp(part):
    return struct.pack("<I", len(part)) + part


def labelled_hash(label, *parts):
    return hashlib.sha256(lp(b"tributary/v1/" + label) + b"".join(map(lp, parts))).digest()


def sign(seed, label, digest):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(lp(b"tributary/v1/sig/" + label) + lp(digest))


def seed_of(file):
    return bytes.fromhex(Path(file).read_text().strip())


def names_of(request):
    """What a helper's answer names: ctx_hash and survivors_hash of the request."""
    context = labelled_hash(b"ctx", request.context)
    return context, labelled_hash(b"survivors", context, *(s.device_id + s.nonce + s.digest for s in request.survivors))


class Collusion:
    """Which questions are open, and what the helper has said. Shared by the connections' threads."""

    def __init__(self, gateway_key, coordinator_key, report):
        self._gateway_key, self._coordinator_key, self._report = gateway_key, coordinator_key, report
        self._lock = threading.Lock()
        self._honest = {}  # names -> SumRequest the real coordinator relayed
        self._answers = {}  # names -> MaskSum bytes
        self._questions = []  # (words, round they are about, SumRequest) still to be asked
        self._asked = {}  # names -> (words, round): forged, nothing of them reaches the real coordinator
        self._rounds = set()

    def see(self, request):
        with self._lock:
            self._honest.setdefault(names_of(request), request)

    def next_question(self):
        with self._lock:
            if not self._questions:
                return None
            words, number, request = self._questions.pop(0)
            if names_of(request) not in self._honest:
                self._asked[names_of(request)] = (words, number)
            return request

    def open(self):
        with self._lock:
            return bool(self._questions)

    def answered(self, message, body):
        """A mask sum: True when it is the real coordinator's business."""
        names = (message.ctx_hash, message.survivors_hash)
        with self._lock:
            if names in self._asked:
                words, number = self._asked.pop(names)
                self._write(number, words, "a second sum of masks", True)
                return False
            if names in self._answers:
                same = self._answers[names] == body
                number = self._round(self._honest[names]) if names in self._honest else 0
                self._write(number, "the same survivors again", "the same bytes again" if same else "other bytes", not same)
                return True
            self._answers[names] = body
            if names in self._honest:
                self._plan(self._honest[names])
            return True

    def refused(self, message):
        names = (message.ctx_hash, message.survivors_hash)
        with self._lock:
            if names not in self._asked:
                return True
            words, number = self._asked.pop(names)
            reason = uplink_pb2.HelperRefusal.Name(message.reason).removeprefix("HELPER_REFUSAL_")
            self._write(number, words, "refused: " + reason, False)
            return False

    def _round(self, request):
        context = tributary_pb2.RoundContext()
        context.ParseFromString(request.context)
        return context.round

    def _plan(self, request):
        if len(self._rounds) >= MOST_ROUNDS or len(request.survivors) < 2:
            return
        number = self._round(request)
        self._rounds.add(number)
        again = uplink_pb2.SumRequest()
        again.CopyFrom(request)
        again.MergeFromString(b"\xfa\x07\x01x")  # a field nobody knows: another message, the same question
        self._questions += [
            ("the same survivors again", number, again),
            ("one device left out", number, self._forge(request, leave_out=1)),
            ("one device left out, as a new attempt", number, self._forge(request, leave_out=1, attempt=1)),
            ("the same uploads as those of the next round", number, self._forge(request, rounds_on=1)),
        ]

    def _forge(self, request, leave_out=0, attempt=0, rounds_on=0):
        """Signed by the gateway and, where the context is another, by the coordinator."""
        forged = uplink_pb2.SumRequest()
        forged.CopyFrom(request)
        del forged.survivors[:leave_out]
        del forged.tickets[:leave_out]
        if attempt or rounds_on:
            context = tributary_pb2.RoundContext()
            context.ParseFromString(request.context)
            context.attempt += attempt
            context.round += rounds_on
            forged.context = context.SerializeToString()
            forged.context_signature = sign(self._coordinator_key, b"ctx", labelled_hash(b"ctx", forged.context))
        forged.signature = sign(self._gateway_key, b"sum-request", labelled_hash(b"sum-request", *names_of(forged)))
        return forged

    def _write(self, number, asked, answer, leaked):
        with open(self._report, "a") as file:
            file.write(json.dumps({"round": number, "asked": asked, "answer": answer, "leaked": leaked}) + "\n")


def make_connection_class(collusion, upstream_host, upstream_port, upstream_tls):
    class Connection(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self, method, target, body=b""):
            upstream = http.client.HTTPSConnection(upstream_host, upstream_port, context=upstream_tls, timeout=60)
            try:
                upstream.request(method, target, body, {"Content-Type": "application/x-protobuf"} if body else {})
                answer = upstream.getresponse()
                return answer.status, answer.read(), answer.headers.get("Content-Type", "application/octet-stream")
            finally:
                upstream.close()

        def answer(self, status, body, kind="application/x-protobuf"):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            if not self.path.startswith("/v1/gateway/work"):
                return self.answer(*self.forward("GET", self.path))
            # While a question is open the helper does not wait for the real coordinator's next wish.
            target = "/v1/gateway/work" if collusion.open() else self.path
            status, body, kind = self.forward("GET", target)
            if status != 200:
                return self.answer(status, body, kind)
            work = uplink_pb2.Work()
            work.ParseFromString(body)
            for request in work.sum_requests:
                collusion.see(request)
            if question := collusion.next_question():
                work.sum_requests.add().CopyFrom(question)
                work.version = "question-" + labelled_hash(b"question", question.SerializeToString()).hex()
            return self.answer(status, work.SerializeToString(), kind)

        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            real = True
            if self.path.endswith("/mask-sum"):
                message = uplink_pb2.MaskSum()
                message.ParseFromString(body)
                real = collusion.answered(message, body)
            elif self.path.endswith("/mask-refusal"):
                message = uplink_pb2.MaskRefusal()
                message.ParseFromString(body)
                real = collusion.refused(message)
            return self.answer(*self.forward("PUT", self.path, body)) if real else self.answer(200, b"")

        def log_message(self, *_):
            pass

    return Connection


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", type=int, required=True, help="port on loopback")
    parser.add_argument("--coordinator", type=int, required=True, help="port of the real coordinator's gateway listener")
    parser.add_argument("--authority", type=Path, required=True, help="folder of the fleet authority: the stolen keys")
    parser.add_argument("--gateway", required=True, help="name of the gateway that colludes")
    parser.add_argument("--helper", required=True, help="name of the gateway whose helper role is asked")
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    coordinator, helper = options.authority / "coordinator", options.authority / "gateways" / options.helper
    upstream_tls = ssl.create_default_context(cafile=coordinator / "ca.crt")
    upstream_tls.load_cert_chain(helper / "tls.crt", helper / "tls.key")
    collusion = Collusion(seed_of(options.authority / "gateways" / options.gateway / "identity.key"),
                          seed_of(coordinator / "identity.key"), options.report)
    options.report.touch()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", options.listen), make_connection_class(collusion, "localhost", options.coordinator, upstream_tls))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(coordinator / "tls.crt", coordinator / "tls.key")
    tls.load_verify_locations(coordinator / "ca.crt")
    tls.verify_mode = ssl.CERT_REQUIRED
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
