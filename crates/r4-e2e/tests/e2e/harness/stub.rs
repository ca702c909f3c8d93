//! A server of one function, over TCP or TLS: it takes posts, or stands before a node and changes
//! what the node says.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::client::{Client, Request};
use super::wire::Response;

/// A running server; it ends with the process.
#[derive(Clone, Copy)]
pub(crate) struct Stub(SocketAddr);

/// What was asked of it.
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Stub {
    /// Answers each request by `answer`.
    pub(crate) fn start(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Asked) -> Response + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (tls, answer) = (tls.clone(), Arc::clone(&answer));
                thread::spawn(move || match tls {
                    None => serve(stream, &*answer),
                    Some(config) => {
                        let connection = ServerConnection::new(config).ok()?;
                        serve(StreamOwned::new(connection, stream), &*answer)
                    }
                });
            }
        });
        Self(address)
    }

    /// Passes each request on to `node`, and lets `change` change the answer.
    pub(crate) fn before(
        node: Client,
        tls: Option<Arc<ServerConfig>>,
        change: impl Fn(&str, &mut Response) + Send + Sync + 'static,
    ) -> Self {
        Self::start(tls, move |asked| {
            let request = Request::get(&asked.path);
            let request = match &asked.key {
                Some(key) => request.key(key),
                None => request,
            };
            let mut response = node.send(&request);
            change(&asked.path, &mut response);
            response
        })
    }

    pub(crate) fn http(self) -> String {
        format!("http://{}", self.0)
    }

    pub(crate) fn https(self) -> String {
        format!("https://localhost:{}", self.0.port())
    }
}

/// Answers one request; nothing if the client goes.
fn serve(stream: impl Read + Write, answer: &dyn Fn(&Asked) -> Response) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    let mut asked = Asked { path: line.split(' ').nth(1)?.to_owned(), key: None, body: vec![] };
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "x-api-key" => asked.key = Some(value.to_owned()),
            _ => {}
        }
    }
    asked.body.resize(length, 0);
    stream.read_exact(&mut asked.body).ok()?;
    let Response { status, headers, body } = answer(&asked);
    let own = ["content-length", "transfer-encoding", "connection"];
    let kept = headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let kept: Vec<String> = kept.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (kept, length) = (kept.concat(), body.len());
    let text = format!(
        "HTTP/1.1 {status} Stub\r\nConnection: close\r\n{kept}Content-Length: {length}\r\n\r\n"
    );
    let stream = stream.get_mut();
    stream.write_all(&[text.as_bytes(), &body].concat()).and_then(|()| stream.flush()).ok()
}

/// Makes a certificate of localhost that lasts `days`, by openssl, in `folder`/cert.pem.
#[track_caller]
pub(crate) fn certificate(folder: &Path, days: u32) -> Arc<ServerConfig> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    // A server's, which no authority is: nothing else is believed as one in place of it.
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-days", &days.to_string()]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&cert);
    let done = openssl.output().expect("openssl starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(&cert).expect("a certificate")],
            PrivateKeyDer::from_pem_file(&key).expect("a key"),
        );
    Arc::new(config.expect("they fit"))
}
