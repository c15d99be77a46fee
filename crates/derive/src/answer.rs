//! `#[answer]`: an object that occurs in responses only.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Field, Ident, ItemStruct, LitStr, Token, Type};

use crate::declaration::{arguments, documentation, without_markers};

/// One member as declared.
struct Member {
    name: Ident,
    ty: Type,
    doc: String,
    min: Option<Expr>,
    max: Option<Expr>,
    one_of: Option<Vec<LitStr>>,
    plain: bool,
}

enum Marker {
    Min(Expr),
    Max(Expr),
    OneOf(Vec<LitStr>),
    Plain,
}

impl Parse for Marker {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)?;
        match name.to_string().as_str() {
            limit @ ("min" | "max") => {
                input.parse::<Token![=]>()?;
                let value = input.parse()?;
                Ok(if limit == "min" { Self::Min(value) } else { Self::Max(value) })
            }
            "one_of" => {
                let words;
                syn::parenthesized!(words in input);
                let words = Punctuated::<LitStr, Token![,]>::parse_terminated(&words)?;
                Ok(Self::OneOf(words.into_iter().collect()))
            }
            "plain" => Ok(Self::Plain),
            _ => Err(syn::Error::new(name.span(), "one of: min = …, max = …, one_of(…), plain")),
        }
    }
}

impl Member {
    fn read(field: &Field) -> syn::Result<Self> {
        let name = field.ident.clone().ok_or_else(|| syn::Error::new_spanned(field, "a named field is needed"))?;
        let doc = documentation(&field.attrs);
        if doc.is_empty() {
            return Err(syn::Error::new_spanned(field, "every wire field needs a doc comment: it is the public text"));
        }
        let mut member = Self { name, ty: field.ty.clone(), doc, min: None, max: None, one_of: None, plain: false };
        for attribute in field.attrs.iter().filter(|a| a.path().is_ident("field")) {
            for marker in attribute.parse_args_with(Punctuated::<Marker, Token![,]>::parse_terminated)? {
                match marker {
                    Marker::Min(min) => member.min = Some(min),
                    Marker::Max(max) => member.max = Some(max),
                    Marker::OneOf(words) => member.one_of = Some(words),
                    Marker::Plain => member.plain = true,
                }
            }
        }
        Ok(member)
    }

    /// The `AnswerField` of this member.
    fn spec(&self) -> TokenStream {
        let Self { name, ty, doc, min, max, one_of, plain } = self;
        let name = name.to_string();
        let limit =
            |limit: &Option<Expr>| limit.as_ref().map_or_else(|| quote!(None), |limit| quote!(Some(#limit as i64)));
        let (min, max) = (limit(min), limit(max));
        let described = quote!(<#ty as ::steerco_domain::shape::Described>);
        let shape = match one_of {
            Some(words) => quote!(|| ::steerco_domain::shape::Shape::OneOf(&[#(#words),*])),
            None if *plain => quote!(|| #described::shape().plain()),
            None => quote!(#described::shape),
        };
        quote! {
            ::steerco_domain::shape::AnswerField {
                name: #name, doc: #doc, nullable: #described::NULLABLE, min: #min, max: #max,
                wire: #described::WIRE, shape: #shape,
            }
        }
    }
}

pub(crate) fn expand(tokens: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let item: ItemStruct = syn::parse2(item)?;
    let members = item.fields.iter().map(Member::read).collect::<syn::Result<Vec<_>>>()?;
    let (name, title, doc) = (&item.ident, item.ident.to_string(), documentation(&item.attrs));
    let (mut message, mut in_place) = (title.clone(), false);
    for (argument, text) in arguments(tokens)? {
        match argument.to_string().as_str() {
            "message" => message = text,
            "in_place" => in_place = true,
            _ => return Err(syn::Error::new_spanned(argument, "one of: message = \"…\", in_place")),
        }
    }
    let names: Vec<&Ident> = members.iter().map(|member| &member.name).collect();
    let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
    let specs = members.iter().map(Member::spec);
    let (generics, types, bounds) = item.generics.split_for_impl();
    let clean = without_markers(item.clone());
    Ok(quote! {
        #clean
        impl #generics ::steerco_domain::encode::Encode for #name #types #bounds {
            fn encode(&self, to: &mut dyn ::steerco_domain::encode::Encoder) {
                to.object(&|members| {
                    #(if !::steerco_domain::shape::Described::is_absent(&self.#names) {
                        members.member(#texts, &self.#names);
                    })*
                });
            }
        }
        impl #generics ::steerco_domain::shape::Described for #name #types #bounds {
            const WIRE: ::steerco_domain::shape::Wire = ::steerco_domain::shape::Wire::Answer(<Self as ::steerco_domain::shape::Answer>::SPEC);
            fn shape() -> ::steerco_domain::shape::Shape {
                ::steerco_domain::shape::Shape::Answer(<Self as ::steerco_domain::shape::Answer>::SPEC)
            }
        }
        impl #generics ::steerco_domain::shape::Answer for #name #types #bounds {
            const SPEC: &'static ::steerco_domain::shape::AnswerSpec = {
                static SPEC: ::steerco_domain::shape::AnswerSpec = ::steerco_domain::shape::AnswerSpec {
                    title: #title, message: #message, in_place: #in_place, doc: #doc, fields: &[#(#specs),*],
                };
                &SPEC
            };
        }
    })
}
