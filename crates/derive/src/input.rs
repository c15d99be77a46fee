//! `#[input]`: the body of a verb, or a nested object.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, ItemStruct};

use crate::declaration::{Declared, Setter, arguments, documentation, snake, without_markers};

pub(crate) fn expand(tokens: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let item: ItemStruct = syn::parse2(item)?;
    let fields = item.fields.iter().map(|f| Declared::read(f, Setter::Write)).collect::<syn::Result<Vec<_>>>()?;
    let as_value = arguments(tokens)?.iter().any(|(name, _)| name == "value");
    let (name, title, doc) = (&item.ident, item.ident.to_string(), documentation(&item.attrs));
    let names: Vec<&Ident> = fields.iter().map(|f| &f.name).collect();
    let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
    let types: Vec<_> = fields.iter().map(|f| &f.ty).collect();
    let specs = fields.iter().map(Declared::spec);
    let list = format_ident!("{}_fields", snake(&title));
    let clean = without_markers(item.clone());
    let mutable = (!names.is_empty()).then(|| quote!(mut));
    let references = if names.is_empty() {
        quote!(let _ = visit;)
    } else {
        quote!(#(crate::field::Field::references(&self.#names, visit);)*)
    };
    let value = as_value.then(|| quote!(crate::input::value_field!(#name);));
    Ok(quote! {
        #[derive(Clone, Debug, PartialEq)]
        #clean
        /// What is absent stays away, as in a resource.
        impl serde::Serialize for #name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let #mutable map = serializer.serialize_map(None)?;
                #(if !crate::field::Field::is_absent(&self.#names) {
                    map.serialize_entry(#texts, &self.#names)?;
                })*
                map.end()
            }
        }
        impl crate::input::Input for #name {
            const TITLE: &'static str = #title;
            const DOC: &'static str = #doc;
            const FIELDS: &'static [crate::field::FieldSpec] = &[#(#specs),*];
            fn read(reader: &mut crate::input::Reader<'_>) -> Option<Self> {
                #(let #names = reader.field::<#types>(#texts);)*
                Some(Self { #(#names: #names?),* })
            }
            fn references(&self, visit: &mut dyn FnMut(&'static str, String)) {
                #references
            }
        }
        #value
        /// The fields of this input, for the gRPC door.
        #[macro_export]
        macro_rules! #list {
            ($callback:ident $($arguments:tt)*) => {
                $callback! { [$($arguments)*] #name { #(#names),* } }
            };
        }
    })
}
