//! The declarations of resources and operations against the tables of the protos: what does not fit does not compile.

use steerco_domain::field::{FieldSpec, Wire};
use steerco_domain::resource::Kind;
use steerco_domain::shape::AnswerField;
use steerco_domain::{KINDS, RECORDS, Resource};
use steerco_proto::table::{Field, Holds, MESSAGES, Message, RPCS, Rpc, message, same};
use steerco_service::operation::{Does, Method, Operation, Schema, Under};
use steerco_service::operations::FEATURES;
use steerco_service::parameter::Parameter;
use steerco_service::standard::STANDARD;

/// Panics, while it is compiled, at the first field that has no counterpart of its kind.
const fn fits(fields: &[FieldSpec], message: &Message) {
    let mut i = 0;
    while i < fields.len() {
        fits_field(fields[i].name, fields[i].wire, message);
        i += 1;
    }
}

/// The same of an answer.
const fn answer_fits(fields: &[AnswerField], message: &Message) {
    let mut i = 0;
    while i < fields.len() {
        fits_field(fields[i].name, fields[i].wire, message);
        i += 1;
    }
}

/// Nor may the message have fields of its own, beside these.
const fn only_has(fields: &[FieldSpec], message: &Message, beside: &[&str]) {
    let mut i = 0;
    while i < message.fields.len() {
        let (name, mut j, mut found) = (message.fields[i].name, 0, false);
        while j < fields.len() {
            found |= same(fields[j].name, name);
            j += 1;
        }
        j = 0;
        while j < beside.len() {
            found |= same(beside[j], name);
            j += 1;
        }
        assert!(found, "a field of a message is not declared");
        i += 1;
    }
}

/// What a kind declares: its fields, and the bodies of its verbs in the requests for them.
const fn kind_fits(kind: &Kind) {
    fits(kind.fields, message(kind.title));
    only_has(kind.fields, message(kind.title), &[]);
    let mut i = 0;
    while i < kind.verbs.len() {
        let verb = &kind.verbs[i];
        let request = request_of(verb.title);
        fits(verb.fields, request);
        only_has(verb.fields, request, &["id", "validate_only"]);
        i += 1;
    }
}

/// `AssessRiskRequest` of `AssessRisk`.
#[expect(clippy::panic, reason = "it stops the compiler, which calls it")]
const fn request_of(title: &str) -> &'static Message {
    let mut i = 0;
    while i < MESSAGES.len() {
        if ends_with(MESSAGES[i].name, title, "Request") {
            return MESSAGES[i];
        }
        i += 1;
    }
    panic!("{}", title)
}

/// Whether the name is made of these two.
const fn ends_with(name: &str, of: &str, end: &str) -> bool {
    let at = of.len();
    name.len() == at + end.len() && same(name.split_at(at).0, of) && same(name.split_at(at).1, end)
}

const fn fits_field(name: &str, wire: Wire, message: &Message) {
    let field = counterpart(name, message);
    let fits = match wire {
        Wire::List { of } => field.repeated && is_of(*of, field.holds),
        one => !field.repeated && is_of(one, field.holds),
    };
    assert!(fits, "{}", name);
}

#[expect(clippy::panic, reason = "it stops the compiler, which calls it")]
const fn counterpart(name: &str, message: &Message) -> &'static Field {
    let mut i = 0;
    while i < message.fields.len() {
        if same(message.fields[i].name, name) {
            return &message.fields[i];
        }
        i += 1;
    }
    panic!("{}", name)
}

