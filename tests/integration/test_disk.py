"""R6, R7, R10 with the built programs: a sync that fails, a disk that is full, a database that is damaged. One site
that only helps, its coordinator, no broker. A small tmpfs needs root or sudo, as deploy/setup does."""
import json
import os
import signal
import socket
import sqlite3
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from tests.integration.demo import BIN, wait_until

MEBIBYTE = 1 << 20
AS_ROOT = [] if os.geteuid() == 0 else ["sudo"]
# LeakSanitizer cannot work below strace.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as held:
        return held.getsockname()[1]


def page(port, name):
    """(status, text); status 0: nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class SmallDisk:
    """A tmpfs of so many bytes, and a file that takes all that is left of it."""

    def __init__(self, folder, size):
        self.folder = folder
        folder.mkdir()
        subprocess.run([*AS_ROOT, "mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(folder)],
                       check=True)
        self.filler = folder / "filler"

    def fill(self):
        with open(self.filler, "wb", buffering=0) as file:
            for block in (MEBIBYTE, 4096):
                try:
                    while file.write(b"x" * block) == block:
                        pass
                except OSError:
                    pass

    def free(self):
        self.filler.unlink()

    def unmount(self):
        subprocess.run([*AS_ROOT, "umount", "-l", str(self.folder)], check=True)


class Site:
    """Authority, configuration and processes of one test."""

    def __init__(self, gateway_state=None, coordinator_state=None):
        self._folder = tempfile.TemporaryDirectory(prefix="tributary-disk-")
        self.work = Path(self._folder.name)
        self.gateway_state, self.coordinator_state = self.work / "gateway", self.work / "coordinator"
        self.disks, self.children, self.logs = [], [], {}
        self.ports = {name: free_port() for name in ("gateways", "admin", "local", "site")}
        authority = self.work / "authority"
        self.tributary("authority", "init", "--tenant", "disk", authority)
        self.tributary("authority", "coordinator", "--host", "localhost", authority)
        self.tributary("authority", "gateway", "site-1", "--operator", "plant-1", "--helper", "--broker-host", "localhost",
                       "--broker-port", free_port(), authority)
        self.credentials = authority

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                child.wait(30)
        for disk in self.disks:
            disk.unmount()
        self._folder.cleanup()

    def small_disk(self, name, size):
        disk = SmallDisk(self.work / name, size)
        self.disks.append(disk)
        return disk

    def tributary(self, *arguments):
        return subprocess.run([str(BIN / "tributary"), *map(str, arguments)], text=True, capture_output=True,
                              timeout=120, env=self.operator(), check=True).stdout

    def operator(self):
        credentials = self.work / "authority/coordinator"
        return dict(ENVIRONMENT, TRIBUTARY_COORDINATOR=f"https://localhost:{self.ports['admin']}",
                    TRIBUTARY_CA=str(credentials / "ca.crt"),
                    TRIBUTARY_TOKEN_FILE=str(credentials / "operator.token"))

    def start(self, name, program, text, *before):
        config = self.work / f"{name}.toml"
        config.write_text(text)
        self.logs[name] = self.work / f"{name}.log"
        with open(self.logs[name], "a") as log:
            child = subprocess.Popen([*before, str(BIN / program), "--config", str(config)], env=ENVIRONMENT,
                                     stdout=subprocess.DEVNULL, stderr=log)
        self.children.append(child)
        return child

    def gateway(self, *before):
        return self.start("gateway", "tributary-gateway",
                          f'[gateway]\nname = "site-1"\ncredentials = "{self.credentials}/gateways/site-1"\n'
                          f'state = "{self.gateway_state}"\n[broker]\nenabled = false\n'
                          f'[coordinator]\nurl = "https://localhost:{self.ports["gateways"]}"\n'
                          f'[local]\nlisten = "127.0.0.1:{self.ports["site"]}"\n', *before)

    def coordinator(self):
        return self.start("coordinator", "tributary-coordinator",
                          f'[coordinator]\ncredentials = "{self.credentials}/coordinator"\n'
                          f'state = "{self.coordinator_state}"\n'
                          f'[gateways]\nlisten = "127.0.0.1:{self.ports["gateways"]}"\n'
                          f'[admin]\nlisten = "127.0.0.1:{self.ports["admin"]}"\n'
                          f'[local]\nlisten = "127.0.0.1:{self.ports["local"]}"\n')

    def log(self, name):
        return self.logs[name].read_text()

    def wait_page(self, port, name, condition):
        return wait_until(f"/{name} as expected, it is {page(self.ports[port], name)}",
                          lambda: condition(*page(self.ports[port], name)), 60)

    def import_model(self):
        """Exit code of `tributary model import` of a model that is new every time."""
        count = 20000
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count},), }}"
        header = header.encode().ljust(117) + b"\n"
        file = self.work / "model.npy"
        numbers = os.urandom(count * 2)
        values = b"".join(bytes([a, b, 0, 60]) for a, b in zip(numbers[::2], numbers[1::2]))
        file.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + values)
        return subprocess.run([str(BIN / "tributary"), "model", "import", "--name", "m", "--architecture", f"synthetic:{count}",
                               str(file)], env=self.operator(), capture_output=True, timeout=60, check=False).returncode


def stop(child):
    child.send_signal(signal.SIGTERM)
    return child.wait(30)


def damage(path):
    content = bytearray(path.read_bytes())
    content[100:400] = os.urandom(300)
    path.write_bytes(content)


class FailingSync(unittest.TestCase):
    def test_r6_a_sync_that_fails_ends_the_gateway_and_it_starts_again(self):
        with Site() as site:
            for nth in (1, 2, 3):
                child = site.gateway("strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e",
                                     f"inject=fdatasync,fsync:error=EIO:when={nth}+")
                self.assertEqual(child.wait(120), 1, site.log("gateway"))
                self.assertEqual(page(site.ports["site"], "healthz")[0], 0)
            child = site.gateway()
            site.wait_page("site", "healthz", lambda status, _: status == 200)
            wait_until("the start", lambda: "started" in site.log("gateway"), 60)
            self.assertEqual(stop(child), 0)


class FullDisk(unittest.TestCase):
    def test_r7_the_gateway_says_so_and_recovers(self):
        with Site() as site:
            disk = site.small_disk("small", 160 * MEBIBYTE)
            site.gateway_state = disk.folder / "state"
            disk.fill()
            child = site.gateway()
            site.wait_page("site", "readyz", lambda status, text: status == 503 and "storage: no room to start" in text)
            disk.free()
            site.wait_page("site", "readyz", lambda status, text: status == 503 and "storage" not in text and text)
            disk.fill()
            site.wait_page("site", "readyz", lambda status, text: status == 503 and "storage: no room" in text)
            site.wait_page("site", "metrics", lambda _, text: "tributary_gateway_storage_full 1" in text)
            disk.free()
            site.coordinator()
            site.wait_page("site", "readyz", lambda status, text: status == 200 and text == "ready\n")
            self.assertEqual(stop(child), 0)

    def test_r7_the_coordinator_says_so_and_recovers(self):
        with Site() as site:
            disk = site.small_disk("small", 64 * MEBIBYTE)
            site.coordinator_state = disk.folder / "state"
            child = site.coordinator()
            site.wait_page("local", "readyz", lambda status, _: status == 200)
            self.assertEqual(site.import_model(), 0)
            disk.fill()
            codes = [site.import_model() for _ in range(3)]
            self.assertNotEqual(codes[-1], 0)
            site.wait_page("local", "readyz", lambda status, text: status == 503 and "storage: " in text)
            models = len(json.loads(site.tributary("model", "list", "--json"))["items"])
            self.assertEqual(models, 1 + codes.count(0))
            disk.free()
            site.wait_page("local", "readyz", lambda status, text: status == 200 and text == "ready\n")
            self.assertEqual(site.import_model(), 0)
            self.assertIsNone(child.poll())


class Damage(unittest.TestCase):
    def test_r10_damaged_databases_are_set_aside_and_an_alarm_is_raised(self):
        with Site() as site:
            site.coordinator()
            gateway = site.gateway()
            site.wait_page("site", "readyz", lambda status, _: status == 200)
            self.assertEqual(stop(gateway), 0)
            damage(site.gateway_state / "gateway.db")
            damage(site.gateway_state / "helper/helper.db")
            gateway = site.gateway()
            text = site.wait_page("site", "readyz", lambda status, text: status == 200 and text)
            self.assertIn("gateway.db.corrupt-", text)
            self.assertIn("helper.db.corrupt-", text)
            self.assertIn("tributary_gateway_databases_set_aside 2", page(site.ports["site"], "metrics")[1])
            self.assertIn("database_damaged", site.log("gateway"))
            self.assertIn("helper_epoch_begun", site.log("gateway"))
            self.assertEqual(stop(gateway), 0)
            # H10: the promises are forgotten, so the key that they were made with is another.
            with sqlite3.connect(site.gateway_state / "helper/helper.db") as helper:
                epoch, reason = helper.execute("SELECT epoch, reason FROM epoch WHERE secret IS NOT NULL").fetchone()
            self.assertEqual(epoch, 2)
            self.assertIn("it was lost", reason)

    def test_r10_the_coordinator_too(self):
        with Site() as site:
            child = site.coordinator()
            site.wait_page("local", "readyz", lambda status, _: status == 200)
            self.assertEqual(site.import_model(), 0)
            self.assertEqual(stop(child), 0)
            damage(site.coordinator_state / "coordinator.db")
            child = site.coordinator()
            text = site.wait_page("local", "readyz", lambda status, text: status == 200 and text)
            self.assertIn("coordinator.db.corrupt-", text)
            self.assertIn("tributary_databases_set_aside 1", page(site.ports["local"], "metrics")[1])
            self.assertIn("database_set_aside", site.log("coordinator"))
            self.assertEqual(site.import_model(), 0)


if __name__ == "__main__":
    unittest.main()
