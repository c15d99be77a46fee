//! `#[resource]`: the declaration of a resource.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Expr, ExprLit, Field, Fields, Ident, ItemStruct, Lit, LitStr, Meta, MetaList, MetaNameValue, Path, Token,
    parse_quote,
};

use crate::declaration::{Declared, Setter, documentation, snake, without_markers};

#[derive(Default)]
struct Arguments {
    prefix: String,
    plural: String,
    scope: String,
    reach: Option<String>,
    dated: bool,
    verbs: Vec<Path>,
    rights: Vec<LitStr>,
}

impl Arguments {
    fn read(tokens: TokenStream) -> syn::Result<Self> {
        let mut read = Self::default();
        for meta in Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens)? {
            let name = meta.path().require_ident()?.to_string();
            match (name.as_str(), &meta) {
                ("dated", Meta::Path(_)) => read.dated = true,
                ("prefix", Meta::NameValue(pair)) => read.prefix = string(pair)?,
                ("plural", Meta::NameValue(pair)) => read.plural = string(pair)?,
                ("scope", Meta::NameValue(pair)) => read.scope = string(pair)?,
                ("reach", Meta::NameValue(pair)) => read.reach = Some(string(pair)?),
                ("verbs", Meta::List(list)) => read.verbs = listed(list)?,
                ("rights", Meta::List(list)) => read.rights = listed(list)?,
                _ => {
                    let known = "one of: prefix, plural, scope, reach = \"…\", verbs(…), rights(\"…\"), dated";
                    return Err(syn::Error::new_spanned(meta, known));
                }
            }
        }
        Ok(read)
    }
}

fn string(pair: &MetaNameValue) -> syn::Result<String> {
    match &pair.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.value()),
        other => Err(syn::Error::new_spanned(other, "a string is needed")),
    }
}

fn listed<T: Parse>(list: &MetaList) -> syn::Result<Vec<T>> {
    Ok(list.parse_args_with(Punctuated::<T, Token![,]>::parse_terminated)?.into_iter().collect())
}

/// The fields of every resource, in the order of the wire format.
fn common(name: &Ident, dated: bool) -> Vec<Field> {
    let mut fields: Vec<Field> = vec![
        parse_quote! {
            /// Identifier, assigned by the service: a TypeID (prefix and UUIDv7).
            #[field(filter)] pub id: crate::id::Id<#name>
        },
        parse_quote! {
            /// Revision: 1 at creation, increased by 1 with every change.
            #[field(private)] pub revision: i32
        },
        parse_quote! {
            /// Time of creation (UTC).
            #[field(filter)] pub created_at: crate::time::Instant
        },
        parse_quote! {
            /// Time of the last change (UTC).
            #[field(filter, private)] pub updated_at: crate::time::Instant
        },
        parse_quote! {
            /// Creator: id of a person or service account, or `system`.
            #[field(filter, private)] pub created_by: crate::actor::Actor
        },
        parse_quote! {
            /// Time of deletion (UTC); absent if it is not deleted.
            #[field(filter)] pub deleted_at: Option<crate::time::Instant>
        },
        parse_quote! {
            /// Identifiers in other systems, unique in the organisation per kind and source.
            #[field(write, private)] pub external_refs: crate::refs::ExternalRefs
        },
        parse_quote! {
            /// Free-form labels.
            #[field(write, private)] pub labels: crate::labels::Labels
        },
    ];
    if dated {
        fields.insert(
            4,
            parse_quote! {
                /// Time from which this version is effective (UTC). A backfill may set it earlier than the time of the change.
                #[field(filter, private)] pub effective_at: crate::time::Instant
            },
        );
    }
    fields
}

