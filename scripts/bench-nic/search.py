#!/usr/bin/env python3
"""Find the highest rate without loss, and with 0.5 % loss, by a binary search (RFC 2544 section 26.1).

    search.py --server HOST --capture 64.pcap [--seconds 60] [--most 14.88] [--votes 3]
    search.py --server HOST --capture 64.pcap --curve 20 [--metrics http://GATEWAY:9464/metrics]

It steers a TRex server whose port 0 is connected to wire0 and whose port 1 to wire1, and prints one JSON
object: rates in Mpps, latencies at 10, 50 and 90 % of the rate without loss in microseconds. The
search is that of testbed/bench/search: the highest rate first, then halves, each decided by the majority
of some trials. With --curve it offers so many rates up to --most instead, and prints for each what came back and,
with --metrics, what the gateway says of copies and of its laws. `search.py --check` tests it against a device that is not there.
"""

import argparse
import json
import os
import sys
import urllib.request

# What --metrics reads: sums of these, by the first word of their names. The laws read 0.
COUNTERS = {
    "copies": "mirrorgw_port_copies_packets_total",
    "skipped": "mirrorgw_session_skipped_packets_total",
    "unmatched": "mirrorgw_source_unmatched_congestion_packets_total",
    "unseen": "mirrorgw_port_unseen_congestion_packets_total",
    "dropped": "mirrorgw_port_dropped_packets_total",
}
LAWS = "mirrorgw_law_unaccounted_packets"

PARTS = (0.10, 0.50, 0.90)


def highest(most, allowed, resolution, votes, trial):
    """The highest rate at which trial(rate) loses no more than the allowed share, 0 if none."""

    def passes(rate):
        passed = failed = 0
        while passed <= votes // 2 and failed <= votes // 2:
            if trial(rate) <= allowed:
                passed += 1
            else:
                failed += 1
        return passed > failed

    if passes(most):
        return most
    good, bad = 0.0, most
    while bad - good > resolution * most:
        middle = (good + bad) / 2
        if passes(middle):
            good = middle
        else:
            bad = middle
    return good


class Rig:
    """Two ports of a TRex server."""

    def __init__(self, options):
        from trex_stl_lib.api import STLClient  # only where TRex is

        sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
        import frames

        self.latency_id = frames.LATENCY_ID
        self.seconds = options.seconds
        self.client = STLClient(server=options.server)
        self.client.connect()
        self.client.acquire(ports=[0, 1], force=True)
        self.client.reset(ports=[0, 1])
        self.client.set_port_attr(ports=[0, 1], promiscuous=True)
        self.client.add_streams(frames.streams_of(options.capture), ports=[0])

    def run(self, rate):
        """Offer a rate, Mpps. Returns the share that was lost, and TRex's latencies."""
        self.client.clear_stats()
        self.client.start(ports=[0], mult="%fmpps" % rate, duration=self.seconds)
        self.client.wait_on_traffic(ports=[0], rx_delay_ms=500)
        stats = self.client.get_stats()
        sent, received = stats[0]["opackets"], stats[1]["ipackets"]
        if sent < 0.99 * rate * 1e6 * self.seconds:
            raise RuntimeError(
                "the generator sent %d frames, not %d: its own limit is lower"
                % (sent, rate * 1e6 * self.seconds)
            )
        self.received = received
        return max(0, sent - received) / sent, stats["latency"][self.latency_id]["latency"]

    def close(self):
        self.client.disconnect()


def measure(options):
    rig = Rig(options)
    try:
        found = {}
        for name, allowed in (("no_drop", 0.0), ("drop_0.5%", 0.005)):
            found[name] = highest(
                options.most, allowed, options.resolution, options.votes, lambda r: rig.run(r)[0]
            )
        latency = {}
        for part in PARTS:
            lost, times = rig.run(part * found["no_drop"])
            latency["%d%%" % (100 * part)] = dict(percentiles(times["histogram"]), lost=lost)
        return {"mpps": found, "microseconds": latency}
    finally:
        rig.close()


