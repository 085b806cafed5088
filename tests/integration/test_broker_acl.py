"""What a device can and cannot do on its site's broker, tried with Mosquitto's own clients."""
import os
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.integration.demo import BIN, wait_until

ROOT_TOPIC = "tributary/v1"
LINE_BY_LINE = ["stdbuf", "-oL"]  # into a pipe the clients would hold back what they print


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class BrokerAcl(unittest.TestCase):
    """Every denial is checked by a subscriber that sees a permitted message sent afterwards, and nothing before it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tributary-acl-")
        cls.addClassCleanup(cls.folder.cleanup)
        root = Path(cls.folder.name) / "fleet"
        cls.port = free_port()

        def authority(*arguments):
            return subprocess.run([BIN / "tributary", "authority", *map(str, arguments), root], check=True, text=True,
                                  capture_output=True, timeout=60).stdout

        authority("init", "--tenant", "acl")
        authority("coordinator", "--host", "localhost")
        authority("gateway", "site", "--operator", "plant", "--broker-host", "localhost", "--broker-port", cls.port)
        cls.alice, cls.bob = authority("device", "--gateway", "site", "--count", 2, "--n-min", 2).split()
        broker = root / "gateways/site/broker"
        cls.secrets = dict(line.split(":") for line in (broker / "psk").read_text().split())
        cls.log = open(Path(cls.folder.name) / "mosquitto.log", "w+")
        cls.addClassCleanup(cls.log.close)
        program = "/usr/sbin/mosquitto" if os.path.exists("/usr/sbin/mosquitto") else "mosquitto"
        cls.broker = subprocess.Popen([program, "-c", broker / "mosquitto.conf"], stderr=cls.log)
        cls.addClassCleanup(cls.broker.wait)
        cls.addClassCleanup(cls.broker.terminate)
        wait_until("the broker", lambda: listens(cls.port), 10)

    def options(self, who, secret=None):
        return ["-h", "127.0.0.1", "-p", str(self.port), "--psk-identity", who, "--psk",
                secret or self.secrets[who], "--tls-version", "tlsv1.2"]

    def publish(self, who, topic, text, *more):
        return subprocess.run(["mosquitto_pub", *self.options(who), "-q", "1", "-t", topic, "-m", text, *more],
                              capture_output=True, text=True, timeout=20)

    def subscribe(self, who, *topics, count=1):
        """A subscriber that is subscribed when this returns: the last topic is one it may read, and has answered."""
        arguments = [*LINE_BY_LINE, "mosquitto_sub", *self.options(who), "-q", "1", "-v", "-C", str(count), "-W", "20", "-d"]
        for topic in topics:
            arguments += ["-t", topic]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        for line in process.stdout:
            if line.startswith("Subscribed"):
                return process
        self.fail(f"{who} could not subscribe to {topics}")

    def received(self, process):
        lines = process.communicate(timeout=30)[0].splitlines()
        return [line for line in lines if line.startswith(ROOT_TOPIC)]

    def test_r14_device_publishes_below_its_own_topic(self):
        gateway = self.subscribe("gateway", f"{ROOT_TOPIC}/device/+/up/#")
        self.publish(self.alice, f"{ROOT_TOPIC}/device/{self.alice}/up/hello", "mine")
        self.assertEqual(self.received(gateway), [f"{ROOT_TOPIC}/device/{self.alice}/up/hello mine"])

    def test_r14_device_cannot_publish_elsewhere(self):
        gateway = self.subscribe("gateway", f"{ROOT_TOPIC}/#")
        for topic in (f"device/{self.bob}/up/hello", f"device/{self.bob}/down/welcome",
                      f"device/{self.alice}/down/welcome", "site/keys", "site/offer/x",
                      # Every topic can hold a retained message in the broker's memory: there are only those of the protocol.
                      f"device/{self.alice}/up/other", f"device/{self.alice}/up/hello/deeper"):
            self.publish(self.alice, f"{ROOT_TOPIC}/{topic}", "forged")
        self.publish(self.alice, f"{ROOT_TOPIC}/device/{self.alice}/up/header", "own")
        self.assertEqual(self.received(gateway), [f"{ROOT_TOPIC}/device/{self.alice}/up/header own"])

    def test_r14_a_last_will_obeys_the_same_rules(self):
        gateway = self.subscribe("gateway", f"{ROOT_TOPIC}/#")
        dying = subprocess.Popen(
            [*LINE_BY_LINE, "mosquitto_sub", *self.options(self.alice), "-d", "-W", "20", "-t", f"{ROOT_TOPIC}/device/{self.alice}/down/#",
             "--will-topic", f"{ROOT_TOPIC}/device/{self.bob}/up/hello", "--will-payload", "forged"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertTrue(any(line.startswith("Subscribed") for line in iter(dying.stdout.readline, "")))
        dying.kill()
        dying.communicate(timeout=10)
        self.publish(self.alice, f"{ROOT_TOPIC}/device/{self.alice}/up/header", "own")
        self.assertEqual(self.received(gateway), [f"{ROOT_TOPIC}/device/{self.alice}/up/header own"])

    def test_r14_device_reads_only_its_own_answers_and_the_site(self):
        # Mosquitto grants every subscription and filters deliveries, so the deliveries are what counts.
        spy = self.subscribe(self.bob, "#", f"{ROOT_TOPIC}/device/+/up/#", f"{ROOT_TOPIC}/device/{self.alice}/down/#",
                             f"{ROOT_TOPIC}/device/{self.bob}/down/#", f"{ROOT_TOPIC}/site/#", "$SYS/#", count=2)
        self.publish("gateway", f"{ROOT_TOPIC}/device/{self.alice}/down/welcome", "for alice")
        self.publish(self.alice, f"{ROOT_TOPIC}/device/{self.alice}/up/hello", "from alice")
        self.publish("gateway", f"{ROOT_TOPIC}/site/keys", "for all")
        self.publish("gateway", f"{ROOT_TOPIC}/device/{self.bob}/down/welcome", "for bob")
        self.assertEqual(set(self.received(spy)), {f"{ROOT_TOPIC}/site/keys for all",
                                                   f"{ROOT_TOPIC}/device/{self.bob}/down/welcome for bob"})

    def test_r14_device_cannot_throw_the_gateway_off_by_its_client_id(self):
        gateway = self.subscribe("gateway", f"{ROOT_TOPIC}/device/+/up/#")
        self.publish(self.alice, f"{ROOT_TOPIC}/device/{self.alice}/up/hello", "still there", "-i", "gateway")
        self.assertEqual(self.received(gateway), [f"{ROOT_TOPIC}/device/{self.alice}/up/hello still there"])

    def test_r14_device_cannot_be_another_user(self):
        gateway = self.subscribe("gateway", f"{ROOT_TOPIC}/#")
        self.publish(self.alice, f"{ROOT_TOPIC}/site/keys", "forged", "-u", "gateway")
        self.publish(self.alice, f"{ROOT_TOPIC}/device/{self.alice}/up/header", "own")
        self.assertEqual(self.received(gateway), [f"{ROOT_TOPIC}/device/{self.alice}/up/header own"])

    def test_r14_without_the_right_key_nobody_gets_in(self):
        for options in (self.options(self.alice, "00" * 32), self.options("nobody", "00" * 32),
                        self.options(self.alice, self.secrets[self.bob]),
                        ["-h", "127.0.0.1", "-p", str(self.port)]):
            refused = subprocess.run(["mosquitto_pub", *options, "-q", "1", "-t", "x", "-m", "x"], capture_output=True,
                                     timeout=20)
            self.assertNotEqual(refused.returncode, 0, options)


if __name__ == "__main__":
    unittest.main()
