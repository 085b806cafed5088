"""R1-R3: see kill_loop.py. TRIBUTARY_KILLS (20) and TRIBUTARY_SEED (of the day) set its length and its choices."""
import os
import time
import unittest

from tests.integration import kill_loop


class KilledParts(unittest.TestCase):
    def test_r1_r2_r3_nothing_receipted_is_lost_and_nothing_is_counted_twice(self):
        seed = int(os.environ.get("TRIBUTARY_SEED", time.strftime("%Y%m%d")))
        loop, report, accounts, faults = kill_loop.run(int(os.environ.get("TRIBUTARY_KILLS", "20")), seed)
        print(f"evidence: R1, R2, R3: {sum(loop.killed.values())} kills from seed {seed}", flush=True)
        said = f"seed {seed}: {dict(loop.killed)}, receipts {dict(accounts)}"
        self.assertEqual(faults, [], said)
        self.assertEqual(report["sums_wrong"], 0, said)
        self.assertGreater(report["sums_verified"], 0, said)
        self.assertGreater(accounts["released"], 0, said)
        self.assertEqual(loop.missed, [], f"failpoints that were not reached; {said}")


if __name__ == "__main__":
    unittest.main()
