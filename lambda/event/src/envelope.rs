//! The `CloudEvents` attributes around `data`.
//!
//! `CloudEvents` 1.0 lets an event have extension attributes; they stay in the archive and are not looked at here,
//! except that none may be there twice.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::event::SOURCE_PREFIX;
use crate::members::{Members, harmless, string};
use crate::{EventId, Reason, Rejection, Sku, Supplier, lookalike, time};

/// The only version of the `CloudEvents` specification that events may follow.
pub(crate) const SPECVERSION: &str = "1.0";

/// The attributes that every event must have, `data` left out, in the order of the checks.
pub(crate) const REQUIRED: [&str; 6] = ["specversion", "id", "source", "type", "subject", "time"];

/// An event whose attributes are checked, all but `type`'s meaning and `data`.
pub(crate) struct Envelope<'a> {
    pub(crate) id: EventId,
    pub(crate) supplier: Supplier,
    pub(crate) event_type: Cow<'a, str>,
    pub(crate) sku: Sku,
    pub(crate) time: DateTime<Utc>,
    pub(crate) data: RawData<'a>,
}

/// The event's content: `data`, or `data_base64` in its place. To be judged after the type: it is not the envelope's
/// fault.
#[derive(Default)]
pub(crate) struct RawData<'a> {
    pub(crate) data: Member<'a>,
    pub(crate) data_base64: Member<'a>,
}

/// The number of times that a member is there.
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
    /// Reads the envelope of the event that the JSON text is.
    pub(crate) fn read(json: &'a str) -> Result<Self, Rejection> {
        Self::from_members(json)
            .map_err(|detail| Rejection::new(Reason::InvalidEvent, lookalike::named(detail, lookalike::of_event(json))))
    }

    fn from_members(json: &'a str) -> Result<Self, String> {
        let Members(members) = Members::read(json).ok_or("the event must be an object")?;
        let mut values = [None; REQUIRED.len()];
        let mut data = RawData::default();
        let mut extensions = Vec::new();
        for (name, value) in &members {
            if name == "data" {
                data.data.add(value);
            } else if name == "data_base64" {
                data.data_base64.add(value);
            } else if let Some(place) = REQUIRED.iter().position(|required| name == required) {
                if values[place].replace(*value).is_some() {
                    return Err(format!("{name}: must not be there twice"));
                }
            } else {
                extensions.push(name.as_ref());
            }
        }
        // Sorting finds a repeated one among many as fast as among few.
        extensions.sort_unstable();
        if let Some(pair) = extensions.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("{}: must not be there twice", harmless(pair[0])));
        }

        let text = |place: usize| -> Result<Cow<'a, str>, String> {
            let value = values[place].ok_or_else(|| format!("{}: is missing", REQUIRED[place]))?;
            string(value).ok_or_else(|| format!("{}: must be a string", REQUIRED[place]))
        };
        if text(0)? != SPECVERSION {
            return Err(format!("specversion: must be \"{SPECVERSION}\""));
        }
        let id = text(1)?.parse().map_err(|rule| format!("id: {rule}"))?;
        let supplier =
            text(2)?.strip_prefix(SOURCE_PREFIX).and_then(|supplier| supplier.parse().ok()).ok_or_else(|| {
                format!("source: must be {SOURCE_PREFIX} and the supplier's name, which {}", Supplier::RULE)
            })?;
        let event_type = text(3)?;
        let sku = text(4)?.parse().map_err(|rule| format!("subject: {rule}"))?;
        let time = time::parse(&text(5)?).ok_or_else(|| format!("time: {}", time::RULE))?;
        Ok(Self { id, supplier, event_type, sku, time, data })
    }
}
