#!/usr/bin/python3
"""How long a killed program takes to be ready again with many rows pending (R20). The gateway: --rows messages in the
outbox and as many chunks of a round in progress. The coordinator: as many sums of open rounds. Each program is started
on that state, killed by SIGKILL, and started again; what counts is the time from its start to 200 on /readyz.
Prints a table and, with --json FILE, the same as JSON.

  tests/bench/restart.py --bin build/release/bin [--rows 100000] [--times 3] [--cold]
"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.integration.process import cpu_seconds  # noqa: E402


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


class World:
    """Authority, broker and configurations of a gateway and a coordinator that never meet."""

    def __init__(self, options, folder):
        self.options, self.folder, self.bin = options, folder, Path(options.bin).resolve()
        self.ports = {name: free_port() for name in ("gateways", "admin", "coordinator", "broker", "gateway")}
        self.authority = folder / "authority"
        self.children = []

    def run(self, *command, environment=None):
        return subprocess.run([str(part) for part in command], check=True, text=True, stdout=subprocess.PIPE,
                              env=environment).stdout

    def tributary(self, *arguments):
        self.run(self.bin / "tributary", "authority", *arguments, self.authority)

    def build(self):
        self.tributary("init", "--tenant", "bench")
        self.tributary("coordinator", "--host", "localhost")
        self.tributary("gateway", "site-1", "--operator", "plant-1", "--broker-host", "localhost", "--broker-port",
                       self.ports["broker"])
        self.tributary("device", "--gateway", "site-1", "--count", min(5000, self.options.rows // 20), "--n-min", 2)
        site = self.authority / "gateways/site-1"
        (self.folder / "gateway.toml").write_text(
            f'[gateway]\nname = "site-1"\ncredentials = "{site}"\nstate = "{self.folder}/gateway"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {self.ports["broker"]}\n'
            f'[coordinator]\nurl = "https://localhost:{free_port()}"\n'
            f'[local]\nlisten = "127.0.0.1:{self.ports["gateway"]}"\n')
        (self.folder / "coordinator.toml").write_text(
            f'[coordinator]\ncredentials = "{self.authority}/coordinator"\nstate = "{self.folder}/coordinator"\n'
            f'[gateways]\nlisten = "127.0.0.1:{self.ports["gateways"]}"\n'
            f'[admin]\nlisten = "127.0.0.1:{self.ports["admin"]}"\n'
            f'[local]\nlisten = "127.0.0.1:{self.ports["coordinator"]}"\n')
        self.start("broker", "mosquitto", "-c", site / "broker/mosquitto.conf")

    def start(self, name, *command):
        log = open(self.folder / f"{name}.log", "a")
        child = subprocess.Popen([str(part) for part in command], stdout=log, stderr=subprocess.STDOUT)
        self.children.append(child)
        return child

    def fill(self, name):
        program = self.bin.parent / "tests/bench/bench_pending_rows"
        arguments = [self.folder / name]
        if name == "gateway":
            arguments += [self.authority / "gateways/site-1", self.authority / "coordinator/identity.key"]
        # Where the coordinator's rows are made every sync costs: on a tmpfs it does not.
        shared = Path("/dev/shm")
        environment = dict(os.environ, TMPDIR=str(shared)) if shared.is_dir() else None
        return json.loads(self.run(program, name, *arguments, self.options.rows, environment=environment))

    def seconds_to_ready(self, name):
        begun = time.monotonic()
        child = self.start(name, self.bin / f"tributary-{name}", "--config", self.folder / f"{name}.toml")
        while not ready(self.ports[name]):
            if child.poll() is not None or time.monotonic() - begun > 300:
                sys.exit(f"restart: {name} is not ready\n" + (self.folder / f"{name}.log").read_text()[-3000:])
            time.sleep(0.005)
        took = time.monotonic() - begun
        self.cpu = cpu_seconds(child.pid)
        child.send_signal(signal.SIGKILL)
        child.wait(30)
        return took

    def drop_caches(self):
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3\n")

    def stop(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait(20)


def measure(world, name):
    result = world.fill(name)
    took, cpu = [], []
    for _ in range(world.options.times + 1):
        if world.options.cold:
            world.drop_caches()
        took.append(world.seconds_to_ready(name))
        cpu.append(world.cpu)
    result["first_start_seconds"] = took[0]
    result["restart_seconds"] = sorted(took[1:])[len(took) // 2 - 1]
    result["restart_seconds_worst"] = max(took[1:])
    result["restart_cpu_seconds"] = sorted(cpu[1:])[len(cpu) // 2 - 1]
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--cold", action="store_true", help="drop the page cache before each start (root)")
    parser.add_argument("--only", choices=("gateway", "coordinator"))
    parser.add_argument("--json")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tributary-restart-"))
    world = World(options, folder)
    results = {}
    try:
        world.build()
        for name in ("gateway", "coordinator"):
            if options.only in (None, name):
                results[name] = measure(world, name)
    finally:
        world.stop()
        shutil.rmtree(folder)
    for name, result in results.items():
        for key, value in result.items():
            print(f"{name:12} {key:24} {value:12.3f}" if isinstance(value, float) else f"{name:12} {key:24} {value:12}")
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
