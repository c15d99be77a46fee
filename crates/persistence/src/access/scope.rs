//! Scoping: the rows that a caller may reach, as SQL that every query on resources starts from.

use steerco_domain::access::{Permission, Right, Role, find};
use steerco_domain::mask::Mask;
use steerco_domain::resource::{Kind, ScopeRule};
use steerco_domain::time::Instant;
use steerco_domain::{Error, KINDS, Reason};

use crate::access::{Access, AccessGrant};
use crate::filter::contains_pattern;
use crate::sql::Sql;

/// Restrictions of the token.
#[derive(Clone, Copy, Debug)]
pub struct Narrow<'a> {
    pub roles: Option<&'a [String]>,
    /// The maximum roles of tokens of a foreign issuer.
    pub greatest_roles: Option<&'a [String]>,
    pub scope: Option<&'a [String]>,
    pub partner: Option<&'a str>,
    pub programs: Option<&'a [String]>,
    /// The partner of a preview: the caller sees what both may see, and changes nothing.
    pub preview: Option<&'a str>,
}

/// Permission for one operation on certain rows. Only [`authorise`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    org: String,
    /// The reach of the grants; `None` is the whole organisation.
    reach: Option<Reach>,
    /// The programs that the token is restricted to.
    token: Option<Reach>,
    /// The partner of a preview.
    preview: Option<Reach>,
    private: bool,
    /// The caller, if it sees only its own resources of a kind that people make for themselves.
    owner: Option<String>,
}

/// Reach: portfolios and programs, or the partner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    pub portfolios: Vec<String>,
    pub programs: Vec<String>,
    pub partner: Option<String>,
}

/// The table of a kind to query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Now,
    /// Versions; `known` is the last log entry that counts.
    History {
        known: Option<i64>,
    },
}

/// The scope in which these grants, restricted by the token, allow the operation.
pub fn authorise(
    org: &str,
    access: &Access,
    narrow: Narrow<'_>,
    row: &Permission,
    now: Instant,
) -> Result<Scope, Error> {
    let needed = row.scope();
    if narrow.scope.is_some_and(|scopes| !scopes.contains(&needed)) {
        return Err(Error::new(Reason::Forbidden, format!("the token does not have the scope {needed}")));
    }
    let live: Vec<(&AccessGrant, Right)> = live_grants(access, narrow, row, now).collect();
    if live.is_empty() {
        let detail = format!("no grant of the caller allows {}.{} ({needed})", row.kind, row.action);
        return Err(Error::new(Reason::Forbidden, detail));
    }
    let whole = live.iter().any(|(g, _)| g.portfolio.is_none() && g.program.is_none() && g.partner.is_none());
    let reach = (!whole).then(|| Reach {
        portfolios: live.iter().filter_map(|(g, _)| g.portfolio.clone()).collect(),
        programs: live.iter().filter_map(|(g, _)| g.program.clone()).collect(),
        partner: narrow.partner.map(str::to_owned),
    });
    let private = live.iter().any(|(_, cell)| *cell == Right::Allow);
    let oversees = live.iter().any(|(g, _)| {
        let whole = g.portfolio.is_none() && g.program.is_none() && g.partner.is_none();
        whole && matches!(g.role, Role::Admin | Role::Auditor)
    });
    let of_makers = steerco_domain::find_kind(row.kind).is_some_and(|kind| kind.scope == ScopeRule::Owned);
    // A preview shows no owned resources: those of the partner's accounts belong to these accounts.
    let mine = if narrow.preview.is_some() { String::new() } else { access.actor.0.clone() };
    let owner = (of_makers && (!oversees || narrow.preview.is_some())).then_some(mine);
    let token = narrow.programs.map(|programs| Reach { programs: programs.to_vec(), ..Reach::default() });
    let preview = narrow.preview.map(|partner| preview(access, narrow, row, now, partner)).transpose()?;
    let private = private && preview.is_none();
    Ok(Scope { org: org.to_owned(), reach, token, preview, private, owner })
}

const PREVIEW: &Permission = find("partner", "preview");

/// The scope of a preview as a partner: read-only, and only what a partner may read.
fn preview(access: &Access, narrow: Narrow<'_>, row: &Permission, now: Instant, partner: &str) -> Result<Reach, Error> {
    let refused = |detail: &str| Err(Error::new(Reason::Forbidden, detail));
    if row.action != "read" {
        return refused("a preview is read-only: leave out Preview-As-Partner to change something");
    }
    let of_makers = steerco_domain::find_kind(row.kind).is_some_and(|kind| kind.scope == ScopeRule::Owned);
    // Resources owned by single accounts do not belong to the partner as a whole.
    if of_makers || row.right(Role::Vendor) == Right::Deny {
        return refused("a partner may not read this");
    }
    if live_grants(access, narrow, PREVIEW, now).next().is_none() {
        return refused("no grant of the caller allows partner.preview");
    }
    Ok(Reach { partner: Some(partner.to_owned()), ..Reach::default() })
}

