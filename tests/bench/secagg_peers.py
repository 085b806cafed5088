#!/usr/bin/env python3
"""Secure aggregation's arithmetic beside a peer's, in one run: Flower's SecAgg+ functions (PyPI flwr) against ours.
One thread each; medians. Prints a table and, with --json FILE, the same as JSON.

  python3 -m venv build/peers && build/peers/bin/pip install flwr==1.35.0
  build/peers/bin/python tests/bench/secagg_peers.py --bench build/release/tests/bench
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

THRESHOLDS = (27, 67)


def median_seconds(work, repeats):
    work()
    took = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def ours(folder):
    """Milliseconds by the name of the benchmark, of bench_pairwise."""
    run = subprocess.run([folder / "bench_pairwise", "--benchmark_format=json"], capture_output=True, text=True, check=True)
    scale = {"ns": 1e-6, "us": 1e-3, "ms": 1.0}
    rows = json.loads(run.stdout)["benchmarks"]
    return {row["name"]: dict(row, milliseconds=row["real_time"] * scale[row["time_unit"]]) for row in rows}


def flower(words):
    try:
        from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares
        from flwr.common.secure_aggregation.ndarrays_arithmetic import parameters_addition
        from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen
    except ImportError as missing:
        sys.exit(f"secagg_peers: {missing}; install flwr==1.35.0 as the head of this file says")
    seed = os.urandom(32)
    total = pseudo_rand_gen(os.urandom(32), 1 << 32, [(words,)])
    figures = {"mask": 1e3 * median_seconds(
        lambda: parameters_addition(total, pseudo_rand_gen(seed, 1 << 32, [(words,)])), 31)}
    for threshold in THRESHOLDS:
        number = threshold * 3 // 2
        shares = create_shares(seed, threshold, number)
        figures[f"split/{threshold}"] = 1e3 * median_seconds(lambda: create_shares(seed, threshold, number), 5)
        figures[f"reconstruct/{threshold}"] = 1e3 * median_seconds(lambda: combine_shares(shares[:threshold]), 5)
    figures["bytes_per_word"] = total[0].nbytes / words
    return figures


def table(mine, peer, words):
    round32 = mine["remove_masks_of_round/32/iterations:15/manual_time"]
    rows = [(f"one mask of {words} words expanded and added, ms", round32["milliseconds"] / round32["masks"], peer["mask"])]
    for threshold in THRESHOLDS:
        rows.append((f"a secret of 32 bytes split, t = {threshold}, ms",
                     mine[f"shamir_split/{threshold}"]["milliseconds"], peer[f"split/{threshold}"]))
        rows.append((f"the same reconstructed, t = {threshold}, ms",
                     mine[f"shamir_reconstruct/{threshold}"]["milliseconds"], peer[f"reconstruct/{threshold}"]))
    rows.append(("bytes of a masked word on the wire, before framing", 4.0, peer["bytes_per_word"]))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="folder of the built benchmarks")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    words = 100_000  # what bench_pairwise works on
    rows = table(ours(arguments.bench), flower(words), words)
    print(f"| {'':<56} | Tributary | Flower SecAgg+ | ratio |\n|---|---|---|---|")
    for what, mine, peer in rows:
        print(f"| {what:<56} | {mine:.4g} | {peer:.4g} | {peer / mine:.3g} |")
    if arguments.json:
        arguments.json.write_text(json.dumps([{"what": w, "tributary": m, "flower": p} for w, m, p in rows], indent=1))


if __name__ == "__main__":
    main()
