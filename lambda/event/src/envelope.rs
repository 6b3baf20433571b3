//! The `CloudEvents` attributes around `data`.
//!
//! `CloudEvents` 1.0 allows extension attributes; they stay in the archive and are ignored here, except that none may
//! be repeated.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::event::SOURCE_PREFIX;
use crate::identifier::{EventId, Sku, Supplier};
use crate::members::{Members, loggable, string};
use crate::reason::{Reason, Rejection};
use crate::{other_formats, time};

/// The only version of the `CloudEvents` specification that events may follow.
pub(crate) const SPECVERSION: &str = "1.0";

/// The attributes that every event must have, except `data`, in the order of the checks.
pub(crate) const REQUIRED: [&str; 6] = ["specversion", "id", "source", "type", "subject", "time"];

/// An event whose attributes are checked, except the meaning of `type`, and `data`.
pub(crate) struct Envelope<'a> {
    pub(crate) id: EventId,
    pub(crate) supplier: Supplier,
    pub(crate) event_type: Cow<'a, str>,
    pub(crate) sku: Sku,
    pub(crate) time: DateTime<Utc>,
    pub(crate) data: RawData<'a>,
}

/// The event's content: `data`, or `data_base64` in its place. It is checked after the type, because a fault in it is
/// not the envelope's.
#[derive(Default)]
pub(crate) struct RawData<'a> {
    pub(crate) data: Member<'a>,
    pub(crate) data_base64: Member<'a>,
}

/// The number of times that a member occurs.
#[derive(Clone, Copy, Default)]
pub(crate) enum Member<'a> {
    #[default]
    Missing,
    /// Its JSON text.
    Once(&'a str),
    Twice,
}

impl<'a> Member<'a> {
    fn add(&mut self, json: &'a str) {
        *self = if matches!(self, Self::Missing) { Self::Once(json) } else { Self::Twice };
    }
}

impl<'a> Envelope<'a> {
    /// Reads the envelope of an event: its JSON text, and its members if it is an object.
    pub(crate) fn read(json: &str, members: Option<&'a Members<'a>>) -> Result<Self, Rejection> {
        Self::from_members(members).map_err(|detail| {
            Rejection::new(Reason::InvalidEvent, other_formats::named(detail, other_formats::of_event(json)))
        })
    }

    fn from_members(members: Option<&'a Members<'a>>) -> Result<Self, String> {
        let Members(members) = members.ok_or("the event must be an object")?;
        let mut values = [None; REQUIRED.len()];
        let mut data = RawData::default();
        let mut extensions = Vec::new();
        for (name, value) in members {
            if name == "data" {
                data.data.add(value);
            } else if name == "data_base64" {
                data.data_base64.add(value);
            } else if let Some(index) = REQUIRED.iter().position(|required| name == required) {
                if values[index].replace(*value).is_some() {
                    return Err(format!("{name}: must not be there twice"));
                }
            } else {
                extensions.push(name.as_ref());
            }
        }
        // Sorted, because comparing every pair would take quadratic time.
        extensions.sort_unstable();
        if let Some(pair) = extensions.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("{}: must not be there twice", loggable(pair[0])));
        }

        let text = |name: &str| -> Result<Cow<'a, str>, String> {
            let value = REQUIRED.iter().zip(values).find(|(required, _)| **required == name);
            let value = value.and_then(|(_, value)| value).ok_or_else(|| format!("{name}: is missing"))?;
            string(value).ok_or_else(|| format!("{name}: must be a string"))
        };
        if text("specversion")? != SPECVERSION {
            return Err(format!("specversion: must be \"{SPECVERSION}\""));
        }
        let id = text("id")?.parse().map_err(|rule| format!("id: {rule}"))?;
        let source = text("source")?;
        let supplier =
            source.strip_prefix(SOURCE_PREFIX).and_then(|supplier| supplier.parse().ok()).ok_or_else(|| {
                format!("source: must be {SOURCE_PREFIX} and the supplier's name, which {}", Supplier::RULE)
            })?;
        let event_type = text("type")?;
        let sku = text("subject")?.parse().map_err(|rule| format!("subject: {rule}"))?;
        let time = time::parse(&text("time")?).ok_or_else(|| format!("time: {}", time::RULE))?;
        Ok(Self { id, supplier, event_type, sku, time, data })
    }
}
