//! Asks the admin API of a gateway.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueHint;
use r4_service::config::Env;
use r4_service::secrets;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Response, StatusCode, Uri, header};
use ureq::tls::RootCerts;
use zeroize::Zeroizing;

use crate::exit::Error;
use crate::http;

/// Where the admin API is, when nobody says.
const HERE: &str = "http://127.0.0.1:8084";
/// Name of the token's file in the state folder.
pub(crate) const TOKEN_FILE: &str = "admin.token";
/// Most bytes of that file.
const MOST_TOKEN: u64 = 1024;
/// Most bytes of an answer.
const MOST_ANSWER: u64 = 8 << 20;
/// Most time for an answer.
const ANSWER: Duration = Duration::from_secs(20);

/// Where the admin API is, its token, and how to answer.
#[derive(Debug, clap::Args)]
pub(crate) struct AdminArgs {
    /// Where the admin API is.
    #[arg(
        long,
        value_name = "URL",
        help = "The admin API (R4_ADMIN_URL, or http://127.0.0.1:8084)"
    )]
    pub(crate) admin: Option<String>,
    /// The file with its token.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(help = "The file with its token (R4_ADMIN_TOKEN, or $R4_STATE_DIR/admin.token)")]
    pub(crate) token_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A client of one admin API.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    /// `Bearer` and the token.
    bearer: Zeroizing<String>,
}

/// A copy of a gateway's store.
pub(crate) enum Snapshot {
    /// Here it is.
    Here {
        /// How many bytes it has.
        length: u64,
        /// The bytes.
        bytes: Box<dyn Read>,
    },
    /// The gateway has none, and says why.
    Elsewhere(String),
}

impl Client {
    /// Makes a client that has not asked yet.
    ///
    /// # Errors
    /// [`Error::Unusable`]: there is no token, or the URL is none.
    pub(crate) fn new(args: &AdminArgs) -> Result<Self, Error> {
        let mut env = Env::from_process();
        let url = args.admin.clone().or_else(|| env.text("R4_ADMIN_URL"));
        let base = base(url.as_deref().unwrap_or(HERE))?;
        let token = token(args, env)?;
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) || token.is_empty() {
            return Err(Error::Unusable("the token must be visible ASCII characters".to_owned()));
        }
        let agent = http::config(RootCerts::WebPki)
            .timeout_global(Some(ANSWER))
            // The token is for the gateway alone, and no other server is to get it.
            .proxy(None)
            .max_redirects(0)
            .build()
            .new_agent();
        Ok(Self { agent, base, bearer: Zeroizing::new(format!("Bearer {}", token.as_str())) })
    }

    /// Asks for `path`.
    ///
    /// # Errors
    /// [`Error::Unusable`]: it refuses, or is not there.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = request.header(header::AUTHORIZATION, self.bearer.as_str());
        self.read(request.call())
    }

    /// Asks for a copy of the gateway's store: its length and its bytes.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn snapshot(&self) -> Result<Snapshot, Error> {
        let request = self.agent.get(format!("{}/admin/v1/snapshot", self.base));
        let request = request.header(header::AUTHORIZATION, self.bearer.as_str()).config();
        let request = request.timeout_global(None).timeout_recv_response(Some(ANSWER)).build();
        let answer = request.call().map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        if !status.is_success() {
            let refused = self.read::<Value>(Ok(answer)).err();
            let refused = refused.unwrap_or_else(|| self.other_server(status));
            // The only conflict that there is: the keys are in another place.
            let elsewhere = status == StatusCode::CONFLICT;
            return if elsewhere {
                Ok(Snapshot::Elsewhere(refused.to_string()))
            } else {
                Err(refused)
            };
        }
        let length = answer.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let length = length.ok_or_else(|| self.other_server(status))?;
        Ok(Snapshot::Here { length, bytes: Box::new(answer.into_body().into_reader()) })
    }

    /// Posts `order` to `path`.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) fn post<T: DeserializeOwned>(&self, path: &str, order: &Value) -> Result<T, Error> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request
            .header(header::AUTHORIZATION, self.bearer.as_str())
            .content_type("application/json");
        self.read(request.send(order.to_string().as_bytes()))
    }

    fn read<T: DeserializeOwned>(
        &self,
        answer: Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, Error> {
        let answer = answer.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        let mut body = Zeroizing::new(Vec::with_capacity(4096));
        let mut reader = answer.into_body().into_reader().take(MOST_ANSWER);
        reader.read_to_end(&mut body).map_err(|error| {
            Error::unusable(&self.base, format!("the answer broke off: {error}"))
        })?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| self.other_server(status));
        }
        let problem: Option<Value> = serde_json::from_slice(&body).ok();
        let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
        let detail = detail.ok_or_else(|| self.other_server(status))?;
        Err(match (status, problem.as_ref().and_then(|problem| problem["type"].as_str())) {
            (StatusCode::UNAUTHORIZED, Some("/errors/invalid-admin-token")) => Error::unusable(
                &self.base,
                "it does not take this token: it is R4_ADMIN_TOKEN of the gateway, or the file \
                 admin.token in its R4_STATE_DIR (see --token-file)",
            ),
            (StatusCode::NOT_FOUND, Some("/errors/not-found")) => self.other_server(status),
            _ => Error::Unusable(detail.to_owned()),
        })
    }

    fn unreachable(&self, error: &ureq::Error) -> Error {
        let refused = matches!(
            error,
            ureq::Error::Io(cause) if cause.kind() == io::ErrorKind::ConnectionRefused
        );
        let what = match error {
            ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
            ureq::Error::HostNotFound => "there is no such host".to_owned(),
            ureq::Error::ConnectionFailed => "nothing answers there".to_owned(),
            _ if refused => "nothing answers there".to_owned(),
            other => format!("it cannot be asked: {other}"),
        };
        let advice = "the gateway has an admin API where R4_ADMIN_PORT is set; say where with \
                      --admin or R4_ADMIN_URL";
        Error::unusable(&self.base, format!("{what}; {advice}"))
    }

    fn other_server(&self, status: StatusCode) -> Error {
        let what = format!(
            "it answered {status} as no admin API does; say where it is with --admin or \
             R4_ADMIN_URL, it has a port of its own"
        );
        Error::unusable(&self.base, what)
    }
}

