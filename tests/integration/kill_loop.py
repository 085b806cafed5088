#!/usr/bin/python3
"""R1-R3: a running demonstration whose parts die by SIGKILL, at random instants and at every named failpoint, on a
line that loses requests and responses. Afterwards every released sum is exact, and every receipt a device holds is in
exactly one released sum or in a round that was reported as abandoned.
    tests/integration/kill_loop.py --kills 200 --seed 7      prints what it did, ends with one line of figures
Repeat a run with its seed: the choices are the same, the instants as close as processes allow."""
import argparse
import collections
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

if __package__ is None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.integration.demo import ROOT, Demo, is_gone, wait_until  # noqa: E402
from tests.integration.fault_proxy import FaultProxy  # noqa: E402

SITES = ("3-site-1", "3-site-2")
PARTS = (*SITES, "1-coordinator", "2-broker-1", "2-broker-2", "4-fleet")
PATIENCE = 120  # seconds in which a round must be released after a part has come back
AT_THE_END = "round-abandoned"  # the failpoint that a stopped task leads to


def failpoints():
    """Names in the order of the header, and the program each is in."""
    text = (ROOT / "cloud/service/failpoint.hpp").read_text()
    body = re.search(r"enum class Failpoint \{(.*?)\};", text, re.S).group(1)
    found, program = [], None
    for line in body.splitlines():
        if "//" in line and "," not in line.split("//")[0]:
            program = "coordinator" if "coordinator" in line else "gateway"
        elif name := re.match(r"\s*(\w+),", line):
            found.append((name.group(1).replace("_", "-"), program))
    return found


class KillLoop:
    def __init__(self, demo, seed):
        self.demo, self.random = demo, random.Random(seed)
        self.killed = collections.Counter()
        self.missed = []  # failpoints that were not reached in time
        self.longest = 0.0  # seconds from a part's return to the next released round

    def released(self):
        try:
            return self.demo.released()
        except AssertionError:  # the coordinator is not there at the moment
            return -1

    def wait_for_a_round(self):
        """Liveness: with everything back, another round is released within a bound."""
        begun = time.monotonic()
        wait_until("the coordinator", lambda: self.released() >= 0, 60)
        before = self.released()
        wait_until("another released round", lambda: self.released() > before, PATIENCE)
        took = time.monotonic() - begun
        self.longest = max(self.longest, took)
        print(f"  a round released {took:.1f} s later", flush=True)

    def kill_at_random(self, name):
        time.sleep(self.random.uniform(0, 0.6))
        self.demo.kill(name)
        time.sleep(self.random.choice((0, 0, self.random.uniform(0, 2))))
        self.demo.start(name)
        self.killed[name] += 1

    def kill_at(self, point, part, times):
        """Restarts the part so that it ends itself at the failpoint, then starts it as usual."""
        self.demo.kill(part)
        process = self.demo.start(part, {"TRIBUTARY_FAILPOINT": f"{point}:{times}"})
        try:
            code = process.wait(60)
            if code != -signal.SIGKILL:
                raise AssertionError(f"{part} was to die at {point} and ended with {code}\n{self.demo.logs()}")
            self.killed[point] += 1
        except subprocess.TimeoutExpired:
            self.missed.append(point)
            self.demo.kill(part)
        self.demo.start(part)

    def stop_at_failpoint(self):
        """The task is stopped, and the coordinator dies when the end of its open round is durable and nobody knows."""
        part = "1-coordinator"
        self.demo.kill(part)
        self.demo.start(part, {"TRIBUTARY_FAILPOINT": AT_THE_END})
        wait_until("the coordinator", lambda: self.released() >= 0, 60)
        pid = self.demo.pid_or_none(part)
        wait_until("an open round", lambda: self.demo.has_open_round() or is_gone(pid), PATIENCE)
        try:
            self.demo.stop_task()
        except AssertionError:
            pass  # it died before it could answer
        wait_until(f"{part} to end itself", lambda: is_gone(pid), 20)
        self.killed[AT_THE_END] += 1
        self.demo.start(part)
        wait_until("the coordinator", lambda: self.released() >= 0, 60)

    def run(self, kills):
        points = [found for found in failpoints() if found[0] != AT_THE_END]
        self.random.shuffle(points)
        for number in range(kills):
            if points and number % 2 == 0:
                point, program = points.pop()
                part = "1-coordinator" if program == "coordinator" else self.random.choice(SITES)
                print(f"kill {number + 1}: {part} at {point}", flush=True)
                self.kill_at(point, part, self.random.randint(1, 2))
            else:
                part = self.random.choice(PARTS)
                print(f"kill {number + 1}: {part}", flush=True)
                self.kill_at_random(part)
            self.wait_for_a_round()


