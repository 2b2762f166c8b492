"""What every keeper of published tasks must guarantee, see `runtime.ports.bundles.Bundles`."""

from __future__ import annotations

import asyncio
import random

import pytest

from pushbutton.domain.approval import Hold
from pushbutton.domain.audit import Deed
from pushbutton.domain.bundle import Publishing, digest_of
from pushbutton.domain.run import NewRun, RunState
from pushbutton.errors import NoSuchBundle
from pushbutton.runtime.ports import Append, Store
from pushbutton.runtime.ports.bundles import CONTENTS
from pushbutton.runtime.ports.people import AuditQuery

DAY = 86_400_000_000


def some(content: bytes, *, at: int = 1000, **more: object) -> Publishing:
    return Publishing(digest_of(content), at, "ada", size=len(content), **more)  # type: ignore[arg-type]


async def published(store: Store, content: bytes, *, again: bool = True, **more: object) -> Publishing | None:
    new = some(content, **more)  # type: ignore[arg-type]
    await store.bundles.keep(new.bundle, content, at=new.at)
    return await store.bundles.publish(new, again=again)


async def test_a_content_comes_back_byte_by_byte_whatever_its_length_is(store):
    for length in (0, 1, 1 << 20, (2 << 20) + 17):
        content = random.Random(length).randbytes(length)
        await store.bundles.keep(digest_of(content), content, at=1)
        assert await store.bundles.content(digest_of(content)) == content


async def test_what_is_not_kept_is_said_to_be_missing_and_cannot_be_published(store):
    new = some(b"x")
    with pytest.raises(NoSuchBundle, match=new.bundle[:12]):
        await store.bundles.content(new.bundle)
    with pytest.raises(NoSuchBundle):
        await store.bundles.publish(new, again=True)
    assert await store.bundles.last() == 0
    assert await store.bundles.newest() is None


async def test_the_newest_publishing_comes_back_as_it_was_made(store):
    made = await published(store, b"x", folder="/srv/täsks", files=3, tasks={"a": "1"}, addresses={"\udcff.sh:a": "a"})
    assert made == some(b"x", folder="/srv/täsks", files=3, tasks={"a": "1"}, addresses={"\udcff.sh:a": "a"}, number=1)
    assert await store.bundles.newest() == await store.bundles.of(made.bundle) == made
    assert await store.bundles.last() == 1


async def test_numbers_rise_by_one_and_each_has_a_record_that_says_what_came_and_went(store):
    await published(store, b"x", tasks={"a": "1", "b": "1"}, folder="/srv", files=2)
    await published(store, b"y", tasks={"b": "2", "c": "1"}, folder="/srv", files=2)
    records = await store.audit.records(AuditQuery(verb=Deed.BUNDLE_PUBLISH))
    about = {"folder": "/srv", "files": 2, "size": 1}
    assert [(one.act.about, one.act.data) for one in records] == [
        (f"bundle {digest_of(b'y')}", {**about, "added": ["c"], "changed": ["b"], "removed": ["a"]}),
        (f"bundle {digest_of(b'x')}", {**about, "added": ["a", "b"]}),
    ]
    assert await store.bundles.last() == 2


async def test_what_was_published_before_is_published_again_only_where_that_is_asked_for(store):
    await published(store, b"old")
    await published(store, b"new")
    assert await published(store, b"old", again=False) is None
    assert (await store.bundles.newest()).bundle == digest_of(b"new")
    again = await published(store, b"old", at=2000)
    assert again is not None
    assert again.number == 3
    assert await store.bundles.of(digest_of(b"old")) == again


async def test_what_is_published_already_is_not_published_once_more(store):
    await published(store, b"x")
    assert await published(store, b"x") is None
    assert len(await store.audit.records(AuditQuery(verb=Deed.BUNDLE_PUBLISH))) == 1


async def test_many_who_publish_the_same_at_once_publish_it_once(store):
    made = await asyncio.gather(*(published(store, b"x", again=False) for _ in range(10)))
    assert [one.number for one in made if one] == [1]


async def test_old_contents_go_but_never_one_that_a_run_needs(store):
    contents = [b"%d" % number for number in range(CONTENTS + 3)]
    for content in contents[:2]:
        await published(store, content)
    run = (await store.press(NewRun("deploy", "Deploy", "ada", {}, 1, bundle=digest_of(contents[0])))).run
    assert (await store.run(run.id)).bundle == digest_of(contents[0])
    assert list(await store.bundles.needed()) == [digest_of(contents[0])]
    for number, content in enumerate(contents[2:], 1):
        await published(store, content, at=1000 + number * DAY)
    assert await store.bundles.content(digest_of(contents[0])) == contents[0]
    with pytest.raises(NoSuchBundle):
        await store.bundles.content(digest_of(contents[1]))
    assert (await store.bundles.of(digest_of(contents[1]))).number == 2, "that it was published is known for ever"
    await store.append(Append(run.id, to=RunState.CANCELLED))
    assert list(await store.bundles.needed()) == []
    await published(store, b"x", at=1000 + (CONTENTS + 9) * DAY)
    with pytest.raises(NoSuchBundle):
        await store.bundles.content(digest_of(contents[0]))


async def test_a_dry_run_has_the_bundle_of_its_run(store):
    hold = Hold(needs=1, hours=1, until=DAY, user="ada", digest="d")
    new = NewRun("deploy", "Deploy", "ada", {}, 1, bundle="b" * 64, hold=hold, dry={"dry": True})
    pressed = await store.press(new)
    assert (pressed.run.bundle, pressed.plan.bundle) == ("b" * 64, "b" * 64)
