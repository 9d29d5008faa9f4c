"""Work that is shared among processes, which tell what they found as they go.

Each lane is forked from a process that has imported everything and has asked for no device.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

Found = dict[str, Any]


def in_lanes(work: Callable[[int], Iterator[Found]], lanes: int) -> Iterator[Found]:
    """What `work` yields in each lane, as it comes.

    Args:
        work: Called with the number of the lane.
        lanes: How many processes.
    """
    end, start = os.pipe()
    numbers = [_lane(work, lane, end, start) for lane in range(lanes)]
    os.close(start)
    with os.fdopen(end, encoding="utf-8") as pipe:
        for line in pipe:
            yield json.loads(line)
    codes = [os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) for number in numbers]
    assert not any(codes), f"lanes ended with {codes}"


def _lane(work: Callable[[int], Iterator[Found]], lane: int, end: int, start: int) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    number = os.fork()
    if number:
        return number
    code = 1
    try:
        os.close(end)
        for found in work(lane):
            os.write(start, (json.dumps(found) + "\n").encode())  # short enough to be whole
        code = 0
    except BaseException:  # it must not go on as the process that it was forked from
        sys.excepthook(*sys.exc_info())
    os._exit(code)


def cores() -> int:
    """How many lanes there can be."""
    return len(os.sched_getaffinity(0))


def shares(count: int, size: int, lane: int, lanes: int) -> list[tuple[int, int]]:
    """The parts of a lane, where `count` is cut into parts of `size`: (number, its count)."""
    parts = [(n, min(size, count - n * size)) for n in range(-(-count // size))]
    return parts[lane::lanes]
