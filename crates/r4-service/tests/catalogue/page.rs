//! site/errors.html: the head and foot of the start page around an entry for each kind.

use std::fmt::Write as _;

use r4_service::Kind;

const HEAD: &str = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta name="theme-color" content="#0a0f15" media="(prefers-color-scheme: dark)">
<meta name="theme-color" content="#f6f8fa" media="(prefers-color-scheme: light)">
<meta name="description" content="Every error that a Re4ctoR node answers, what it means, and what to do.">
<title>Errors – Re4ctoR</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="fonts.css">
<link rel="stylesheet" href="style.css">
<link rel="stylesheet" href="errors.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>

"##;

const LEAD: &str = r#"
<main id="main" class="wrap errors">
<h1>Errors</h1>
<p class="lead">Every error is a document of type <code>application/problem+json</code> (RFC 9457). Its <code>type</code> is <code>/errors/</code> and one of the names below, which never change. Programs tell errors apart by it; <code>detail</code> is a sentence for people and says what is wrong this time.</p>
"#;

/// Returns the page for `kinds`, with the header and footer of the start page `index`.
pub(crate) fn html(kinds: &[&Kind], index: &str) -> String {
    let mut html = HEAD.to_owned() + &part(index, "header") + LEAD;
    contents(&mut html, kinds);
    for kind in kinds {
        entry(&mut html, kind);
    }
    html + "</main>\n\n" + &part(index, "footer") + "</body>\n</html>\n"
}

/// Cuts the one element `tag` out of the start page; links within that page lead back to it.
fn part(index: &str, tag: &str) -> String {
    let (open, close) = (format!("<{tag} "), format!("</{tag}>"));
    let (_, rest) = index.split_once(&open).unwrap();
    let (inner, _) = rest.split_once(&close).unwrap();
    [&open, inner, &close, "\n"].concat().replace("href=\"#", "href=\"/#")
}

/// One list of names for each status.
fn contents(html: &mut String, kinds: &[&Kind]) {
    let mut statuses: Vec<_> = kinds.iter().map(|kind| kind.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    html.push_str("\n<nav class=\"names\" aria-label=\"Errors by status\">\n");
    for status in statuses {
        let reason = status.canonical_reason().unwrap();
        write!(html, "<h2><b>{}</b> {reason}</h2>\n<ul>\n", status.as_u16()).unwrap();
        for Kind { slug, .. } in kinds.iter().filter(|kind| kind.status == status) {
            writeln!(html, "<li><a href=\"#{slug}\">{slug}</a></li>").unwrap();
        }
        html.push_str("</ul>\n");
    }
    html.push_str("</nav>\n");
}

fn entry(html: &mut String, kind: &Kind) {
    let example = serde_json::to_string_pretty(&kind.example_document()).unwrap();
    let services: Vec<_> = kind.services.iter().map(|service| service.name()).collect();
    let (slug, status) = (kind.slug, kind.status);
    write!(
        html,
        "\n<section id=\"{slug}\" class=\"card error\" aria-labelledby=\"{slug}-name\">\n\
         <h2 id=\"{slug}-name\"><a href=\"#{slug}\">{slug}</a></h2>\n\
         <p class=\"from\"><b>{status}</b>, from {}</p>\n\
         <p>{}</p>\n<p><b>What to do:</b> {}</p>\n\
         <pre tabindex=\"0\" role=\"group\" aria-label=\"Example of {slug}\"><code>{}</code></pre>\n</section>\n",
        services.join(", "),
        prose(kind.meaning),
        prose(kind.remedy),
        escape(&example),
    )
    .unwrap();
}

/// Escapes a text and makes `<code>` of what stands between backquotes.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let shown = parts.map(|(place, part)| match place % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    });
    shown.collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
