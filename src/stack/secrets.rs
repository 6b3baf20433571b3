//! The functions' own logins to the database: `aws_secretsmanager_secret`. `migrate` stores the values: a
//! `secret_version` here would put a password into Terraform's state.

use serde_json::json;

use super::Build;
use super::encryption::Key;
use super::names::WRITER_SECRET;
use crate::terraform::{Block, Expression, Reference};

/// A secret.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    secret: Reference,
}

impl Secret {
    pub(super) fn arn(&self) -> Expression {
        self.secret.attribute("arn")
    }
}

/// Declares the writers' secret, still without a value.
pub(super) fn writer(build: &mut Build<'_>, key: &Key) -> Secret {
    let secret = build.document.resource(Block::new(
        "aws_secretsmanager_secret",
        "writer",
        json!({
            "name": build.names.of(WRITER_SECRET),
            "description": "The processor's login to the database; migrate stores it, nobody needs to know it",
            "kms_key_id": key.arn(),
            // A secret that waits for its deletion would block the next apply by its name.
            "recovery_window_in_days": 0,
        }),
    ));
    Secret { secret }
}
