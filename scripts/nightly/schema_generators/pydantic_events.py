"""Writes events by the types that datamodel-code-generator made, one a line, and tries what they must not let through."""

from datetime import datetime, timezone

import price_changed_v1
import product_described_v1
import stock_adjusted_v1
import stock_counted_v1
from pydantic import ValidationError

# Data that each type must take, and data that it must refuse.
CASES = [
    (
        stock_counted_v1.Event,
        [{"quantity": 42}, {"quantity": 0}, {"quantity": -2}, {"quantity": 5.0}, {"quantity": 10**9}],
        [{"quantity": 1.5}, {"quantity": 10**9 + 1}, {"quantity": None}, {}, {"quantity": 1, "unit": "m"}],
    ),
    (
        stock_adjusted_v1.Event,
        [{"delta": -3}, {"delta": 1, "reason": "sale"}, {"delta": -(10**9), "reason": None}],
        [{"delta": 0}, {"delta": 10**9 + 1}, {"delta": 1, "reason": "x" * 201}],
    ),
    (
        price_changed_v1.Event,
        [{"amount": "2.55", "currency": "GBP"}, {"amount": "12.340000", "currency": "EUR"}],
        [{"amount": "0.00123", "currency": "EUR"}, {"amount": "1", "currency": "DEM"}, {"amount": 2.55, "currency": "GBP"}],
    ),
    (
        product_described_v1.Event,
        [{"title": "T"}, {"title": "T", "description": "D", "category": "C", "attributes": {"colour": "white"}}],
        [{"title": ""}, {"title": None}, {"title": "T", "attributes": {"weight": 1.5}}],
    ),
]


def event(kind, number, data):
    return kind(
        specversion="1.0",
        id=f"pydantic-{number}",
        source="/suppliers/acme",
        type=kind.model_fields["type"].annotation.__args__[0],
        subject="85123A",
        time=datetime.now(timezone.utc),
        data=data,
    )


for kind, good, bad in CASES:
    for number, data in enumerate(good):
        # As the model writes by default, with a null for what is not there, and without.
        print(event(kind, f"{number}a", data).model_dump_json())
        print(event(kind, f"{number}b", data).model_dump_json(exclude_none=True))
    for data in bad:
        try:
            event(kind, "bad", data)
        except ValidationError:
            continue
        raise SystemExit(f"{kind.__module__} lets {data} through")
