"""Runs deploy/demo with the built programs and gets at its parts, for tests that break them."""
import json
import os
import re
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("TRIBUTARY_BIN", ROOT / "build/dev/bin"))


def wait_until(what, condition, seconds):
    """Polls until condition() is true; says what was waited for when it is not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s for {what}")


def is_gone(pid):
    """Whether the process has ended with all of its threads, so that its ports are free; one that nobody has waited
    for yet has, too. Its first thread may be a zombie while the others still hold the sockets."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state == "Z" and len(os.listdir(f"/proc/{pid}/task")) == 1
    except (FileNotFoundError, ProcessLookupError):
        return True


class Demo:
    """One deploy/demo in a folder of its own. Use as a context manager: everything ends with it."""

    def __init__(self, *options):
        self._folder = tempfile.TemporaryDirectory(prefix="tributary-demo-")
        self.work = Path(self._folder.name)
        self.json_file = self.work.with_suffix(".json")
        self._environment = dict(os.environ, TRIBUTARY_BIN=str(BIN), TRIBUTARY_DEMO_DIR=str(self.work))
        self._output = open(self.work.with_suffix(".out"), "w+")
        self._process = subprocess.Popen(
            [str(ROOT / "deploy/demo"), *options, "--keep", "--json", str(self.json_file)],
            env=self._environment, stdout=self._output, stderr=subprocess.STDOUT, start_new_session=True)
        self._restarted = []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(20)
        subprocess.run([str(ROOT / "deploy/demo"), "--stop"], env=self._environment, check=False, timeout=180)
        for process in self._restarted:
            process.wait(20)
        self._output.close()
        self.work.with_suffix(".out").unlink(missing_ok=True)
        self.json_file.unlink(missing_ok=True)
        self._folder.cleanup()

    def output(self):
        self._output.flush()
        return self.work.with_suffix(".out").read_text()

    def logs(self):
        return "\n".join(f"== {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-25:])
                         for path in sorted((self.work / "log").glob("*.log")))

    def finish(self, seconds):
        """Waits for the end; returns (exit code, the JSON report or None)."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not done after {seconds} s\n{self.output()}\n{self.logs()}") from None
        report = json.loads(self.json_file.read_text()) if self.json_file.exists() else None
        return code, report

    def pid(self, name):
        return int((self.work / "run" / f"{name}.pid").read_text())

    def kill(self, name):
        """SIGKILL, as a power cut would; returns when the process is gone."""
        pid = wait_until(f"{name} to run", lambda: self.pid_or_none(name), 10)
        os.kill(pid, signal.SIGKILL)
        wait_until(f"{name} to be gone", lambda: is_gone(pid), 10)

    def signal(self, name, number):
        os.kill(wait_until(f"{name} to run", lambda: self.pid_or_none(name), 10), number)

    def start(self, name, environment=None):
        """Returns the process: its script becomes the program, so its end is the program's."""
        process = subprocess.Popen([str(self.work / "run" / name)], start_new_session=True,
                                   env=dict(os.environ, **(environment or {})))
        self._restarted.append(process)
        return process

    def pid_or_none(self, name):
        """The process id when the part runs under the script that was started last."""
        try:
            pid = self.pid(name)
        except (FileNotFoundError, ValueError):
            return None
        return None if is_gone(pid) else pid

    def gateway_port(self):
        """Of the coordinator's listener for gateways."""
        return int(self._listeners()[0].rsplit(":", 1)[1])

    def redirect(self, site, port):
        """Kills the site and starts it again with the coordinator at another port."""
        config = self.work / f"{site.removeprefix('3-')}.toml"
        config.write_text(re.sub(r"https://localhost:\d+", f"https://localhost:{port}", config.read_text()))
        self.kill(site)
        self.start(site)

    def task(self):
        return next(task for task in self.tributary("task", "list")["items"] if task["name"] == "demo")

    def stop_task(self):
        self.tributary("task", "stop", self.task()["id"])

    def has_open_round(self):
        rounds = self.get(f"/v1/tasks/{self.task()['id']}/rounds?after={max(0, self.task()['round'] - 1)}")["items"]
        return any(row["state"] == "open" for row in rounds)

    def get(self, target):
        """A GET on the admin plane, as the operator; parsed."""
        operator = self.operator()
        token = Path(operator["TRIBUTARY_TOKEN_FILE"]).read_text().strip()
        request = urllib.request.Request(operator["TRIBUTARY_COORDINATOR"] + target, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=30, context=ssl.create_default_context(cafile=operator["TRIBUTARY_CA"])) as answer:
            return json.load(answer)

    def tributary(self, *arguments):
        """The command line as the operator; parsed --json output."""
        run = subprocess.run([str(BIN / "tributary"), *arguments, "--json"], env=self.operator(), text=True,
                             capture_output=True, timeout=60)
        if run.returncode != 0:
            raise AssertionError(f"tributary {' '.join(arguments)}: {run.stderr}")
        return json.loads(run.stdout)

    def operator(self):
        credentials = self.work / "authority/coordinator"
        return dict(os.environ, TRIBUTARY_COORDINATOR=f"https://localhost:{self._listeners()[1].rsplit(':', 1)[1]}",
                    TRIBUTARY_CA=str(credentials / "ca.crt"),
                    TRIBUTARY_TOKEN_FILE=str(credentials / "operator.token"))

    def _listeners(self):
        """Addresses in the coordinator's configuration: gateways, admin, local."""
        return [line.split('"')[1] for line in (self.work / "coordinator.toml").read_text().splitlines()
                if line.startswith("listen")]

    def released(self):
        """Rounds released so far by the task named demo; 0 before it exists."""
        if not (self.work / "task-demo.json").exists():
            return 0
        tasks = [task for task in self.tributary("task", "list")["items"] if task["name"] == "demo"]
        return tasks[0]["rounds_released"] if tasks else 0
