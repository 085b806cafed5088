#!/usr/bin/env python3
"""Writes the split-trust cases of tests/vectors/secagg.json as C, for the self-test image: vectors.py IN OUT."""
import json
import sys


def array(text):
    return "(const unsigned char[]){" + ",".join(f"0x{byte:02x}" for byte in bytes.fromhex(text)) + "}"


def blob(text):
    return f"{{{array(text)}, {len(text) // 2}}}"


def listed(kind, items):
    return f"(const {kind}[]){{{', '.join(items)}}}"


def device(row, width):
    words = "".join((value & (1 << 8 * width) - 1).to_bytes(width, "little").hex() for value in row["quantised"])
    return ("{" + ", ".join([
        blob(row["device_id"]), blob(row["x25519_secret"]), blob(row["x25519_public"]), blob(row["gateway_key"]),
        blob(row["nonce"]), blob(words), blob(row["masked"]), blob(row["upload_key"]), blob(row["upload_digest"]),
        listed("blob", map(blob, row["pair_keys"])), listed("blob", map(blob, row["seeds"])),
        listed("blob", map(blob, row["tickets"])), listed("blob", map(blob, row["chunks"])),
        str(len(row["chunks"]))]) + "}")


def case(row):
    helpers = [f"{{{blob(h['helper_id'])}, {blob(h['x25519_public'])}}}" for h in row["helpers"]]
    return ("{" + ", ".join([
        json.dumps(row["name"]), str(row["ring_bits"]), str(row["epoch"]), str(row["chunk_bytes"]),
        blob(row["context"]), blob(row["context_hash"]), blob(row["context_signature_rfc8032_key1"]),
        listed("helper_vector", helpers), str(len(helpers)),
        listed("device_vector", [device(d, row["ring_bits"] // 8) for d in row["devices"]]),
        str(len(row["devices"]))]) + "}")


def main():
    vectors = json.load(open(sys.argv[1]))
    with open(sys.argv[2], "w") as out:
        out.write("static const case_vector cases[] = {\n" + ",\n".join(map(case, vectors["cases"])) + "};\n")


main()
