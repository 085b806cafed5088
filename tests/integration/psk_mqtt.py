"""MQTT 3.1.1 over TLS with a pre-shared key, for clients in Python, whose ssl module has no PSK: openssl carries the bytes."""
import os
import select
import struct
import subprocess
import time


def text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def packet(kind, body):
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (128 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


class Lost(Exception):
    """The broker ended the connection, or refused it."""


class Session:
    """User name = client id = PSK identity. `will` is (topic, payload), retained at QoS 1."""

    def __init__(self, port, identity, key, will=None, host="127.0.0.1"):
        self._process = subprocess.Popen(
            ["openssl", "s_client", "-quiet", "-connect", f"{host}:{port}", "-psk_identity", identity, "-psk", key.hex(), "-tls1_2",
             "-cipher", "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self._buffer, self._last_id, self._pinged = b"", 0, time.monotonic()
        self.waiting = []  # (topic, payload, retained)
        flags = 0x82 | (0x2c if will else 0)
        body = text("MQTT") + bytes([4, flags]) + struct.pack(">H", 60) + text(identity)
        if will:
            body += text(will[0]) + struct.pack(">H", len(will[1])) + will[1]
        try:
            self._send(packet(0x10, body + text(identity)))
            answer = self._read(10)
        except Lost:
            answer = None
        if answer is None or answer[0] >> 4 != 2 or answer[1][1] != 0:
            self.abort()
            raise Lost(f"no session for {identity}")

    def _send(self, data):
        try:
            self._process.stdin.write(data)
        except BrokenPipeError:
            raise Lost("the connection is gone") from None

    def _id(self):
        self._last_id = self._last_id % 65535 + 1
        return struct.pack(">H", self._last_id)

    def subscribe(self, *filters):
        for each in filters:
            self._send(packet(0x82, self._id() + text(each) + b"\x01"))

    def unsubscribe(self, each):
        self._send(packet(0xa2, self._id() + text(each)))

    def publish(self, topic, payload, retain=False):
        self._send(packet(0x32 | retain, text(topic) + self._id() + payload))

    def next(self, seconds):
        """The next message as (topic, payload, retained), or None after that time."""
        end = time.monotonic() + seconds
        while not self.waiting:
            left = end - time.monotonic()
            if left <= 0:
                return None
            if time.monotonic() - self._pinged > 20:
                self._pinged = time.monotonic()
                self._send(packet(0xc0, b""))
            self._read(min(left, 5))
        return self.waiting.pop(0)

    def _read(self, seconds):
        """One packet, or None; publishes are acknowledged and put aside."""
        end = time.monotonic() + seconds
        while True:
            whole = self._cut()
            if whole:
                if whole[0] >> 4 == 3:
                    self._take(*whole)
                return whole
            if not select.select([self._process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                return None
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                raise Lost("the broker closed the connection")
            self._buffer += data

    def _cut(self):
        size, shift = 0, 0
        for at in range(1, min(len(self._buffer), 5)):
            size |= (self._buffer[at] & 127) << shift
            shift += 7
            if not self._buffer[at] & 128:
                end = at + 1 + size
                if len(self._buffer) < end:
                    return None
                head, body = self._buffer[0], self._buffer[at + 1:end]
                self._buffer = self._buffer[end:]
                return head, body
        return None

    def _take(self, head, body):
        size = struct.unpack(">H", body[:2])[0]
        topic, rest = body[2:2 + size].decode(), body[2 + size:]
        if head & 6:
            self._send(packet(0x40, rest[:2]))
            rest = rest[2:]
        self.waiting.append((topic, rest, bool(head & 1)))

    def close(self):
        """With a DISCONNECT: no last will."""
        try:
            self._send(packet(0xe0, b""))
        except Lost:
            pass
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        self.abort()

    def abort(self):
        """As a power cut would."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._process.stdin.close()
