#!/bin/sh
# Three machines: a thermometer in the cellar, a panel in the hall, a log in the attic. Here all are on one computer, but
# each has an identity of its own, and they find each other by the fabric alone.
#
#     cargo build --release -p lucarne-cli --features fabric
#     examples/house/house.sh [SECONDS]
#
# After half of the time (20 s by default) the cellar is killed; 4 s later it starts again. LUCARNE names another binary.
set -eu

here=$(dirname "$0")
lucarne=${LUCARNE:-$here/../../target/release/lucarne}
seconds=${1:-20}
port=${LUCARNE_HOUSE_PORT:-7447}
invitations=$((port + 1))

if ! "$lucarne" fabric --help > /dev/null 2>&1; then
    echo "house: '$lucarne' has no fabric: cargo build --release -p lucarne-cli --features fabric" >&2
    exit 1
fi

folder=$(mktemp -d)
running=
end() {
    trap - EXIT INT TERM
    # shellcheck disable=SC2086 # a list
    kill $running 2> /dev/null || true
    wait
    rm -rf "$folder"
}
trap end EXIT
trap 'exit 1' INT TERM

# The cellar is the authority: it lets the others join.
"$lucarne" fabric init cellar --folder "$folder/cellar"
for machine in hall attic; do
    "$lucarne" fabric invite "$machine" --folder "$folder/cellar" \
        --listen "127.0.0.1:$invitations" --address "127.0.0.1:$invitations" > "$folder/invitation" &
    running=$!
    token=
    while [ -z "$token" ] && kill -0 $running 2> /dev/null; do
        token=$(sed -n 's/.*lucarne fabric join \([^ ]*\).*/\1/p' "$folder/invitation")
        sleep 0.1
    done
    "$lucarne" fabric join "$token" --folder "$folder/$machine"
    wait $running
    running=
done

cellar() {
    "$lucarne" run --identity "$folder/cellar" --fabric-listen "tcp/127.0.0.1:$port" \
        --export hall:house/climate --export attic:house/climate "$here/cellar.toit" &
    thermometer=$!
    running="$running $thermometer"
}

cellar
for machine in hall attic; do
    "$lucarne" run --identity "$folder/$machine" --fabric "tcp/127.0.0.1:$port" --import cellar:all \
        "$here/$machine.toit" &
    running="$running $!"
done

sleep $((seconds / 2))
echo "house: the power in the cellar is cut"
kill -9 $thermometer
sleep 4
echo "house: the power in the cellar is back"
cellar
sleep $((seconds / 2))
