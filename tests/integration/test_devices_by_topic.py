"""PROTOCOL.md 11 and R15 with real programs: devices set by the command line and by plain mosquitto_pub, refusals with
reasons, states with their last will, and a revocation that ends a live session."""
import json
import os
import signal
import subprocess
import time
import unittest

from tests.integration.demo import BIN, Demo, wait_until
from tests.integration.psk_mqtt import Lost, Session

CONFIG = "tributary/v1/config"


class Site:
    """site-1 of a demo, as its plant engineer sees it."""

    def __init__(self, demo):
        self.demo, self.folder = demo, demo.work / "authority/gateways/site-1"
        conf = (self.folder / "broker/mosquitto.conf").read_text()
        self.port = next(line.split()[1] for line in conf.splitlines() if line.startswith("listener"))

    def key(self, name):
        return (self.folder / f"{name}.psk").read_text().strip()

    def options(self, name):
        return ["-h", "127.0.0.1", "-p", self.port, "--psk-identity", name, "--psk", self.key(name), "--tls-version", "tlsv1.2", "-q", "1"]

    def publish(self, topic, text, name="operator", *more):
        subprocess.run(["mosquitto_pub", *self.options(name), "-t", topic, "-m", text, *more], check=True, timeout=20)

    def retained(self, topic):
        """The document retained there, or None."""
        run = subprocess.run(["mosquitto_sub", *self.options("viewer"), "-t", topic, "-C", "1", "-W", "2"], text=True,
                             capture_output=True, timeout=20, check=False)
        return json.loads(run.stdout) if run.stdout.strip() else None

    def document(self, device, what):
        return self.retained(f"{CONFIG}/device/{device}/{what}")

    def command(self, *arguments):
        return subprocess.run([BIN / "tributary", "device", *arguments, "--broker", f"127.0.0.1:{self.port}", "--psk-file",
                               self.folder / "operator.psk"], text=True, capture_output=True, timeout=60, check=False)

    def list(self):
        run = self.command("list", "--json")
        return {row["device"]: row for row in json.loads(run.stdout)["items"]}


