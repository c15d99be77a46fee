//! Callers.

use std::sync::Arc;

use steerco_domain::money::Amount;
use steerco_persistence::Who;
use steerco_persistence::scope::Narrow;

use crate::auth::{Claims, Signer};

/// An authenticated caller. Permissions are not part of it: they are read with every operation.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(crate) claims: Arc<Claims>,
    /// The key that signed the token; absent for callers without a token.
    pub(crate) signer: Option<Signer>,
    /// Whether this token may act for its person in operations that only a person may perform.
    pub(crate) approves: bool,
    /// The amount, in units of any currency, that a role without an authority limit may decide on.
    pub(crate) default_authority: Amount,
    /// The partner whose view is previewed.
    pub(crate) preview: Option<Arc<str>>,
}

impl Caller {
    /// The same caller with the view of this partner. The preview only narrows what is visible and permitted. Whether the
    /// partner exists is checked wherever the permissions are read.
    #[must_use]
    pub fn preview_as(self, partner: &str) -> Self {
        Self { preview: Some(partner.into()), ..self }
    }

    /// Key for rate limits: organisation and subject.
    pub fn key(&self) -> String {
        format!("{} {} {}", self.claims.org, self.claims.issuer, self.claims.subject)
    }

    /// Organisation of the token.
    pub fn organisation(&self) -> &str {
        &self.claims.org
    }

    pub fn subject(&self) -> &str {
        &self.claims.subject
    }

    pub(crate) fn who(&self) -> Option<Who> {
        let subject = self.claims.subject.clone();
        if !self.claims.builtin {
            return Some(Who::Principal { issuer: self.claims.issuer.clone(), subject });
        }
        match subject.split_once('_') {
            Some(("pers", _)) => Some(Who::Person(subject)),
            Some(("sacc", _)) => Some(Who::ServiceAccount(subject)),
            _ => None,
        }
    }

    pub(crate) fn narrow(&self) -> Narrow<'_> {
        Narrow {
            roles: self.claims.roles.as_deref(),
            greatest_roles: self.claims.greatest_roles.as_deref(),
            scope: self.claims.scope.as_deref(),
            partner: self.claims.partner_id.as_deref(),
            programs: self.claims.program_ids.as_deref(),
            preview: self.preview.as_deref(),
        }
    }
}
