//! The pages of `docs/`, rendered from their Markdown inside this binary.

use std::fmt::Write;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};
use steerco_domain::Error;

use super::docs::page;
use crate::problem::Answer;

macro_rules! pages {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each page, in the order of the list.
        const PAGES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../../docs/", $name, ".md")))),*];
    };
}
pages!["internal-tools", "finance", "vendors", "operators", "reading", "writing", "events", "files", "command-line"];

/// What stands in the first heading.
fn title(text: &'static str) -> &'static str {
    text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("Steerco")
}

/// What stands in the first paragraph, up to its first full stop.
fn summary(text: &'static str) -> String {
    let paragraph = text.split("\n\n").nth(1).unwrap_or_default().replace('\n', " ");
    paragraph.split_inclusive(". ").next().unwrap_or_default().trim().to_owned()
}

/// Name, title and summary of every page.
pub(super) fn pages() -> impl Iterator<Item = (&'static str, &'static str, String)> {
    PAGES.iter().map(|(name, text)| (*name, title(text), summary(text)))
}

/// Every page there is.
pub(crate) async fn list_pages() -> Response {
    let mut body = String::from("# Steerco\n\n");
    for (name, title, summary) in pages() {
        let _ = writeln!(body, "- [{title}]({name}.md): {summary}");
    }
    body.push_str("\nThe reference: [every operation of REST](/docs/api/), [the OpenAPI document](/openapi.json), ");
    body.push_str(
        "[every error](/errors), [the protos](/proto) and [their descriptors](/proto/descriptor.binpb); gRPC ",
    );
    body.push_str("describes itself by reflection too. `GET /v1/event-types` has every event with its schema. ");
    body.push_str("[For machines](/llms.txt).\n");
    page("Documentation", &render(&body))
}

/// One page.
pub(crate) async fn get_page(name: Result<Path<String>, PathRejection>) -> Answer {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let found = PAGES.iter().find(|(known, _)| *known == name);
    let (_, text) = found.ok_or_else(|| Error::not_found("page; /docs lists all of them"))?;
    let body = format!("{}<p><a href=\"/docs\">All pages</a></p>", render(text));
    Ok(page(title(text), &body))
}

/// Links between the pages lead to where they are served.
fn link(destination: CowStr<'_>) -> CowStr<'_> {
    let (file, rest) = destination.split_once('#').map_or((&*destination, ""), |(file, rest)| (file, rest));
    match file.strip_suffix(".md").filter(|name| !name.contains('/')) {
        Some(name) if rest.is_empty() => format!("/docs/{name}").into(),
        Some(name) => format!("/docs/{name}#{rest}").into(),
        None => destination,
    }
}

fn render(text: &str) -> String {
    let parser = Parser::new_ext(text, Options::ENABLE_TABLES);
    let linked = parser.map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: link(dest_url), title, id })
        }
        other => other,
    });
    let mut body = String::with_capacity(text.len() * 2);
    html::push_html(&mut body, linked);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_docs_is_a_page() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|file| file.unwrap().file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
            .collect();
        let mut known: Vec<String> = PAGES.iter().map(|(name, _)| (*name).to_owned()).collect();
        files.sort();
        known.sort();
        assert_eq!(files, known);
    }

    #[test]
    fn pages_have_titles_and_lead_to_each_other() {
        for (name, text) in PAGES {
            assert!(title(text) != "Steerco" && summary(text).len() > 20, "{name}");
            let body = render(text);
            assert!(body.contains("<h1>") && !body.contains(".md\""), "{name}");
            for to in body.split("href=\"/docs/").skip(1).filter_map(|rest| rest.split(['"', '#']).next()) {
                assert!(to == "api/" || PAGES.iter().any(|(known, _)| *known == to), "{name} leads to {to}");
            }
        }
    }
}
