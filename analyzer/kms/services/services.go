// Package services owns what is known of the AWS services that take a KMS key: which argument of which resource type
// names the key, in which forms, which flag must be on beside it, and what Terraform plans when either changes.
//
// Where the facts come from:
//   - Paths, Change, Set, Unset, BareID and the switches: asked of the provider hashicorp/aws 5.100.0 itself, by
//     validating and planning each transition. Rows marked Uncertain could not be asked. The answers hold for major
//     version 5; what the API says at apply is not in them.
//   - Accepts: what the provider's validation and the API's published patterns (boto/botocore, August 2026) both let
//     through.
//   - Alias: AliasSource where there is one, else the API's documentation; the values that end in Likely are inferred.
//   - Default and Managed: AWS's guides as remembered, so they are good for wording and no ground for a finding.
package services

import (
	"slices"
	"strings"
)

// Row is one argument that takes a KMS key.
type Row struct {
	Type string // "aws_db_instance"
	Path string // the nested blocks and the argument: "root_block_device.kms_key_id"

	Accepts     Form // forms that the provider and the API let through
	Alias       Alias
	AliasSource string // URL that shows what Alias says
	BareID      Plan   // what is planned when the state holds the key's ARN and the configuration its id
	Own         string // the outermost block of the path that does nothing but encrypt the resource's own data: it may be left out
	Object      bool   // a part of the path is written as a value, not as a block: x = { kms_key_arn = ... }
	Signs       bool   // wants an asymmetric key to sign with; all others want a symmetric encryption key

	Change     Plan // another key
	Set        Plan // a key where there was none
	Unset      Plan // no key where there was one; NoOp: the service goes on with the old key
	BlockSet   Plan // as Set and Unset, with the block around the argument; Unknown where there is no block
	BlockUnset Plan
	Uncertain  bool // the plans above were not seen: treat them as unknown
	Loss       Loss // what goes if the resource is replaced

	Default  Default // who encrypts where the argument is not written
	Managed  string  // the AWS managed key's alias, where Default is AWSManaged
	OnlyWith string  // boolean argument without which the key has no effect
	Region   Region  // where the key has to be, if not beside the resource
	Flag     *Flag   // what must be on for the key to be used; nil: nothing
}

// Attribute is the argument's own name, the last part of the path.
func (r *Row) Attribute() string { return r.Path[strings.LastIndexByte(r.Path, '.')+1:] }

// Top is the argument or block of the resource itself that the path begins with.
func (r *Row) Top() string {
	top, _, _ := strings.Cut(r.Path, ".")
	return top
}

// Form is a way to write which key is meant, or a set of them.
type Form uint8

// The forms. https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id
const (
	KeyID          Form = 1 << iota // 1234abcd-12ab-34cd-56ef-1234567890ab
	KeyARN                          // arn:aws:kms:eu-west-1:111122223333:key/1234abcd-...
	AliasName                       // alias/app
	AliasARN                        // arn:aws:kms:eu-west-1:111122223333:alias/app
	MultiRegionARN                  // arn:aws:kms:eu-west-1:111122223333:key/mrk-1234abcd...

	anyARN  = KeyARN | AliasARN | MultiRegionARN
	anyForm = anyARN | KeyID | AliasName
)

// Has tells that all of the forms are in the set.
func (f Form) Has(forms Form) bool { return f&forms == forms }

// Plan is what Terraform plans for a change.
type Plan uint8

// The plans.
const (
	Unknown Plan = iota
	NoOp         // nothing is planned, and AWS keeps what it has
	InPlace
	Replace
	EngineDecides // in place for OpenSearch and for Elasticsearch from 6.7 on, else a replacement
)

// Alias is what becomes of an alias ARN that is given as the key.
type Alias uint8

// What becomes of it.
const (
	AliasUnknown            Alias = iota
	AliasKept                     // the service stores the alias, and follows it
	AliasDiscouraged              // kept, and resolved in the account of whoever makes the request
	AliasKeptUnverified           // kept, as far as is known
	AliasDiffers                  // every plan shows a change in place
	AliasReplaces                 // every plan replaces the resource
	AliasDiffersLikely            // inferred
	AliasReplacesLikely           // inferred
	AliasRejectedByProvider       // validate fails
	AliasRejectedByAPI            // apply fails
)

