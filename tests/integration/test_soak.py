"""R20 with the real programs: 200 rounds of a small demonstration. Memory, descriptors, threads and what is on disk of
each program are printed at rounds 50 and 200 and compared with the bounds below. Only with TRIBUTARY_LONG (tests/run
--long); TRIBUTARY_SOAK_ROUNDS sets another length."""
import os
import time
import unittest
from pathlib import Path

from tests.integration.demo import Demo, wait_until
from tests.integration.process import memory_bytes

PARTS = {"1-coordinator": "coordinator", "3-site-1": "site-1", "3-site-2": "site-2"}
MEBIBYTE = 1 << 20
# What may come on top between the two looks. Memory: an allocator's habits, more where a sanitiser keeps what was
# freed. On disk: the coordinator keeps every round of this length, 16 KiB of each; the rest is the log's size.
MEMORY_GROWTH = 1.25
MEMORY_SLACK = 24 * MEBIBYTE
DESCRIPTORS = 4
THREADS = 2
DISK_OF_A_ROUND = {"coordinator": 16 << 10, "site-1": 1 << 10, "site-2": 1 << 10}
DISK_SLACK = 5 * MEBIBYTE


def bytes_below(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class Look:
    """What the programs have now."""

    def __init__(self, demo):
        self.parts = {}
        for part, state in PARTS.items():
            pid = demo.pid(part)
            process = Path(f"/proc/{pid}")
            self.parts[part] = {"memory": memory_bytes(pid), "descriptors": len(list((process / "fd").iterdir())),
                                "threads": len(list((process / "task").iterdir())),
                                "disk": bytes_below(demo.work / "state" / state)}

    def show(self, rounds):
        print(f"after {rounds} rounds", flush=True)
        for part, found in self.parts.items():
            print(f"  {part:14} {found['memory'] / MEBIBYTE:7.1f} MiB resident, {found['descriptors']:3} descriptors, "
                  f"{found['threads']:3} threads, {found['disk'] / 1024:8.0f} KiB on disk", flush=True)


@unittest.skipUnless("TRIBUTARY_LONG" in os.environ or "TRIBUTARY_SOAK_ROUNDS" in os.environ, "long: tests/run --long")
class Soak(unittest.TestCase):
    def test_r20_two_hundred_rounds_leave_the_programs_as_they_were(self):
        # What AddressSanitizer keeps of freed memory is not the programs'.
        os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
        rounds = int(os.environ.get("TRIBUTARY_SOAK_ROUNDS", "200"))
        early = rounds // 4
        with Demo("--data", "digits", "--devices", "10", "--rounds", str(rounds + 5), "--dropout", "0.05",
                  "--local-steps", "10", "--model", "mlp:64-10") as demo:
            begun = time.monotonic()
            wait_until(f"{early} rounds", lambda: demo.released() >= early, 120 + 20 * early)
            first = Look(demo)
            first.show(early)
            wait_until(f"{rounds} rounds", lambda: demo.released() >= rounds, 20 * (rounds - early))
            last = Look(demo)
            last.show(rounds)
            print(f"{rounds} rounds in {time.monotonic() - begun:.0f} s", flush=True)
            demo.stop_task()
            _, report = demo.finish(300)
        self.assertEqual(report["sums_wrong"], 0)
        self.assertGreaterEqual(report["sums_verified"], rounds)
        for part, state in PARTS.items():
            was, found = first.parts[part], last.parts[part]
            with self.subTest(part=part):
                self.assertLess(found["memory"], was["memory"] * MEMORY_GROWTH + MEMORY_SLACK)
                self.assertLessEqual(found["descriptors"], was["descriptors"] + DESCRIPTORS)
                self.assertLessEqual(found["threads"], was["threads"] + THREADS)
                self.assertLess(found["disk"], was["disk"] + (rounds - early) * DISK_OF_A_ROUND[state] + DISK_SLACK)


if __name__ == "__main__":
    unittest.main()
