//! The callers of a function URL that wants signatures: suppliers, each with a session of its role.

use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use pipegen_contract::{env, supplier_role};
use pipegen_event::Supplier;
use serde_json::{Value, json};

use super::api_error::ApiError;
use super::signature::{self, Scope};
use crate::lambda_host::Function;

/// The secret key of every supplier. Its access key id is its name.
pub const SECRET_KEY: &str = "local";

/// The suppliers that may call.
#[derive(Debug)]
pub struct UrlCallers {
    region: String,
    account: String,
    environment: String,
    /// The names of those that have a role, if the settings name any; else each name has one here.
    suppliers: Option<Vec<String>>,
}

impl UrlCallers {
    /// Returns the suppliers that the variables of this function name.
    pub fn of(function: &Function) -> Self {
        let variable = |name: &str| {
            let found = function.variables.iter().find(|(found, _)| found == name);
            found.map(|(_, value)| value.as_str())
        };
        let mut arn = function.arn.split(':').skip(3).map(str::to_owned);
        Self {
            region: arn.next().unwrap_or_default(),
            account: arn.next().unwrap_or_default(),
            environment: variable(env::ENVIRONMENT).unwrap_or_default().to_owned(),
            suppliers: variable(env::SUPPLIERS).map(|names| names.split(',').map(str::to_owned).collect()),
        }
    }

    /// Checks a request's signature. Returns the caller, as the request context names it.
    pub(super) fn check(&self, parts: &Parts, body: &[u8], now: DateTime<Utc>) -> Result<Value, ApiError> {
        let scope = Scope { service: "lambda", region: &self.region };
        let supplier = signature::check(parts, body, scope, now, |key_id| self.secret_key(key_id))?;
        let (account, role) = (&self.account, supplier_role::name(&supplier, &self.environment));
        Ok(json!({
            "accessKey": supplier,
            "accountId": account,
            "callerId": format!("AROALOCAL:{supplier}"),
            "cognitoIdentity": null,
            "principalOrgId": null,
            "userArn": format!("arn:aws:sts::{account}:assumed-role/{role}/{supplier}"),
            "userId": format!("AROALOCAL:{supplier}"),
        }))
    }

    fn secret_key(&self, key_id: &str) -> Option<String> {
        let has_role = match &self.suppliers {
            Some(suppliers) => suppliers.iter().any(|supplier| supplier == key_id),
            None => key_id.parse::<Supplier>().is_ok(),
        };
        has_role.then(|| SECRET_KEY.to_owned())
    }

    /// Returns curl's options for a supplier that calls.
    pub fn curl_options(&self) -> String {
        format!("--aws-sigv4 aws:amz:{}:lambda --user SUPPLIER:{SECRET_KEY}", self.region)
    }
}
