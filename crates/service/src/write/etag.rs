//! Validators (`ETag`).

use steerco_domain::AnyResource;
use steerco_domain::mask::Mask;
use steerco_persistence::Scope;

use crate::token::digest;

/// Validator of the visible fields: the revision for callers that see all fields, a digest for others, so that a change of
/// private fields does not change it.
pub(crate) fn etag(scope: &Scope, resource: &dyn AnyResource) -> String {
    if scope.sees_private() {
        return resource.common().revision.to_string();
    }
    let kind = resource.kind();
    let mask = scope.mask(kind).and(Mask::of(kind.fields, |f| f.name != "updated_at"));
    digest(&[&resource.json(mask)])[..22].to_owned()
}
