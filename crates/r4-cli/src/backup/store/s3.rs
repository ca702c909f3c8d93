//! A part of a bucket of any store that speaks S3. Requests are signed by rusty-s3 and sent by ureq.

mod parts;

use std::fmt;
use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use r4_service::config::Env;
use rusty_s3::actions::{CreateMultipartUpload, ListObjectsV2, S3Action as _};
use rusty_s3::{Credentials, UrlStyle};
use ureq::Agent;
use ureq::http::{Response, header};
use ureq::tls::RootCerts;

use self::parts::Download;
pub(super) use self::parts::Upload;
use super::super::secret_text;
use crate::exit::Error;
use crate::http;

/// How long a signature is good.
const SIGNED: Duration = Duration::from_mins(10);
/// Most time for one request.
const ANSWER: Duration = Duration::from_mins(5);
/// Pauses before the second try and those after it.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];
/// Most bytes of an answer that is a list or a word.
const MOST_ANSWER: u64 = 8 << 20;

/// A bucket, and what the names in it begin with.
#[derive(Clone)]
pub(in crate::backup) struct Bucket {
    there: rusty_s3::Bucket,
    credentials: Credentials,
    prefix: String,
    agent: Agent,
}

enum Order<'a> {
    Get,
    GetPart(u64, u64),
    Put(&'a [u8]),
    Post(&'a str),
    Delete,
}

impl Bucket {
    /// Takes `s3://bucket/prefix`, and the rest from the environment.
    ///
    /// # Errors
    /// It is none, or the credentials are missing.
    pub(super) fn new(name: &str, env: &mut Env) -> Result<Self, Error> {
        let refuse = |reason: String| Error::unusable(name, reason);
        let path = name.strip_prefix("s3://").unwrap_or(name);
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let region = env.text("R4_BACKUP_S3_REGION").unwrap_or_else(|| "us-east-1".to_owned());
        let chosen = env.text("R4_BACKUP_S3_ENDPOINT");
        // Only with Amazon is a bucket known to have a host name of its own.
        let style = if chosen.is_some() { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let endpoint = chosen.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let endpoint = endpoint.parse().map_err(|e| refuse(format!("{endpoint}: {e}")))?;
        let bucket = rusty_s3::Bucket::new(endpoint, style, bucket.to_owned(), region)
            .map_err(|e| refuse(e.to_string()))?;
        let agent =
            http::config(RootCerts::WebPki).timeout_global(Some(ANSWER)).build().new_agent();
        Ok(Self { there: bucket, credentials: credentials(env)?, prefix, agent })
    }

    /// Lists the names under the prefix.
    pub(super) fn names(&self) -> Result<Vec<String>, Error> {
        let (mut names, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut list = ListObjectsV2::new(&self.there, Some(&self.credentials));
            list.with_prefix(self.prefix.as_str());
            if let Some(token) = token {
                list.with_continuation_token(token);
            }
            let page = self.ask(list.sign(SIGNED).as_str(), &Order::Get).and_then(text);
            let page = page
                .and_then(|page| ListObjectsV2::parse_response(&page).map_err(io::Error::other));
            let page = page.map_err(|e| self.failed("the list", &e))?;
            let keys = page.contents.into_iter().map(|object| object.key);
            names.extend(keys.filter_map(|key| Some(key.strip_prefix(&self.prefix)?.to_owned())));
            token = page.next_continuation_token;
            if token.is_none() {
                names.retain(|name| !name.contains('/'));
                return Ok(names);
            }
        }
    }

    /// Reads an object of at most `size` bytes.
    pub(super) fn open(&self, name: &str, size: u64) -> impl Read + '_ {
        Download::new(self, self.key(name), size)
    }

    /// Writes a small object.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let key = self.key(name);
        let url = self.there.put_object(Some(&self.credentials), &key).sign(SIGNED);
        let put = self.ask(url.as_str(), &Order::Put(bytes));
        put.map(drop).map_err(|e| self.failed(name, &e))
    }

    /// Removes an object.
    pub(super) fn remove(&self, name: &str) -> Result<(), Error> {
        let key = self.key(name);
        let url = self.there.delete_object(Some(&self.credentials), &key).sign(SIGNED);
        self.ask(url.as_str(), &Order::Delete).map(drop).map_err(|e| self.failed(name, &e))
    }

    /// Begins an upload.
    pub(super) fn upload(&self, name: &str) -> Result<Upload, Error> {
        let key = self.key(name);
        let create = CreateMultipartUpload::new(&self.there, Some(&self.credentials), &key);
        let begun = self.ask(create.sign(SIGNED).as_str(), &Order::Post("")).and_then(text);
        let begun = begun.and_then(|begun| {
            CreateMultipartUpload::parse_response(&begun).map_err(io::Error::other)
        });
        let id = begun.map_err(|e| self.failed(name, &e))?.upload_id().to_owned();
        Ok(Upload::new(self.clone(), key, id))
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn failed(&self, name: &str, error: &io::Error) -> Error {
        Error::unusable(self, format!("{name}: {error}"))
    }

    /// Sends a request; tries again what the network or the server could not do.
    fn ask(&self, url: &str, order: &Order<'_>) -> io::Result<Response<ureq::Body>> {
        let mut pauses = PAUSES.iter();
        loop {
            let failed = match self.once(url, order) {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) if !answer.status().is_server_error() => return Err(refused(answer)),
                Ok(answer) => refused(answer),
                Err(error) => io::Error::other(error),
            };
            let Some(pause) = pauses.next() else { return Err(failed) };
            thread::sleep(*pause);
        }
    }

    fn once(&self, url: &str, order: &Order<'_>) -> Result<Response<ureq::Body>, ureq::Error> {
        match order {
            Order::Get => self.agent.get(url).call(),
            Order::GetPart(first, last) => {
                self.agent.get(url).header(header::RANGE, format!("bytes={first}-{last}")).call()
            }
            Order::Put(bytes) => self.agent.put(url).send(*bytes),
            Order::Post(text) => self.agent.post(url).send(*text),
            Order::Delete => self.agent.delete(url).call(),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.there.name(), self.prefix)
    }
}

