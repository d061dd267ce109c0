package kms

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Inventory counts the keys and what encrypts, at head. Instances that are told apart count each.
type Inventory struct {
	Keys        int
	Rotatable   int // of a kind that AWS rotates: symmetric, its own material, no custom key store
	Rotated     int // of Rotatable, those whose rotation is certainly on
	OwnPolicy   int // with a key policy, in the key or beside it
	MultiRegion int // primaries

	OwnKey       int // consumers whose key the configuration names, and that is not AWS's
	AWSKey       int // that AWS encrypts with a key of its own
	NotEncrypted int
	Unknown      int // it depends on values that are not known
}

// Inventory counts what the model has. Resources in directories that have nothing to do with KMS are not in it.
func (s *Snapshot) Inventory() Inventory {
	var i Inventory
	for _, key := range s.Keys {
		i.addKey(key)
	}
	account := s.EncryptedByDefault()
	for _, r := range s.Resources() {
		if r.Kind == "resource" {
			i.addConsumer(r, account)
		}
	}
	return i
}

func (i *Inventory) addKey(key *Key) {
	n := max(1, len(key.Instances))
	i.Keys += n
	if len(key.Policies) > 0 || !key.Attr("policy").Absent() {
		i.OwnPolicy += n
	}
	if key.Type != "aws_kms_key" {
		return
	}
	if key.Attr("multi_region").IsTrue() == terraform.True {
		i.MultiRegion += n
	}
	spec, usage, store := key.Attr("customer_master_key_spec"), key.Attr("key_usage"), key.Attr("custom_key_store_id")
	symmetric := spec.Absent() || spec.IsString("SYMMETRIC_DEFAULT") == terraform.True
	encrypts := usage.Absent() || usage.IsString("ENCRYPT_DECRYPT") == terraform.True
	if symmetric && encrypts && store.Absent() {
		i.Rotatable += n
		if key.Attr("enable_key_rotation").IsTrue() == terraform.True {
			i.Rotated += n
		}
	}
}

// addConsumer counts a resource by its key where it names one, else by what the service does without. Of a service of
// which that is not known, nothing is said.
func (i *Inventory) addConsumer(r *terraform.Resource, account bool) {
	n := max(1, len(r.Instances))
	rows := services.Of(r.Type)
	byAWS, undecided, encrypts := false, false, false
	for at := range rows {
		row := &rows[at]
		if row.Signs {
			continue
		}
		encrypts = true
		for _, v := range ValuesAt(r, row.Path) {
			switch {
			case v.Absent():
			case AWSManaged(v):
				byAWS = true
			case v.Set() == terraform.True:
				i.OwnKey += n
				return
			default:
				undecided = true
			}
		}
		switch row.Default {
		case services.AWSOwned, services.AWSManaged, services.S3Managed, services.SQSManaged:
			byAWS = byAWS || !strings.Contains(row.Path, ".")
		case services.DefaultUnknown, services.BucketDefault, services.AccountDefault, services.FromSource, services.Required, services.Unencrypted:
		}
	}
	switch stored := storage(r, account); {
	case undecided || stored == terraform.Undecided:
		i.Unknown += n
	case stored == terraform.False && mayStorePlain(r.Type):
		i.NotEncrypted += n
	case encrypts && (byAWS || stored == terraform.True && mayStorePlain(r.Type)):
		i.AWSKey += n
	}
}

func mayStorePlain(typ string) bool {
	stores, _ := services.Stores(typ)
	return stores
}

// storage tells whether what a resource stores is encrypted, where the service leaves that to an argument.
func storage(r *terraform.Resource, account bool) terraform.Truth {
	for _, s := range services.Storages() {
		if s.Type != r.Type || strings.Contains(s.Path, ".") {
			continue
		}
		arguments, blocks := s.MadeFrom()
		for _, name := range arguments {
			if !r.Attr(name).Absent() {
				return terraform.Undecided
			}
		}
		for _, name := range blocks {
			if list, complete := r.Blocks(name); len(list) > 0 || !complete {
				return terraform.Undecided
			}
		}
		v := r.Attr(s.Path)
		switch {
		case !v.Absent() && v.Is(cty.StringVal(s.On)) == terraform.True:
			return terraform.True
		case s.Account && account:
			return terraform.True
		case s.Account || s.Image || !ofEngine(r, s.Engines) || v.Unknown():
			return terraform.Undecided
		}
		return terraform.False
	}
	return terraform.True
}

// ofEngine tells that a database is certainly of one of the engines; of any, where none are named.
func ofEngine(r *terraform.Resource, engines []string) bool {
	name, known := r.Attr("engine").Text()
	return len(engines) == 0 || known && slices.ContainsFunc(engines, func(engine string) bool { return strings.HasPrefix(name, engine) })
}

// Plus is the inventory of two configurations together.
func (i Inventory) Plus(other Inventory) Inventory {
	return Inventory{
		Keys: i.Keys + other.Keys, Rotatable: i.Rotatable + other.Rotatable, Rotated: i.Rotated + other.Rotated,
		OwnPolicy: i.OwnPolicy + other.OwnPolicy, MultiRegion: i.MultiRegion + other.MultiRegion,
		OwnKey: i.OwnKey + other.OwnKey, AWSKey: i.AWSKey + other.AWSKey, NotEncrypted: i.NotEncrypted + other.NotEncrypted,
		Unknown: i.Unknown + other.Unknown,
	}
}
