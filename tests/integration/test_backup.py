"""Backup and restore as storage/README.md writes them down, with the built programs: a copy is made while the programs
run (SIGUSR1), the state is lost, the copy is restored, and what must not go on does not."""
import json
import shutil
import signal
import sqlite3
import subprocess
import unittest

from tests.integration.demo import BIN, Demo, wait_until
from tests.integration.test_disk import ENVIRONMENT, Site, stop


def restore(program, config, backup):
    return subprocess.run([str(BIN / program), "--config", str(config), "--restore", str(backup)], env=ENVIRONMENT,
                          text=True, capture_output=True, timeout=60)


def is_whole(path):
    with sqlite3.connect(path) as database:
        return database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


class Backup(unittest.TestCase):
    def test_a_coordinator_and_its_gateways_are_restored_while_others_remember(self):
        with Demo("--data", "digits", "--devices", "10", "--rounds", "2000", "--dropout", "0", "--local-steps", "10",
                  "--model", "mlp:64-10") as demo:
            wait_until("two rounds", lambda: demo.released() >= 2, 180)
            copies = {"1-coordinator": demo.work / "state/coordinator/backup/coordinator.db",
                      "3-site-1": demo.work / "state/site-1/backup/gateway.db"}
            for part, copy in copies.items():
                demo.signal(part, signal.SIGUSR1)
                wait_until(f"the backup of {part}", copy.exists, 30)
                self.assertTrue(is_whole(copy))
                self.assertEqual(copy.stat().st_mode & 0o077, 0)
                shutil.copy(copy, demo.work / copy.name)
            before = demo.released()
            wait_until("rounds go on", lambda: demo.released() > before, 60)
            # A second one takes the place of the first.
            first = copies["1-coordinator"].stat().st_ino
            demo.signal("1-coordinator", signal.SIGUSR1)
            wait_until("another backup", lambda: copies["1-coordinator"].stat().st_ino != first, 30)
            epoch = self.epoch_of(demo, "site-1")

            # Both programs lose their databases.
            for part, program, database, config in (
                    ("1-coordinator", "tributary-coordinator", demo.work / "state/coordinator/coordinator.db", "coordinator.toml"),
                    ("3-site-1", "tributary-gateway", demo.work / "state/site-1/gateway.db", "site-1.toml")):
                demo.kill(part)
                refused = restore(program, demo.work / config, demo.work / database.name)
                self.assertEqual(refused.returncode, 1, refused.stderr)
                self.assertIn("is there; stop the program", refused.stderr)
                for path in (database, database.with_name(database.name + "-wal")):
                    path.unlink(missing_ok=True)
                done = restore(program, demo.work / config, demo.work / database.name)
                self.assertEqual(done.returncode, 0, done.stderr)
            demo.start("1-coordinator")
            demo.start("3-site-1")
            wait_until("the coordinator", lambda: self.tasks(demo) is not None, 60)

            # The task of before is over: its round numbers and its privacy budget are not spent twice.
            old = self.tasks(demo)[0]
            self.assertEqual(old["state"], "stopped")
            self.assertIn("restored from a backup", old["state_reason"])
            # Devices join a gateway with another epoch, and a new task goes on from the model of the backup.
            spec = dict(old["spec"], name="again", initial_model=old["model"], rounds=3)
            (demo.work / "again.json").write_text(json.dumps(spec))
            demo.tributary("task", "create", "--spec", str(demo.work / "again.json"))
            wait_until("a task that goes on", lambda: any(
                task["name"] == "again" and task["rounds_released"] >= 2 for task in self.tasks(demo)), 240)
            self.assertGreater(self.epoch_of(demo, "site-1"), epoch + 1000)

    @staticmethod
    def tasks(demo):
        try:
            return demo.tributary("task", "list")["items"]
        except AssertionError:
            return None

    @staticmethod
    def epoch_of(demo, name):
        return next(item["epoch"] for item in demo.get("/v1/gateways")["items"] if item["name"] == name)


class RestoredHelper(unittest.TestCase):
    def test_h10_a_helper_database_from_a_copy_begins_a_new_epoch(self):
        with Site() as site:
            site.coordinator()
            gateway = site.gateway()
            site.wait_page("site", "readyz", lambda status, _: status == 200)
            self.assertEqual(stop(gateway), 0)
            helper = site.gateway_state / "helper"
            shutil.copytree(helper, site.work / "copy")
            gateway = site.gateway()
            site.wait_page("site", "readyz", lambda status, _: status == 200)
            self.assertEqual(stop(gateway), 0)
            self.assertNotIn("helper_epoch_begun", site.log("gateway").split("stopped", 1)[1])
            shutil.rmtree(helper)
            shutil.copytree(site.work / "copy", helper)
            gateway = site.gateway()
            site.wait_page("site", "readyz", lambda status, _: status == 200)
            self.assertEqual(stop(gateway), 0)
            self.assertIn("copied or restored", site.log("gateway"))
            with sqlite3.connect(helper / "helper.db") as database:
                ended, current = database.execute("SELECT count(*) FILTER (WHERE secret IS NULL), max(epoch) FROM epoch").fetchone()
            self.assertEqual((ended, current), (1, 2))


if __name__ == "__main__":
    unittest.main()
