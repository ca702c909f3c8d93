//! When a server's certificate ends: a handshake with a clock that is far ahead, at which the
//! verifier says when it would have ended.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, ClientConnection};
use ureq::http::Uri;

use super::roots::Roots;

/// Most time to connect, and for each step of the handshake.
const PATIENCE: Duration = Duration::from_secs(10);

/// A clock that stands still.
#[derive(Debug)]
struct Clock(u64);

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

/// Returns when the certificate of `node`, an https address, ends, if it does by `then`; Unix
/// seconds.
///
/// # Errors
/// A sentence: no handshake, or the certificate is not believed.
pub(super) fn ends_by(node: &str, roots: &Roots, then: u64) -> Result<Option<u64>, String> {
    let uri: Uri = node.parse().map_err(|_| "this is no address".to_owned())?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host.clone()).map_err(|e| format!("{host}: {e}"))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(Clock(then)))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots.store())
        .with_no_client_auth();
    let mut tls = ClientConnection::new(Arc::new(config), name).map_err(|e| e.to_string())?;
    let mut stream = connect(&host, uri.port_u16().unwrap_or(443))?;
    while tls.is_handshaking() {
        if let Err(error) = tls.complete_io(&mut stream) {
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
            return match cause {
                Some(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                    not_after,
                    ..
                })) => Ok(Some(not_after.as_secs())),
                Some(rustls::Error::InvalidCertificate(CertificateError::Expired)) => {
                    Ok(Some(then))
                }
                _ => Err(error.to_string()),
            };
        }
    }
    Ok(None)
}

fn connect(host: &str, port: u16) -> Result<TcpStream, String> {
    let addresses = (host, port).to_socket_addrs().map_err(|e| format!("{host}: {e}"))?;
    let mut last = "there is no such host".to_owned();
    for address in addresses {
        let connected = TcpStream::connect_timeout(&address, PATIENCE).and_then(|stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Ok(stream)
        });
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => last = format!("{address}: {error}"),
        }
    }
    Err(last)
}