/// The current grants that allow the operation, restricted by the token.
fn live_grants<'a>(
    access: &'a Access,
    narrow: Narrow<'a>,
    row: &'a Permission,
    now: Instant,
) -> impl Iterator<Item = (&'a AccessGrant, Right)> {
    let live = access
        .grants
        .iter()
        .filter(move |grant| grant.from.is_none_or(|from| from <= now) && grant.until.is_none_or(|until| now < until))
        .filter(move |grant| holds(narrow.roles, grant.role) && holds(narrow.greatest_roles, grant.role))
        // A token for a partner acts for that partner only, and a grant over a partner requires such a token.
        .filter(move |grant| grant.partner.as_deref() == narrow.partner);
    live.map(|grant| (grant, row.right(grant.role))).filter(|(_, cell)| *cell != Right::Deny)
}

/// The roles by which the caller may do this in a program of this portfolio.
pub fn live_roles(
    access: &Access,
    narrow: Narrow<'_>,
    row: &Permission,
    now: Instant,
    program: &str,
    portfolio: Option<&str>,
) -> Vec<Role> {
    let covers = |grant: &AccessGrant| match (grant.program.as_deref(), grant.portfolio.as_deref()) {
        (None, None) => true,
        (of_program, of_portfolio) => {
            of_program == Some(program) || of_portfolio.is_some_and(|granted| portfolio == Some(granted))
        }
    };
    live_grants(access, narrow, row, now).filter(|(grant, _)| covers(grant)).map(|(grant, _)| grant.role).collect()
}

fn holds(roles: Option<&[String]>, role: Role) -> bool {
    use steerco_domain::words::Words;
    roles.is_none_or(|roles| roles.iter().any(|r| r == role.word()))
}

impl Scope {
    pub fn org(&self) -> &str {
        &self.org
    }

    /// Whether it covers the whole organisation.
    pub fn is_whole(&self) -> bool {
        self.limits().is_empty()
    }

    /// Whether it covers every program of this portfolio.
    pub fn is_whole_in(&self, portfolio: &str) -> bool {
        self.limits().iter().all(|reach| reach.portfolios.iter().any(|id| id == portfolio))
    }

    /// Whether the caller is a partner.
    pub fn is_partner(&self) -> bool {
        self.reach.iter().chain(&self.preview).any(|reach| reach.partner.is_some())
    }

    /// The fields of this kind that are visible to the caller.
    pub fn mask(&self, kind: &Kind) -> Mask {
        if self.private { Mask::ALL } else { Mask::of(kind.fields, |field| !field.private) }
    }

    /// Whether private fields are visible.
    pub fn sees_private(&self) -> bool {
        self.private
    }

    /// Whether a resource that this person or account made for itself is within reach.
    pub fn reaches_own(&self, made_by: &str) -> bool {
        self.owner.as_ref().is_none_or(|owner| owner == made_by)
    }

    /// The limits of the caller: first by its token, then by its grants.
    pub fn limits(&self) -> Vec<&Reach> {
        self.token.iter().chain(&self.reach).chain(&self.preview).collect()
    }

    /// `WHERE org = … AND …`: the rows of this kind within reach of the caller. Every query on a table of resources
    /// starts here.
    pub(crate) fn rows(&self, kind: &Kind, table: Table, sql: &mut Sql) {
        sql.push(" WHERE t.org = ").text(&self.org);
        if let Some(owner) = &self.owner {
            sql.push(" AND t.created_by = ").text(owner);
        }
        for reach in self.limits() {
            self.restrict(kind, reach, table, sql);
        }
        if kind.name == "ledger_entry" && !self.private {
            sql.push(
                " AND NOT EXISTS (SELECT 1 FROM cost_category s WHERE s.org = t.org AND s.id = t.cost_category_id",
            );
            sql.push(" AND s.sensitive = 1)");
        }
    }

