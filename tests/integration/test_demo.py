"""The demonstration itself, small: real broker, TLS, masks, drop-outs; every released sum is compared."""
import csv
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


if __name__ == "__main__":
    unittest.main()
