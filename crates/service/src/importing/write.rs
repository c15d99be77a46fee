//! Records of one kind, written like those of any caller.

use serde_json::{Map, Value};
use steerco_domain::error::{Error, Fault, Reason};
use steerco_domain::import_job::ImportOutcome;
use steerco_domain::resource::Resource;

use crate::{BatchItem, Context, Outcome, Service};

/// A record that is ready to be written.
pub(super) struct Ready {
    pub(super) external_id: String,
    pub(super) body: Map<String, Value>,
}

/// What writing it did: the id of the resource, and what became of it.
pub(super) type Done = Result<(String, ImportOutcome), Vec<Fault>>;

async fn write<R: Resource>(
    service: &Service,
    context: &Context,
    source: &str,
    records: Vec<Ready>,
    partial: bool,
) -> Result<Vec<Done>, Error> {
    let item = |Ready { external_id, body }: Ready| BatchItem::Upsert {
        source: source.to_owned(),
        external_id,
        source_version: None,
        body,
    };
    let items = records.into_iter().map(item).collect();
    let done = service.batch::<R>(context, items, partial).await?;
    let result = |result: Result<crate::Written<R>, Error>| match result {
        Ok(written) => {
            let outcome = match written.outcome {
                Outcome::Created => ImportOutcome::Created,
                Outcome::Unchanged | Outcome::Stale => ImportOutcome::Unchanged,
                _ => ImportOutcome::Updated,
            };
            Ok((written.seen.resource.id_text(), outcome))
        }
        Err(error) => Err(faults(error)),
    };
    Ok(done.results.into_iter().map(result).collect())
}

/// A refusal as faults, also one that has none.
pub(super) fn faults(error: Error) -> Vec<Fault> {
    if error.faults.is_empty() { vec![Fault::new("", error.reason.code(), error.detail)] } else { error.faults }
}

macro_rules! of_any_kind {
    ([] $($module:ident::$name:ident),* $(,)?) => {
        /// Writes records of the kind with this name.
        pub(super) async fn write_kind(
            service: &Service,
            context: &Context,
            kind: &str,
            source: &str,
            records: Vec<Ready>,
            partial: bool,
        ) -> Result<Vec<Done>, Error> {
            $(if kind == <steerco_domain::$module::$name as Resource>::KIND.name {
                let writing = write::<steerco_domain::$module::$name>(service, context, source, records, partial);
                return Box::pin(writing).await;
            })*
            Err(Error::new(Reason::Internal, "a record is of no kind"))
        }
    };
}
steerco_domain::for_each_resource!(of_any_kind);
