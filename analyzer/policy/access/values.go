package access

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer/policy/pattern"
	"github.com/kms-review/kms-review/analyzer/terraform"
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

// texts splits all texts.
func (n *names) texts(k *keyed, r *requester) ([]cell, bool) {
	var patterns []pattern.Pattern
	var words []pattern.Word
	wild := false
	for _, v := range k.operands {
		if !v.opaque {
			patterns, words = append(patterns, v.match), append(words, v.word)
			wild = wild || v.match.Wild()
		}
	}
	domain, usual := n.domain(k.name, r, words), usual(k.name, words)
	if wild || len(domain) > 0 {
		var ok bool
		if words, ok = pattern.Partition(append(patterns, usual...), domain); !ok {
			return nil, false
		}
	} else {
		words = append(words, fresh(words))
	}
	var cells []cell
	for _, w := range words {
		wild := pattern.Like(w).Wild()
		outside := n.outside(k.name, r, w)
		if outside == terraform.True || wild && plainKey(k.name) {
			continue
		}
		unusual := len(usual) > 0 && !slices.ContainsFunc(usual, func(p pattern.Pattern) bool { return p.Match(w) })
		sure := !wild && !unusual && outside == terraform.False && (!closed(k.name) || slices.ContainsFunc(k.operands, func(v *operand) bool { return slices.Equal(v.word, w) }))
		cells = append(cells, cell{elements: [][]*expression{n.meets(k, w, false)}, sure: sure})
	}
	return cells, true
}

// plainKey tells the keys whose values have no * or ? in them.
func plainKey(key string) bool {
	switch key {
	case "kms:viaservice", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths",
		"aws:sourcevpc", "aws:sourcevpce":
		return true
	}
	return false
}

// fresh is a text that is none of some words.
func fresh(words []pattern.Word) pattern.Word {
	for i := 0; ; i++ {
		w := pattern.Text("other" + strconv.Itoa(i))
		if !slices.ContainsFunc(words, func(other pattern.Word) bool { return slices.Equal(w, other) }) {
			return w
		}
	}
}

// domain is what values of a key look like, where that tells patterns apart. Symbols look like anything.
func (n *names) domain(key string, r *requester, words []pattern.Word) []pattern.Pattern {
	var domain []pattern.Pattern
	arn := func(service string, account pattern.Pattern, resources ...string) {
		for _, partition := range partitions(words) {
			before := pattern.Exact(slices.Concat(pattern.Text("arn:"), partition, pattern.Text(":"+service+"::")))
			for _, resource := range resources {
				domain = append(domain, slices.Concat(before, account, pattern.Like(pattern.Text(":"+resource))))
			}
		}
	}
	switch key {
	case "kms:calleraccount", "aws:principalaccount", "aws:sourceaccount":
		domain = append(domain, pattern.Digits(12))
	case "aws:principalarn":
		account := pattern.Digits(12)
		if in, ok := r.in(); ok {
			account = pattern.Exact(in)
		}
		arn("iam", account, "role/?*", "user/?*", "root")
		arn("sts", account, "federated-user/?*")
	default:
		return nil
	}
	for _, w := range words {
		if w.Symbolic() && !strings.Contains(spell(w), "*") {
			domain = append(domain, pattern.Exact(w))
		}
	}
	return domain
}

// usual is what ARNs of aws:SourceArn certainly may look like: with an account, or as one that a policy names. Others
// may not exist: no Region has a colon in it, and few names begin with a number that passes for an account.
func usual(key string, words []pattern.Word) []pattern.Pattern {
	if key != "aws:sourcearn" {
		return nil
	}
	var list []pattern.Pattern
	for _, partition := range partitions(words) {
		before, _ := pattern.ARN(slices.Concat(pattern.Text("arn:"), partition, pattern.Text(":?*:*:")))
		list = append(list, slices.Concat(before, pattern.Digits(12), pattern.Exact(pattern.Text(":")), pattern.NoDigit(), pattern.Like(pattern.Text("*"))))
	}
	for _, w := range words {
		if account := field(w, 4); account != nil && len(account) == 0 || w.Symbolic() {
			list = append(list, pattern.Like(w))
		}
	}
	return list
}

// partitions lists those that ARNs name; where none does, aws stands for any.
func partitions(words []pattern.Word) []pattern.Word {
	var list []pattern.Word
	for _, w := range words {
		partition := field(w, 1)
		if len(partition) > 0 && !pattern.Like(partition).Wild() && !slices.ContainsFunc(list, func(p pattern.Word) bool { return slices.Equal(p, partition) }) {
			list = append(list, partition)
		}
	}
	if len(list) == 0 {
		return []pattern.Word{pattern.Text("aws")}
	}
	return list
}

// outside tells that a value is not the requester's, but that of one that is named.
func (n *names) outside(key string, r *requester, w pattern.Word) terraform.Truth {
	switch {
	case key == "aws:principalarn" && r.Kind == Account:
		return n.isNamed(w)
	case !r.elsewhere:
		return terraform.False
	case key == "aws:principalarn":
		w = field(w, 4)
	case key != "kms:calleraccount":
		return terraform.False
	}
	mentioned := n.mentions[base]["account\x01"+spell(w)] || n.mentions[head]["account\x01"+spell(w)]
	return truth(w.Symbolic() || mentioned)
}

