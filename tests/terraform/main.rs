//! The rendered folder under the real Terraform, with a mocked provider.
