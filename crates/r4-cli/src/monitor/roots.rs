//! Whose certificates are believed: the usual authorities, or those of a file.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use crate::exit::Error;
use crate::input;

/// Most bytes of the file.
const MOST_BYTES: u64 = 1 << 20;

/// Certificates of authorities; none: the usual ones.
#[derive(Clone, Debug)]
pub(super) struct Roots(Option<Arc<Vec<Certificate<'static>>>>);

impl Roots {
    /// Reads the file, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or has no certificate.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else { return Ok(Self(None)) };
        let bytes = input::file(path, "certificates", MOST_BYTES)?;
        let certificates: Vec<Certificate<'static>> = parse_pem(&bytes)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(Error::unusable(path.display(), "it has no certificate in PEM"));
        }
        Ok(Self(Some(Arc::new(certificates))))
    }

    /// For requests.
    pub(super) fn for_requests(&self) -> RootCerts {
        self.0.clone().map_or(RootCerts::WebPki, RootCerts::Specific)
    }

    /// For a handshake of our own.
    pub(super) fn store(&self) -> RootCertStore {
        match &self.0 {
            None => webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
            Some(certificates) => {
                let mut store = RootCertStore::empty();
                let ders = certificates.iter().map(|c| CertificateDer::from(c.der().to_vec()));
                store.add_parsable_certificates(ders);
                store
            }
        }
    }
}
