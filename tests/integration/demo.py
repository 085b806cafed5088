"""Runs deploy/demo with the built programs and gets at its parts, for tests that break them."""
import json
import os
import signal
import subprocess
import tempfile
import time
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
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        wait_until(f"{name} to be gone", lambda: is_gone(pid), 10)

    def start(self, name):
        self._restarted.append(subprocess.Popen([str(self.work / "run" / name)], start_new_session=True))

    def tributary(self, *arguments):
        """The command line as the operator; parsed --json output."""
        run = subprocess.run([str(BIN / "tributary"), *arguments, "--json"], env=self.operator(), text=True,
                             capture_output=True, timeout=60)
        if run.returncode != 0:
            raise AssertionError(f"tributary {' '.join(arguments)}: {run.stderr}")
        return json.loads(run.stdout)

    def operator(self):
        listen = [line.split('"')[1] for line in (self.work / "coordinator.toml").read_text().splitlines()
                  if line.startswith("listen")]
        credentials = self.work / "authority/coordinator"
        return dict(os.environ, TRIBUTARY_COORDINATOR=f"https://localhost:{listen[1].split(':')[1]}",
                    TRIBUTARY_CA=str(credentials / "ca.crt"),
                    TRIBUTARY_TOKEN_FILE=str(credentials / "operator.token"))

    def released(self):
        """Rounds released so far by the task named demo; 0 before it exists."""
        if not (self.work / "task-demo.json").exists():
            return 0
        tasks = [task for task in self.tributary("task", "list")["items"] if task["name"] == "demo"]
        return tasks[0]["rounds_released"] if tasks else 0
