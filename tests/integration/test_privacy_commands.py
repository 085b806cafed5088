"""The offline calculator, as a user or a script calls it."""
import json
import subprocess
import unittest

from tests.integration.demo import BIN, ROOT


def privacy(*arguments):
    return subprocess.run([str(BIN / "tributary"), "privacy", *map(str, arguments)], text=True, capture_output=True,
                          timeout=60)


def answer(*arguments):
    return json.loads(privacy(*arguments, "--json").stdout)


class Calculator(unittest.TestCase):
    def test_epsilon_of_the_vectors(self):
        vectors = json.loads((ROOT / "tests/vectors/privacy.json").read_text())
        for row in vectors["gaussian_exact"]:
            said = answer("epsilon", "--noise-multiplier", row["noise_multiplier"], "--participations",
                          row["participations"], "--delta", row["delta"])
            self.assertAlmostEqual(said["epsilon"], row["epsilon"], 6)
            self.assertEqual(said["accountant"], "gaussian")
        for row in vectors["rdp_subsampled_gaussian"]["rows"]:
            said = answer("epsilon", "--noise-multiplier", row["noise_multiplier"], "--participations", row["steps"],
                          "--delta", row["delta"], "--sampling-rate", row["q"])
            self.assertAlmostEqual(said["epsilon"], row["epsilon"], 5)
            self.assertEqual(said["accountant"], "rdp")

    def test_noise_of_the_vectors(self):
        vectors = json.loads((ROOT / "tests/vectors/privacy.json").read_text())
        for row in vectors["gaussian_inverse_one_release"]:
            said = answer("noise", "--epsilon", row["epsilon"], "--delta", row["delta"], "--participations", 1)
            self.assertAlmostEqual(said["noise_multiplier"], row["noise_multiplier"], 5)

    def test_noise_to_signal_is_told_on_request(self):
        noise = ["noise", "--epsilon", 8, "--delta", 1e-6, "--participations", 20, "--devices", 100, "--parameters", 100000]
        self.assertAlmostEqual(answer(*noise)["noise_to_signal"], 9.23, 2)
        self.assertIn("drowns", privacy(*noise).stdout)
        self.assertNotIn("noise_to_signal", answer(*noise[:7]))

    def test_what_makes_no_sense_is_named(self):
        good = {"--noise-multiplier": 1, "--participations": 1, "--delta": 1e-6, "--sampling-rate": 0.1}
        for option, values in {"--noise-multiplier": (0, -1, "nan", "inf", "much"), "--participations": (0, -3, 1.5),
                               "--delta": (0, 1, "nan"), "--sampling-rate": (-0.1, 1.1, "nan")}.items():
            for value in values:
                arguments = [str(part) for pair in {**good, option: value}.items() for part in pair]
                result = privacy("epsilon", *arguments)
                self.assertEqual(result.returncode, 2, (option, value, result.stdout))
                self.assertIn(option, result.stderr)
        self.assertEqual(privacy("epsilon", "--delta", 1e-6, "--participations", 1).returncode, 2)


if __name__ == "__main__":
    unittest.main()
