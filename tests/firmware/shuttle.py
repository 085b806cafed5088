"""Shuttle: NASA's telemetry of a space shuttle's radiators, 58,000 rows of 9 sensor values in 7 classes, from Debian's
r-cran-mlbench. Reads the one kind of R file that it is in."""
import lzma
import struct
from pathlib import Path

INPUTS, CLASSES = 9, 7
# Where each sensor's values lie and how wide; fixed, so that devices need not agree on them.
CENTRES = (45, 0, 85, 0, 35, 0, 38, 50, 20)
WIDTHS = (10, 10, 10, 10, 20, 30, 20, 25, 30)


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def integer(self):
        value = struct.unpack_from(">i", self.data, self.at)[0]
        self.at += 4
        return value

    def array(self, code, size):
        values = struct.unpack_from(f">{self.integer()}{code}", self.data, self.at)
        self.at += size * len(values)
        return values


def read(path):
    """(rows, labels): rows of INPUTS scaled floats, labels below CLASSES, in the file's order."""
    data = lzma.decompress(Path(path).read_bytes())
    if not data.startswith(b"RDX2\nX\n"):
        raise ValueError(f"{path}: not an R data file of version 2")
    reader = _Reader(data)
    reader.at = data.index(b"Shuttle") + len(b"Shuttle")
    if reader.integer() & 0xFF != 19 or reader.integer() != INPUTS + 1:
        raise ValueError(f"{path}: not the data frame it should be")
    columns = []
    for _ in range(INPUTS):
        if reader.integer() & 0xFF != 14:
            raise ValueError(f"{path}: a column is not of floating point numbers")
        columns.append(reader.array("d", 8))
    if reader.integer() & 0xFF != 13:
        raise ValueError(f"{path}: the classes are not a factor")
    labels = [code - 1 for code in reader.array("i", 4)]
    scaled = [[max(-3.0, min(3.0, (value - centre) / width)) for value in column]
              for column, centre, width in zip(columns, CENTRES, WIDTHS)]
    return list(zip(*scaled)), labels


def write_csv(path, rows, labels):
    """Numeric columns, label last."""
    lines = [",".join(f"{value:.5f}" for value in row) + f",{label}" for row, label in zip(rows, labels)]
    Path(path).write_text("\n".join(lines) + "\n")
