//! The rights by which an endpoint reads: those of a token, stored without the token.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use steerco_domain::money::Amount;

use crate::auth::Claims;
use crate::caller::Caller;

/// The restrictions of a token.
#[derive(Serialize, Deserialize)]
struct Rights {
    issuer: String,
    subject: String,
    builtin: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    greatest_roles: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    program_ids: Option<Vec<String>>,
}

/// The rights of a caller as stored.
pub(super) fn of(caller: &Caller) -> String {
    let claims = &caller.claims;
    let rights = Rights {
        issuer: claims.issuer.clone(),
        subject: claims.subject.clone(),
        builtin: claims.builtin,
        roles: claims.roles.clone(),
        greatest_roles: claims.greatest_roles.clone(),
        scope: claims.scope.clone(),
        partner_id: claims.partner_id.clone(),
        program_ids: claims.program_ids.clone(),
    };
    serde_json::to_string(&rights).unwrap_or_default()
}

/// A caller with these rights, without the right to approve. Its grants are read at each use.
pub(super) fn caller(org: &str, rights: &str) -> Option<Caller> {
    let Rights { issuer, subject, builtin, roles, greatest_roles, scope, partner_id, program_ids } =
        serde_json::from_str(rights).ok()?;
    let claims = Claims {
        issuer,
        subject,
        client_id: None,
        credential: None,
        jti: None,
        org: org.to_owned(),
        roles,
        scope,
        partner_id,
        program_ids,
        // This is not a token, so it does not expire.
        expires_at: i64::MAX / 2,
        builtin,
        greatest_roles,
        allowed_partners: None,
    };
    Some(Caller {
        claims: Arc::new(claims),
        signer: None,
        approves: false,
        default_authority: Amount::default(),
        preview: None,
    })
}
