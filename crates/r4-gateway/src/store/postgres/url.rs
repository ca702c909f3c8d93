//! Reads `R4_DATABASE_URL`. No error quotes it: it holds a password.

use std::net::IpAddr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::store::StoreError;

/// Most time to connect.
pub(super) const CONNECT: Duration = Duration::from_secs(2);

/// What the server does with a statement that takes too long, and with a client that is gone.
const OPTIONS: &str = "-c statement_timeout=1000 -c idle_in_transaction_session_timeout=5000";

const FORM: &str = "R4_DATABASE_URL must be such as postgres://user:password@host:5432/name, with \
                    other signs than letters and digits of the password as % and two hex digits";
const NO_TLS: &str = "R4_DATABASE_URL asks for TLS, which the gateway does not speak to its \
                      database: leave sslmode out or set sslmode=disable on a network of your own, \
                      or let a proxy on this machine, such as pgbouncer or stunnel, speak TLS";

/// Parses the URL.
///
/// # Errors
/// [`StoreError::Down`]: it is no such URL, or asks for TLS.
pub(super) fn parse(url: &str) -> Result<Config, StoreError> {
    let form = || StoreError::Down(FORM.to_owned());
    let known = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    let mut config: Config = url.parse().map_err(|_| form())?;
    if !known || config.get_hosts().is_empty() || config.get_user().is_none() {
        return Err(form());
    }
    // sslmode=prefer is the parser's default, and would be plain text without a word.
    let place = url.rsplit_once('@').map_or(url, |(_, place)| place);
    let said = place.split_once('?').is_some_and(|(_, options)| options.contains("sslmode"));
    match config.get_ssl_mode() {
        SslMode::Disable => {}
        SslMode::Prefer if !said => {
            if !config.get_hosts().iter().all(is_here) {
                tracing::warn!("the connection to the database of another host is not encrypted");
            }
        }
        _ => return Err(StoreError::Down(NO_TLS.to_owned())),
    }
    let options =
        config.get_options().map_or(OPTIONS.to_owned(), |more| format!("{OPTIONS} {more}"));
    config
        .ssl_mode(SslMode::Disable)
        .options(options)
        .application_name("r4-gateway")
        .connect_timeout(CONNECT)
        .tcp_user_timeout(CONNECT);
    Ok(config)
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken() {
        let config = parse("postgres://r4:p%40ss@127.0.0.1:5433/keys").expect("good");
        assert_eq!(config.get_password(), Some(&b"p@ss"[..]));
        assert_eq!((config.get_user(), config.get_dbname()), (Some("r4"), Some("keys")));
        assert!(config.get_options().expect("set").contains("statement_timeout=1000"));
        for good in [
            "postgresql://r4@host/keys?sslmode=disable",
            "postgres://r4@%2Fvar%2Frun%2Fpostgresql/keys",
        ] {
            assert_eq!(parse(good).expect(good).get_ssl_mode(), SslMode::Disable);
        }
    }

    #[test]
    fn what_is_refused_is_not_quoted() {
        for bad in [
            "",
            "secret",
            "host=h user=u password=secret",
            "postgres://",
            "postgres://host/secret",
            "postgres://u:secret@host/db?secret=1",
            "postgres://u:secret@host:port/db",
            "postgres://u:secret@host/db?sslmode=secret",
        ] {
            let error = parse(bad).expect_err(bad).to_string();
            assert!(error.contains("R4_DATABASE_URL must") && !error.contains("secret"), "{error}");
        }
        for tls in ["require", "prefer", "verify-full"] {
            let error = parse(&format!("postgres://u:secret@host/db?sslmode={tls}"));
            let error = error.expect_err(tls).to_string();
            assert!(error.contains("R4_DATABASE_URL") && !error.contains("secret"), "{error}");
        }
    }
}
