//! The document under construction, with everything that resources are declared from.

use super::names::Names;
use crate::config::{Settings, Sizing};
use crate::terraform::Document;

/// The Lambda package, as far as the stack names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The zip's name beside the rendered files.
    pub file_name: String,
    /// The zip's SHA-256 in base64, which Terraform compares.
    pub source_code_hash: String,
}

/// The document under construction, and everything that resources are declared from.
pub(super) struct Build<'a> {
    pub(super) document: Document,
    pub(super) names: Names,
    pub(super) settings: &'a Settings,
    pub(super) sizing: Sizing,
    pub(super) package: &'a Package,
}
