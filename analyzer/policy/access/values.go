package access

import (
	"slices"

	"github.com/kms-review/kms-review/analyzer/policy/pattern"
)

// cell is a part of what a request may have for a condition key, in which each operand is either met or not.
type cell struct {
	elements [][]*expression // of each value that the request has: which operands it meets; none: the key is missing
	sure     bool            // that there are such requests
}

// keyed is the operands of the conditions on one key that matter for a question, each once.
type keyed struct {
	name     string
	caller   *requester
	operands []*operand
	at       map[string]int
	sets     map[string]bool // the conditions with ForAllValues or ForAnyValue
}

func (k *keyed) add(c *comparison) {
	for _, v := range c.values {
		if _, known := k.at[v.name]; !known && c.op.family != null {
			k.at[v.name] = len(k.operands)
			k.operands = append(k.operands, v)
		}
	}
	if c.op.forAll || c.op.forAny {
		k.sets[c.name] = true
	}
}

// maxCells bounds what one key contributes.
const maxCells = 4000

// cells splits what the requester may send for a key. ok is false where that is too much.
func (n *names) cells(k *keyed, r *requester) (cells []cell, ok bool) {
	values, ok := n.candidates(k, r)
	if !ok {
		return nil, false
	}
	if !certainlyThere(k.name, r) {
		cells = append(cells, cell{sure: !alwaysPresent[k.name]})
	}
	most := min(max(len(k.sets), 1), 3)
	if len(k.sets) > most {
		return nil, false
	}
	sure := r.elsewhere || r.Kind == Account || r.Kind == Identity || !alwaysPresent[k.name]
	for size := 1; size <= most; size++ {
		if !combine(values, size, func(chosen []cell) bool {
			c := cell{sure: sure}
			for _, one := range chosen {
				c.elements = append(c.elements, one.elements[0])
				c.sure = c.sure && one.sure
			}
			c.sure = c.sure && (size == 1 || severalValued(k.name))
			cells = append(cells, c)
			return len(cells) <= maxCells
		}) {
			return nil, false
		}
	}
	return cells, true
}

// combine calls back with every choice of size of the values, until it says false.
func combine(values []cell, size int, found func([]cell) bool) bool {
	var choose func(from int, chosen []cell) bool
	choose = func(from int, chosen []cell) bool {
		if len(chosen) == size {
			return found(chosen)
		}
		for i := from; i < len(values); i++ {
			if !choose(i+1, append(slices.Clip(chosen), values[i])) {
				return false
			}
		}
		return true
	}
	return choose(0, nil)
}

// severalValued tells the keys of which a request may have several values.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func severalValued(key string) bool {
	switch key {
	case "aws:tagkeys", "aws:principalorgpaths", "aws:calledvia", "aws:principalservicenameslist",
		"kms:encryptioncontextkeys", "kms:grantoperations", "kms:resourcealiases":
		return true
	}
	return false
}

// certainlyThere tells that every request of the requester has the key.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func certainlyThere(key string, r *requester) bool {
	_, forced := r.forced(key)
	if always := []string{"aws:securetransport", "aws:currenttime", "aws:epochtime"}; forced || slices.Contains(always, key) {
		return true
	}
	_, in := r.in()
	return (in || r.elsewhere) && alwaysPresent[key]
}

// forced is the only value of a key that the requester's requests have.
func (r *requester) forced(key string) (pattern.Word, bool) {
	account, in := r.in()
	switch {
	case key == "kms:calleraccount" && in:
		return account, true
	case key == "aws:principalarn" && r.Kind == Identity && r.role != nil:
		return r.role.arn, true
	case key == "aws:principalarn" && r.Kind == Identity && len(r.arn) > 0:
		return r.arn, true
	case key == "aws:principalisawsservice" && (in || r.elsewhere):
		return pattern.Text("false"), true
	default:
		return nil, false
	}
}

