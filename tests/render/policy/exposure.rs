//! Nothing secret in the output, and nothing that belongs to development.

use pipegen_contract::env;
use serde_json::{Value, json};

use super::{breach, holds, notices};
use crate::rendered::strings;

/// Attributes that would put a credential into the output or the state.
const SECRETS: [&str; 9] = [
    "access_key",
    "auth_token",
    "master_password",
    "password",
    "passwords",
    "secret_binary",
    "secret_key",
    "secret_string",
    "secret_string_wo",
];

fn keys(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().flat_map(keys).collect(),
        Value::Object(entries) => {
            entries.iter().flat_map(|(key, value)| std::iter::once(key.as_str()).chain(keys(value))).collect()
        }
        _ => Vec::new(),
    }
}

fn no_credentials(main: &Value) -> Vec<String> {
    let mut wrong: Vec<_> = keys(main)
        .into_iter()
        .filter(|key| SECRETS.contains(key))
        .map(|key| format!("something sets `{key}`"))
        .collect();
    for kind in ["aws_secretsmanager_secret_version", "random_password", "aws_iam_access_key", "aws_iam_user"] {
        if main["resource"].get(kind).is_some() {
            wrong.push(format!("an `{kind}` puts a credential into the state"));
        }
    }
    let texts = strings(main)
        .into_iter()
        .filter(|text| text.contains("-----BEGIN") || text.contains("://") && text.contains('@'));
    wrong.extend(texts.map(|text| format!("`{text}` looks like a credential")));
    wrong
}

fn nothing_of_development(main: &Value) -> Vec<String> {
    let names = keys(main).into_iter().chain(strings(main)).filter(|text| text.contains(env::DEV_PREFIX));
    names.map(|text| format!("`{text}` is for development")).collect()
}

#[test]
fn no_credential_is_in_the_output() {
    holds(no_credentials);
    notices(vec![
        breach(no_credentials, "resource/aws_db_instance/catalog/password", json!("hunter2")),
        breach(no_credentials, "resource/aws_secretsmanager_secret_version", json!({})),
        breach(
            no_credentials,
            "resource/aws_lambda_function/migrate/environment/variables/X",
            json!("postgres://a:b@c/d"),
        ),
    ]);
}

#[test]
fn nothing_for_development_is_in_the_output() {
    holds(nothing_of_development);
    let place = "resource/aws_lambda_function/processor/environment/variables/PIPEGEN_DEV_DATABASE_URL";
    notices(vec![breach(nothing_of_development, place, json!("x"))]);
}
