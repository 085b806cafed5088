"""Devices of one site, each behind a wiretap, and what must hold of them whatever happens to their power."""
import contextlib
import re

from tests.firmware.devices import Data, Firmware
from tests.firmware.flash_reader import flash_counters, folder_counters
from tests.firmware.site import Site, wait_until
from tests.firmware.wiretap import Wiretap


class World(contextlib.ExitStack):
    """kinds: a class of devices.py for each device."""

    def __init__(self, kinds, n_min):
        super().__init__()
        self._kinds, self._n_min = kinds, n_min

    def __enter__(self):
        super().__enter__()
        try:
            self.site = self.enter_context(Site(len(self._kinds), self._n_min))
            self.data = Data(self.site.work)
            self.taps = [self.enter_context(Wiretap(self.site.plain_port)) for _ in self._kinds]
            # What goes through TLS cannot be read on the way.
            self.devices = [kind(self.site, self.site.device_ids[i], self.data.slice(i),
                                 self.taps[i].port if kind.plain else self.site.tls_port)
                            for i, kind in enumerate(self._kinds)]
        except BaseException as fault:
            self.__exit__(type(fault), fault, None)
            raise
        self._odometers = {device.id: (0, 0) for device in self.devices}
        return self

    def power_on(self):
        for device in self.devices:
            device.power_on()

    def tap(self, device):
        return self.taps[self.devices.index(device)]

    def released(self, task):
        return [row for row in self.site.rounds(task) if row["state"] == "released"]

    def wait_for_rounds(self, task, count, seconds):
        try:
            return wait_until(f"{count} released rounds", lambda: len(self.released(task)) >= count and self.released(task), seconds)
        except AssertionError as fault:
            raise AssertionError(f"{fault}\n{self.site.logs()}") from None

    def check_odometer(self, device):
        """Neither the nonce counter nor the count of contributions ever goes back."""
        read = flash_counters(device.flash) if isinstance(device, Firmware) else folder_counters(device.state)
        before = self._odometers[device.id]
        self._odometers[device.id] = read
        return [] if read >= before and read[1] >= before[1] else [f"{device.name}: odometer {before} -> {read}"]

    def faults(self, task):
        """Of all that was said, kept and released. Every receipt is in the round's sum, and every sum was sent."""
        found = [fault for tap in self.taps for fault in tap.check()]
        for device in self.devices:
            found += self.check_odometer(device)
        contexts = {int(number): context for number, context in
                    re.findall(r"round_opened task=" + task + r" round=(\d+) .*context=([0-9a-f]{64})", self.site.log("site-1"))}
        for row in self.released(task):
            context = contexts[row["round"]]
            unseen = sum(not device.plain for device in self.devices)
            holders = sum(context in tap.receipts for tap in self.taps)
            senders = sum(context in tap.headers for tap in self.taps) + unseen
            if not holders <= row["survivors"] <= senders:
                found.append(f"round {row['round']}: {holders} receipts, {row['survivors']} survivors, {senders} headers")
        return found
