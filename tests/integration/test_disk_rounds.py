"""R6 in the middle of rounds, with everything real: a sync or a write of a running gateway, of its helper role and of
the coordinator fails. The program ends with 1, the next start goes on, and every receipt is accounted for."""
import os
import subprocess
import unittest

from tests.integration.demo import Demo, wait_until
from tests.integration.kill_loop import accounts_of

# LeakSanitizer cannot work below strace.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
# Part, file below its state folder, the first call on it that fails: each well after the start.
CASES = (("3-site-1", "site-1/gateway.db-wal", 20), ("3-site-1", "site-1/helper/helper.db-wal", 4),
         ("1-coordinator", "coordinator/coordinator.db-wal", 20))


class FailingInRounds(unittest.TestCase):
    def start_on_a_failing_disk(self, demo, part, file, calls, nth):
        script = (demo.work / "run" / part).read_text()
        before = f"exec strace -f -o /dev/null -P '{demo.work}/state/{file}' -e trace={calls} " \
                 f"-e inject={calls}:error=EIO:when={nth}+ "
        failing = demo.work / "run" / f"{part}-failing"
        failing.write_text(script.replace("exec ", before, 1))
        return subprocess.Popen(["bash", str(failing)], env=ENVIRONMENT, start_new_session=True)

    def test_r6_the_program_ends_and_the_next_one_goes_on(self):
        with Demo("--data", "digits", "--devices", "10", "--rounds", "2000", "--dropout", "0.1", "--local-steps", "20",
                  "--model", "mlp:64-10") as demo:
            wait_until("the first round", lambda: demo.released() >= 1, 180)
            for calls in ("fdatasync,fsync", "pwrite64"):
                for part, file, nth in CASES:
                    with self.subTest(part=part, file=file, calls=calls):
                        demo.kill(part)
                        process = self.start_on_a_failing_disk(demo, part, file, calls, nth)
                        self.assertEqual(process.wait(180), 1, demo.logs())
                        log = (demo.work / "log" / f"{part}.log").read_text()
                        self.assertIn("storage_failed", log)
                        demo.start(part)
                        wait_until("the coordinator", lambda: self.released(demo) >= 0, 60)
                        before = demo.released()
                        wait_until("another round", lambda: demo.released() > before, 120)
            demo.stop_task()
            _, report = demo.finish(300)
            accounts, faults = accounts_of(demo)
            self.assertEqual(faults, [], dict(accounts))
            self.assertEqual(report["sums_wrong"], 0)
            self.assertGreater(accounts["released"], 0)

    @staticmethod
    def released(demo):
        try:
            return demo.released()
        except AssertionError:
            return -1


if __name__ == "__main__":
    unittest.main()
