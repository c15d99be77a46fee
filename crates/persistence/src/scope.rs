//! The one place that scopes: what a caller may reach, as SQL that every query on resources starts from.

use steerco_domain::access::{Cell, Role, Row};
use steerco_domain::mask::Mask;
use steerco_domain::resource::{Kind, ScopeRule};
use steerco_domain::time::Instant;
use steerco_domain::{Error, Reason};

use crate::access::{Access, AccessGrant};
use crate::sql::Sql;

/// What the token narrows.
#[derive(Clone, Copy, Debug)]
pub struct Narrow<'a> {
    pub roles: Option<&'a [String]>,
    /// The greatest roles that a foreign issuer may speak for.
    pub greatest_roles: Option<&'a [String]>,
    pub scope: Option<&'a [String]>,
    pub partner: Option<&'a str>,
    pub programs: Option<&'a [String]>,
}

/// Permission for one operation over certain rows. Only [`authorise`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    org: String,
    /// `None` is all of the organisation.
    reach: Option<Reach>,
    /// Programs the token is narrowed to.
    programs: Option<Vec<String>>,
    private: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Reach {
    portfolios: Vec<String>,
    programs: Vec<String>,
    partner: Option<String>,
}

/// Whether these grants, narrowed by the token, permit the operation, and over what.
pub fn authorise(org: &str, access: &Access, narrow: Narrow<'_>, row: &Row, now: Instant) -> Result<Scope, Error> {
    let needed = row.scope();
    if narrow.scope.is_some_and(|scopes| !scopes.contains(&needed)) {
        return Err(Error::new(Reason::Forbidden, format!("the token lacks the scope {needed}")));
    }
    let live: Vec<(&AccessGrant, Cell)> = access
        .grants
        .iter()
        .filter(|grant| grant.from.is_none_or(|from| from <= now) && grant.until.is_none_or(|until| now < until))
        .filter(|grant| holds(narrow.roles, grant.role) && holds(narrow.greatest_roles, grant.role))
        // A token for one partner speaks for that partner alone, and a partner's grant needs such a token.
        .filter(|grant| grant.partner.as_deref() == narrow.partner)
        .map(|grant| (grant, row.cell(grant.role)))
        .filter(|(_, cell)| *cell != Cell::Deny)
        .collect();
    if live.is_empty() {
        let detail = format!("no grant of this caller permits {}.{} ({needed})", row.kind, row.action);
        return Err(Error::new(Reason::Forbidden, detail));
    }
    let whole = live.iter().any(|(g, _)| g.portfolio.is_none() && g.program.is_none() && g.partner.is_none());
    let reach = (!whole).then(|| Reach {
        portfolios: live.iter().filter_map(|(g, _)| g.portfolio.clone()).collect(),
        programs: live.iter().filter_map(|(g, _)| g.program.clone()).collect(),
        partner: narrow.partner.map(str::to_owned),
    });
    let private = live.iter().any(|(_, cell)| *cell == Cell::Allow);
    Ok(Scope { org: org.to_owned(), reach, programs: narrow.programs.map(<[_]>::to_vec), private })
}

fn holds(roles: Option<&[String]>, role: Role) -> bool {
    use steerco_domain::words::Words;
    roles.is_none_or(|roles| roles.iter().any(|r| r == role.word()))
}

impl Scope {
    pub fn org(&self) -> &str {
        &self.org
    }

    /// Whether it reaches all of the organisation.
    pub fn is_whole(&self) -> bool {
        self.reach.is_none() && self.programs.is_none()
    }

    /// Whether the caller is a partner.
    pub fn is_partner(&self) -> bool {
        self.reach.as_ref().is_some_and(|reach| reach.partner.is_some())
    }

    /// The fields of this kind the caller sees.
    pub fn mask(&self, kind: &Kind) -> Mask {
        if self.private { Mask::ALL } else { Mask::of(kind, |field| !field.private) }
    }

    /// Whether private fields are in sight.
    pub fn sees_private(&self) -> bool {
        self.private
    }

    /// Programs and portfolios reached, for a caller with limited sight: first those of the token, then those granted.
    pub fn limits(&self) -> Vec<(&[String], &[String])> {
        let token = self.programs.iter().map(|programs| (programs.as_slice(), [].as_slice()));
        let reach = self.reach.iter().map(|reach| (reach.programs.as_slice(), reach.portfolios.as_slice()));
        token.chain(reach).collect()
    }

    /// `WHERE org = … AND …`: the rows of this kind the caller reaches. Every query on a table of resources starts here.
    pub(crate) fn rows(&self, kind: &Kind, sql: &mut Sql) {
        sql.push(" WHERE t.org = ").text(&self.org);
        if let Some(programs) = &self.programs {
            let reach = Reach { programs: programs.clone(), ..Reach::default() };
            self.restrict(kind, &reach, sql);
        }
        if let Some(reach) = &self.reach {
            self.restrict(kind, reach, sql);
        }
    }

    fn restrict(&self, kind: &Kind, reach: &Reach, sql: &mut Sql) {
        let Reach { portfolios, programs, .. } = reach;
        match kind.scope {
            ScopeRule::Organisation => {}
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
                sql.push(" AND (").any("t.program_id", programs);
                sql.push(" OR t.program_id IN (SELECT id FROM program WHERE org = ").text(&self.org);
                sql.push(" AND ").any("portfolio_id", portfolios).push("))");
            }
        }
    }

    /// `AND …` for the feed: events of the kinds given, in or out of whose places the caller sees.
    pub(crate) fn events(&self, sql: &mut Sql) {
        let token = self.programs.as_ref().map(|p| Reach { programs: p.clone(), ..Reach::default() });
        for reach in [token.as_ref(), self.reach.as_ref()].into_iter().flatten() {
            let Reach { portfolios, programs, .. } = reach;
            sql.push(" AND (");
            sql.any("t.program", programs).push(" OR ").any("t.program_before", programs).push(" OR ");
            sql.any("t.portfolio", portfolios).push(" OR ").any("t.portfolio_before", portfolios);
            // What lies in a program names no portfolio; where one is named, it is that of the time.
            sql.push(" OR (t.portfolio IS NULL AND t.program IN (SELECT id FROM program WHERE org = ").text(&self.org);
            sql.push(" AND ").any("portfolio_id", portfolios).push("))");
            // Directories of the organisation have no place; everyone who may read them follows them.
            if reach.partner.is_none() {
                sql.push(" OR (t.kind IN ('person', 'source', 'organisation'))");
            }
            sql.push(")");
        }
    }
}

impl Sql {
    /// `column IN (…)`; nothing matches an empty list.
    fn any(&mut self, column: &str, ids: &[String]) -> &mut Self {
        if ids.is_empty() {
            return self.push("1 = 0");
        }
        self.push(column).push(" IN (").texts(ids).push(")")
    }
}