const fn is_of(wire: Wire, holds: Holds) -> bool {
    match (wire, holds) {
        (Wire::Text, Holds::Text)
        | (Wire::Bool, Holds::Bool)
        | (Wire::Int, Holds::Int)
        | (Wire::Long, Holds::Long)
        | (Wire::Number, Holds::Number)
        | (Wire::Instant, Holds::Instant)
        | (Wire::Map, Holds::Map)
        | (Wire::Json, Holds::Json) => true,
        (Wire::Object(title), Holds::Object(message)) => same(title, message.name),
        (Wire::Value(title, fields), Holds::Object(message)) => {
            fits(fields, message);
            only_has(fields, message, &[]);
            same(title, message.name)
        }
        (Wire::Answer(spec), Holds::Object(message)) => {
            answer_fits(spec.fields, message);
            same(spec.message, message.name)
        }
        (Wire::Word(words), Holds::Word(known)) => {
            if words.len() != known.len() {
                return false;
            }
            let mut i = 0;
            while i < words.len() {
                if !same(words[i].0, known[i].0) {
                    return false;
                }
                i += 1;
            }
            true
        }
        _ => false,
    }
}

/// The message has these parameters.
const fn takes(parameters: &[&Parameter], message: &Message, dated: bool) {
    let mut i = 0;
    while i < parameters.len() {
        if dated || !same(parameters[i].name, "valid_at") {
            counterpart(parameters[i].name, message);
        }
        i += 1;
    }
}

/// The rpc of an operation of a feature takes what it takes and answers what it answers.
const fn operation_fits(operation: &Operation, rpc: &Rpc) {
    // The message of a stream or a document is laid out by hand.
    if matches!(operation.does, Does::Run(_)) {
        takes(operation.parameters, rpc.input, true);
    }
    if let Some(body) = &operation.body {
        fits(body.fields, rpc.input);
    }
    let name = match operation.answer.schema {
        Schema::Answer(spec) => {
            answer_fits(spec.fields, rpc.output);
            spec.message
        }
        Schema::Value { title, fields, .. } => {
            fits(fields, rpc.output);
            title
        }
        Schema::Resource(kind) => kind.title,
        Schema::One | Schema::Page | Schema::Content => rpc.output.name,
    };
    assert!(same(name, rpc.output.name), "{}", operation.id);
}

/// Whether this is the rpc of the operation, for a kind where it is one of each.
const fn is_of_operation(rpc: &Rpc, operation: &Operation, kind: Option<&Kind>) -> bool {
    let service = match kind {
        Some(kind) if operation.service.is_empty() => kind.title,
        _ => operation.service,
    };
    ends_with(rpc.service, service, "Service")
        && if operation.rpc.is_empty() { is_named(rpc.name, operation.id, kind) } else { same(rpc.name, operation.rpc) }
}

/// Whether it is `ListRisks` of `list_{many}` for risks.
const fn is_named(name: &str, id: &str, kind: Option<&Kind>) -> bool {
    let (name, id) = (name.as_bytes(), id.as_bytes());
    let (mut at, mut i, mut upper) = (0, 0, true);
    while i < id.len() {
        match (id[i], kind) {
            (b'{', Some(kind)) => {
                let stem = if id[i + 1] == b'o' { kind.name } else { kind.plural };
                match after_stem(name, at, stem.as_bytes()) {
                    Some(next) => at = next,
                    None => return false,
                }
                while id[i] != b'}' {
                    i += 1;
                }
            }
            (b'_', _) => upper = true,
            (letter, _) => {
                if at >= name.len() || name[at] != if upper { letter.to_ascii_uppercase() } else { letter } {
                    return false;
                }
                (at, upper) = (at + 1, false);
            }
        }
        i += 1;
    }
    at == name.len()
}

/// Where the name goes on behind `MilestoneUpdates`, of `milestone_updates`.
const fn after_stem(name: &[u8], mut at: usize, stem: &[u8]) -> Option<usize> {
    let (mut i, mut upper) = (0, true);
    while i < stem.len() {
        if stem[i] == b'_' {
            upper = true;
        } else {
            if at >= name.len() || name[at] != if upper { stem[i].to_ascii_uppercase() } else { stem[i] } {
                return None;
            }
            (at, upper) = (at + 1, false);
        }
        i += 1;
    }
    Some(at)
}

