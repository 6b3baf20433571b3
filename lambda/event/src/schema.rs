//! The JSON Schema for suppliers (draft 2020-12), made of the types that events are read into.
//!
//! It says everything about one event but what JSON Schema has no words for: the limits in bytes and levels, names
//! that are there twice, integers spelt with a fraction (`42.0` is an integer to JSON Schema), and the window around
//! the arrival. The envelope's fields are listed here once more, as that is read by hand; a test holds them together.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::currency::CODES;
use crate::data::{Adjusted, Counted, Described, PriceChanged};
use crate::decode::MAX_EVENTS;
use crate::envelope::SPECVERSION;
use crate::event::SOURCE_PREFIX;
use crate::value::{Amount, Attributes, Delta, MAX, Quantity, Text};
use crate::{Currency, EventId, Sku};

/// The JSON Schema of what one stream record may hold: an event, or an array of events.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
    let mut schema: Value = settings.into_generator().into_root_schema_for::<Record>().into();
    // The same text also where some other crate makes serde_json keep the order of insertion.
    schema.sort_all_objects();
    schema
}

/// Optional is what may be left out. An `Option` would also let `null` in.
fn without_null(schema: &mut Schema) {
    let types = schema.get_mut("type").and_then(Value::as_array_mut);
    if let Some(types) = types {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
}

/// A record of the inventory stream: a CloudEvents 1.0 event in structured mode, or an array of at most
/// 1000 events. Names must not be repeated within an object. An event has at most 256 KiB of JSON text, nested at most
/// 128 levels deep.
#[derive(JsonSchema)]
#[schemars(untagged, title = "Inventory event")]
#[expect(dead_code, reason = "only the schema is wanted")]
enum Record {
    One(Event),
    Batch(#[schemars(length(max = MAX_EVENTS))] Vec<Event>),
}

/// One event. CloudEvents extension attributes are allowed.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only the schema is wanted")]
struct Event {
    /// The version of the CloudEvents specification.
    specversion: SpecVersion,
    /// Unique within `source`, `type` and `subject`. Deliveries that agree in all four are one event.
    id: EventId,
    /// The supplier.
    source: Source,
    /// The SKU.
    subject: Sku,
    /// When it happened: RFC 3339 with an offset. Digits finer than microseconds are cut off; second 60 is refused.
    /// Must not be later than the arrival by more than five minutes.
    time: Time,
    #[schemars(flatten)]
    change: Change,
}

#[derive(JsonSchema)]
#[schemars(tag = "type", content = "data")]
#[expect(dead_code, reason = "only the schema is wanted")]
enum Change {
    #[schemars(rename = "com.retailtech.stock.counted.v1")]
    Counted(Counted),
    #[schemars(rename = "com.retailtech.stock.adjusted.v1")]
    Adjusted(Adjusted),
    #[schemars(rename = "com.retailtech.price.changed.v1")]
    PriceChanged(PriceChanged),
    #[schemars(rename = "com.retailtech.product.described.v1")]
    Described(Described),
}

struct SpecVersion;
struct Source;
struct Time;

/// Control characters (Unicode Cc), as a part of a regular expression's character class.
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";

/// White space that is no control character, likewise.
const BLANK: &str = r"\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

const DATE: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const TIME: &str = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?";
const OFFSET: &str = "[+-]([01][0-9]|2[0-3]):[0-5][0-9]";

/// Implements `JsonSchema` for a type whose schema stands where it is used.
macro_rules! inline_schema {
    ($({$($generics:tt)*})? $type:ty: $schema:expr) => {
        impl $(<$($generics)*>)? JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

inline_schema!(SpecVersion: json_schema!({ "const": SPECVERSION }));
inline_schema!(EventId: json_schema!({
    "type": "string", "minLength": 1, "maxLength": 128, "pattern": format!("^[^{CONTROL}]*$"),
}));
inline_schema!(Source: json_schema!({
    "type": "string", "pattern": format!("^{SOURCE_PREFIX}[a-z0-9][a-z0-9-]{{0,62}}$"),
}));
inline_schema!(Sku: json_schema!({
    "type": "string", "minLength": 1, "maxLength": 64,
    "pattern": format!("^[^{CONTROL}{BLANK}]([^{CONTROL}]*[^{CONTROL}{BLANK}])?$"),
}));
// For many validators `format` is only a note, so the pattern says all of it but the months' lengths.
inline_schema!(Time: json_schema!({
    "type": "string", "format": "date-time", "pattern": format!("^{DATE}[Tt]{TIME}([Zz]|{OFFSET})$"),
}));
inline_schema!(Quantity: json_schema!({ "type": "integer", "minimum": 0, "maximum": MAX }));
inline_schema!(Delta: json_schema!({ "type": "integer", "minimum": -MAX, "maximum": MAX, "not": { "const": 0 } }));
inline_schema!(Amount: json_schema!({
    "type": "string", "pattern": r"^0*([0-9]{1,9}(\.[0-9]{1,4})?|1000000000(\.0{1,4})?)$",
}));
inline_schema!(Currency: json_schema!({ "type": "string", "enum": CODES.as_slice() }));
inline_schema!({const MIN: usize, const MAX: usize} Text<MIN, MAX>: text(MIN, MAX));
inline_schema!(Attributes: json_schema!({
    "type": "object",
    "maxProperties": Self::MAX_PAIRS,
    "propertyNames": text(0, Self::MAX_NAME),
    "additionalProperties": text(0, Self::MAX_VALUE),
}));

fn text(min: usize, max: usize) -> Schema {
    json_schema!({ "type": "string", "minLength": min, "maxLength": max, "pattern": r"^[^\u0000]*$" })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::schema;
    use crate::data::{Adjusted, Counted, Described, Payload, PriceChanged, TYPES};
    use crate::envelope::REQUIRED;

    fn texts(array: &Value) -> BTreeSet<&str> {
        array.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    #[test]
    fn the_envelope_has_the_attributes_that_are_read() {
        let schema = schema();
        let event = &schema["$defs"]["Event"];
        let mut required = texts(&event["required"]);
        required.insert("type");
        assert_eq!(required, REQUIRED.into());
        assert_eq!(event.get("additionalProperties"), None, "extension attributes are allowed");
        let variants = event["oneOf"].as_array().expect("a variant for each type");
        let types: Vec<_> = variants.iter().map(|variant| &variant["properties"]["type"]["const"]).collect();
        assert_eq!(types, TYPES);
        assert!(variants.iter().all(|variant| texts(&variant["required"]) == ["type", "data"].into()));
    }

    #[test]
    fn data_has_the_fields_that_are_read() {
        let schema = schema();
        for (name, fields) in [
            ("Counted", Counted::FIELDS),
            ("Adjusted", Adjusted::FIELDS),
            ("PriceChanged", PriceChanged::FIELDS),
            ("Described", Described::FIELDS),
        ] {
            let data = &schema["$defs"][name];
            let properties = data["properties"].as_object().expect("properties");
            assert_eq!(
                properties.keys().map(String::as_str).collect::<BTreeSet<_>>(),
                fields.iter().copied().collect()
            );
            assert_eq!(data["additionalProperties"], json!(false), "an unknown field is an error");
        }
    }

    #[test]
    fn nothing_may_be_null() {
        assert!(!schema().to_string().contains("null"));
    }
}
