"""Three buttons of an imaginary web shop. They touch nothing; they only take their time."""

from __future__ import annotations

import time
from datetime import date
from enum import Enum
from typing import Annotated, Literal

from pushbutton import Field, progress, status, step, task


class Where(Enum):
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"


Version = Literal["2.14.3", "2.14.2", "2.14.1"]


@task(
    title="Deploy the web shop",
    group="Deployments",
    button="Deploy {version} to {where}",
    confirm="Deploy {version} to {where}?",
    reason="required",
    timeout=15 * 60,
    locks=["web-shop"],
)
def deploy_web_shop(
    where: Annotated[
        Where,
        Field(
            label="Where to",
            labels={
                Where.TEST: ("Test", "For trying out. Nobody else sees it."),
                Where.STAGING: ("Staging", "The last look before customers."),
                Where.PRODUCTION: ("Production", "What customers see."),
            },
        ),
    ],
    version: Version = "2.14.3",
    servers: Annotated[int, Field(min=1, max=8, label="Servers at a time")] = 2,
    tell: Annotated[
        tuple[Literal["#releases", "#support", "#warehouse"], ...],
        Field(label="Tell these rooms", when={"where": Where.PRODUCTION}),
    ] = ("#releases",),
    not_before: Annotated[date | None, Field(label="Not before")] = None,
    note: Annotated[str, Field(max_length=400, multiline=True, label="What is new")] = "",
    dry_run: bool = False,
) -> str:
    """Puts a new version of the shop on test, staging or production.

    Customers can go on shopping while it works. If a check fails, the shop stays on the version it has.
    **Roll back the web shop** undoes a deployment.

    **Dry run** goes through every step and reports what it would do. It changes nothing.

    Args:
        servers: There are 8. More at a time is faster, and leaves fewer for the customers.
        tell: A message when it starts and when it ends.
        not_before: It waits for no date; it only says that it would.
        note: One sentence will do.
    """
    hosts = [f"shop-{number}" for number in range(1, 9)]
    if not_before and not_before > date.today():  # noqa: DTZ011 - the shop's own day
        status(f"Asked for {not_before:%d %B}; this is a tour, so it goes ahead", level="warn")
    with step("Check the version"):
        print(f"Looking for shop {version} in the registry …")
        time.sleep(1.2)
        print(f"Found shop {version}, signed by the build of this morning.")
    with step("Back up the database"):
        for table in ("customers", "orders", "articles", "stock"):
            print(f"  dump {table:<10} …", end="", flush=True)
            time.sleep(0.5)
            print(" done")
    with step("Copy the files to the servers"):
        for begin in range(0, len(hosts), servers):
            together = hosts[begin : begin + servers]
            status(f"Copying to {', '.join(together)}")
            time.sleep(0.9)
            for host in together:
                print(f"\x1b[32m✔\x1b[0m {host}: 214 files, 61 MB")
            progress(
                min(begin + servers, len(hosts)), f"{min(begin + servers, len(hosts))} of 8 servers", of=len(hosts)
            )
    with step("Switch the visitors over"):
        status("Would switch the visitors over" if dry_run else "Switching the visitors over")
        time.sleep(1.5)
    with step("Check that the shop is well"):
        for page in ("/", "/search?q=teapot", "/basket", "/checkout"):
            time.sleep(0.4)
            print(f"\x1b[32m200\x1b[0m {page}")
    for room in tell:
        print(f"To {room}: shop {version} is on {where.value}. {note}".rstrip())
    return f"All is well: {version} could go to {where.value}" if dry_run else f"{version} is on {where.value}"


@task(group="Deployments", confirm="Return to {version}?", busy="join", locks=["web-shop"])
def roll_back_the_web_shop(version: Literal["2.14.2", "2.14.1"] = "2.14.2") -> str:
    """Returns to the version that ran before the last deployment.

    Args:
        version: Where to return to.
    """
    with step("Stop new visits to the servers"):
        time.sleep(1)
    with step(f"Start version {version}"):
        for part in range(1, 6):
            progress(part, of=5)
            time.sleep(0.6)
    with step("Let the visitors back in"):
        time.sleep(1)
    return f"The shop runs {version} again"
