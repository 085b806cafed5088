"""tributary-device is killed at every storage write and at every network step of a round, and goes on from there."""
import os
import random
import signal
import unittest

from tests.firmware.devices import Daemon
from tests.firmware.site import wait_until
from tests.firmware.world import World

# Joining, then more than a whole round: each write and each packet has a step before it and one behind it.
LAST_STEP = 110
AT_ONCE = 6


class PowerFails(unittest.TestCase):
    def test_at_every_step_of_storage_and_network(self):
        steps = range(1, LAST_STEP + 1)
        if not os.environ.get("TRIBUTARY_LONG"):
            steps = sorted(random.sample(steps, AT_ONCE))
            print(f"steps {steps}; all of them with TRIBUTARY_LONG=1")
        with World([Daemon, Daemon, Daemon], n_min=2) as world:
            victim = world.devices[0]
            for device in world.devices[1:]:
                device.power_on()
            task = world.site.create_task(100000, patience_seconds=1)
            for step in steps:
                with self.subTest(step=step):
                    self.kill_at(world, victim, step)
            world.site.tributary("task", "stop", task)
            self.assertEqual([], world.faults(task))
            self.assertGreater(len(world.released(task)), len(steps) // 4)

    def kill_at(self, world, victim, step):
        victim.power_on(die_at=step)
        self.assertEqual(-signal.SIGKILL, victim.process.wait(30), victim.log()[-2000:])
        self.assertEqual([], world.check_odometer(victim))
        receipts = len(victim.durable_rounds())
        victim.power_on()
        wait_until("another receipt", lambda: len(victim.durable_rounds()) > receipts, 30)
        victim.power_off()
        self.assertEqual([], world.check_odometer(victim))
        self.assertEqual([], world.tap(victim).check())


if __name__ == "__main__":
    unittest.main()
