//! Persons over gRPC.

use steerco_domain::person::{DisablePerson, EnablePerson, ErasePerson, Person};
use steerco_domain::{disable_person_fields, enable_person_fields, erase_person_fields, person_fields};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

person_fields!(resource_service verbs {
    disable_person DisablePerson, enable_person EnablePerson, erase_person ErasePerson,
});
disable_person_fields!(verb_wire DisablePersonRequest);
enable_person_fields!(verb_wire EnablePersonRequest);
erase_person_fields!(verb_wire ErasePersonRequest);
