//! Whether others reach the node: Caddy is asked for the node's name, on its port for HTTP.

use std::time::Duration;

use r4_service::domain::Domain;
use serde_json::Value;
use ureq::tls::RootCerts;

use crate::deploy::compose::Container;
use crate::http;

/// The service of docker-compose.yml that others reach.
const SERVICE: &str = "caddy";
/// Most time for an answer.
const ANSWER: Duration = Duration::from_secs(5);
/// Most octets of an answer.
const MOST: u64 = 64 * 1024;

/// Says what is wrong with what Caddy answers for the node's name: it is to hand on what the gateway says, or to
/// send callers to HTTPS. Nothing, where there is no Caddy, or nobody reaches it.
pub(super) fn unreached(containers: &[Container]) -> Option<String> {
    let caddy = containers.iter().find(|container| container.service() == SERVICE)?;
    let address = caddy.published(&format!("{}/tcp", caddy.setting("R4_HTTP_PORT")?))?;
    let domain = Domain::parse(caddy.setting("DOMAIN").unwrap_or_default());
    let name = domain.public_name().unwrap_or("localhost");
    let wrong = ask(&address, name).err()?;
    Some(format!("Caddy does not hand on http://{name}/v1/health: {wrong}"))
}

/// Asks for the gateway's health, by a name.
fn ask(address: &str, name: &str) -> Result<(), String> {
    let agent = http::config(RootCerts::WebPki)
        .timeout_global(Some(ANSWER))
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .new_agent();
    let request = agent.get(format!("http://{address}/v1/health")).header("Host", name);
    let mut answer = request.call().map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    if answer.status().is_redirection() {
        let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or("");
        let there = to.starts_with("https://");
        return there.then_some(()).ok_or_else(|| format!("{status}, to {to}"));
    }
    // A name that Caddy does not know gets an empty 200.
    let text = answer.body_mut().with_config().limit(MOST).read_to_string();
    let text = text.map_err(|error| error.to_string())?;
    let said: Option<Value> = serde_json::from_str(&text).ok();
    let ours = said.is_some_and(|said| said.get("upstreams").is_some());
    (status == 200 && ours)
        .then_some(())
        .ok_or_else(|| format!("{status}, which is not the gateway's"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    /// Answers one caller with `head` and `body`; returns what `ask` makes of it, and what the caller sent.
    fn asked(head: &str, body: &str) -> (Result<(), String>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let server = thread::spawn(move || {
            let (mut caller, _) = listener.accept().unwrap();
            let mut sent = vec![0; 4096];
            let read = caller.read(&mut sent).unwrap();
            caller.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(sent.get(..read).unwrap()).to_lowercase()
        });
        (ask(&address, "node.example.org"), server.join().unwrap())
    }

    #[test]
    fn the_gateway_or_the_way_to_https_and_nothing_else() {
        let health = r#"{"status":"ok","version":"1","upstreams":{}}"#;
        let (good, sent) = asked("200 OK", health);
        assert_eq!(good, Ok(()));
        assert!(sent.contains("host: node.example.org\r\n"), "{sent}");
        assert_eq!(sent.matches("host:").count(), 1, "{sent}");
        let (to_https, _) = asked("308 There\r\nLocation: https://node.example.org/v1/health", "");
        assert_eq!(to_https, Ok(()));
        for (head, body) in [
            ("200 OK", ""),
            ("200 OK", "<html>"),
            ("503 No", health),
            ("308 There\r\nLocation: http://elsewhere/", ""),
        ] {
            assert!(asked(head, body).0.is_err(), "{head} {body}");
        }
        assert!(ask("127.0.0.1:9", "localhost").is_err());
    }

    #[test]
    fn what_of_an_inspected_container_is_used() {
        let text = r#"[{"Id": "1", "Image": "2", "RestartCount": 0, "State": {"Status": "running"},
            "Config": {"Labels": {"com.docker.compose.service": "caddy"},
                       "Env": ["R4_HTTP_PORT=81", "DOMAIN=node.example.org"]},
            "NetworkSettings": {"Ports": {"81/tcp": [{"HostIp": "0.0.0.0", "HostPort": "9"}], "82/tcp": null}}}]"#;
        let containers: Vec<Container> = serde_json::from_str(text).unwrap();
        let wrong = unreached(&containers).unwrap();
        assert!(wrong.contains("http://node.example.org/v1/health"), "{wrong}");
        assert_eq!(containers[0].published("81/tcp").as_deref(), Some("127.0.0.1:9"));
        assert_eq!(containers[0].published("82/tcp"), None);
        assert_eq!(unreached(&[]), None);
    }
}
