//! `data` of each event type, field by field.
//!
//! Suppliers' JSON is read into these types; with the feature `schema`, the JSON Schema is generated from them.

use pipegen_contract::event_type;

use crate::currency::Currency;
use crate::envelope::RawData;
use crate::event::{Change, Description};
use crate::members::{Members, loggable, string};
use crate::reason::{Reason, Rejection};
use crate::value::{Amount, Attributes, Delta, MAX_CATEGORY, Quantity, Text, Value};
use crate::{other_formats, payload, required_fields};

/// The event types, each with the content of its `data`.
const TYPES: [EventType; event_type::ALL.len()] = [
    EventType::of::<Counted>(),
    EventType::of::<Adjusted>(),
    EventType::of::<PriceChanged>(),
    EventType::of::<Described>(),
];

/// An event type, and the type that its `data` is read into.
struct EventType {
    name: &'static str,
    read: fn(&RawData<'_>) -> Result<Change, String>,
}

impl EventType {
    const fn of<T: Payload>() -> Self {
        Self { name: T::TYPE, read: change::<T> }
    }
}

/// An absolute count of the stock at `time`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct Counted {
    /// Units on hand; negative where more was sold than there is.
    quantity: Quantity,
}

/// A change of the stock at `time`.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct Adjusted {
    /// Units that came (positive) or went (negative).
    delta: Delta,
    /// Why. Kept in the archive only.
    reason: Option<Text<0, 200>>,
}

/// A new price from `time` on.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct PriceChanged {
    /// The price of one unit.
    amount: Amount,
    currency: Currency,
}

/// A new description, as a whole: what it leaves out is unknown from then on.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct Described {
    /// The product's name, for shoppers.
    title: Text<1, 500>,
    /// More about the product.
    description: Option<Text<0, 10_000>>,
    /// The kind of product.
    category: Option<Text<0, MAX_CATEGORY>>,
    /// Properties by name.
    attributes: Option<Attributes>,
}

/// Reads the `data` of an event of this type.
pub(crate) fn read(event_type: &str, data: &RawData<'_>) -> Result<Change, Rejection> {
    let Some(found) = TYPES.iter().find(|known| known.name == event_type) else {
        let detail = format!("type: must be one of {}", event_type::ALL.join(", "));
        return Err(Rejection::new(Reason::UnsupportedType, detail));
    };
    (found.read)(data).map_err(|detail| Rejection::new(Reason::InvalidData, detail))
}

fn change<T: Payload>(data: &RawData<'_>) -> Result<Change, String> {
    let json = payload::json(data)?;
    Fields::read(&json, &[T::REQUIRED, T::OPTIONAL]).and_then(|fields| T::take(&fields)).map(Into::into)
}

/// A type that the `data` of one event type is read into.
pub(crate) trait Payload: Sized + Into<Change> {
    /// The event type.
    const TYPE: &str;

    /// The names of the fields that must be there.
    const REQUIRED: &[&str];

    /// The names of the other fields.
    const OPTIONAL: &[&str] = &[];

    /// Reads the fields.
    fn take(fields: &Fields<'_>) -> Result<Self, String>;
}

impl Payload for Counted {
    const TYPE: &str = event_type::STOCK_COUNTED;
    const REQUIRED: &[&str] = required_fields::COUNTED;

    fn take(fields: &Fields<'_>) -> Result<Self, String> {
        Ok(Self { quantity: fields.required("quantity")? })
    }
}

impl From<Counted> for Change {
    fn from(Counted { quantity }: Counted) -> Self {
        Self::Counted { quantity: quantity.0 }
    }
}

impl Payload for Adjusted {
    const TYPE: &str = event_type::STOCK_ADJUSTED;
    const REQUIRED: &[&str] = required_fields::ADJUSTED;
    const OPTIONAL: &[&str] = &["reason"];

    fn take(fields: &Fields<'_>) -> Result<Self, String> {
        Ok(Self { delta: fields.required("delta")?, reason: fields.optional("reason")? })
    }
}

impl From<Adjusted> for Change {
    fn from(Adjusted { delta, reason: _checked }: Adjusted) -> Self {
        Self::Adjusted { delta: delta.0 }
    }
}

impl Payload for PriceChanged {
    const TYPE: &str = event_type::PRICE_CHANGED;
    const REQUIRED: &[&str] = required_fields::PRICE_CHANGED;

    fn take(fields: &Fields<'_>) -> Result<Self, String> {
        Ok(Self { amount: fields.required("amount")?, currency: fields.required("currency")? })
    }
}

impl From<PriceChanged> for Change {
    fn from(PriceChanged { amount, currency }: PriceChanged) -> Self {
        Self::PriceChanged { amount: amount.0, currency }
    }
}

impl Payload for Described {
    const TYPE: &str = event_type::PRODUCT_DESCRIBED;
    const REQUIRED: &[&str] = required_fields::DESCRIBED;
    const OPTIONAL: &[&str] = &["description", "category", "attributes"];

    fn take(fields: &Fields<'_>) -> Result<Self, String> {
        Ok(Self {
            title: fields.required("title")?,
            description: fields.optional("description")?,
            category: fields.optional("category")?,
            attributes: fields.optional("attributes")?,
        })
    }
}

impl From<Described> for Change {
    fn from(described: Described) -> Self {
        Self::Described(Description {
            title: described.title.0,
            description: described.description.map(|text| text.0),
            category: described.category.map(|text| text.0),
            attributes: described.attributes.map(|attributes| attributes.0).unwrap_or_default(),
        })
    }
}

/// The members of `data`, all of them known and none repeated; the values are still JSON text.
pub(crate) struct Fields<'a>(Members<'a>);

impl<'a> Fields<'a> {
    fn read(json: &'a str, known: &[&[&str]]) -> Result<Self, String> {
        let fields = Members::read(json).ok_or_else(|| {
            let format = string(json).and_then(|text| other_formats::of_string(&text));
            other_formats::named("data: must be an object".to_owned(), format)
        })?;
        for (index, (name, _)) in fields.0.iter().enumerate() {
            if !known.iter().any(|names| names.contains(&name.as_ref())) {
                return Err(format!("data: must not have the unknown field {}", loggable(name)));
            }
            // A short loop: there can be no more members than known fields before a name is repeated.
            if fields.0.iter().take(index).any(|(earlier, _)| earlier == name) {
                return Err(format!("data.{name}: must not be there twice"));
            }
        }
        Ok(Self(fields))
    }

    fn required<T: Value>(&self, name: &str) -> Result<T, String> {
        let json = self.find(name).ok_or_else(|| format!("data.{name}: is missing"))?;
        T::read(json).map_err(|rule| format!("data.{name}: {rule}"))
    }

    /// Reads a field that may be missing or `null`: code generated from the schema writes `null` for a missing field.
    fn optional<T: Value>(&self, name: &str) -> Result<Option<T>, String> {
        if self.find(name).is_none_or(|json| json == "null") { Ok(None) } else { self.required(name).map(Some) }
    }

    /// Returns the field's JSON text.
    fn find(&self, name: &str) -> Option<&'a str> {
        self.0.0.iter().find(|(found, _)| found == name).map(|(_, json)| *json)
    }
}

#[cfg(test)]
mod tests {
    use super::{TYPES, event_type};

    #[test]
    fn every_event_type_is_read() {
        assert_eq!(TYPES.each_ref().map(|known| known.name), event_type::ALL);
    }
}
