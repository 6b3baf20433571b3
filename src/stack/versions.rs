//! `versions.tf.json`: the versions of Terraform and provider, and the backend.
//!
//! The block has its own file because some readers of Terraform JSON (checkov) stop at a file that has it.

use serde_json::json;

use crate::config::Config;
use crate::terraform::literal_text;

/// The oldest Terraform: 1.10 is the first whose S3 backend locks without a table.
const TERRAFORM: &str = ">= 1.10.0, < 2.0.0";

/// Returns the provider's versions, by its major one: the last of the fifth, and of the sixth those that read the
/// fifth's state of flow logs and know every attribute that is set for them. `docs/PROVIDERS.md` says which was tested.
fn aws(major: u32) -> &'static str {
    if major >= 6 { "~> 6.69" } else { "~> 5.100" }
}

/// Returns the file's text.
pub(super) fn text(config: &Config) -> String {
    let backend = config.settings.backend.as_ref().map(|backend| {
        json!({ "s3": {
            "bucket": backend.bucket,
            "key": format!("{}/{}/terraform.tfstate", backend.prefix, config.environment),
            "region": backend.region,
            "encrypt": true,
            "use_lockfile": true,
        } })
    });
    literal_text(json!({
        "terraform": {
            "required_version": TERRAFORM,
            "required_providers": { "aws": { "source": "hashicorp/aws", "version": aws(config.settings.aws_provider) } },
            "backend": backend,
        },
    }))
}
