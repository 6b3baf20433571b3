#!/usr/bin/env bash
# cloudevents 10.0.0 (npm, the CloudEvents project's own SDK for JavaScript), with Node.js 20.20.
#
# The SDK cuts an event's `time` to milliseconds and turns it into UTC whenever an event goes out or comes in, so also where an event
# is only passed on. `2026-11-23T05:00:00.123456Z` goes out as `….123Z`. The property `time` of an event that was made from it still says
# `….123456Z`: what one looks at is not what is sent. Two events within a millisecond have one time after that, and an order by time is
# lost. CloudEvents' `time` is an RFC 3339 timestamp, with as many digits as its sender wishes.
#
# One would guess that the SDK passes on an attribute of an event as it stands.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-fund --no-audit cloudevents@10.0.0 >/dev/null
cat >seen.mjs <<'END'
import { CloudEvent, HTTP } from "cloudevents";

const attributes = { specversion: "1.0", id: "1", source: "/suppliers/acme", type: "com.example.counted", data: {} };
for (const time of ["2026-11-23T05:00:00.123456Z", "2026-11-23T05:00:00.123999Z", "2026-11-23T10:30:00.5+05:30"]) {
  const event = new CloudEvent({ ...attributes, time });
  const headers = { "content-type": "application/cloudevents+json" };
  const received = HTTP.toEvent({ headers, body: JSON.stringify({ ...attributes, time }) });
  console.log(`property ${event.time}, sent ${JSON.parse(HTTP.structured(event).body).time}, received ${received.time}`);
}
END
node seen.mjs >seen.txt

diff -u --label "as it was" --label "now" - seen.txt <<'END'
property 2026-11-23T05:00:00.123456Z, sent 2026-11-23T05:00:00.123Z, received 2026-11-23T05:00:00.123Z
property 2026-11-23T05:00:00.123999Z, sent 2026-11-23T05:00:00.123Z, received 2026-11-23T05:00:00.123Z
property 2026-11-23T10:30:00.5+05:30, sent 2026-11-23T05:00:00.500Z, received 2026-11-23T05:00:00.500Z
END
echo "as it was: cloudevents 10.0.0 cuts times to milliseconds"
