"""Devices of a site: the firmware under QEMU, and tributary-device as a process."""
import os
import shutil
import subprocess
from pathlib import Path

from tests.firmware import shuttle
from tests.firmware.site import BIN, MODEL, ROOT

IMAGES = ROOT / "build/cortex-m"
MACHINES = {"m3": "mps2-an385", "m4f": "mps2-an386"}
EXAMPLES = 96


class Data:
    """A slice of the data set for each device."""

    def __init__(self, work):
        self._work = work
        self._rows, self._labels = shuttle.read(ROOT / "build/data/Shuttle.rda")

    def slice(self, number):
        path = self._work / f"data-{number}.csv"
        begin = number * EXAMPLES
        shuttle.write_csv(path, self._rows[begin:begin + EXAMPLES], self._labels[begin:begin + EXAMPLES])
        return path

    def accuracy(self, weights):
        """Of a model mlp:9-7 on the last 5,000 examples."""
        rows, labels = self._rows[-5000:], self._labels[-5000:]
        right = 0
        for row, label in zip(rows, labels):
            scores = [sum(w * x for w, x in zip(weights[9 * k:9 * k + 9], row)) + weights[63 + k] for k in range(7)]
            right += max(range(7), key=scores.__getitem__) == label
        return right / len(rows)


class _Device:
    """power_on starts it; power_off is SIGKILL: whatever it was doing is left as it is."""

    def __init__(self, site, device_id, data, port):
        self.site, self.id, self.port = site, device_id, port
        self.credential = site.authority / "devices" / device_id
        self.name = f"device-{device_id[:8]}"
        self.process = None
        self.prepare(data)

    def power_off(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def log(self):
        return self.site.log(self.name)

    def durable_rounds(self):
        """Rounds for which it has said that it holds a receipt."""
        return [int(line.rsplit(" ", 1)[1]) for line in self.log().splitlines() if "contribution is durable, round " in line]


class Firmware(_Device):
    core = "m4f"
    plain = True

    def prepare(self, data):
        self.flash = self.site.work / f"{self.name}.flash"
        subprocess.run([str(ROOT / "device-protocol/ports/cortex-m/flash-image"), "--identity", str(self.credential / "identity"),
                        "--broker", f"10.0.2.2:{self.port}", "--model", MODEL, "--data", str(data), "--out", str(self.flash),
                        *(["--password-file", str(self.credential / "password")] if self.plain else [])], check=True, timeout=30)

    def fail_at(self, step):
        """The next start ends in a reset, once, at this step of storage or network."""
        with open(self.flash, "r+b") as image:
            image.seek(0xF000)
            image.write(step.to_bytes(4, "little"))

    def starts(self):
        return self.log().count("started; ")

    def power_on(self):
        """The board's PSRAM, which stands for flash, is the file: it survives the process."""
        self.process = self.site.start(
            self.name, "qemu-system-arm", "-M", f"{MACHINES[self.core]},memory-backend=mps.ram",
            "-object", f"memory-backend-file,id=mps.ram,size=16M,share=on,mem-path={self.flash}",
            "-nographic", "-monitor", "none", "-serial", "stdio", "-nic", "user",
            "-semihosting-config", "enable=on,target=native", "-kernel", IMAGES / self.core / "firmware")


class FirmwareM3(Firmware):
    core = "m3"


class TlsFirmware(Firmware):
    plain = False


class Daemon(_Device):
    plain = True

    def prepare(self, data):
        self.state = self.site.work / f"{self.name}.state"
        self.state.mkdir(mode=0o700)
        shutil.copy(self.credential / "identity", self.state / "record-1")
        self.config = self.site.work / f"{self.name}.conf"
        lines = [f"state = {self.state}", "broker_host = 127.0.0.1", f"broker_port = {self.port}", f"model = {MODEL}",
                 f"data = {data}", "retry_ms = 300", "checkpoint_steps = 10"]
        if self.plain:
            lines.append(f"password_file = {self.credential / 'password'}")
        self.config.write_text("\n".join(lines) + "\n")

    def power_on(self, die_at=None):
        environment = {"TRIBUTARY_DEVICE_DIE_AT": str(die_at)} if die_at else {}
        self.process = self.site.start(self.name, BIN / "tributary-device", "--config", self.config, environment=environment)


class TlsDaemon(Daemon):
    plain = False
