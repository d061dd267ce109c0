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
	own      pattern.Word // the key's account: its number where that is known, else the value that has it, else a symbol
	symbols  map[string]pattern.Letter
	next     pattern.Letter
	atoms    map[string]int
	meanings map[int]string     // of atoms, for a reader: what is not known
	mentions [2]map[string]bool // what each document names, by domain
	foreign  map[pattern.Letter]bool
	accounts []pattern.Word // that conditions name
	arns     []pattern.Word // of identities that principals name
	effect   string         // of the statement at hand
	unnamed  int
}

// newNames makes the names for two documents; account is the key's, the empty text where it is not known.
func newNames(baseOwner, headOwner Owner, account policy.Text) *names {
	n := &names{
		owners: [2]Owner{baseOwner, headOwner}, symbols: map[string]pattern.Letter{}, next: pattern.FirstSymbol,
		atoms: map[string]int{}, meanings: map[int]string{}, mentions: [2]map[string]bool{{}, {}}, foreign: map[pattern.Letter]bool{},
	}
	switch number, known := account.Known(); {
	case known && number != "":
		n.own = pattern.Text(number)
	case tells(account):
		n.own = n.named(account)
	default:
		n.own = pattern.Word{n.symbol("the key's account")}
	}
	return n
}

func (n *names) symbol(name string) pattern.Letter {
	l, known := n.symbols[name]
	if !known {
		l, n.next = n.next, n.next+1
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
	if text, known := t.Known(); known && isAccount(text) && n.owners[at].Self(t) == terraform.True {
		return n.own
	}
	var w pattern.Word
	for _, part := range t.Parts {
		if part.Unknown != nil {
			w = append(w, n.part(at, part)...)
		}
		w = append(w, pattern.Text(part.Literal)...)
	}
	return w
}

// part is the symbol of a value that is not known. One without a name is like no other.
func (n *names) part(at side, part policy.Part) pattern.Word {
	t := policy.Text{Parts: []policy.Part{part}}
	ref := t.Reference()
	if ref == nil || ref.Each {
		return n.named(t)
	}
	if n.owners[at].Self(t) == terraform.True {
		return n.own
	}
	r := sole(*ref)
	switch {
	case r == nil:
	case r.Kind == "data" && r.Type == "aws_partition":
		return pattern.Word{n.symbol("the partition's " + strings.Replace(ref.Attribute, "id", "partition", 1))}
	case r.Kind == "data" && r.Type == "aws_region" && r.Attr("region").Absent() && r.Attr("name").Absent() &&
		slices.Contains([]string{"id", "name", "region"}, ref.Attribute) && n.owners[at].same(r) == terraform.True:
		return pattern.Word{n.symbol("the key's Region")}
	}
	return n.named(t)
}

func (n *names) named(t policy.Text) pattern.Word {
	name, ok := t.Symbol()
	if !ok {
		n.unnamed++
		name = fmt.Sprintf("?%d", n.unnamed)
	}
	return pattern.Word{n.symbol(name)}
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
	if x > y {
		a, b, x, y = b, a, y, x
	}
	same := n.fact("%s\x01%s\x01%s", domain, x, y)
	n.meanings[same.atom] = "whether " + code(n.show(a)) + " is " + code(n.show(b))
	return same
}

// alien tells that one word is the key's account and the other certainly not.
func (n *names) alien(a, b pattern.Word) bool {
	return slices.Equal(a, n.own) && len(b) == 1 && n.foreign[b[0]]
}

// distinct infers that two words mean different texts from how the documents use them: nobody names the same thing
// twice in one document, unless once to allow and once to deny. That does not hold where a document names one of them alone, and the other, with a part
// that is not known, joins it where that one is written out: it may be about to replace it.
func (n *names) distinct(domain string, a, b pattern.Word) bool {
	has := func(at side, w pattern.Word) bool { return n.mentions[at][domain+"\x01"+spell(w)] }
	for _, at := range []side{base, head} {
		other := 1 - at
		if !has(at, a) || !has(at, b) {
			continue
		}
		if has(other, a) == has(other, b) {
			return true
		}
		was, joined := a, b
		if has(other, b) {
			was, joined = b, a
		}
		return was.Symbolic() || !joined.Symbolic()
	}
	return false
}
