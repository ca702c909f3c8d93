//! Images: no secret in them, and the same ones tomorrow.

use super::{Finding, Subject, or_good};
use crate::deploy::image;
use crate::exit::Error;

const CHECK: &str = "images";

pub(super) fn look(subject: &Subject<'_>) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    for (name, service) in &subject.config.services {
        let Some(reference) = service.image.as_ref().filter(|image| !seen.contains(image)) else {
            continue;
        };
        seen.push(reference);
        let Some(found) = image::find(reference)? else {
            if !service.is_built() && !reference.contains("@sha256:") {
                findings.push(loose(reference, "is not here yet"));
            }
            continue;
        };
        for secret in found.secrets(&subject.secrets)? {
            let text =
                format!("the image {reference} of {name} has {secret} in it: replace that key");
            findings.push(Finding::bad(CHECK, text));
        }
        if !service.is_built() && !reference.contains("@sha256:") {
            let digest =
                found.digest.map_or_else(|| "has no digest".to_owned(), |d| format!("now {d}"));
            findings.push(loose(reference, &digest));
        }
    }
    Ok(or_good(findings, CHECK, "no secret in them, and each by its digest"))
}

fn loose(reference: &str, now: &str) -> Finding {
    let text = format!(
        "{reference} ({now}) is a name that can mean another image tomorrow; r4 deploy update keeps \
         the one that runs"
    );
    Finding::remark(CHECK, text)
}
