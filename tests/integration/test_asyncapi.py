"""device-protocol/asyncapi.yaml is valid AsyncAPI 3, its examples fit its own schemas, and the running gateway takes and
publishes what it says."""
import json
import re
import subprocess
import unittest

import jsonschema
import yaml

from tests.integration.demo import ROOT, Demo, wait_until
from tests.integration.test_devices_by_topic import Site

SPEC = yaml.safe_load((ROOT / "device-protocol/asyncapi.yaml").read_text())
META = ROOT / "build/node/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


def schema_of(message):
    """The payload's schema, with what it refers to."""
    return {**SPEC["components"]["messages"][message]["payload"], "components": SPEC["components"]}


def check(message, payload):
    jsonschema.Draft202012Validator(schema_of(message)).validate(payload)


class Document(unittest.TestCase):
    def test_it_is_valid_asyncapi_3(self):
        faults = jsonschema.Draft7Validator(json.loads(META.read_text())).iter_errors(json.loads(json.dumps(SPEC)))
        self.assertEqual([f"{list(fault.path)}: {fault.message[:200]}" for fault in faults], [])

    def test_every_example_fits_its_schema(self):
        checked = 0
        for name, message in SPEC["components"]["messages"].items():
            for example in message.get("examples", []):
                with self.subTest(message=name, example=example["name"]):
                    check(name, example["payload"])
                    checked += 1
        self.assertGreaterEqual(checked, 13)

    def test_it_names_every_setting_of_the_protocol(self):
        table = (ROOT / "device-protocol/PROTOCOL.md").read_text().split("### 11.1")[1].split("### 11.2")[0]
        named = set(re.findall(r"`([a-z_]+)`", "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))))
        self.assertEqual(named, set(SPEC["components"]["schemas"]["GroupSet"]["properties"]) - {"request"})

    def test_the_running_gateway_keeps_to_it(self):
        with Demo("--data", "digits", "--devices", "6", "--rounds", "200", "--dropout", "0", "--model", "mlp:64-10",
                  "--local-steps", "5") as demo:
            wait_until("a released round", lambda: demo.released() >= 1, 120)
            site = Site(demo)
            device = sorted(site.list())[0]
            for message, topic in (("GroupSet", "group/line-3"), ("DeviceSet", f"device/{device}")):
                for example in SPEC["components"]["messages"][message]["examples"]:
                    with self.subTest(message=message, example=example["name"]):
                        request = f"{message}-{example['name']}"
                        site.publish(f"tributary/v1/config/{topic}/set", json.dumps({**example["payload"], "request": request}))
                        answer = wait_until("the answer", lambda: self.answer(site, topic, request), 10)
                        check("Answer", answer)
                        self.assertTrue(answer["accepted"], answer)
            site.publish(f"tributary/v1/config/device/{device}/set", '{"batch_size": 0, "request": "no"}')
            check("Answer", wait_until("the refusal", lambda: self.answer(site, f"device/{device}", "no"), 10))
            version = site.document(device, "desired")["version"]
            wait_until("the report", lambda: site.document(device, "reported")["version"] == version, 10)
            for message, topic in (("DeviceDesired", f"device/{device}/desired"), ("DeviceReported", f"device/{device}/reported"),
                                   ("DeviceLife", f"device/{device}/state"), ("GroupDesired", "group/line-3/desired")):
                with self.subTest(message=message):
                    check(message, site.retained(f"tributary/v1/config/{topic}"))
            self.check_topics(site)

    def answer(self, site, topic, request):
        answer = site.retained(f"tributary/v1/config/{topic}/answer")
        return answer if answer and answer.get("request") == request else None

    def check_topics(self, site):
        """Everything retained on the broker is on a channel of the document."""
        patterns = [re.compile(re.sub(r"\\{[a-z]+\\}", "[^/]+", re.escape(channel["address"]))) for channel in SPEC["channels"].values()]
        listed = subprocess.run(["mosquitto_sub", *site.options("operator"), "-t", "tributary/v1/#", "-F", "%t", "-W", "3"], text=True,
                                capture_output=True, timeout=20, check=False).stdout.split()
        self.assertGreater(len(listed), 8)
        for topic in listed:
            self.assertTrue(any(pattern.fullmatch(topic) for pattern in patterns), topic)


if __name__ == "__main__":
    unittest.main()
