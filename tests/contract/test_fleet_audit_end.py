"""What each node's file notes of the end of the audit trail while others write, too: the last record of its own. That
others have written behind it is no tampering; that it is gone, is.
"""

from __future__ import annotations

from pathlib import Path

from pushbutton.adapters.postgres import PostgresStore
from pushbutton.domain.audit import Act, Deed
from pushbutton.domain.audit_chain import Checked
from pushbutton.runtime.audit import check
from pushbutton.runtime.ports.people import AuditQuery

KEY = b"the key of the tests"


async def opened(address: str, folder: Path, node: str) -> PostgresStore:
    store = PostgresStore(address, KEY, apart=folder / f"{node}.end", node=node)
    await store.open()
    return store


async def at_rest(address: str, folder: Path, node: str) -> Checked:
    """As the command line looks at that node's data folder."""
    store = PostgresStore(address, KEY, apart=folder / f"{node}.end")
    try:
        return await check(store.audit)
    finally:
        await store.close()


async def record(store: PostgresStore, number: int) -> None:
    await store.audit.record(Act("ada", "user.add", f"user u{number}", number))


async def test_records_of_several_nodes_in_turn_are_one_whole_chain_for_each_of_them(postgres, tmp_path):
    address = postgres.database()
    stores = [await opened(address, tmp_path, node) for node in ("one", "two", "three")]
    for number in range(12):
        await record(stores[number % 2], number)  # the third writes nothing
    for store in stores:
        assert not (await check(store.audit)).fault
        await store.close()
    for node in ("one", "two", "three"):
        assert not (await at_rest(address, tmp_path, node)).fault
    again = await opened(address, tmp_path, "one")  # it comes back behind what the other has written meanwhile
    await record(again, 99)
    verbs = [found.act.verb for found in await again.audit.records(AuditQuery())]
    assert Deed.AUDIT_BROKEN not in verbs
    await again.close()


async def test_a_cut_that_a_node_could_not_see_is_seen_by_the_one_that_wrote(postgres, tmp_path):
    address = postgres.database()
    one, two = [await opened(address, tmp_path, node) for node in ("one", "two")]
    await record(one, 1)
    postgres.sql("CREATE TABLE kept AS SELECT * FROM audit_head", address)
    await record(two, 2)
    postgres.sql(
        "ALTER TABLE audit DISABLE TRIGGER ALL; DELETE FROM audit WHERE id > 1; ALTER TABLE audit ENABLE TRIGGER ALL;"
        "DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM kept",
        postgres.admin(address.partition("@/")[2].partition("?")[0]),
    )
    assert not (await check(one.audit)).fault, "it wrote nothing behind the cut"
    assert (await check(two.audit)).fault
    await record(two, 3)
    verbs = [found.act.verb for found in await two.audit.records(AuditQuery())]
    assert Deed.AUDIT_BROKEN in verbs, "and from here on everybody sees it"
    await one.close()
    await two.close()
