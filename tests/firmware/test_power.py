"""Power fails at every storage write and at every network step of a round, and the device goes on from there: tributary-device
is killed, the emulated board reset in the middle of what it writes."""
import os
import random
import signal
import unittest

from tests.firmware.devices import Daemon, Firmware
from tests.firmware.site import wait_until
from tests.firmware.world import World

# Joining, then more than a whole round.
STEPS = {Daemon: 110, Firmware: 230}
AT_ONCE = {Daemon: 6, Firmware: 4}
PATIENCE = 120  # seconds: a gateway that met the device often lets it wait for a minute


class PowerFails(unittest.TestCase):
    def test_of_a_daemon_at_every_step(self):
        self.at_every_step(Daemon, self.kill)

    def test_of_a_board_at_every_step(self):
        self.at_every_step(Firmware, self.reset)

    def at_every_step(self, kind, fail):
        steps = range(1, STEPS[kind] + 1)
        if not os.environ.get("TRIBUTARY_LONG"):
            steps = sorted(random.sample(steps, AT_ONCE[kind]))
            print(f"steps {steps}; all of them with TRIBUTARY_LONG=1")
        with World([kind, Daemon, Daemon], n_min=2) as world:
            victim = world.devices[0]
            for device in world.devices[1:]:
                device.power_on()
            task = world.site.create_task(100000, patience_seconds=1)
            # Its first start ever formats what it stores in: more steps before it says that it has started.
            victim.power_on()
            wait_until("its first receipt", victim.durable_rounds, PATIENCE)
            victim.power_off()
            for step in steps:
                with self.subTest(step=step):
                    try:
                        receipts = fail(world, victim, step)
                        wait_until("another receipt", lambda: len(victim.durable_rounds()) > receipts, PATIENCE)
                    finally:
                        victim.power_off()  # never two of it on the same flash
                    self.assertEqual([], world.check_odometer(victim))
                    self.assertEqual([], world.tap(victim).check())
            world.site.tributary("task", "stop", task)
            self.assertEqual([], world.faults(task))
            self.assertGreater(len(world.released(task)), len(steps) // 4)

    def kill(self, world, victim, step):
        """Returns the receipts it had by then."""
        victim.power_on(die_at=step)
        self.assertEqual(-signal.SIGKILL, victim.process.wait(PATIENCE), victim.log()[-2000:])
        self.assertEqual([], world.check_odometer(victim))
        receipts = len(victim.durable_rounds())
        victim.power_on()
        return receipts

    def reset(self, world, victim, step):
        starts = victim.starts()
        victim.fail_at(step)
        victim.power_on()
        # The first steps, which replace the seed, come before it says that it has started.
        said = 1 if step < 5 else 2
        wait_until("the reset", lambda: victim.starts() >= starts + said, PATIENCE)
        self.assertEqual([], world.check_odometer(victim))
        return len(victim.durable_rounds())


if __name__ == "__main__":
    unittest.main()
