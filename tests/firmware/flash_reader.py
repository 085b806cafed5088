"""Reads a device's records out of its flash image, from the description in ports/flash/records.h alone."""
import struct
import zlib
from pathlib import Path

RECORDS, SECTOR, BANK_SECTORS, BANKS, UNIT = 0x80000, 4096, 8, 4, 16
BANK = SECTOR * BANK_SECTORS


def _bank_in_use(area):
    best = (0, None)
    for bank in range(BANKS):
        magic, sequence, crc = struct.unpack_from("<III", area, bank * BANK)
        if magic == 0x4B4E4254 and crc == zlib.crc32(area[bank * BANK:bank * BANK + 8]):
            best = max(best, (sequence, bank))
    return best


def records(path):
    """Record number -> bytes, and the sequence of the bank they are in."""
    with open(path, "rb") as image:
        image.seek(RECORDS)
        area = image.read(BANK * BANKS)
    sequence, bank = _bank_in_use(area)
    if bank is None:
        return {}, 0
    log, at, found = area[bank * BANK:(bank + 1) * BANK], UNIT, {}
    while at + 2 * UNIT <= BANK:
        magic, kind, size, crc = struct.unpack_from("<IIII", log, at)
        if magic != 0x43455254 or crc != zlib.crc32(log[at:at + 12]):
            break
        end = at + UNIT + (size + UNIT - 1) // UNIT * UNIT
        tail = struct.unpack_from("<I", log, end)[0]
        if tail == zlib.crc32(log[at:at + UNIT + size]):
            if kind >> 16 == 1:
                found[kind & 0xFFFF] = log[at + UNIT:at + UNIT + size]
            else:
                found.pop(kind & 0xFFFF, None)
        at = end + UNIT
    return found, sequence


def counters(record):
    """(nonce counter, odometer) of record "counters": behind its checksum."""
    return struct.unpack_from("<QQ", record, 32)


def flash_counters(path):
    record = records(path)[0].get(3)
    return counters(record) if record else (0, 0)


def folder_counters(state):
    path = Path(state) / "record-3"
    return counters(path.read_bytes()) if path.exists() else (0, 0)
