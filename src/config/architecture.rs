//! Processor architectures of functions.

/// A processor architecture that Lambda has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Intel and AMD.
    X86_64,
    /// Graviton.
    Arm64,
}

impl Architecture {
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Arm64];

    /// Returns Lambda's name of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// Returns Rust's name of it, as in [`std::env::consts::ARCH`].
    pub fn rust_name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// Returns the target triple that the bootstrap is built for.
    pub fn target(self) -> String {
        format!("{}-unknown-linux-gnu", self.rust_name())
    }
}
