"""The loop inside `serve`: woken by a commit, by a click and by time; quiet while the hub is away.

The loop's thread works on a store of its own process here, so peewee's models stay bound to it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from common.errors import Refused, Unreachable
from node.sync import engine, round
from node.sync.hub_client import HubClient
from node.sync.loop import AGAIN_MS, Loop
from tests.faulty import LOST_BEFORE, says
from tests.province import Market, person


@pytest.fixture
def loop(market: Market) -> Iterator[Loop]:
    with market.bound() as home:
        made = Loop(home)
        yield made
        made.stop()


def test_a_commit_wakes_the_loop(market: Market, loop: Loop) -> None:
    """Several forms saved in a row go up together, a second later."""
    market.wire.bend()
    loop.start()
    market.wire.wait(2)  # the round at the start
    market.put("worker", person(1))
    market.put("worker", person(2))
    market.wire.wait(5)  # one push, two pulls
    loop.stop()
    assert market.log().receipt_size == 2
    assert sum(one.line.startswith("POST") for one in market.wire.exchanges) == 1


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when a round is over; the short wait beside another round is made shorter still."""
    event, wait_ms = threading.Event(), engine.wait_ms

    def waits(failures: int, usual: int, *rest: Any) -> int:
        event.set()
        return wait_ms(failures, min(usual, 50 if usual == AGAIN_MS else usual), *rest)

    monkeypatch.setattr(engine, "wait_ms", waits)
    return event


def test_a_commit_beside_another_round_is_not_left_lying(
    market: Market, loop: Loop, rests: threading.Event
) -> None:
    """A script's round is under way and past its pushes: the loop comes back soon, not in five minutes."""
    market.put("worker", person(1))
    market.wire.bend()
    with round.alone(market.path):
        loop.start()
        assert rests.wait(10)
        assert market.wire.exchanges == []
    market.wire.wait(3)
    loop.stop()
    assert market.log().receipt_size == 1


def test_while_the_hub_is_away_commits_wake_nobody_and_a_click_does(
    market: Market, loop: Loop, rests: threading.Event
) -> None:
    """Retries go by time, not by the next thing a person does; a person who asks gets a round at once."""
    market.put("worker", person(1))
    market.wire.bend(LOST_BEFORE, LOST_BEFORE)
    loop.start()
    assert rests.wait(10)
    market.put("worker", person(2))
    assert not loop._wake.is_set()
    loop.now()
    market.wire.wait(2)
    loop.stop()


def test_an_error_nobody_foresaw_does_not_end_the_loop(market: Market, loop: Loop) -> None:
    """A bug or a full disk: logged, counted as a failure, tried again."""
    failed = threading.Event()
    real = market.home.state

    def breaks_once() -> str:
        market.home.state = real  # type: ignore[method-assign]
        failed.set()
        raise RuntimeError("unforeseen")

    market.home.state = breaks_once  # type: ignore[method-assign]
    market.wire.bend()
    loop.start()
    assert failed.wait(10)
    loop.now()
    market.wire.wait(2)


def test_stop_ends_a_loop_that_waits(market: Market) -> None:
    with market.bound() as home:
        loop = Loop(home)
        market.wire.bend()
        loop.start()
        market.wire.wait(2)
        begun = time.monotonic()
        loop.stop()
        assert not loop._thread.is_alive() and time.monotonic() - begun < 10


def client(url: str, seconds: float) -> HubClient:
    return HubClient(url, None, "0", read_seconds=seconds)


def test_nobody_answers(market: Market) -> None:
    """Connected and silent, nothing listening, or drop by drop: given up, never waited for."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unreachable):
            client(url, 0.2).enrol(b"x")
    with pytest.raises(Unreachable):
        client(url, 0.2).enrol(b"x")


def test_an_answer_by_drops_is_no_answer() -> None:
    """Each drop comes in time, and all of them never would."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not done.wait(0.02):
                    try:
                        peer.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(Unreachable) as error:
                client(f"http://127.0.0.1:{server.getsockname()[1]}", 0.3).enrol(b"x")
        finally:
            done.set()
            thread.join()
        assert "slow" in error.value.message


def test_a_refusal_carries_no_orders(market: Market) -> None:
    """What a hub says beside its code is taken for what it is: no field of ours can be set by it."""
    market.put("worker", person(1))
    body = b'{"code":"closed","message":"x","detail":{"retry_after":"soon","code":"y","self":1,"size":4}}'
    market.wire.bend(says(403, body))
    result = market.sync()
    assert (result["state"], result["retry_after"]) == ("revoked", None)
    market.wire.bend(says(403, body))
    with pytest.raises(Refused) as refused:
        HubClient(market.wire.address, None, "0").enrol(b"x")
    assert refused.value.detail == {"size": 4}