// isNamed tells whether a document names the identity that has an ARN.
func (n *names) isNamed(arn pattern.Word) terraform.Truth {
	result := terraform.False
	for _, named := range n.arns {
		switch n.same("arn", arn, named) {
		case yes:
			return terraform.True
		case no:
		default:
			result = terraform.Undecided
		}
	}
	return result
}

func truth(b bool) terraform.Truth {
	if b {
		return terraform.True
	}
	return terraform.False
}

// closed tells the keys of which AWS has a list of values, so that a value which is not written may not exist.
func closed(key string) bool {
	switch key {
	case "kms:keyspec", "kms:customermasterkeyspec", "kms:keyusage", "kms:customermasterkeyusage", "kms:keyorigin",
		"kms:encryptionalgorithm", "kms:signingalgorithm", "kms:macalgorithm", "kms:keyagreementalgorithm",
		"kms:messagetype", "kms:grantoperations", "kms:grantconstrainttype", "kms:datakeypairspec",
		"kms:wrappingalgorithm", "kms:wrappingkeyspec", "kms:expirationmodel", "kms:multiregionkeytype",
		"kms:multiregion", "kms:grantisforawsresource", "kms:bypasspolicylockoutsafetycheck", "kms:reencryptonsamekey",
		"aws:securetransport", "aws:multifactorauthpresent", "aws:principaltype", "aws:viaawsservice",
		"aws:principalisawsservice":
		return true
	}
	return false
}

// numberOfText and timeOfText put values of numeric conditions and of dates on a line.
func numberOfText(s string) (float64, bool) {
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil && math.Abs(x) < 1<<50
}

func timeOfText(s string) (float64, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.Unix()), true
		}
	}
	return numberOfText(s)
}

// ordered splits a line of numbers at those of the operands.
func (n *names) ordered(k *keyed, parse func(string) (float64, bool)) []cell {
	var bounds []float64
	for _, v := range k.operands {
		if x, ok := parse(v.text); v.known && ok {
			bounds = append(bounds, x)
		} else {
			v.opaque = true
		}
	}
	var cells []cell
	for _, x := range points(bounds, wholeNumbers(k.name)) {
		met := make([]*expression, len(k.operands))
		for i, v := range k.operands {
			met[i] = n.opaque(k, v)
			if bound, _ := parse(v.text); !v.opaque {
				met[i] = constant(inOrder(v.test, x, bound))
			}
		}
		cells = append(cells, cell{elements: [][]*expression{met}, sure: true})
	}
	return cells
}

// wholeNumbers tells the keys whose values are whole and not negative, times in seconds included.
func wholeNumbers(key string) bool {
	switch key {
	case "aws:currenttime", "aws:epochtime", "aws:multifactorauthage", "kms:rotationperiodindays", "kms:validto",
		"kms:schedulekeydeletionpendingwindowindays", "kms:trailingdayswithoutkeyusage":
		return true
	}
	return false
}

// points has one number, or more, of each stretch between the bounds, and the bounds.
func points(bounds []float64, whole bool) []float64 {
	slices.Sort(bounds)
	list := []float64{0}
	for i, x := range bounds {
		list = append(list, math.Floor(x)-1, math.Floor(x), math.Ceil(x), math.Ceil(x)+1)
		if !whole {
			list = append(list, x, (x+bounds[max(i, 1)-1])/2)
		}
	}
	if whole {
		list = slices.DeleteFunc(list, func(x float64) bool { return x < 0 })
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (n *names) opaque(k *keyed, v *operand) *expression {
	return n.fact("opaque\x01%s\x01%s", k.name, v.name)
}

func inOrder(test string, x, bound float64) bool {
	switch test {
	case "lessthan":
		return x < bound
	case "lessthanequals":
		return x <= bound
	case "greaterthan":
		return x > bound
	case "greaterthanequals":
		return x >= bound
	default:
		return x == bound
	}
}

// addresses splits the addresses by the first one of each network, and the first one behind it.
func (n *names) addresses(k *keyed) []cell {
	points := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, v := range k.operands {
		prefix, ok := network(v.text)
		if v.opaque = !v.known || !ok; v.opaque {
			continue
		}
		points = append(points, prefix.Masked().Addr())
		if behind := last(prefix).Next(); behind.IsValid() {
			points = append(points, behind)
		}
	}
	slices.SortFunc(points, netip.Addr.Compare)
	var cells []cell
	for _, x := range slices.Compact(points) {
		met := make([]*expression, len(k.operands))
		for i, v := range k.operands {
			met[i] = n.opaque(k, v)
			if prefix, _ := network(v.text); !v.opaque {
				met[i] = constant(prefix.Contains(x))
			}
		}
		cells = append(cells, cell{elements: [][]*expression{met}, sure: true})
	}
	return cells
}

func network(s string) (netip.Prefix, bool) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	prefix, err := netip.ParsePrefix(s)
	return prefix, err == nil
}

func last(p netip.Prefix) netip.Addr {
	bytes := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}
