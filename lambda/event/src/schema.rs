//! The JSON Schemas for suppliers (draft 2020-12), generated from the types that events are read into: one for a whole
//! record, and one for each event type.
//!
//! They express every rule except those that JSON Schema cannot: the limits in bytes and levels, repeated names, the
//! window around the arrival, and a SKU's invisible characters beyond the basic plane, which regular expressions write
//! in different ways. `data_base64` is left out: a sender that follows a schema has `data`. The envelope's fields are
//! repeated here, because the envelope is parsed by hand; a test compares the two.
//!
//! Code generators must be able to use the schemas, so there is no `not` in them (one generator drops it), and the
//! schema of one type has no `oneOf` (one generator merges the variants).

use std::borrow::Cow;

use pipegen_contract::event_type;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::currency::{CODES, Currency, PUBLISHED};
use crate::data::{Adjusted, Counted, Described, PriceChanged};
use crate::decode::MAX_EVENTS;
use crate::envelope::SPECVERSION;
use crate::event::SOURCE_PREFIX;
use crate::identifier::{EventId, Sku, invisible};
use crate::value::{Amount, Attributes, Delta, MAX, Quantity, Text};

/// Returns the JSON Schema of a stream record: an event, or an array of events.
pub fn schema() -> Value {
    let mut schema: Value = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Record>().into();
    // The same text even if another crate makes serde_json keep the order of insertion.
    schema.sort_all_objects();
    schema
}

