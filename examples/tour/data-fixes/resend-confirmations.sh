#!/usr/bin/env bash
# /// pushbutton
# title = "Re-send order confirmations"
# help = "Sends the confirmation e-mail again for a list of order numbers."
# group = "Data fixes"
# button = "Send again"
# timeout = "5 min"
#
# [params.orders]
# label = "Order numbers"
# help = "With spaces or commas between, such as 10021, 10022"
# pattern = "[0-9]{5}([ ,]+[0-9]{5})*"
# max_length = 400
# default = "10021, 10022, 10023"
#
# [params.language]
# default = "en"
# choices = {en = "English", de = "German", ja = "Japanese"}
#
# [params.dry_run]
# type = "bool"
# label = "Only show who would get one"
# default = true
# pass = "option"
# ///
set -euo pipefail

say() { if command -v pushbutton >/dev/null; then pushbutton "$@"; fi; }

dry=no
if [ "${1:-}" = "--dry-run" ]; then dry=yes; fi
read -r -a list <<<"${ORDERS//,/ }"

say step "Look up the orders"
for order in "${list[@]}"; do
    sleep 0.4
    echo "order $order: a customer who writes ${LANGUAGE}"
done

say step "Send the messages"
sent=0
for order in "${list[@]}"; do
    sleep 0.8
    sent=$((sent + 1))
    if [ "$dry" = yes ]; then
        printf '\033[33mwould send\033[0m %s\n' "$order"
    else
        printf '\033[32msent\033[0m %s\n' "$order"
    fi
    say progress "$sent/${#list[@]}" "$sent of ${#list[@]} messages"
done
say status --level good "$sent confirmations, all well"
