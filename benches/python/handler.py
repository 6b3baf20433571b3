"""The alternative that a team would write first: a Lambda function in Python that keeps products, stock and prices.

One transaction with one statement for each table, and one pipeline to the cache. It has no ledger, so that an event
that is delivered twice counts twice; it checks no more than it needs; it keeps no product view, quarantine or archive.
"""

import base64
import json
import os
from decimal import Decimal

import psycopg
import redis

PRODUCTS = """
    insert into python.product (sku, title, description, category, attributes, described_at)
    select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[])
    on conflict (sku) do update
    set title = excluded.title, description = excluded.description, category = excluded.category,
        attributes = excluded.attributes, described_at = excluded.described_at
    where product.described_at <= excluded.described_at
"""
# A level that was counted replaces the stored one, a sum of adjustments is added to it.
STOCK = """
    insert into python.stock (sku, supplier, on_hand, counted)
    select * from unnest(%s::text[], %s::text[], %s::bigint[], %s::boolean[])
    on conflict (sku, supplier) do update
    set on_hand = excluded.on_hand + case when excluded.counted then 0 else stock.on_hand end,
        counted = stock.counted or excluded.counted
"""
PRICES = """
    insert into python.price (sku, supplier, amount, currency, priced_at)
    select * from unnest(%s::text[], %s::text[], %s::numeric[], %s::text[], %s::timestamptz[])
    on conflict (sku, supplier) do update
    set amount = excluded.amount, currency = excluded.currency, priced_at = excluded.priced_at
    where price.priced_at <= excluded.priced_at
"""

NUL = rb"\u0000"

# An execution environment keeps its connections.
database = psycopg.connect(os.environ["DATABASE"], autocommit=True)
cache = redis.Redis.from_url(os.environ["CACHE_URL"], ssl_ca_certs=os.environ["CACHE_AUTHORITY"])


def handler(event, _context):
    products, stock, prices = {}, {}, {}
    for record in event["Records"]:
        try:
            data = base64.b64decode(record["kinesis"]["data"])
            if NUL in data:
                raise ValueError("PostgreSQL's text has no NUL")
            content = json.loads(data)
            for change in content if isinstance(content, list) else [content]:
                apply(change, products, stock, prices)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            number = record["kinesis"]["sequenceNumber"]
            print(json.dumps({"message": "skipped", "sequence_number": number, "why": repr(error)}))
    save(products, stock, prices)
    refresh(products, stock, prices)
    return {"batchItemFailures": []}


def apply(event, products, stock, prices):
    kind, sku, time, data = event["type"].split(".", 2)[2], event["subject"], event["time"], event["data"]
    offer = (sku, event["source"].rsplit("/", 1)[1])
    if kind == "stock.adjusted.v1":
        on_hand, counted = stock.get(offer, (0, False))
        stock[offer] = (on_hand + int(data["delta"]), counted)
    elif kind == "stock.counted.v1":
        stock[offer] = (int(data["quantity"]), True)
    elif kind == "price.changed.v1":
        if offer not in prices or prices[offer][2] <= time:
            prices[offer] = (Decimal(data["amount"]), data["currency"], time)
    elif kind == "product.described.v1":
        if sku not in products or products[sku][4] <= time:
            attributes = json.dumps(data.get("attributes", {}))
            products[sku] = (data["title"], data.get("description"), data.get("category"), attributes, time)


def save(products, stock, prices):
    """Rows are written in the order of their keys, so that two batches do not wait for each other."""
    with database.transaction(), database.cursor() as cursor:
        for statement, rows in (
            (PRODUCTS, [(sku, *values) for sku, values in sorted(products.items())]),
            (STOCK, [(*offer, *values) for offer, values in sorted(stock.items())]),
            (PRICES, [(*offer, *values) for offer, values in sorted(prices.items())]),
        ):
            if rows:
                cursor.execute(statement, [list(column) for column in zip(*rows)])


def refresh(products, stock, prices):
    """Removes what the cache holds of the changed products: the next reader fetches it."""
    with cache.pipeline(transaction=False) as pipeline:
        for sku in {*products, *(sku for sku, _ in stock), *(sku for sku, _ in prices)}:
            pipeline.delete(f"python:{sku}")
        pipeline.execute()
