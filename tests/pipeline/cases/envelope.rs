//! Every attribute other than `data`: missing, wrong, repeated; and the types.

use super::{ACCEPTED, BAD_DATA, BAD_EVENT, BAD_TYPE, Case, DESCRIBED, EventBuilder, Verdict};

pub(super) fn cases() -> Vec<Case> {
    [missing(), twice(), texts(), subjects(), types(), extensions()].concat()
}

fn missing() -> Vec<Case> {
    let names = ["specversion", "id", "source", "type", "subject", "time"];
    let missing =
        names.map(|name| Case::one(&format!("no {name}"), EventBuilder::new("missing").without(name), BAD_EVENT));
    let wrong =
        names.map(|name| Case::one(&format!("{name} a number"), EventBuilder::new("x").with(name, "1"), BAD_EVENT));
    let null =
        names.map(|name| Case::one(&format!("{name} null"), EventBuilder::new("x").with(name, "null"), BAD_EVENT));
    [missing, wrong, null].concat()
}

fn twice() -> Vec<Case> {
    let again = |name: &str, json: &str| EventBuilder::new("twice").append(name, json);
    vec![
        Case::one("specversion twice", again("specversion", "\"1.0\""), BAD_EVENT),
        Case::one("id twice", again("id", "\"other\""), BAD_EVENT),
        Case::one("time twice", again("time", "\"2026-01-07T23:58:00Z\""), BAD_EVENT),
        Case::one("id twice, once escaped", again(r"\u0069d", "\"twice\""), BAD_EVENT),
        Case::one("an extension twice", again("extension", "1").append("extension", "1"), BAD_EVENT),
        Case::one("data twice", again("data", r#"{"quantity":7}"#), BAD_DATA),
        Case::one("data twice and no id", again("data", "{}").without("id"), BAD_EVENT),
    ]
}

fn texts() -> Vec<Case> {
    let at = |name: &str, attribute: &str, text: &str, verdict| {
        let json = serde_json::to_string(text).expect("a string is JSON");
        Case::one(name, EventBuilder::new(name).with(attribute, &json), verdict)
    };
    let source = |name: &str, supplier: &str, verdict| at(name, "source", &format!("/suppliers/{supplier}"), verdict);
    vec![
        at("specversion 1", "specversion", "1", BAD_EVENT),
        at("specversion 0.3", "specversion", "0.3", BAD_EVENT),
        at("an empty id", "id", "", BAD_EVENT),
        at("a longest id", "id", &"é".repeat(128), ACCEPTED),
        at("an id too long", "id", &"é".repeat(129), BAD_EVENT),
        at("an id with NUL", "id", "a\0b", BAD_EVENT),
        at("an id with DEL", "id", "a\u{7f}b", BAD_EVENT),
        at("an id with NEL", "id", "a\u{85}b", BAD_EVENT),
        at("an id of a blank", "id", " ", ACCEPTED),
        at("a source elsewhere", "source", "/supplier/acme", BAD_EVENT),
        at("a source without a slash in front", "source", "suppliers/acme", BAD_EVENT),
        source("a supplier without a name", "", BAD_EVENT),
        source("a supplier of one digit", "0", ACCEPTED),
        source("a supplier that begins with a hyphen", "-a", BAD_EVENT),
        source("a supplier that ends with a hyphen", "a-", ACCEPTED),
        source("a supplier in capitals", "Acme", BAD_EVENT),
        source("a supplier with a line end", "acme\n", BAD_EVENT),
        source("a supplier with a path", "acme/x", BAD_EVENT),
        source("a supplier with an umlaut", "äcme", BAD_EVENT),
        source("a supplier's longest name", &"a".repeat(63), ACCEPTED),
        source("a supplier's name too long", &"a".repeat(64), BAD_EVENT),
    ]
}

fn subjects() -> Vec<Case> {
    let at = |name: &str, sku: &str, verdict| {
        let json = serde_json::to_string(sku).expect("a string is JSON");
        Case::one(name, EventBuilder::new(name).with("subject", &json), verdict)
    };
    let longest = |end: &str| format!("{}{end}", "é".repeat(63));
    vec![
        at("an empty SKU", "", BAD_EVENT),
        at("inner blanks", "BANK CHARGES", ACCEPTED),
        at("a blank in front", " lead", BAD_EVENT),
        at("a blank behind", "trail ", BAD_EVENT),
        at("a no-break space behind", "trail\u{a0}", BAD_EVENT),
        at("an ideographic space in front", "\u{3000}lead", BAD_EVENT),
        at("a zero-width space alone", "\u{200b}", BAD_EVENT),
        at("a zero-width space behind", "trail\u{200b}", BAD_EVENT),
        at("a zero-width space inside", "in\u{200b}side", ACCEPTED),
        at("a byte order mark in front", "\u{feff}lead", BAD_EVENT),
        at("a soft hyphen behind", "trail\u{ad}", BAD_EVENT),
        at("a right-to-left mark in front", "\u{200f}lead", BAD_EVENT),
        at("a Hangul filler behind", "trail\u{3164}", BAD_EVENT),
        at("a language tag behind", "trail\u{e0001}", BAD_EVENT),
        at("a combining accent in front", "\u{301}lead", ACCEPTED),
        at("the longest SKU", &longest("x"), ACCEPTED),
        at("a SKU too long", &longest("xy"), BAD_EVENT),
        at("a tab inside", "tab\tinside", BAD_EVENT),
        at("a C1 control", "a\u{9f}b", BAD_EVENT),
        at("signs that a key or a pattern may trip over", "a:b{c}*?,%'\"\\", ACCEPTED),
        at("beyond the basic plane", "😀", ACCEPTED),
    ]
}

fn types() -> Vec<Case> {
    let at = |name: &str, event_type: &str, verdict| {
        Case::one(name, EventBuilder::new(name).of_type(event_type, "{}"), verdict)
    };
    let table: [(&str, &str, Verdict); 4] = [
        ("a guessed type", "com.retailtech.stock.guessed.v1", BAD_TYPE),
        ("a later version", "com.retailtech.stock.counted.v2", BAD_TYPE),
        ("a type in capitals", "COM.RETAILTECH.STOCK.COUNTED.V1", BAD_TYPE),
        ("a type with a blank", " com.retailtech.stock.counted.v1", BAD_TYPE),
    ];
    let unknown = EventBuilder::new("x").of_type("guessed", "{}");
    let mut cases: Vec<Case> = table.map(|(name, event_type, verdict)| at(name, event_type, verdict)).into();
    cases.push(Case::one("an unknown type without data", unknown.clone().without("data"), BAD_TYPE));
    cases.push(Case::one(
        "an unknown type long ago",
        unknown.clone().with("time", "\"2001-01-01T00:00:00Z\""),
        BAD_TYPE,
    ));
    cases.push(Case::one("an unknown type of no supplier", unknown.with("source", "\"/\""), BAD_EVENT));
    cases
}

fn extensions() -> Vec<Case> {
    let described = |name: &str| EventBuilder::new(name).of_type(DESCRIBED, r#"{"title":"t"}"#);
    vec![
        Case::one("a null extra", described("a null extra").with("datacontenttype", "null"), ACCEPTED),
        Case::one(
            "the usual extras",
            described("the usual extras").with("datacontenttype", "\"application/json\""),
            ACCEPTED,
        ),
        Case::one("an extension", described("an extension").with("traceparent", "\"00-0af7651916cd43dd\""), ACCEPTED),
        Case::one(
            "a NUL in an extension",
            described("a NUL in an extension").with("comment", r#""a\u0000b""#),
            ACCEPTED,
        ),
    ]
}
