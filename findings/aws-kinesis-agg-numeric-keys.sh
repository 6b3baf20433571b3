#!/usr/bin/env bash
# aws-kinesis-agg 4.2.8 (npm), with Node.js 20.20.
#
# The library packs several user records, each with a partition key, into one Kinesis record. Where partition keys are written as
# numbers (an article's or a customer's id), records get each other's key: what was packed with 10 comes out with 9 and the other way
# round, and `A` with `7` beside it is swapped too. It numbers the keys as they come, but writes them in the order of an object's
# properties, and JavaScript puts those that look like an index first and in ascending order. With keys that are in that order already,
# or none of which is a number, all is well.
#
# One would guess that each record keeps its own key, as it does with letters.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-fund --no-audit aws-kinesis-agg@4.2.8 >/dev/null
cat >seen.js <<'END'
const { RecordAggregator, deaggregateSync } = require("aws-kinesis-agg");

for (const keys of [["b", "a"], ["9", "10"], ["10", "9"], ["A", "7"], ["1002", "1001", "1003"]]) {
  const aggregator = new RecordAggregator();
  keys.forEach((key) => aggregator.addUserRecord({ partitionKey: key, data: Buffer.from(key) }));
  const data = aggregator.build().data.toString("base64");
  deaggregateSync({ data, sequenceNumber: "1" }, true, (error, records) => {
    if (error) throw error;
    console.log(records.map((record) => `${Buffer.from(record.data, "base64")} has key ${record.partitionKey}`).join(", "));
  });
}
END
node seen.js >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
b has key b, a has key a
9 has key 9, 10 has key 10
10 has key 9, 9 has key 10
A has key 7, 7 has key A
1002 has key 1001, 1001 has key 1002, 1003 has key 1003
END
echo "as it was: aws-kinesis-agg 4.2.8 swaps partition keys that are numbers"
