"""A look of the gate in PostgreSQL, which every worker takes after each press."""

from __future__ import annotations

from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun
from tests.postgres import Postgres


async def test_a_look_of_the_gate_is_planned_once_however_long_the_line_is(postgres: Postgres) -> None:
    from pushbutton.adapters.postgres import PostgresStore

    plans = (
        "SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements WHERE statement LIKE '%RECURSIVE%'"
    )
    store = PostgresStore(postgres.empty())
    await store.open()
    try:
        for number in range(30):
            await store.press(NewRun(f"task-{number}", "", "ada", {}, 1000))
            found = await store.first(Offer("one", 1000), at=2000)
            assert found
            assert found.id == 1
        [(generic, custom)] = await store._database.look(lambda link: list(link.execute(plans)))
    finally:
        await store.close()
    assert generic
    assert custom == 0
