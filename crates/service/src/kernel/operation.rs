//! What an operation is, as a value: its names and its path, what it takes and answers, who may call it, and what does it.
//!
//! Those that every resource has are declared in [`crate::standard`], the others in the file of their resource. The table of
//! all of them is [`crate::operations`]: both doors, their documents and the command line read it and nothing else.

use futures::future::BoxFuture;
use serde_json::{Map, Value};
use steerco_domain::access::{Permission, find};
use steerco_domain::encode::{Encode, Encoder};
use steerco_domain::error::Fault;
use steerco_domain::field::FieldSpec;
use steerco_domain::input::Input;
use steerco_domain::mask::Mask;
use steerco_domain::resource::{Kind, Reach, Verb};
use steerco_domain::shape::{Answer, AnswerSpec, Described, Shape, Wire};
use steerco_domain::time::{Day, Instant};
use steerco_domain::view::View;
use steerco_domain::words::Words;
use steerco_domain::{AnyBox, AnyResource, Error, Resource};

use crate::parameter::{EFFECTIVE_AT, Parameter, VALIDATE_ONLY};
use crate::{Context, Outcome, Seen, Service, Written};

/// An operation, of one kind of resource or of all that have it. In texts of the latter `{one}` and `{many}` are names of the
/// kind, as in `risk` and `risks`, and `{act}` is the name of an act.
pub struct Operation {
    /// `get_consumer_position`.
    pub id: &'static str,
    /// Its name in gRPC; that of `id` in upper camel case when empty.
    pub rpc: &'static str,
    /// `Consumer` of `ConsumerService`; that of the kind when empty.
    pub service: &'static str,
    /// Its row of the table of permissions; without one every caller with a token may. That of a standard operation is among
    /// the rows of the kind.
    pub permission: Option<&'static Permission>,
    pub method: Method,
    /// As REST has it. `{id}` is a resource of the kind under which it stands, other parts are among the parameters.
    pub path: &'static str,
    pub under: Under,
    /// What it does, in a few words.
    pub summary: &'static str,
    pub doc: &'static str,
    /// The comment of the rpc, where `doc` speaks of REST alone.
    pub rpc_doc: &'static str,
    /// What it takes beside its body. One that takes `validate_only` writes.
    pub parameters: &'static [&'static Parameter],
    pub body: Option<Body>,
    pub answer: AnswerDoc,
    /// What the answer is where it made something new.
    pub created: Option<&'static str>,
    /// Whether it is an act on one resource.
    pub verb: bool,
    /// HTTP statuses of refusals, beside those that follow from its body and from writing.
    pub refusals: &'static [u16],
    pub does: Does,
}

/// What an operation does, which says how a door serves it. Body and answer are declared where a function does it; what the
/// others take and answer follows from the kind, or is a matter of the door.
#[derive(Clone, Copy)]
pub enum Does {
    /// A function: every door calls it with the same arguments.
    Run(Run),
    /// What the service does with resources of any kind.
    Standard(Standard),
    /// What each door takes or answers in a form of its own: bytes, lines, events, documents.
    Form(Form),
}

/// What is done with resources of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    Get,
    List,
    Create,
    Update,
    AddExternalRef,
    RemoveExternalRef,
    Upsert,
    GetByRef,
    Delete,
    Undelete,
    Batch,
    /// Any number of upserts in a stream.
    Upserts,
    Revisions,
    /// A whole list as a file.
    Export,
    /// A verb of the kind.
    Act,
}

/// What is no JSON object on the way in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    UploadAttachment,
    DownloadAttachment,
    UploadImport,
    ImportActuals,
    ExportSchedule,
    StreamEvents,
    Permissions,
    OcdsReleases,
    OcdsRecord,
    OcdsReleasesOfMany,
    OcdsRecordsOfMany,
}