/// The kind whose service this is.
const fn kind_of(rpc: &Rpc) -> Option<&'static Kind> {
    let (mut i, kinds, records) = (0, KINDS, RECORDS);
    while i < kinds.len() + records.len() {
        let kind = if i < kinds.len() { kinds[i] } else { records[i - kinds.len()] };
        if ends_with(rpc.service, kind.title, "Service") {
            return Some(kind);
        }
        i += 1;
    }
    None
}

/// Whether every resource of the kind has this rpc, or it is a verb of the kind.
const fn is_standard(rpc: &Rpc, kind: &Kind) -> bool {
    let mut i = 0;
    while i < STANDARD.len() {
        let has = match STANDARD[i].under {
            Under::Each(which) => which.has(kind),
            Under::Kind(_) | Under::Tag(_) => false,
        };
        if has && is_of_operation(rpc, &STANDARD[i], Some(kind)) {
            // The requests of writes hold their options in fields of their own.
            if matches!(STANDARD[i].method, Method::Get) {
                takes(STANDARD[i].parameters, rpc.input, kind.dated);
            }
            return true;
        }
        i += 1;
    }
    i = 0;
    while i < kind.verbs.len() {
        if same(kind.verbs[i].title, rpc.name) {
            return true;
        }
        i += 1;
    }
    false
}

/// The operation of a feature that this rpc is.
const fn feature_of(rpc: &Rpc) -> Option<&'static Operation> {
    let (all, mut i) = (FEATURES, 0);
    while i < all.len() {
        let mut j = 0;
        while j < all[i].len() {
            let operation = &all[i][j];
            let kind = match operation.under {
                Under::Kind(kind) => Some(kind),
                Under::Each(_) | Under::Tag(_) => None,
            };
            if is_of_operation(rpc, operation, kind) {
                return Some(operation);
            }
            j += 1;
        }
        i += 1;
    }
    let beside = &crate::operations::GET_EVENT_TYPE;
    if is_of_operation(rpc, beside, None) { Some(beside) } else { None }
}

/// Every rpc is an operation of the table.
const fn rpc_fits(rpc: &'static Rpc) {
    if let Some(operation) = feature_of(rpc) {
        return operation_fits(operation, rpc);
    }
    let standard = match kind_of(rpc) {
        Some(kind) => is_standard(rpc, kind),
        None => is_of_operation(rpc, &STANDARD[EXPORT], None),
    };
    assert!(standard, "{}", rpc.path);
}

/// The one standard operation whose rpc belongs to no kind.
const EXPORT: usize = {
    let mut i = 0;
    while !same(STANDARD[i].rpc, "Export") {
        i += 1;
    }
    i
};

/// Values that encode themselves, with their members.
const VALUES: [(&str, &[(&str, Wire)]); 2] = [
    ("Money", &[("amount", Wire::Text), ("currency", Wire::Text)]),
    ("ExternalRef", &[("source", Wire::Text), ("external_id", Wire::Text)]),
];

const _: () = {
    let mut i = 0;
    while i < VALUES.len() {
        let (message, members) = (message(VALUES[i].0), VALUES[i].1);
        let mut j = 0;
        while j < members.len() {
            fits_field(members[j].0, members[j].1, message);
            j += 1;
        }
        assert!(message.fields.len() == members.len(), "a value has a member that is not encoded");
        i += 1;
    }
};

#[expect(long_running_const_eval, reason = "every rpc against every operation: a second of the compiler")]
const _: () = {
    let mut i = 0;
    while i < RPCS.len() {
        rpc_fits(&RPCS[i]);
        i += 1;
    }
};

macro_rules! check {
    ([] $($module:ident::$name:ident),* $(,)?) => {
        $(const _: () = kind_fits(<steerco_domain::$module::$name as Resource>::KIND);)*
    };
}
steerco_domain::for_each_resource!(check);
