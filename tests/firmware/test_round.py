"""The firmware under QEMU as a true device: with other devices of the same site, through loss of power, on to the model."""
import os
import random
import subprocess
import time
import unittest

from tests.firmware.devices import Daemon, Firmware, FirmwareM3, TlsDaemon, TlsFirmware
from tests.firmware.flash_reader import records
from tests.firmware.site import Site
from tests.firmware.world import World


def seed():
    chosen = int(os.environ.get("TRIBUTARY_SEED", random.randrange(1 << 30)))
    print(f"seed {chosen}; again with TRIBUTARY_SEED={chosen}")
    return random.Random(chosen)


class FirmwareRound(unittest.TestCase):
    def test_a_device_that_loses_power_at_a_random_point_goes_on_and_its_receipts_count(self):
        chance = seed()
        with World([Firmware, Daemon, Daemon], n_min=2) as world:
            firmware = world.devices[0]
            world.power_on()
            task = world.site.create_task(4)
            for _ in range(2):
                time.sleep(chance.uniform(0.05, 2.5))
                firmware.power_off()
                self.assertEqual([], world.check_odometer(firmware))
                firmware.power_on()
            rows = world.wait_for_rounds(task, 4, 60)
            self.assertEqual([], world.faults(task))
            self.assertGreaterEqual(len(rows), 4)
            # Whatever it missed meanwhile, it takes part again.
            again = world.site.create_task(2, n_min=3)
            rows = world.wait_for_rounds(again, 2, 60)
            self.assertEqual([3, 3], [row["survivors"] for row in rows][:2])
            self.assertEqual([], world.faults(again))
            self.assertIn(3, records(firmware.flash)[0])
            self.assertGreaterEqual(len(world.taps[0].chunks), 2 * 4)
            self.assertGreaterEqual(len(world.taps[0].receipts), 2)
            self.assertGreater(rows[-1]["train_accuracy"], 0.75)
            stack = [int(line.rsplit(" ", 1)[1]) for line in firmware.log().splitlines() if "bytes of stack so far" in line]
            self.assertLess(max(stack), 8192)
            print(f"stack of the firmware: {max(stack)} bytes")


@unittest.skipUnless(os.environ.get("TRIBUTARY_LONG"), "long: eight devices, half of them emulated")
class MixedFleet(unittest.TestCase):
    def test_a_fleet_of_emulated_and_native_devices_that_lose_power_all_the_time(self):
        chance = seed()
        kinds = [Firmware, FirmwareM3, TlsFirmware, FirmwareM3, Daemon, Daemon, Daemon, Daemon]
        with World(kinds, n_min=3) as world:
            world.power_on()
            task = world.site.create_task(12)
            end = time.monotonic() + 240
            while len(world.released(task)) < 12 and time.monotonic() < end:
                time.sleep(chance.uniform(0.2, 2.0))
                device = chance.choice(world.devices)
                device.power_off()
                self.assertEqual([], world.check_odometer(device))
                time.sleep(chance.uniform(0, 0.5))
                device.power_on()
            world.wait_for_rounds(task, 12, 30)
            self.assertEqual([], world.faults(task))
            for device in world.devices:
                self.assertTrue(device.durable_rounds(), f"{device.name} never got a receipt\n{device.log()}")


class OverTls(unittest.TestCase):
    def test_daemon_and_firmware_take_part_over_tls_and_the_daemon_stops_when_asked(self):
        with World([TlsDaemon, TlsFirmware, Daemon], n_min=3) as world:
            daemon, firmware, _ = world.devices
            world.power_on()
            task = world.site.create_task(2)
            rows = world.wait_for_rounds(task, 2, 40)
            self.assertEqual([3, 3], [row["survivors"] for row in rows])
            self.assertEqual([], world.faults(task))
            firmware.power_off()
            firmware.power_on()
            again = world.site.create_task(1)
            self.assertEqual([3], [row["survivors"] for row in world.wait_for_rounds(again, 1, 40)])
            daemon.process.terminate()
            self.assertEqual(0, daemon.process.wait(10))
            self.assertIn("stopped", daemon.log())


class PlainListener(unittest.TestCase):
    def test_the_plain_listener_lets_nobody_in_without_his_own_password(self):
        with Site(2, 2) as site:
            own, other = site.device_ids
            password = (site.authority / "devices" / own / "password").read_text().strip()

            def publishes(*login):
                command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(site.plain_port), "-q", "1", "-m", "x",
                           "-t", f"tributary/v1/device/{own}/up/hello", *login]
                return subprocess.run(command, timeout=20, capture_output=True, check=False).returncode == 0

            self.assertTrue(publishes("-u", own, "-P", password))
            for login in ([], ["-u", own], ["-u", own, "-P", "wrong"], ["-u", other, "-P", password], ["-u", "gateway"],
                          ["-u", "gateway", "-P", password], ["-i", "gateway"]):
                self.assertFalse(publishes(*login), login)


if __name__ == "__main__":
    unittest.main()
