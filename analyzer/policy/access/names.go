package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/pattern"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// side is one of the two documents that are compared.
type side int

const (
	base side = iota
	head
)

// names gives the texts of two documents a common spelling: what is the key's account in one and in the other is the
// same symbol, and so is any value that has the same name in both.
type names struct {
	owners   [2]Owner
	literal  string // the number that is proven to be the key's account by the policy that is in force; "" if none is
	symbols  map[string]pattern.Letter
	atoms    map[string]int
	mentions [2]map[string]bool // what each document names, by domain
	foreign  map[pattern.Letter]bool
	accounts []pattern.Word // that conditions name
	unnamed  int
}

// self is the symbol of the key's account.
const self = pattern.FirstSymbol

func newNames(baseOwner, headOwner Owner) *names {
	return &names{
		owners: [2]Owner{baseOwner, headOwner}, symbols: map[string]pattern.Letter{"": self}, atoms: map[string]int{},
		mentions: [2]map[string]bool{{}, {}}, foreign: map[pattern.Letter]bool{},
	}
}

func (n *names) symbol(name string) pattern.Letter {
	l, known := n.symbols[name]
	if !known {
		l = self + pattern.Letter(len(n.symbols))
		n.symbols[name] = l
	}
	return l
}

// fact is an atom by its name.
func (n *names) fact(format string, args ...any) *expression {
	name := fmt.Sprintf(format, args...)
	at, known := n.atoms[name]
	if !known {
		at = len(n.atoms)
		n.atoms[name] = at
	}
	return &expression{op: fact, atom: at}
}

// unknown is an atom that nothing else depends on.
func (n *names) unknown() *expression {
	n.unnamed++
	return n.fact("?%d", n.unnamed)
}

// word spells a text.
func (n *names) word(at side, t policy.Text) pattern.Word {
	if fields := split(t, ":", 6); len(fields) == 6 && begins(t, "arn:") {
		var w pattern.Word
		for i, field := range fields {
			if i > 0 {
				w = append(w, ':')
			}
			w = append(w, n.word(at, field)...)
		}
		return w
	}
	if text, known := t.Known(); known && isAccount(text) && (text == n.literal || n.owners[at].Self(t) == terraform.True) {
		return pattern.Word{self}
	}
	var w pattern.Word
	for _, part := range t.Parts {
		if part.Unknown != nil {
			w = append(w, n.part(at, part))
		}
		w = append(w, pattern.Text(part.Literal)...)
	}
	return w
}

// part is the symbol of a value that is not known. One without a name is like no other.
func (n *names) part(at side, part policy.Part) pattern.Letter {
	t := policy.Text{Parts: []policy.Part{part}}
	ref := t.Reference()
	if ref == nil || ref.Each {
		return n.named(t)
	}
	if n.owners[at].Self(t) == terraform.True {
		return self
	}
	r := sole(*ref)
	switch {
	case r == nil:
	case r.Kind == "data" && r.Type == "aws_partition":
		return n.symbol("partition." + strings.TrimPrefix(ref.Attribute, "partition"))
	case r.Kind == "data" && r.Type == "aws_region" && r.Attr("region").Absent() && r.Attr("name").Absent() &&
		slices.Contains([]string{"id", "name", "region"}, ref.Attribute) && n.owners[at].same(r) == terraform.True:
		return n.symbol("region")
	}
	return n.named(t)
}

func (n *names) named(t policy.Text) pattern.Letter {
	name, ok := t.Symbol()
	if !ok {
		n.unnamed++
		name = fmt.Sprintf("?%d", n.unnamed)
	}
	return n.symbol(name)
}

// spell names a word so that different words have different names.
func spell(w pattern.Word) string {
	var out strings.Builder
	for _, l := range w {
		if l < pattern.FirstSymbol {
			out.WriteByte(byte(l)) //nolint:gosec // below FirstSymbol letters are bytes
		} else {
			fmt.Fprintf(&out, "\x00%d\x00", l)
		}
	}
	return out.String()
}

// mention notes that a document names something.
func (n *names) mention(at side, domain string, w pattern.Word) {
	n.mentions[at][domain+"\x01"+spell(w)] = true
}

// same tells whether two words mean the same text. Where only what they stand for can tell, it is an atom.
func (n *names) same(domain string, a, b pattern.Word) *expression {
	switch {
	case slices.Equal(a, b):
		return yes
	case !a.Symbolic() && !b.Symbolic(), !pattern.Exact(a).May(b), n.alien(a, b), n.alien(b, a), n.distinct(domain, a, b):
		return no
	}
	x, y := spell(a), spell(b)
	return n.fact("%s\x01%s\x01%s", domain, min(x, y), max(x, y))
}

// alien tells that one word is the key's account and the other certainly not.
func (n *names) alien(a, b pattern.Word) bool {
	return len(a) == 1 && a[0] == self && (len(b) == 1 && n.foreign[b[0]] || n.literal != "" && !b.Symbolic())
}

// distinct infers that two words mean different texts from how the documents use them: nobody names the same thing
// twice in one document. That does not hold where a document names one of them alone, and the other, with a part
// that is not known, joins it where that one is written out: it may be about to replace it.
func (n *names) distinct(domain string, a, b pattern.Word) bool {
	has := func(at side, w pattern.Word) bool { return n.mentions[at][domain+"\x01"+spell(w)] }
	for _, at := range []side{base, head} {
		other := 1 - at
		if !has(at, a) || !has(at, b) {
			continue
		}
		switch {
		case has(other, a) == has(other, b):
			return true
		case has(other, a):
			return a.Symbolic() || !b.Symbolic()
		default:
			return b.Symbolic() || !a.Symbolic()
		}
	}
	return false
}
