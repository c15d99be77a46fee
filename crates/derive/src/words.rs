//! `#[words]`: an enum as lower-case words.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, ItemEnum};

use crate::declaration::{documentation, snake};

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let states = match syn::parse2::<Option<Ident>>(arguments)? {
        None => false,
        Some(states) if states == "states" => true,
        Some(other) => return Err(syn::Error::new_spanned(other, "nothing, or: states")),
    };
    let item: ItemEnum = syn::parse2(item)?;
    let name = &item.ident;
    let title = name.to_string();
    let doc = documentation(&item.attrs);
    let variants: Vec<_> = item.variants.iter().map(|v| &v.ident).collect();
    let words: Vec<_> = item
        .variants
        .iter()
        .map(|v| (snake(&v.ident.to_string()), documentation(&v.attrs)))
        .map(|(word, doc)| quote!((#word, #doc)))
        .collect();
    let texts: Vec<_> = variants.iter().map(|v| snake(&v.to_string())).collect();
    let moves = if states { quote!(Some(crate::state::moves::<#name>)) } else { quote!(None) };
    Ok(quote! {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #item
        impl crate::words::Words for #name {
            const TITLE: &'static str = #title;
            const DOC: &'static str = #doc;
            const WORDS: &'static [(&'static str, &'static str)] = &[#(#words),*];
            const ALL: &'static [Self] = &[#(Self::#variants),*];
            fn word(self) -> &'static str {
                match self { #(Self::#variants => #texts),* }
            }
        }
        crate::words::word_field!(#name, #moves);
    })
}
