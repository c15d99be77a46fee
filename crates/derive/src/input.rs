//! `#[input]`: the body of a verb, or a nested object.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, ItemStruct};

use crate::declaration::{Declared, Setter, arguments, documentation, without_markers};

pub(crate) fn expand(tokens: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let item: ItemStruct = syn::parse2(item)?;
    let fields = item.fields.iter().map(|f| Declared::read(f, Setter::Write)).collect::<syn::Result<Vec<_>>>()?;
    let as_value = arguments(tokens)?.iter().any(|(name, _)| name == "value");
    let (name, title, doc) = (&item.ident, item.ident.to_string(), documentation(&item.attrs));
    let names: Vec<&Ident> = fields.iter().map(|f| &f.name).collect();
    let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
    let types: Vec<_> = fields.iter().map(|f| &f.ty).collect();
    let specs = fields.iter().map(Declared::spec);
    let clean = without_markers(item.clone());
    let mutable = (!names.is_empty()).then(|| quote!(mut));
    let unused = |name: &str| {
        let name = format_ident!("{name}");
        names.is_empty().then(|| quote!(let _ = #name;))
    };
    let (no_visit, no_out, no_cells) = (unused("visit"), unused("out"), unused("cells"));
    let value = as_value.then(|| quote!(crate::input::value_field!(#name);));
    Ok(quote! {
        #[derive(Clone, Debug, PartialEq)]
        #clean
        /// Absent members are omitted, as in a resource.
        impl serde::Serialize for #name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let #mutable map = serializer.serialize_map(None)?;
                #(if !crate::field::Described::is_absent(&self.#names) {
                    map.serialize_entry(#texts, &self.#names)?;
                })*
                map.end()
            }
        }
        impl crate::encode::Encode for #name {
            fn encode(&self, to: &mut dyn crate::encode::Encoder) {
                to.object(&|members| {
                    #(if !crate::field::Described::is_absent(&self.#names) {
                        members.member(#texts, &self.#names);
                    })*
                    let _ = members;
                });
            }
        }
        impl crate::input::Input for #name {
            const TITLE: &'static str = #title;
            const DOC: &'static str = #doc;
            const FIELDS: &'static [crate::field::FieldSpec] = {
                static FIELDS: &[crate::field::FieldSpec] = &[#(#specs),*];
                FIELDS
            };
            fn read(reader: &mut crate::input::Reader<'_>) -> Option<Self> {
                #(let #names = reader.field::<#types>(#texts);)*
                Some(Self { #(#names: #names?),* })
            }
            fn references(&self, visit: &mut dyn FnMut(&'static str, String)) {
                #no_visit
                #(crate::field::Field::references(&self.#names, visit);)*
            }
            fn to_cells(&self, out: &mut Vec<crate::field::Cell>) {
                #no_out
                #(crate::field::Field::store(&self.#names, out);)*
            }
            fn from_cells(cells: &mut crate::field::Cells) -> Option<Self> {
                #no_cells
                Some(Self { #(#names: crate::field::Field::load(cells)?),* })
            }
        }
        #value
    })
}
