//! Ownership of fields by sources.

use steerco_domain::Resource;
use steerco_domain::error::Fault;
use steerco_domain::source::Source;
use steerco_persistence::{Fail, Scope, query};

use crate::hooks::{Hooks, hook};
use crate::ownership::{fault, refused};
use crate::service::Feature;
use crate::write_context::WriteContext;

pub(crate) const SOURCE: Feature =
    Feature::of(Source::KIND, Hooks { guards: hook!(guards: check_claims), ..Hooks::NONE });

/// A field has one owner: two sources cannot own the same field.
async fn check_claims(
    write: &WriteContext<'_>,
    _scope: &Scope,
    _before: Option<&Source>,
    claims: &Source,
) -> Result<(), Fail> {
    if claims.owned_fields.is_empty() || claims.deleted_at.is_some() {
        return Ok(());
    }
    let id = claims.id_text();
    let others = query::list_owned_fields(write.conn, write.context.caller.organisation()).await?;
    let taken = |(i, claim): (usize, &steerco_domain::source::OwnedField)| {
        let pointer = format!("/owned_fields/{i}");
        // The sources that this request has claimed it for are not stored yet.
        let earlier = write.take_of(&format!("owner of {}.{}", claim.kind, claim.field), 1) > 0;
        match others.iter().find(|other| other.source_id != id && other.field.is_same(claim)) {
            Some(owner) => {
                let Fault { code, detail, .. } = fault("", owner);
                Some(Fault::new(pointer, code, detail))
            }
            None if earlier => Some(Fault::new(pointer, "FIELD_OWNED", "an earlier item of this batch owns it")),
            None => None,
        }
    };
    let faults: Vec<Fault> = claims.owned_fields.iter().enumerate().filter_map(taken).collect();
    if faults.is_empty() { Ok(()) } else { Err(refused(faults).into()) }
}
