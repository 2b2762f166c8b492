#!/bin/sh
# /// pushbutton
# title = "Remove forgotten baskets"
# help = """
# Removes baskets that nobody has touched for a while.
#
# **Somebody else has to approve it**, so nothing starts while everybody is the same person: `./dev demo --team` shows it
# with two people. Whoever approves sees what the dry run says, and exactly that is done."""
# button = "Remove baskets older than {days} days"
# reason = "required"
# approvals = {approvers = 1, expires = 48}
# timeout = "5 min"
#
# [params.days]
# type = "int"
# label = "Older than"
# help = "In days."
# min = 30
# max = 365
# default = 90
#
# [params.dry_run]
# type = "bool"
# pass = "option"
# ///
set -eu

# What a dry run says is approved to the letter, so it names what will be done, and nothing that changes by itself.
echo "Baskets that nobody has touched for $DAYS days:"
for basket in 4711 4802 4977; do
    sleep 0.4
    if [ "${1:-}" = "--dry-run" ]; then
        echo "  would remove basket $basket"
    else
        printf '  \033[32mremoved\033[0m basket %s\n' "$basket"
    fi
done
