"""Destinations that are left alone after ESME_RMSGQFUL."""

from gatewayd.link.full_queues import FullQueues


def test_a_wait_ends() -> None:
    """A number waits until its time, and is forgotten then."""
    full = FullQueues(10)
    full.add("1", until=100, now=0)
    assert (full.until("1", 99), full.until("1", 100), full.until("2", 0)) == (100, 0, 0)
    assert (full.waiting(99), full.waiting(100)) == (1, 0)


def test_a_wait_told_again_begins_anew() -> None:
    """One place for each number, however often the SMSC says so."""
    full = FullQueues(10)
    full.add("1", until=100, now=0)
    full.add("2", until=110, now=10)
    full.add("1", until=150, now=50)
    assert (full.until("1", 120), full.waiting(120)) == (150, 1)


def test_the_oldest_makes_room() -> None:
    """The table is bounded: beyond it the number told of longest ago is asked again."""
    full = FullQueues(2)
    for n in range(3):
        full.add(str(n), until=100 + n, now=n)
    assert [full.until(str(n), 3) for n in range(3)] == [0, 101, 102]
    assert full.waiting(3) == 2