class DevicesByTopic(unittest.TestCase):
    def survivors(self, demo, number):
        task = demo.task()["id"]
        return json.dumps(demo.get(f"/v1/tasks/{task}/rounds/{number}/survivors"))

    def rounds_with(self, demo, device, after):
        """Whether the device is among the survivors of each round released after that one."""
        task = demo.task()["id"]
        items = demo.get(f"/v1/tasks/{task}/rounds?after={after}")["items"]
        return [device in self.survivors(demo, row["round"]) for row in items if row["state"] == "released"]

    def test_by_topic(self):
        with Demo("--data", "digits", "--devices", "12", "--rounds", "400", "--dropout", "0", "--model", "mlp:64-10",
                  "--local-steps", "5") as demo:
            wait_until("two released rounds", lambda: demo.released() >= 2, 120)
            site = Site(demo)
            rows = site.list()
            self.assertEqual(len(rows), 6, rows)
            self.assertEqual({row["state"] for row in rows.values()}, {"ready"})
            device = sorted(rows)[0]

            with self.subTest("pause by mosquitto_pub stops participation"):
                site.publish(f"{CONFIG}/device/{device}/set", '{"pause": true, "request": "by hand"}')
                answer = wait_until("the answer", lambda: site.document(device, "answer"), 10)
                self.assertEqual((answer["accepted"], answer["request"]), (True, "by hand"))
                wait_until("the report", lambda: (site.document(device, "reported") or {}).get("version") == answer["version"], 10)
                self.assertEqual(site.document(device, "state")["held_back"], "paused")
                begun = demo.task()["round"]
                wait_until("two rounds without it", lambda: demo.task()["round"] >= begun + 3, 120)
                self.assertNotIn(True, self.rounds_with(demo, device, begun + 1))

            with self.subTest("a bad value is rejected with its reason, the last good stays"):
                before = site.document(device, "desired")
                refused = site.command("set", device, "batch_size=0")
                self.assertEqual(refused.returncode, 1)
                self.assertIn("batch_size: 0 is not a whole number within 1 .. 65536", refused.stderr)
                site.publish(f"{CONFIG}/device/{device}/set", '{"min_battery": 101, "pause": null}')
                wait_until("the refusal", lambda: "min_battery" in site.document(device, "answer").get("reason", ""), 10)
                self.assertEqual(site.document(device, "desired"), before)
                self.assertEqual(site.document(device, "reported")["version"], before["version"])

            with self.subTest("resume by the command line"):
                resumed = site.command("resume", device)
                self.assertEqual(resumed.returncode, 0, resumed.stderr)
                begun = demo.task()["round"]
                wait_until("a round with it", lambda: True in self.rounds_with(demo, device, begun), 60)

            with self.subTest("a group's settings reach its members"):
                self.assertEqual(site.command("set", device, 'groups=["line-3"]').returncode, 0)
                self.assertEqual(site.command("set", "--group", "line-3", "local_steps=3", "participation_window=00:00-23:59",
                                              "min_battery=20").returncode, 0)
                effective = site.document(device, "desired")["effective"]
                self.assertEqual((effective["local_steps"], effective["min_battery"]), (3, 20))
                version = site.document(device, "desired")["version"]
                wait_until("the report", lambda: site.document(device, "reported")["version"] == version, 10)

            with self.subTest("attack: the viewer and devices set nothing"):
                before = site.document(device, "desired")
                site.publish(f"{CONFIG}/device/{device}/set", '{"pause": true}', "viewer")
                other = sorted(rows)[1]
                spare = self.spare_device(site)
                with_session = Session(site.port, spare, bytes.fromhex((site.folder / f"devices/{spare}.psk").read_text().strip()))
                with_session.publish(f"{CONFIG}/device/{other}/set", b'{"pause": true}')
                time.sleep(1)
                self.assertEqual(site.document(device, "desired"), before)
                self.assertIsNone(site.document(other, "desired"))

            with self.subTest("R15: revocation ends a live session within 5 s"):
                with_session.subscribe(f"tributary/v1/device/{spare}/down/+")
                revoked_at = time.monotonic()
                self.assertEqual(site.command("revoke", spare).returncode, 0)
                try:
                    while time.monotonic() < revoked_at + 10:
                        with_session.next(0.1)
                    self.fail("the session is still open")
                except Lost:
                    seconds = time.monotonic() - revoked_at
                with_session.abort()
                self.assertLess(seconds, 5)
                print(f"a live session ended {seconds:.2f} s after its revocation", flush=True)
                wait_until("its key to be gone", lambda: spare not in (site.folder / "broker/psk").read_text(), 10)
                with self.assertRaises(Lost):
                    Session(site.port, spare, bytes(32))
                self.assertEqual(site.list()[spare]["state"], "revoked")
                self.assertIn(f"user {spare}\ntopic deny #", (site.folder / "broker/acl").read_text())

            with self.subTest("decommission erases the device, which is then revoked"):
                victim = sorted(rows)[2]
                self.assertEqual(site.command("decommission", victim).returncode, 0)
                wait_until("it to be revoked", lambda: site.list()[victim]["state"] == "revoked", 20)
                left = [path.name for path in (demo.work / "state/devices" / victim).glob("record-*")]
                self.assertEqual(left, ["record-12"], "only the settings that keep it from starting anew")

            with self.subTest("a killed fleet is lost by its last wills"):
                os.kill(demo.pid("4-fleet"), signal.SIGKILL)
                wait_until("the wills", lambda: site.document(device, "state")["state"] == "lost", 20)

            with self.subTest("damaged key files let nobody in, and the others stay"):
                good = (site.folder / "broker/psk").read_text()
                file = site.folder / "devices" / f"{device}.psk"
                file.write_text("")
                (site.folder / "devices" / "touch").touch()
                (site.folder / "claims" / "touch").touch()
                wait_until("the file to be refused", lambda: f"\n{device}:" not in (site.folder / "broker/psk").read_text(), 10)
                left = set(good.split()) - set((site.folder / "broker/psk").read_text().split())
                self.assertEqual({line.split(":")[0] for line in left}, {device})
                (site.folder / "gateway.psk").chmod(0o644)
                (site.folder / "claims" / "again").touch()
                time.sleep(1)
                self.assertIn("gateway:", (site.folder / "broker/psk").read_text())

    def spare_device(self, site):
        spare = subprocess.run([BIN / "tributary", "authority", "device", "--gateway", "site-1", "--n-min", "2",
                                site.demo.work / "authority"], check=True, text=True, capture_output=True, timeout=60).stdout.strip()
        wait_until("its credential", lambda: f"\n{spare}:" in (site.folder / "broker/psk").read_text(), 10)
        time.sleep(1)
        return spare


if __name__ == "__main__":
    unittest.main()
