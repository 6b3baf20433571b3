//! `pipegen schema`: prints the suppliers' format.

use anyhow::Context as _;
use serde_json::Value;

use super::usage_error::UsageError;
use crate::cli::{SchemaArgs, SchemaFormat};
use crate::printer;

/// The beginning of every event type, which may be left out.
const PREFIX: &str = "com.retailtech.";

/// Prints the schema, or the catalog entry.
pub fn run(args: &SchemaArgs) -> anyhow::Result<()> {
    let document = match (&args.event_type, args.format) {
        (None, SchemaFormat::JsonSchema) => pipegen_event::schema(),
        (Some(event_type), SchemaFormat::JsonSchema) => of_type(event_type)?,
        (None, SchemaFormat::Xregistry) => pipegen_event::xregistry(),
        (Some(_), SchemaFormat::Xregistry) => {
            let message = "a catalog entry has every type: leave out `--type`, or `--format xregistry`";
            return Err(UsageError::Message(message.to_owned()).into());
        }
    };
    printer::data(&format!("{document:#}")).context("cannot write to standard output")
}

fn of_type(wanted: &str) -> Result<Value, UsageError> {
    let schemas = pipegen_event::schemas_by_type();
    let types = schemas.each_ref().map(|(event_type, _)| event_type.strip_prefix(PREFIX).unwrap_or(event_type));
    let short = wanted.strip_prefix(PREFIX).unwrap_or(wanted);
    let found = schemas.into_iter().zip(types).find(|(_, event_type)| *event_type == short);
    found.map(|((_, schema), _)| schema).ok_or_else(|| {
        UsageError::Message(format!(
            "there is no event type `{wanted}`: there are {}",
            types.map(|t| format!("`{t}`")).join(", ")
        ))
    })
}
