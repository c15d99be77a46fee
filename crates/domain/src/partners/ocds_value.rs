//! JSON trees of the Open Contracting Data Standard: numbers keep their decimals, and releases merge as the standard says.

use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::money::Money;

/// A value of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OcdsValue {
    Null,
    Text(String),
    /// A decimal, as it is written.
    Number(String),
    /// Texts, which are replaced as a whole.
    Texts(Vec<String>),
    /// Objects with an `id` each, which are merged one by one.
    List(Vec<OcdsValue>),
    Object(Vec<(&'static str, OcdsValue)>),
}

impl OcdsValue {
    /// An object of the members that are there.
    pub fn object<const N: usize>(members: [(&'static str, Option<Self>); N]) -> Self {
        Self::Object(members.into_iter().filter_map(|(name, node)| Some((name, node?))).collect())
    }

    pub fn text(text: impl Into<String>) -> Option<Self> {
        Some(Self::Text(text.into()))
    }

    /// An amount, without decimals that say nothing.
    pub fn money(money: Money) -> Self {
        let amount = money.amount();
        let amount = amount.trim_end_matches('0').trim_end_matches('.').to_owned();
        Self::object([("amount", Some(Self::Number(amount))), ("currency", Self::text(money.currency.code()))])
    }

    /// A list, if it has elements.
    pub fn list(items: Vec<Self>) -> Option<Self> {
        Some(Self::List(items)).filter(|list| *list != Self::List(Vec::new()))
    }

    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(known, _)| *known == name).map(|(_, node)| node),
            _ => None,
        }
    }

    fn id(&self) -> Option<&Self> {
        self.get("id")
    }

    /// Merges a newer release in: what it leaves out stays, null removes, and of objects in lists those with one `id` are
    /// one. A list keeps the order in which its elements first came.
    pub fn merge(&mut self, newer: &Self) {
        match (self, newer) {
            (Self::Object(members), Self::Object(newer)) => {
                for (name, node) in newer {
                    merge_member(members, name, node);
                }
            }
            (Self::List(items), Self::List(newer)) => {
                for node in newer {
                    match items.iter_mut().find(|item| item.id() == node.id()) {
                        Some(item) => item.merge(node),
                        None => items.push(fresh(node)),
                    }
                }
            }
            (this, newer) => *this = newer.clone(),
        }
    }

    /// This release with a null for each value that `merged` has and this one does not, so that merging it in removes them.
    /// `id` stays: an element of a list cannot be taken out, only emptied.
    #[must_use]
    pub fn removing(&self, merged: &Self) -> Self {
        match (self, merged) {
            (Self::Object(members), Self::Object(before)) => {
                let mut all = members.clone();
                for (name, was) in before {
                    match all.iter_mut().find(|(known, _)| known == name) {
                        Some((_, node)) => *node = node.removing(was),
                        None => all.extend(was.removed().map(|gone| (*name, gone))),
                    }
                }
                Self::Object(all)
            }
            (Self::List(items), Self::List(before)) => {
                let of = |item: &Self| before.iter().find(|was| was.id() == item.id());
                let mut all: Vec<Self> =
                    items.iter().map(|item| of(item).map_or_else(|| item.clone(), |was| item.removing(was))).collect();
                let gone = before.iter().filter(|was| !items.iter().any(|item| item.id() == was.id()));
                all.extend(gone.filter_map(Self::emptied));
                Self::List(all)
            }
            _ => self.clone(),
        }
    }

    /// What removes this value; nothing where there is nothing left of it.
    fn removed(&self) -> Option<Self> {
        match self {
            Self::Null => None,
            Self::Object(members) => {
                let gone = members.iter().filter_map(|(name, node)| Some((*name, node.removed()?)));
                Some(Self::Object(gone.collect())).filter(|node| *node != Self::Object(Vec::new()))
            }
            Self::List(items) => Self::list(items.iter().filter_map(Self::emptied).collect()),
            _ => Some(Self::Null),
        }
    }

    /// What empties an element of a list but for its `id`.
    fn emptied(&self) -> Option<Self> {
        let Self::Object(members) = self else { return None };
        let gone = members.iter().filter(|(name, _)| *name != "id");
        let mut left: Vec<_> = gone.filter_map(|(name, node)| Some((*name, node.removed()?))).collect();
        if left.is_empty() {
            return None;
        }
        left.insert(0, ("id", self.id()?.clone()));
        Some(Self::Object(left))
    }
}

fn merge_member(members: &mut Vec<(&'static str, OcdsValue)>, name: &'static str, node: &OcdsValue) {
    let place = members.iter().position(|(known, _)| *known == name);
    match (place, node) {
        (Some(i), OcdsValue::Null) => {
            members.remove(i);
        }
        (None, OcdsValue::Null) => {}
        (Some(i), node) => members[i].1.merge(node),
        (None, node) => members.push((name, fresh(node))),
    }
}

/// A node as it is when nothing was there: without nulls.
fn fresh(node: &OcdsValue) -> OcdsValue {
    match node {
        OcdsValue::Object(_) => {
            let mut empty = OcdsValue::Object(Vec::new());
            empty.merge(node);
            empty
        }
        OcdsValue::List(_) => {
            let mut empty = OcdsValue::List(Vec::new());
            empty.merge(node);
            empty
        }
        node => node.clone(),
    }
}

impl Serialize for OcdsValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => {
                RawValue::from_string(number.clone()).map_err(S::Error::custom)?.serialize(serializer)
            }
            Self::Texts(texts) => texts.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(name, node)| map.serialize_entry(name, node))?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Currency, parse_amount};

    fn stone(id: &str, status: Option<&str>) -> OcdsValue {
        OcdsValue::object([("id", OcdsValue::text(id)), ("status", status.and_then(OcdsValue::text))])
    }

    fn release(stones: Vec<OcdsValue>, title: Option<&str>) -> OcdsValue {
        let period = title.map(|title| OcdsValue::object([("startDate", OcdsValue::text(title))]));
        OcdsValue::object([
            ("title", title.and_then(OcdsValue::text)),
            ("period", period),
            ("milestones", OcdsValue::list(stones)),
        ])
    }

    /// What was left out of a later snapshot is gone after the merge, and an element that left its list is an empty shell.
    #[test]
    fn merging_removes_what_a_snapshot_leaves_out() {
        let first = release(vec![stone("a", Some("met")), stone("b", None)], Some("2018-07-01"));
        let second = release(vec![stone("c", None), stone("b", Some("met"))], None);
        let mut merged = OcdsValue::Object(Vec::new());
        merged.merge(&first);
        let sent = second.removing(&merged);
        merged.merge(&sent);
        let json = serde_json::to_string(&merged).unwrap();
        assert_eq!(json, r#"{"period":{},"milestones":[{"id":"a"},{"id":"b","status":"met"},{"id":"c"}]}"#);
        let sent = second.removing(&merged);
        assert_eq!(sent, second, "what is gone is not removed again");
    }

    #[test]
    fn amounts_keep_every_decimal() {
        let money = |text: &str| Money::new(parse_amount(text).unwrap(), Currency::parse("EUR").unwrap());
        for (text, shown) in
            [("35250000", "35250000"), ("0.1", "0.1"), ("922337203685477.5807", "922337203685477.5807")]
        {
            let json = serde_json::to_string(&OcdsValue::money(money(text))).unwrap();
            assert_eq!(json, format!(r#"{{"amount":{shown},"currency":"EUR"}}"#));
        }
    }
}
