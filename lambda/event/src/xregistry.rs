//! The event types as an entry for event catalogs, in the document format of xRegistry 1.0-rc4
//! (<https://github.com/xregistry/spec>): the stream as an endpoint, the types as message definitions, the JSON Schemas
//! of their data.

use serde_json::{Map, Value, json};

use crate::envelope::SPECVERSION;
use crate::event::SOURCE_PREFIX;
use crate::schema::schemas_by_type;

/// The version of the specification that the document follows.
const XREGISTRY: &str = "1.0-rc4";
/// The name of the endpoint, the message group and the schema group.
const GROUP: &str = "com.retailtech.inventory";
const ENVELOPE: &str = "CloudEvents/1.0";
/// xRegistry's name for JSON Schema's draft 2020-12.
const SCHEMA_FORMAT: &str = "JsonSchema/draft/2020-12";

/// Returns the document.
pub fn xregistry() -> Value {
    let schemas = schemas_by_type().map(|(event_type, schema)| (event_type, schema["properties"]["data"].clone()));
    let messages = schemas.each_ref().map(|(event_type, data)| (*event_type, message(event_type, data)));
    let schemas = schemas.map(|(event_type, data)| (event_type, data_schema(event_type, data)));
    let mut document = json!({
        "$schema": "https://xregistry.io/xreg/xregistryspecs/cloudevents-v1/schemas/document-schema.json",
        "specversion": XREGISTRY,
        "registryid": GROUP,
        "endpoints": { GROUP: endpoint() },
        "messagegroups": { GROUP: {
            "messagegroupid": GROUP,
            "description": "Changes of stock, prices and descriptions, as suppliers send them.",
            "envelope": ENVELOPE,
            "messages": object(messages),
        } },
        "schemagroups": { GROUP: {
            "schemagroupid": GROUP,
            "description": "The data of each event type.",
            "schemas": object(schemas),
        } },
    });
    // The same text even if another crate makes serde_json keep the order of insertion.
    document.sort_all_objects();
    document
}

/// The stream. What differs between environments is left open, so it is no deployed endpoint but the pattern of one.
fn endpoint() -> Value {
    json!({
        "endpointid": GROUP,
        "description": "The inventory stream, an Amazon Kinesis data stream. A record is one event, or a JSON array of at \
                        most 1000 events of one supplier.",
        "usage": ["producer"],
        "channel": GROUP,
        "envelope": ENVELOPE,
        "envelopeoptions": { "mode": "structured", "format": "application/cloudevents+json" },
        "protocol": "Kinesis",
        "protocoloptions": {
            "deployed": false,
            "endpoints": [{ "uri": "https://kinesis.us-east-1.amazonaws.com" }],
            "region": "us-east-1",
            "stream": "kinesis-inventory-{environment}",
            "partitionkey": "{supplier}/{sku}",
        },
        "messagegroups": [format!("#/messagegroups/{GROUP}")],
    })
}

fn message(event_type: &str, data: &Value) -> Value {
    let required =
        |kind: &str, description: &str| json!({ "type": kind, "required": true, "description": description });
    let fixed = |kind: &str, value: &str, description: &str| json!({ "type": kind, "required": true, "value": value, "description": description });
    json!({
        "messageid": event_type,
        "description": data["description"],
        "envelope": ENVELOPE,
        "envelopeoptions": { "mode": "structured", "format": "application/cloudevents+json" },
        "envelopemetadata": {
            "specversion": fixed("string", SPECVERSION, "The version of the CloudEvents specification."),
            "type": fixed("string", event_type, "The event type."),
            "source": fixed("uritemplate", &format!("{SOURCE_PREFIX}{{supplier}}"), "The supplier."),
            "subject": fixed("uritemplate", "{sku}", "The SKU."),
            "id": required("string", "Unique within source, type and subject."),
            "time": required("timestamp", "The time at which it happened; it decides which event is the last."),
        },
        "datacontenttype": "application/json",
        "dataschemaformat": SCHEMA_FORMAT,
        "dataschemauri": format!("#/schemagroups/{GROUP}/schemas/{event_type}/versions/1"),
    })
}

/// The schema of one type's data, with its only version: another one needs another type.
fn data_schema(event_type: &str, mut data: Value) -> Value {
    split_lists_of_types(&mut data);
    data["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    json!({
        "schemaid": event_type,
        "format": SCHEMA_FORMAT,
        "defaultversionid": "1",
        "versions": { "1": {
            "schemaid": event_type,
            "versionid": "1",
            "format": SCHEMA_FORMAT,
            "schema": data,
        } },
    })
}

/// Says a list of types (`["string", "null"]`) as a choice of schemas with one type each, which is the same: xrcg 0.11.0
/// finds lists valid and makes no code from them.
fn split_lists_of_types(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(split_lists_of_types),
        Value::Object(members) => {
            members.values_mut().for_each(split_lists_of_types);
            let Some(Value::Array(types)) = members.get("type").cloned() else { return };
            let description = members.remove("description");
            let rules = std::mem::take(members);
            let choice = |kind: Value| {
                let mut schema = if kind == "null" { Map::new() } else { rules.clone() };
                schema.insert("type".to_owned(), kind);
                Value::Object(schema)
            };
            members.insert("anyOf".to_owned(), types.into_iter().map(choice).collect());
            members.extend(description.map(|text| ("description".to_owned(), text)));
        }
        _ => {}
    }
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_types_is_a_choice_of_schemas() {
        let mut schema =
            json!({"properties": {"type": {"type": ["string", "null"], "maxLength": 5, "description": "text"}}});
        split_lists_of_types(&mut schema);
        let choice = json!([{"type": "string", "maxLength": 5}, {"type": "null"}]);
        assert_eq!(schema, json!({"properties": {"type": {"anyOf": choice, "description": "text"}}}));
        let mut schemas = json!({"oneOf": [{"type": ["string", "null"]}, {"const": "a"}]});
        split_lists_of_types(&mut schemas);
        let choice = json!([{"type": "string"}, {"type": "null"}]);
        assert_eq!(schemas, json!({"oneOf": [{"anyOf": choice}, {"const": "a"}]}));
    }
}
