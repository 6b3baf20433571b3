//! Reads a deployment from a rendered file, with servers of this machine in the place of RDS and ElastiCache.

use anyhow::Context as _;

use super::attributes::ATTRIBUTES;
use super::resolver::Resolver;
use super::resources::ResourceValues;
use super::{Deployment, ServerAddresses};
use crate::terraform::declared::Declared;

impl Deployment {
    /// Reads the text of `main.tf.json`.
    pub fn from_rendered(main: &str, addresses: &ServerAddresses) -> anyhow::Result<Self> {
        let declared = Declared::read(main).context("it is not Terraform JSON")?;
        let resolver = Resolver::new(&declared, addresses)?;
        let mut resources = Vec::new();
        for (kind, attributes) in ATTRIBUTES {
            for resource in declared.of(kind) {
                let address = resource.address();
                let values = resolver.attributes(resource, attributes).with_context(|| address.clone())?;
                resources.push(ResourceValues { address, kind: kind.to_owned(), values: values.into() });
            }
        }
        Self::from_resources(resources)
    }
}
