"""R1-R3, small: the parts of a running demonstration die by SIGKILL and come back; no sum is wrong, no round is
lost for ever, and the task finishes."""
import unittest

from tests.integration.demo import Demo, wait_until


class KilledParts(unittest.TestCase):
    def test_gateway_broker_and_coordinator_are_killed_and_the_task_finishes(self):
        with Demo("--data", "digits", "--devices", "12", "--rounds", "12", "--dropout", "0.05",
                  "--local-steps", "60", "--learning-rate", "0.2") as demo:
            for number, name in enumerate(["3-site-1", "1-coordinator", "2-broker-2", "3-site-2"]):
                wait_until(f"round {2 * number + 1}", lambda n=number: demo.released() >= 2 * n + 1, 180)
                demo.kill(name)
                demo.start(name)
                if name == "1-coordinator":
                    wait_until("the coordinator", self.reachable(demo), 60)
            code, report = demo.finish(400)
            self.assertEqual(code, 0, demo.output() + demo.logs())
            self.assertEqual(report["sums_wrong"], 0)
            self.assertGreater(report["sums_verified"], 0)
            self.assertEqual(demo.released(), 12)

    @staticmethod
    def reachable(demo):
        def asks():
            try:
                return demo.tributary("status")
            except AssertionError:
                return None
        return asks


if __name__ == "__main__":
    unittest.main()
