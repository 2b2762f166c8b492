"""Two buttons that add things up."""

from __future__ import annotations

import asyncio
import csv
import logging
import random
import tempfile
import time
from pathlib import Path
from typing import Annotated, Literal

from pushbutton import Field, artifact, progress, result, status, step, task

log = logging.getLogger("reports")

Month = Literal["August", "September", "October"]


@task(title="Month-end sales report", group="Reports", button="Add up {month}")
def month_end_sales_report(
    month: Month = "October",
    least: Annotated[float, Field(min=0, label="Leave out articles below", help="In euros of turnover.")] = 50.0,
    copies_to: Annotated[
        str,
        Field(label="Copy to", pattern=r"[^@\s]+@[^@\s]+\.[a-z]+", help="An e-mail address, such as sam@example.org"),
    ] = "",
) -> str:
    """Adds up a month’s sales and hands you the spreadsheet."""
    dice = random.Random(month)
    articles = ["Teapot", "Oak tray", "Linen napkins", "Beeswax candle", "Blue mug", "Honey, 500 g", "Wool blanket"]
    rows: list[tuple[str, int, float]] = []
    orders: dict[str, int] = {}
    with step("Read the orders"):
        for day in range(1, 31):
            time.sleep(0.12)
            progress(day, f"{month} {day}", of=30)
            orders[f"{month} {day}"] = dice.randint(60, 140)
            if day % 10 == 0:
                result.figure("Orders", sum(orders.values()), better="more")
                print(f"{month} {day:>2}: {sum(orders.values()):>5} orders read")
    with step("Add them up"):
        for article in articles:
            pieces, turnover = dice.randint(1, 900), round(dice.uniform(20, 9_000), 2)
            time.sleep(0.3)
            if turnover < least:
                print(f"  {article:<16} left out ({turnover:.2f} €)")
                continue
            rows.append((article, pieces, turnover))
            print(f"  {article:<16} {pieces:>4} pieces  {turnover:>9.2f} €")
    returns = round(dice.uniform(2, 6), 1)
    result.figure("Turnover", round(sum(row[2] for row in rows), 2), unit="€", better="more")
    result.figure("Returns", returns, unit="%", better="less")
    result.chart("Orders per day", orders)
    result.chart("Turnover by article", {article: turnover for article, _, turnover in rows}, form="bar", unit="€")
    result.chart("Pieces by article", {article: pieces for article, pieces, _ in rows}, form="bar")
    with step("Write the spreadsheet"):
        path = Path(tempfile.mkdtemp(prefix="sales-")) / f"sales-{month.lower()}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(("Article", "Pieces", "Turnover"))
            table.writerows(rows)
        artifact(path, f"Sales in {month}")
    result.text(
        "Notes", f"**{'Many' if returns > 4 else 'Few'} returns** in {month}.\n\n* The shop was open on all days."
    )
    if copies_to:
        status(f"Would mail a copy to {copies_to}")
    return f"{month}: {sum(row[2] for row in rows):,.2f} € with {len(rows)} articles"


@task(title="Check the partner shops", group="Reports", logging=True, timeout=60)
async def check_partner_shops(
    patience: Annotated[int, Field(min=1, max=10, label="Seconds to wait for each")] = 3,
) -> str:
    """Asks every partner shop whether it is well, all at the same time.

    What it writes to its log is shown as messages.
    """
    dice = random.Random()

    async def ask(shop: str) -> bool:
        takes = dice.uniform(1, 6)
        try:
            async with asyncio.timeout(patience):
                await asyncio.sleep(takes)
        except TimeoutError:
            log.warning("%s does not answer within %d s", shop, patience)
            return False
        log.info("%s is well (%.1f s)", shop, takes)
        return True

    answers = await asyncio.gather(*(ask(shop) for shop in ("Lisbon", "Graz", "Oslo", "Kyoto", "Cork")))
    print(f"{sum(answers)} of {len(answers)} answered in time")
    return f"{sum(answers)} of {len(answers)} partner shops are well"
