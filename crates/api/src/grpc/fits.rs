//! The declarations of resources and operations against the tables of the protos: what does not fit does not compile.

use steerco_domain::Resource;
use steerco_domain::field::{FieldSpec, Wire};
use steerco_domain::resource::Kind;
use steerco_domain::shape::AnswerField;
use steerco_proto::table::{Field, Holds, MESSAGES, Message, RPCS, Rpc, message, same};
use steerco_service::operation::{Operation, Schema};

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

/// An operation has its rpc, which takes what it takes and answers what it answers.
const fn operation_fits(operation: &Operation) {
    let rpc = rpc_of(operation);
    let mut i = 0;
    while i < operation.parameters.len() {
        counterpart(operation.parameters[i].name, rpc.input);
        i += 1;
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
    };
    assert!(same(name, rpc.output.name), "{}", operation.id);
}

#[expect(clippy::panic, reason = "it stops the compiler, which calls it")]
const fn rpc_of(operation: &Operation) -> &'static Rpc {
    let mut i = 0;
    while i < RPCS.len() {
        let rpc = &RPCS[i];
        if ends_with(rpc.service, operation.service, "Service") && is_camel_of(rpc.name, operation.id) {
            return rpc;
        }
        i += 1;
    }
    panic!("{}", operation.id)
}

/// Whether it is `AssessRisk` of `assess_risk`.
const fn is_camel_of(name: &str, id: &str) -> bool {
    let (name, id) = (name.as_bytes(), id.as_bytes());
    let (mut i, mut j, mut upper) = (0, 0, true);
    while j < id.len() {
        if id[j] == b'_' {
            upper = true;
        } else {
            let wanted = if upper { id[j].to_ascii_uppercase() } else { id[j] };
            if i >= name.len() || name[i] != wanted {
                return false;
            }
            (i, upper) = (i + 1, false);
        }
        j += 1;
    }
    i == name.len()
}

const _: () = {
    let (all, mut i) = (steerco_service::operations::ALL, 0);
    while i < all.len() {
        let mut j = 0;
        while j < all[i].len() {
            operation_fits(&all[i][j]);
            j += 1;
        }
        i += 1;
    }
    operation_fits(&crate::operations::GET_EVENT_TYPE);
};

macro_rules! check {
    ([] $($module:ident::$name:ident),* $(,)?) => {
        $(const _: () = kind_fits(<steerco_domain::$module::$name as Resource>::KIND);)*
    };
}
steerco_domain::for_each_resource!(check);
