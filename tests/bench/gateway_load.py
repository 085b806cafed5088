#!/usr/bin/python3
"""One gateway under load: N real devices (the C library, each over its own TLS-PSK session) upload D masked
parameters in one round. Prints a table and, with --json FILE, the same as JSON: resident memory of the gateway,
MiB/s made durable, CPU seconds by process, bytes written to the medium per update and per round, and the broker's own ceiling on the same path (TLS-PSK, QoS 1, same
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
import urllib.request
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CHUNK = 16368
PUBLISHERS = 4


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


class Process:
    """A child with its CPU seconds and peak resident memory, read from /proc while it lives."""

    def __init__(self, name, command, log, environment=None):
        self.name = name
        self._child = subprocess.Popen(command, stdout=open(log, "w"), stderr=subprocess.STDOUT, env=environment)

    def cpu(self):
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def written(self):
        """Bytes this process has had written to the medium (/proc/<pid>/io), those given up before that taken off."""
        fields = dict(line.split(": ") for line in Path(f"/proc/{self._child.pid}/io").read_text().splitlines())
        return int(fields["write_bytes"]) - int(fields["cancelled_write_bytes"])

    def runs(self):
        return self._child.poll() is None

    def memory(self, key):
        status = Path(f"/proc/{self._child.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+) kB", status).group(1)) / 1024

    def stop(self):
        self._child.terminate()
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()


class World:
    """Authority, coordinator, the loaded site, a second site whose gateway is the helper, a broker nobody uses."""

    def __init__(self, options, folder):
        self.bin, self.folder, self.options = Path(options.bin), folder, options
        self.authority = folder / "authority"
        self.processes = []
        self.ports = {name: free_port() for name in ("gateways", "admin", "local", "broker-1", "broker-2",
                                                      "broker-3", "site-1", "site-2")}

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
        self.site(self.authority, 1, self.options.devices)
        self.site(self.authority, 2, 2)
        (self.folder / "coordinator.toml").write_text(
            f'[coordinator]\ncredentials = "{self.authority}/coordinator"\nstate = "{self.folder}/coordinator"\n'
            f'[gateways]\nlisten = "127.0.0.1:{self.ports["gateways"]}"\n'
            f'[admin]\nlisten = "127.0.0.1:{self.ports["admin"]}"\n'
            f'[local]\nlisten = "127.0.0.1:{self.ports["local"]}"\n')
        self.start("coordinator", self.bin / "tributary-coordinator", "--config", self.folder / "coordinator.toml")
        self.wait_until("the coordinator", lambda: subprocess.run(
            [self.bin / "tributary", "status"], env=self.environment(), capture_output=True).returncode == 0, 30)
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

    def site(self, authority, number, devices):
        self.run("tributary", "authority", "gateway", f"site-{number}", "--operator", f"plant-{number}", "--helper",
                 "--broker-host", "localhost", "--broker-port", self.ports[f"broker-{number}"], authority)
        self.run("tributary", "authority", "device", "--gateway", f"site-{number}", "--count", devices, "--n-min", 2,
                 authority)

    def idle_broker(self):
        """A broker of the same configuration that no gateway uses; returns its identities with their keys."""
        authority = self.folder / "ceiling"
        self.run("tributary", "authority", "init", "--tenant", "bench", authority)
        self.run("tributary", "authority", "coordinator", "--host", "localhost", authority)
        self.site(authority, 3, PUBLISHERS)
        folder = authority / "gateways/site-3/broker"
        process = self.start("broker-3", "mosquitto", "-c", folder / "mosquitto.conf")
        time.sleep(0.5)
        return process, dict(line.split(":") for line in (folder / "psk").read_text().split())

    def wait_until(self, what, condition, seconds):
        end = time.monotonic() + seconds
        while not (value := condition()):
            dead = [process.name for process in self.processes if not process.runs()]
            if dead:
                sys.exit(f"gateway_load: waiting for {what}: {', '.join(dead)} ended")
            if time.monotonic() > end:
                sys.exit(f"gateway_load: waited {seconds} s for {what}")
            time.sleep(0.05)
        return value

    def named(self, name):
        return next(process for process in self.processes if process.name == name)

    def metric(self, site, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[site]}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        found = re.search(rf"^tributary_gateway_{name} (\S+)$", text, re.MULTILINE)
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

    def gateways(self):
        return json.loads(self.run("tributary", "gateway", "list", "--json"))["items"]

    def rounds(self, task):
        return json.loads(self.run("tributary", "round", "list", task, "--json"))["items"]


def broker_ceiling(world, megabytes=400):
    """MiB/s through a broker of the same configuration: TLS-PSK, QoS 1, one subscriber, messages of the chunk size."""
    broker, credentials = world.idle_broker()
    gateway_psk = credentials.pop("gateway")
    for person in ("operator", "viewer"):
        credentials.pop(person)
    count = megabytes * 1048576 // CHUNK // PUBLISHERS
    base = ["-h", "127.0.0.1", "-p", str(world.ports["broker-3"]), "-q", "1", "--tls-version", "tlsv1.2"]
    subscriber = subprocess.Popen(["mosquitto_sub", *base, "--psk-identity", "gateway", "--psk", gateway_psk,
                                   "-t", "tributary/v1/device/+/up/ceiling", "-C", str(count * PUBLISHERS),
                                   "-W", "120"], stdout=subprocess.DEVNULL)
    time.sleep(1)
    line = b"x" * (CHUNK - 1) + b"\n"

    def publish(identity, psk):
        child = subprocess.Popen(["mosquitto_pub", *base, "--psk-identity", identity, "--psk", psk, "-l",
                                  "-t", f"tributary/v1/device/{identity}/up/ceiling"], stdin=subprocess.PIPE)
        for _ in range(count):
            child.stdin.write(line)
        child.stdin.close()
        child.wait()

    started = time.monotonic()
    threads = [threading.Thread(target=publish, args=item) for item in credentials.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    subscriber.wait()
    if subscriber.returncode:
        sys.exit("gateway_load: the broker lost messages while its ceiling was measured")
    seconds = time.monotonic() - started
    world.processes.remove(broker)
    broker.stop()
    return count * PUBLISHERS * CHUNK / 1048576 / seconds


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
    world.wait_until("the gateways", lambda: len(world.gateways()) == 2, 30)
    ceiling = broker_ceiling(world)
    world.fleet()
    world.wait_until("every device in the roster", lambda: any(
        gateway["roster_size"] == options.devices for gateway in world.gateways()), 300)
    before = [(process, process.cpu()) for process in world.processes]
    coordinator = world.named("coordinator")
    gateway_written, coordinator_written = gateway.written(), coordinator.written()
    idle = gateway.memory("RssAnon")
    task = world.task()
    peak = idle

    def reached(metric, value):
        nonlocal peak
        peak = max(peak, gateway.memory("RssAnon"))
        return world.metric("site-1", metric) >= value and time.monotonic()

    first_chunk = world.wait_until("the first chunk", lambda: reached("chunk_bytes_total", 1), 300)
    durable = world.wait_until("all receipts", lambda: reached("receipts_total", options.devices), 900)
    masked = world.metric("site-1", "chunk_bytes_total") / 1048576
    rounds = world.wait_until("the release", lambda: [
        r for r in world.rounds(task) if r["state"] in ("released", "abandoned")], 300)
    released = time.monotonic()
    rate = masked / (durable - first_chunk)
    result = {"devices": options.devices, "parameters": options.parameters, "survivors": rounds[0]["survivors"],
              "round_state": rounds[0]["state"], "masked_mib": masked,
              "seconds_first_chunk_to_last_receipt": durable - first_chunk,
              "seconds_last_receipt_to_release": released - durable,
              "durable_mib_per_second": rate, "broker_ceiling_mib_per_second": ceiling,
              "share_of_broker_ceiling": rate / ceiling,
              "gateway_anonymous_mib_idle": idle, "gateway_anonymous_mib_peak": max(peak, gateway.memory("RssAnon"))}
    update = masked * 1048576 / options.devices
    result["written_bytes_per_update"] = (gateway.written() - gateway_written) / options.devices
    result["written_per_byte_of_update"] = result["written_bytes_per_update"] / update
    result["coordinator_written_bytes_per_round"] = coordinator.written() - coordinator_written
    result["coordinator_written_per_byte_of_model"] = (
        result["coordinator_written_bytes_per_round"] / (4 * options.parameters))
    for process, cpu in before:
        result[f"cpu_seconds {process.name}"] = process.cpu() - cpu
    return result


if __name__ == "__main__":
    sys.exit(main())
