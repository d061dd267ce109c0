package kms

import (
	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Use is an argument of a service that names a key of the configuration.
type Use struct {
	Consumer *terraform.Resource
	Row      *services.Row // what is known of the argument; its path is Row.Path
	Value    terraform.Value
	Key      *Key
	Form     services.Form
	Via      *terraform.Resource // the alias between, an aws_kms_alias or data source; nil without one
}

// links is who points at whom, found once for a snapshot.
type links struct {
	uses     []Use                          // certain, in the order of types, roots and addresses
	of       map[*Key][]Use                 // certain, by key
	may      map[*Key][]Use                 // uses of one of several keys, by each of them
	keys     map[*terraform.Resource][]*Key // of each resource that names a key, those that it certainly is: perhaps none
	aliases  map[*Key][]*terraform.Resource
	grants   map[*Key][]*terraform.Resource
	replicas map[*Key][]*Key
	primary  map[*Key]*Key
}

// Uses lists the arguments of services that certainly name a key of the configuration: directly, through an alias, a
// data source or a module, in nested and dynamic blocks.
func (s *Snapshot) Uses() []Use { return s.linked().uses }

// Uses lists the arguments of services that certainly name the key.
func (k *Key) Uses() []Use { return k.snapshot.linked().of[k] }

// MayUses lists the arguments of services that may name the key, or another one.
func (k *Key) MayUses() []Use { return k.snapshot.linked().may[k] }

// Aliases lists the aws_kms_alias resources that certainly point at the key.
func (k *Key) Aliases() []*terraform.Resource { return k.snapshot.linked().aliases[k] }

// Grants lists the aws_kms_grant resources that are certainly for the key.
func (k *Key) Grants() []*terraform.Resource { return k.snapshot.linked().grants[k] }

// Replicas lists the replica keys whose primary the key certainly is.
func (k *Key) Replicas() []*Key { return k.snapshot.linked().replicas[k] }

// Primary is the key that a replica is one of, as far as the configuration has it; nil for any other key.
func (k *Key) Primary() *Key { return k.snapshot.linked().primary[k] }

func (s *Snapshot) linked() *links {
	if s.links == nil {
		s.links = &links{
			of: map[*Key][]Use{}, may: map[*Key][]Use{},
			keys:    map[*terraform.Resource][]*Key{},
			aliases: map[*Key][]*terraform.Resource{}, grants: map[*Key][]*terraform.Resource{},
			replicas: map[*Key][]*Key{}, primary: map[*Key]*Key{},
		}
		s.linkParts()
		s.linkServices()
	}
	return s.links
}

// linkParts finds what is a part of which key.
func (s *Snapshot) linkParts() {
	for typ, into := range map[string]map[*Key][]*terraform.Resource{"aws_kms_alias": s.links.aliases, "aws_kms_grant": s.links.grants} {
		for _, r := range s.OfType(typ) {
			if t := s.target(r.Attr(belongsBy[typ]), r, 0); t.truth == terraform.True {
				into[t.keys[0]] = append(into[t.keys[0]], r)
			}
		}
	}
	for _, replica := range s.Keys {
		if attr := belongsBy[replica.Type]; attr != "" {
			if t := s.target(replica.Attr(attr), replica.Resource, 0); t.truth == terraform.True {
				s.links.replicas[t.keys[0]] = append(s.links.replicas[t.keys[0]], replica)
				s.links.primary[replica] = t.keys[0]
			}
		}
	}
}

func (s *Snapshot) linkServices() {
	rows := services.All()
	for i := range rows {
		row := &rows[i]
		for _, r := range s.OfType(row.Type) {
			for _, v := range arguments(r, row) {
				s.link(r, row, v)
			}
		}
	}
}

func (s *Snapshot) link(r *terraform.Resource, row *services.Row, v terraform.Value) {
	t := s.target(v, r, 0)
	use := Use{Consumer: r, Row: row, Value: v, Form: t.form, Via: t.via}
	own := s.links.keys[r]
	switch {
	case t.truth == terraform.True && !r.Ignores(row.Top()):
		use.Key = t.keys[0]
		own = append(own, use.Key)
		s.links.uses = append(s.links.uses, use)
		s.links.of[use.Key] = append(s.links.of[use.Key], use)
	default:
		for _, key := range t.keys {
			use.Key = key
			s.links.may[key] = append(s.links.may[key], use)
		}
	}
	s.links.keys[r] = own // with none too: it names a key, wherever that is
}
