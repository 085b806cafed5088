#!/usr/bin/python3
"""Dead code by symbols: a function of the product that no other part of the product calls, and that its own file does
not call either, is there for tests alone, or for nobody. Needs the objects of a build.
    tests/tidy/unused.py [build/dev]
What headers of the device library and its ports declare is called by firmware that is not here; only_tests beside this file
lists what is for tests by intention, with the reason."""
import collections
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A class whose destructor the compiler needs somewhere, and what C++ runtime and tools look for by name.
NOT_CALLED_BY_NAME = re.compile(r"^(main|_GLOBAL__|typeinfo|vtable|guard variable|__|.*::~|.*::operator)")


def product_objects(build):
    """Those the build makes now: a folder may hold others, of files that have moved."""
    made = re.findall(r"^build (\S+\.o):", (build / "build.ninja").read_text(), re.M)
    return sorted(build / path for path in made if not path.startswith("tests/") and not path.endswith((".pb.cc.o", ".pb.c.o")))


def symbols(objects):
    """(object, kind, demangled name) of every global symbol."""
    listed = subprocess.run(["nm", "-A", "-C", "-g", *map(str, objects)], capture_output=True, text=True, check=True).stdout
    for line in listed.split("\n"):
        if found := re.match(r"(.*?\.o):[0-9a-f ]{17}([A-Za-z]) (.*)$", line):
            yield found.group(1), found.group(2), found.group(3)


def called_in(path):
    """What the object's own code and data refer to."""
    listed = subprocess.run(["objdump", "-r", "-C", path], capture_output=True, text=True, check=True).stdout
    section, names = "", set()
    for line in listed.split("\n"):
        if found := re.match(r"RELOCATION RECORDS FOR \[(.*)\]", line):
            section = found.group(1)
        elif not re.match(r"\.(debug|eh_frame|gcc_except|asan|rodata\.\.Lubsan)", section):
            if found := re.match(r"[0-9a-f]+ R_\S+ +(.*?)([-+]0x[0-9a-f]+)?$", line):
                names.add(found.group(1))
    return names


def public_names():
    text = "\n".join(path.read_text() for folder in ("include", "ports") for path in (ROOT / "device-protocol" / folder).rglob("*.h"))
    return set(re.findall(r"\b(trib_\w+)\(", text))


def for_tests():
    lines = (Path(__file__).parent / "only_tests").read_text().split("\n")
    return {line for line in lines if line and not line.endswith(":") and not line.startswith("#")}


def is_listed(name, listed):
    plain = re.sub(r"\[abi:\w+\]|\(.*", "", name)
    return any(plain == each or plain.startswith(each + "::") for each in listed)


def is_inlined(name, source):
    """A small function may have been compiled into its callers: its own file then says its name more than once."""
    word = re.sub(r"\[abi:\w+\]|\(.*", "", name).split("::")[-1]
    return len(re.findall(rf"\b{re.escape(word)}\b", (ROOT / source).read_text())) > 1


def main():
    build = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/dev"
    objects = product_objects(build)
    if len(objects) < 100:
        sys.exit(f"unused: {build} is not built; run cmake --preset dev && cmake --build --preset dev")
    defined, wanted = collections.defaultdict(set), set()
    for path, kind, name in symbols(objects):
        if kind == "T":
            defined[path].add(name)
        elif kind == "U":
            wanted.add(name)
    public, listed, count = public_names(), for_tests(), 0
    for path in sorted(defined):
        alone = {name for name in defined[path] - wanted if name not in public and not NOT_CALLED_BY_NAME.match(name)}
        source = re.sub(r"CMakeFiles/[^/]*\.dir/", "", str(Path(path).relative_to(build)))[:-2]
        if not (ROOT / source).exists():
            continue  # generated, or built before the file went
        for name in sorted(alone - called_in(path) if alone else ()):
            if is_listed(name, listed) or is_inlined(name, source):
                continue
            count += 1
            print(f"{source}: nothing but tests calls {name}; remove it, or move it to the tests that use it")
    print(f"unused: {0 if count else 1} passed, {1 if count else 0} failed")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
