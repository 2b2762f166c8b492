"""What is kept of files in a real PostgreSQL, in pieces: whole for whoever reads, however it was cut and sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from pushbutton.domain.pieces import BLOCK, cut

if TYPE_CHECKING:
    from pushbutton.adapters.postgres.pieces import Pieces, Place


@pytest.fixture
def pieces(tables: str) -> Iterator[Pieces]:
    from pushbutton.adapters.postgres import Address
    from pushbutton.adapters.postgres.connections import Connections
    from pushbutton.adapters.postgres.pieces import Pieces

    connections = Connections(Address.of(tables))
    yield Pieces(connections)
    connections.end()


@pytest.fixture
def output() -> Place:
    from pushbutton.adapters.postgres.pieces import Place

    return Place(7, "output")


def sent(pieces: Pieces, place: Place, data: bytes, at: int = 0) -> None:
    """In as many pieces as it takes."""
    from pushbutton.adapters.postgres.pieces import Piece

    found = [Piece(place, begin, data[begin - at : end - at]) for begin, end in cut(at, at + len(data))]
    pieces.put(found, {place: at + len(data)})


def read(pieces: Pieces, place: Place, most: int = 3) -> bytes:
    from pushbutton.adapters.postgres.pieces import joined

    data = b""
    while more := joined(len(data), pieces.take({place: len(data)}, most)):
        data += more
    return data


def test_what_was_sent_is_read_and_sending_it_again_changes_nothing(pieces, output):
    data = bytes(range(256)) * 3000
    for _ in range(2):
        sent(pieces, output, data)
        assert read(pieces, output) == data
        assert pieces.kept([output])[output].size == len(data)


def test_a_piece_lies_in_one_block():
    found = list(cut(BLOCK - 3, 2 * BLOCK + 5))
    assert found == [(BLOCK - 3, BLOCK), (BLOCK, 2 * BLOCK), (2 * BLOCK, 2 * BLOCK + 5)]
    assert list(cut(5, 5)) == []


def test_many_small_ones_become_one_while_somebody_reads_on(pieces, output):
    from pushbutton.adapters.postgres.pieces import Piece, joined

    data = bytes(range(250)) * 2
    for begin, end in pairwise(range(0, len(data) + 1, 50)):
        sent(pieces, output, data[begin:end], begin)
    assert len(pieces.take({output: 0}, 100)) == 10
    pieces.merge(Piece(output, 0, data))
    assert len(pieces.take({output: 0}, 100)) == 1
    for place in (0, 1, 50, 333, 499):
        assert joined(place, pieces.take({output: place}, 100)) == data[place:]
    assert pieces.take({output: 500}, 100) == []


@pytest.mark.parametrize("late", [(0, 100), (50, 80), (150, 200)])
def test_what_a_killed_sender_had_on_its_way_and_came_late_hides_nothing(pieces, output, late):
    from pushbutton.adapters.postgres.pieces import Piece, joined

    data = bytes(range(200))
    sent(pieces, output, data[:50])
    sent(pieces, output, data[50:], 50)
    pieces.merge(Piece(output, 0, data))
    sent(pieces, output, data[late[0] : late[1]], late[0])
    for place in range(0, 200, 7):
        assert joined(place, pieces.take({output: place}, 1)) == data[place:]
    assert pieces.kept([output])[output].size == 200


def test_of_two_that_begin_at_the_same_place_the_longer_stays(pieces, output):
    for length in (5, 9, 7):
        sent(pieces, output, b"123456789"[:length])
    assert read(pieces, output) == b"123456789"


def test_a_part_is_read_from_any_place_on(pieces, output):
    data = bytes(range(256)) * 2048
    sent(pieces, output, data)
    for place in (0, 1, BLOCK - 1, BLOCK, BLOCK + 7, len(data) - 1):
        part = pieces.part(output, place)
        assert part
        assert data[place : place + len(part)] == part
    assert pieces.part(output, len(data)) == b""


def test_many_places_are_asked_for_at_once(pieces):
    from pushbutton.adapters.postgres.pieces import Place

    places = [Place(run, name) for run in range(1, 30) for name in ("output", "times")]
    for place in places:
        sent(pieces, place, f"{place.run} {place.name}".encode())
    found = {piece.place: piece.bytes for piece in pieces.take(dict.fromkeys(places, 0), 5)}
    assert found == {place: f"{place.run} {place.name}".encode() for place in places}


async def test_what_is_forgotten_with_its_run_is_gone_and_nothing_else(pieces, output, tables):
    from pushbutton.adapters.postgres import PostgresStore
    from pushbutton.adapters.postgres.pieces import Place

    other, upload = Place(8, "output"), Place(0, "uploads/7")
    for place in (output, other, upload):
        sent(pieces, place, b"something")
    store = PostgresStore(tables)
    await store.open()
    await store.forget([7])
    await store.close()
    assert [read(pieces, place) for place in (output, other, upload)] == [b"", b"something", b"something"]
    assert pieces.kept([output, other, upload]).keys() == {other, upload}
