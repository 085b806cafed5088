#!/usr/bin/python3
"""One gateway under load: N real devices (the C library, each over its own TLS-PSK session) upload D masked
parameters in one round. Prints a table and, with --json FILE, the same as JSON: resident memory of the gateway,
MiB/s made durable, CPU seconds by process, and the broker's own ceiling on the same path (TLS-PSK, QoS 1, same
message size, the distribution's clients) measured in the same run.

  tests/bench/gateway_load.py --bin build/release/bin [--devices 1000] [--parameters 100000]
"""
import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CHUNK = 16368


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


class Process:
    """A child with its CPU seconds and peak resident memory, read from /proc while it lives."""

    def __init__(self, name, command, log, environment=None):
        self.name = name
        self._child = subprocess.Popen(command, stdout=open(log, "w"), stderr=subprocess.STDOUT, env=environment)
        self.cpu_at_start = 0.0

    def cpu(self):
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, key):
        status = Path(f"/proc/{self._child.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+) kB", status).group(1)) / 1024

    def stop(self):
        self._child.terminate()
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()


def wait_until(what, condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.2)
    sys.exit(f"gateway_load: waited {seconds} s for {what}")


class World:
    """Authority, coordinator, the loaded site and a second site whose gateway is the helper."""

    def __init__(self, options, folder):
        self.bin, self.folder, self.options = Path(options.bin), folder, options
        self.authority = folder / "authority"
        self.processes = []
        self.ports = {name: free_port() for name in ("gateways", "admin", "local", "broker-1", "broker-2",
                                                      "site-1", "site-2")}

    def run(self, program, *arguments):
        result = subprocess.run([self.bin / program, *map(str, arguments)], text=True, capture_output=True,
                                env=self.environment(), timeout=600)
        if result.returncode:
            sys.exit(f"gateway_load: {program} {' '.join(map(str, arguments))}: {result.stderr}")
        return result.stdout

    def environment(self):
        credentials = self.authority / "coordinator"
        return dict(os.environ, TRIBUTARY_COORDINATOR=f"https://localhost:{self.ports['admin']}",
                    TRIBUTARY_CA=str(credentials / "ca.crt"),
                    TRIBUTARY_TOKEN_FILE=str(credentials / "operator.token"))

    def start(self, name, *command):
        process = Process(name, [str(part) for part in command], self.folder / f"{name}.log", self.environment())
        self.processes.append(process)
        return process

    def build(self):
        self.run("tributary", "authority", "init", "--tenant", "bench", self.authority)
        self.run("tributary", "authority", "coordinator", "--host", "localhost", self.authority)
        for number, count in ((1, self.options.devices), (2, 2)):
            self.run("tributary", "authority", "gateway", f"site-{number}", "--operator", f"plant-{number}", "--helper",
                     "--broker-host", "localhost", "--broker-port", self.ports[f"broker-{number}"], self.authority)
            self.run("tributary", "authority", "device", "--gateway", f"site-{number}", "--count", count, "--n-min", 2,
                     self.authority)
        (self.folder / "coordinator.toml").write_text(
            f'[coordinator]\ncredentials = "{self.authority}/coordinator"\nstate = "{self.folder}/coordinator"\n'
            f'[gateways]\nlisten = "127.0.0.1:{self.ports["gateways"]}"\n'
            f'[admin]\nlisten = "127.0.0.1:{self.ports["admin"]}"\n'
            f'[local]\nlisten = "127.0.0.1:{self.ports["local"]}"\n')
        self.start("coordinator", self.bin / "tributary-coordinator", "--config", self.folder / "coordinator.toml")
        for number in (1, 2):
            site = self.authority / f"gateways/site-{number}"
            self.start(f"broker-{number}", "mosquitto", "-c", site / "broker/mosquitto.conf")
            config = self.folder / f"site-{number}.toml"
            config.write_text(
                f'[gateway]\nname = "site-{number}"\ncredentials = "{site}"\nstate = "{self.folder}/site-{number}"\n'
                f'[broker]\nhost = "127.0.0.1"\nport = {self.ports[f"broker-{number}"]}\n'
                f'[coordinator]\nurl = "https://localhost:{self.ports["gateways"]}"\n'
                f'[local]\nlisten = "127.0.0.1:{self.ports[f"site-{number}"]}"\n[helper]\nenabled = true\nn_min = 2\n')
            self.start(f"site-{number}", self.bin / "tributary-gateway", "--config", config)

    def named(self, name):
        return next(process for process in self.processes if process.name == name)

    def metric(self, site, pattern):
        text = subprocess.run(["curl", "-s", f"http://127.0.0.1:{self.ports[site]}/metrics"], text=True,
                              capture_output=True, check=False).stdout
        found = re.search(pattern, text, re.MULTILINE)
        return float(found.group(1)) if found else 0.0

    def gateway_id(self, number):
        return (self.authority / f"gateways/site-{number}/gateway.id").read_text().strip()

    def helper_id(self, number):
        return (self.authority / f"gateways/site-{number}/helper.id").read_text().strip()

    def fleet(self):
        brokers = [part for number in (1, 2) for part in
                   ("--broker", f"{self.gateway_id(number)}=127.0.0.1:{self.ports[f'broker-{number}']}")]
        return self.start("fleet", self.bin / "tributary-fleet", "run", "--devices-dir", self.authority / "devices",
                          "--volatile", "--synthetic", self.options.parameters, *brokers)

    def stop(self):
        for process in reversed(self.processes):
            process.stop()

    def task(self):
        model = f"synthetic:{self.options.parameters}"
        self.run("tributary-fleet", "initial", "--model", model, "--out", self.folder / "initial.npy")
        imported = json.loads(self.run("tributary", "model", "import", "--name", "bench", "--architecture", model, "--json",
                                       self.folder / "initial.npy"))
        spec = {"name": "bench", "model": model, "initial_model": imported["hash"], "gateways": [self.gateway_id(1)],
                "helpers": {self.gateway_id(1): [self.helper_id(2)]}, "rounds": 1, "n_min": 2, "deadline_seconds": 600,
                "training": {"local_steps": 1, "batch_size": 1, "learning_rate": 0.01}, "chunk_bytes": CHUNK}
        (self.folder / "task.json").write_text(json.dumps(spec))
        return json.loads(self.run("tributary", "task", "create", "--spec", self.folder / "task.json", "--json"))["id"]

    def rounds(self, task):
        return json.loads(self.run("tributary", "round", "list", task, "--json"))["items"]