def curve(options):
    """What becomes of production and copies at rates up to the highest."""
    rig, points = Rig(options), []
    try:
        for i in range(1, options.curve + 1):
            rate = options.most * i / options.curve
            before = counters(options.metrics)
            lost = rig.run(rate)[0]
            after = counters(options.metrics)
            point = {"offered": rate, "production": rate * (1 - lost)}
            for name in before:
                per_second = (after[name] - before[name]) / options.seconds / 1e6
                point[name] = after[name] if name == "laws" else per_second
            if options.shared:
                point["production"] = rig.received / options.seconds / 1e6 - point["copies"]
            points.append(point)
        return points
    finally:
        rig.close()


def counters(url):
    """The gateway's counters; none without a URL."""
    if not url:
        return {}
    with urllib.request.urlopen(url, timeout=10) as answer:
        return sums(answer.read().decode())


def sums(text):
    """Sums of series of the Prometheus text format; the laws' without their signs."""
    found = dict.fromkeys(COUNTERS, 0.0)
    found["laws"] = 0.0
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        series, value = line.rsplit(" ", 1)
        name = series.split("{", 1)[0]
        if name == LAWS:
            found["laws"] += abs(float(value))
        for key, wanted in COUNTERS.items():
            if name == wanted:
                found[key] += float(value)
    return found


def percentiles(histogram):
    """p50, p99 and p99.9 of TRex's histogram, whose keys are the lower ends of its buckets."""
    buckets = sorted((int(low), count) for low, count in histogram.items())
    total, result = sum(count for _, count in buckets), {}
    for p in (50, 99, 99.9):
        seen = 0
        for low, count in buckets:
            seen += count
            if seen >= p / 100 * total:
                result["p%g" % p] = low
                break
    return result


def check():
    """Search devices whose limit is known."""
    for capacity in (0.5, 3.3, 9.99, 20):
        for allowed in (0.0, 0.005):
            loss = lambda rate, c=capacity: max(0.0, rate - c) / rate
            found, want = highest(10, allowed, 0.01, 3, loss), min(10, capacity / (1 - allowed))
            assert want - 0.1 <= found <= want + 1e-9, (capacity, allowed, found)
    assert percentiles({"10": 98, "20": 1, "5": 1}) == {"p50": 10, "p99": 10, "p99.9": 20}
    text = 'mirrorgw_law_unaccounted_packets{law="mirror"} -1\nmirrorgw_port_copies_packets_total{port="a b"} 5\n'
    assert sums(text + text)["copies"] == 10 and sums(text)["laws"] == 1
    print("the search finds what it should")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="test the search itself and end")
    parser.add_argument("--server", default="127.0.0.1", help="TRex server")
    parser.add_argument("--capture", help="frames to send, from prepare.sh")
    parser.add_argument("--seconds", type=float, default=60, help="of a trial")
    parser.add_argument("--most", type=float, default=14.88, help="highest rate, Mpps")
    parser.add_argument("--resolution", type=float, default=0.005, help="part of the highest rate")
    parser.add_argument("--votes", type=int, default=1, help="trials that decide on a rate, odd")
    parser.add_argument("--curve", type=int, default=0, help="rates to offer instead of searching")
    parser.add_argument("--shared", action="store_true", help="copies come back too: port 1 is behind the tunnel")
    parser.add_argument("--metrics", help="URL of the gateway's metrics")
    options = parser.parse_args()
    if options.check:
        return check()
    if not options.capture:
        parser.error("--capture is missing: prepare.sh writes captures")
    if options.shared and not (options.curve and options.metrics):
        parser.error("--shared needs --curve and --metrics, which tells how many copies came back")
    if options.votes < 1 or options.votes % 2 == 0:
        parser.error("--votes must be odd")
    result = curve(options) if options.curve > 0 else measure(options)
    print(json.dumps(result, indent=2))
    return None


if __name__ == "__main__":
    main()
