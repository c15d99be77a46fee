//! The declarations of the domain against the tables of the protos: what does not fit does not compile.

use steerco_domain::Resource;
use steerco_domain::field::{FieldSpec, Wire};
use steerco_proto::table::{Holds, Message, message, same};

/// Panics, while it is compiled, at the first field that has no counterpart of its kind.
const fn fits(fields: &[FieldSpec], message: &Message) {
    let mut i = 0;
    while i < fields.len() {
        let (name, mut j) = (fields[i].name, 0);
        let mut found = false;
        while j < message.fields.len() {
            let field = &message.fields[j];
            if same(field.name, name) {
                let of = match fields[i].wire {
                    Wire::List { of } => {
                        if !field.repeated {
                            panic!("{}", name)
                        }
                        *of
                    }
                    one => {
                        if field.repeated {
                            panic!("{}", name)
                        }
                        one
                    }
                };
                if !is_of(of, field.holds) {
                    panic!("{}", name)
                }
                found = true;
            }
            j += 1;
        }
        if !found {
            panic!("{}", name)
        }
        i += 1;
    }
}

const fn is_of(wire: Wire, holds: Holds) -> bool {
    match (wire, holds) {
        (Wire::Text, Holds::Text)
        | (Wire::Bool, Holds::Bool)
        | (Wire::Int, Holds::Int)
        | (Wire::Long, Holds::Long)
        | (Wire::Number, Holds::Number)
        | (Wire::Instant, Holds::Instant)
        | (Wire::Map, Holds::Map) => true,
        (Wire::Object(title), Holds::Object(message)) => same(title, message.name),
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

macro_rules! check {
    ([] $($module:ident::$name:ident),* $(,)?) => {
        $(const _: () = fits(<steerco_domain::$module::$name as Resource>::KIND.fields, message(stringify!($name)));)*
    };
}
steerco_domain::for_each_resource!(check);
