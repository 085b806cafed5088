"""The firmware under QEMU as a true device: with other devices of the same site, through loss of power, on to the model."""
import os
import random
import time
import unittest

from tests.firmware.devices import Daemon, Firmware, TlsDaemon
from tests.firmware.flash_reader import records
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
        kinds = [Firmware, Firmware, Firmware, Firmware, Daemon, Daemon, Daemon, Daemon]
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


class NativeDevice(unittest.TestCase):
    def test_the_daemon_takes_part_over_tls_and_stops_when_asked(self):
        with World([TlsDaemon, Daemon, Daemon], n_min=3) as world:
            device = world.devices[0]
            device.port = world.site.tls_port
            device.config.write_text(device.config.read_text().replace(str(world.taps[0].port), str(device.port)))
            world.power_on()
            task = world.site.create_task(2)
            rows = world.wait_for_rounds(task, 2, 40)
            self.assertEqual([3, 3], [row["survivors"] for row in rows])
            device.process.terminate()
            self.assertEqual(0, device.process.wait(10))
            self.assertIn("stopped", device.log())


if __name__ == "__main__":
    unittest.main()