    fn restrict(&self, kind: &Kind, reach: &Reach, table: Table, sql: &mut Sql) {
        if let Some(partner) = &reach.partner {
            return self.restrict_partner(kind, partner, table, sql);
        }
        let Reach { portfolios, programs, .. } = reach;
        match kind.scope {
            ScopeRule::Organisation | ScopeRule::Partner | ScopeRule::Owned => {}
            ScopeRule::Administration => {
                sql.push(" AND 1 = 0");
            }
            ScopeRule::Portfolio => {
                sql.push(" AND (").any("t.id", portfolios);
                sql.push(" OR t.id IN (SELECT portfolio_id FROM program WHERE org = ").text(&self.org);
                sql.push(" AND ").any("id", programs).push("))");
            }
            ScopeRule::Program => {
                sql.push(" AND (").any("t.id", programs).push(" OR ").any("t.portfolio_id", portfolios).push(")");
            }
            ScopeRule::InProgram => {
                sql.push(" AND (");
                self.in_program("t.program_id", reach, sql);
                sql.push(")");
            }
            ScopeRule::Engagement => {
                sql.push(" AND (");
                self.serves("t.program_ids", reach, sql);
                sql.push(")");
            }
            ScopeRule::InEngagement | ScopeRule::AgreedInEngagement => {
                sql.push(" AND (t.engagement_id IN (SELECT e.id FROM engagement e WHERE e.org = ").text(&self.org);
                sql.push(" AND (");
                self.serves("e.program_ids", reach, sql);
                sql.push("))");
                if kind.field("program_id").is_some() {
                    sql.push(" OR ");
                    self.in_program("t.program_id", reach, sql);
                }
                sql.push(")");
            }
            ScopeRule::BetweenPrograms => {
                sql.push(" AND (");
                self.in_program("t.predecessor_program_id", reach, sql);
                sql.push(" OR ");
                self.in_program("t.successor_program_id", reach, sql);
                sql.push(")");
            }
            ScopeRule::Subject => self.speaks_of(reach, sql),
        }
    }

    /// A partner sees its own row, its engagements unless they are drafts, and the resources that belong to them.
    fn restrict_partner(&self, kind: &Kind, partner: &str, table: Table, sql: &mut Sql) {
        match kind.scope {
            // The table of permissions decides which of these kinds are readable.
            ScopeRule::Organisation | ScopeRule::Owned => {}
            ScopeRule::Partner => {
                sql.push(" AND t.id = ").text(partner);
            }
            ScopeRule::Engagement => {
                sql.push(" AND t.partner_id = ").text(partner).push(" AND t.state <> 'draft'");
            }
            ScopeRule::InEngagement | ScopeRule::AgreedInEngagement => {
                sql.push(" AND (");
                self.hangs_on(partner, table, sql);
                sql.push(")");
                if kind.scope == ScopeRule::AgreedInEngagement {
                    sql.push(" AND t.agreed_at IS NOT NULL");
                }
            }
            ScopeRule::Subject => {
                sql.push(" AND t.visibility = 'shared' AND ((t.deleted_at IS NULL AND t.subject_id = ").text(partner);
                sql.push(") OR (");
                self.hangs_on(partner, table, sql);
                sql.push("))");
            }
            ScopeRule::Administration
            | ScopeRule::Portfolio
            | ScopeRule::Program
            | ScopeRule::InProgram
            | ScopeRule::BetweenPrograms => {
                sql.push(" AND 1 = 0");
            }
        }
    }

    /// Resources of an engagement of a partner. In history only versions that were current when the engagement was not a
    /// draft, so that negotiations are not visible; and nothing deleted, because it may have been deleted during
    /// negotiations.
    fn hangs_on(&self, partner: &str, table: Table, sql: &mut Sql) {
        sql.push("t.deleted_at IS NULL AND ");
        if table == Table::Now {
            sql.push("t.engagement_id IN (SELECT e.id FROM engagement e WHERE e.org = ").text(&self.org);
            sql.push(" AND e.partner_id = ").text(partner).push(" AND e.state <> 'draft')");
            return;
        }
        sql.push("EXISTS (SELECT 1 FROM engagement_rev e WHERE e.org = t.org AND e.id = t.engagement_id");
        sql.push(" AND e.partner_id = ").text(partner).push(" AND e.state <> 'draft' AND e.seq < t.until_seq");
        if let Table::History { known: Some(seq) } = table {
            sql.push(" AND e.seq <= ").int(seq);
        }
        sql.push(")");
    }

    /// A resource about a subject is within reach if the subject is within reach today.
    fn speaks_of(&self, reach: &Reach, sql: &mut Sql) {
        let kinds = || KINDS.iter().filter(|kind| kind.scope.can_be_spoken_of());
        let open: Vec<&str> = kinds().filter(|kind| kind.scope.is_directory()).map(|kind| kind.name).collect();
        sql.push(" AND (t.subject_kind IN (").texts(&open).push(")");
        for kind in kinds().filter(|kind| !kind.scope.is_directory()) {
            sql.push(" OR (t.subject_kind = ").text(kind.name).push(" AND t.subject_id IN (SELECT t.id FROM \"");
            sql.push(kind.name).push("\" t WHERE t.org = ").text(&self.org);
            self.restrict(kind, reach, Table::Now, sql);
            sql.push("))");
        }
        sql.push(")");
    }