/// Returns the JSON Schema of an event of each type, with the type.
pub fn schemas_by_type() -> [(&'static str, Value); event_type::ALL.len()] {
    let whole = schema();
    event_type::ALL.map(|event_type| (event_type, of_type(event_type, &whole)))
}

/// Extracts the part of the whole schema for events of this type, with references resolved.
fn of_type(event_type: &str, whole: &Value) -> Value {
    let mut event = whole["$defs"]["Event"].clone();
    let arms = event["oneOf"].take();
    let is_of_type = |arm: &&Value| arm["properties"]["type"]["const"] == event_type;
    let arm = arms.as_array().and_then(|arms| arms.iter().find(is_of_type)).expect("an arm for each type");
    let name = arm["properties"]["data"]["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
    let name = name.expect("data is a definition of its own");
    let mut data = whole["$defs"][name].clone();
    data["title"] = json!(format!("{name} data"));

    event["$schema"] = whole["$schema"].clone();
    event["title"] = json!(format!("{name} event"));
    event["properties"]["type"] = arm["properties"]["type"].clone();
    event["properties"]["data"] = data;
    event["required"].as_array_mut().expect("attributes").extend(["type", "data"].map(Value::from));
    event.as_object_mut().expect("an object").remove("oneOf");
    event.sort_all_objects();
    event
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
// `rename` takes literals only; a test compares them with `event_type::ALL`.
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

/// Control characters (Unicode Cc), for a regular expression's character class.
const CONTROL: &str = r"\u0000-\u001f\u007f-\u009f";

/// White space other than control characters, for a character class.
const BLANK: &str = r"\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// Returns the invisible characters of the basic plane, for a character class.
fn invisible_class() -> String {
    let ranges = invisible().iter_ranges().filter(|range| *range.end() <= 0xffff);
    let classes = ranges.map(|range| format!("\\u{:04x}-\\u{:04x}", range.start(), range.end()));
    classes.collect::<Vec<_>>().concat()
}

const DATE: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const TIME: &str = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?";
const OFFSET: &str = "[+-]([01][0-9]|2[0-3]):[0-5][0-9]";

/// Implements `JsonSchema` for a type whose schema is inlined where it is used.
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

inline_schema!(SpecVersion: json_schema!({ "type": "string", "const": SPECVERSION }));
inline_schema!(EventId: json_schema!({
    "type": "string", "minLength": 1, "maxLength": 128, "pattern": format!("^[^{CONTROL}]*$"),
}));
inline_schema!(Source: json_schema!({
    "type": "string", "pattern": format!("^{SOURCE_PREFIX}[a-z0-9][a-z0-9-]{{0,62}}$"),
}));
inline_schema!(Sku: {
    let end = format!("[^{CONTROL}{BLANK}{}]", invisible_class());
    json_schema!({
        "type": "string", "minLength": 1, "maxLength": 64, "pattern": format!("^{end}([^{CONTROL}]*{end})?$"),
    })
});
// Many validators ignore `format`, so the pattern covers everything except the months' lengths.
inline_schema!(Time: json_schema!({
    "type": "string", "format": "date-time", "pattern": format!("^{DATE}[Tt]{TIME}([Zz]|{OFFSET})$"),
}));
inline_schema!(Quantity: json_schema!({ "type": "integer", "minimum": -MAX, "maximum": MAX }));
inline_schema!(Delta: json_schema!({ "anyOf": [
    { "type": "integer", "minimum": -MAX, "maximum": -1 },
    { "type": "integer", "minimum": 1, "maximum": MAX },
] }));
inline_schema!(Amount: json_schema!({
    "type": "string", "pattern": r"^0*([0-9]{1,9}(\.[0-9]{1,4}0*)?|1000000000(\.0+)?)$",
}));
inline_schema!(Currency: json_schema!({
    "type": "string", "enum": CODES.as_slice(),
    "description": format!("What the amount is in: an active code of ISO 4217 as published on {PUBLISHED}."),
}));
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

    use super::{event_type, schema, schemas_by_type};
    use crate::data::{Adjusted, Counted, Described, Payload, PriceChanged};
    use crate::envelope::REQUIRED;

    fn texts(array: &Value) -> BTreeSet<&str> {
        array.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Each type's name in the schema, its required fields and its other fields.
    fn payloads() -> [(&'static str, BTreeSet<&'static str>, BTreeSet<&'static str>); event_type::ALL.len()] {
        fn of<T: Payload>(name: &'static str) -> (&'static str, BTreeSet<&'static str>, BTreeSet<&'static str>) {
            (name, T::REQUIRED.iter().copied().collect(), T::OPTIONAL.iter().copied().collect())
        }
        [
            of::<Counted>("Counted"),
            of::<Adjusted>("Adjusted"),
            of::<PriceChanged>("PriceChanged"),
            of::<Described>("Described"),
        ]
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
        assert_eq!(types, event_type::ALL);
        assert!(variants.iter().all(|variant| texts(&variant["required"]) == ["type", "data"].into()));
    }

    #[test]
    fn data_has_the_fields_that_are_read() {
        let schema = schema();
        for (name, required, optional) in payloads() {
            let data = &schema["$defs"][name];
            let properties = data["properties"].as_object().expect("properties");
            assert_eq!(properties.keys().map(String::as_str).collect::<BTreeSet<_>>(), &required | &optional);
            assert_eq!(data["additionalProperties"], json!(false), "an unknown field is an error");
        }
    }

    #[test]
    fn only_what_is_optional_may_be_null() {
        let schema = schema();
        for (name, required, optional) in payloads() {
            let data = &schema["$defs"][name];
            assert_eq!(texts(&data["required"]), required, "{name}");
            let may_be_null = |field: &&str| texts(&data["properties"][*field]["type"]).contains("null");
            assert!(!required.iter().any(may_be_null), "{name}");
            assert!(optional.iter().all(may_be_null), "{name}");
        }
    }

    #[test]
    fn the_schema_of_one_type_stands_alone() {
        for (event_type, schema) in schemas_by_type() {
            let text = schema.to_string();
            assert!(["$ref", "oneOf", "\"not\""].iter().all(|word| !text.contains(word)), "{text}");
            assert_eq!(schema["properties"]["type"]["const"], event_type);
            assert_eq!(texts(&schema["required"]), [&REQUIRED[..], &["data"]].concat().into_iter().collect());
        }
    }
}
