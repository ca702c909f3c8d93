//! What a client may ask for: the same five parameters in a query and in a JSON body.

use r4_receipt::alpha::{DRAW_PREFIX, MAX_ALPHA_BYTES, is_reserved};
use r4_receipt::{Domain, Schemes};
use r4_service::query::Query;
use r4_service::{Problem, kind};
use r4_sign::Address;
use serde::{Deserialize, Deserializer};

/// Parameters of `/vrf`; `key` is the API key's place.
const VRF_PARAMETERS: [&str; 6] = ["sig", "alpha", "chain_id", "contract", "format", "key"];

/// A valid order of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The signatures to make.
    pub schemes: Schemes,
    /// The client's input of the VRF; without one it is derived from the index.
    pub alpha: Option<Vec<u8>>,
    /// The chain and contract that the signatures are bound to.
    pub domain: Domain,
    /// What the receipt shall have beside.
    pub format: Format,
}

/// The forms of a receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// JSON alone.
    #[default]
    Json,
    /// JSON that also has what a contract takes.
    Evm,
    /// The proof of inclusion as a file (c2sp.org/tlog-proof), with the receipt in it.
    TlogProof,
}

impl Format {
    fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "json" => Ok(Self::Json),
            "evm" => Ok(Self::Evm),
            "tlog-proof" => Ok(Self::TlogProof),
            _ => Err(invalid("format must be json, evm or tlog-proof".to_owned())),
        }
    }
}

impl Order {
    /// Reads the query of `GET /vrf`.
    ///
    /// # Errors
    /// 400 that names the parameter.
    pub fn from_query(query: Option<&str>) -> Result<Self, Problem> {
        let query = Query::parse(query, &VRF_PARAMETERS)?;
        let text = |name| query.text(name);
        let domain = parse_domain(text("chain_id"), text("contract"))?;
        Self::new(text("sig"), text("alpha"), domain, text("format"))
    }

    /// Reads the JSON body of `POST /vrf`.
    ///
    /// # Errors
    /// 400 that names the field.
    pub fn from_json(body: &[u8]) -> Result<Self, Problem> {
        let fields: Fields = crate::body::parse(body)?;
        let chain_id = fields.chain_id.map(ChainId::into_text);
        let domain = parse_domain(chain_id.as_deref(), fields.contract.as_deref())?;
        let (sig, alpha) = (fields.sig.as_deref(), fields.alpha.as_deref());
        Self::new(sig, alpha, domain, fields.format.as_deref())
    }

    /// Lets an order through that is no draw's.
    ///
    /// # Errors
    /// 400 `reserved-alpha`.
    pub fn no_draw(self) -> Result<Self, Problem> {
        if self.alpha.as_deref().is_some_and(|alpha| alpha.starts_with(DRAW_PREFIX)) {
            let detail = "an alpha that begins with the bytes r4-draw/ (0x72342d647261772f) is that \
                          of a draw: order it at POST /v1/draws of r4-gateway";
            return Err(Problem::new(kind::RESERVED_ALPHA, detail));
        }
        Ok(self)
    }

    fn new(
        sig: Option<&str>,
        alpha: Option<&str>,
        domain: Domain,
        format: Option<&str>,
    ) -> Result<Self, Problem> {
        let schemes = sig.map_or(Ok(Schemes::Dual), Schemes::parse_sig);
        Ok(Self {
            schemes: schemes.map_err(|error| invalid(error.to_string()))?,
            alpha: alpha.map(parse_alpha).transpose()?,
            domain,
            format: format.map(Format::parse).transpose()?.unwrap_or_default(),
        })
    }
}

/// The JSON body of `POST /vrf`. A field is given or left out; `null` is neither.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Fields {
    #[serde(default, deserialize_with = "given")]
    sig: Option<String>,
    #[serde(default, deserialize_with = "given")]
    alpha: Option<String>,
    #[serde(default, deserialize_with = "given")]
    chain_id: Option<ChainId>,
    #[serde(default, deserialize_with = "given")]
    contract: Option<String>,
    #[serde(default, deserialize_with = "given")]
    format: Option<String>,
}

/// A chain id as JSON has it: a number, or decimal digits where it may pass 2⁵³.
#[derive(Deserialize)]
#[serde(untagged, expecting = "chain_id must be a whole number or a string of digits")]
enum ChainId {
    Number(u64),
    Text(String),
}

impl ChainId {
    fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Reads alpha: 1 to 1024 bytes in hexadecimal, `0x` optional, not one of the node's own.
fn parse_alpha(text: &str) -> Result<Vec<u8>, Problem> {
    let wrong = |what: &str| {
        let detail = format!("alpha must be 1 to {MAX_ALPHA_BYTES} bytes in hexadecimal: {what}");
        Err(Problem::new(kind::INVALID_ALPHA, detail))
    };
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let alpha = match hex::decode(digits) {
        Ok(alpha) => alpha,
        Err(hex::FromHexError::OddLength) => return wrong("it has an odd number of digits"),
        Err(_) => return wrong("it has a character that is no hexadecimal digit"),
    };
    if alpha.is_empty() {
        return wrong("it is empty");
    }
    if alpha.len() > MAX_ALPHA_BYTES {
        return wrong(&format!("it has {} bytes", alpha.len()));
    }
    if is_reserved(&alpha) {
        let detail = "an alpha that begins with the bytes r4/ (0x72342f) is the node's own: with \
                      it one could ask for other callers' future outputs";
        return Err(Problem::new(kind::RESERVED_ALPHA, detail));
    }
    Ok(alpha)
}

/// Reads the chain and contract that signatures are bound to.
///
/// # Errors
/// 400 that names the parameter; a contract needs a chain.
pub fn parse_domain(chain_id: Option<&str>, contract: Option<&str>) -> Result<Domain, Problem> {
    let chain_id = chain_id.map(parse_chain_id).transpose()?;
    let contract = contract
        .map(Address::parse)
        .transpose()
        .map_err(|error| invalid(format!("contract must be an Ethereum address: {error}")))?;
    Domain::new(chain_id, contract).map_err(|error| invalid(error.to_string()))
}

/// Reads a chain id: decimal, from 1 to 2⁶⁴ − 1, one form for each number.
fn parse_chain_id(text: &str) -> Result<u64, Problem> {
    let number: Option<u64> = text.parse().ok();
    number.filter(|number| *number > 0 && number.to_string() == text).ok_or_else(|| {
        invalid(format!("chain_id must be a whole number from 1 to {}, in decimal", u64::MAX))
    })
}

fn invalid(detail: String) -> Problem {
    Problem::new(kind::INVALID_PARAMETER, detail)
}

#[cfg(test)]
mod tests;
