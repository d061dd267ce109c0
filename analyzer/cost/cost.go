// Package cost owns what a change does to the monthly bill for keys.
//
// Prices are those of the commercial Regions: https://aws.amazon.com/kms/pricing/. A key costs a US dollar a month,
// whatever its kind, each replica too, and nothing from the hour in which its deletion is scheduled. The first and the
// second rotation add a dollar each, later ones nothing:
// https://aws.amazon.com/about-aws/whats-new/2024/04/aws-kms-automatic-key-rotation/.
package cost

import (
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// KeyMonth is the price of a key, in US dollars a month. Each of the first two rotations adds as much.
const KeyMonth = 1.00

// Line is what the change of one resource does to the bill.
type Line struct {
	Resource *terraform.Resource // at head; of the base where the change takes it away
	AtBase   bool
	Change   string  // a few words of Markdown
	USD      float64 // a month; 0 for what is due later, or depends on use
	Each     bool    // the number of instances is not known: USD is the price of one, and no part of a sum
}

// Lines compares two snapshots, by address. There is nothing to compare without a base.
func Lines(base, head *kms.Snapshot) []Line {
	if base == nil {
		return nil
	}
	before, after := counted(base), counted(head)
	var lines []Line
	seen := map[place]bool{}
	for _, at := range order(head) {
		now := after[at]
		was, existed := before[at]
		if !existed {
			at.address = head.Config.PreviousAddress(at.root, at.address)
			was, existed = before[at]
		}
		seen[at] = true
		if existed || !base.Config.Broken(now.first.Scope.Module.Dir) {
			lines = append(lines, compared(was, now)...)
		}
	}
	for _, at := range order(base) {
		if gone := before[at]; !seen[at] && !head.Config.Broken(gone.first.Scope.Module.Dir) {
			lines = append(lines, removed(gone)...)
		}
	}
	return append(lines, queues(base, head)...)
}

// Sum is the monthly difference of all lines, in US dollars.
func Sum(lines []Line) float64 {
	sum := 0.0
	for _, line := range lines {
		if !line.Each {
			sum += line.USD
		}
	}
	return sum
}

// place tells a key apart in a repository.
type place struct{ root, address string }

// keys are the instances of one address.
type keys struct {
	first   *terraform.Resource
	n       int
	open    bool // their number is not known
	rotates terraform.Truth
}

// order lists the addresses of keys, each once. Keys elsewhere than in the commercial Regions have other prices, which
// nothing here knows.
func order(s *kms.Snapshot) []place {
	var all []place
	seen := map[place]bool{}
	for _, key := range s.Keys {
		if at := (place{key.Scope.Root, key.Address}); !seen[at] && commercial(key.Resource) {
			seen[at] = true
			all = append(all, at)
		}
	}
	return all
}

func commercial(r *terraform.Resource) bool {
	region, known := r.Provider().Region().Text()
	return !known || !strings.HasPrefix(region, "cn-") && !strings.HasPrefix(region, "us-gov-") && !strings.HasPrefix(region, "us-iso")
}

func counted(s *kms.Snapshot) map[place]keys {
	all := map[place]keys{}
	for _, key := range s.Keys {
		at := place{key.Scope.Root, key.Address}
		k, seen := all[at]
		if !seen {
			k = keys{first: key.Resource, rotates: terraform.True}
		}
		k.n += max(1, len(key.Instances))
		k.open = k.open || key.Exists != terraform.True
		k.rotates = terraform.All(k.rotates, key.Attr("enable_key_rotation").IsTrue())
		all[at] = k
	}
	return all
}

// compared is what became of the keys of an address; was is empty for a new one.
func compared(was, now keys) []Line {
	line := Line{Resource: now.first}
	switch {
	case was.first == nil:
		line.USD, line.Each = float64(now.n)*KeyMonth, now.open
		line.Change = "added" + rotation(now)
		if now.open {
			line.USD, line.Change = KeyMonth, "added, for each instance (their number is not known, so the sum leaves them out)"
		} else if now.n > 1 {
			line.Change = fmt.Sprintf("%d keys added", now.n) + rotation(now)
		}
	case was.open || now.open:
		return nil
	case was.n != now.n:
		line.USD = float64(now.n-was.n) * KeyMonth
		line.Change = fmt.Sprintf("number of keys %d instead of %d", now.n, was.n)
	case was.rotates == terraform.False && now.rotates == terraform.True:
		line.Change = "rotation on" + rotation(now)
	default:
		return nil
	}
	return []Line{line}
}

// rotation says what rotation will add; nothing for keys that do not certainly rotate.
func rotation(k keys) string {
	if k.rotates != terraform.True {
		return ""
	}
	period := k.first.Attr("rotation_period_in_days")
	days, known := period.Int()
	if period.Absent() {
		days, known = 365, true
	}
	when := "after the first rotation and as much again after the second"
	if known {
		when += fmt.Sprintf(", %d and %d days from then", days, 2*days)
	}
	return fmt.Sprintf("; rotation adds USD %.2f a month %s", float64(k.n)*KeyMonth, when)
}

func removed(gone keys) []Line {
	line := Line{Resource: gone.first, AtBase: true, USD: -float64(gone.n) * KeyMonth, Change: "removed: free once its deletion is scheduled"}
	switch {
	case gone.open:
		line.USD, line.Each = -KeyMonth, true
		line.Change = "removed, for each instance (their number is not known, so the sum leaves them out)"
	case gone.n > 1:
		line.Change = fmt.Sprintf("%d keys removed: free once their deletion is scheduled", gone.n)
	}
	return []Line{line}
}