def accounts_of(demo):
    """How every receipt is accounted for: 'released', 'abandoned', or a fault in words."""
    task = demo.task()
    survivors, abandoned = collections.Counter(), set()
    after = 0
    while rows := demo.get(f"/v1/tasks/{task['id']}/rounds?after={after}")["items"]:
        for row in rows:
            after = max(after, row["round"])
            included = set()
            if row["state"] == "released":
                for site in demo.get(f"/v1/tasks/{task['id']}/rounds/{row['round']}/survivors")["gateways"]:
                    included.add(site["ctx_hash"])
                    survivors.update((site["ctx_hash"], device) for device in site["device_ids"])
            # A site's part can be left out of a released round; that is said with its reason.
            abandoned |= {site["ctx_hash"] for site in row["gateways"]
                          if site["ctx_hash"] not in included and row["state"] != "open" and (site["reason"] or row["reason"])}
    accounts = collections.Counter()
    faults = []
    for line in sorted(set((demo.work / "receipts").read_text().split("\n")) - {""}):
        ctx_hash, device = line.split()
        times = survivors[(ctx_hash, device)]
        if times == 1:
            accounts["released"] += 1
        elif times == 0 and ctx_hash in abandoned:
            accounts["abandoned"] += 1
        else:
            faults.append(f"device {device} holds a receipt for {ctx_hash}: in {times} sums, not in an abandoned round")
    faults += [f"device {device} is {times} times in the sum of {ctx_hash}"
               for (ctx_hash, device), times in survivors.items() if times > 1]
    return accounts, faults


def run(kills, seed, rounds=None, options=()):
    """Returns (loop, report, accounts, faults) of one run."""
    rounds = rounds or 1000 + 20 * kills  # more than there is time for: the loop stops the task
    with Demo("--data", "digits", "--devices", "12", "--rounds", str(rounds), "--dropout", "0.1", "--seed", str(seed),
              "--local-steps", "20", "--model", "mlp:64-10", *options) as demo:
        wait_until("the first round", lambda: demo.released() >= 1, 180)
        with FaultProxy(demo.gateway_port(), seed) as proxy:
            for site in SITES:
                demo.redirect(site, proxy.listen)
            loop = KillLoop(demo, seed)
            loop.run(kills)
            print(f"line faults: {proxy.counts}", flush=True)
        # The proxy is gone: sites talk to the coordinator itself again, and the task comes to its end.
        for site in SITES:
            demo.redirect(site, demo.gateway_port())
        loop.wait_for_a_round()
        loop.stop_at_failpoint()
        _, report = demo.finish(300)
        accounts, faults = accounts_of(demo)
        if faults or report is None or report["sums_wrong"]:
            print(demo.output(), demo.logs(), file=sys.stderr)
        return loop, report, accounts, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    loop, report, accounts, faults = run(options.kills, options.seed)
    for fault in faults:
        print(fault)
    print(f"{sum(loop.killed.values())} kills {dict(loop.killed)}, failpoints not reached {loop.missed}, "
          f"{report['sums_verified']} sums exact, {report['sums_wrong']} wrong, receipts {dict(accounts)}, "
          f"longest way back {loop.longest:.1f} s")
    return 1 if faults or report["sums_wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
