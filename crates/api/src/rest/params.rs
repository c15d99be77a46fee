//! Which parameters an operation takes. Each is declared in the service.

use std::sync::Arc;

pub(crate) use steerco_service::parameter::*;

/// The parameters of an operation.
pub(crate) type Set = Arc<[&'static Parameter]>;
