"""A relay between a device and the broker's plain listener that remembers what was said, for claims that only the wire
can prove: no nonce ever carries two vectors, no round two of a device's updates."""
import socket
import threading
from collections import defaultdict


def fields(message):
    """A protobuf message's length-delimited fields by number, the last of each."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 2:
            size = varint()
            found[key >> 3] = bytes(message[at:at + size])
            at += size
        elif key & 7 == 0:
            varint()
        else:
            at += 8 if key & 7 == 1 else 4
    return found


def packets(buffer):
    """Takes whole MQTT packets off the front of a bytearray: (first byte, body)."""
    while True:
        size, at = 0, 1
        while True:
            if at >= len(buffer):
                return
            size |= (buffer[at] & 127) << 7 * (at - 1)
            at += 1
            if buffer[at - 1] < 128:
                break
        if len(buffer) < at + size:
            return
        yield buffer[0], bytes(buffer[at:at + size])
        del buffer[:at + size]


class Wiretap:
    """One per device; listens at `port`. Use as a context manager."""

    def __init__(self, broker_port):
        self._broker_port = broker_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._sockets = set()
        self.chunks = {}                     # (nonce, index) -> sealed bytes
        self.nonces = defaultdict(set)       # context tag -> nonces under which chunks were sent
        self.headers = defaultdict(set)      # context hash -> nonces
        self.receipts = defaultdict(set)     # context hash -> nonces
        self.repeated = 0                    # chunks that were sent again
        self.faults = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self._listener.close()
        with self._lock:
            held = list(self._sockets)
        for each in held:
            self._close(each)

    def _close(self, connection):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()

    def _accept(self):
        while True:
            try:
                device, _ = self._listener.accept()
                broker = socket.create_connection(("127.0.0.1", self._broker_port), 10)
            except OSError:
                return
            broker.settimeout(None)
            with self._lock:
                self._sockets |= {device, broker}
            for source, target in ((device, broker), (broker, device)):
                threading.Thread(target=self._relay, args=(source, target), daemon=True).start()

    def _relay(self, source, target):
        buffer = bytearray()
        try:
            while data := source.recv(65536):
                buffer += data
                for first, body in packets(buffer):
                    if first >> 4 == 3:
                        self._note(first, body)
                target.sendall(data)
        except OSError:
            pass
        self._close(target)
        self._close(source)

    def _note(self, first, body):
        size = int.from_bytes(body[:2], "big")
        topic = body[2:2 + size].decode()
        payload = body[2 + size + (2 if first & 6 else 0):]
        kind = "/".join(topic.split("/")[-2:])
        with self._lock:
            if kind == "up/chunk":
                self._note_chunk(payload)
            elif kind == "up/header":
                header = fields(payload)
                self.headers[header[1].hex()].add(header[2].hex())
            elif kind == "down/receipt":
                receipt = fields(payload)
                self.receipts[receipt[1].hex()].add(receipt[2].hex())

    def _note_chunk(self, payload):
        context, nonce, place, sealed = payload[4:12].hex(), payload[12:28].hex(), payload[28:36], payload[36:]
        self.nonces[context].add(nonce)
        before = self.chunks.setdefault((nonce, place), sealed)
        self.repeated += before is not sealed
        if before != sealed:
            self.faults.append(f"nonce {nonce} carries two vectors: chunk {int.from_bytes(place[:4], 'little')} differs")

    def check(self):
        """The faults so far, with those that show only now."""
        with self._lock:
            found = list(self.faults)
            found += [f"context {context}: {len(nonces)} nonces" for context, nonces in self.nonces.items() if len(nonces) > 1]
            found += [f"context {context}: a receipt for what was never sent" for context, nonces in self.receipts.items()
                      if not nonces <= self.headers[context]]
            return found
