"""PROTOCOL.md is complete: a device in Python that was written from it enrols at a running site, and its masked updates
count exactly, among devices of the C library."""
import json
import subprocess
import time
import unittest

from tests.integration.demo import BIN, ROOT, Demo, wait_until
from tests.integration.psk_mqtt import Session

DIGITS = ROOT / "build/data/digits.csv.gz"


class PythonDevice(unittest.TestCase):
    def test_it_enrols_and_completes_masked_rounds(self):
        with Demo("--data", "digits", "--devices", "12", "--rounds", "20", "--dropout", "0", "--model", "mlp:64-10",
                  "--local-steps", "20") as demo:
            wait_until("a released round", lambda: demo.released() >= 1, 120)
            authority = demo.work / "authority"
            site = authority / "gateways/site-1"

            def tributary(*arguments):
                return subprocess.run([BIN / "tributary", "authority", *arguments, authority], check=True, text=True,
                                      capture_output=True, timeout=60).stdout.split()

            device, unapproved = tributary("claim", "--gateway", "site-1", "--count", "2", "--n-min", "2")
            port = next(line.split()[1] for line in (site / "broker/mosquitto.conf").read_text().splitlines()
                        if line.startswith("listener"))
            started = time.monotonic()
            process = subprocess.Popen(
                ["/usr/bin/python3", ROOT / "tests/integration/python_device.py", "--claim", authority / "claims" / device / "claim",
                 "--identity", demo.work / "python-identity", "--state", demo.work / "python-device.json", "--port", port,
                 "--digits", DIGITS, "--true-sums", demo.work / "true-sums", "--receipts", "2", "--seconds", "150"],
                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.addCleanup(process.kill)
            wait_until("the claim to be pending", (site / "claims" / f"{device}.pending").exists, 30)
            self.assertFalse((site / "devices" / f"{device}.cert").exists(), "nobody has approved it yet")
            self.assertEqual(tributary("approve", "--gateway", "site-1"), [device], "the other has not claimed")
            self.assertEqual(tributary("approve", "--gateway", "site-1"), [], "a claim is approved once")
            out, err = process.communicate(timeout=200)
            said = [json.loads(line) for line in out.splitlines()]
            self.assertEqual(process.returncode, 0, f"{out}\n{err}\n{demo.output()}\n{demo.logs()}")
            events = [line["event"] for line in said]
            self.assertEqual([event for event in events if event.startswith("claim")], ["claim_pending", "claim_active"], said)
            self.assertEqual(events.count("receipt"), 2, said)
            # Single use: what it claimed with is gone from the gateway and from the broker's files.
            self.assertFalse((site / "claims" / f"{device}.claim").exists())
            psk = (site / "broker/psk").read_text()
            self.assertNotIn(f"claim-{device}", psk)
            self.assertIn(f"\n{device}:", psk)
            self.assertIn(f"claim-{unapproved}:", psk)
            # attack: a claim credential reads nothing but its own answers, though keys and offers are retained.
            secret = bytes.fromhex((site / "claims" / f"{unapproved}.claim").read_text().strip())
            spy = Session(port, f"claim-{unapproved}", secret)
            spy.subscribe("tributary/v1/#", "tributary/v1/site/keys", f"tributary/v1/device/{device}/down/#")
            self.assertIsNone(spy.next(2))
            spy.close()
            demo.stop_task()
            _, report = demo.finish(300)
            # Each sum was compared with the sum of all survivors' true vectors, this device's among them.
            self.assertEqual(report["sums_wrong"], 0, demo.output())
            self.assertGreater(report["sums_verified"], 0)
            task = demo.task()["id"]
            for number in (line["round"] for line in said if line["event"] == "receipt"):
                survivors = json.dumps(demo.get(f"/v1/tasks/{task}/rounds/{number}/survivors"))
                self.assertIn(device, survivors, f"receipted in round {number} and not among its survivors")
            print(f"enrolled, and {events.count('receipt')} masked rounds, in {time.monotonic() - started:.0f} s; "
                  f"{report['sums_verified']} sums exact", flush=True)


if __name__ == "__main__":
    unittest.main()