pub(crate) fn expand(tokens: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let arguments = Arguments::read(tokens)?;
    let mut item: ItemStruct = syn::parse2(item)?;
    let own = match std::mem::replace(&mut item.fields, Fields::Unit) {
        Fields::Named(fields) => fields.named,
        other => return Err(syn::Error::new_spanned(other, "a resource has named fields")),
    };
    let mut all = common(&item.ident, arguments.dated);
    all.extend(own);
    item.fields = Fields::Named(parse_quote!({ #(#all),* }));
    let fields = all.iter().map(|f| Declared::read(f, Setter::System)).collect::<syn::Result<Vec<_>>>()?;
    let implementation = implementation(&item, &arguments, &fields)?;
    let clean = without_markers(item);
    Ok(quote! {
        #[derive(Clone, Debug, PartialEq)]
        #clean
        #implementation
    })
}

/// The constant that describes the kind.
fn kind(item: &ItemStruct, arguments: &Arguments, fields: &[Declared]) -> syn::Result<TokenStream> {
    let name = &item.ident;
    let (title, singular, doc) = (name.to_string(), snake(&name.to_string()), documentation(&item.attrs));
    let Arguments { prefix, plural, verbs, rights, .. } = arguments;
    let scope: Expr = syn::parse_str(&format!("crate::resource::ScopeRule::{}", arguments.scope))?;
    let reach = arguments.reach.as_deref().unwrap_or("Whole");
    let reach: Expr = syn::parse_str(&format!("crate::resource::Reach::{reach}"))?;
    let dated = arguments.dated;
    let specs = fields.iter().map(Declared::spec);
    Ok(quote! {
        // A static exists once in the program; a constant would be duplicated in each crate that uses it.
        const KIND: &'static crate::resource::Kind = {
            static KIND: crate::resource::Kind = crate::resource::Kind {
                name: #singular, plural: #plural, prefix: #prefix, title: #title, doc: #doc,
                scope: #scope, dated: #dated, reach: #reach,
                fields: &[#(#specs),*],
                verbs: &[#(crate::resource::Act::of::<#verbs>(#singular)),*],
                rights: &[#(#rights),*],
                rows: crate::access_rows::Rows::of(#singular, #reach),
                make: crate::any_resource::Maker::of::<#name>(),
            };
            &KIND
        };
    })
}

fn implementation(item: &ItemStruct, arguments: &Arguments, fields: &[Declared]) -> syn::Result<TokenStream> {
    let name = &item.ident;
    let (singular, prefix) = (snake(&name.to_string()), &arguments.prefix);
    let kind = kind(item, arguments, fields)?;
    let names: Vec<&Ident> = fields.iter().map(|f| &f.name).collect();
    let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
    let types: Vec<_> = fields.iter().map(|f| &f.ty).collect();
    let positions: Vec<usize> = (0..fields.len()).collect();
    let settable: Vec<&Declared> = fields.iter().filter(|f| f.setter != Setter::System).collect();
    let (set_names, set_types): (Vec<_>, Vec<_>) = settable.iter().map(|f| (&f.name, &f.ty)).unzip();
    let set_texts: Vec<String> = set_names.iter().map(ToString::to_string).collect();
    let given: Vec<&str> = ["id", "created_at", "updated_at", "effective_at", "created_by", "revision"].into();
    let initial = fields.iter().filter(|f| f.setter == Setter::System).map(|f| {
        let name = &f.name;
        match name.to_string() {
            n if n == "revision" => quote!(revision: 1),
            n if n == "id" => quote!(id: crate::id::Id::from_u128(seed.id)),
            n if n == "created_by" => quote!(created_by: seed.by.clone()),
            n if n == "effective_at" => quote!(effective_at: seed.effective_at),
            n if given.contains(&n.as_str()) => quote!(#name: seed.at),
            _ => quote!(#name: Default::default()),
        }
    });
    let inherited: Vec<&Declared> = fields.iter().filter(|f| f.has("inherited")).collect();
    let (heir_names, heir_types): (Vec<_>, Vec<_>) = inherited.iter().map(|f| (&f.name, &f.ty)).unzip();
    let heir_texts: Vec<String> = heir_names.iter().map(ToString::to_string).collect();
    let inherit = (!inherited.is_empty()).then(|| {
        quote! {
            fn inherit(&mut self, field: &str, cells: &mut crate::field::Cells) -> Result<(), crate::field::Corrupt> {
                match field {
                    #(#heir_texts => self.#heir_names = cells.field::<#heir_types>(#heir_texts)?,)*
                    _ => return Err(crate::field::Corrupt(format!("{field} is not inherited"))),
                }
                Ok(())
            }
        }
    });
    let effective = if arguments.dated { quote!(Some(&mut self.effective_at)) } else { quote!(None) };
    Ok(quote! {
        crate::any_resource::any_resource!(#name);
        impl crate::resource::Resource for #name {
            #kind
            fn read_new(reader: &mut crate::input::Reader<'_>, seed: &crate::resource::Seed) -> Option<Self> {
                #(let #set_names = reader.field::<#set_types>(#set_texts);)*
                Some(Self { #(#initial,)* #(#set_names: #set_names?),* })
            }
            fn merge(&mut self, reader: &mut crate::input::Reader<'_>) {
                #(reader.merge(#set_texts, &mut self.#set_names);)*
            }
            fn changed_since(&self, before: &Self) -> Vec<&'static str> {
                let mut changed = Vec::new();
                #(if self.#names != before.#names { changed.push(#texts); })*
                changed
            }
            fn store(&self, out: &mut Vec<crate::field::Cell>) {
                #(crate::field::Field::store(&self.#names, out);)*
            }
            fn load(cells: &mut crate::field::Cells) -> Result<Self, crate::field::Corrupt> {
                Ok(Self { #(#names: cells.field::<#types>(#texts)?),* })
            }
            #inherit
            fn encode(&self, mask: crate::mask::Mask, to: &mut dyn crate::encode::MemberEncoder) {
                #(if mask.has(#positions) && !crate::field::Described::is_absent(&self.#names) {
                    to.member(#texts, &self.#names);
                })*
            }
            fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, String)) {
                #(crate::field::Field::references(&self.#names, &mut |kind, id| visit(#texts, kind, id));)*
            }
            fn common(&self) -> crate::resource::Common<'_> {
                crate::resource::Common {
                    id: self.id.as_u128(), revision: self.revision, created_at: self.created_at,
                    updated_at: self.updated_at, deleted_at: self.deleted_at, external_refs: &self.external_refs,
                }
            }
            fn common_mut(&mut self) -> crate::resource::CommonMut<'_> {
                crate::resource::CommonMut {
                    revision: &mut self.revision, updated_at: &mut self.updated_at, deleted_at: &mut self.deleted_at,
                    external_refs: &mut self.external_refs, effective_at: #effective,
                }
            }
        }
        impl crate::id::HasId for #name {
            const PREFIX: &'static str = #prefix;
            const KIND_NAME: &'static str = #singular;
        }
    })
}