// candidates gives one value, or more, for each way in which a value can meet the operands.
func (n *names) candidates(k *keyed, r *requester) ([]cell, bool) {
	if word, forced := r.forced(k.name); forced {
		return []cell{{elements: [][]*expression{n.meets(k, word, true)}, sure: true}}, true
	}
	kinds := map[family]bool{}
	for _, v := range k.operands {
		f := v.family
		if f == stringFold || f == stringLike || f == arnLike || f == binary {
			f = stringEquals
		}
		kinds[f] = true
	}
	switch {
	case len(kinds) == 0:
		return []cell{{elements: [][]*expression{nil}, sure: true}}, true
	case kinds[boolean] && !kinds[numeric] && !kinds[date] && !kinds[ipAddress]:
		return n.words(k, []pattern.Word{pattern.Text("true"), pattern.Text("false")}, true), true
	case len(kinds) == 1 && kinds[numeric]:
		return n.ordered(k, numberOfText), true
	case len(kinds) == 1 && kinds[date]:
		return n.ordered(k, timeOfText), true
	case len(kinds) == 1 && kinds[ipAddress]:
		return n.addresses(k), true
	case len(kinds) == 1 && kinds[stringEquals]:
		return n.texts(k, r)
	}
	for _, v := range k.operands {
		v.opaque = true // operators of different types, of which one at least never matches
	}
	return n.words(k, []pattern.Word{pattern.Text("x")}, true), true
}

func (n *names) words(k *keyed, words []pattern.Word, sure bool) []cell {
	var cells []cell
	for _, w := range words {
		cells = append(cells, cell{elements: [][]*expression{n.meets(k, w, false)}, sure: sure})
	}
	return cells
}

// meets tells which operands a value meets. whole tells that the value stands for itself alone, and not for all that
// meet the same operands of those that are known.
func (n *names) meets(k *keyed, w pattern.Word, whole bool) []*expression {
	met := make([]*expression, len(k.operands))
	for i, v := range k.operands {
		met[i] = n.meet(k, v, w, whole)
	}
	return met
}

func (n *names) meet(k *keyed, v *operand, w pattern.Word, whole bool) *expression {
	switch {
	case n.ofOthers(k, v):
		return no
	case v.opaque && whole:
		return n.fact("opaque\x01%s\x01%s\x01%s", k.name, v.name, spell(w))
	case v.opaque:
		return n.fact("opaque\x01%s\x01%s", k.name, v.name)
	case v.match.Match(w):
		return yes
	case !v.match.Symbolic() && !w.Symbolic():
		return no
	case v.match.Symbolic() && v.match.Wild() && !whole:
		if n.excluded(k, v, w) {
			return no
		}
		return n.fact("may\x01%s\x01%s", k.name, v.name)
	case !v.match.May(w):
		return no
	case v.match.Wild():
		return n.fact("may\x01%s\x01%s\x01%s", k.name, v.name, spell(w))
	}
	switch {
	case v.family == boolean:
		return n.same("boolean", w, v.word)
	case k.name == "kms:calleraccount":
		return n.same("account", w, v.word)
	default:
		return n.same("value "+k.name, w, v.word)
	}
}

// ofOthers tells an operand that names the account of others than the caller.
func (n *names) ofOthers(k *keyed, v *operand) bool {
	account := v.word
	switch k.name {
	case "kms:calleraccount":
	case "aws:principalarn":
		account = field(v.word, 4)
	default:
		return false
	}
	if len(account) == 0 || pattern.Like(account).Wild() {
		return false
	}
	if k.caller.elsewhere {
		name := "account\x01" + spell(account)
		return n.mentions[base][name] || n.mentions[head][name]
	}
	in, ok := k.caller.in()
	return ok && n.same("account", account, in) == no
}

// excluded tells that no value can meet an operand and yet meet, of those operands that are known, just the ones
// that w meets.
func (n *names) excluded(k *keyed, v *operand, w pattern.Word) bool {
	return slices.ContainsFunc(k.operands, func(other *operand) bool {
		if other.opaque || other.match.Symbolic() || w.Symbolic() {
			return false
		}
		if other.match.Match(w) {
			return !other.match.Meets(v.match)
		}
		return other.match.Holds(v.match)
	})
}
