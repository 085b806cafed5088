#!/usr/bin/python3
"""Style as a test: structure, include direction, formatting, names. Prints each fault as
path:line: what and how to mend it; the last line counts checks."""
import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "README.md", "gateway", "cloud", "device-protocol",
             "crypto", "storage", "deploy", "tests"}
CODE = {".c", ".h", ".cpp", ".hpp", ".ipp"}

# What a folder's files may include of ours; a longer prefix wins. Own folder is always allowed.
MAY_INCLUDE = {
    "crypto": set(),
    "storage": set(),
    "device-protocol/include": {"tributary"},
    "device-protocol/src": {"tributary"},
    "device-protocol/mqtt": {"tributary"},
    "device-protocol/trainer": {"tributary"},
    "device-protocol/ports": {"tributary", "device-protocol/trainer"},
    "device-protocol/cpp": {"tributary", "crypto", "device-protocol/cpp"},
    "device-protocol/fleet": {"tributary", "crypto", "device-protocol", "cloud/api"},
    "gateway/round": {"crypto", "device-protocol/cpp"},
    "gateway/steering": set(),
    "gateway/enrolment": {"crypto", "device-protocol/cpp"},
    "gateway/helper": {"crypto", "storage", "device-protocol/cpp"},
    "gateway": {"crypto", "storage", "device-protocol/cpp", "cloud/api", "cloud/service", "gateway"},
    "cloud/service": set(),
    "cloud/api": {"crypto", "device-protocol/cpp"},
    "cloud/round": {"crypto", "device-protocol/cpp"},
    "cloud/store": {"crypto", "storage", "device-protocol/cpp", "cloud/round"},
    "cloud/cli": {"tributary", "crypto", "device-protocol", "cloud/api", "cloud/service"},
    "cloud/engine": {"crypto", "storage", "device-protocol/cpp", "cloud", "gateway/helper"},
    "cloud": {"crypto", "storage", "device-protocol/cpp", "cloud"},
    "tests": {"tributary", "crypto", "storage", "device-protocol", "cloud", "gateway", "tests"},
}
OURS = ("crypto/", "storage/", "device-protocol/", "gateway/", "cloud/", "tests/", "tributary/", "deploy/")

# Third-party headers that one place owns.
OWNED_HEADERS = [
    (re.compile(r"<(sqlite3\.h|SQLiteCpp/)"), ("storage/", "tests/unit/storage/"), "only storage/ talks to SQLite"),
    (re.compile(r"<(mqtt/|MQTTAsync|MQTTClient)"), ("gateway/mqtt/",), "only gateway/mqtt talks to Paho"),
]
PURE = ("gateway/round/", "gateway/steering/", "gateway/enrolment/", "cloud/round/", "crypto/")
IMPURE = re.compile(r"<(boost/asio|boost/beast|sqlite3|SQLiteCpp|mqtt/|thread|mutex|fstream|random|spdlog|sys/|unistd)")
CLOCKS = re.compile(r"\b(system_clock|steady_clock)::now|\btime\(nullptr\)|\bgettimeofday\b")
DEVICE_LIBRARY = ("device-protocol/src/", "device-protocol/include/", "device-protocol/mqtt/", "device-protocol/trainer/")
NOT_ON_A_DEVICE = re.compile(r"\b(malloc|calloc|realloc|free|printf|fprintf|snprintf|puts)\s*\(|<stdio\.h>|<stdlib\.h>")

BANNED_NAME = re.compile(r"\b(?:class|struct|enum class)\s+\w*(Manager|Utils?|Handler|Processor|Service)\b")
BANNED_FOLDER = re.compile(r"(^|/)(common|utils?|helpers|misc|lib)(/|$)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bnot implemented\b|\bplaceholder\b", re.IGNORECASE)
SWALLOW = re.compile(r"catch\s*\([^)]*\)\s*\{\s*\}")
MAX_LINES = 500


class Faults:
    def __init__(self):
        self.count = 0

    def add(self, path, line, text):
        self.count += 1
        print(f"{path}:{line}: {text}")


def tracked():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True,
                            capture_output=True, check=True).stdout.split("\n")
    return [path for path in listed if path and (ROOT / path).is_file()]


def rule_for(path):
    parts = path.split("/")
    for size in range(len(parts) - 1, 0, -1):
        prefix = "/".join(parts[:size])
        if prefix in MAY_INCLUDE:
            return prefix, MAY_INCLUDE[prefix]
    return None, set()


