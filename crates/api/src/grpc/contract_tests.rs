//! The protos say what the declarations say: names, order, numbers, words and documentation.

use std::collections::HashMap;

use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};
use steerco_domain::field::{FieldSpec, Shape};
use steerco_domain::{KINDS, RECORDS};
use steerco_proto::FILE_DESCRIPTOR_SET;

use super::reflection_builder;

/// Comments by full place: `Risk`, `Risk.title`, `RiskState.RISK_STATE_CLOSED`.
struct Contract {
    messages: HashMap<String, DescriptorProto>,
    enums: HashMap<String, EnumDescriptorProto>,
    comments: HashMap<String, String>,
}

fn contract() -> Contract {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file;
    let mut contract = Contract { messages: HashMap::new(), enums: HashMap::new(), comments: HashMap::new() };
    for file in files.into_iter().filter(|file| file.package() == "steerco.v1") {
        for location in file.source_code_info.iter().flat_map(|info| &info.location) {
            let at = |i: usize| usize::try_from(location.path[i]).unwrap();
            let name = match location.path.as_slice() {
                [4, _] => file.message_type[at(1)].name().to_owned(),
                [4, _, 2, _] => {
                    let message = &file.message_type[at(1)];
                    format!("{}.{}", message.name(), message.field[at(3)].name())
                }
                [5, _] => file.enum_type[at(1)].name().to_owned(),
                [5, _, 2, _] => {
                    format!("{}.{}", file.enum_type[at(1)].name(), file.enum_type[at(1)].value[at(3)].name())
                }
                _ => continue,
            };
            contract.comments.insert(name, plain(location.leading_comments()));
        }
        contract.messages.extend(file.message_type.into_iter().map(|message| (message.name().to_owned(), message)));
        contract.enums.extend(file.enum_type.into_iter().map(|words| (words.name().to_owned(), words)));
    }
    contract
}

/// Without line breaks.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Contract {
    fn comment(&self, place: &str, wanted: &str) {
        assert_eq!(self.comments.get(place).map(String::as_str), Some(plain(wanted).as_str()), "comment of {place}");
    }

    fn fields(&self, title: &str, fields: &[FieldSpec]) {
        for field in fields {
            self.comment(&format!("{title}.{}", field.name), field.doc);
            self.shape(&(field.shape)());
        }
    }

    fn names(&self, title: &str) -> Vec<(&str, i32)> {
        self.messages[title].field.iter().map(|field| (field.name(), field.number())).collect()
    }

    fn shape(&self, shape: &Shape) {
        match shape {
            Shape::Object { title, doc, fields } => {
                self.comment(title, doc);
                self.fields(title, fields);
            }
            Shape::List { of, .. } => self.shape(of),
            Shape::Word { title, doc, words } => {
                self.comment(title, doc);
                let values = &self.enums[*title].value;
                assert_eq!(values.len(), words.len() + 1, "{title}");
                for (value, (word, doc)) in values[1..].iter().zip(*words) {
                    assert!(value.name().ends_with(&format!("_{}", word.to_uppercase())), "{}", value.name());
                    self.comment(&format!("{title}.{}", value.name()), doc);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn resources_are_described_as_declared() {
    const COMMON: [&str; 9] = [
        "id",
        "revision",
        "created_at",
        "updated_at",
        "created_by",
        "deleted_at",
        "external_refs",
        "labels",
        "effective_at",
    ];
    let contract = contract();
    for kind in KINDS.iter().chain(RECORDS) {
        contract.comment(kind.title, kind.doc);
        contract.fields(kind.title, kind.fields);
        let names = contract.names(kind.title);
        assert_eq!(names.len(), kind.fields.len(), "{}", kind.title);
        for (name, number) in names {
            let common = COMMON.iter().position(|common| *common == name);
            assert!(common.map_or(number >= 16, |i| i32::try_from(i + 1) == Ok(number)), "{}.{name}", kind.title);
        }
    }
}

#[test]
fn verbs_are_described_as_declared() {
    let contract = contract();
    for verb in KINDS.iter().flat_map(|kind| kind.verbs) {
        let title = format!("{}Request", verb.title);
        contract.comment(&title, verb.doc);
        contract.fields(&title, verb.fields);
        let names: Vec<_> = contract.names(&title).into_iter().map(|(name, _)| name).collect();
        let own = verb.fields.iter().map(|field| field.name);
        assert_eq!(names, ["id"].into_iter().chain(own).chain(["validate_only"]).collect::<Vec<_>>());
    }
}

#[test]
fn reflection_reads_the_contract() {
    assert!(reflection_builder().build_v1().is_ok() && reflection_builder().build_v1alpha().is_ok());
}
