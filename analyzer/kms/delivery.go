package kms

import (
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms/services"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// Delivery is that a service certainly sends to a topic or queue of the configuration, or reads or writes a bucket of
// it, under its own name.
type Delivery struct {
	From  *terraform.Resource // what has the service do so: an alarm, a rule, a bucket
	To    *terraform.Resource
	Row   *services.Delivery
	Value terraform.Value // names To

	certain terraform.Truth // undecided where what it hangs on is not known
}

// DeliveriesTo lists what is delivered to a topic, a queue or a bucket, in the order of the table, roots and addresses.
func (s *Snapshot) DeliveriesTo(r *terraform.Resource) []Delivery {
	var all []Delivery
	for _, d := range s.delivered().to[r] {
		if d.certain == terraform.True {
			all = append(all, d)
		}
	}
	return all
}

// deliveries is who delivers to whom, found once for a snapshot.
type deliveries struct {
	to   map[*terraform.Resource][]Delivery
	from map[*terraform.Resource][]Delivery
}

func (s *Snapshot) delivered() *deliveries {
	if s.sent == nil {
		s.sent = &deliveries{to: map[*terraform.Resource][]Delivery{}, from: map[*terraform.Resource][]Delivery{}}
		rows := services.Deliveries()
		for i := range rows {
			for _, r := range s.OfType(rows[i].Type) {
				s.deliver(r, &rows[i])
			}
		}
	}
	return s.sent
}

func (s *Snapshot) deliver(r *terraform.Resource, row *services.Delivery) {
	if r.Ignores(topOf(row.Path)) {
		return
	}
	around, attr := "", row.Path
	if i := strings.LastIndexByte(row.Path, '.'); i >= 0 {
		around, attr = row.Path[:i], row.Path[i+1:]
	}
	places, _ := Places(r, around)
	for _, place := range places {
		certain := terraform.All(r.Exists, place.Exists, holds(r, place, around, row))
		if certain == terraform.False {
			continue
		}
		for _, v := range listed(place.Value(attr)) {
			if to := s.receiver(r, v, row.To); to != nil {
				d := Delivery{r, to, row, v, certain}
				s.sent.to[to], s.sent.from[r] = append(s.sent.to[to], d), append(s.sent.from[r], d)
			}
		}
	}
}

// receiver is what a value certainly names.
func (s *Snapshot) receiver(from *terraform.Resource, v terraform.Value, typ string) *terraform.Resource {
	if found := referred(v, typ); len(found) == 1 && found[0].Exists == terraform.True {
		return found[0]
	}
	if typ != "aws_s3_bucket" {
		return nil
	}
	for _, bucket := range s.OfType(typ) {
		if bucket.Scope.Root == from.Scope.Root && bucket.Exists == terraform.True && NamesBucket(v, bucket) == terraform.True {
			return bucket
		}
	}
	return nil
}

// holds tells whether what a delivery hangs on is so, in the place that it is written in.
func holds(r *terraform.Resource, place Place, around string, row *services.Delivery) terraform.Truth {
	verdict := terraform.True
	for _, only := range row.Only {
		v := placeOf(r).Value(only.Path)
		if rest, inside := strings.CutPrefix(only.Path, around+"."); inside {
			v = place.Value(rest)
		}
		verdict = terraform.All(verdict, meets(v, only.Values))
	}
	return verdict
}

// meets tells whether a value is one of some, of which "" is that it is not set; without any, whether it is set.
func meets(v terraform.Value, values []string) terraform.Truth {
	if values == nil {
		if text, known := v.Text(); known && text == "" {
			return terraform.False
		}
		return v.Set()
	}
	var any []terraform.Truth
	for _, value := range values {
		if value == "" {
			any = append(any, v.IsAbsent())
		} else {
			any = append(any, terraform.All(v.IsAbsent().Not(), v.IsString(value)))
		}
	}
	return terraform.Any(any...)
}

// listed are the certain members of a list, or the value itself.
func listed(v terraform.Value) []terraform.Value {
	members, ok := v.Members()
	if !ok {
		return []terraform.Value{v}
	}
	var all []terraform.Value
	for _, member := range members {
		if member.Exists == terraform.True && !member.Rest {
			all = append(all, member.Value)
		}
	}
	return all
}

func topOf(path string) string {
	top, _, _ := strings.Cut(path, ".")
	return top
}

// Decides lists the addresses of what is judged by what a resource says, without referring to it: the topic or queue
// that it has a service send to, and how a bucket encrypts that it has one read or write, with the keys of those; by how
// a bucket encrypts, its replication.
func (s *Snapshot) Decides(r *terraform.Resource) []string {
	var all []string
	for _, d := range s.delivered().from[r] {
		to := d.To
		if to.Type == "aws_s3_bucket" {
			e, ok := s.EncryptionOf(to)
			if !ok || e.ByKMS() != terraform.True {
				continue
			}
			to = e.Resource
		}
		if _, names := s.linked().keys[to]; names || to != d.To {
			all = append(append(all, to.Address), s.PointsAt(to)...)
		}
	}
	if r.Type == bucketEncryption {
		for _, other := range s.OfType(replication) {
			if bucket := s.BucketOf(r); bucket != nil && other.Scope.Root == r.Scope.Root && NamesBucket(other.Attr("bucket"), bucket) == terraform.True {
				all = append(all, other.Address)
			}
		}
	}
	return all
}

// replicates tells a replication of what KMS encrypts.
func (s *Snapshot) replicates(r *terraform.Resource) bool {
	if r.Type != replication {
		return false
	}
	if len(ValuesAt(r, "rule.source_selection_criteria."+replicated+".status")) > 0 {
		return true
	}
	bucket := s.BucketOf(r)
	if bucket == nil {
		return false
	}
	e, ok := s.EncryptionOf(bucket)
	return ok && e.ByKMS() == terraform.True
}
