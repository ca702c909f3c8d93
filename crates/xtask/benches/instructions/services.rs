//! Requests to services, from the socket to the socket: client and service share one thread, so that
//! each run takes the same way.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use r4_core::config::Config;
use r4_core::core::Core;
use r4_core::{App, observe, service};
use r4_gateway::config::GatewayConfig;
use r4_service::auth::Guard;
use r4_service::config::Env;
use r4_service::keys::Accepts;
use r4_service::ready::Readiness;
use r4_service::server::{Answer, ConnectionLimits, serve_until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use crate::works::{Run, Work, again};

/// A limit that one client does not reach.
const WIDE: &str = "1000000/s";

pub(crate) const WORKS: [Work; 2] =
    [Work::new("core/random", core_random), Work::new("gateway/random", gateway_random)];

/// r4-core with its sealed generator, which the environment names as for the service itself.
fn core_random() -> Run {
    requests("/random?n=32&fmt=hex", serve_core)
}

/// r4-gateway before that r4-core, with authentication, limits and metrics.
fn gateway_random() -> Run {
    requests("/v1/random?n=32&fmt=hex", serve_gateway)
}

fn requests<F: Future<Output = SocketAddr>>(path: &str, service: impl FnOnce() -> F) -> Run {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let key = Env::from_process().text("R4_API_KEY").expect("R4_API_KEY, as for the service");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n\r\n");
    let mut client = runtime.block_on(async { Client::connect(service().await, request).await });
    again(move || runtime.block_on(client.ask()))
}

async fn serve_core() -> SocketAddr {
    let config = Config::read(Env::from_process(), false).expect("settings");
    observe::start();
    let readiness = Readiness::not_yet("starting");
    let core = Core::start(config.source, config.on_failure, readiness.clone()).await;
    assert_eq!(readiness.reason(), None);
    let guard = Guard::new(config.common.keys, Accepts::Callers);
    serve(service(App::new(Arc::new(core), guard), readiness.clone()), readiness).await
}

/// The limits are so wide that nothing is refused, and that what is left of them has as many digits
/// in every answer.
async fn serve_gateway() -> SocketAddr {
    let core = format!("http://{}", serve_core().await);
    let settings =
        [("R4_CORE_URL", core.as_str()), ("R4_RATE_KEY", WIDE), ("R4_RATE_ADDRESS", WIDE)];
    let settings = settings.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let env = Env::of(std::env::vars().chain(settings));
    let config = GatewayConfig::read(env).expect("settings");
    let gateway = r4_gateway::start(config).await.expect("a gateway");
    serve(gateway.service, gateway.readiness).await
}

async fn serve(service: impl Answer, readiness: Readiness) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let limits = ConnectionLimits::default();
    tokio::spawn(serve_until(listener, service, readiness, limits, std::future::pending()));
    address
}

/// A client that asks the same again and again on one connection.
struct Client {
    connection: TcpStream,
    request: String,
    /// As long as each answer is.
    answer: Vec<u8>,
}

impl Client {
    async fn connect(address: SocketAddr, request: String) -> Self {
        let connection = TcpStream::connect(address).await.expect("a service");
        let mut client = Self { connection, request, answer: vec![0; 4096] };
        client.send().await;
        let length = client.connection.read(&mut client.answer).await.expect("an answer");
        client.answer.truncate(length);
        client.check();
        client
    }

    async fn ask(&mut self) {
        self.send().await;
        self.connection.read_exact(&mut self.answer).await.expect("an answer");
        self.check();
    }

    async fn send(&mut self) {
        self.connection.write_all(self.request.as_bytes()).await.expect("a connection");
    }

    /// The last 64 bytes are the digits.
    fn check(&self) {
        let (head, digits) = self.answer.split_last_chunk::<64>().expect("an answer");
        assert!(head.starts_with(b"HTTP/1.1 200 ") && head.ends_with(b"\r\n\r\n"));
        assert!(digits.is_ascii());
    }
}
