//! `pipegen schema`: prints the suppliers' format.

use anyhow::Context as _;
use serde_json::Value;

use super::objects;
use super::usage_error::UsageError;
use crate::cli::{SchemaArgs, SchemaFormat};
use crate::printer;

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
    Ok(printer::data(&format!("{document:#}"))?)
}

fn of_type(wanted: &str) -> anyhow::Result<Value> {
    let found = objects::event_type_named(wanted)?;
    let mut schemas = pipegen_event::schemas_by_type().into_iter();
    let schema = schemas.find(|(event_type, _)| *event_type == found).map(|(_, schema)| schema);
    schema.with_context(|| format!("`{found}` has no schema, which is a mistake in pipegen itself"))
}
