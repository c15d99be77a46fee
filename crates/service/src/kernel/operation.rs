//! Operations as values: names, path, parameters, request and response, permission, and the function that runs them.
//!
//! The standard operations of all resources are declared in [`crate::standard`], the others in the file of their resource.
//! [`mod@crate::operations`] lists all of them. REST, gRPC, their documents and the command line are derived from that table.

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

/// An operation of one kind of resource, or of all kinds that have it. In texts of the latter, `{one}` and `{many}` stand
/// for the names of the kind (`risk`, `risks`) and `{act}` for the name of a verb.
pub struct Operation {
    /// Id, such as `get_consumer_position`.
    pub id: &'static str,
    /// Name in gRPC; `id` in upper camel case when empty.
    pub rpc: &'static str,
    /// `Consumer` of `ConsumerService`; the name of the kind when empty.
    pub service: &'static str,
    /// Row in the table of permissions; when absent, every caller with a token may call it. The permission of a standard
    /// operation is among the rows of the kind.
    pub permission: Option<&'static Permission>,
    pub method: Method,
    /// Path in REST. `{id}` is a resource of the kind of the operation; other parts are parameters.
    pub path: &'static str,
    pub under: Under,
    /// Short imperative description.
    pub summary: &'static str,
    pub doc: &'static str,
    /// Comment of the rpc, where `doc` applies to REST only.
    pub rpc_doc: &'static str,
    /// Arguments outside of the body. An operation that takes `validate_only` writes.
    pub parameters: &'static [&'static Parameter],
    pub body: Option<Body>,
    pub answer: AnswerDoc,
    /// Description of the response when the operation created a resource.
    pub created: Option<&'static str>,
    /// Whether it is a verb on one resource.
    pub verb: bool,
    /// HTTP statuses of errors, in addition to those implied by the body and by writing.
    pub refusals: &'static [u16],
    pub does: Does,
}

/// How an operation is implemented and served. Body and response are declared where a function implements it; otherwise
/// they follow from the kind, or each transport defines them.
#[derive(Clone, Copy)]
pub enum Does {
    /// A function that every transport calls with the same arguments.
    Run(Run),
    /// A generic implementation for resources of any kind.
    Standard(Standard),
    /// Request or response has its own form in each transport: bytes, lines, events, documents.
    Form(Form),
}

/// Operations that are implemented once for resources of any kind.
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

/// Operations whose request or response is not a JSON object.
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
/// The pending result of an operation.
pub type Answering = BoxFuture<'static, Result<Answered, Error>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Where the operation is listed in the documents.
#[derive(Clone, Copy)]
pub enum Under {
    Kind(&'static Kind),
    /// Under each of these kinds.
    Each(Which),
    /// Under a tag that is not a resource.
    Tag(&'static str),
}

/// Kinds that have a standard operation, by their reach.
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
    /// Whether the body is required.
    pub required: bool,
    /// Example as JSON; generated from the fields when empty.
    pub example: &'static str,
}

impl Body {
    pub(crate) const fn of<T: Input>(example: &'static str) -> Self {
        Self { title: T::TITLE, doc: T::DOC, fields: T::FIELDS, required: true, example }
    }
}

/// The response: one line of text and its schema.
#[derive(Clone, Copy)]
pub struct AnswerDoc {
    pub doc: &'static str,
    pub schema: Schema,
}

#[derive(Clone, Copy)]
pub enum Schema {
    Answer(&'static AnswerSpec),
    /// A response that is declared like an input.
    Value {
        title: &'static str,
        doc: &'static str,
        fields: &'static [FieldSpec],
    },
    /// The addressed resource after the write.
    Resource(&'static Kind),
    /// A resource of the kind of the operation.
    One,
    /// A page of resources of the kind.
    Page,
    /// Not a JSON object of the contract: bytes, lines, events, results of many writes. Each transport defines it.
    Content,
}

impl AnswerDoc {
    pub const fn of<T: Answer>(doc: &'static str) -> Self {
        Self { doc, schema: Schema::Answer(T::SPEC) }
    }

    /// A response that is declared like an input.
    pub(crate) const fn value<T: Input>(doc: &'static str) -> Self {
        Self { doc, schema: Schema::Value { title: T::TITLE, doc: T::DOC, fields: T::FIELDS } }
    }

    /// The name of the schema.
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
    /// A template with empty values.
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

    /// A template of an operation that reads and takes no body.
    pub const fn get(run: Run) -> Self {
        Self::new(Method::Get, Does::Run(run))
    }

    /// A template of an operation that takes a body.
    pub const fn post(run: Run) -> Self {
        Self::new(Method::Post, Does::Run(run))
    }

    /// A template of a verb on one resource, which returns the resource. Set id and path.
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

    /// Whether it writes.
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

/// Parameters of every write.
pub(crate) const WRITING: &[&Parameter] = &[&VALIDATE_ONLY];

static NOTHING: AnswerSpec = AnswerSpec { title: "", message: "", in_place: false, doc: "", fields: &[] };

/// The text up to its first full stop or comma.
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

/// Calls the function of an operation. The arguments are one object with the parts of the path, the parameters and the
/// members of the body, by name; strings, numbers, flags and lists as in JSON. `validate_only` and `effective_at` are in
/// the context instead.
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

/// Arguments of an operation: parts of the path, parameters, and members of the body.
pub struct Arguments(Map<String, Value>);

impl Arguments {
    /// The id in the path.
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

    /// An empty string counts as absent.
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

    /// The body: all arguments that have not been taken as parameters.
    pub(crate) fn body(self) -> Map<String, Value> {
        self.0
    }
}

/// The result of an operation.
pub struct Answered {
    pub body: Box<dyn Encode + Send + Sync>,
    /// Strong validator of the response, without quotes.
    pub etag: Option<String>,
    pub outcome: Option<Outcome>,
    /// Whether this is a replay of the response to an earlier request.
    pub replayed: bool,
    /// Id of the resource that was created.
    pub created: Option<String>,
    /// Whether the response contains a secret and must not be stored by intermediaries.
    pub secret: bool,
}

impl Answered {
    /// The result of a read or a computation.
    pub fn of(body: impl Encode + Send + Sync + 'static) -> Self {
        Self { body: Box::new(body), etag: None, outcome: None, replayed: false, created: None, secret: false }
    }

    /// The result of a write that returns more than the resource.
    pub(crate) fn with<R: Resource + AnyResource>(
        written: Written<R>,
        body: impl FnOnce(Part<R>) -> Box<dyn Encode + Send + Sync>,
    ) -> Self {
        let Written { seen: Seen { resource, mask, etag, .. }, outcome, replayed } = written;
        let created = (outcome == Outcome::Created).then(|| Resource::id_text(&resource));
        let body = body(Part { resource, mask });
        Self { body, etag: Some(etag), outcome: Some(outcome), replayed, created, secret: false }
    }

    /// The same, marked as containing a secret.
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

/// A resource as the caller sees it, as a member of another response.
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
