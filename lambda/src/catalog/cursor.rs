//! Cursors of the feed of changes as text, which readers keep and send back (pure).

use base64_simd::URL_SAFE_NO_PAD;
use chrono::DateTime;
use pipegen_event::Sku;
use pipegen_store::{Cursor, FeedPlace};

/// The version of the text's format, with which it begins.
const VERSION: &str = "1";

/// The kinds of cursors.
const LISTING: &str = "listing";
const CHANGES: &str = "changes";

/// In the place of a place that there is none.
const NONE: &str = "-";

/// Returns the cursor as text of the characters that need no encoding in a query.
pub fn to_text(cursor: &Cursor) -> String {
    let place = |place: &Option<FeedPlace>| {
        place.map_or(NONE.to_owned(), |FeedPlace { transaction, changed_at, before }| {
            format!("{transaction},{},{before}", changed_at.timestamp_micros())
        })
    };
    let text = match cursor {
        Cursor::Listing { since, after } => format!("{VERSION}/{LISTING}/{}/{after}", place(since)),
        Cursor::Changes(after) => format!("{VERSION}/{CHANGES}/{}/", place(after)),
    };
    URL_SAFE_NO_PAD.encode_to_string(text)
}

/// Parses the text of a cursor; none if it is not one that [`to_text`] makes.
pub fn parse(given: &str) -> Option<Cursor> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode_to_vec(given).ok()?).ok()?;
    let mut parts = text.splitn(4, '/');
    let (version, kind, place, sku) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version != VERSION {
        return None;
    }
    let place = if place == NONE { None } else { Some(parse_place(place)?) };
    let cursor = match kind {
        LISTING => Cursor::Listing { since: place, after: sku.parse::<Sku>().ok()?.as_str().to_owned() },
        CHANGES if sku.is_empty() => Cursor::Changes(place),
        _ => return None,
    };
    // Numbers have other spellings, too (`+1`, `01`).
    (to_text(&cursor) == given).then_some(cursor)
}

fn parse_place(text: &str) -> Option<FeedPlace> {
    let mut numbers = text.splitn(3, ',').map(str::parse::<i64>);
    let mut number = || numbers.next()?.ok().filter(|number| *number >= 0);
    let (transaction, time, before) = (number()?, number()?, number()?);
    // PostgreSQL adds the number of a page's products to it.
    let before = i32::try_from(before).ok().filter(|before| *before < i32::MAX / 2)?;
    Some(FeedPlace { transaction, changed_at: DateTime::from_timestamp_micros(time)?, before })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let changed_at = DateTime::from_timestamp_micros(1_795_410_000_123_456).unwrap();
        let place = FeedPlace { transaction: i64::MAX, changed_at, before: 7 };
        for cursor in [
            Cursor::Changes(None),
            Cursor::Changes(Some(place)),
            Cursor::Listing { since: None, after: "a/b,c é".to_owned() },
            Cursor::Listing { since: Some(place), after: "-".to_owned() },
        ] {
            let text = to_text(&cursor);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
            assert_eq!(parse(&text), Some(cursor));
        }
    }

    #[test]
    fn other_text_is_no_cursor() {
        for text in [
            "",
            "1",
            "2/changes/-/",
            "1/changes/-/a",
            "1/changes/-",
            "1/changes//",
            "1/listing/-/",
            "1/listing/-/ a",
            "1/listing/-/\0",
            "1/other/-/",
            "1/changes/1,2/",
            "1/changes/1,2,3,4/",
            "1/changes/-1,2,3/",
            "1/changes/+1,2,3/",
            "1/changes/1,02,3/",
            "1/changes/1,2,-3/",
            "1/changes/1,2,2147483647/",
            "1/changes/1,9223372036854775807,3/",
            "1/changes/9223372036854775808,2,3/",
        ] {
            assert_eq!(parse(&URL_SAFE_NO_PAD.encode_to_string(text)), None, "{text}");
        }
        for text in ["*", "MQ==", "\u{e9}", "_w"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
