//! Coding of a cost: by what its line names, else by the coding rule of its cost code, else suspense.

use std::collections::HashSet;

use serde_json::{Value, json};
use steerco_domain::actuals_line::ActualsLine;
use steerco_domain::coding_rule::{self, Coded, CodingRule, ProposedCodingRule};
use steerco_domain::commitment::Commitment;
use steerco_domain::cost_category::CostCategory;
use steerco_domain::cost_coding::CostCoding;
use steerco_domain::id::Id;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::program::Program;
use steerco_domain::project::Project;
use steerco_domain::resource::Seed;
use steerco_domain::spend::Spend;
use steerco_domain::text::Text;
use steerco_domain::time::Day;
use steerco_domain::{Error, Resource};
use steerco_persistence::{Fail, Scope, ledger, query};

use crate::write_context::WriteContext;

/// Coding of a cost: program, project, category and spend type. Without a program the cost is in suspense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Coding {
    pub(crate) program_id: Option<Id<Program>>,
    pub(crate) project_id: Option<Id<Project>>,
    pub(crate) cost_category_id: Option<Id<CostCategory>>,
    pub(crate) spend: Option<Spend>,
    pub(crate) rule_id: Option<Id<CodingRule>>,
}

impl Coding {
    /// The coding of a commitment.
    pub(crate) const fn of(it: &Commitment) -> Self {
        Self {
            program_id: Some(it.program_id),
            project_id: it.project_id,
            cost_category_id: it.cost_category_id,
            spend: it.spend,
            rule_id: None,
        }
    }

    /// The same coding, with the category and spend type of the cost itself where given.
    pub(crate) fn under(self, cost_category_id: Option<Id<CostCategory>>, spend: Option<Spend>) -> Self {
        Self { cost_category_id: cost_category_id.or(self.cost_category_id), spend: spend.or(self.spend), ..self }
    }
}

