//! Allowed connections of a function's code. It can reach nothing else.

use super::dependencies::Dependencies;
use crate::stack::build::Build;
use crate::stack::security_groups::{SecurityGroup, connect, connect_to_service};
use crate::stack::{cache, database};
use crate::terraform::Reference;

/// A server or a service that a function's code connects to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Destination {
    Cache,
    Database,
    S3,
    Secrets,
}

/// Lets a function's security group connect to these destinations. Returns everything that must exist before its code
/// can connect.
pub(super) fn allow(
    build: &mut Build<'_>,
    group: &SecurityGroup,
    dependencies: &Dependencies<'_>,
    destinations: &[Destination],
) -> Vec<Reference> {
    let mut made = Vec::new();
    for destination in destinations {
        match destination {
            Destination::Cache => made.extend(connect(build, group, &dependencies.cache.group, cache::PORT)),
            Destination::Database => made.extend(connect(build, group, &dependencies.database.group, database::PORT)),
            Destination::S3 => {
                made.push(connect_to_service(build, group, "s3", &dependencies.endpoints.s3_prefix_list()));
                made.push(dependencies.endpoints.s3.clone());
            }
            Destination::Secrets => {
                made.extend(connect(build, group, &dependencies.endpoints.group, 443));
                made.push(dependencies.endpoints.secrets.clone());
            }
        }
    }
    made
}
