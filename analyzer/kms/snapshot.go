// Package kms owns the model that rules read: the keys of one snapshot with what points at them, and the
// resources that encrypt with a key.
package kms

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Snapshot is the model of one configuration.
type Snapshot struct {
	Declared    int // resources and data sources of all scopes, modelled or not
	Config      *terraform.Configuration
	Keys        []*Key      // in the order of roots and addresses
	KeyPolicies []KeyPolicy // aws_kms_key_policy resources

	demanded  map[string]bool // resource types that somebody judges even where they name no key
	resources map[id][]*terraform.Resource
	byType    map[string][]*terraform.Resource
	places    map[id]*terraform.Resource // by the place of an instance, once somebody asks
	documents *policy.Resolver
	policies  map[*Key]policy.Document // read so far
	writes    map[*terraform.Resource][]Written

	byResource map[*terraform.Resource]*Key
	links      *links                 // nil until somebody asks
	targets    map[identifier]target  // found so far
	aliases    map[string][]aliasName // by root module; nil until somebody asks
	sent       *deliveries            // nil until somebody asks
}

// id tells a resource apart in a repository: addresses repeat between root modules.
type id struct{ root, address string }

// Key is an aws_kms_key, aws_kms_external_key, aws_kms_replica_key or aws_kms_replica_external_key.
type Key struct {
	*terraform.Resource
	Policies []KeyPolicy // aws_kms_key_policy resources that certainly point at this key

	snapshot *Snapshot
}

// KeyPolicy is an aws_kms_key_policy and the key that it is for.
type KeyPolicy struct {
	*terraform.Resource
	KeyID terraform.Value
}

var keyTypes = []string{"aws_kms_external_key", "aws_kms_key", "aws_kms_replica_external_key", "aws_kms_replica_key"}

// modelled tells what rules look at: managed resources, and a data source that is given a secret. Other data sources
// are found through references.
func modelled(kind, typ string) bool {
	return kind == "resource" && (ofKMS(typ) || isIAM(typ) || typ == iamUser || typ == defaultEncryption || services.Of(typ) != nil || services.Switches(typ) != nil || services.Delivers(typ)) || kind+"."+typ == dataCiphertext
}

// Build reads the model out of a configuration.
func Build(config *terraform.Configuration) *Snapshot {
	s := &Snapshot{
		Config: config, resources: map[id][]*terraform.Resource{}, byType: map[string][]*terraform.Resource{},
		documents: policy.NewResolver(config), policies: map[*Key]policy.Document{},
		byResource: map[*terraform.Resource]*Key{}, targets: map[identifier]target{},
		writes: map[*terraform.Resource][]Written{},
	}
	for _, scope := range config.Scopes() {
		s.Declared += scope.Declared()
		for _, r := range scope.Resources(modelled) {
			at := id{scope.Root, r.Address}
			s.resources[at] = append(s.resources[at], r)
			typ := r.Type
			if r.Kind == "data" {
				typ = "data." + typ
			}
			s.byType[typ] = append(s.byType[typ], r)
		}
	}
	for _, r := range s.OfType("aws_kms_key_policy") {
		s.KeyPolicies = append(s.KeyPolicies, KeyPolicy{Resource: r, KeyID: r.Attr("key_id")})
	}
	for _, typ := range keyTypes {
		for _, r := range s.OfType(typ) {
			key := &Key{Resource: r, Policies: s.policiesOf(r), snapshot: s}
			s.Keys, s.byResource[r] = append(s.Keys, key), key
		}
	}
	return s
}

// Demand says which resource types are judged even where they name no key: their resources are of concern.
func (s *Snapshot) Demand(types map[string]bool) *Snapshot {
	s.demanded = types
	return s
}

func (s *Snapshot) policiesOf(key *terraform.Resource) []KeyPolicy {
	return slices.DeleteFunc(slices.Clone(s.KeyPolicies), func(p KeyPolicy) bool {
		ref := p.KeyID.Reference
		return p.Scope.Root != key.Scope.Root || ref == nil || ref.Address != key.Address
	})
}

// OfType lists the managed resources of a type, in the order of roots and addresses; with "data." before it, the data
// sources.
func (s *Snapshot) OfType(typ string) []*terraform.Resource { return s.byType[typ] }

// Resource finds a resource of a root module by its address, the first where its instances are told apart; nil
// if there is none.
func (s *Snapshot) Resource(root, address string) *terraform.Resource {
	if all := s.resources[id{root, address}]; len(all) > 0 {
		return all[0]
	}
	return nil
}

// Resources lists what the model has, one for each address, in no particular order.
func (s *Snapshot) Resources() []*terraform.Resource {
	all := make([]*terraform.Resource, 0, len(s.resources))
	for _, instances := range s.resources {
		all = append(all, instances[0])
	}
	return all
}

// Weight is what it takes to judge each root module: its resources, and its scopes, which cost some more.
func (s *Snapshot) Weight() map[string]int {
	weight := map[string]int{}
	for at, instances := range s.resources {
		weight[at.root] += len(instances)
	}
	for _, scope := range s.Config.Scopes() {
		weight[scope.Root] += 20
	}
	return weight
}

// Before finds what a resource of s was in an earlier snapshot, moved blocks honoured; nil if it is new. Where r stands
// for several instances, it is what the first of them was that is not new.
func (s *Snapshot) Before(base *Snapshot, r *terraform.Resource) *terraform.Resource {
	places, known := s.PreviousPlaces(base, r)
	if known {
		for _, place := range places {
			if before := base.at(r.Scope.Root, place); before != nil {
				return before
			}
		}
	}
	for _, address := range []string{r.Address, s.Config.PreviousAddress(r.Scope.Root, r.Address)} {
		for _, before := range base.resources[id{r.Scope.Root, address}] {
			if _, certain := before.Places(); !known || !certain {
				return before // it may be any
			}
		}
	}
	return nil
}

// PreviousPlaces lists where the instances of a resource of s were in an earlier snapshot; known is false where it may
// have others, or fewer.
func (s *Snapshot) PreviousPlaces(base *Snapshot, r *terraform.Resource) (places []string, known bool) {
	return r.PreviousPlaces(func(place string) bool { return base.at(r.Scope.Root, place) != nil })
}

// at finds the resource that stands for an instance.
func (s *Snapshot) at(root, place string) *terraform.Resource {
	if s.places == nil {
		s.places = map[id]*terraform.Resource{}
		for at, resources := range s.resources {
			for _, r := range resources {
				places, _ := r.Places()
				for _, place := range places {
					s.places[id{at.root, place}] = r
				}
			}
		}
	}
	return s.places[id{root, place}]
}
