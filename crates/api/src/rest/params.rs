//! Which query parameters an operation of every resource takes. Each is declared in the service.

use steerco_domain::resource::Kind;
pub(crate) use steerco_service::parameter::*;

/// The parameters of a set.
pub(crate) type Set = Vec<&'static Parameter>;

/// How one resource is read.
pub(crate) fn reading(kind: &Kind) -> Set {
    let mut set = vec![&AS_OF, &FIELDS];
    set.extend(kind.dated.then_some(&VALID_AT));
    set
}

/// How a list is read.
pub(crate) fn listing(kind: &Kind) -> Set {
    let mut set = reading(kind);
    set.extend([&FILTER, &ORDER_BY, &PAGE_SIZE, &PAGE_TOKEN, &INCLUDE_TOTAL, &SHOW_DELETED]);
    set
}

/// How a whole list is read as a file.
pub(crate) fn exporting(kind: &Kind) -> Set {
    let mut set = reading(kind);
    set.extend([&FORMAT, &FILTER, &ORDER_BY, &SHOW_DELETED]);
    set
}

/// How the versions of a resource are read.
pub(crate) fn revisions() -> Set {
    vec![&PAGE_SIZE, &PAGE_TOKEN, &FIELDS]
}

/// Of which engagements packages of open contracting data are made.
pub(crate) fn publishing() -> Set {
    vec![&FILTER]
}

/// How a write is done.
pub(crate) fn writing(kind: &Kind) -> Set {
    let mut set = vec![&VALIDATE_ONLY];
    set.extend(kind.dated.then_some(&EFFECTIVE_AT));
    set
}

/// How a write is done that has no date of its own: a stream of upserts, a name given or taken.
pub(crate) fn undated() -> Set {
    vec![&VALIDATE_ONLY]
}

/// How an upsert is done.
pub(crate) fn upserting(kind: &Kind) -> Set {
    let mut set = writing(kind);
    set.push(&SOURCE_VERSION);
    set
}

/// How the feed is followed.
pub(crate) fn stream() -> Set {
    vec![&AFTER, &SINCE, &CONSUMER_ID, &KINDS, &EVENT_TYPES, &PROGRAM_IDS, &WITH_LABELS, &EXCLUDE_SOURCE]
}

/// How a CSV file of actuals is posted.
pub(crate) fn csv_import() -> Set {
    vec![
        &VALIDATE_ONLY,
        &SOURCE,
        &BATCH_REF,
        &LEGAL_ENTITY_ID,
        &COUNT,
        &TOTALS,
        &LOCAL_TOTALS,
        &GROUP_TOTALS,
        &PARTIAL,
        &CORRECTIONS,
        &ADJUSTING,
        &OVERRIDE_REASON,
        &PROFILE,
    ]
}
