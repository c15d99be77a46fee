//! Macros that turn the declaration of a resource into the code that every layer needs.
//!
//! `#[resource]` adds the common fields to a plain struct and implements `Resource`: parsing from a request, merging,
//! storing, loading and encoding. `#[input]` does the same for the body of a verb or a nested value. `#[words]` turns an enum
//! into the lower-case words of the wire format. `#[answer]` implements the encoding and description of an object that occurs
//! in responses only.
//!
//! This crate must not know a database, a protocol or a resource by name.

mod answer;
mod declaration;
mod input;
mod resource;
mod words;

use proc_macro::TokenStream;

/// Declares a resource. See `steerco_domain::resource` for the meaning of each argument and field marker.
#[proc_macro_attribute]
pub fn resource(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(resource::expand(arguments.into(), item.into()))
}

/// Declares the body of a verb, or a value that is an object on the wire.
#[proc_macro_attribute]
pub fn input(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(input::expand(arguments.into(), item.into()))
}

/// Declares an object that occurs in responses only. Its doc comments become the public documentation. `message` names its
/// message if the name differs from its schema; `in_place` inlines its schema. Markers of a field: `min = 0` and `max = 1000`
/// limit a number, `max` also the items of a list; `one_of("lost", "gained")` lists texts; `plain` omits the pattern of a
/// text from the documentation.
#[proc_macro_attribute]
pub fn answer(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(answer::expand(arguments.into(), item.into()))
}

/// Declares an enum whose variants are lower-case words on the wire and in the database. `#[words(states)]` declares the
/// states of a state machine, which also implements `States`.
#[proc_macro_attribute]
pub fn words(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(words::expand(arguments.into(), item.into()))
}

fn expand(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(syn::Error::into_compile_error).into()
}
