//! The account and the provider: `provider "aws"`, `aws_caller_identity`.

use serde_json::{Map, json};

use super::build::Build;
use crate::config::{OWN_TAGS, REGION};
use crate::terraform::{Block, Expression, Reference};

/// The account that Terraform works in.
#[derive(Clone, Debug)]
pub(super) struct AwsAccount {
    identity: Reference,
}

impl AwsAccount {
    pub(super) fn id(&self) -> Expression {
        self.identity.attribute("account_id")
    }

    /// Returns the ARN of something in this account and region that cannot be referred to, because it would refer back.
    pub(super) fn arn(&self, service: &str, resource: &str) -> Expression {
        Expression::from(&format!("arn:aws:{service}:{REGION}:")).then(self.id()).then(":").then(resource)
    }

    /// Returns the account itself as a principal: its own policies decide who that is.
    pub(super) fn root(&self) -> Expression {
        Expression::from("arn:aws:iam::").then(self.id()).then(":root")
    }
}

/// Declares the provider, and the data source that looks the account up.
pub(super) fn declare(build: &mut Build<'_>) -> AwsAccount {
    let settings = build.settings;
    let [application, environment, managed_by] = OWN_TAGS;
    let mut tags = Map::new();
    tags.insert(application.to_owned(), json!("inventory"));
    tags.insert(environment.to_owned(), json!(build.names.environment().as_str()));
    tags.insert(managed_by.to_owned(), json!("pipegen"));
    tags.extend(settings.tags.iter().map(|(key, value)| (key.clone(), json!(value))));
    build.document.provider(
        "aws",
        json!({
            "region": REGION,
            // With credentials of another account Terraform stops before it plans anything.
            "allowed_account_ids": settings.account_id.as_ref().map(|id| [id]),
            "default_tags": { "tags": tags },
        }),
    );
    AwsAccount { identity: build.document.data(Block::new("aws_caller_identity", "current", json!({}))) }
}