    /// The program in this column is within reach.
    fn in_program(&self, column: &str, reach: &Reach, sql: &mut Sql) {
        sql.any(column, &reach.programs).push(" OR ").push(column);
        sql.push(" IN (SELECT id FROM program WHERE org = ").text(&self.org);
        sql.push(" AND ").any("portfolio_id", &reach.portfolios).push(")");
    }

    /// One of the programs listed in this column is within reach. Ids have a fixed form, so none is a part of another.
    fn serves(&self, column: &str, reach: &Reach, sql: &mut Sql) {
        for program in &reach.programs {
            sql.push(column).push(" LIKE ").text(contains_pattern(program)).push(" ESCAPE '\\' OR ");
        }
        sql.push("EXISTS (SELECT 1 FROM program p WHERE p.org = ").text(&self.org);
        sql.push(" AND ").any("p.portfolio_id", &reach.portfolios);
        sql.push(" AND ").push(column).push(" LIKE '%' || p.id || '%')");
    }

    /// `AND …` for the feed: events of the given kinds whose place, before or after, is visible to the caller.
    pub(crate) fn events(&self, sql: &mut Sql) {
        for reach in self.limits() {
            sql.push(" AND (");
            match &reach.partner {
                Some(partner) => partner_events(partner, sql),
                None => self.limited_events(reach, sql),
            }
            sql.push(")");
        }
    }

    fn limited_events(&self, reach: &Reach, sql: &mut Sql) {
        let Reach { portfolios, programs, .. } = reach;
        sql.any("t.program", programs).push(" OR ").any("t.program_before", programs).push(" OR ");
        sql.any("t.portfolio", portfolios).push(" OR ").any("t.portfolio_before", portfolios);
        // Entries about resources in a program name no portfolio; a named portfolio is that of the time of the entry.
        sql.push(" OR (t.portfolio IS NULL AND t.program IN (SELECT id FROM program WHERE org = ").text(&self.org);
        sql.push(" AND ").any("portfolio_id", portfolios).push("))");
        // An engagement names every program it serves, a dependency both programs it connects. Resources of an engagement
        // have the current visibility of the engagement.
        sql.push(" OR (t.kind IN ('engagement', 'dependency') AND (");
        self.serves("t.program", reach, sql);
        sql.push(" OR ");
        self.serves("t.program_before", reach, sql);
        sql.push(")) OR (t.kind <> 'engagement' AND t.engagement IN (SELECT e.id FROM engagement e WHERE e.org = ");
        sql.text(&self.org).push(" AND (");
        self.serves("e.program_ids", reach, sql);
        sql.push(")))");
        // Directories of the organisation have no place; every caller with permission to read them sees their events.
        let open = |kind: &&&Kind| kind.scope.is_directory() || kind.scope == ScopeRule::Owned;
        let directories = KINDS.iter().filter(open).map(|kind| kind.name);
        sql.push(" OR t.kind IN (").texts(&directories.collect::<Vec<_>>()).push(")");
        let about = KINDS.iter().filter(|kind| kind.scope == ScopeRule::Subject).map(|kind| kind.name);
        sql.push(" OR (t.kind IN (").texts(&about.collect::<Vec<_>>());
        sql.push(") AND t.portfolio IS NULL AND t.program IS NULL AND t.engagement IS NULL)");
    }
}

/// Events of a partner: those of its own place, and those of resources of an engagement since it was not a draft.
fn partner_events(partner: &str, sql: &mut Sql) {
    let own = KINDS.iter().filter(|kind| kind.scope == ScopeRule::Owned).map(|kind| kind.name);
    sql.push("t.kind = 'organisation' OR t.kind IN (").texts(&own.collect::<Vec<_>>());
    sql.push(") OR ((t.partner = ").text(partner).push(" OR t.partner_before = ").text(partner);
    sql.push(") AND (t.engagement IS NULL OR t.kind = 'engagement' OR EXISTS (SELECT 1 FROM engagement_rev e");
    sql.push(" WHERE e.org = t.org AND e.id = t.engagement AND e.state <> 'draft' AND e.seq < t.seq)))");
}

impl Sql {
    /// `column IN (…)`; an empty list matches nothing.
    fn any(&mut self, column: &str, ids: &[String]) -> &mut Self {
        if ids.is_empty() {
            return self.push("1 = 0");
        }
        self.push(column).push(" IN (").texts(ids).push(")")
    }
}
