//! Reads: get, list, revisions.

use std::borrow::Cow;

use futures::future::BoxFuture;
use serde_json::json;
use steerco_domain::error::Fault;
use steerco_domain::field::Cell;
use steerco_domain::filter::Filter;
use steerco_domain::list::{Order, parse_fields, parse_order, parse_page_size};
use steerco_domain::mask::Mask;
use steerco_domain::refs::ExternalRef;
use steerco_domain::resource::Kind;
use steerco_domain::text::{Code, Text};
use steerco_domain::time::Instant;
use steerco_domain::{AnyResource, Error, Reason, Resource};
use steerco_persistence::query::{ListQuery, Moment};
use steerco_persistence::{Conn, Fail, Scope, log, query};

use crate::answer::{Page, Seen};
use crate::crosswalk::{Crosswalk, Resolver};
use crate::etag::etag;
use crate::token::{Cursor, PageToken, cell_from_json, cell_to_json, digest};
use crate::{Caller, ListArgs, ReadArgs, Service};

/// The parsed arguments of a list.
pub(crate) struct ListPlan {
    pub(crate) filter: Option<Filter>,
    pub(crate) order: Order,
    page_size: u32,
    mask: Mask,
}

impl Service {
    pub fn get<'a, R: Resource>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        args: &'a ReadArgs,
    ) -> BoxFuture<'a, Result<Seen<R>, Error>> {
        Box::pin(async move { self.get_any(R::KIND, caller, id, args).await?.typed() })
    }

    /// The same for a kind that is determined at run time.
    pub fn get_any<'a>(
        &'a self,
        kind: &'static Kind,
        caller: &'a Caller,
        id: &'a str,
        args: &'a ReadArgs,
    ) -> BoxFuture<'a, Result<Seen, Error>> {
        Box::pin(async move {
            check_id(kind, id)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let seen = self.get_in(kind, &conn, caller, id, args).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(seen)
        })
    }

    /// Gets a resource by external reference.
    pub fn get_by_ref<'a>(
        &'a self,
        kind: &'static Kind,
        caller: &'a Caller,
        source: &'a str,
        external_id: &'a str,
        args: &'a ReadArgs,
    ) -> BoxFuture<'a, Result<Seen, Error>> {
        Box::pin(async move {
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = async {
                let (_, scope) = self.authorise(&conn, caller, kind.rows.read).await?;
                // A caller that cannot see external references finds nothing by them either.
                if !scope.sees_private() {
                    return Err(Error::not_found(kind.name).into());
                }
                // Nothing is stored under an invalid reference, and not every text can be sent to the database.
                if Code::parse(source).is_none() || Text::<200>::parse(external_id).is_err() {
                    return Err(Error::not_found(kind.name).into());
                }
                let found = query::find_ref(&conn, caller.organisation(), kind, source, external_id).await?;
                let (id, _) = found.ok_or_else(|| Error::not_found(kind.name))?;
                self.get_in(kind, &conn, caller, &id, args).await
            };
            let seen = found.await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(seen)
        })
    }

    async fn get_in(
        &self,
        kind: &'static Kind,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        args: &ReadArgs,
    ) -> Result<Seen, Fail> {
        let (_, scope) = self.authorise(conn, caller, kind.rows.read).await?;
        let id = &*resolve_id(kind, conn, &scope, id).await?;
        let sight = scope.mask(kind);
        let mut faults = check_moment(kind, args);
        let mask = parse_fields(args.fields.as_deref(), kind, sight).unwrap_or_else(|mut more| {
            faults.append(&mut more);
            sight
        });
        if !faults.is_empty() {
            return Err(Error::invalid(faults).into());
        }
        let moment = self.moment(conn, &scope, args).await?;
        let found = query::find_any(conn, &scope, kind, id, moment).await?;
        let resource = found.ok_or_else(|| Error::not_found(kind.name))?;
        Ok(Seen { etag: etag(&scope, &*resource), resource, mask, trimmed: mask != sight })
    }

    /// The version of the rows that the arguments ask for.
    async fn moment(&self, conn: &Conn, scope: &Scope, args: &ReadArgs) -> Result<Moment, Fail> {
        let seq = match args.as_of {
            Some(at) => Some(log::seq_at(conn, scope.org(), at).await?),
            None => None,
        };
        Ok(match (args.valid_at, seq) {
            (Some(at), seq) => Moment::Valid { at, seq: seq.unwrap_or(i64::MAX) },
            (None, Some(seq)) => Moment::Known { seq },
            (None, None) => Moment::Now,
        })
    }

    pub fn list<'a, R: Resource>(
        &'a self,
        caller: &'a Caller,
        args: &'a ListArgs,
    ) -> BoxFuture<'a, Result<Page<R>, Error>> {
        Box::pin(async move {
            let Page { items, mask, next_page_token, total, sync_token, trimmed } =
                self.list_any(R::KIND, caller, args).await?;
            let items = items.into_iter().map(<dyn AnyResource>::typed).collect::<Result<_, _>>()?;
            Ok(Page { items, mask, next_page_token, total, sync_token, trimmed })
        })
    }

    /// The same for a kind that is determined at run time.
    pub fn list_any<'a>(
        &'a self,
        kind: &'static Kind,
        caller: &'a Caller,
        args: &'a ListArgs,
    ) -> BoxFuture<'a, Result<Page, Error>> {
        Box::pin(async move {
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let page = self.list_in(kind, &conn, caller, args).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(page)
        })
    }

    async fn list_in(&self, kind: &'static Kind, conn: &Conn, caller: &Caller, args: &ListArgs) -> Result<Page, Fail> {
        let (_, scope) = self.authorise(conn, caller, kind.rows.read).await?;
        let sight = scope.mask(kind);
        let mut plan = plan_list(kind, args, sight)?;
        if let Some(filter) = &mut plan.filter {
            resolver(conn, &scope, &Crosswalk::default()).filter(kind, filter).await?;
        }
        let arguments = arguments_of(kind, args);
        let token = self.page_token(caller, args.page_token.as_deref(), &arguments)?;
        let sync = if let Some(token) = &token {
            token.sync
        } else {
            let head = self.inner.database.head(conn, scope.org()).await?;
            (head.epoch, head.seq)
        };
        let moment = self.moment(conn, &scope, &args.read).await?;
        let keys: Option<Vec<Cell>> = token.map(|token| token.keys.iter().map(cell_from_json).collect());
        let query = ListQuery {
            filter: plan.filter.as_ref(),
            order: &plan.order,
            after: keys.as_deref(),
            limit: plan.page_size + 1,
            show_deleted: args.show_deleted,
        };
        let mut items = query::list(conn, &scope, kind, &query, moment).await?;
        let total =
            if args.include_total { Some(query::count(conn, &scope, kind, &query, moment).await?) } else { None };
        let more = items.len() > plan.page_size as usize;
        items.truncate(plan.page_size as usize);
        let last = items.last().filter(|_| more).map(|last| sort_keys(&**last, &plan.order));
        Ok(Page {
            next_page_token: last.map(|keys| self.seal_page(caller, &PageToken { arguments, keys, sync })),
            total,
            sync_token: self.seal_cursor(caller, Cursor { epoch: sync.0, seq: sync.1 }),
            trimmed: plan.mask != sight,
            mask: plan.mask,
            items,
        })
    }

    /// All revisions of one resource, newest first. Only page size, page token and fields of the arguments apply.
    pub fn revisions<'a>(
        &'a self,
        kind: &'static Kind,
        caller: &'a Caller,
        id: &'a str,
        args: &'a ListArgs,
    ) -> BoxFuture<'a, Result<Page, Error>> {
        Box::pin(async move {
            check_id(kind, id)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let page = self.revisions_in(kind, &conn, caller, id, args).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(page)
        })
    }

    async fn revisions_in(
        &self,
        kind: &'static Kind,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        args: &ListArgs,
    ) -> Result<Page, Fail> {
        let (_, scope) = self.authorise(conn, caller, kind.rows.read).await?;
        let sight = scope.mask(kind);
        let plan = plan_list(kind, args, sight)?;
        let id = &*resolve_id(kind, conn, &scope, id).await?;
        // Revisions reveal how often private fields were edited, so they are not available to partners.
        let current =
            if scope.is_partner() { None } else { query::find_any(conn, &scope, kind, id, Moment::Now).await? };
        current.ok_or_else(|| Error::not_found(kind.name))?;
        let arguments = digest(&["revisions", id]);
        let token = self.page_token(caller, args.page_token.as_deref(), &arguments)?;
        let sync = if let Some(token) = &token {
            token.sync
        } else {
            let head = self.inner.database.head(conn, scope.org()).await?;
            (head.epoch, head.seq)
        };
        let before = token.and_then(|token| token.keys.first().and_then(serde_json::Value::as_i64)).unwrap_or(i64::MAX);
        let mut found = query::list_revisions(conn, &scope, kind, id, before, plan.page_size + 1).await?;
        let more = found.len() > plan.page_size as usize;
        found.truncate(plan.page_size as usize);
        let last = found.last().filter(|_| more).map(|(seq, _)| vec![json!(seq)]);
        Ok(Page {
            next_page_token: last.map(|keys| self.seal_page(caller, &PageToken { arguments, keys, sync })),
            total: None,
            sync_token: self.seal_cursor(caller, Cursor { epoch: sync.0, seq: sync.1 }),
            trimmed: plan.mask != sight,
            mask: plan.mask,
            items: found.into_iter().map(|(_, version)| version).collect(),
        })
    }

    /// The id that a path means, for data stored next to the resource. A reference that resolves to nothing is returned
    /// unchanged and rejected later.
    pub(crate) async fn id_of<'i>(
        &self,
        kind: &'static Kind,
        caller: &Caller,
        id: &'i str,
    ) -> Result<Cow<'i, str>, Error> {
        if ExternalRef::parse(id).is_none() {
            return Ok(Cow::Borrowed(id));
        }
        let org = caller.organisation();
        let conn = self.inner.database.read(org).await.map_err(Fail::into_error)?;
        let sees = caller.narrow().partner.is_none();
        let found = Resolver { conn: &conn, org, crosswalk: &Crosswalk::default(), sees }.id(kind, id).await;
        conn.close().await.map_err(Fail::into_error)?;
        match found.map_err(Fail::into_error) {
            Err(error) if error.reason == Reason::NotFound => Ok(Cow::Borrowed(id)),
            found => found,
        }
    }

    pub(crate) fn page_token(
        &self,
        caller: &Caller,
        text: Option<&str>,
        arguments: &str,
    ) -> Result<Option<PageToken>, Error> {
        let open = |text| PageToken::open(&self.inner.sealer, caller.organisation(), text, arguments);
        text.filter(|text| !text.is_empty()).map(open).transpose()
    }

    pub(crate) fn seal_page(&self, caller: &Caller, token: &PageToken) -> String {
        token.seal(&self.inner.sealer, &self.inner.clock, caller.organisation())
    }

    pub(crate) fn seal_cursor(&self, caller: &Caller, cursor: Cursor) -> String {
        cursor.seal(&self.inner.sealer, &self.inner.clock, caller.organisation())
    }
}

