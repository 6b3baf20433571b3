#!/usr/bin/env bash
# aws-kinesis-agg 1.2.3 (PyPI), with protobuf 7.36.2, six 1.17.0 and Python 3.11.
#
# The library packs user records into one Kinesis record; each may have an explicit hash key or none. As soon as one of them has one,
# all that have none come out with the first one's. In the packed form a record without a hash key has no index, protobuf reads an absent
# index as 0, and the library takes entry 0 of the table. If the first record has the key, so does the whole packed record, and
# whoever puts the unpacked records on another stream sends them all to one shard.
# It also needs `six` and does not say so: without it even the import fails.
#
# One would guess that a record without an explicit hash key comes out without one (`None`), as it does where no record has one.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aws-kinesis-agg==1.2.3 protobuf==7.36.2 six==1.17.0
cat >seen.py <<'END'
import base64

from aws_kinesis_agg.aggregator import RecordAggregator
from aws_kinesis_agg.deaggregator import deaggregate_records


def unpacked(hash_keys):
    aggregator = RecordAggregator()
    for number, hash_key in enumerate(hash_keys):
        aggregator.add_user_record(f"key-{number}", b"data", hash_key)
    partition_key, _, data = aggregator.clear_and_get().get_contents()
    record = {
        "kinesisSchemaVersion": "1.0",
        "sequenceNumber": "1",
        "approximateArrivalTimestamp": 1480641523.477,
        "partitionKey": partition_key,
        "data": base64.b64encode(data),
    }
    return [record["kinesis"]["explicitHashKey"] for record in deaggregate_records({"kinesis": record})]


for hash_keys in [None, None], ["5", None, "7", None], [None, "7"]:
    print(hash_keys, "->", unpacked(hash_keys))
END
venv/bin/python seen.py >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
[None, None] -> [None, None]
['5', None, '7', None] -> ['5', '5', '7', '5']
[None, '7'] -> ['7', '7']
END
echo "as it was: aws-kinesis-agg 1.2.3 gives a record without a hash key the hash key of another"
