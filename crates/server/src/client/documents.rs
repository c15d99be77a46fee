//! The documents of `apply`: YAML, JSON or NDJSON; JSON is YAML, but for lines and speed.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use serde_json::{Map, Value};
use steerco_api::Strictly;
use steerco_domain::KINDS;
use steerco_domain::resource::Kind;

use super::args::kind_of;

/// One document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kind: String,
    source: Option<String>,
    external_id: Option<String>,
    source_version: Option<Value>,
    id: Option<String>,
    if_match: Option<String>,
    effective_at: Option<String>,
    #[serde(default)]
    fields: Map<String, Value>,
}

/// Which resource a document means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    New,
    Id { id: String, if_match: Option<String> },
    Reference { source: String, external_id: String, source_version: Option<String>, if_match: Option<String> },
}

/// A document that can be applied.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) kind: &'static Kind,
    pub(crate) meant: Meant,
    pub(crate) effective_at: Option<String>,
    pub(crate) fields: Map<String, Value>,
}

impl Document {
    /// How its outcome names it.
    pub(crate) fn name(&self) -> String {
        match &self.meant {
            Meant::New => "(new)".to_owned(),
            Meant::Id { id, .. } => id.clone(),
            Meant::Reference { source, external_id, .. } => format!("{source}/{external_id}"),
        }
    }
}

/// Every document of these files, or what is wrong with the first wrong one: nothing is sent before all are read.
pub(crate) fn read_files(files: &[impl AsRef<Path>]) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    for file in files.iter().map(AsRef::as_ref) {
        let text = if file == Path::new("-") {
            std::io::read_to_string(std::io::stdin()).context("standard input")?
        } else {
            std::fs::read_to_string(file).with_context(|| file.display().to_string())?
        };
        documents.extend(read(&text).with_context(|| file.display().to_string())?);
    }
    if documents.is_empty() {
        bail!("there is no document to apply");
    }
    Ok(documents)
}

pub(crate) fn read(text: &str) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    for (i, value) in values(text)?.into_iter().enumerate() {
        // The first line of an export says where its events go on.
        let is_start = value.as_object().is_some_and(|object| object.len() == 1 && object.contains_key("sync_token"));
        if value.is_null() || is_start {
            continue;
        }
        documents.push(document(value).with_context(|| format!("document {}", i + 1))?);
    }
    Ok(documents)
}

fn values(text: &str) -> anyhow::Result<Vec<Value>> {
    if text.trim_start().starts_with(['{', '[']) {
        let mut values = Vec::new();
        for value in serde_json::Deserializer::from_str(text).into_iter::<Strictly>() {
            match value.context("is not JSON")?.0 {
                Value::Array(items) => values.extend(items),
                value => values.push(value),
            }
        }
        return Ok(values);
    }
    let one = |one| Strictly::deserialize(one).map(|one| one.0).context("is not YAML");
    serde_yaml_ng::Deserializer::from_str(text).map(one).collect()
}

fn document(value: Value) -> anyhow::Result<Document> {
    let written: Written = serde_json::from_value(value)?;
    let kind = kind_of(&written.kind).ok_or_else(|| {
        let names = KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
        anyhow!("there is no kind {:?}; kinds are {names}", written.kind)
    })?;
    let source_version = match written.source_version {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    };
    let meant = match (written.source, written.external_id, written.id) {
        (Some(source), Some(external_id), None) => {
            Meant::Reference { source, external_id, source_version, if_match: written.if_match }
        }
        (None, None, _) if source_version.is_some() => bail!("source_version goes with source and external_id"),
        (None, None, Some(id)) => Meant::Id { id, if_match: written.if_match },
        (None, None, None) if written.if_match.is_some() => {
            bail!("if_match goes with an id, or with source and external_id")
        }
        (None, None, None) => Meant::New,
        (Some(_), None, _) | (None, Some(_), _) => bail!("source and external_id go together"),
        (_, _, Some(_)) => bail!("either id or source and external_id, not both"),
    };
    Ok(Document { kind, meant, effective_at: written.effective_at, fields: written.fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_json_and_lines_read_alike() {
        let yaml = "kind: risk\nsource: nyc\nexternal_id: risk:3\nfields:\n  kind: threat\n  exposure_from_on: 2026-01-31\n\
                    ---\nkind: risks\nid: risk_1\nfields: {title: A}\n---\n";
        let json = r#"{"kind":"risk","source":"nyc","external_id":"risk:3",
                       "fields":{"kind":"threat","exposure_from_on":"2026-01-31"}}
                      {"kind":"risk","id":"risk_1","fields":{"title":"A"}}"#;
        let list = format!("[{}]", json.replace("}}\n", "}},\n"));
        for text in [yaml, json, &list] {
            let read = read(text).unwrap();
            assert_eq!(read.len(), 2, "{text}");
            assert_eq!(read[0].name(), "nyc/risk:3");
            assert_eq!(read[0].fields["exposure_from_on"], "2026-01-31");
            assert_eq!(read[1].meant, Meant::Id { id: "risk_1".into(), if_match: None });
        }
    }

    #[test]
    fn a_wrong_document_is_named() {
        let told = |text: &str| format!("{:#}", read(text).unwrap_err());
        assert!(told("kind: risk\n---\nkind: rsk\n").starts_with("document 2: there is no kind \"rsk\""));
        assert!(told("kind: risk\nsource: a\n").contains("go together"));
        assert!(told("kind: risk\ntitle: A\n").contains("unknown field `title`"));
        assert!(told("{\"kind\":").contains("is not JSON"));
    }

    #[test]
    fn what_would_be_overlooked_is_refused() {
        for (text, why) in [
            ("kind: risk\nfields: {title: a, title: b}\n", "stands twice"),
            ("kind: risk\nif_match: x\nfields: {title: a}\n", "if_match goes with"),
            ("kind: risk\nid: risk_1\nsource_version: 3\nfields: {title: a}\n", "source_version goes with"),
            (r#"{"kind":"risk","sync_token":"x","fields":{"title":"a"}}"#, "unknown field `sync_token`"),
            (r#"{"kind":"risk","fields":{"title":"a","title":"b"}}"#, "stands twice"),
        ] {
            let told = format!("{:#}", read(text).unwrap_err());
            assert!(told.contains(why), "{text}: {told}");
        }
        assert!(read("{\"sync_token\": \"x\"}").unwrap().is_empty(), "the first line of an export");
    }
}
