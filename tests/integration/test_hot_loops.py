"""R19: a dependency that is down, or accepts and says nothing, never causes a hot loop: connections, log lines and
processor time of a gateway and of devices stay below stated bounds."""
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from tests.integration.demo import BIN, wait_until
from tests.integration.process import cpu_seconds

SECONDS = int(os.environ.get("TRIBUTARY_BLACK_HOLE_SECONDS", "20"))
# Of one program to one dependency: a quick start, then one attempt every 4 to 8 s.
MOST_CONNECTIONS = 12 + SECONDS // 4
MOST_LINES = 12 + SECONDS // 8
MOST_CPU_SECONDS = 0.5 + 0.05 * SECONDS  # sanitizers included


class BlackHole:
    """Accepts and never says anything."""

    def __init__(self):
        self.connections = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                self.connections.append(self._socket.accept()[0])
            except OSError:
                return

    def close(self):
        # An accept in another thread keeps a socket alive that is only closed.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self.connections:
            connection.close()


class HotLoops(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.work = Path(cls.folder.name)
        cls.authority = cls.work / "fleet"

        def tributary(*arguments):
            subprocess.run([str(BIN / "tributary"), "authority", *arguments, str(cls.authority)], check=True,
                           capture_output=True, timeout=60)

        tributary("init", "--tenant", "plant")
        tributary("coordinator", "--host", "localhost")
        tributary("gateway", "site", "--operator", "acme", "--helper", "--broker-host", "localhost")
        tributary("device", "--gateway", "site", "--count", "5")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.programs = {}

    def tearDown(self):
        for process, log in self.programs.values():
            process.terminate()
            process.wait(20)
            log.close()

    def start(self, name, *command):
        log = open(self.work / f"{name}.log", "w+")
        self.programs[name] = (subprocess.Popen([str(part) for part in command], stdout=log, stderr=log), log)

    def gateway(self, name, broker, coordinator):
        with socket.create_server(("127.0.0.1", 0)) as free:
            local = free.getsockname()[1]
        config = self.work / f"{name}.toml"
        config.write_text(f'[gateway]\nname = "site"\ncredentials = "{self.authority}/gateways/site"\n'
                          f'state = "{self.work}/state-{name}"\n[broker]\nhost = "{broker[0]}"\nport = {broker[1]}\n'
                          f'[coordinator]\nurl = "https://{coordinator[0]}:{coordinator[1]}"\n'
                          f'[local]\nlisten = "127.0.0.1:{local}"\n')
        self.start(name, BIN / "tributary-gateway", "--config", config)

    def log(self, name):
        return (self.work / f"{name}.log").read_text(errors="replace").splitlines()

    def test_r19_nothing_spins_while_what_it_needs_is_away(self):
        silent_broker, silent_coordinator, silent_for_devices = BlackHole(), BlackHole(), BlackHole()
        holes = (silent_broker, silent_coordinator, silent_for_devices)
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            closed = nobody.getsockname()[1]
        try:
            self.gateway("silent", ("127.0.0.1", silent_broker.port), ("127.0.0.1", silent_coordinator.port))
            self.gateway("refused", ("127.0.0.1", closed), ("127.0.0.1", closed))
            self.gateway("nameless", ("no-such-host.invalid", 8883), ("no-such-host.invalid", 8443))
            gateway_id = (self.authority / "gateways/site/gateway.id").read_text().strip()
            self.start("fleet", BIN / "tributary-fleet", "run", "--devices-dir", self.authority / "devices",
                       "--volatile", "--broker", f"{gateway_id}=127.0.0.1:{silent_for_devices.port}",
                       "--synthetic", "1000")
            for name in ("silent", "refused", "nameless"):
                wait_until(f"{name} to start", lambda name=name: any("started" in line for line in self.log(name)), 60)
            wait_until("the devices to connect", lambda: silent_for_devices.connections, 60)
            time.sleep(2)
            before = {name: cpu_seconds(process.pid) for name, (process, _) in self.programs.items()}
            time.sleep(SECONDS)
            for name, (process, _) in self.programs.items():
                with self.subTest(program=name):
                    self.assertIsNone(process.poll(), "still running: " + "\n".join(self.log(name)[-20:]))
                    spent = cpu_seconds(process.pid) - before[name]
                    print(f"{name}: {spent:.2f} s of processor time in {SECONDS} s, {len(self.log(name))} lines")
                    self.assertLess(spent, MOST_CPU_SECONDS)
                    self.assertLess(len(self.log(name)), MOST_LINES, "\n".join(self.log(name)[-40:]))
            # Broker and coordinator are asked by one and two connections at a time, devices by one each.
            self.assertLess(len(silent_broker.connections), MOST_CONNECTIONS)
            self.assertLess(len(silent_coordinator.connections), 3 * MOST_CONNECTIONS)
            self.assertLess(len(silent_for_devices.connections), 5 * MOST_CONNECTIONS)
            self.assertGreaterEqual(len(silent_coordinator.connections), 1)
        finally:
            for hole in holes:
                hole.close()
        self.assertTrue(any(re.search("broker_not_connected", line) for line in self.log("refused")))


if __name__ == "__main__":
    unittest.main()