/// Returns the path of a key.
///
/// # Errors
/// [`Error::Unusable`]: no key has that name.
pub(super) fn key_path(key: &str, rest: &str) -> Result<String, Error> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let dots = key.bytes().all(|byte| byte == b'.');
    if !key.bytes().all(known) || key.len() > 64 || dots {
        let reason = "no key is named so: a name is 1 to 64 of A-Z a-z 0-9 . _ -";
        return Err(Error::unusable(format_args!("{key:?}"), reason));
    }
    Ok(format!("/admin/v1/keys/{key}{rest}"))
}

/// Takes a URL of http or https without a path, and cuts the slash at its end.
fn base(text: &str) -> Result<String, Error> {
    let refuse = || Error::unusable(text, format!("a URL such as {HERE} is needed"));
    let uri: Uri = text.parse().map_err(|_| refuse())?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
    if !known || !bare || uri.host().is_none_or(str::is_empty) {
        return Err(refuse());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Returns the token: of `--token-file`, of the environment, or of the state folder.
fn token(args: &AdminArgs, mut env: Env) -> Result<Zeroizing<String>, Error> {
    if let Some(path) = &args.token_file {
        return token_in(path);
    }
    let found = (secrets::ADMIN_TOKEN.read(&mut env), env.text("R4_STATE_DIR"));
    match env.finish(Some(found)).map_err(|errors| Error::Unusable(errors.to_string()))? {
        (Some(token), _) => Ok(token),
        (None, Some(folder)) => token_in(&Path::new(&folder).join(TOKEN_FILE)),
        (None, None) => Err(Error::Unusable(
            "the admin API needs its token: set R4_ADMIN_TOKEN, or name the gateway's file with \
             --token-file or its folder with R4_STATE_DIR"
                .to_owned(),
        )),
    }
}

fn token_in(path: &Path) -> Result<Zeroizing<String>, Error> {
    let refuse = |error: io::Error| {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file; a gateway with R4_ADMIN_PORT makes \
                                        it at its start, unless R4_ADMIN_TOKEN is set"
                .to_owned(),
            io::ErrorKind::PermissionDenied => "you may not read it; run this as the user of the \
                                                gateway"
                .to_owned(),
            _ => format!("it cannot be read: {error}"),
        };
        Error::unusable(path.display(), reason)
    };
    let file = File::open(path).map_err(refuse)?;
    let mode = file.metadata().map_err(refuse)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        let reason = format!("its mode is {mode:04o}, so others may have read it; it must be 0600");
        return Err(Error::unusable(path.display(), reason));
    }
    let mut text = Zeroizing::new(String::with_capacity(1024));
    file.take(MOST_TOKEN).read_to_string(&mut text).map_err(refuse)?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}
