//! Parsing of a struct: its documentation, its fields and their markers.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Field, Ident, Lit, Meta, Token, Type};

/// Who sets a field.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Setter {
    Create,
    Write,
    System,
}

/// One field as declared.
pub(crate) struct Declared {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) doc: String,
    pub(crate) setter: Setter,
    pub(crate) markers: Vec<String>,
}

impl Declared {
    pub(crate) fn read(field: &Field, setter: Setter) -> syn::Result<Self> {
        let name = field.ident.clone().ok_or_else(|| syn::Error::new_spanned(field, "a named field is needed"))?;
        let doc = documentation(&field.attrs);
        if doc.is_empty() {
            return Err(syn::Error::new_spanned(field, "every wire field needs a doc comment: it is the public text"));
        }
        let mut declared = Self { name, ty: field.ty.clone(), doc, setter, markers: Vec::new() };
        for attribute in field.attrs.iter().filter(|a| a.path().is_ident("field")) {
            for marker in attribute.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated)? {
                declared.mark(&marker)?;
            }
        }
        Ok(declared)
    }

    fn mark(&mut self, marker: &Ident) -> syn::Result<()> {
        match marker.to_string().as_str() {
            "create" => self.setter = Setter::Create,
            "write" => self.setter = Setter::Write,
            "system" => self.setter = Setter::System,
            known @ ("filter" | "private" | "personal" | "parent" | "inherited" | "required" | "unique") => {
                self.markers.push(known.to_owned());
            }
            _ => {
                let known =
                    "one of: create, write, system, filter, private, personal, parent, inherited, required, unique";
                return Err(syn::Error::new_spanned(marker, known));
            }
        }
        Ok(())
    }

    pub(crate) fn has(&self, marker: &str) -> bool {
        self.markers.iter().any(|m| m == marker)
    }

    /// The `FieldSpec` of this field.
    pub(crate) fn spec(&self) -> TokenStream {
        let (name, doc, ty) = (self.name.to_string(), &self.doc, &self.ty);
        let setter = match self.setter {
            Setter::Create => quote!(Create),
            Setter::Write => quote!(Write),
            Setter::System => quote!(System),
        };
        let (filter, private, personal) = (self.has("filter"), self.has("private"), self.has("personal"));
        let (parent, inherited) = (self.has("parent"), self.has("inherited"));
        let (required, unique) = (self.has("required"), self.has("unique"));
        quote! {
            crate::field::FieldSpec {
                name: #name, doc: #doc, setter: crate::field::Setter::#setter,
                filter: #filter, private: #private, personal: #personal, parent: #parent,
                inherited: #inherited, unique: #unique,
                nullable: <#ty as crate::field::Described>::NULLABLE,
                optional: !#required && <#ty as crate::field::Field>::OPTIONAL,
                columns: <#ty as crate::field::Field>::COLUMNS,
                wire: <#ty as crate::field::Described>::WIRE,
                shape: <#ty as crate::field::Described>::shape,
                moves: <#ty as crate::field::Described>::MOVES,
            }
        }
    }
}

/// Text of the doc comments, lines joined to paragraphs.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// `name = "value"` and bare `name` arguments of an attribute.
pub(crate) fn arguments(tokens: TokenStream) -> syn::Result<Vec<(Ident, String)>> {
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens)?;
    metas
        .into_iter()
        .map(|meta| match &meta {
            Meta::Path(path) => Ok((path.require_ident()?.clone(), String::new())),
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    Ok((pair.path.require_ident()?.clone(), text.value()))
                }
                other => Err(syn::Error::new_spanned(other, "a string is needed")),
            },
            Meta::List(list) => Err(syn::Error::new_spanned(list, "name or name = \"value\"")),
        })
        .collect()
}

/// `RiskCategory` → `risk_category`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.char_indices() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The struct without `#[field]` markers, which only the macro understands.
pub(crate) fn without_markers(mut item: syn::ItemStruct) -> syn::ItemStruct {
    for field in &mut item.fields {
        field.attrs.retain(|a| !a.path().is_ident("field"));
    }
    item
}
