//! The JSON parser.

use crate::model::json::{JsonValue, Node, read};

#[test]
fn takes_what_the_grammar_takes() {
    let texts = [
        "0",
        "-0",
        "10",
        "1.50",
        "-1.5e+10",
        "1E5",
        "true",
        "false",
        "null",
        "\"\"",
        "[]",
        "{}",
        " [ 1 , 2 ] ",
        "1e999",
    ];
    for text in texts {
        assert!(read(text).is_some(), "{text}");
    }
}

#[test]
fn refuses_what_the_grammar_refuses() {
    let texts = [
        "",
        " ",
        "01",
        "+1",
        ".5",
        "5.",
        "1e",
        "1e+",
        "-",
        "tru",
        "truely",
        "nul",
        "NaN",
        "Infinity",
        "'a'",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u+123\"",
        "\"\n\"",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "1 2",
        "\u{a0}1",
    ];
    for text in texts {
        assert!(read(text).is_none(), "{text}");
    }
}

#[test]
fn agrees_with_serde_json_about_ordinary_texts() {
    let texts = [r#"{"a":[1,"é\u00e9\ud83d\ude00\n",{"b":null}],"c":{}}"#, r#""\/""#, "[[[]],{}]", "[1,", r#"{"a" 1}"#];
    for text in texts {
        let theirs: Option<serde_json::Value> = serde_json::from_str(text).ok();
        assert_eq!(read(text).map(|node| as_serde(&node.value, node.text)), theirs, "{text}");
    }
}

#[test]
fn keeps_names_that_come_twice() {
    let node = read(r#"{"a":1,"\u0061":2}"#).unwrap();
    let JsonValue::Object(members) = node.value else { panic!("no object") };
    let kept: Vec<(&str, &str)> = members.iter().map(|(name, node)| (name.as_str(), node.text)).collect();
    assert_eq!(kept, [("a", "1"), ("a", "2")]);
}

#[test]
fn distinguishes_a_lone_surrogate_from_invalid_json() {
    let node = read(r#"["\ud83d", "\ud83d\ude00", {"\ude00": 1}, "\ud83dé"]"#).unwrap();
    assert!(!node.is_readable());
    let JsonValue::Array(elements) = node.value else { panic!("no array") };
    let readable: Vec<bool> = elements.iter().map(Node::is_readable).collect();
    assert_eq!(readable, [false, true, false, false]);
}

#[test]
fn counts_levels() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(read(&nested(128)).unwrap().is_readable());
    assert!(!read(&nested(129)).unwrap().is_readable());
    assert!(read(&nested(100_000)).is_none());
}

fn as_serde(value: &JsonValue<'_>, text: &str) -> serde_json::Value {
    match value {
        JsonValue::Null | JsonValue::Bool | JsonValue::Number => serde_json::from_str(text).expect("a scalar"),
        JsonValue::Text(text) => text.clone().into(),
        JsonValue::Array(nodes) => nodes.iter().map(|node| as_serde(&node.value, node.text)).collect(),
        JsonValue::Object(members) => {
            members.iter().map(|(name, node)| (name.clone(), as_serde(&node.value, node.text))).collect()
        }
    }
}
