//! The `data` of each type.

use super::{ACCEPTED, ADJUSTED, BAD_DATA, COUNTED, Case, DESCRIBED, EventBuilder, PRICED, Verdict};

pub(super) fn cases() -> Vec<Case> {
    [any(), quantities(), deltas(), amounts(), currencies(), descriptions(), attributes()].concat()
}

/// Builds cases of one type from name, JSON text of `data`, and verdict.
fn of(event_type: &str, table: &[(&str, String, Verdict)]) -> Vec<Case> {
    table
        .iter()
        .map(|(name, data, verdict)| Case::one(name, EventBuilder::new(name).of_type(event_type, data), *verdict))
        .collect()
}

fn any() -> Vec<Case> {
    let mut cases = of(
        COUNTED,
        &[
            ("data null", "null".into(), BAD_DATA),
            ("data a number", "7".into(), BAD_DATA),
            ("data an array", r#"[{"quantity":7}]"#.into(), BAD_DATA),
            ("data a string", r#""{\"quantity\":7}""#.into(), BAD_DATA),
            ("data empty", "{}".into(), BAD_DATA),
            ("a field unknown", r#"{"quantity":7,"quantiy":3}"#.into(), BAD_DATA),
            ("another type's field", r#"{"quantity":7,"delta":1}"#.into(), BAD_DATA),
            ("a field in capitals", r#"{"Quantity":7}"#.into(), BAD_DATA),
            ("a field twice", r#"{"quantity":7,"quantity":7}"#.into(), BAD_DATA),
            ("a field twice, once escaped", r#"{"quantity":7,"\u0071uantity":7}"#.into(), BAD_DATA),
        ],
    );
    cases.push(Case::one("no data", EventBuilder::new("no data").without("data"), BAD_DATA));
    let long_ago = EventBuilder::new("bad data long ago").with("data", "{}").with("time", "\"2001-01-01T00:00:00Z\"");
    cases.push(Case::one("bad data long ago", long_ago, BAD_DATA));
    cases
}

fn quantities() -> Vec<Case> {
    let table = [
        ("quantity 0", "0", ACCEPTED),
        ("quantity -0", "-0", ACCEPTED),
        ("quantity 1000000000", "1000000000", ACCEPTED),
        ("quantity 1000000001", "1000000001", BAD_DATA),
        ("quantity -1", "-1", ACCEPTED),
        ("quantity -1000000000", "-1000000000", ACCEPTED),
        ("quantity -1000000001", "-1000000001", BAD_DATA),
        ("quantity 42.0", "42.0", ACCEPTED),
        ("quantity 1.5", "1.5", BAD_DATA),
        ("quantity 4e1", "4e1", ACCEPTED),
        ("quantity 1E+9", "1E+9", ACCEPTED),
        ("quantity 1E+10", "1E+10", BAD_DATA),
        ("quantity 2500e-2", "2500e-2", ACCEPTED),
        ("quantity 2500e-3", "2500e-3", BAD_DATA),
        ("quantity 0.00012e5", "0.00012e5", ACCEPTED),
        ("quantity 0e999", "0e999", ACCEPTED),
        ("quantity 0.0e-99999999999999999999", "0.0e-99999999999999999999", ACCEPTED),
        ("quantity 1e-99999999999999999999", "1e-99999999999999999999", BAD_DATA),
        ("quantity with a fraction no float sees", "5.00000000000000000000001", BAD_DATA),
        ("quantity 1e999", "1e999", BAD_DATA),
        ("quantity in a string", "\"42\"", BAD_DATA),
        ("quantity true", "true", BAD_DATA),
        ("quantity null", "null", BAD_DATA),
        ("quantity beyond 64 bits", "18446744073709551617", BAD_DATA),
        ("quantity of a hundred digits", &"9".repeat(100), BAD_DATA),
    ];
    of(COUNTED, &table.map(|(name, quantity, verdict)| (name, format!(r#"{{"quantity":{quantity}}}"#), verdict)))
}

fn deltas() -> Vec<Case> {
    let reason = |reason: &str| format!(r#"{{"delta":-1,"reason":"{reason}"}}"#);
    let delta = |delta: &str| format!(r#"{{"delta":{delta}}}"#);
    let table = [
        ("delta 1000000000", delta("1000000000"), ACCEPTED),
        ("delta -1000000000", delta("-1000000000"), ACCEPTED),
        ("delta 1000000001", delta("1000000001"), BAD_DATA),
        ("delta -1000000001", delta("-1000000001"), BAD_DATA),
        ("delta 0", delta("0"), BAD_DATA),
        ("delta -0", delta("-0"), BAD_DATA),
        ("delta 0.0", delta("0.0"), BAD_DATA),
        ("delta 0e5", delta("0e5"), BAD_DATA),
        ("delta 1.0", delta("1.0"), ACCEPTED),
        ("delta -1e2", delta("-1e2"), ACCEPTED),
        ("delta 0.5", delta("0.5"), BAD_DATA),
        ("a reason null", r#"{"delta":-1,"reason":null}"#.into(), ACCEPTED),
        ("a reason null twice", r#"{"delta":-1,"reason":null,"reason":null}"#.into(), BAD_DATA),
        ("delta null", delta("null"), BAD_DATA),
        ("delta in a string", delta("\"1\""), BAD_DATA),
        ("a reason alone", r#"{"reason":"sale"}"#.into(), BAD_DATA),
        ("an empty reason", reason(""), ACCEPTED),
        ("a longest reason", reason(&"é".repeat(200)), ACCEPTED),
        ("a reason too long", reason(&"é".repeat(201)), BAD_DATA),
        ("a reason with NUL", reason(r"a\u0000b"), BAD_DATA),
        ("a reason in a list", r#"{"delta":1,"reason":["sale"]}"#.into(), BAD_DATA),
    ];
    of(ADJUSTED, &table)
}

fn amounts() -> Vec<Case> {
    let zeros = format!("{}7.5", "0".repeat(60));
    let table = [
        ("amount 2.5", "2.5", ACCEPTED),
        ("amount 2.50", "2.50", ACCEPTED),
        ("amount 2.0000", "2.0000", ACCEPTED),
        ("amount 0.0001", "0.0001", ACCEPTED),
        ("amount 007", "007", ACCEPTED),
        ("amount with many zeros in front", &zeros, ACCEPTED),
        ("amount 0", "0", ACCEPTED),
        ("amount 0.00", "0.00", ACCEPTED),
        ("amount 100", "100", ACCEPTED),
        ("amount 1000000000", "1000000000", ACCEPTED),
        ("amount 1000000000.0000", "1000000000.0000", ACCEPTED),
        ("amount 999999999.9999", "999999999.9999", ACCEPTED),
        ("amount 1000000000.0001", "1000000000.0001", BAD_DATA),
        ("amount 1000000001", "1000000001", BAD_DATA),
        ("amount of a hundred digits", &"9".repeat(100), BAD_DATA),
        ("amount 2.55555", "2.55555", BAD_DATA),
        ("amount 2.00000", "2.00000", ACCEPTED),
        ("amount 12.340000", "12.340000", ACCEPTED),
        ("amount 0.00123", "0.00123", BAD_DATA),
        ("amount 1000000000.0000000", "1000000000.0000000", ACCEPTED),
        ("amount 2.00000x", "2.00000x", BAD_DATA),
        ("amount 5.", "5.", BAD_DATA),
        ("amount .5", ".5", BAD_DATA),
        ("amount empty", "", BAD_DATA),
        ("amount -1", "-1", BAD_DATA),
        ("amount -0", "-0", BAD_DATA),
        ("amount +1", "+1", BAD_DATA),
        ("amount 1e3", "1e3", BAD_DATA),
        ("amount NaN", "NaN", BAD_DATA),
        ("amount 1,5", "1,5", BAD_DATA),
        ("amount 1_000", "1_000", BAD_DATA),
        ("amount with a blank", " 1", BAD_DATA),
        ("amount 1.2.3", "1.2.3", BAD_DATA),
        ("amount in full-width digits", "１", BAD_DATA),
    ];
    let price = |amount: &str| format!(r#"{{"amount":"{amount}","currency":"GBP"}}"#);
    let mut cases = of(PRICED, &table.map(|(name, amount, verdict)| (name, price(amount), verdict)));
    cases.extend(of(PRICED, &[("amount a number", r#"{"amount":2.55,"currency":"GBP"}"#.into(), BAD_DATA)]));
    cases
}

fn currencies() -> Vec<Case> {
    let table = [
        ("currency JPY", "\"JPY\"", ACCEPTED),
        ("currency XAU, a metal", "\"XAU\"", ACCEPTED),
        ("currency CHW, a fund", "\"CHW\"", ACCEPTED),
        ("currency XCG, since 2025", "\"XCG\"", ACCEPTED),
        ("currency DEM, no more active", "\"DEM\"", BAD_DATA),
        ("currency XXQ", "\"XXQ\"", BAD_DATA),
        ("currency in small letters", "\"gbp\"", BAD_DATA),
        ("currency by number", "\"826\"", BAD_DATA),
        ("currency with a blank", "\"GBP \"", BAD_DATA),
        ("currency empty", "\"\"", BAD_DATA),
        ("currency null", "null", BAD_DATA),
    ];
    let price = |currency: &str| format!(r#"{{"amount":"1","currency":{currency}}}"#);
    let mut cases = of(PRICED, &table.map(|(name, currency, verdict)| (name, price(currency), verdict)));
    let halves = [
        ("no currency", r#"{"amount":"1"}"#.into(), BAD_DATA),
        ("no amount", r#"{"currency":"GBP"}"#.into(), BAD_DATA),
    ];
    cases.extend(of(PRICED, &halves));
    cases
}

fn descriptions() -> Vec<Case> {
    let titled = |title: &str| format!(r#"{{"title":"{title}"}}"#);
    let with = |field: &str, text: &str| format!(r#"{{"title":"t","{field}":"{text}"}}"#);
    let nulls = r#"{"title":"t","description":null,"category":null,"attributes":null}"#;
    let table = [
        ("an empty title", titled(""), BAD_DATA),
        ("a longest title", titled(&"é".repeat(500)), ACCEPTED),
        ("a title too long", titled(&"é".repeat(501)), BAD_DATA),
        ("a title of emoji", titled(&"😀".repeat(500)), ACCEPTED),
        ("a title with NUL", titled(r"NUL \u0000 inside"), BAD_DATA),
        ("a title with another control", titled(r"a\u0001b"), ACCEPTED),
        ("a title of a number", r#"{"title":7}"#.into(), BAD_DATA),
        ("no title", r#"{"description":"d"}"#.into(), BAD_DATA),
        ("an empty description", with("description", ""), ACCEPTED),
        ("a longest description", with("description", &"é".repeat(10_000)), ACCEPTED),
        ("a description too long", with("description", &"é".repeat(10_001)), BAD_DATA),
        ("null for everything optional", nulls.into(), ACCEPTED),
        ("a title null", r#"{"title":null}"#.into(), BAD_DATA),
        ("an unknown field null", r#"{"title":"t","colour":null}"#.into(), BAD_DATA),
        ("a description of an object", r#"{"title":"t","description":{}}"#.into(), BAD_DATA),
        ("a longest category", with("category", &"é".repeat(200)), ACCEPTED),
        ("a category too long", with("category", &"é".repeat(201)), BAD_DATA),
        (
            "everything",
            r#"{"category":"c","attributes":{"b":"2","a":"1"},"description":"d","title":"t"}"#.into(),
            ACCEPTED,
        ),
    ];
    of(DESCRIBED, &table)
}

fn attributes() -> Vec<Case> {
    let with = |attributes: &str| format!(r#"{{"title":"t","attributes":{attributes}}}"#);
    let pairs = |count: usize| {
        let pairs: Vec<String> = (0..count).map(|i| format!(r#""name {i}":"{i}""#)).collect();
        with(&format!("{{{}}}", pairs.join(",")))
    };
    let pair = |name: &str, value: &str| with(&format!(r#"{{"{name}":"{value}"}}"#));
    let table = [
        ("no pair", with("{}"), ACCEPTED),
        ("50 pairs", pairs(50), ACCEPTED),
        ("51 pairs", pairs(51), BAD_DATA),
        ("a longest pair", pair(&"é".repeat(64), &"é".repeat(500)), ACCEPTED),
        ("an attribute's name too long", pair(&"é".repeat(65), ""), BAD_DATA),
        ("an attribute's value too long", pair("colour", &"é".repeat(501)), BAD_DATA),
        ("an attribute's value of a number", with(r#"{"colour":7}"#), BAD_DATA),
        ("an attribute's value null", with(r#"{"colour":null}"#), BAD_DATA),
        ("an attribute's name twice", with(r#"{"colour":"red","colour":"red"}"#), BAD_DATA),
        ("an attribute's name with NUL", pair(r"a\u0000b", ""), BAD_DATA),
        ("an attribute's value with NUL", pair("a", r"a\u0000b"), BAD_DATA),
        ("attributes in a list", with(r#"[["colour","red"]]"#), BAD_DATA),
    ];
    of(DESCRIBED, &table)
}