// Loss is what a replacement takes with it.
type Loss uint8

// What is lost.
const (
	LosesNothing Loss = iota
	LosesConfig       // a configuration that Terraform writes again
	LosesData
)

// Default is who encrypts where no key is named.
type Default uint8

// Who encrypts.
const (
	DefaultUnknown Default = iota
	AWSOwned               // a key that AWS owns, invisible to the account
	AWSManaged             // the account's AWS managed key for the service: Row.Managed
	S3Managed              // SSE-S3
	SQSManaged             // SSE-SQS
	BucketDefault          // whatever the bucket says that the data goes to
	AccountDefault         // whatever the account's setting for the Region says
	FromSource             // whatever the thing was encrypted with that it is made from
	Required               // the argument, or its block, has to say
	Unencrypted            // nobody, unless the flag is on
)

// Region is where a key has to be.
type Region uint8

// Where it has to be.
const (
	RegionUnknown Region = iota
	OfBucket             // that of the bucket which receives the data
	OfDestination        // that of the copy's destination
	OfReplica            // that which the same block names for the replica
	OfProvider           // that of the resource's own provider configuration, away from the source
)

// Flag is an argument that has to be on for a key to be used.
type Flag struct {
	Path         string   // from the resource, as Row.Path
	Or           string   // another path that does as well; "" for none
	Need         []string // the values that do
	Default      string   // the provider's value where the argument is not written; "" where none is known
	Required     bool     // always written
	Unwritten    bool     // of one without a Default: not to write it is documented to be off, with a key too
	Sources      []string // arguments that make the resource out of something that exists: it is encrypted as that is
	SourceBlocks []string
	FromSource   bool   // always made out of something that exists, whose copy is encrypted without the flag too
	Serverless   bool   // on by itself in the serverless engine_mode
	Without      string // completes "a key needs the flag, and ..."; "" where that is not known
}

// Switch is an argument that turns encryption on, and what is planned when it changes.
type Switch struct {
	Type, Path string
	Text       string // the value that is on, of a switch that is a text; any other one is off
	Default    string // the value where the argument is not written; "" where that is off, or for AWS to say
	On         Plan   // from false to true
	Off        Plan   // from true to false
	Removed    Plan   // from true to not written
	Set        Plan   // from not written to true
	Uncertain  bool   // the plans were not seen: treat them as unknown
}

// All lists the rows, by type and path. It is not to be changed.
func All() []Row {
	var all []Row
	for _, part := range table {
		all = append(all, part...)
	}
	return all
}

// Of lists the rows of a resource type; none for a type that takes no key. They are not to be changed.
func Of(typ string) []Row {
	for _, part := range table {
		if typ > part[len(part)-1].Type {
			continue
		}
		first, found := slices.BinarySearchFunc(part, typ, func(r Row, typ string) int { return strings.Compare(r.Type, typ) })
		if !found {
			return nil
		}
		last := first
		for last < len(part) && part[last].Type == typ {
			last++
		}
		return part[first:last:last]
	}
	return nil
}

// SwitchOf finds the switch at a path of a type.
func SwitchOf(typ, path string) (s Switch, ok bool) {
	i, ok := slices.BinarySearchFunc(switches, Switch{Type: typ, Path: path}, func(a, b Switch) int {
		return strings.Compare(a.Type+"."+a.Path, b.Type+"."+b.Path)
	})
	if !ok {
		return Switch{}, false
	}
	return switches[i], true
}

// Switches lists the switches of a type, by path. They are not to be changed.
func Switches(typ string) []Switch {
	first, found := slices.BinarySearchFunc(switches, typ, func(s Switch, typ string) int { return strings.Compare(s.Type, typ) })
	if !found {
		return nil
	}
	last := first
	for last < len(switches) && switches[last].Type == typ {
		last++
	}
	return switches[first:last:last]
}

// Types lists the resource types that have a row or a switch, sorted.
func Types() []string {
	var types []string
	for _, part := range table {
		for _, row := range part {
			types = append(types, row.Type)
		}
	}
	for _, s := range switches {
		types = append(types, s.Type)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// table is in parts that are each short enough to read. A type is in one of them.
var table = [...][]Row{aToB, cToD, eToJ, kToR, sToZ}
