//! Whom a function's code connects to. There is no other way out of a function.

use super::Surroundings;
use crate::stack::Build;
use crate::stack::connections::{Group, connect, connect_to_service};
use crate::stack::{cache, database};
use crate::terraform::Reference;

/// Somebody that a function's code connects to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Cache,
    Database,
    S3,
    Secrets,
}

/// Declares the ways of a function's group: everything that must be there before its code can connect.
pub(super) fn declare(build: &mut Build<'_>, group: &Group, with: &Surroundings<'_>, ways: &[Way]) -> Vec<Reference> {
    let mut made = Vec::new();
    for way in ways {
        match way {
            Way::Cache => made.extend(connect(build, group, &with.cache.group, cache::PORT)),
            Way::Database => made.extend(connect(build, group, &with.database.group, database::PORT)),
            Way::S3 => {
                made.push(connect_to_service(build, group, "s3", &with.endpoints.s3_prefix_list()));
                made.push(with.endpoints.s3.clone());
            }
            Way::Secrets => {
                made.extend(connect(build, group, &with.endpoints.group, 443));
                made.push(with.endpoints.secrets.clone());
            }
        }
    }
    made
}
