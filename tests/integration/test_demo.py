"""The demonstration itself, small: real broker, TLS, masks, drop-outs; every released sum is compared."""
import csv
import json
import random
import tempfile
import unittest
from pathlib import Path

from tests.integration.demo import Demo


def write_machines(folder, machines, rows):
    """Two classes that a small network separates; each machine has its own offset and scale of features."""
    generator = random.Random(5)
    for machine in range(machines):
        with open(Path(folder) / f"machine-{machine}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["current", "temperature", "vibration", "state"])
            for _ in range(rows):
                worn = generator.random() < 0.5
                writer.writerow([f"{generator.gauss(1000 + 250 * worn, 90):.3f}",
                                 f"{generator.gauss(0.02, 0.004):.6f}",
                                 f"{generator.gauss(3 - 2 * worn, 0.7):.3f}", "worn" if worn else "fine"])


class SmallDemonstration(unittest.TestCase):
    def check(self, demo, rounds, gateways, seconds):
        code, report = demo.finish(seconds)
        self.assertEqual(code, 0, demo.output() + demo.logs())
        self.assertEqual(len(report["rounds"]), rounds)
        self.assertEqual(report["sums_wrong"], 0)
        self.assertEqual(report["sums_verified"], rounds * gateways)
        self.assertGreaterEqual(report["final_accuracy"], report["central_accuracy"] - 0.05)
        return report

    def test_digits_over_two_sites_with_dropouts(self):
        with Demo("--data", "digits", "--devices", "20", "--rounds", "6", "--dropout", "0.1",
                  "--local-steps", "60", "--learning-rate", "0.2") as demo:
            report = self.check(demo, 6, 2, 300)
            self.assertTrue(all(row["survivors"] >= 12 for row in report["rounds"]), report["rounds"])

    def test_a_folder_of_csv_files_one_per_client(self):
        with tempfile.TemporaryDirectory() as folder:
            write_machines(folder, 9, 120)
            with Demo("--data", f"csv:{folder}", "--partition", "per-file", "--rounds", "4", "--gateways", "3",
                      "--dropout", "0") as demo:
                report = self.check(demo, 4, 3, 300)
                self.assertGreater(report["final_accuracy"], 0.8)

    def test_one_gateway_and_three_independent_helpers(self):
        with Demo("--data", "digits", "--devices", "10", "--gateways", "1", "--helpers", "3", "--rounds", "2",
                  "--dropout", "0") as demo:
            code, report = demo.finish(300)
            self.assertEqual(report["sums_verified"], 2, demo.output() + demo.logs())
            self.assertEqual(report["sums_wrong"], 0)
            task = next(task for task in demo.tributary("task", "list")["items"] if task["name"] == "demo")
            for helper in ("helper-1", "helper-2", "helper-3"):
                self.assertIn(helper, task["trust"])

    def test_one_total_over_all_sites(self):
        with Demo("--data", "digits", "--devices", "20", "--rounds", "2", "--dropout", "0", "--scope", "global") as demo:
            code, report = demo.finish(300)
            self.assertEqual(report["sums_wrong"], 0, demo.output() + demo.logs())
            self.assertEqual(report["sums_verified"], 2, "one total a round, over both sites")
            task = next(task for task in demo.tributary("task", "list")["items"] if task["name"] == "demo")
            self.assertIn("the total only", task["trust"])
            self.assertIn("total_asked", demo.logs())

    def test_the_coordinator_as_the_only_helper(self):
        with Demo("--data", "digits", "--devices", "10", "--gateways", "1", "--helpers", "coordinator", "--rounds", "2",
                  "--dropout", "0") as demo:
            code, report = demo.finish(300)
            self.assertEqual(report["sums_wrong"], 0, demo.output() + demo.logs())
            self.assertEqual(report["sums_verified"], 2)
            task = next(task for task in demo.tributary("task", "list")["items"] if task["name"] == "demo")
            self.assertIn("helper role at the coordinator", task["trust"])

    def test_a_ring_of_16_bits(self):
        with Demo("--data", "digits", "--devices", "20", "--rounds", "3", "--ring-bits", "16", "--dropout", "0") as demo:
            report = self.check(demo, 3, 2, 300)
            self.assertLess(report["rounds"][0]["bytes_per_parameter"], 2.06)


class Subsets(unittest.TestCase):
    """Fewer words travel; every sum is exact all the same, with the devices' own noise in it too."""

    def run_demo(self, *options):
        with Demo("--data", "digits", "--devices", "20", "--rounds", "4", "--dropout", "0.1", *options) as demo:
            code, report = demo.finish(300)
            self.assertEqual(code, 0, demo.output() + demo.logs())
            self.assertEqual((report["sums_verified"], report["sums_wrong"]), (8, 0))
            return report, demo.output()

    def test_a_quarter_of_the_parameters_with_error_feedback(self):
        report, output = self.run_demo("--subset", "0.25", "--local-steps", "60", "--learning-rate", "0.2")
        self.assertIn("parameters travel", output)
        for row in report["rounds"]:
            self.assertLess(row["bytes_per_parameter"], 1.15)
        # Four rounds of a quarter of the words each: it learns (chance is 0.1), in jumps.
        self.assertGreater(max(row["accuracy"] for row in report["rounds"]), 0.35)

    def test_the_last_layer_with_device_noise(self):
        report, output = self.run_demo("--last-layers", "1", "--device-noise", "0.02")
        self.assertIn("device noise: the noise each device adds gives epsilon", output)
        self.assertIn("compared with vectors that hold it", output)
        self.assertLess(report["rounds"][0]["bytes_per_parameter"], 0.7)


class TrustedGateway(unittest.TestCase):
    """A fifth of the devices upload ten times the opposite of what they learned."""

    def test_multi_krum_stops_what_the_mean_does_not(self):
        with Demo("--data", "digits", "--devices", "30", "--rounds", "4", "--dropout", "0", "--mode", "trusted-gateway",
                  "--local-steps", "60", "--attack", "scaled", "--aggregation", "multi-krum") as demo:
            code, _ = demo.finish(400)
            self.assertEqual(code, 0, demo.output() + demo.logs())
            with_rule, with_mean = (json.loads((demo.work / f"{name}.json").read_text()) for name in ("demo", "plain"))
            self.assertEqual(with_mean["sums_verified"], 8, "an exact sum each for two sites and four rounds")
            self.assertEqual((with_rule["sums_verified"], with_rule["sums_wrong"]), (0, 0), "what a rule makes is nobody's sum")
            self.assertIn("device_left_out", demo.logs())
            # Not every attacker is among the survivors of every round: the worst of the later ones tells.
            worst_with_rule, worst_with_mean = (min(row["accuracy"] for row in report["rounds"][1:])
                                                for report in (with_rule, with_mean))
            self.assertGreater(worst_with_rule, 0.7)
            self.assertLess(worst_with_mean, worst_with_rule - 0.05)


class AsksTwice(unittest.TestCase):
    def test_a_colluding_gateway_and_coordinator_get_one_sum_from_a_helper(self):
        with Demo("--data", "digits", "--devices", "10", "--gateways", "1", "--rounds", "3", "--dropout", "0",
                  "--attack", "asks-twice") as demo:
            _, report = demo.finish(300)
            self.assertEqual((report["sums_verified"], report["sums_wrong"]), (3, 0), demo.output() + demo.logs())
            answers = [json.loads(line) for line in (demo.work / "questions.jsonl").read_text().splitlines()]
            given = {answer["asked"]: answer["answer"] for answer in answers}
            self.assertEqual(given["the same survivors again"], "the same bytes again", demo.logs())
            self.assertEqual(given["one device left out"], "refused: ALREADY_ANSWERED")
            self.assertEqual(given["one device left out, as a new attempt"], "refused: BAD_TICKET")
            self.assertEqual(given["the same uploads as those of the next round"], "refused: BAD_TICKET")
            self.assertFalse(any(answer["leaked"] for answer in answers))


class Pairwise(unittest.TestCase):
    """No helpers: devices mask with each other, and open shares of what the vanished ones masked with."""

    def test_r21_masks_come_off_although_devices_vanish(self):
        with Demo("--data", "digits", "--devices", "24", "--rounds", "4", "--mode", "pairwise", "--dropout", "0.05",
                  "--local-steps", "60", "--learning-rate", "0.2") as demo:
            code, report = demo.finish(400)
            self.assertEqual(code, 0, demo.output() + demo.logs())
            self.assertEqual(len(report["rounds"]), 4)
            self.assertEqual(report["sums_wrong"], 0)
            self.assertEqual(report["sums_verified"], 8)
            task = next(task for task in demo.tributary("task", "list")["items"] if task["name"] == "demo")
            self.assertEqual([group["devices"] for group in task["groups"]], [12, 12])
            self.assertIn("more than 10 % of the devices", task["trust"])


class Privacy(unittest.TestCase):
    def test_r23_a_budget_is_spent_and_not_exceeded(self):
        with Demo("--data", "digits", "--devices", "20", "--rounds", "3", "--dropout", "0", "--dp", "8",
                  "--model", "mlp:64-10", "--ring-bits", "24") as demo:
            code, report = demo.finish(300)
            self.assertEqual(code, 0, demo.output() + demo.logs())
            self.assertEqual(len(report["rounds"]), 3)
            task = next(task for task in demo.tributary("task", "list")["items"] if task["name"] == "demo")
            privacy = task["privacy"]
            self.assertLessEqual(privacy["epsilon_spent"], 8 * (1 + 1e-6))
            self.assertGreater(privacy["epsilon_spent"], 7.9)
            self.assertIsNone(privacy["rounds_left"], "three participations are all a device gives")


if __name__ == "__main__":
    unittest.main()
