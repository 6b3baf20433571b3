//! Invalid JSON, sizes, and arrays.

use super::{ACCEPTED, BAD_EVENT, BAD_JSON, Case, DESCRIBED, EventBuilder, TOO_LARGE};

/// The maximum size of an event.
const MAX_BYTES: usize = 256 * 1024;

pub(super) fn cases() -> Vec<Case> {
    [bytes(), texts(), nesting(), sizes(), arrays()].concat()
}

fn bytes() -> Vec<Case> {
    let good = EventBuilder::new("bytes").text();
    let not_utf8 = [good.as_bytes(), b"\xff"].concat();
    let nul_byte = good.replacen("acme", "ac\0me", 1);
    vec![
        Case::one("no byte at all", "", BAD_JSON),
        Case::one("blanks alone", " \n", BAD_JSON),
        Case::one("not UTF-8", not_utf8, BAD_JSON),
        Case::one("an overlong UTF-8 form", b"\"\xc0\x80\"", BAD_JSON),
        Case::one("UTF-16", b"\xff\xfe{\0}\0", BAD_JSON),
        Case::one("a byte order mark", format!("\u{feff}{good}"), BAD_JSON),
        Case::one("a NUL byte in a string", nul_byte, BAD_JSON),
    ]
}

fn texts() -> Vec<Case> {
    let good = |name: &str| EventBuilder::new(name).text();
    let extended = |name: &str, json: &str| EventBuilder::new(name).with("extension", json).text();
    let titled = |name: &str, title: &str| {
        EventBuilder::new(name).of_type(DESCRIBED, &format!(r#"{{"title":"{title}"}}"#)).text()
    };
    vec![
        Case::one("cut short", good("cut short").replace('}', ""), BAD_JSON),
        Case::one("a number", "7", BAD_EVENT),
        Case::one("blanks around it", format!(" \r\n\t{}\n ", good("blanks around it")), ACCEPTED),
        Case::one("blanks around a bad one", format!(" {}\n", EventBuilder::new("x").without("id").text()), BAD_EVENT),
        Case::one("something behind it", format!("{} {{}}", good("something behind it")), BAD_JSON),
        Case::one("a comma too many", good("a comma too many").replace("}}", "},}"), BAD_JSON),
        Case::one("single quotes", good("single quotes").replace('"', "'"), BAD_JSON),
        Case::one("a raw tab in a string", titled("a raw tab in a string", "a\tb"), BAD_JSON),
        Case::one("an unknown escape", titled("an unknown escape", r"a\qb"), BAD_JSON),
        Case::one("NaN", extended("NaN", "NaN"), BAD_JSON),
        Case::one("a zero in front", extended("a zero in front", "07"), BAD_JSON),
        Case::one("a number beyond every range", extended("a number beyond every range", "1e999"), ACCEPTED),
        Case::one("a pair of surrogates", titled("a pair of surrogates", r"\ud83d\uDE00"), ACCEPTED),
        Case::one("a lone surrogate", titled("a lone surrogate", r"a\ud83db"), BAD_JSON),
        Case::one("surrogates in the wrong order", titled("surrogates in the wrong order", r"\ude00\ud83d"), BAD_JSON),
        Case::one("a lone surrogate in a name", extended("a lone surrogate in a name", r#"{"\ud800":1}"#), BAD_JSON),
        Case::one("every escape", titled("every escape", r#"\"\\\/\b\f\n\r\t\u00e9"#), ACCEPTED),
        Case::one("a string", r#""event""#, BAD_EVENT),
        Case::one("null", "null", BAD_EVENT),
        Case::one("an object without anything", "{}", BAD_EVENT),
    ]
}

/// Cases of nesting. The event is the first level, so its extension attribute has all further ones.
fn nesting() -> Vec<Case> {
    let nested = |name: &str, levels: usize| {
        let json = format!("{}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        EventBuilder::new(name).with("extension", &json).text()
    };
    let in_array = [EventBuilder::new("flat").text(), nested("deep", 200), EventBuilder::new("flat too").text()];
    vec![
        Case::one("128 levels", nested("128 levels", 128), ACCEPTED),
        Case::one("129 levels", nested("129 levels", 129), BAD_JSON),
        Case::one("129 levels of no event", format!("{{\"a\":{}{}}}", "[".repeat(128), "]".repeat(128)), BAD_JSON),
        Case::array("200 levels in an array", &in_array, &[ACCEPTED, BAD_JSON, ACCEPTED]),
    ]
}

fn sizes() -> Vec<Case> {
    let large = |name: &str, bytes: usize| EventBuilder::new(name).padded_to(bytes).text();
    let cut = |name: &str| large(name, MAX_BYTES + 100).replace('}', "");
    let two = [large("largest in an array", MAX_BYTES), large("larger in an array", MAX_BYTES + 1)];
    vec![
        Case::one("the largest event", large("the largest event", MAX_BYTES), ACCEPTED),
        Case::one("a byte too large", large("a byte too large", MAX_BYTES + 1), TOO_LARGE),
        Case::one("too large and no JSON", cut("too large and no JSON"), BAD_JSON),
        Case::one("too large and no event", EventBuilder::new("x").without("id").padded_to(MAX_BYTES + 1), TOO_LARGE),
        Case::array("large ones in an array", &two, &[ACCEPTED, TOO_LARGE]),
    ]
}

fn arrays() -> Vec<Case> {
    let good = |name: &str| EventBuilder::new(name).text();
    let many = |count: usize| (0..count).map(|i| good(&format!("many {i}"))).collect::<Vec<_>>();
    let mixed = ["1".into(), good("mixed"), "[]".into(), r#""\ud800""#.into(), "null".into(), good("mixed too")];
    let mixed_verdicts = [BAD_EVENT, ACCEPTED, BAD_EVENT, BAD_JSON, BAD_EVENT, ACCEPTED];
    let broken = [good("whole"), "{\"a\":}".into()];
    let surrogate = many(1001).into_iter().chain([r#""\ud800""#.into()]).collect::<Vec<_>>();
    let twice = [good("twice"), good("twice")];
    let spaced = [format!(" {} ", EventBuilder::new("spaced").without("id").text())];
    vec![
        Case::array("no event", &[], &[]),
        Case { name: "no event but blanks".into(), data: b" [ ] ".into(), verdicts: vec![] },
        Case::array("one event", &[good("one event")], &[ACCEPTED]),
        Case::array("the same event twice", &twice, &[ACCEPTED, ACCEPTED]),
        Case::array("good and bad ones", &mixed, &mixed_verdicts),
        Case::array("blanks around an element", &spaced, &[BAD_EVENT]),
        Case::array("an array that cannot be taken apart", &broken, &[BAD_JSON]),
        Case::array("1000 events", &many(1000), &[ACCEPTED; 1000]),
        Case::array("1001 events", &many(1001), &[TOO_LARGE]),
        Case::array("1001 events and a lone surrogate", &surrogate, &[TOO_LARGE]),
    ]
}
