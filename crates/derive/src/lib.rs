//! The declaration of a resource, read once and turned into what every layer needs.
//!
//! `#[resource]` adds the common fields to a plain struct and implements `Resource`: how it is read from a request,
//! merged, stored, loaded and written. `#[input]` does the same for the body of a verb or a nested value. `#[words]`
//! turns an enum into the lower-case words of the wire. `#[answer]` says how an object that is only answered is written
//! and described.
//!
//! This crate must never know a database, a door or a resource by name.

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

/// Declares an object that is only answered. Its doc comments are the text of the documents. `message` names its message
/// where that is called otherwise than its schema; `in_place` gives it no schema of its own. Markers of a field: `min = 0`
/// and `max = 1000` limit a number, `max` also the items of a list; `one_of("lost", "gained")` lists texts; `plain` leaves
/// the pattern of a text out of the documents.
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