fn resolver<'a>(conn: &'a Conn, scope: &'a Scope, crosswalk: &'a Crosswalk) -> Resolver<'a> {
    Resolver { conn, org: scope.org(), crosswalk, sees: scope.sees_private() }
}

/// The id of a resource, given as id or as external reference.
pub(crate) async fn resolve_id<'i>(
    kind: &'static Kind,
    conn: &Conn,
    scope: &Scope,
    id: &'i str,
) -> Result<Cow<'i, str>, Fail> {
    resolver(conn, scope, &Crosswalk::default()).id(kind, id).await
}

/// Checks the format of an id; the error for a wrong prefix names the right one. Any well-formed id or reference is
/// accepted.
pub(crate) fn check_id(kind: &Kind, id: &str) -> Result<(), Error> {
    if ExternalRef::parse(id).is_some() {
        return Ok(());
    }
    steerco_domain::id::parse(kind.prefix, kind.name, id)
        .map(|_| ())
        .map_err(|detail| Error::fault("/id", "BAD_ID", detail))
}

fn check_moment(kind: &Kind, args: &ReadArgs) -> Vec<Fault> {
    if args.valid_at.is_some() && !kind.dated {
        let dated: Vec<&str> = steerco_domain::KINDS.iter().filter(|k| k.dated).map(|k| k.name).collect();
        let detail = format!("a {} has no dated versions; these have: {}", kind.name, dated.join(", "));
        return vec![Fault::new("?valid_at", "NOT_DATED", detail)];
    }
    Vec::new()
}

