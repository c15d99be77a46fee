//! The validator of what a caller sees.

use steerco_domain::AnyResource;
use steerco_domain::mask::Mask;
use steerco_persistence::Scope;

use crate::token::digest;

/// The validator of what a caller sees: the revision for those who see all, a digest for those who do not, so that an
/// edit of private fields changes nothing for them.
pub(crate) fn etag(scope: &Scope, resource: &dyn AnyResource) -> String {
    if scope.sees_private() {
        return resource.common().revision.to_string();
    }
    let kind = resource.kind();
    let mask = scope.mask(kind).and(Mask::of(kind.fields, |f| f.name != "updated_at"));
    digest(&[&resource.json(mask)])[..22].to_owned()
}