def check_structure(paths, faults):
    for name in sorted({path.split("/")[0] for path in paths}):
        if name not in TOP_LEVEL and not name.startswith("."):
            faults.add(name, 0, "not one of the top-level names; put it into the folder it belongs to")
    for path in paths:
        if BANNED_FOLDER.search(str(Path(path).parent)):
            faults.add(path, 0, "a folder named after nothing; name it after the domain's noun")


def check_includes(paths, faults):
    for path in paths:
        prefix, allowed = rule_for(path)
        for number, line in enumerate((ROOT / path).read_text().split("\n"), 1):
            found = re.match(r'\s*#\s*include\s+(["<][^">]+)', line)
            if not found:
                continue
            header = found.group(1)
            for pattern, owners, why in OWNED_HEADERS:
                if pattern.match(header) and not path.startswith(owners):
                    faults.add(path, number, f"includes {header[1:]}: {why}")
            if path.startswith(PURE) and IMPURE.match(header):
                faults.add(path, number, f"includes {header[1:]}: this folder is pure computation")
            name = header[1:]
            if not name.startswith(OURS) or prefix is None:
                continue
            if not any(name.startswith(p + "/") for p in allowed | {prefix}):
                faults.add(path, number, f"{prefix} may not include {name}; see MAY_INCLUDE in tests/tidy/tidy.py")


def check_text(paths, faults):
    for path in paths:
        text = (ROOT / path).read_text()
        lines = text.split("\n")
        if len(lines) > MAX_LINES:
            faults.add(path, 1, f"{len(lines)} lines: more than one noun? The limit is {MAX_LINES}")
        if path.endswith(".hpp") and "#pragma once" not in text:
            faults.add(path, 1, "header without #pragma once")
        for number, line in enumerate(lines, 1):
            if BANNED_NAME.search(line):
                faults.add(path, number, "a name that says nothing; use the domain's noun")
            if UNFINISHED.search(line):
                faults.add(path, number, "reads like something unfinished")
            if SWALLOW.search(line):
                faults.add(path, number, "swallows an exception; handle it or let it travel")
            if path.startswith(PURE) and CLOCKS.search(line):
                faults.add(path, number, "reads a clock; time is a parameter here")
            if path.startswith(DEVICE_LIBRARY) and NOT_ON_A_DEVICE.search(line):
                faults.add(path, number, "heap or stdio in the device library")


def check_listed(paths, faults):
    """A source that no CMakeLists.txt names is dead code."""
    cmake = "\n".join((ROOT / path).read_text() for path in tracked()
                      if path.endswith(("CMakeLists.txt", ".cmake")))
    for path in paths:
        if Path(path).suffix in {".c", ".cpp"} and not re.search(rf"\b{re.escape(Path(path).name)}\b", cmake):
            faults.add(path, 1, "in no CMakeLists.txt: dead code")


def check_links(paths, faults):
    """A relative link of a document leads somewhere."""
    for path in paths:
        if not path.endswith(".md"):
            continue
        for number, line in enumerate((ROOT / path).read_text().split("\n"), 1):
            for target in re.findall(r"\]\(([^)#:]+)\)", line):
                if not (ROOT / path).parent.joinpath(target).exists():
                    faults.add(path, number, f"links to {target}, which is not there")


def check_format(paths, faults):
    result = subprocess.run(["clang-format", "--dry-run", "--ferror-limit=1", "-Werror", *paths], cwd=ROOT,
                            text=True, capture_output=True)
    for line in result.stderr.split("\n"):
        found = re.match(r"(?:\S*/)?(.+?):(\d+):\d+: error", line)
        if found:
            faults.add(found.group(1), found.group(2), "not formatted; run tests/tidy/tidy.py --fix")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="format the code instead of only checking")
    options = parser.parse_args()
    paths = tracked()
    code = [path for path in paths if Path(path).suffix in CODE]
    if options.fix:
        subprocess.run(["clang-format", "-i", *code], cwd=ROOT, check=True)
    checks = [(check_structure, paths), (check_includes, code), (check_text, code), (check_listed, code),
              (check_links, paths), (check_format, code)]
    failed = 0
    for check, subjects in checks:
        faults = Faults()
        check(subjects, faults)
        failed += faults.count > 0
    print(f"tidy: {len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
