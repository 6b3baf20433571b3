//! The functions' own logins to the database: `aws_secretsmanager_secret`. `migrate` stores the values: a
//! `secret_version` here would put a password into Terraform's state.

use pipegen_contract::database::Access;
use serde_json::json;

use super::Build;
use super::encryption::Key;
use super::names::{MAINTAINER_SECRET, Name, READER_SECRET, WRITER_SECRET};
use crate::terraform::{Block, Expression, Reference};

/// A secret.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    pub(super) label: &'static str,
    secret: Reference,
}

impl Secret {
    pub(super) fn arn(&self) -> Expression {
        self.secret.attribute("arn")
    }
}

/// The secret of each access to the database.
#[derive(Clone, Debug)]
pub(super) struct Logins {
    writer: Secret,
    reader: Secret,
    maintainer: Secret,
}

impl Logins {
    pub(super) fn of(&self, access: Access) -> &Secret {
        match access {
            Access::Writer => &self.writer,
            Access::Reader => &self.reader,
            Access::Maintainer => &self.maintainer,
        }
    }

    /// The ARNs of all.
    pub(super) fn arns(&self) -> [Expression; 3] {
        Access::ALL.map(|access| self.of(access).arn())
    }
}

/// Declares the secrets, still without values.
pub(super) fn declare(build: &mut Build<'_>, key: &Key) -> Logins {
    Logins {
        writer: secret(build, key, WRITER_SECRET, "The processor"),
        reader: secret(build, key, READER_SECRET, "The catalog"),
        maintainer: secret(build, key, MAINTAINER_SECRET, "Maintenance"),
    }
}

fn secret(build: &mut Build<'_>, key: &Key, name: Name, who: &str) -> Secret {
    let label = name.purpose;
    let body = json!({
        "name": build.names.of(name),
        "description": format!("{who}'s login to the database; migrate stores it, nobody needs to know it"),
        "kms_key_id": key.arn(),
        // A secret that waits for its deletion would block the next apply by its name.
        "recovery_window_in_days": 0,
    });
    Secret { label, secret: build.document.resource(Block::new("aws_secretsmanager_secret", label, body)) }
}