/// The function of an operation.
pub type Run = fn(Service, Context, Arguments) -> Answering;
/// An answer on its way.
pub type Answering = BoxFuture<'static, Result<Answered, Error>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Where it stands in the documents.
#[derive(Clone, Copy)]
pub enum Under {
    Kind(&'static Kind),
    /// Each of these kinds has it.
    Each(Which),
    /// A tag of those that are no resources.
    Tag(&'static str),
}

/// Which kinds have a standard operation, by what callers may do with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    Changed,
    Created,
    Whole,
}

impl Which {
    pub const fn has(self, kind: &Kind) -> bool {
        match self {
            Self::All => true,
            Self::Changed => !matches!(kind.reach, Reach::Record),
            Self::Created => matches!(kind.reach, Reach::Whole | Reach::Posted),
            Self::Whole => matches!(kind.reach, Reach::Whole),
        }
    }
}

/// The object in the body of a request.
#[derive(Clone, Copy)]
pub struct Body {
    pub title: &'static str,
    pub doc: &'static str,
    pub fields: &'static [FieldSpec],
    /// Whether there must be one.
    pub required: bool,
    /// One as JSON; made from the fields when empty.
    pub example: &'static str,
}

impl Body {
    pub(crate) const fn of<T: Input>(example: &'static str) -> Self {
        Self { title: T::TITLE, doc: T::DOC, fields: T::FIELDS, required: true, example }
    }
}

/// What is answered: one line on it, and of what schema it is.
#[derive(Clone, Copy)]
pub struct AnswerDoc {
    pub doc: &'static str,
    pub schema: Schema,
}

#[derive(Clone, Copy)]
pub enum Schema {
    Answer(&'static AnswerSpec),
    /// One that is declared like an input.
    Value {
        title: &'static str,
        doc: &'static str,
        fields: &'static [FieldSpec],
    },
    /// The resource that it is about, after the write.
    Resource(&'static Kind),
    /// A resource of the kind under which it stands.
    One,
    /// A page of them.
    Page,
    /// What is no object of ours: bytes, lines, events, results of many writes. Each door says what it is there.
    Content,
}

impl AnswerDoc {
    pub const fn of<T: Answer>(doc: &'static str) -> Self {
        Self { doc, schema: Schema::Answer(T::SPEC) }
    }

    /// An answer that is declared like an input.
    pub(crate) const fn value<T: Input>(doc: &'static str) -> Self {
        Self { doc, schema: Schema::Value { title: T::TITLE, doc: T::DOC, fields: T::FIELDS } }
    }

    /// The name of its schema.
    pub const fn title(&self) -> &'static str {
        match self.schema {
            Schema::Answer(spec) => spec.title,
            Schema::Value { title, .. } => title,
            Schema::Resource(kind) => kind.title,
            Schema::One | Schema::Page | Schema::Content => "",
        }
    }
}

impl Operation {
    /// One to be filled in.
    pub const fn new(method: Method, does: Does) -> Self {
        Self {
            id: "",
            rpc: "",
            service: "",
            permission: None,
            method,
            path: "",
            under: Under::Tag(""),
            summary: "",
            doc: "",
            rpc_doc: "",
            parameters: &[],
            body: None,
            answer: AnswerDoc { doc: "", schema: Schema::Answer(&NOTHING) },
            created: None,
            verb: false,
            refusals: &[],
            does,
        }
    }

    /// One that reads and takes no body, to be filled in.
    pub const fn get(run: Run) -> Self {
        Self::new(Method::Get, Does::Run(run))
    }

    /// One that takes a body, to be filled in.
    pub const fn post(run: Run) -> Self {
        Self::new(Method::Post, Does::Run(run))
    }

    /// An act on one resource, whose answer is the resource. Its id and path are to be filled in.
    pub(crate) const fn act<V: Verb>(run: Run) -> Self {
        let kind = <V::On as Resource>::KIND;
        let (fields, mut required, mut i) = (V::FIELDS, false, 0);
        while i < fields.len() {
            required |= !fields[i].optional;
            i += 1;
        }
        Self {
            service: kind.title,
            permission: Some(find(kind.name, V::NAME)),
            under: Under::Kind(kind),
            summary: first_words(V::DOC),
            doc: V::DOC,
            parameters: WRITING,
            body: Some(Body { title: V::TITLE, doc: V::DOC, fields: V::FIELDS, required, example: "" }),
            answer: AnswerDoc { doc: "The resource after the write.", schema: Schema::Resource(kind) },
            verb: true,
            ..Self::post(run)
        }
    }

    /// Whether it changes something.
    pub fn writes(&self) -> bool {
        self.takes(&VALIDATE_ONLY)
    }

    fn takes(&self, parameter: &Parameter) -> bool {
        self.parameters.iter().any(|taken| taken.name == parameter.name)
    }

