//! Certificates of the temporary servers, signed by an authority whose key is never stored: it is created for one run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rcgen::string::Ia5String;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};

use super::write_private;

/// The host name in the servers' certificates.
pub(super) const HOST: &str = "localhost";

/// The certificate authority of a run.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// The files that a server reads.
#[derive(Debug)]
pub(super) struct ServerFiles {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Authority {
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "pipegen local");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().context("cannot create the authority's key")?;
        let certificate = params.self_signed(&key).context("cannot create the authority's certificate")?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// Writes the authority's own certificate.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        fs::write(path, &self.certificate).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes a server's certificate and key into its folder. Only the owner can read the key.
    pub(super) fn write_server(&self, folder: &Path, host: &str) -> anyhow::Result<ServerFiles> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, host);
        params.subject_alt_names = vec![SanType::DnsName(Ia5String::try_from(host).context("a host name is ASCII")?)];
        let key = KeyPair::generate().context("cannot create a server's key")?;
        let certificate = params.signed_by(&key, &self.issuer).context("cannot sign a server's certificate")?;
        let files = ServerFiles { certificate: folder.join("server.pem"), key: folder.join("server.key") };
        fs::write(&files.certificate, certificate.pem())
            .and_then(|()| write_private(&files.key, &key.serialize_pem()))
            .with_context(|| format!("cannot write into {}", folder.display()))?;
        Ok(files)
    }
}
