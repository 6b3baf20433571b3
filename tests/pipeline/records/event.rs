//! An event, as a supplier sends it.

use serde_json::{Value, json};

/// Makes an event of this kind (`stock.counted` and the like).
pub(crate) fn event(supplier: &str, sku: &str, kind: &str, id: &str, time: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("/suppliers/{supplier}"),
        "type": format!("com.retailtech.{kind}.v1"),
        "subject": sku,
        "time": time,
        "data": data,
    })
}
