#!/bin/sh
# Counts the pictures that no article shows any more, and would remove them.
#
# A plain script: it knows nothing of Pushbutton and is a button all the same.
set -eu
echo "Looking through 4 shelves of pictures"
for shelf in teapots trays candles blankets; do
    sleep 1
    printf '  %-10s' "$shelf"
    n=0
    while [ "$n" -lt 8 ]; do
        printf '.'
        sleep 0.1
        n=$((n + 1))
    done
    echo ' ok'
done
echo "Nothing removed: this is a tour."
