//! `data_base64` in the place of `data`.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE};

use super::{ACCEPTED, BAD_DATA, BAD_EVENT, BAD_TYPE, Case, DESCRIBED, EventBuilder, TOO_LARGE};

/// Six characters whose base64 has what the alphabet for URLs replaces.
const ODD: &str = "???>>>";

pub(super) fn cases() -> Vec<Case> {
    [spellings(), contents(), both()].concat()
}

/// Builds an event whose `data_base64` is this JSON text.
fn with(name: &str, json: &str) -> EventBuilder {
    EventBuilder::new(name).without("data").with("data_base64", json)
}

fn spellings() -> Vec<Case> {
    let text = |name: &str, base64: &str, verdict| Case::one(name, with(name, &format!("\"{base64}\"")), verdict);
    let good = BASE64_STANDARD.encode(r#"{"quantity":7}"#);
    let half = good.len() / 2;
    let broken = format!(r"{}\r\n{}", good.get(..half).expect("ASCII"), good.get(half..).expect("ASCII"));
    let title = format!(r#"{{"title":"{ODD}"}}"#);
    let titled = |name: &str, base64: String, verdict| {
        Case::one(name, with(name, &format!("\"{base64}\"")).with("type", &format!("\"{DESCRIBED}\"")), verdict)
    };
    vec![
        text("data in base64", &good, ACCEPTED),
        titled("base64 with slashes", BASE64_STANDARD.encode(&title), ACCEPTED),
        titled("base64 with escaped slashes", BASE64_STANDARD.encode(&title).replace('/', r"\/"), ACCEPTED),
        titled("base64 for URLs", BASE64_URL_SAFE.encode(&title), BAD_DATA),
        text("base64 without padding", &BASE64_STANDARD_NO_PAD.encode(r#"{"quantity":7}"#), BAD_DATA),
        text("base64 with too much padding", &format!("{good}===="), BAD_DATA),
        text("base64 in lines", &broken, BAD_DATA),
        text("base64 with a blank behind", &format!("{good} "), BAD_DATA),
        text("base64 with bits left over", "e31=", BAD_DATA),
        text("stars for base64", "***", BAD_DATA),
        text("nothing in base64", "", BAD_DATA),
        Case::one("base64 a number", with("base64 a number", "7"), BAD_DATA),
        Case::one("base64 an object", with("base64 an object", r#"{"quantity":7}"#), BAD_DATA),
    ]
}

fn contents() -> Vec<Case> {
    let of = |name: &str, bytes: &[u8], verdict| {
        Case::one(name, with(name, &format!("\"{}\"", BASE64_STANDARD.encode(bytes))), verdict)
    };
    let nested = |levels: usize| format!(r#"{{"quantity":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let spaced = |bytes: usize| format!(r#"{{"quantity":7{}}}"#, " ".repeat(bytes));
    vec![
        of("base64 of blanks around it", b" {\"quantity\":7}\n", ACCEPTED),
        of("base64 of null", b"null", BAD_DATA),
        of("base64 of no JSON", b"{\"quantity\":7", BAD_DATA),
        of("base64 of two texts", b"{\"quantity\":7}{}", BAD_DATA),
        of("base64 of no UTF-8", b"{\"quantity\":\"\xff\"}", BAD_DATA),
        of("base64 of a byte order mark", b"\xef\xbb\xbf{\"quantity\":7}", BAD_DATA),
        of("base64 of a lone surrogate", br#"{"quantity":"\ud800"}"#, BAD_DATA),
        of("base64 of a string", br#""{\"quantity\":7}""#, BAD_DATA),
        of("base64 of a name twice", br#"{"quantity":7,"quantity":7}"#, BAD_DATA),
        of("base64 of an unknown field", br#"{"quantity":7,"unit":"m"}"#, BAD_DATA),
        of("base64 of 200 levels", nested(200).as_bytes(), BAD_DATA),
        of("base64 of much", spaced(190_000).as_bytes(), ACCEPTED),
        of("base64 of too much", spaced(200_000).as_bytes(), TOO_LARGE),
    ]
}

fn both() -> Vec<Case> {
    let base64 = "\"eyJxdWFudGl0eSI6N30=\"";
    let both = |name: &str, data: &str| EventBuilder::new(name).with("data", data).with("data_base64", base64);
    vec![
        Case::one("data and base64", both("data and base64", r#"{"quantity":7}"#), BAD_DATA),
        Case::one("data null and base64", both("data null and base64", "null"), ACCEPTED),
        Case::one("base64 null", EventBuilder::new("base64 null").with("data_base64", "null"), ACCEPTED),
        Case::one("base64 null alone", with("base64 null alone", "null"), BAD_DATA),
        Case::one("both null", both("both null", "null").with("data_base64", "null"), BAD_DATA),
        Case::one("base64 twice", with("base64 twice", base64).append("data_base64", base64), BAD_DATA),
        Case::one("base64 twice and no id", with("x", base64).append("data_base64", base64).without("id"), BAD_EVENT),
        Case::one("base64 of an unknown type", with("x", "7").with("type", "\"guessed\""), BAD_TYPE),
    ]
}
