//! A file of the contract: what is in it, in its order.

/// A file.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    /// What is said before everything else.
    pub(super) head: Option<String>,
    pub(super) items: Vec<Item>,
}

/// What stands in a file.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Service(Service),
    Message(Message),
    Enum(Enum),
}

/// The rpcs of a resource, or of something else.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) rpcs: Vec<Rpc>,
}

#[derive(Clone, Debug)]
pub(super) struct Rpc {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) input: Side,
    pub(super) output: Side,
}

/// A message to or from an rpc, or a stream of them.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) of: String,
    pub(super) stream: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) doc: String,
    /// Whether it begins with the fields of every resource.
    pub(super) resource: bool,
    pub(super) members: Vec<Member>,
    pub(super) reserved: Reserved,
}

#[derive(Clone, Debug)]
pub(super) enum Member {
    Field(Field),
    /// At most one of these.
    Oneof {
        name: String,
        doc: String,
        fields: Vec<Field>,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) label: Label,
    /// As it is written: `string`, `Money`, `google.protobuf.Timestamp`.
    pub(super) of: String,
    pub(super) number: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    None,
    Optional,
    Repeated,
}

#[derive(Clone, Debug)]
pub(super) struct Enum {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) values: Vec<Value>,
    pub(super) reserved: Reserved,
}

#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) number: i32,
}

/// What was there once and is never given again.
#[derive(Clone, Debug, Default)]
pub(super) struct Reserved {
    /// First and last.
    pub(super) numbers: Vec<(i32, i32)>,
    pub(super) names: Vec<String>,
}

impl Reserved {
    /// Reserves what was there and is no longer.
    pub(super) fn add(&mut self, name: &str, number: i32) {
        self.numbers.push((number, number));
        self.numbers.sort_unstable();
        self.names.push(name.to_owned());
    }
}

impl Item {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Service(service) => &service.name,
            Self::Message(message) => &message.name,
            Self::Enum(words) => &words.name,
        }
    }
}

impl Message {
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.members.iter().flat_map(|member| match member {
            Member::Field(field) => std::slice::from_ref(field),
            Member::Oneof { fields, .. } => fields.as_slice(),
        })
    }

    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields().find(|field| field.name == name)
    }

    /// The greatest number that is given, or was.
    pub(super) fn greatest(&self) -> i32 {
        let given = self.fields().map(|field| field.number);
        given.chain(self.reserved.numbers.iter().map(|(_, last)| *last)).max().unwrap_or(0)
    }
}

/// What is wanted in the order of what is there: what is wanted anew stands behind its predecessor, and what is there and
/// not wanted stays.
pub(super) fn merged<T>(there: Vec<T>, wanted: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
    let mut all = there;
    let mut behind = 0;
    for item in wanted {
        if let Some(place) = all.iter().position(|other| name(other) == name(&item)) {
            all[place] = item;
            behind = place + 1;
        } else {
            all.insert(behind, item);
            behind += 1;
        }
    }
    all
}