    /// Whether this name is a part of the path.
    pub fn in_path(&self, name: &str) -> bool {
        self.path.split('/').any(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name))
    }
}

/// What every write takes.
pub(crate) const WRITING: &[&Parameter] = &[&VALIDATE_ONLY];

static NOTHING: AnswerSpec = AnswerSpec { title: "", message: "", in_place: false, doc: "", fields: &[] };

/// The first sentence of a text, or what stands before its first comma.
pub(crate) const fn first_words(doc: &'static str) -> &'static str {
    let (bytes, mut i) = (doc.as_bytes(), 0);
    while i < bytes.len() && bytes[i] != b'.' && bytes[i] != b',' {
        i += 1;
    }
    doc.split_at(i).0
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Calls the function of an operation. The arguments are one object: parts of the path, parameters and the members of the
/// body, by their names; texts, numbers, flags and lists as in JSON. `validate_only` and `effective_at` are in the context
/// instead.
pub fn call(
    operation: &Operation,
    run: Run,
    service: Service,
    context: Context,
    arguments: Map<String, Value>,
) -> Answering {
    match check(operation, &arguments) {
        Ok(()) => run(service, context, Arguments(arguments)),
        Err(error) => Box::pin(std::future::ready(Err(error))),
    }
}

fn check(operation: &Operation, arguments: &Map<String, Value>) -> Result<(), Error> {
    let faults = operation.parameters.iter().filter_map(|parameter| {
        let value = arguments.get(parameter.name).filter(|value| !is_empty(value))?;
        let (code, detail) = parameter.check(value).err()?;
        let sigil = if operation.in_path(parameter.name) { "" } else { "?" };
        Some(Fault::new(format!("{sigil}{}", parameter.name), code, detail))
    });
    let faults: Vec<Fault> = faults.collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// What an operation is called with: parts of the path, parameters, and members of the body.
pub struct Arguments(Map<String, Value>);

impl Arguments {
    /// The resource in the path.
    pub(crate) fn id(&mut self) -> String {
        match self.0.remove("id") {
            Some(Value::String(id)) => id,
            _ => String::new(),
        }
    }

    fn take(&mut self, parameter: &Parameter) -> Option<Value> {
        debug_assert!(parameter.name != VALIDATE_ONLY.name && parameter.name != EFFECTIVE_AT.name, "in the context");
        self.0.remove(parameter.name).filter(|value| !is_empty(value))
    }

    /// An empty text is none.
    pub fn text(&mut self, parameter: &Parameter) -> Option<String> {
        match self.take(parameter) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn flag(&mut self, parameter: &Parameter) -> bool {
        self.take(parameter) == Some(Value::Bool(true))
    }

    pub(crate) fn whole(&mut self, parameter: &Parameter) -> Option<i64> {
        self.take(parameter).and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()))
    }

    pub(crate) fn instant(&mut self, parameter: &Parameter) -> Option<Instant> {
        self.text(parameter).and_then(|text| Instant::parse(&text))
    }

    pub(crate) fn day(&mut self, parameter: &Parameter) -> Option<Day> {
        self.text(parameter).and_then(|text| Day::parse(&text))
    }

    pub(crate) fn word<W: Words>(&mut self, parameter: &Parameter) -> Option<W> {
        self.text(parameter).and_then(|word| W::from_word(&word))
    }

    pub(crate) fn names(&mut self, parameter: &Parameter) -> Vec<String> {
        let Some(Value::Array(names)) = self.take(parameter) else { return Vec::new() };
        names.into_iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    /// The body: what no parameter took.
    pub(crate) fn body(self) -> Map<String, Value> {
        self.0
    }
}

/// What an operation answers.
pub struct Answered {
    pub body: Box<dyn Encode + Send + Sync>,
    /// Validator of what is shown, without quotes.
    pub etag: Option<String>,
    pub outcome: Option<Outcome>,
    /// Whether it is the stored answer to an earlier request.
    pub replayed: bool,
    /// Id of the resource that it made.
    pub created: Option<String>,
    /// Whether it shows a secret, which nobody on the way may keep.
    pub secret: bool,
}

impl Answered {
    /// What was read or computed.
    pub fn of(body: impl Encode + Send + Sync + 'static) -> Self {
        Self { body: Box::new(body), etag: None, outcome: None, replayed: false, created: None, secret: false }
    }

    /// What a write answers beside the resource that it is about.
    pub(crate) fn with<R: Resource + AnyResource>(
        written: Written<R>,
        body: impl FnOnce(Part<R>) -> Box<dyn Encode + Send + Sync>,
    ) -> Self {
        let Written { seen: Seen { resource, mask, etag, .. }, outcome, replayed } = written;
        let created = (outcome == Outcome::Created).then(|| Resource::id_text(&resource));
        let body = body(Part { resource, mask });
        Self { body, etag: Some(etag), outcome: Some(outcome), replayed, created, secret: false }
    }

    /// The same with a secret.
    pub(crate) fn secret<R: Resource + AnyResource>(
        written: Written,
        body: impl FnOnce(Part<R>) -> Box<dyn Encode + Send + Sync>,
    ) -> Result<Self, Error> {
        Ok(Self { secret: true, ..Self::with(written.typed()?, body) })
    }

    /// The resource after a write.
    pub(crate) fn written(written: Written) -> Self {
        let Written { seen, outcome, replayed } = written;
        let Seen { resource, mask, etag, .. } = seen;
        let body = Box::new(Shown { resource, mask });
        Self { body, etag: Some(etag), outcome: Some(outcome), replayed, created: None, secret: false }
    }
}

/// A resource as the caller sees it.
struct Shown {
    resource: AnyBox,
    mask: Mask,
}

impl Encode for Shown {
    fn encode(&self, to: &mut dyn Encoder) {
        View { resource: &*self.resource, mask: self.mask }.encode(to);
    }
}

/// A resource as the caller sees it, in an answer with other members.
pub struct Part<R> {
    pub resource: R,
    pub mask: Mask,
}

impl<R: Resource + AnyResource> Encode for Part<R> {
    fn encode(&self, to: &mut dyn Encoder) {
        View { resource: &self.resource, mask: self.mask }.encode(to);
    }
}

impl<R: Resource + AnyResource> Described for Part<R> {
    const WIRE: Wire = Wire::Object(R::KIND.title);

    fn shape() -> Shape {
        Shape::Resource(R::KIND.title)
    }
}
