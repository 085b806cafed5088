"""One site with everything real: authority, coordinator, broker with TLS and plain listeners, gateway, helper."""
import ctypes
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("TRIBUTARY_BIN", ROOT / "build/dev/bin"))
MODEL = "mlp:9-7"


def wait_until(what, condition, seconds):
    """Polls until condition() is true and returns that; says what was waited for when it is not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end_with_parent():
    """In a child: SIGKILL when this process ends, however it does."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Site:
    """Use as a context manager: all processes end with it, whatever happens."""

    def __init__(self, devices, n_min):
        self._folder = tempfile.TemporaryDirectory(prefix="tributary-firmware-")
        self.work = Path(self._folder.name)
        self.authority = self.work / "authority"
        self._processes = []
        self._devices, self._n_min = devices, n_min
        (self.gateways_port, self.admin_port, local, self.tls_port, self.plain_port, site_local, helper_local) = free_ports(7)
        self._locals = (local, site_local, helper_local)

    def __enter__(self):
        try:
            self._issue()
            self._start_coordinator()
            self._start_broker()
            self._start_gateway("site-1", self._locals[1], broker=True)
            self._start_gateway("helper-1", self._locals[2], broker=False)
            self.device_ids = sorted(path.name for path in (self.authority / "devices").iterdir())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        for process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        self._folder.cleanup()

    def start(self, name, *command, environment=None):
        """In the background, its output in NAME.log; ends with the site."""
        log = open(self.work / f"{name}.log", "ab")
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT, env=dict(os.environ, **(environment or {})),
                                   preexec_fn=end_with_parent)
        log.close()
        self._processes.append(process)
        return process

    def log(self, name):
        path = self.work / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self):
        return "\n".join(f"== {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-12:])
                         for path in sorted(self.work.glob("*.log")))

    def tributary(self, *arguments):
        run = subprocess.run([str(BIN / "tributary"), *map(str, arguments)], env=self._operator(), text=True,
                             capture_output=True, timeout=60)
        if run.returncode != 0:
            raise AssertionError(f"tributary {' '.join(map(str, arguments))}: {run.stderr}")
        return run.stdout

    def json(self, *arguments):
        return json.loads(self.tributary(*arguments, "--json"))

    def _operator(self):
        credentials = self.authority / "coordinator"
        return dict(os.environ, TRIBUTARY_COORDINATOR=f"https://localhost:{self.admin_port}",
                    TRIBUTARY_CA=str(credentials / "ca.crt"), TRIBUTARY_TOKEN_FILE=str(credentials / "operator.token"))

    def _issue(self):
        self.tributary("authority", "init", "--tenant", "plant", self.authority)
        self.tributary("authority", "coordinator", "--host", "localhost", self.authority)
        self.tributary("authority", "gateway", "site-1", "--operator", "plant", "--broker-host", "localhost",
                       "--broker-port", self.tls_port, self.authority)
        self.tributary("authority", "helper", "helper-1", "--operator", "other", self.authority)
        self.tributary("authority", "device", "--gateway", "site-1", "--count", self._devices, "--n-min", self._n_min,
                       self.authority)

    def _start_coordinator(self):
        config = self.work / "coordinator.toml"
        config.write_text(f'[coordinator]\ncredentials = "{self.authority}/coordinator"\nstate = "{self.work}/coordinator"\n'
                          f'[gateways]\nlisten = "127.0.0.1:{self.gateways_port}"\n[admin]\nlisten = "127.0.0.1:{self.admin_port}"\n'
                          f'[local]\nlisten = "127.0.0.1:{self._locals[0]}"\n')
        self.start("coordinator", BIN / "tributary-coordinator", "--config", config)
        wait_until("the coordinator", lambda: answers(self.admin_port), 20)

    def _start_broker(self):
        """With deploy/mosquitto's plain listener, and a password for every device."""
        broker = self.authority / "gateways/site-1/broker"
        passwords = broker / "passwords"
        passwords.touch(mode=0o600)
        for path in (self.authority / "devices").iterdir():
            password = os.urandom(16).hex()
            (path / "password").write_text(password + "\n")
            subprocess.run(["mosquitto_passwd", "-b", str(passwords), path.name, password], check=True, timeout=20)
        config = broker / "mosquitto.conf"
        plain = (ROOT / "deploy/mosquitto/plain-listener.in").read_text()
        plain = plain.replace("@PORT@", str(self.plain_port)).replace("@ADDRESS@", "127.0.0.1").replace("@FOLDER@", str(broker))
        config.write_text(config.read_text() + plain)
        self.start("broker", "mosquitto", "-c", config)
        wait_until("the broker", lambda: answers(self.plain_port) and answers(self.tls_port), 10)

    def _start_gateway(self, name, local, broker):
        config = self.work / f"{name}.toml"
        where = f'host = "127.0.0.1"\nport = {self.tls_port}' if broker else "enabled = false"
        config.write_text(f'[gateway]\nname = "{name}"\ncredentials = "{self.authority}/gateways/{name}"\n'
                          f'state = "{self.work}/{name}"\n[broker]\n{where}\n'
                          f'[coordinator]\nurl = "https://localhost:{self.gateways_port}"\n[local]\nlisten = "127.0.0.1:{local}"\n'
                          f'[helper]\nenabled = {"false" if broker else "true"}\nn_min = 2\n')
        self.start(name, BIN / "tributary-gateway", "--config", config)

    def create_task(self, rounds, n_min=None, **more):
        """Returns its id. Small chunks, so that an upload has several."""
        initial = self.work / "initial.npy"
        subprocess.run([str(BIN / "tributary-fleet"), "initial", "--model", MODEL, "--seed", "1", "--out", str(initial)],
                       check=True, timeout=60, stdout=subprocess.DEVNULL)
        model = self.json("model", "import", "--name", "shuttle", "--architecture", MODEL, initial)["hash"]
        gateway = (self.authority / "gateways/site-1/gateway.id").read_text().strip()
        helper = (self.authority / "gateways/helper-1/helper.id").read_text().strip()
        spec = {"name": "shuttle", "model": MODEL, "initial_model": model, "gateways": [gateway], "helpers": {gateway: [helper]},
                "n_min": n_min or self._n_min, "scope": "gateway", "rounds": rounds, "chunk_bytes": 96, "deadline_seconds": 60,
                "patience_seconds": 3, "training": {"local_steps": 40, "batch_size": 8, "learning_rate": 0.1},
                "encoding": {"ring_bits": 32, "clip_l2": 10, "clip_inf": 1, "weight_examples_cap": 4000}, **more}
        (self.work / "task.json").write_text(json.dumps(spec))
        return self.json("task", "create", "--spec", self.work / "task.json")["id"]

    def rounds(self, task):
        """The rounds so far, the oldest first."""
        listed = self.json("round", "list", task)
        rows = listed["items"] if isinstance(listed, dict) else listed
        return sorted(rows, key=lambda row: row["round"])