/// Kind and id of the resources that lines name.
pub(crate) type Named = HashSet<(&'static str, String)>;

/// Adds the resources that this line names.
pub(crate) fn name_all(line: &ActualsLine, named: &mut Named) {
    named.extend(line.program_id.map(|id| (Program::KIND.name, id.to_string())));
    named.extend(line.project_id.map(|id| (Project::KIND.name, id.to_string())));
    named.extend(line.cost_category_id.map(|id| (CostCategory::KIND.name, id.to_string())));
}

/// The coding rules of today, and which of the resources named by lines exist.
pub(crate) struct Coder {
    rules: Vec<CodingRule>,
    source: String,
    entity: Id<LegalEntity>,
    known: HashSet<String>,
}

impl Coder {
    pub(crate) async fn read(
        write: &WriteContext<'_>,
        scope: &Scope,
        source: &str,
        entity: &LegalEntity,
        named: &Named,
    ) -> Result<Self, Fail> {
        let rules = ledger::list_rules(write.conn, scope.org()).await?;
        let known = read_known(write, scope, named).await?;
        Ok(Self { rules, source: source.to_owned(), entity: entity.id, known })
    }

    /// Adds a rule that is not stored, as if it were.
    pub(crate) async fn propose(
        &mut self,
        write: &WriteContext<'_>,
        scope: &Scope,
        proposed: &ProposedCodingRule,
    ) -> Result<(), Fail> {
        let Value::Object(mut body) = json!(proposed) else {
            return Err(Error::internal("a proposed rule is no JSON object").into());
        };
        body.retain(|_, value| !value.is_null());
        let seed = Seed { id: write.new_id(), at: write.now, effective_at: write.now, by: write.actor() };
        let rule = CodingRule::create(&body, &seed).map_err(below_rule)?;
        let mut named = Named::from([(Program::KIND.name, rule.program_id.to_string())]);
        named.extend(rule.project_id.map(|id| (Project::KIND.name, id.to_string())));
        named.extend(rule.cost_category_id.map(|id| (CostCategory::KIND.name, id.to_string())));
        let known = read_known(write, scope, &named).await?;
        check_known(&known, rule.program_id, rule.project_id, rule.cost_category_id)
            .map_err(|(code, detail)| Error::fault(PROPOSED, code, detail))?;
        self.rules.push(rule);
        Ok(())
    }

    /// The coding of a cost; or an error code and a text if it cannot be coded.
    pub(crate) fn code(&self, line: &ActualsLine) -> Result<Coding, (&'static str, String)> {
        let Some(program) = line.program_id else {
            let found = self.by_rule(line.cost_code.as_ref(), line.coding.as_ref(), line.posted_on);
            return self.under(found, line);
        };
        check_known(&self.known, program, line.project_id, line.cost_category_id)?;
        Ok(Coding {
            program_id: Some(program),
            project_id: line.project_id,
            cost_category_id: line.cost_category_id,
            spend: line.spend,
            rule_id: None,
        })
    }

    /// The same coding, with the values of the line itself where given.
    pub(crate) fn under(&self, coding: Coding, line: &ActualsLine) -> Result<Coding, (&'static str, String)> {
        check_category(&self.known, line.cost_category_id)?;
        Ok(coding.under(line.cost_category_id, line.spend))
    }

    /// The coding by the rules of today.
    pub(crate) fn by_rule(&self, cost_code: Option<&Text<200>>, coding: Option<&CostCoding>, posted_on: Day) -> Coding {
        let codes = coding.map(CostCoding::codes).unwrap_or_default();
        if cost_code.is_none() && codes.iter().all(Option::is_none) {
            return Coding::default();
        }
        let cost_code = cost_code.map(Text::as_str).unwrap_or_default();
        let wanted = Coded { source: &self.source, legal_entity_id: self.entity, cost_code, codes, posted_on };
        coding_rule::pick(&self.rules, &wanted).map_or_else(Coding::default, |rule| Coding {
            program_id: Some(rule.program_id),
            project_id: rule.project_id,
            cost_category_id: rule.cost_category_id,
            spend: rule.spend,
            rule_id: Some(rule.id),
        })
    }
}

/// Pointer of the proposed rule in the request.
const PROPOSED: &str = "/proposed_rule";

fn below_rule(mut error: Error) -> Error {
    for fault in &mut error.faults {
        fault.pointer.insert_str(0, PROPOSED);
    }
    error
}

/// The ids of the resources that exist, and the ids of projects together with those of their programs.
pub(crate) async fn read_known(
    write: &WriteContext<'_>,
    scope: &Scope,
    named: &Named,
) -> Result<HashSet<String>, Fail> {
    let mut known = HashSet::new();
    for (kind, id) in named {
        let Some(kind) = steerco_domain::find_kind(kind) else { continue };
        if !query::exists(write.conn, scope, kind, id).await? {
            continue;
        }
        if kind.name == Project::KIND.name {
            // A project is looked up together with its program.
            let program = query::find_text(write.conn, scope.org(), kind, id, "program_id").await?;
            known.extend(program.map(|program| format!("{id} {program}")));
        }
        known.insert(id.clone());
    }
    Ok(known)
}

/// Checks that the program, its project and the category exist.
pub(crate) fn check_known(
    known: &HashSet<String>,
    program: Id<Program>,
    project: Option<Id<Project>>,
    category: Option<Id<CostCategory>>,
) -> Result<(), (&'static str, String)> {
    if !known.contains(&program.to_string()) {
        return missing("program");
    }
    if project.is_some_and(|id| !known.contains(&format!("{id} {program}"))) {
        return missing("project of this program");
    }
    check_category(known, category)
}

fn check_category(known: &HashSet<String>, category: Option<Id<CostCategory>>) -> Result<(), (&'static str, String)> {
    if category.is_some_and(|id| !known.contains(&id.to_string())) {
        return missing("cost_category");
    }
    Ok(())
}

fn missing(name: &str) -> Result<(), (&'static str, String)> {
    Err(("NOT_FOUND", format!("the {name} does not exist")))
}