fn text(answer: Response<ureq::Body>) -> io::Result<String> {
    let mut text = String::new();
    answer.into_body().into_reader().take(MOST_ANSWER).read_to_string(&mut text)?;
    Ok(text)
}

/// Says what the store said, without the XML around it.
fn refused(answer: Response<ureq::Body>) -> io::Error {
    let status = answer.status();
    let text = text(answer).unwrap_or_default();
    let part = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        rest.split_once(&format!("</{tag}>")).map(|(part, _)| part.to_owned())
    };
    let said: Vec<String> = [part("Code"), part("Message")].into_iter().flatten().collect();
    io::Error::other(format!("it answered {status} {}", said.join(": ")))
}

fn credentials(env: &mut Env) -> Result<Credentials, Error> {
    let missing = || {
        Error::Unusable(
            "the store needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or a \
             file with one in each of two lines (mode 0600) named by R4_BACKUP_S3_CREDENTIALS_FILE"
                .to_owned(),
        )
    };
    if let Some(path) = env.text("R4_BACKUP_S3_CREDENTIALS_FILE") {
        let text = secret_text(path.as_ref())?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let (Some(id), Some(secret)) = (lines.next(), lines.next()) else { return Err(missing()) };
        return Ok(Credentials::new(id, secret));
    }
    let id = env.text("AWS_ACCESS_KEY_ID").ok_or_else(missing)?;
    let secret = env.text("AWS_SECRET_ACCESS_KEY").ok_or_else(missing)?;
    Ok(match env.text("AWS_SESSION_TOKEN") {
        Some(token) => Credentials::new_with_token(id, secret, token),
        None => Credentials::new(id, secret),
    })
}
