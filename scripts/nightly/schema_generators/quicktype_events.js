// Writes events by the types that quicktype made, one a line, and tries what they must not let through. Its types know no ranges.

const assert = require("node:assert");

const CASES = [
  ["stock.counted", [{ quantity: 42 }, { quantity: 0 }, { quantity: -2 }], [{ quantity: null }, { quantity: "42" }, {}]],
  ["stock.adjusted", [{ delta: -3 }, { delta: 1, reason: "sale" }, { delta: -1, reason: null }], [{ delta: null }, {}]],
  ["price.changed", [{ amount: "2.55", currency: "GBP" }], [{ amount: 2.55, currency: "GBP" }, { amount: "1", currency: "DEM" }]],
  [
    "product.described",
    [{ title: "T" }, { title: "T", description: null, category: "C", attributes: { colour: "white" } }],
    [{ title: null }, { title: "T", attributes: { weight: 1.5 } }],
  ],
];

for (const [type, good, bad] of CASES) {
  const generated = require(`${type.replaceAll(".", "_")}_v1`);
  const event = (id, data) => ({
    specversion: "1.0",
    id: `quicktype-${id}`,
    source: "/suppliers/acme",
    type: `com.retailtech.${type}.v1`,
    subject: "85123A",
    time: new Date(),
    data,
  });
  good.forEach((data, number) => {
    const read = generated.toEvent(JSON.stringify(event(number, data)));
    console.log(JSON.stringify(JSON.parse(generated.eventToJson(read))));
  });
  for (const data of bad) {
    assert.throws(() => generated.toEvent(JSON.stringify(event("bad", data))), `${type} lets ${JSON.stringify(data)} through`);
  }
}
