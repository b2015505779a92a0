"""TRex profile: the frames of one of the gateway's benchmark loads, in turn, at one steady rate.

    start -f frames.py -t capture=/path/64.pcap -m 1mpps     in the TRex console

Every frame of the capture (prepare.sh writes them) is a stream of its own with an equal share, so
that a multiplier is the rate of all together. One more stream, of frames like the first one,
1,000 a second, measures latency.
"""

import argparse

from trex_stl_lib.api import (
    STLFlowLatencyStats,
    STLPktBuilder,
    STLStream,
    STLTXCont,
)
from scapy.all import rdpcap

LATENCY_PPS = 1000
LATENCY_ID = 7
STAMP = 16  # bytes at the end of a latency frame that TRex writes to


def streams_of(capture):
    """The streams of a capture: all its frames, then the one for latency."""
    frames = [bytes(frame) for frame in rdpcap(capture)]
    if not frames:
        raise ValueError("%s has no frames: write it with prepare.sh" % capture)
    gap = 1e6 / len(frames)  # microseconds: the streams do not begin together
    streams = [
        STLStream(
            name="frame-%d" % i,
            isg=i * gap,
            packet=STLPktBuilder(pkt_buffer=frame),
            mode=STLTXCont(pps=1),
        )
        for i, frame in enumerate(frames)
    ]
    first = next(frame for frame in frames if frame[23] == 17)  # UDP
    streams.append(
        STLStream(
            name="latency",
            packet=STLPktBuilder(pkt_buffer=first + bytes(STAMP)),
            mode=STLTXCont(pps=LATENCY_PPS),
            flow_stats=STLFlowLatencyStats(pg_id=LATENCY_ID),
        )
    )
    return streams


class Frames:
    """What TRex asks for streams."""

    def get_streams(self, tunables=(), **_kwargs):
        parser = argparse.ArgumentParser()
        parser.add_argument("--capture", required=True, help="capture of the load")
        arguments = parser.parse_args(
            tunables if isinstance(tunables, list) else list(tunables)
        )
        return streams_of(arguments.capture)


def register():
    return Frames()
