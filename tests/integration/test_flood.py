"""R13, R14, R17: one enrolled device floods, replays and spoofs, and two hundred peers dribble at every listener. The
gateway's memory and log stay bounded, the device is put in quarantine, and the round of the others goes on."""
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

# AddressSanitizer keeps 256 MB of freed memory by default, which is not the gateway's.
os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=8:" + os.environ.get("ASAN_OPTIONS", "")

from tests.integration.demo import BIN, Demo, wait_until  # noqa: E402
from tests.integration.process import memory_bytes  # noqa: E402

# Inbox and writer's queue, 32 MB each, and what the loop is working on; sanitizers double what they touch.
MOST_GROWTH = 160 << 20
DRIBBLERS = 200


class Flooder:
    """A device of site-1 that was enrolled like any other and has turned bad."""

    def __init__(self, demo):
        self.demo = demo
        self.site = demo.work / "authority/gateways/site-1"
        self.port = re.search(r"port = (\d+)", (demo.work / "site-1.toml").read_text()).group(1)
        self.id = subprocess.run([str(BIN / "tributary"), "authority", "device", "--gateway", "site-1",
                                  str(demo.work / "authority")], check=True, capture_output=True, text=True,
                                 timeout=60).stdout.strip().splitlines()[-1]
        self.psk = dict(line.split(":") for line in (self.site / "broker/psk").read_text().split())[self.id]
        os.kill(demo.pid("2-broker-1"), signal.SIGHUP)  # reads its list of keys again

    def publish(self, topic, payload, times=1, qos=0):
        with tempfile.NamedTemporaryFile() as file:
            file.write(payload)
            file.flush()
            subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", self.port, "--psk-identity", self.id, "--psk",
                            self.psk, "-i", self.id, "-q", str(qos), "-f", file.name, "-t", topic, "--repeat",
                            str(times), "--repeat-delay", "0"], timeout=120, check=False, capture_output=True)

    def up(self, kind):
        return f"tributary/v1/device/{self.id}/up/{kind}"


class Peak(threading.Thread):
    """The most resident memory of a process while it runs."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.over = pid, 0, False

    def run(self):
        while not self.over:
            self.most = max(self.most, memory_bytes(self.pid))
            time.sleep(0.05)


class Flood(unittest.TestCase):
    def test_r13_r14_r17_the_round_of_the_others_goes_on(self):
        with Demo("--data", "digits", "--devices", "12", "--rounds", "12", "--dropout", "0", "--local-steps", "60",
                  "--learning-rate", "0.2") as demo:
            wait_until("a released round", lambda: demo.released() >= 1, 240)
            self.flood(demo)
            self.dribble(demo)
            code, report = demo.finish(600)
            self.assertEqual(code, 0, demo.output() + demo.logs())
            self.assertEqual(report["sums_wrong"], 0)

    def metrics(self, demo):
        listen = re.search(r'\[local\]\nlisten = "([^"]+)"', (demo.work / "site-1.toml").read_text()).group(1)
        return subprocess.run(["curl", "-s", "--max-time", "10", f"http://{listen}/metrics"], capture_output=True,
                              text=True, timeout=20, check=True).stdout

    def count(self, demo, name):
        return sum(float(value) for value in re.findall(rf"^tributary_gateway_{name}(?:\{{[^}}]*\}})? ([0-9.e+]+)$",
                                                        self.metrics(demo), re.MULTILINE))

    def flood(self, demo):
        flooder = Flooder(demo)
        gateway = demo.pid("3-site-1")
        before = memory_bytes(gateway)
        peak = Peak(gateway)
        peak.start()
        frame = b"\x01\x01\x00\x00" + os.urandom(24) + b"\x00\x00\x00\x00" + b"\x08\x00\x00\x00"
        bad_text = b"\x1a\x04\xff\xfe\xfd\xfc"  # a string field that is not UTF-8
        flooder.publish(flooder.up("hello"), bad_text, 50)
        flooder.publish(flooder.up("chunk"), frame + os.urandom(262208 - len(frame)), 400)
        for kind in ("hello", "request", "header", "nonsense", "chunk/deeper"):
            flooder.publish(flooder.up(kind), os.urandom(200), 1000, 1)
        victim = next(line.split(":")[0] for line in (flooder.site / "broker/psk").read_text().split()
                      if len(line.split(":")[0]) == 32 and not line.startswith(flooder.id))
        for topic in (f"tributary/v1/device/{victim}/up/hello", f"tributary/v1/device/{victim}/down/reject",
                      "tributary/v1/site/keys", "tributary/v1/site/offer/" + "00" * 16):
            flooder.publish(topic, b"\x08\x01", 20, 1)
        wait_until("the quarantine", lambda: self.count(demo, "quarantines_total") >= 1, 60)
        wait_until("what follows to be passed over", lambda: self.count(demo, "quarantined_messages_total") > 100, 60)
        peak.over = True
        peak.join(10)
        self.assertLess(peak.most - before, MOST_GROWTH)
        self.assertGreaterEqual(self.count(demo, "quarantined_devices"), 1)
        self.assertGreater(self.count(demo, "rejects_total"), 10)
        self.assertNotIn(flooder.id, self.metrics(demo), "no device is named in the metrics")
        log = (demo.work / "log/3-site-1.log").read_text(errors="replace")
        about = [line for line in log.splitlines() if flooder.id in line]
        self.assertIn(sum("device_quarantined" in line for line in about), (1, 2, 3), "\n".join(about))
        self.assertLessEqual(len(about), 12, "\n".join(about))
        self.assertNotIn("libprotobuf", log)

    def dribble(self, demo):
        """Half-open and slow connections at every listener; those who ask are answered meanwhile."""
        def port(config, section):
            text = (demo.work / config).read_text()
            return int(re.search(rf'\[{section}\]\nlisten = "[^"]*:(\d+)"', text).group(1))

        ports = [port("coordinator.toml", "gateways"), port("coordinator.toml", "admin"),
                 port("coordinator.toml", "local"), port("site-1.toml", "local")]
        sockets = []
        try:
            for number in range(DRIBBLERS):
                connection = socket.create_connection(("127.0.0.1", ports[number % len(ports)]), 10)
                # The first bytes of a TLS record or of a request line, and then one byte now and then.
                connection.sendall((b"\x16\x03\x01\x02" if number % len(ports) < 2 else b"GET /met")[:number % 7])
                sockets.append(connection)
            for _ in range(5):
                self.assertTrue(demo.tributary("status"))
                self.assertIn("tributary_gateway", self.metrics(demo))
                for connection in sockets:
                    try:
                        connection.send(b"\x00")
                    except OSError:
                        pass  # closed already, which is what is wanted
                time.sleep(0.2)
            released = demo.released()
            wait_until("all of them to be closed", lambda: all(self.closed(connection) for connection in sockets), 60)
            wait_until("another round", lambda: demo.released() > released or demo.released() == 12, 240)
        finally:
            for connection in sockets:
                connection.close()

    def closed(self, connection):
        connection.setblocking(False)
        try:
            while connection.recv(4096):
                pass  # an alert or an answer before the end
            return True
        except BlockingIOError:
            return False
        except OSError:
            return True


if __name__ == "__main__":
    unittest.main()
