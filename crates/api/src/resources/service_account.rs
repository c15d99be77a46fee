//! The paths of service accounts.

use axum::routing::post;
use steerco_domain::service_account::{
    DisableServiceAccount, EnableServiceAccount, IssueSecretServiceAccount, ServiceAccount,
};

use crate::rest::mount::{Mounted, whole};
use crate::rest::write::issue_secret;

pub(super) fn mount() -> Mounted {
    whole::<ServiceAccount>()
        .verb::<DisableServiceAccount>()
        .verb::<EnableServiceAccount>()
        .act::<IssueSecretServiceAccount>(post(issue_secret), Some(("IssuedSecret", "The secret, shown once.")))
        .done()
}
