"""Reads what `protoc --decode_raw` prints of a Perfetto trace: fields by number, as in protos/perfetto/trace."""

from __future__ import annotations

import ast

SNAPSHOT, TIMESTAMP, SEQUENCE, EVENT, INTERNED, CLOCK, TRACK = 6, 8, 10, 11, 12, 58, 60
CATEGORIES, NAMES = 1, 2


def parse(text: str) -> list[dict]:
    """Nested dicts: field number -> list of values."""
    stack: list[dict] = [{}]
    for line in text.splitlines():
        line = line.strip()
        if line.endswith("{"):
            stack.append(stack[-1].setdefault(int(line.split()[0]), []) and {} or {})
            stack[-2][int(line.split()[0])].append(stack[-1])
        elif line == "}":
            stack.pop()
        else:
            number, value = line.split(": ", 1)
            stack[-1].setdefault(int(number), []).append(_value(value))
    return stack[0].get(1, [])


def _value(text: str) -> object:
    if text.startswith('"'):
        return ast.literal_eval("b" + text).decode("utf-8")
    return int(text, 0)


def slices_of(text: str) -> list[dict]:
    """The slices with their names looked up; AssertionError where a packet breaks the rules of the format."""
    slices, tracks = [], {}
    open_: dict[int, list[dict]] = {}
    interned: dict[tuple, str] = {}
    for packet in parse(text):
        sequence = packet[SEQUENCE][0]
        for data in packet.get(INTERNED, []):
            for field in (CATEGORIES, NAMES):
                for entry in data.get(field, []):
                    interned[sequence, field, entry[1][0]] = entry[2][0]
        for track in packet.get(TRACK, []):
            tracks[track[1][0]] = track[2][0]
        for event in packet.get(EVENT, []):
            assert packet[CLOCK] == [1], "a time that is not CLOCK_REALTIME"
            track, kind, at_ns = event[11][0], event[9][0], packet[TIMESTAMP][0]
            assert track in tracks, "an event on a track that is not described"
            stack = open_.setdefault(track, [])
            if kind == 1:
                assert not stack or at_ns >= stack[-1]["begin"], "a slice begins before the one around it"
                name, category = interned[sequence, NAMES, event[10][0]], interned[sequence, CATEGORIES, event[3][0]]
                stack.append({"name": name, "category": category, "track": tracks[track], "begin": at_ns,
                              "flows": event.get(47, []), "sequence": sequence})
                slices.append(stack[-1])
            elif kind == 2:
                assert stack, "an end without a begin"
                stack.pop()["end"] = at_ns
    assert not any(open_.values()), "a slice without an end"
    return slices


def check_perfetto(text: str, ranks: int) -> None:
    """The trace of known_profile.py, run 2."""
    packets = parse(text)
    snapshots = [packet[SNAPSHOT][0] for packet in packets if SNAPSHOT in packet]
    assert len(snapshots) == 1 and snapshots[0][2] == [1] and [clock[1][0] for clock in snapshots[0][1]] == [1, 3]
    assert snapshots[0][1][1][2] == [5000]
    slices = slices_of(text)
    assert len(slices) == 13 * ranks
    sources = {slice_["flows"][0]: slice_ for slice_ in reversed(slices) if slice_["flows"] and slice_["category"].startswith("cuda_")}
    work = [slice_ for slice_ in slices if slice_["category"] in ("kernel", "gpu_memcpy", "gpu_memset")]
    assert len(work) == 4 * ranks
    for slice_ in work:
        assert slice_["flows"][0] in sources, f"{slice_['name']} comes from no call"
        assert sources[slice_["flows"][0]]["begin"] < slice_["begin"] < slice_["end"]
        assert sources[slice_["flows"][0]]["sequence"] == slice_["sequence"]
    expected = {"kernel": 600, "gpu_memcpy": 100, "gpu_memset": 20}
    for category, total_ns in expected.items():
        assert sum(slice_["end"] - slice_["begin"] for slice_ in work if slice_["category"] == category) == total_ns * ranks
    assert {slice_["name"] for slice_ in slices} >= {"evaluation", 'block "0"', "block 1", "cuLaunchKernel"}
    assert sum("gemm" in slice_["name"] for slice_ in slices) == ranks
    counters = [packet[EVENT][0] for packet in packets if EVENT in packet and packet[EVENT][0][9] == [4]]
    assert len(counters) == 2
