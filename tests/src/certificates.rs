//! Certificate authorities of a test's own, and certificates that they issue for its servers.
//!
//! They are made anew for every test, so that no key lies in the repository and none expires.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use crate::flavour::with_path;

/// An authority, whose files go with it.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    /// Makes an authority that nobody has heard of.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn create() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // A name of its own: two of the same name are taken for one whose signature is wrong.
        params
            .distinguished_name
            .push(DnType::CommonName, format!("authority {:016x} of a test", rand::random::<u64>()));
        let issuer =
            CertifiedIssuer::self_signed(params, KeyPair::generate()?).context("cannot sign for an authority")?;
        let folder = tempfile::Builder::new()
            .prefix("authdb-")
            .tempdir()
            .context("cannot make a temporary folder for certificates: see to TMPDIR")?;
        let authority = Self { issuer, folder };
        write(&authority.file(), &authority.issuer.pem())?;
        Ok(authority)
    }

    /// The authority's own certificate, for those who shall trust it.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The options of a server that proves by a new certificate that it is `name`, a host's name or address.
    ///
    /// # Errors
    /// When the certificate's files cannot be written.
    pub fn vouch_for(&self, name: &str) -> Result<Vec<OsString>> {
        let mut params =
            CertificateParams::new([name.to_owned()]).with_context(|| format!("{name} is no host's name"))?;
        params.distinguished_name.push(DnType::CommonName, "a server of a test");
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer).context("cannot sign for a server")?;
        let (certificate_file, key_file) =
            (self.folder.path().join(format!("{name}.pem")), self.folder.path().join(format!("{name}.key")));
        write(&certificate_file, &certificate.pem())?;
        write(&key_file, &key.serialize_pem())?;
        Ok(vec![with_path("--ssl-cert=", &certificate_file), with_path("--ssl-key=", &key_file)])
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
