"""Bad input at every edge of the programs: a clear error or a reject reason, and the demonstration goes on."""
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.integration.demo import BIN, Demo, wait_until


def run(program, *arguments, environment=None):
    return subprocess.run([str(BIN / program), *arguments], text=True, capture_output=True, timeout=60,
                          env=dict(os.environ, **(environment or {})))


class Configuration(unittest.TestCase):
    """Every program says what is wrong with its configuration, and exits with 2."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)

    def check(self, program, text, *words, environment=None):
        config = self.path / "config.toml"
        config.write_text(text)
        result = run(program, "--config", str(config), "--check-config", environment=environment)
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        for word in words:
            self.assertIn(word, result.stdout + result.stderr)

    def test_missing_file_is_named(self):
        for program in ("tributary-gateway", "tributary-coordinator"):
            result = run(program, "--config", str(self.path / "none.toml"))
            self.assertEqual(result.returncode, 2)
            self.assertIn("none.toml", result.stderr)

    def test_unknown_key_is_named(self):
        self.check("tributary-gateway", '[broker]\nhots = "localhost"\n', "hots")
        self.check("tributary-coordinator", "[limits]\nbody_byte = 3\n", "body_byte")

    def test_wrong_type_and_range_are_named(self):
        self.check("tributary-gateway", '[broker]\nport = "many"\n', "port")
        self.check("tributary-gateway", "[broker]\nport = 70000\n", "port")

    def test_environment_is_checked_too(self):
        self.check("tributary-gateway", "", "PORT", environment={"TRIBUTARY_GATEWAY_BROKER_PORT": "many"})

    def test_broken_toml_gives_the_line(self):
        self.check("tributary-gateway", "[broker\n", "config.toml")

    def test_missing_credentials_are_named(self):
        self.check("tributary-gateway", f'[gateway]\nname = "a"\ncredentials = "{self.path}/nowhere"\n'
                   f'state = "{self.path}/state"\n[coordinator]\nurl = "https://localhost:1"\n', "nowhere")


class Data(unittest.TestCase):
    def test_malformed_csv_names_file_row_and_column(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "good.csv").write_text("1,2,a\n2,3,b\n")
            Path(folder, "bad.csv").write_text("1,2,a\n2,three,b\n")
            result = run("tributary-fleet", "describe", "--data", f"csv:{folder}")
            self.assertNotEqual(result.returncode, 0)
            self.assertIn("bad.csv", result.stderr)
            self.assertRegex(result.stderr, r"(row|line) 2")
            self.assertRegex(result.stderr, r"column 2")


class RunningSystem(unittest.TestCase):
    """Hostile input against a live demonstration, which must end as if nothing had happened."""

    def test_r13_the_demonstration_survives(self):
        with Demo("--data", "digits", "--devices", "12", "--rounds", "8", "--dropout", "0",
                  "--local-steps", "60", "--learning-rate", "0.2") as demo:
            wait_until("a released round", lambda: demo.released() >= 1, 180)
            self.garbage_over_mqtt(demo)
            self.garbage_over_https(demo)
            self.ports_in_use(demo)
            self.doctor(demo)
            code, report = demo.finish(300)
            self.assertEqual(code, 0, demo.output() + demo.logs())
            self.assertEqual(report["sums_wrong"], 0)
            self.assertEqual(report["sums_verified"], 16)

    def garbage_over_mqtt(self, demo):
        site = demo.work / "authority/gateways/site-1"
        device, psk = [line.split(":") for line in (site / "broker/psk").read_text().split()
                       if len(line.split(":")[0]) == 32][0]
        port = re.search(r"port = (\d+)", (demo.work / "site-1.toml").read_text()).group(1)
        metrics = re.search(r'\[local\]\nlisten = "([^"]+)"', (demo.work / "site-1.toml").read_text()).group(1)
        for kind in ("hello", "request", "chunk", "header", "nonsense"):
            for payload in (b"", b"\xff" * 40, b"\x01\x01\x00\x00" + b"\x00" * 48, os.urandom(300)):
                with tempfile.NamedTemporaryFile() as file:
                    file.write(payload)
                    file.flush()
                    # The device's own session is thrown off by this one and has to come back.
                    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", port, "--psk-identity", device,
                                    "--psk", psk, "-i", device, "-q", "1", "-f", file.name,
                                    "-t", f"tributary/v1/device/{device}/up/{kind}"], timeout=30, check=False)
        def counted():
            text = subprocess.run(["curl", "-s", f"http://{metrics}/metrics"], capture_output=True, text=True,
                                  timeout=10, check=False).stdout
            return re.search(r'reject\w*\{[^}]*reason="malformed"[^}]*\} [1-9]', text)
        wait_until("the malformed messages to be counted", counted, 20)

    def garbage_over_https(self, demo):
        listens = [line.split('"')[1] for line in (demo.work / "coordinator.toml").read_text().splitlines()
                   if line.startswith("listen")]
        site = demo.work / "authority/gateways/site-1"
        ca = str(site / "ca.crt")
        gateway_plane, admin_plane = (f"https://localhost:{address.split(':')[1]}" for address in listens[:2])
        certificate = ["--cert", str(site / "tls.crt"), "--key", str(site / "tls.key")]

        def status(*arguments):
            return subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", ca, *arguments],
                                  capture_output=True, text=True, timeout=60, check=False).stdout

        token = (demo.work / "authority/coordinator/operator.token").read_text().strip()
        bearer = ["-H", f"Authorization: Bearer {token}"]
        self.assertEqual(status(f"{gateway_plane}/v1/gateway/work"), "000", "no client certificate, no TLS")
        self.assertEqual(status(f"{admin_plane}/v1/tasks"), "401")
        self.assertEqual(status("-H", "Authorization: Bearer wrong", f"{admin_plane}/v1/tasks"), "401")
        self.assertEqual(status(*bearer, f"{admin_plane}/v1/tasks"), "200")
        self.assertEqual(status(*bearer, f"{admin_plane}/v1/nothing"), "404")
        self.assertEqual(status(*bearer, "-X", "DELETE", f"{admin_plane}/v1/tasks"), "405")
        self.assertIn(status(*bearer, "-d", "{not json", f"{admin_plane}/v1/tasks"), ("400", "422"))
        self.assertEqual(status(*bearer, "-d", '{"name": "x", "surprise": 1}', f"{admin_plane}/v1/tasks"), "422")
        nowhere = "00" * 32
        with tempfile.NamedTemporaryFile() as file:
            file.write(os.urandom(4096))
            file.flush()
            self.assertIn(status(*certificate, "-T", file.name, f"{gateway_plane}/v1/rounds/{nowhere}/sum"),
                          ("400", "404", "422"))
            self.assertIn(status(*certificate, "-T", file.name, f"{gateway_plane}/v1/gateway/roster"), ("400", "422"))
            file.truncate(80 << 20)
            self.assertEqual(status(*certificate, "-T", file.name, f"{gateway_plane}/v1/gateway/keys"), "413")
        with socket.create_connection(("localhost", int(listens[0].split(":")[1])), 10) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(ca)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("localhost", int(listens[1].split(":")[1])), 10) as raw:
            with self.assertRaises(ssl.SSLError):
                old.wrap_socket(raw, server_hostname="localhost")

    def doctor(self, demo):
        """Finds nothing where nothing is wrong, names what is, and disturbs nobody."""
        log = demo.work / "log/3-site-1.log"
        connected = log.read_text().count("broker_connected")

        def findings(config):
            result = run("tributary", "doctor", "--gateway-config", str(config), "--json", environment=demo.operator())
            items = json.loads(result.stdout)["items"]
            return result.returncode, {(item["subject"], item["health"]): item["text"] for item in items}

        code, healthy = findings(demo.work / "site-1.toml")
        self.assertEqual(code, 0, healthy)
        self.assertEqual({subject for subject, _ in healthy},
                         {"certificate", "disk", "broker", "coordinator", "clock"})
        self.assertNotIn("fail", {health for _, health in healthy})
        broken = demo.work / "broken.toml"
        text = (demo.work / "site-1.toml").read_text()
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            port = nobody.getsockname()[1]
        broken.write_text(re.sub(r"port = \d+", f"port = {port}", text))
        code, sick = findings(broken)
        self.assertEqual(code, 1)
        self.assertIn("is the broker running", sick["broker", "fail"])
        self.assertEqual(log.read_text().count("broker_connected"), connected)

    def ports_in_use(self, demo):
        for program, config in (("tributary-coordinator", "coordinator.toml"), ("tributary-gateway", "site-1.toml")):
            copy = demo.work / f"second-{config}"
            text = (demo.work / config).read_text()
            copy.write_text(re.sub(r'state = "[^"]+"', f'state = "{demo.work}/state/second-{program}"', text))
            result = run(program, "--config", str(copy))
            self.assertIn(result.returncode, (1, 2), result.stderr)
            self.assertIn("in use", result.stderr)
            shutil.rmtree(demo.work / "state" / f"second-{program}", ignore_errors=True)


if __name__ == "__main__":
    unittest.main()