pub(crate) fn plan_list(kind: &'static Kind, args: &ListArgs, sight: Mask) -> Result<ListPlan, Error> {
    let mut faults = check_moment(kind, &args.read);
    let mut keep = |result: Result<_, Vec<Fault>>| match result {
        Ok(value) => Some(value),
        Err(mut more) => {
            faults.append(&mut more);
            None
        }
    };
    let mask = keep(parse_fields(args.read.fields.as_deref(), kind, sight).map(|mask| (mask, 0)));
    let page_size = keep(parse_page_size(args.page_size).map(|size| (sight, size)).map_err(|fault| vec![fault]));
    let order = parse_order(args.order_by.as_deref(), kind, sight).map_err(|mut more| faults.append(&mut more)).ok();
    let text = args.filter.as_deref().unwrap_or_default();
    let filter = steerco_domain::filter::parse(text, kind, sight).map_err(|mut more| faults.append(&mut more)).ok();
    match (mask, page_size, order, filter) {
        (Some((mask, _)), Some((_, page_size)), Some(order), Some(filter)) if faults.is_empty() => {
            let filter = Some(filter).filter(|_| !text.trim().is_empty());
            Ok(ListPlan { filter, order, page_size, mask })
        }
        _ => Err(Error::invalid(faults)),
    }
}

/// A page token belongs to the arguments it was made for; only the page size may change.
fn arguments_of(kind: &Kind, args: &ListArgs) -> String {
    let ListArgs { filter, order_by, show_deleted, read, .. } = args;
    let ReadArgs { as_of, valid_at, fields: _ } = read;
    let parts =
        json!([kind.name, filter, order_by, show_deleted, as_of.map(Instant::micros), valid_at.map(Instant::micros)]);
    digest(&[&parts.to_string()])
}

/// The values by which the list is sorted.
fn sort_keys(resource: &dyn AnyResource, order: &Order) -> Vec<serde_json::Value> {
    let mut cells = Vec::new();
    resource.store(&mut cells);
    let named: Vec<(String, &Cell)> = resource.kind().columns().map(|(name, _, _)| name).zip(&cells).collect();
    let of = |column: &str| named.iter().find(|(name, _)| name == column).map_or(&Cell::Null, |(_, cell)| *cell);
    order.keys.iter().map(|key| cell_to_json(of(&key.column))).collect()
}