def broker_ceiling(world, megabytes=400, publishers=4):
    """MiB/s through the same broker, TLS-PSK, QoS 1, one subscriber, text messages of the chunk size."""
    broker = world.authority / "gateways/site-2/broker/psk"
    credentials = dict(line.split(":") for line in broker.read_text().split())
    gateway_psk = credentials.pop("gateway")
    count = megabytes * 1048576 // CHUNK // publishers
    base = ["-h", "127.0.0.1", "-p", str(world.ports["broker-2"]), "-q", "1"]
    subscriber = subprocess.Popen(["mosquitto_sub", *base, "--psk-identity", "gateway", "--psk", gateway_psk, "-i", "gateway",
                                   "-t", "tributary/v1/device/+/up/ceiling", "-C", str(count * publishers),
                                   "-W", "120"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    line = b"x" * (CHUNK - 1) + b"\n"

    def publish(identity, psk):
        child = subprocess.Popen(["mosquitto_pub", *base, "--psk-identity", identity, "--psk", psk, "-i", identity, "-l",
                                  "-t", f"tributary/v1/device/{identity}/up/ceiling"], stdin=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        for _ in range(count):
            child.stdin.write(line)
        child.stdin.close()
        child.wait()

    # Device identities of site 2; its own two devices are not connected while this runs.
    started = time.monotonic()
    threads = [threading.Thread(target=publish, args=item) for item in list(credentials.items())[:publishers]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    subscriber.wait()
    seconds = time.monotonic() - started
    return count * len(threads) * CHUNK / 1048576 / seconds if subscriber.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--parameters", type=int, default=100000)
    parser.add_argument("--json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder:
        world = World(options, Path(folder))
        try:
            result = measure(world, options)
        except BaseException:
            for log in sorted(Path(folder).glob("*.log")):
                print(f"== {log.name}", *log.read_text(errors="replace").splitlines()[-15:], sep="\n", file=sys.stderr)
            raise
        finally:
            world.stop()
    for key, value in result.items():
        print(f"{key:42} {value:.2f}" if isinstance(value, float) else f"{key:42} {value}")
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    return 0 if result["survivors"] == options.devices else 1


def measure(world, options):
    world.build()
    gateway = world.named("site-1")
    wait_until("the gateways", lambda: all(len(items) == 2 for items in [json.loads(world.run(
        "tributary", "gateway", "list", "--json"))["items"]]), 30)
    ceiling = broker_ceiling(world, publishers=2)
    fleet = world.fleet()
    wait_until("every device in the roster", lambda: any(item["roster_size"] == options.devices for item in json.loads(
        world.run("tributary", "gateway", "list", "--json"))["items"]), 300)
    idle = gateway.memory("RssAnon")
    names = [process.name for process in world.processes]
    before = {process.name: process.cpu() for process in world.processes}
    peak = {"value": idle}
    done = threading.Event()

    def sample():
        while not done.wait(0.1):
            peak["value"] = max(peak["value"], gateway.memory("RssAnon"))

    sampler = threading.Thread(target=sample)
    sampler.start()
    started = time.monotonic()
    task = world.task()
    received = r"^tributary_gateway_receipts_total(?:\{[^}]*\})? (\d+)"
    first = wait_until("the first receipt", lambda: world.metric("site-1", received) and time.monotonic(), 300)
    wait_until("all receipts", lambda: world.metric("site-1", received) >= options.devices, 900)
    receipts_seconds = time.monotonic() - started
    rounds = wait_until("the release", lambda: [r for r in world.rounds(task) if r["state"] in ("released", "abandoned")], 300)
    round_seconds = time.monotonic() - started
    done.set()
    sampler.join()
    payload = options.devices * (options.parameters + 7) * 4 / 1048576
    result = {"devices": options.devices, "parameters": options.parameters, "survivors": rounds[0]["survivors"],
              "round_state": rounds[0]["state"], "round_seconds": round_seconds,
              "seconds_to_first_receipt": first - started, "seconds_to_all_receipts": receipts_seconds,
              "payload_mib": payload, "durable_mib_per_second": payload / (started + receipts_seconds - first),
              "gateway_anonymous_mib_idle": idle, "gateway_anonymous_mib_peak": peak["value"],
              "broker_ceiling_mib_per_second": ceiling or 0.0,
              "share_of_broker_ceiling": payload / (started + receipts_seconds - first) / ceiling if ceiling else 0.0}
    for name in names:
        result[f"cpu_seconds {name}"] = world.named(name).cpu() - before[name]
    assert fleet
    return result


if __name__ == "__main__":
    sys.exit(main())
