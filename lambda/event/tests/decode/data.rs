//! The fields of each event type.

use pipegen_event::Change;
use pipegen_event::Reason::InvalidData;

use crate::sample::{accepted, all, assert_refused, broken, counted, described, event, refused, replaced};

fn counted_with(data: &str) -> String {
    event("stock.counted", data)
}

fn adjusted_with(data: &str) -> String {
    event("stock.adjusted", data)
}

fn price(amount: &str, currency: &str) -> String {
    event("price.changed", &format!(r#"{{"amount":{amount},"currency":{currency}}}"#))
}

fn described_with(fields: &str) -> String {
    event("product.described", &format!(r#"{{"title":"T",{fields}}}"#))
}

#[test]
fn data_is_one_object() {
    assert_refused(broken(r#","data":{"quantity":42}"#, ""), InvalidData, "data: is missing");
    let twice = broken(r#""data""#, r#""data":{"quantity":42},"d\u0061ta""#);
    assert_refused(twice, InvalidData, "data: must not be there twice");
    for data in ["null", "[]", "42", r#""{}""#, r#"[{"quantity":42}]"#] {
        assert_refused(counted_with(data), InvalidData, "data: must be an object");
    }
}

#[test]
fn every_field_is_known_and_there_once() {
    for text in all() {
        let unknown = replaced(&text, r#""data":{"#, r#""data":{"quantiy":3,"#);
        assert_refused(unknown, InvalidData, "data: must not have the unknown field \"quantiy\"");
    }
    assert_refused(
        counted_with(r#"{"quantity":1,"reason":"x"}"#),
        InvalidData,
        "data: must not have the unknown field",
    );
    assert_refused(
        counted_with(r#"{"quantity":1,"Quantity":1}"#),
        InvalidData,
        "data: must not have the unknown field",
    );
    let twice = counted_with(r#"{"quantity":1,"quantit\u0079":1}"#);
    assert_refused(twice, InvalidData, "data.quantity: must not be there twice");
    let twice = described_with(r#""category":"a","description":"","category":"a""#);
    assert_refused(twice, InvalidData, "data.category: must not be there twice");
    let many = counted_with(&format!("{{{}\"x\":1}}", r#""quantity":1,"#.repeat(10_000)));
    assert_refused(many, InvalidData, "data.quantity: must not be there twice");
}

#[test]
fn required_fields_are_missed() {
    assert_refused(counted_with("{}"), InvalidData, "data.quantity: is missing");
    assert_refused(adjusted_with(r#"{"reason":"x"}"#), InvalidData, "data.delta: is missing");
    assert_refused(event("price.changed", r#"{"currency":"GBP"}"#), InvalidData, "data.amount: is missing");
    assert_refused(event("price.changed", r#"{"amount":"1"}"#), InvalidData, "data.currency: is missing");
    assert_refused(event("product.described", "{}"), InvalidData, "data.title: is missing");
}

#[test]
fn null_in_an_optional_field_is_the_field_left_out() {
    assert_eq!(accepted(adjusted_with(r#"{"delta":1,"reason":null}"#)), accepted(adjusted_with(r#"{"delta":1}"#)));
    let bare = accepted(event("product.described", r#"{"title":"T"}"#));
    for fields in [
        r#""description":null"#,
        r#""category": null "#,
        r#""attributes":null"#,
        r#""category":null,"attributes":null"#,
    ] {
        assert_eq!(accepted(described_with(fields)), bare);
    }
    let twice = described_with(r#""category":null,"category":null"#);
    assert_refused(twice, InvalidData, "data.category: must not be there twice");
    // An attribute's value, and an unknown name, which are not fields.
    assert_refused(
        described_with(r#""attributes":{"a":null}"#),
        InvalidData,
        "data.attributes: \"a\" must be a string",
    );
    assert_refused(described_with(r#""colour":null"#), InvalidData, "data: must not have the unknown field \"colour\"");
}

#[test]
fn null_in_a_required_field_is_refused() {
    assert_refused(counted_with(r#"{"quantity":null}"#), InvalidData, "data.quantity: must be an integer");
    assert_refused(adjusted_with(r#"{"delta":null}"#), InvalidData, "data.delta: must be an integer");
    assert_refused(price("null", r#""GBP""#), InvalidData, "data.amount: must be a string");
    assert_refused(price(r#""1""#, "null"), InvalidData, "data.currency: must be an active code");
    assert_refused(event("product.described", r#"{"title":null}"#), InvalidData, "data.title: must be a string");
}

#[test]
fn a_quantity_is_an_integer_up_to_a_billion_either_way() {
    for (json, quantity) in [
        ("0", 0),
        ("-0", 0),
        ("1000000000", 1_000_000_000),
        ("-1000000000", -1_000_000_000),
        ("-2", -2),
        ("5.0", 5),
        ("1E3", 1000),
        ("10e-1", 1),
        ("-2.50e1", -25),
    ] {
        assert_eq!(accepted(counted_with(&format!(r#"{{"quantity":{json}}}"#))).change, Change::Counted { quantity });
    }
    let huge = "1".repeat(1000);
    for json in [
        "-1000000001",
        "1000000001",
        "4.25",
        "42e-1",
        r#""42""#,
        "true",
        "[]",
        "{}",
        "1e999",
        "-1e999",
        "1e-999",
        &huge,
    ] {
        let text = counted_with(&format!(r#"{{"quantity":{json}}}"#));
        assert_refused(text, InvalidData, "data.quantity: must be an integer from -1000000000 to 1000000000");
    }
}

#[test]
fn a_delta_is_an_integer_but_not_zero() {
    for (json, delta) in
        [("-1000000000", -1_000_000_000), ("1000000000", 1_000_000_000), ("-1", -1), ("1.0", 1), ("-1e2", -100)]
    {
        assert_eq!(accepted(adjusted_with(&format!(r#"{{"delta":{json}}}"#))).change, Change::Adjusted { delta });
    }
    for json in ["0", "-0", "0.0", "0e9", "-1000000001", "1000000001", "1.5", r#""1""#, "false", "9223372036854775808"]
    {
        let text = adjusted_with(&format!(r#"{{"delta":{json}}}"#));
        assert_refused(text, InvalidData, "data.delta: must be an integer from -1000000000 to 1000000000 other than 0");
    }
}

#[test]
fn a_reason_is_checked_though_it_is_dropped() {
    let with_reason = |reason: &str| adjusted_with(&format!(r#"{{"delta":1,"reason":"{reason}"}}"#));
    assert_eq!(accepted(with_reason(&"é".repeat(200))).change, Change::Adjusted { delta: 1 });
    assert_refused(with_reason(&"é".repeat(201)), InvalidData, "data.reason: must have at most 200 characters");
    assert_refused(with_reason(r"a\u0000"), InvalidData, "data.reason: must not hold U+0000");
    assert_refused(adjusted_with(r#"{"delta":1,"reason":5}"#), InvalidData, "data.reason: must be a string");
}

#[test]
fn an_amount_is_a_string_of_digits() {
    for (json, canonical) in [
        (r#""2.50""#, "2.5"),
        (r#""0""#, "0"),
        (r#""0010.1000""#, "10.1"),
        (r#""1000000000.0000""#, "1000000000"),
        (r#""12.340000""#, "12.34"),
        (r#""0.000100000000""#, "0.0001"),
        (r#""\u0032""#, "2"),
    ] {
        let Change::PriceChanged { amount, .. } = accepted(price(json, r#""GBP""#)).change else { panic!("a price") };
        assert_eq!((amount.to_string().as_str(), amount), (canonical, canonical.parse().expect("a decimal")));
    }
    for json in [
        "2.55",
        "2",
        "null",
        r#""""#,
        r#""-1""#,
        r#""+1""#,
        r#""1e3""#,
        r#"".5""#,
        r#""5.""#,
        r#""1,5""#,
        r#"" 1""#,
        r#""NaN""#,
        r#""١""#,
        r#""1\u0000""#,
    ] {
        assert_refused(price(json, r#""GBP""#), InvalidData, "data.amount: must be a string of digits");
    }
    for json in [r#""2.55555""#, r#""0.00123""#, r#""1.00000000001""#, r#""2000000000.00001""#] {
        let detail = "data.amount: must have at most 4 decimals, as no more are kept";
        assert_refused(price(json, r#""GBP""#), InvalidData, detail);
    }
    for json in [r#""1000000000.0001""#, r#""1000000001""#] {
        assert_refused(price(json, r#""GBP""#), InvalidData, "data.amount: must be at most 1000000000");
    }
}

#[test]
fn a_currency_is_an_active_code() {
    for code in ["GBP", "EUR", "XXX", "XTS", "XAU", "XCG", "ZWG"] {
        let Change::PriceChanged { currency, .. } = accepted(price(r#""1""#, &format!("\"{code}\""))).change else {
            panic!("a price")
        };
        assert_eq!(currency.as_str(), code);
    }
    for json in [r#""XXQ""#, r#""gbp""#, r#""HRK""#, r#""""#, r#""GBP ""#, "826", "null"] {
        assert_refused(price(r#""1""#, json), InvalidData, "data.currency: must be an active code of ISO 4217");
    }
}

#[test]
fn texts_are_measured_in_characters() {
    for (field, limit) in [("title", 500), ("description", 10_000), ("category", 200)] {
        for character in ["x", "é", "😀", r"\ud83d\ude00", r"\n"] {
            let with = |length: usize| {
                let value = format!(r#""{field}":"{}""#, character.repeat(length));
                if field == "title" {
                    event("product.described", &format!("{{{value}}}"))
                } else {
                    described_with(&value)
                }
            };
            accepted(with(limit));
            assert_refused(with(limit + 1), InvalidData, &format!("data.{field}: must have "));
        }
    }
    assert_refused(
        replaced(&described(), "T-LIGHT HOLDER", ""),
        InvalidData,
        "data.title: must have 1 to 500 characters",
    );
}

#[test]
fn attributes_are_few_short_and_named_once() {
    let with = |pairs: &str| described_with(&format!(r#""attributes":{{{pairs}}}"#));
    let pairs = |count: usize| (0..count).map(|n| format!(r#""{n}":"v""#)).collect::<Vec<_>>().join(",");
    let Change::Described(description) = accepted(with(&pairs(50))).change else { panic!("a description") };
    assert_eq!(description.attributes.len(), 50);
    assert_refused(with(&pairs(51)), InvalidData, "data.attributes: must have at most 50 pairs");
    accepted(with(&format!(r#""{}":"{}""#, "é".repeat(64), "é".repeat(500))));
    let name = format!(r#""{}":"""#, "é".repeat(65));
    assert_refused(
        with(&name),
        InvalidData,
        r#"data.attributes: the name "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u..." must have at most 64 characters"#,
    );
    let value = format!(r#""a":"{}""#, "é".repeat(501));
    assert_refused(with(&value), InvalidData, "data.attributes: \"a\" must have at most 500 characters");
    assert_refused(with(r#""a":"1","\u0061":"1""#), InvalidData, "data.attributes: must not have the name \"a\" twice");
    for json in ["1", "null", "{}", "[]", "true"] {
        assert_refused(with(&format!(r#""a":{json}"#)), InvalidData, "data.attributes: \"a\" must be a string");
    }
    for json in [r#""x""#, "[]", "1"] {
        assert_refused(
            described_with(&format!(r#""attributes":{json}"#)),
            InvalidData,
            "data.attributes: must be an object",
        );
    }
}

#[test]
fn no_string_holds_u_0000() {
    let nul = r"a\u0000b";
    assert_refused(replaced(&described(), "T-LIGHT HOLDER", nul), InvalidData, "data.title: must not hold U+0000");
    assert_refused(replaced(&described(), "White.", nul), InvalidData, "data.description: must not hold U+0000");
    assert_refused(replaced(&described(), "Home", nul), InvalidData, "data.category: must not hold U+0000");
    assert_refused(
        replaced(&described(), "colour", nul),
        InvalidData,
        r#"data.attributes: the name "a\u{0}b" must not hold U+0000"#,
    );
    assert_refused(
        replaced(&described(), r#""white""#, r#""\u0000""#),
        InvalidData,
        "data.attributes: \"colour\" must not hold U+0000",
    );
    assert_refused(counted_with(r#"{"\u0000":1}"#), InvalidData, r#"data: must not have the unknown field "\u{0}""#);
    // Other control characters are allowed: a description has line breaks.
    accepted(replaced(&described(), "White.", r"a\n\u0001\u007f"));
}

#[test]
fn an_unknown_field_s_name_is_shortened() {
    let rejection = refused(replaced(&counted(), "quantity", &"n".repeat(10_000)));
    assert!(rejection.detail.len() < 100, "{}", rejection.detail);
}
