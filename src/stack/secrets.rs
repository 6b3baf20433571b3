//! The functions' own logins to the database: `aws_secretsmanager_secret`. `migrate` stores the values: a
//! `secret_version` here would put a password into Terraform's state.

use std::collections::BTreeMap;

use pipegen_contract::database::Access;
use serde_json::json;

use super::build::Build;
use super::encryption::Key;
use super::names::login_secret;
use crate::terraform::{Block, Expression, Reference};

/// The actions of a rotation's four steps. No function needs others.
pub(super) const ROTATION_ACTIONS: [&str; 4] = [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
];

#[derive(Clone, Debug)]
pub(super) struct Secret {
    resource: Reference,
}

impl Secret {
    pub(super) fn arn(&self) -> Expression {
        self.resource.attribute("arn")
    }
}

/// The secret of each access to the database.
#[derive(Clone, Debug)]
pub(super) struct Logins(BTreeMap<Access, Secret>);

impl Logins {
    pub(super) fn of(&self, access: Access) -> &Secret {
        &self.0[&access]
    }

    /// Returns the ARNs of all secrets.
    pub(super) fn arns(&self) -> impl Iterator<Item = Expression> {
        self.0.values().map(Secret::arn)
    }
}

/// Declares the secrets, still without values.
pub(super) fn declare(build: &mut Build<'_>, key: &Key) -> Logins {
    Logins(Access::ALL.into_iter().map(|access| (access, secret(build, key, access))).collect())
}

fn secret(build: &mut Build<'_>, key: &Key, access: Access) -> Secret {
    let whose = match access {
        Access::Writer => "The processor",
        Access::Reader => "The catalog",
        Access::Maintainer => "Maintenance",
    };
    let body = json!({
        "name": build.names.of(login_secret(access)),
        "description": format!("{whose}'s login to the database; migrate stores it, nobody needs to know it"),
        "kms_key_id": key.arn(),
        // A secret that waits for its deletion would block the next apply by its name.
        "recovery_window_in_days": 0,
    });
    Secret { resource: build.document.resource(Block::new("aws_secretsmanager_secret", access.name(), body)) }
}
