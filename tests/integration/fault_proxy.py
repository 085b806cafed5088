"""A TCP proxy on loopback that loses requests and responses as its seed says: what lies between a gateway and the
coordinator on a bad line. TLS goes through it unread, so a lost response is one the other end had already given."""
import random
import socket
import threading
import time


class FaultProxy:
    """Forwards connections to `port`. Use as a context manager; `listen` is where to connect."""

    PASS, LOSE_REQUEST, LOSE_RESPONSE, DELAY = "pass", "lose request", "lose response", "delay"

    def __init__(self, port, seed, fault_share=0.3):
        self._port, self._random, self._share = port, random.Random(seed), fault_share
        self._server = socket.create_server(("127.0.0.1", 0))
        self.listen = self._server.getsockname()[1]
        self.counts = dict.fromkeys((self.PASS, self.LOSE_REQUEST, self.LOSE_RESPONSE, self.DELAY), 0)
        self._ended = threading.Event()
        self._connections = set()
        self._lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self._ended.set()
        self._server.close()
        with self._lock:
            for connection in self._connections:
                self._shut(connection)
                connection.close()

    @staticmethod
    def _shut(connection):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # closed by the other side

    def _fate(self):
        """One connection's fate, and after how many pieces from either side it strikes."""
        with self._lock:
            if self._random.random() >= self._share:
                fate = self.PASS
            else:
                fate = self._random.choice((self.LOSE_REQUEST, self.LOSE_RESPONSE, self.DELAY))
            self.counts[fate] += 1
            return fate, self._random.randint(3, 9)

    def _accept(self):
        while not self._ended.is_set():
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._port), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._connections |= {near, far}
            fate, pieces = self._fate()
            for source, sink, loses in ((near, far, fate == self.LOSE_REQUEST), (far, near, fate == self.LOSE_RESPONSE)):
                threading.Thread(target=self._pump, args=(source, sink, pieces if loses else None, fate == self.DELAY),
                                 daemon=True).start()

    def _pump(self, source, sink, lose_after, slow):
        """Moves bytes until an end closes; with `lose_after` everything from that piece on is lost with the line."""
        pieces = 0
        try:
            while data := source.recv(65536):
                pieces += 1
                if lose_after is not None and pieces > lose_after:
                    break
                if slow:
                    time.sleep(0.05)
                sink.sendall(data)
        except OSError:
            pass  # the line was cut
        for connection in (source, sink):
            self._shut(connection)
